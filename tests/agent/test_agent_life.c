// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * How jobs and the agent end: failures, cancel, release, submitters that leave,
 * other users, a device that is not there, idleness, SIGTERM.
 */
#include "agent_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* --- jobs that fail ------------------------------------------------------- */

static void test_failed_job_says_why(void **state)
{
	struct fixture *f = *state;
	char path[64];

	submit_ok(f->bus, usual("fail 8"), path);
	assert_string_equal(wait_end(f->bus, path), "failed");
	assert_int_equal(job_result(f->bus, path), -ENOEXEC);
	assert_string_equal(job_string(f->bus, path, "Reason"), "bad program");
	assert_non_null(
		strstr(job_string(f->bus, path, "Message"), "not a program"));
	call_fails(f->bus, path, "GetResult",
		   "org.freedesktop.DBus.Error.InvalidArgs");
}

static void test_result_before_the_end(void **state)
{
	struct fixture *f = *state;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	char path[64];

	submit_ok(f->bus, usual("hang"), path);
	assert_true(sd_bus_call_method(f->bus, AGENT, path, JOB, "GetResult",
				       &error, NULL, "u", 0) < 0);
	assert_string_equal(error.name, ERROR_NOT_FINISHED);
	sd_bus_error_free(&error);
}

static void test_result_out_of_range(void **state)
{
	struct fixture *f = *state;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	char path[64];

	submit_ok(f->bus, usual("copy 0"), path);
	wait_end(f->bus, path);
	assert_true(sd_bus_call_method(f->bus, AGENT, path, JOB, "GetResult",
				       &error, NULL, "u", 1) < 0);
	assert_string_equal(error.name, ERROR_INVALID);
	sd_bus_error_free(&error);
}

static void test_longest_run_ends_it(void **state)
{
	struct fixture *f = *state;
	struct submission s = usual("hang");
	char path[64];

	s.longest_us = 20000;
	submit_ok(f->bus, s, path);
	assert_string_equal(wait_end(f->bus, path), "failed");
	assert_int_equal(job_result(f->bus, path), -ETIME);
	assert_string_equal(job_string(f->bus, path, "Reason"), "time up");
}

/* It was copied when the job was accepted. */
static void test_input_that_shrinks(void **state)
{
	struct fixture *f = *state;
	struct submission s = usual("hang"), shrinking = usual("copy 0");
	char path[64], hanging[64];
	int input = dup(shrinking.inputs[0]);

	s.outputs[0] = 4000000;
	submit_ok(f->bus, s, hanging);
	wait_state(f->bus, hanging, "running");
	submit_ok(f->bus, shrinking, path);
	assert_int_equal(ftruncate(input, 3), 0);
	call_ok(f->bus, hanging, "Cancel");
	assert_string_equal(wait_end(f->bus, path), "finished");
	check_output(f->bus, path, 0, "abcdefgh", 8);
	close(input);
}

/* --- cancel and release --------------------------------------------------- */

static void test_cancel_while_running(void **state)
{
	struct fixture *f = *state;
	char path[64];

	submit_ok(f->bus, usual("hang"), path);
	wait_state(f->bus, path, "running");
	assert_int_equal(agent_number(f->bus, "JobsRunning"), 1);
	call_ok(f->bus, path, "Cancel");
	assert_string_equal(job_string(f->bus, path, "State"), "cancelled");
	assert_int_equal(job_result(f->bus, path), -ECANCELED);
	assert_string_equal(job_string(f->bus, path, "Reason"), "cancelled");
	call_ok(f->bus, path, "Cancel");
}

static void test_cancel_while_queued(void **state)
{
	struct fixture *f = *state;
	char path[6][64];
	int i;

	for (i = 0; i < 6; i++)
		submit_ok(f->bus, usual("hang"), path[i]);
	wait_state(f->bus, path[2], "running");
	assert_string_equal(job_string(f->bus, path[5], "State"), "queued");
	call_ok(f->bus, path[5], "Cancel");
	assert_string_equal(job_string(f->bus, path[5], "State"), "cancelled");
	call_ok(f->bus, path[0], "Cancel");
	wait_state(f->bus, path[3], "running");
}

static void test_cancel_right_after_submit(void **state)
{
	struct fixture *f = *state;
	char path[64];
	int i;

	for (i = 0; i < 50; i++) {
		submit_ok(f->bus, usual("copy 0"), path);
		call_ok(f->bus, path, "Cancel");
		call_ok(f->bus, path, "Release");
	}
	submit_ok(f->bus, usual("copy 0"), path);
	assert_string_equal(wait_end(f->bus, path), "finished");
	check_output(f->bus, path, 0, "abcdefgh", 8);
}

static void test_cancel_of_a_finished_job(void **state)
{
	struct fixture *f = *state;
	char path[64];

	submit_ok(f->bus, usual("copy 0"), path);
	wait_end(f->bus, path);
	call_ok(f->bus, path, "Cancel");
	assert_string_equal(job_string(f->bus, path, "State"), "finished");
	check_output(f->bus, path, 0, "abcdefgh", 8);
}

/* Cancelled, but the device still holds it: its memory must wait. */
static void test_memory_waits_for_the_device(void **state)
{
	struct fixture *f = *state;
	struct submission s = usual("held 2000"), next = usual("copy 0");
	char path[64];

	s.outputs[0] = 4000000;
	next.outputs[0] = 4000000;
	submit_ok(f->bus, s, path);
	wait_state(f->bus, path, "running");
	call_ok(f->bus, path, "Cancel");
	call_ok(f->bus, path, "Release");
	submit_ok(f->bus, next, path);
	usleep(50000);
	assert_string_equal(job_string(f->bus, path, "State"), "queued");
	assert_string_equal(wait_end(f->bus, path), "finished");
}

static void test_release_forgets(void **state)
{
	struct fixture *f = *state;
	char path[64];

	submit_ok(f->bus, usual("copy 0"), path);
	wait_end(f->bus, path);
	assert_int_equal(count_jobs(f->bus), 1);
	call_ok(f->bus, path, "Release");
	assert_int_equal(count_jobs(f->bus), 0);
	call_fails(f->bus, path, "Cancel", ERROR_UNKNOWN_OBJECT);
}

static void test_jobs_that_never_were(void **state)
{
	static const char *const paths[] = {
		AGENT_PATH "/job/1",
		AGENT_PATH "/job/01",
		AGENT_PATH "/job/x",
		AGENT_PATH "/job/1/2",
		AGENT_PATH "/job/99999999999999999999999",
	};
	struct fixture *f = *state;
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		call_fails(f->bus, paths[i], "Cancel", ERROR_UNKNOWN_OBJECT);
}

/* --- submitters ----------------------------------------------------------- */

static void test_jobs_of_a_vanished_submitter(void **state)
{
	struct fixture *f = *state;
	struct submission lingering = usual("copy 1");
	sd_bus *other = fixture_connect();
	char path[64];
	int i;

	lingering.option = "linger";
	for (i = 0; i < 5; i++)
		submit_ok(other, usual("hang"), path);
	submit_ok(other, lingering, path);
	assert_int_equal(count_jobs(f->bus), 6);
	sd_bus_flush_close_unref(other);
	for (i = 0; i < 200 && count_jobs(f->bus) > 1; i++)
		usleep(5000);
	assert_int_equal(count_jobs(f->bus), 1);
	assert_string_equal(wait_end(f->bus, path), "finished");
	check_output(f->bus, path, 0, "abcdefgh", 8);
}

static void sees_nothing(void *arg)
{
	sd_bus *bus = fixture_connect();

	assert_int_equal(count_jobs(bus), 0);
	call_fails(bus, arg, "Cancel", ERROR_UNKNOWN_OBJECT);
	call_fails(bus, arg, "Release", ERROR_UNKNOWN_OBJECT);
	sd_bus_flush_close_unref(bus);
}

static void runs_one(void *arg)
{
	sd_bus *bus = fixture_connect();
	char path[64];

	submit_ok(bus, usual("copy 0"), path);
	assert_string_equal(wait_end(bus, path), "finished");
	check_output(bus, path, 0, "abcdefgh", 8);
	assert_int_equal(count_jobs(bus), 1);
	sd_bus_flush_close_unref(bus);
}

static void test_other_users(void **state)
{
	struct fixture *f = *state;
	char path[64];

	submit_ok(f->bus, usual("hang"), path);
	wait_state(f->bus, path, "running");
	as_user(65534, sees_nothing, path);
	as_user(65534, runs_one, NULL);
	assert_string_equal(job_string(f->bus, path, "State"), "running");
}

static int count_signal(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	++*(int *)userdata;
	return 0;
}

static void listen_for_jobs(sd_bus *bus, int *count)
{
	assert_true(sd_bus_match_signal(bus, NULL, AGENT, NULL,
					"org.freedesktop.DBus.Properties",
					"PropertiesChanged", count_signal,
					count) >= 0);
	assert_true(sd_bus_match_signal(bus, NULL, AGENT, NULL,
					"org.freedesktop.DBus.ObjectManager",
					NULL, count_signal, count) >= 0);
}

static void process(sd_bus *bus)
{
	while (sd_bus_process(bus, NULL) > 0)
		;
}

static void test_signals_go_to_the_submitter_only(void **state)
{
	struct fixture *f = *state;
	sd_bus *other = fixture_connect();
	int mine = 0, others = 0;
	char path[64];

	listen_for_jobs(f->bus, &mine);
	listen_for_jobs(other, &others);
	submit_ok(f->bus, usual("copy 0"), path);
	wait_end(f->bus, path);
	call_ok(f->bus, path, "Release");
	process(f->bus);
	count_jobs(other);
	process(other);
	/* added, running, finished, removed */
	assert_int_equal(mine, 4);
	assert_int_equal(others, 0);
	sd_bus_flush_close_unref(other);
}

/* --- the device ----------------------------------------------------------- */

static bool is_present(sd_bus *bus)
{
	sd_bus_message *reply = NULL;
	const char *key;
	int present;

	assert_true(sd_bus_get_property(bus, AGENT, AGENT_PATH, AGENT,
					"Partition", NULL, &reply,
					"a{sv}") >= 0);
	sd_bus_message_enter_container(reply, 'a', "{sv}");
	sd_bus_message_enter_container(reply, 'e', "sv");
	assert_true(sd_bus_message_read(reply, "sv", &key, "b", &present) > 0);
	assert_string_equal(key, "Present");
	sd_bus_message_unref(reply);
	return present;
}

static void test_device_comes_and_goes(void **state)
{
	struct fixture *f = *state;
	char path[64];

	fixture_node(f, false);
	assert_false(is_present(f->bus));
	submit_fails(f->bus, usual("copy 0"), ERROR_NO_DEVICE,
		     "is the layby module loaded");
	fixture_node(f, true);
	assert_true(is_present(f->bus));
	submit_ok(f->bus, usual("copy 0"), path);
	assert_string_equal(wait_end(f->bus, path), "finished");
	fixture_node(f, false);
	submit_fails(f->bus, usual("copy 0"), ERROR_NO_DEVICE, "guest");
	fixture_node(f, true);
	submit_ok(f->bus, usual("copy 0"), path);
	assert_string_equal(wait_end(f->bus, path), "finished");
}

#define PARTITION_PATH AGENT_PATH "/partition/guest"

struct coming {
	int added;
	int removed;
};

static int count_coming(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct coming *coming = userdata;
	const char *path;

	assert_true(sd_bus_message_read(m, "o", &path) > 0);
	if (strcmp(path, PARTITION_PATH))
		return 0;
	if (sd_bus_message_is_signal(m, NULL, "InterfacesAdded"))
		coming->added++;
	else
		coming->removed++;
	return 0;
}

static void wait_coming(sd_bus *bus, const int *count, int expected)
{
	int i;

	for (i = 0; i < 1000 && *count < expected; i++) {
		process(bus);
		usleep(5000);
	}
	assert_int_equal(*count, expected);
}

static void test_partition_is_an_object(void **state)
{
	struct fixture *f = *state;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	uint64_t bytes = 0;
	uint32_t tiles = 0;
	char *class;

	assert_int_equal(count_objects(f->bus, PARTITION_PATH), 1);
	assert_true(sd_bus_get_property_string(f->bus, AGENT, PARTITION_PATH, PARTITION, "Class",
					       NULL, &class) >= 0);
	assert_string_equal(class, "guest");
	free(class);
	assert_true(sd_bus_get_property_trivial(f->bus, AGENT, PARTITION_PATH, PARTITION, "Tiles",
						NULL, 'u', &tiles) >= 0);
	assert_int_equal(tiles, 4);
	assert_true(sd_bus_get_property_trivial(f->bus, AGENT, PARTITION_PATH, PARTITION,
						"WindowFreeBytes", NULL, 't', &bytes) >= 0);
	assert_int_equal(bytes, 4194304);
	fixture_node(f, false);
	assert_int_equal(count_objects(f->bus, PARTITION_PATH), 0);
	assert_true(sd_bus_get_property_trivial(f->bus, AGENT, PARTITION_PATH, PARTITION, "Tiles",
						&error, 'u', &tiles) < 0);
	assert_string_equal(error.name, ERROR_UNKNOWN_OBJECT);
	sd_bus_error_free(&error);
}

/* There is no udev here: it is noticed with the gate's next change. */
static void test_partition_comes_and_goes(void **state)
{
	struct fixture *f = *state;
	struct coming coming = {};

	assert_true(sd_bus_match_signal(f->bus, NULL, AGENT, AGENT_PATH,
					"org.freedesktop.DBus.ObjectManager", NULL, count_coming,
					&coming) >= 0);
	fixture_gate(f, "driving");
	fixture_gate(f, "no-consent");
	fixture_node(f, false);
	fixture_gate(f, "driving");
	wait_coming(f->bus, &coming.removed, 1);
	assert_int_equal(coming.added, 0);
	fixture_node(f, true);
	fixture_gate(f, "no-consent");
	wait_coming(f->bus, &coming.added, 1);
	fixture_gate(f, "driving");
	while (strcmp(agent_string(f->bus, "GateReason"), "driving"))
		usleep(5000);
	process(f->bus);
	assert_int_equal(coming.added, 1);
	assert_int_equal(coming.removed, 1);
}

/* --- the agent ------------------------------------------------------------ */

static unsigned long switches(pid_t pid)
{
	unsigned long count = 0, n;
	char file[64], line[128];
	FILE *status;

	snprintf(file, sizeof(file), "/proc/%d/status", pid);
	status = fopen(file, "re");
	assert_non_null(status);
	while (fgets(line, sizeof(line), status))
		if (sscanf(line, "voluntary_ctxt_switches: %lu", &n) == 1)
			count = n;
	fclose(status);
	return count;
}

static void test_idle_agent_sleeps(void **state)
{
	struct fixture *f = *state;
	unsigned long before;
	char path[64];

	submit_ok(f->bus, usual("copy 0"), path);
	wait_end(f->bus, path);
	/* the watchdog's rest is the last thing that wakes it */
	usleep(2300000);
	before = switches(f->agent);
	usleep(1500000);
	assert_int_equal(switches(f->agent), before);
}

static bool notified(struct fixture *f, const char *words)
{
	int i;

	for (i = 0; i < 10; i++)
		if (strstr(fixture_notified(f, 3000), words))
			return true;
	return false;
}

static void test_watchdog_only_while_busy(void **state)
{
	struct fixture *f = *state;
	struct submission s = usual("hang");
	char path[64];

	s.longest_us = 10000000;
	assert_true(notified(f, "WATCHDOG_USEC=0"));
	submit_ok(f->bus, s, path);
	assert_true(notified(f, "WATCHDOG_USEC=2000000"));
	assert_true(notified(f, "WATCHDOG=1"));
	call_ok(f->bus, path, "Cancel");
	assert_true(notified(f, "WATCHDOG_USEC=0"));
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void test_sigterm_ends(void **state)
{
	struct fixture *f = *state;
	uint64_t start;
	char path[64];
	int i;

	for (i = 0; i < 6; i++)
		submit_ok(f->bus, usual("held 5000"), path);
	wait_state(f->bus, path, "queued");
	start = now_ms();
	assert_int_equal(fixture_end_agent(f, SIGTERM), 0);
	assert_true(now_ms() - start < 2000);
	assert_true(notified(f, "STOPPING=1"));
}

/* Its service manager starts it anew then, and not after an end that is well. */
static void test_bus_that_goes_is_a_failure(void **state)
{
	struct fixture *f = *state;
	int status;

	kill(f->daemon, SIGKILL);
	assert_int_equal(waitpid(f->agent, &status, 0), f->agent);
	f->agent = 0;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EXIT_FAILURE);
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_failed_job_says_why),
		TEST(test_result_before_the_end),
		TEST(test_result_out_of_range),
		TEST(test_longest_run_ends_it),
		TEST(test_input_that_shrinks),
		TEST(test_cancel_while_running),
		TEST(test_cancel_while_queued),
		TEST(test_cancel_right_after_submit),
		TEST(test_cancel_of_a_finished_job),
		TEST(test_memory_waits_for_the_device),
		TEST(test_release_forgets),
		TEST(test_jobs_that_never_were),
		TEST(test_jobs_of_a_vanished_submitter),
		TEST(test_other_users),
		TEST(test_signals_go_to_the_submitter_only),
		TEST(test_device_comes_and_goes),
		TEST(test_partition_is_an_object),
		TEST(test_partition_comes_and_goes),
		TEST(test_idle_agent_sleeps),
		TEST(test_watchdog_only_while_busy),
		TEST(test_sigterm_ends),
		TEST(test_bus_that_goes_is_a_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
