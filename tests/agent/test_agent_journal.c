// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the agent says in the journal, by its fields, and how much of it: here a socket in the
 * journal's place, so only where there is none (as in the SDK tree). A process of its own
 * takes what comes, as the agent waits for a journal that is full.
 */
#include "agent_fixture.h"

#include "../../agent/daemon/journal.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define JOURNAL "/run/systemd/journal/socket"
#define JOB_LINES_MAX 300
#define GATE_LINES_MAX 30

static char path[64];
static pid_t journal;

/* --- the journal ---------------------------------------------------------- */

static int bind_journal(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = JOURNAL };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	mkdir("/run/systemd", 0755);
	mkdir("/run/systemd/journal", 0755);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Messages one behind the other, a line of its own behind each. */
static void keep_messages(int fd)
{
	char message[8192];
	FILE *file = fopen(path, "ae");
	ssize_t n;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while ((n = recv(fd, message, sizeof(message), 0)) >= 0) {
		fprintf(file, "%.*s\n", (int)n, message);
		fflush(file);
	}
	_exit(0);
}

static int open_journal(void **state)
{
	int fd;

	snprintf(path, sizeof(path), "/tmp/layby-journal-%d", getpid());
	fd = bind_journal();
	if (fd < 0)
		return 0;
	journal = fork();
	if (!journal)
		keep_messages(fd);
	return close(fd);
}

static int close_journal(void **state)
{
	unlink(path);
	if (!journal)
		return 0;
	kill(journal, SIGKILL);
	waitpid(journal, NULL, 0);
	return unlink(JOURNAL);
}

/* Tells the agent that its stderr is the journal. */
static int setup(void **state)
{
	char stream[64];
	struct stat st;

	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	fclose(fopen(path, "we"));
	return fixture_setup(state);
}

/* The messages that have @field; the last of them into @ret_message. */
static unsigned int count(const char *field, char ret_message[static 4096])
{
	char line[8192], message[4096] = "";
	unsigned int found = 0;
	bool has = false;
	FILE *file = fopen(path, "re");

	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		has = has || (!strncmp(line, field, strlen(field)) && line[strlen(field)] == '\n');
		strncat(message, line, sizeof(message) - strlen(message) - 1);
		if (*line != '\n')
			continue;
		if (has)
			snprintf(ret_message, 4096, "%s", message);
		found += has;
		has = false;
		*message = '\0';
	}
	fclose(file);
	return found;
}

static void wait_told(const char *field, char ret_message[static 4096])
{
	int i;

	for (i = 0; i < 1000 && !count(field, ret_message); i++)
		usleep(5000);
	assert_int_equal(count(field, ret_message), 1);
}

static void has_field(const char *message, const char *field)
{
	char line[256];

	snprintf(line, sizeof(line), "\n%s\n", field);
	if (!strstr(message, line))
		fail_msg("no %s in:\n%s", field, message);
}

static const char *id_field(const char *id)
{
	static char field[64];

	snprintf(field, sizeof(field), "MESSAGE_ID=%s", id);
	return field;
}

static void gate(struct fixture *f, const char *reason)
{
	int i;

	fixture_gate(f, reason);
	for (i = 0; i < 1000 && strcmp(agent_string(f->bus, "GateReason"), reason); i++)
		usleep(5000);
	assert_string_equal(agent_string(f->bus, "GateReason"), reason);
}

/* --- jobs ----------------------------------------------------------------- */

static void test_end_of_a_job(void **state)
{
	struct fixture *f = *state;
	char job[64], message[4096];

	if (!journal)
		skip();
	submit_ok(f->bus, usual("copy 0"), job);
	wait_told("LAYBY_JOB=1", message);
	has_field(message, "LAYBY_REASON=finished");
	has_field(message, "LAYBY_STATE=finished");
	has_field(message, "LAYBY_USER=0");
	has_field(message, "PRIORITY=6");
	has_field(message, id_field(JOURNAL_JOB_ENDED));
	submit_ok(f->bus, usual("fail 8"), job);
	wait_told("LAYBY_JOB=2", message);
	has_field(message, "LAYBY_REASON=bad program");
	has_field(message, "LAYBY_STATE=failed");
	has_field(message, "PRIORITY=5");
}

/* In memory, and in the store only: one line each. */
static void test_cancelled_jobs(void **state)
{
	struct fixture *f = *state;
	char jobs[3][64], message[4096];
	int i;

	if (!journal)
		skip();
	gate(f, "driving");
	for (i = 0; i < 3; i++)
		submit_ok(f->bus, usual("copy 0"), jobs[i]);
	call_ok(f->bus, jobs[0], "Cancel");
	call_ok(f->bus, jobs[0], "Cancel");
	call_ok(f->bus, jobs[0], "Release");
	call_ok(f->bus, jobs[1], "Release");
	gate(f, "open");
	assert_string_equal(wait_end(f->bus, jobs[2]), "finished");
	submit_ok(f->bus, usual("hang"), jobs[0]);
	wait_state(f->bus, jobs[0], "running");
	call_ok(f->bus, jobs[0], "Cancel");
	assert_int_equal(fixture_end_agent(f, SIGTERM), 0);
	wait_told("LAYBY_JOB=1", message);
	has_field(message, "LAYBY_REASON=cancelled");
	wait_told("LAYBY_JOB=2", message);
	has_field(message, "LAYBY_REASON=cancelled");
	wait_told("LAYBY_JOB=4", message);
	has_field(message, "LAYBY_REASON=cancelled");
}

static void test_job_that_is_tried_again(void **state)
{
	struct fixture *f = *state;
	struct submission s = usual("flaky 2");
	char job[64], message[4096];

	if (!journal)
		skip();
	s.retries = 3;
	submit_ok(f->bus, s, job);
	assert_string_equal(wait_end(f->bus, job), "finished");
	wait_told("LAYBY_REASON=finished", message);
	assert_int_equal(count(id_field(JOURNAL_JOB_TRIED_AGAIN), message), 2);
	has_field(message, "LAYBY_JOB=1");
	has_field(message, "LAYBY_REASON=device failed");
}

static void test_many_jobs(void **state)
{
	struct fixture *f = *state;
	char job[64], message[4096];
	int i;

	if (!journal)
		skip();
	for (i = 0; i < JOB_LINES_MAX + 20; i++) {
		submit_ok(f->bus, usual("hang"), job);
		call_ok(f->bus, job, "Release");
	}
	assert_int_equal(fixture_end_agent(f, SIGTERM), 0);
	wait_told(id_field(JOURNAL_LINES_LEFT_OUT), message);
	assert_non_null(strstr(message, "20 more lines"));
	assert_int_equal(count(id_field(JOURNAL_JOB_ENDED), message), JOB_LINES_MAX);
}

/* --- the gate ------------------------------------------------------------- */

static void test_gate(void **state)
{
	struct fixture *f = *state;
	char message[4096];

	if (!journal)
		skip();
	gate(f, "driving");
	wait_told("LAYBY_REASON=driving", message);
	has_field(message, id_field(JOURNAL_GATE_CHANGED));
	has_field(message, "PRIORITY=5");
	gate(f, "open");
	wait_told("LAYBY_REASON=open", message);
}

static void test_gate_that_flaps(void **state)
{
	struct fixture *f = *state;
	char message[4096];
	int i;

	if (!journal)
		skip();
	for (i = 0; i < GATE_LINES_MAX; i++) {
		gate(f, "open");
		gate(f, "driving");
	}
	assert_int_equal(fixture_end_agent(f, SIGTERM), 0);
	wait_told(id_field(JOURNAL_LINES_LEFT_OUT), message);
	has_field(message, "LAYBY_REASON=driving");
	assert_non_null(strstr(message, "30 more changes"));
	assert_int_equal(count(id_field(JOURNAL_GATE_CHANGED), message), GATE_LINES_MAX);
}

/* --- without a journal ---------------------------------------------------- */

static void test_terminal(void **state)
{
	struct fixture *f = *state;
	char job[64], message[4096];

	if (!journal)
		skip();
	assert_int_equal(fixture_end_agent(f, SIGTERM), 0);
	setenv("JOURNAL_STREAM", "1:1", 1);
	fixture_start_agent(f);
	submit_ok(f->bus, usual("copy 0"), job);
	assert_string_equal(wait_end(f->bus, job), "finished");
	assert_int_equal(fixture_end_agent(f, SIGTERM), 0);
	assert_int_equal(count("LAYBY_JOB=1", message), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_end_of_a_job),
		TEST(test_cancelled_jobs),
		TEST(test_job_that_is_tried_again),
		TEST(test_many_jobs),
		TEST(test_gate),
		TEST(test_gate_that_flaps),
		TEST(test_terminal),
	};

	return cmocka_run_group_tests_name("agent_journal", tests, open_journal, close_journal);
}
