// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * SubmitJob: jobs that work, and each argument that is refused, with everything
 * else in the call valid.
 */
#include "agent_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- jobs that work ------------------------------------------------------- */

static void test_job_gives_its_bytes(void **state)
{
	struct fixture *f = *state;
	char path[64];

	submit_ok(f->bus, usual("copy 10"), path);
	assert_string_equal(wait_end(f->bus, path), "finished");
	assert_int_equal(job_result(f->bus, path), 0);
	assert_string_equal(job_string(f->bus, path, "Reason"), "finished");
	assert_string_equal(job_string(f->bus, path, "Message"), "");
	assert_int_equal(job_number(f->bus, path, "EnergyUj"), 50000);
	assert_int_equal(job_number(f->bus, path, "RunUs"), 10000);
	assert_int_equal(job_number(f->bus, path, "QueueUs"), 3);
	assert_int_equal(job_number(f->bus, path, "TileUs"), 40000);
	assert_int_equal(job_number(f->bus, path, "WaitUs"), 7);
	assert_int_equal(job_number(f->bus, path, "InputBytes"), 8);
	assert_int_equal(job_number(f->bus, path, "OutputBytes"), 9);
	assert_true(job_number(f->bus, path, "WallUs") >= 10000);
	check_output(f->bus, path, 0, "abcdefgh", 8);
	check_output(f->bus, path, 0, "abcdefgh", 8);
}

static void test_output_is_sealed(void **state)
{
	struct fixture *f = *state;
	char path[64];
	int fd, seals;

	submit_ok(f->bus, usual("copy 0"), path);
	wait_end(f->bus, path);
	fd = get_output(f->bus, path, 0);
	seals = fcntl(fd, F_GET_SEALS);
	assert_true(seals & F_SEAL_WRITE);
	assert_true(seals & F_SEAL_GROW);
	assert_true(seals & F_SEAL_SHRINK);
	assert_true(seals & F_SEAL_SEAL);
	close(fd);
}

static void test_inputs_and_outputs_up_to_the_limit(void **state)
{
	struct fixture *f = *state;
	struct submission s = usual("copy 0");
	char path[64];
	uint32_t i;

	for (i = 1; i < LAYBY_MAX_INPUTS; i++)
		s.inputs[i] = text("x");
	for (i = 1; i < LAYBY_MAX_OUTPUTS; i++)
		s.outputs[i] = 10 * i;
	s.input_count = LAYBY_MAX_INPUTS;
	s.output_count = LAYBY_MAX_OUTPUTS;
	submit_ok(f->bus, s, path);
	assert_string_equal(wait_end(f->bus, path), "finished");
	check_output(f->bus, path, 0, "abcdefgh", 8);
	check_output(f->bus, path, 1, "abcdefgh..", 10);
	check_output(f->bus, path, 3, "abcdefgh......................", 30);
}

static void test_no_input(void **state)
{
	struct fixture *f = *state;
	struct submission s = usual("copy 0");
	char path[64];

	s.input_count = 0;
	submit_ok(f->bus, s, path);
	assert_string_equal(wait_end(f->bus, path), "finished");
	check_output(f->bus, path, 0, "........", 8);
}

static void test_large_job_moves_in_chunks(void **state)
{
	struct fixture *f = *state;
	struct submission s = usual("copy 0");
	size_t size = 1900000, i;
	char *data = malloc(size);
	char path[64];

	for (i = 0; i < size; i++)
		data[i] = (char)(i * 31 + i / 977);
	s.inputs[0] = blob(data, size);
	s.outputs[0] = size;
	submit_ok(f->bus, s, path);
	assert_string_equal(wait_end(f->bus, path), "finished");
	check_output(f->bus, path, 0, data, size);
	free(data);
}

/* By their digests, made of several pieces: they differ in the first and in the last byte. */
static void test_large_inputs_are_told_apart(void **state)
{
	static uint8_t data[3][600000];
	struct fixture *f = *state;
	struct submission s;
	char paths[3][64];
	size_t i;

	data[1][0] = 1;
	data[2][sizeof(data[2]) - 1] = 1;
	for (i = 0; i < 3; i++) {
		s = usual("copy 0");
		close(s.inputs[0]);
		s.inputs[0] = blob(data[i], sizeof(data[i]));
		s.outputs[0] = sizeof(data[i]);
		submit_ok(f->bus, s, paths[i]);
	}
	for (i = 0; i < 3; i++) {
		assert_string_equal(wait_end(f->bus, paths[i]), "finished");
		check_output(f->bus, paths[i], 0, data[i], sizeof(data[i]));
	}
}

static void test_file_is_read_from_its_beginning(void **state)
{
	struct fixture *f = *state;
	struct submission s = usual("copy 0");
	char path[64];

	assert_int_equal(lseek(s.inputs[0], 0, SEEK_CUR), 8);
	submit_ok(f->bus, s, path);
	assert_string_equal(wait_end(f->bus, path), "finished");
	check_output(f->bus, path, 0, "abcdefgh", 8);
}

static void test_sealed_program_is_kept(void **state)
{
	struct fixture *f = *state;
	int program = sealed("copy 1");
	char path[20][64];
	int i;

	for (i = 0; i < 20; i++) {
		struct submission s = usual("unused");

		close(s.program);
		s.program = dup(program);
		submit_ok(f->bus, s, path[i]);
	}
	close(program);
	for (i = 0; i < 20; i++) {
		assert_string_equal(wait_end(f->bus, path[i]), "finished");
		check_output(f->bus, path[i], 0, "abcdefgh", 8);
	}
}

/* Sealed programs that nobody uses must not keep others out. */
static void test_kept_programs_make_room(void **state)
{
	struct fixture *f = *state;
	struct submission s;
	char path[64];
	int i;

	for (i = 0; i < 80; i++) {
		s = usual("unused");
		close(s.program);
		s.program = sealed("copy 0");
		submit_ok(f->bus, s, path);
		assert_string_equal(wait_end(f->bus, path), "finished");
		call_ok(f->bus, path, "Release");
	}
	s = usual("copy 0");
	s.outputs[0] = 4194304 - 2 * 4096;
	submit_ok(f->bus, s, path);
	assert_string_equal(wait_end(f->bus, path), "finished");
}

static void test_more_jobs_than_the_device_takes(void **state)
{
	struct fixture *f = *state;
	char path[60][64];
	int i;

	for (i = 0; i < 60; i++)
		submit_ok(f->bus, usual("copy 2"), path[i]);
	for (i = 0; i < 60; i++) {
		assert_string_equal(wait_end(f->bus, path[i]), "finished");
		check_output(f->bus, path[i], 0, "abcdefgh", 8);
	}
	assert_int_equal(agent_number(f->bus, "JobsDone"), 60);
	assert_int_equal(agent_number(f->bus, "JobsQueued"), 0);
	assert_int_equal(agent_number(f->bus, "JobsRunning"), 0);
}

static void test_more_jobs_than_memory(void **state)
{
	struct fixture *f = *state;
	char path[8][64];
	int i;

	for (i = 0; i < 3; i++) {
		struct submission s = usual("copy 5");

		s.outputs[0] = 2500000;
		submit_ok(f->bus, s, path[i]);
	}
	for (i = 0; i < 3; i++)
		assert_string_equal(wait_end(f->bus, path[i]), "finished");
}

/* --- descriptors that are refused ----------------------------------------- */

static void refuse_program(struct fixture *f, int fd, const char *words)
{
	struct submission s = usual("copy 0");

	close(s.program);
	s.program = fd;
	submit_fails(f->bus, s, ERROR_INVALID, words);
}

static void refuse_input(struct fixture *f, int fd, const char *words)
{
	struct submission s = usual("copy 0");

	s.inputs[1] = fd;
	s.input_count = 2;
	submit_fails(f->bus, s, ERROR_INVALID, words);
}

static int pipe_end(void)
{
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	close(fds[1]);
	return fds[0];
}

static void test_refused_descriptors(void **state)
{
	struct fixture *f = *state;
	char file[80];

	refuse_program(f, pipe_end(), "program 0 is a pipe");
	refuse_input(f, pipe_end(), "input 1 is a pipe");
	refuse_program(f, open("/", O_RDONLY), "a directory");
	refuse_input(f, open("/", O_RDONLY), "a directory");
	refuse_input(f, socket(AF_UNIX, SOCK_STREAM, 0), "a socket");
	refuse_input(f, open("/dev/zero", O_RDONLY), "a device");
	refuse_program(f, text(""), "program 0 is empty");
	refuse_input(f, text(""), "input 1 is empty");
	refuse_input(f, open(f->node, O_PATH), "O_PATH");
	snprintf(file, sizeof(file), "%s/data", f->dir);
	refuse_input(f, open(file, O_CREAT | O_WRONLY, 0600),
		     "open for writing only");
	assert_int_equal(count_jobs(f->bus), 0);
}

/* --- counts, sizes, times, options ---------------------------------------- */

static void test_too_many_inputs(void **state)
{
	struct fixture *f = *state;
	struct submission s = usual("copy 0");
	uint32_t i;

	for (i = 1; i <= LAYBY_MAX_INPUTS; i++)
		s.inputs[i] = text("x");
	s.input_count = LAYBY_MAX_INPUTS + 1;
	submit_fails(f->bus, s, ERROR_INVALID, "at most 8");
}

static void test_output_counts_and_sizes(void **state)
{
	struct fixture *f = *state;
	struct submission s = usual("copy 0");

	s.output_count = 0;
	submit_fails(f->bus, s, ERROR_INVALID, "1 to 4");
	s = usual("copy 0");
	for (int i = 1; i < 5; i++)
		s.outputs[i] = 1;
	s.output_count = 5;
	submit_fails(f->bus, s, ERROR_INVALID, "5 outputs");
	s = usual("copy 0");
	s.outputs[1] = 0;
	s.output_count = 2;
	submit_fails(f->bus, s, ERROR_INVALID, "output 1 has size 0");
	s = usual("copy 0");
	s.outputs[0] = UINT64_MAX;
	submit_fails(f->bus, s, ERROR_INVALID, "64 bits");
	s = usual("copy 0");
	for (int i = 0; i < 3; i++)
		s.outputs[i] = INT64_MAX - 1000;
	s.output_count = 3;
	submit_fails(f->bus, s, ERROR_INVALID, "64 bits");
	s = usual("copy 0");
	s.outputs[0] = 4194304;
	submit_fails(f->bus, s, ERROR_INVALID, "window has 4194304");
}

static void test_longest_run(void **state)
{
	struct fixture *f = *state;
	struct submission s = usual("copy 0");

	s.longest_us = 0;
	submit_fails(f->bus, s, ERROR_INVALID, "1 to 10000000 us");
	s = usual("copy 0");
	s.longest_us = 10000001;
	submit_fails(f->bus, s, ERROR_INVALID, "1 to 10000000 us");
	s = usual("copy 0");
	s.longest_us = UINT64_MAX;
	submit_fails(f->bus, s, ERROR_INVALID, "1 to 10000000 us");
}

static void test_options(void **state)
{
	struct fixture *f = *state;
	struct submission s = usual("copy 0");

	s.option = "urgency";
	submit_fails(f->bus, s, ERROR_INVALID, "unknown option \"urgency\"");
	s = usual("copy 0");
	s.option = "linger";
	s.option_type = "s";
	submit_fails(f->bus, s, ERROR_INVALID, "must be a boolean");
	s = usual("copy 0");
	s.option = "interactive";
	s.option_type = "s";
	submit_fails(f->bus, s, ERROR_INVALID, "option \"interactive\" must be a boolean");
	s = usual("copy 0");
	s.priority = 10;
	submit_fails(f->bus, s, ERROR_INVALID, "option \"priority\" must be a number from 0 to 9");
	s = usual("copy 0");
	s.retries = UINT32_MAX;
	submit_fails(f->bus, s, ERROR_INVALID, "option \"retries\" must be a number from 0 to 9");
	s = usual("copy 0");
	s.key = "fifteen bytes..";
	submit_fails(f->bus, s, ERROR_INVALID, "option \"key\" must be 16 bytes");
	s = usual("copy 0");
	s.option = "deadline";
	submit_fails(f->bus, s, ERROR_INVALID, "option \"deadline\" must be CLOCK_REALTIME");
	s = usual("copy 0");
	s.deadline_us = 1ull << 63;
	submit_fails(f->bus, s, ERROR_INVALID, "below 2^63");
}

static void test_limit_of_jobs(void **state)
{
	struct fixture *f = *state;
	char path[64];
	int i;

	for (i = 0; i < 64; i++)
		submit_ok(f->bus, usual("copy 0"), path);
	submit_fails(f->bus, usual("copy 0"), ERROR_LIMITS, "64 jobs");
	call_ok(f->bus, path, "Release");
	submit_ok(f->bus, usual("copy 0"), path);
}

static void test_limit_of_bytes(void **state)
{
	struct fixture *f = *state;
	struct submission s;
	char path[64];
	int i;

	for (i = 0; i < 3; i++) {
		s = usual("copy 0");
		s.outputs[0] = i < 2 ? 3000000 : 2000000;
		submit_ok(f->bus, s, path);
	}
	s = usual("copy 0");
	s.outputs[0] = 1000000;
	submit_fails(f->bus, s, ERROR_LIMITS, "8388608 bytes");
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_job_gives_its_bytes),
		TEST(test_output_is_sealed),
		TEST(test_inputs_and_outputs_up_to_the_limit),
		TEST(test_no_input),
		TEST(test_large_job_moves_in_chunks),
		TEST(test_large_inputs_are_told_apart),
		TEST(test_file_is_read_from_its_beginning),
		TEST(test_sealed_program_is_kept),
		TEST(test_kept_programs_make_room),
		TEST(test_more_jobs_than_the_device_takes),
		TEST(test_more_jobs_than_memory),
		TEST(test_refused_descriptors),
		TEST(test_too_many_inputs),
		TEST(test_output_counts_and_sizes),
		TEST(test_longest_run),
		TEST(test_options),
		TEST(test_limit_of_jobs),
		TEST(test_limit_of_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
