// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * GetResultInto: what is written, which descriptors are refused, and that those that never
 * take anything hold up nobody but their own caller.
 */
#include "agent_fixture.h"
#include "silent_fs.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* More than a pipe holds, and no multiple of what is written at once */
#define LARGE 300001
#define PER_USER 4

static int into(sd_bus *bus, const char *path, uint32_t index, int fd, sd_bus_error *error)
{
	return sd_bus_call_method(bus, AGENT, path, JOB, "GetResultInto", error, NULL, "uh",
				  index, fd);
}

static void into_ok(sd_bus *bus, const char *path, int fd)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;

	if (into(bus, path, 0, fd, &error) < 0)
		fail_msg("%s: %s", error.name, error.message);
}

/* Closes @fd. */
static void into_fails(sd_bus *bus, const char *path, int fd, const char *name, const char *words)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;

	assert_true(fd >= 0);
	assert_true(into(bus, path, 0, fd, &error) < 0);
	assert_string_equal(error.name, name);
	if (!strstr(error.message, words))
		fail_msg("\"%s\" is not in: %s", words, error.message);
	sd_bus_error_free(&error);
	close(fd);
}

/* Is not answered while nobody reads what it is written into. */
static void into_begun(sd_bus *bus, const char *path, int fd)
{
	sd_bus_message *m = NULL;

	assert_true(sd_bus_message_new_method_call(bus, &m, AGENT, path, JOB,
						   "GetResultInto") >= 0);
	assert_true(sd_bus_message_append(m, "uh", 0, fd) >= 0);
	assert_true(sd_bus_send(bus, m, NULL) >= 0);
	assert_true(sd_bus_flush(bus) >= 0);
	sd_bus_message_unref(m);
}

/* A finished one, whose output is the input and dots behind it. */
static void finished_job(sd_bus *bus, uint64_t size, char path[64])
{
	struct submission s = usual("copy 0");

	s.outputs[0] = size;
	submit_ok(bus, s, path);
	assert_string_equal(wait_end(bus, path), "finished");
}

static void check_large(const char *bytes)
{
	size_t i;

	assert_memory_equal(bytes, "abcdefgh", 8);
	for (i = 8; i < LARGE; i++)
		if (bytes[i] != '.')
			fail_msg("byte %zu is %d", i, bytes[i]);
}

/* --- what is written ------------------------------------------------------ */

static void test_file(void **state)
{
	struct fixture *f = *state;
	char path[64], found[16];
	int fd = text("0123456789");

	finished_job(f->bus, 8, path);
	into_ok(f->bus, path, fd);
	assert_int_equal(pread(fd, found, sizeof(found), 0), 10);
	assert_memory_equal(found, "abcdefgh89", 10);
	/* again, and not from where another write ended */
	assert_int_equal(lseek(fd, 5, SEEK_SET), 5);
	into_ok(f->bus, path, fd);
	assert_int_equal(pread(fd, found, sizeof(found), 0), 10);
	close(fd);
}

static void test_large_file(void **state)
{
	struct fixture *f = *state;
	char path[64], name[64];
	char *found = calloc(1, LARGE + 1);
	int fd;

	finished_job(f->bus, LARGE, path);
	snprintf(name, sizeof(name), "%s/output", f->dir);
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	into_ok(f->bus, path, fd);
	assert_int_equal(pread(fd, found, LARGE + 1, 0), LARGE);
	check_large(found);
	close(fd);
	free(found);
}

static void read_all(int fd)
{
	char *found = malloc(LARGE);
	size_t at = 0;
	ssize_t n;

	while (at < LARGE) {
		n = read(fd, found + at, LARGE - at);
		assert_true(n > 0);
		at += (size_t)n;
	}
	check_large(found);
	free(found);
}

static void check_pipe(struct fixture *f, int flags)
{
	char path[64];
	int pipe[2];

	finished_job(f->bus, LARGE, path);
	assert_int_equal(pipe2(pipe, O_CLOEXEC), 0);
	assert_int_equal(fcntl(pipe[1], F_SETFL, flags), 0);
	into_begun(f->bus, path, pipe[1]);
	read_all(pipe[0]);
	close(pipe[0]);
	close(pipe[1]);
}

static void test_pipe(void **state)
{
	check_pipe(*state, 0);
}

static void test_pipe_that_does_not_block(void **state)
{
	check_pipe(*state, O_NONBLOCK);
}

/* --- what is refused ------------------------------------------------------ */

static void test_result_that_is_not_there(void **state)
{
	struct fixture *f = *state;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	char path[64];
	int fd = text("");

	submit_ok(f->bus, usual("hang"), path);
	assert_true(into(f->bus, path, 0, fd, &error) < 0);
	assert_string_equal(error.name, ERROR_NOT_FINISHED);
	sd_bus_error_free(&error);
	finished_job(f->bus, 8, path);
	assert_true(into(f->bus, path, 1, fd, &error) < 0);
	assert_string_equal(error.name, ERROR_INVALID);
	sd_bus_error_free(&error);
	close(fd);
}

static int with_seals(const char *data, int seals)
{
	int fd = text(data);

	assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

static int one_of_a_pair(int type)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds), 0);
	close(fds[1]);
	return fds[0];
}

static int reading_end(void)
{
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	close(fds[1]);
	return fds[0];
}

static void test_descriptors_that_are_refused(void **state)
{
	struct fixture *f = *state;
	sd_bus *bus = f->bus;
	char path[64];

	finished_job(bus, 8, path);
	into_fails(bus, path, with_seals("12345678", F_SEAL_WRITE), ERROR_INVALID,
		   "sealed against writing");
	into_fails(bus, path, with_seals("12345678", F_SEAL_FUTURE_WRITE), ERROR_INVALID,
		   "sealed against writing");
	into_fails(bus, path, with_seals("1234567", F_SEAL_GROW), ERROR_INVALID,
		   "smaller than the output, and sealed against growing");
	into_fails(bus, path, open("/etc/passwd", O_RDONLY | O_CLOEXEC), ERROR_INVALID,
		   "open for reading only");
	into_fails(bus, path, reading_end(), ERROR_INVALID, "open for reading only");
	into_fails(bus, path, open("/tmp", O_PATH | O_CLOEXEC), ERROR_INVALID, "O_PATH");
	into_fails(bus, path, open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC), ERROR_INVALID,
		   "open for reading only");
	into_fails(bus, path, open("/dev/null", O_WRONLY | O_CLOEXEC), ERROR_INVALID, "a device");
	into_fails(bus, path, one_of_a_pair(SOCK_STREAM), ERROR_INVALID, "a socket");
	into_fails(bus, path, one_of_a_pair(SOCK_DGRAM), ERROR_INVALID, "a socket");
	into_ok(bus, path, with_seals("12345678", F_SEAL_GROW));
}

static void test_full_disk(void **state)
{
	struct fixture *f = *state;
	char path[64], disk[64], name[80];
	int fd;

	finished_job(f->bus, LARGE, path);
	snprintf(disk, sizeof(disk), "%s/disk", f->dir);
	assert_int_equal(mkdir(disk, 0755), 0);
	assert_int_equal(mount("tmpfs", disk, "tmpfs", 0, "size=128k"), 0);
	snprintf(name, sizeof(name), "%s/output", disk);
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	into_fails(f->bus, path, fd, "System.Error.ENOSPC", "after 131072 of 300001 bytes");
	assert_int_equal(umount2(disk, MNT_DETACH), 0);
	assert_int_equal(rmdir(disk), 0);
}

static void test_pipe_without_a_reader(void **state)
{
	struct fixture *f = *state;
	char path[64];
	int pipe[2];

	finished_job(f->bus, 8, path);
	assert_int_equal(pipe2(pipe, O_CLOEXEC), 0);
	close(pipe[0]);
	into_fails(f->bus, path, pipe[1], "System.Error.EPIPE", "after 0 of 8 bytes");
	check_output(f->bus, path, 0, "abcdefgh", 8);
}

/* --- pipes that nobody reads ---------------------------------------------- */

static void gets_his_own(void *arg)
{
	sd_bus *bus = fixture_connect();
	char path[64], found[8];
	int fd = text("");

	finished_job(bus, 8, path);
	into_ok(bus, path, fd);
	assert_int_equal(pread(fd, found, 8, 0), 8);
	assert_memory_equal(found, "abcdefgh", 8);
	close(fd);
	sd_bus_flush_close_unref(bus);
}

/* As many as one user may have, on a connection of their own. */
static sd_bus *begin_all(const char *path, int pipe[2])
{
	sd_bus *bus = fixture_connect();
	int i;

	assert_int_equal(pipe2(pipe, O_CLOEXEC), 0);
	for (i = 0; i < PER_USER; i++)
		into_begun(bus, path, pipe[1]);
	/* calls of one connection come in their order */
	assert_string_equal(job_string(bus, path, "State"), "finished");
	return bus;
}

static void wait_room(sd_bus *bus, const char *path)
{
	int fd = text(""), i, r = -1;

	for (i = 0; i < 1000 && r < 0; i++) {
		r = into(bus, path, 0, fd, NULL);
		usleep(5000);
	}
	assert_true(r >= 0);
	close(fd);
}

static void test_pipes_that_nobody_reads(void **state)
{
	struct fixture *f = *state;
	char path[64], next[64];
	int pipe[2];
	sd_bus *other;

	finished_job(f->bus, LARGE, path);
	other = begin_all(path, pipe);
	into_fails(f->bus, path, text(""), ERROR_LIMITS, "4 results are being written for you");
	/* everything else goes on, and others do not notice */
	finished_job(f->bus, 8, next);
	check_output(f->bus, next, 0, "abcdefgh", 8);
	as_user(65534, gets_his_own, NULL);
	/* its pipes are not read, and still not closed: we hold them */
	sd_bus_flush_close_unref(other);
	wait_room(f->bus, path);
	close(pipe[0]);
	close(pipe[1]);
}

static void test_pipe_is_read_in_the_end(void **state)
{
	struct fixture *f = *state;
	char path[64];
	int pipe[2], i;
	sd_bus *other;

	finished_job(f->bus, LARGE, path);
	other = begin_all(path, pipe);
	call_ok(f->bus, path, "Release");
	/* forgotten by the store, and written all the same: all four, mixed up */
	close(pipe[1]);
	for (i = 0; i < PER_USER * LARGE;) {
		char bytes[4096];
		ssize_t n = read(pipe[0], bytes, sizeof(bytes));

		assert_true(n > 0);
		i += (int)n;
	}
	assert_int_equal(i, PER_USER * LARGE);
	close(pipe[0]);
	sd_bus_flush_close_unref(other);
}

/* What hangs there cannot be ended: its user's are all taken until it answers, or goes. */
static void test_file_system_that_never_answers(void **state)
{
	struct fixture *f = *state;
	char path[64], next[64], dir[64];
	struct silent_fs fs;
	sd_bus *other;
	int fd, i;

	snprintf(dir, sizeof(dir), "%s/silent", f->dir);
	if (!silent_fs_start(&fs, dir))
		skip();
	finished_job(f->bus, LARGE, path);
	other = fixture_connect();
	fd = silent_fs_open(&fs, O_WRONLY);
	for (i = 0; i < PER_USER; i++)
		into_begun(other, path, fd);
	silent_fs_wait_asked(&fs);
	assert_string_equal(job_string(other, path, "State"), "finished");
	into_fails(f->bus, path, text(""), ERROR_LIMITS, "4 results are being written for you");
	finished_job(f->bus, 8, next);
	check_output(f->bus, next, 0, "abcdefgh", 8);
	as_user(65534, gets_his_own, NULL);
	/* nobody waits for them any more, and still they hang */
	sd_bus_flush_close_unref(other);
	close(fd);
	as_user(65534, gets_his_own, NULL);
	into_fails(f->bus, path, text(""), ERROR_LIMITS, "4 results are being written for you");
	silent_fs_stop(&fs);
	wait_room(f->bus, path);
}

static void test_agent_ends(void **state)
{
	struct fixture *f = *state;
	char path[64];
	int pipe[2];
	sd_bus *other;

	finished_job(f->bus, LARGE, path);
	other = begin_all(path, pipe);
	assert_int_equal(fixture_end_agent(f, SIGTERM), 0);
	fixture_start_agent(f);
	wait_room(f->bus, path);
	sd_bus_flush_close_unref(other);
	close(pipe[0]);
	close(pipe[1]);
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_file),
		TEST(test_large_file),
		TEST(test_pipe),
		TEST(test_pipe_that_does_not_block),
		TEST(test_result_that_is_not_there),
		TEST(test_descriptors_that_are_refused),
		TEST(test_full_disk),
		TEST(test_pipe_without_a_reader),
		TEST(test_pipes_that_nobody_reads),
		TEST(test_pipe_is_read_in_the_end),
		TEST(test_file_system_that_never_answers),
		TEST(test_agent_ends),
	};

	return cmocka_run_group_tests_name("agent_deliver", tests, NULL, NULL);
}
