// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What was accepted is never lost (ISO-10): agents that end, are killed, and come
 * again; keys, order, deadlines, retries.
 */
#include "agent_fixture.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KEY "sixteen bytes..."
/* Kept in a file of its own */
#define LONG_OUTPUT 100000

static struct submission lingering(const char *program)
{
	struct submission s = usual(program);

	s.lingers = true;
	return s;
}

static void again(struct fixture *f, int signal)
{
	int status = fixture_end_agent(f, signal);

	if (signal == SIGTERM)
		assert_int_equal(status, 0);
	fixture_start_agent(f);
}

static void read_started(const struct fixture *f, char text[static 1024])
{
	char path[96];
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "%s.started", f->node);
	file = fopen(path, "re");
	assert_non_null(file);
	n = fread(text, 1, 1023, file);
	text[n] = '\0';
	fclose(file);
}

static uint64_t wall_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* --- an agent that ends --------------------------------------------------- */

static void test_jobs_wait_for_the_next_agent(void **state)
{
	struct fixture *f = *state;
	char path[64];

	fixture_gate(f, "driving");
	submit_ok(f->bus, lingering("copy 0"), path);
	again(f, SIGTERM);
	assert_string_equal(job_string(f->bus, path, "State"), "queued");
	fixture_gate(f, "open");
	assert_string_equal(wait_end(f->bus, path), "finished");
	check_output(f->bus, path, 0, "abcdefgh", 8);
}

static void test_what_ran_when_it_was_killed_runs_again(void **state)
{
	struct fixture *f = *state;
	char path[64], text[1024];

	submit_ok(f->bus, lingering("copy 300"), path);
	wait_state(f->bus, path, "running");
	again(f, SIGKILL);
	assert_string_equal(wait_end(f->bus, path), "finished");
	check_output(f->bus, path, 0, "abcdefgh", 8);
	read_started(f, text);
	assert_string_equal(text, "copy 300\ncopy 300\n");
}

/* As the fake device fills it up. */
static void check_long_output(sd_bus *bus, const char *path)
{
	char expected[LONG_OUTPUT];

	memset(expected, '.', sizeof(expected));
	memcpy(expected, "abcdefgh", 8);
	check_output(bus, path, 0, expected, sizeof(expected));
}

static void test_results_outlive_the_agent(void **state)
{
	struct fixture *f = *state;
	struct submission s = lingering("copy 0");
	char path[64];

	s.outputs[0] = LONG_OUTPUT;
	submit_ok(f->bus, s, path);
	assert_string_equal(wait_end(f->bus, path), "finished");
	again(f, SIGKILL);
	assert_string_equal(job_string(f->bus, path, "State"), "finished");
	assert_string_equal(job_string(f->bus, path, "Reason"), "finished");
	check_long_output(f->bus, path);
	call_ok(f->bus, path, "Release");
	call_fails(f->bus, path, "Release", ERROR_UNKNOWN_OBJECT);
	again(f, SIGTERM);
	call_fails(f->bus, path, "Release", ERROR_UNKNOWN_OBJECT);
}

static void test_cancelled_stays_cancelled(void **state)
{
	struct fixture *f = *state;
	char path[64];

	submit_ok(f->bus, lingering("hang"), path);
	wait_state(f->bus, path, "running");
	call_ok(f->bus, path, "Cancel");
	again(f, SIGKILL);
	assert_string_equal(job_string(f->bus, path, "State"), "cancelled");
	assert_int_equal(job_result(f->bus, path), -ECANCELED);
}

/* The submitter is still on the bus, or has left it while there was no agent. */
static void test_submitters_of_before(void **state)
{
	struct fixture *f = *state;
	sd_bus *other = fixture_connect();
	char stays[64], leaves[64], lingers[64];

	fixture_gate(f, "driving");
	submit_ok(f->bus, usual("copy 0"), stays);
	submit_ok(other, usual("copy 0"), leaves);
	submit_ok(other, lingering("copy 0"), lingers);
	fixture_end_agent(f, SIGKILL);
	sd_bus_flush_close_unref(other);
	fixture_start_agent(f);
	fixture_gate(f, "open");
	assert_string_equal(wait_end(f->bus, stays), "finished");
	assert_string_equal(wait_end(f->bus, lingers), "finished");
	call_fails(f->bus, leaves, "Cancel", ERROR_UNKNOWN_OBJECT);
}

/* Nor need the device be there for them to be kept. */
static void test_submitters_of_before_without_a_device(void **state)
{
	struct fixture *f = *state;
	char path[64];

	fixture_gate(f, "driving");
	submit_ok(f->bus, usual("copy 0"), path);
	fixture_node(f, false);
	again(f, SIGKILL);
	assert_string_equal(job_string(f->bus, path, "State"), "queued");
	fixture_node(f, true);
	fixture_gate(f, "open");
	assert_string_equal(wait_end(f->bus, path), "finished");
}

/* Between being open and being asked for memory. */
static void test_a_device_that_goes_is_waited_for(void **state)
{
	struct fixture *f = *state;
	char path[64];

	fixture_gate(f, "driving");
	submit_ok(f->bus, lingering("copy 0"), path);
	usleep(50000);
	fixture_node(f, false);
	fixture_gate(f, "open");
	usleep(100000);
	assert_string_equal(job_string(f->bus, path, "State"), "queued");
	fixture_node(f, true);
	fixture_gate(f, "driving");
	usleep(50000);
	fixture_gate(f, "open");
	assert_string_equal(wait_end(f->bus, path), "finished");
}

static void test_numbers_are_never_used_again(void **state)
{
	struct fixture *f = *state;
	char first[64], second[64];

	submit_ok(f->bus, lingering("copy 0"), first);
	wait_end(f->bus, first);
	call_ok(f->bus, first, "Release");
	again(f, SIGTERM);
	submit_ok(f->bus, lingering("copy 0"), second);
	assert_string_not_equal(first, second);
}

/* --- keys ----------------------------------------------------------------- */

static void test_same_key_same_job(void **state)
{
	struct fixture *f = *state;
	struct submission s = lingering("copy 0");
	char first[64], second[64], text[1024];

	s.key = KEY;
	submit_ok(f->bus, s, first);
	wait_end(f->bus, first);
	again(f, SIGKILL);
	s = lingering("copy 0");
	s.key = KEY;
	submit_ok(f->bus, s, second);
	assert_string_equal(first, second);
	assert_int_equal(count_jobs(f->bus), 1);
	read_started(f, text);
	assert_string_equal(text, "copy 0\n");
}

static void test_same_key_other_content(void **state)
{
	struct fixture *f = *state;
	struct submission s = lingering("copy 0");
	char path[64];

	s.key = KEY;
	submit_ok(f->bus, s, path);
	s = lingering("copy 1");
	s.key = KEY;
	submit_fails(f->bus, s, ERROR_KEY_USED, "take another key");
	assert_int_equal(count_jobs(f->bus), 1);
}

/* --- order ---------------------------------------------------------------- */

static void test_best_first(void **state)
{
	struct fixture *f = *state;
	struct submission s;
	char path[64], text[1024];
	int i;

	fixture_gate(f, "driving");
	usleep(50000);
	for (i = 0; i < 5; i++) {
		s = lingering((const char *[]){ "copy 1 old", "copy 1 young", "copy 1 high",
						"copy 1 late", "copy 1 soon" }[i]);
		s.priority = i == 2 ? 9 : 0;
		s.deadline_us = i == 3 ? wall_us() + 9000000000 :
				i == 4 ? wall_us() + 1000000000 : 0;
		submit_ok(f->bus, s, path);
	}
	fixture_gate(f, "open");
	while (agent_number(f->bus, "JobsDone") < 5)
		usleep(5000);
	read_started(f, text);
	assert_string_equal(text, "copy 1 soon\n"
				  "copy 1 late\n"
				  "copy 1 high\n"
				  "copy 1 old\n"
				  "copy 1 young\n");
}

static void test_deadline_has_passed(void **state)
{
	struct fixture *f = *state;
	struct submission s = lingering("copy 0");
	char path[64];

	s.deadline_us = 1;
	submit_ok(f->bus, s, path);
	assert_string_equal(wait_end(f->bus, path), "failed");
	assert_int_equal(job_result(f->bus, path), -ETIME);
	assert_string_equal(job_string(f->bus, path, "Reason"), "not run");
	assert_string_equal(job_string(f->bus, path, "Message"),
			    "its deadline passed before it could begin");
}

/* It is in device memory by then, and waits for a place on the device. */
static void test_deadline_passes_while_it_is_ready(void **state)
{
	struct fixture *f = *state;
	struct submission s = lingering("copy 0");
	char hanging[3][64], path[64], text[1024];
	int i;

	for (i = 0; i < 3; i++) {
		submit_ok(f->bus, lingering("hang"), hanging[i]);
		wait_state(f->bus, hanging[i], "running");
	}
	s.deadline_us = wall_us() + 400000;
	submit_ok(f->bus, s, path);
	usleep(600000);
	call_ok(f->bus, hanging[0], "Cancel");
	assert_string_equal(wait_end(f->bus, path), "failed");
	assert_int_equal(job_result(f->bus, path), -ETIME);
	read_started(f, text);
	assert_null(strstr(text, "copy"));
}

/* --- retries -------------------------------------------------------------- */

static void test_retries(void **state)
{
	struct fixture *f = *state;
	struct submission s = lingering("flaky 2");
	char path[64], text[1024];

	s.retries = 2;
	submit_ok(f->bus, s, path);
	assert_string_equal(wait_end(f->bus, path), "finished");
	read_started(f, text);
	assert_string_equal(text, "flaky 2\nflaky 2\nflaky 2\n");
}

static void test_retries_have_a_bound(void **state)
{
	struct fixture *f = *state;
	struct submission s = lingering("flaky 9");
	char path[64], text[1024];

	s.retries = 1;
	submit_ok(f->bus, s, path);
	assert_string_equal(wait_end(f->bus, path), "failed");
	assert_int_equal(job_result(f->bus, path), -EIO);
	read_started(f, text);
	assert_string_equal(text, "flaky 9\nflaky 9\n");
}

static void test_a_bad_program_is_not_tried_again(void **state)
{
	struct fixture *f = *state;
	struct submission s = lingering("nonsense");
	char path[64], text[1024];

	s.retries = 5;
	submit_ok(f->bus, s, path);
	assert_string_equal(wait_end(f->bus, path), "failed");
	read_started(f, text);
	assert_string_equal(text, "nonsense\n");
}

/* --- what is kept --------------------------------------------------------- */

static void test_only_the_agent_reads_it(void **state)
{
	struct fixture *f = *state;
	char path[64], file[96];
	struct stat st;

	submit_ok(f->bus, lingering("copy 0"), path);
	wait_end(f->bus, path);
	assert_int_equal(stat(f->state, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	snprintf(file, sizeof(file), "%s/queue.db", f->state);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_jobs_wait_for_the_next_agent),
		TEST(test_what_ran_when_it_was_killed_runs_again),
		TEST(test_results_outlive_the_agent),
		TEST(test_cancelled_stays_cancelled),
		TEST(test_submitters_of_before),
		TEST(test_submitters_of_before_without_a_device),
		TEST(test_a_device_that_goes_is_waited_for),
		TEST(test_numbers_are_never_used_again),
		TEST(test_same_key_same_job),
		TEST(test_same_key_other_content),
		TEST(test_best_first),
		TEST(test_deadline_has_passed),
		TEST(test_deadline_passes_while_it_is_ready),
		TEST(test_retries),
		TEST(test_retries_have_a_bound),
		TEST(test_a_bad_program_is_not_tried_again),
		TEST(test_only_the_agent_reads_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
