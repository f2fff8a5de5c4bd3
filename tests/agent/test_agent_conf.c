// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The agent's configuration file: what it takes at the start and on SIGHUP, what it says of
 * one that is wrong, and that jobs do not notice.
 */
#include "agent_fixture.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char path[80];
static char option[96];

static void write_conf(const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

/* The fixture's agent ends: its limits are on its command line. */
static void start(struct fixture *f, const char *text)
{
	assert_int_equal(fixture_end_agent(f, SIGTERM), 0);
	snprintf(path, sizeof(path), "%s/agentd.conf", f->dir);
	snprintf(option, sizeof(option), "--config=%s", path);
	write_conf(text);
	f->jobs_max = option;
	f->bytes_max = "--partition=guest";
	fixture_start_agent(f);
}

static const char *next_notified(struct fixture *f, const char *words)
{
	const char *said = "";
	int i;

	for (i = 0; i < 10; i++) {
		said = fixture_notified(f, 10000);
		if (strstr(said, words))
			return said;
	}
	fail_msg("the agent has not said %s", words);
	return said;
}

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

/* As the service manager does it; the reload has begun after it was asked for. */
static void reload(struct fixture *f, const char *status)
{
	uint64_t before = now_us(), begun;
	const char *said;

	kill(f->agent, SIGHUP);
	said = strstr(next_notified(f, "RELOADING=1"), "MONOTONIC_USEC=");
	assert_non_null(said);
	begun = strtoull(said + strlen("MONOTONIC_USEC="), NULL, 10);
	assert_in_range(begun, before, now_us());
	assert_non_null(strstr(next_notified(f, "READY=1"), status));
}

static void test_limits_of_the_file(void **state)
{
	struct fixture *f = *state;
	struct submission large = usual("hang");
	char job[64];

	large.outputs[0] = 1024;
	start(f, "# two jobs\n[Agent]\nUserJobsMax=2\nUserBytesMax=1K\n");
	submit_ok(f->bus, usual("hang"), job);
	submit_ok(f->bus, usual("hang"), job);
	submit_fails(f->bus, usual("hang"), ERROR_LIMITS, "you hold 2 jobs");
	call_ok(f->bus, job, "Release");
	submit_fails(f->bus, large, ERROR_LIMITS, "more than 1024 bytes");
}

static void test_reload(void **state)
{
	struct fixture *f = *state;
	char first[64], second[64], third[64];
	pid_t agent;

	start(f, "[Agent]\nUserJobsMax=2\n");
	agent = f->agent;
	submit_ok(f->bus, usual("hang"), first);
	submit_ok(f->bus, usual("copy 0"), second);
	wait_state(f->bus, first, "running");
	write_conf("[Agent]\nUserJobsMax=3\n");
	reload(f, "STATUS=Serving partition guest.");
	submit_ok(f->bus, usual("copy 0"), third);
	/* fewer than are held: they go on */
	write_conf("[Agent]\nUserJobsMax=1\n");
	reload(f, "STATUS=Serving partition guest.");
	submit_fails(f->bus, usual("hang"), ERROR_LIMITS, "you hold 3 jobs");
	assert_string_equal(wait_end(f->bus, third), "finished");
	assert_string_equal(job_string(f->bus, first, "State"), "running");
	check_output(f->bus, second, 0, "abcdefgh", 8);
	assert_int_equal(kill(agent, 0), 0);
}

/* Of all users: the store's own limit, which its thread holds. */
static void test_reload_of_all_jobs(void **state)
{
	struct fixture *f = *state;
	char job[64];

	start(f, "[Agent]\nJobsMax=1\n");
	submit_ok(f->bus, usual("hang"), job);
	submit_fails(f->bus, usual("hang"), ERROR_LIMITS, "as many jobs or bytes as it may");
	write_conf("[Agent]\nJobsMax=2\n");
	reload(f, "STATUS=Serving partition guest.");
	submit_ok(f->bus, usual("hang"), job);
}

static void test_wrong_at_reload(void **state)
{
	struct fixture *f = *state;
	char job[64];

	start(f, "[Agent]\nUserJobsMax=1\n");
	submit_ok(f->bus, usual("hang"), job);
	write_conf("[Agent]\nUserJobsMax=7\nUserJobsMax=8\n");
	reload(f, "the configuration file is wrong, see the journal");
	submit_fails(f->bus, usual("hang"), ERROR_LIMITS, "you hold 1 jobs");
	assert_int_equal(unlink(path), 0);
	reload(f, "the configuration file is wrong, see the journal");
	submit_fails(f->bus, usual("hang"), ERROR_LIMITS, "you hold 1 jobs");
	write_conf("[Agent]\nUserJobsMax=2\n");
	reload(f, "STATUS=Serving partition guest.");
	submit_ok(f->bus, usual("hang"), job);
}

static void test_command_line_wins(void **state)
{
	struct fixture *f = *state;
	char job[64];

	start(f, "[Agent]\nUserJobsMax=9\n");
	assert_int_equal(fixture_end_agent(f, SIGTERM), 0);
	f->bytes_max = "--jobs-max=1";
	fixture_start_agent(f);
	submit_ok(f->bus, usual("hang"), job);
	submit_fails(f->bus, usual("hang"), ERROR_LIMITS, "you hold 1 jobs");
	reload(f, "STATUS=Serving partition guest.");
	submit_fails(f->bus, usual("hang"), ERROR_LIMITS, "you hold 1 jobs");
}

static uint32_t kept_percent(struct fixture *f)
{
	uint32_t percent;

	assert_true(sd_bus_get_property_trivial(f->bus, AGENT, AGENT_PATH, AGENT,
						"ChargeKeptPercent", NULL, 'u', &percent) >= 0);
	return percent;
}

/* Twelve hours before the departure, so that a minute more or less makes no percent. */
static void test_figures_of_the_car(void **state)
{
	struct fixture *f = *state;
	uint32_t minute = (uint32_t)((time(NULL) / 60 + 720) % 1440);
	sd_bus_error error = SD_BUS_ERROR_NULL;

	start(f, "[Agent]\n");
	assert_true(sd_bus_call_method(f->bus, AGENT, AGENT_PATH, AGENT, "SetSettings", &error,
				       NULL, "a{sv}", 2, "DepartureMin", "u", minute,
				       "DeparturePercent", "u", 60) >= 0);
	/* a percent of the display's, 4 of the start, 0.7 an hour */
	assert_int_equal(kept_percent(f), 60 + 1 + 4 + 9);
	write_conf("[Agent]\nCarDrawPermilleHour=1\nCarStartPercent=2\n");
	reload(f, "STATUS=Serving partition guest.");
	assert_int_equal(kept_percent(f), 60 + 1 + 2 + 2);
}

/* --- what is wrong -------------------------------------------------------- */

/* It does not start, and says why. */
static void refused(struct fixture *f, const char *text, const char *words)
{
	char command[512], line[512] = "";
	FILE *agent;

	write_conf(text);
	snprintf(command, sizeof(command), "%s/layby-agentd %s 2>&1", getenv("PROGRAMS"), option);
	agent = popen(command, "re");
	assert_non_null(agent);
	while (fgets(line, sizeof(line), agent) && !strstr(line, words))
		;
	if (!strstr(line, words))
		fail_msg("\"%s\" is not in: %s", words, line);
	assert_int_equal(pclose(agent), 1 << 8);
}

static void test_wrong_at_start(void **state)
{
	struct fixture *f = *state;

	start(f, "[Agent]\n");
	refused(f, "[Agent]\n\nJobs=1\n", "agentd.conf:3: [Agent] Jobs= is not known; right are");
	refused(f, "UserJobsMax=1\n", "agentd.conf:1: [] UserJobsMax= is not known");
	refused(f, "[Agent]\nUserJobsMax\n", "agentd.conf:2: not understood; right are [Agent]");
	refused(f, "[Agent]\nUserJobsMax=0\n",
		":2: UserJobsMax=0 is not a number from 1 to 1000000");
	refused(f, "[Agent]\nUserJobsMax=1K\n", ":2: UserJobsMax=1K is not a number");
	refused(f, "[Agent]\nUserJobsMax=-1\n", ":2: UserJobsMax=-1 is not a number");
	refused(f, "[Agent]\nBytesMax=K\n", ":2: BytesMax=K is not a number");
	refused(f, "[Agent]\nBytesMax=8589934592G\n", "or one with K, M or G behind it");
	refused(f, "[Agent]\nRetentionDays=3651\n", "is not a number from 1 to 3650");
	refused(f, "[Agent]\nCarStartPercent=101\n", "is not a number from 1 to 100");
	refused(f, "[Agent]\nJobsMax=2\nJobsMax=2\n", ":3: JobsMax= a second time");
	refused(f, "", "empty");
	assert_int_equal(chmod(path, 0666), 0);
	refused(f, "[Agent]\n", "others than root can write it");
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_limits_of_the_file),
		TEST(test_reload),
		TEST(test_reload_of_all_jobs),
		TEST(test_wrong_at_reload),
		TEST(test_command_line_wins),
		TEST(test_figures_of_the_car),
		TEST(test_wrong_at_start),
	};

	return cmocka_run_group_tests_name("agent_conf", tests, NULL, NULL);
}
