// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The agent killed at random moments under load (ISO-10): what was answered ends once,
 * with one result; the same key doubles nothing.
 *
 *   test_agent_kill [KILLS [SEED]]
 *
 * Without arguments also whether the checker finds a job that is lost, doubled, or has
 * another result. With KILLS only the kills: a line of JSON on stdout. 15 of them are
 * what make check does, 1000 what is promised.
 */
#include "agent_known.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define KILLS 15
/* So many new ones at most between two kills; then old ones are repeated. */
#define JOBS_PER_KILL 60
/* Each that often dies while it starts. */
#define STARTING 4
#define LATEST_US 200000

static unsigned long kills = KILLS;
static uint32_t seed;

static int setup(void **state)
{
	return known_setup(state, NULL);
}

/* --- kills ---------------------------------------------------------------- */

static void kill_once(struct fixture *f, unsigned int *random)
{
	if (rand_r(random) % STARTING)
		fixture_start_agent(f);
	else
		fixture_spawn_agent(f);
	usleep((useconds_t)(rand_r(random) % LATEST_US));
	fixture_end_agent(f, SIGKILL);
}

/* The agent is there in the end. */
static struct known *kill_and_submit(struct fixture *f, unsigned long count)
{
	struct known *known = known_create(seed);
	unsigned int random = seed;
	unsigned long i;

	atomic_store(&known->limit, JOBS_PER_KILL);
	known_start(known);
	for (i = 0; i < count; i++) {
		kill_once(f, &random);
		if (atomic_load(&known->next) == atomic_load(&known->limit) &&
		    atomic_load(&known->limit) < KNOWN_MAX - JOBS_PER_KILL)
			atomic_fetch_add(&known->limit, JOBS_PER_KILL);
	}
	fixture_start_agent(f);
	known_stop(known);
	known_wait_until_ended(f);
	return known;
}

/* What the fake device was given to run, over all agents. */
static uint32_t count_starts(const struct fixture *f)
{
	char path[96];
	uint32_t count = 0;
	FILE *file;
	int c;

	snprintf(path, sizeof(path), "%s.started", f->node);
	file = fopen(path, "re");
	assert_non_null(file);
	while ((c = getc(file)) != EOF)
		count += c == '\n';
	fclose(file);
	return count;
}

static void report(const struct known *known, const struct verdict *verdict, uint32_t starts,
		   bool ledger_ok)
{
	printf("{\"kills\": %lu, \"seed\": %u, \"jobs\": %u, ", kills, seed, verdict->keys);
	printf("\"starts\": %u, \"unanswered\": %u, \"repeated\": %u, ", starts,
	       atomic_load(&known->unanswered), atomic_load(&known->repeated));
	printf("\"lost\": %u, \"doubled\": %u, \"wrong\": %u, \"unneeded\": %u, ",
	       verdict->lost, verdict->doubled, verdict->wrong, verdict->unneeded);
	printf("\"ledger_ok\": %s}\n", ledger_ok ? "true" : "false");
}

static void test_nothing_is_lost_or_doubled(void **state)
{
	struct fixture *f = *state;
	struct known *known;
	struct verdict verdict;
	bool ledger_ok;
	uint32_t starts;

	printf("# seed %u\n", seed);
	known = kill_and_submit(f, kills);
	verdict = known_check(known, f);
	starts = count_starts(f);
	fixture_end_agent(f, SIGTERM);
	ledger_ok = known_ledger_verifies(f);
	report(known, &verdict, starts, ledger_ok);
	/* kills that meet no work show nothing: neither submissions nor jobs that run */
	assert_true(atomic_load(&known->unanswered) >= kills / 4);
	assert_true(starts > verdict.keys);
	assert_true(verdict.keys >= kills);
	assert_int_equal(verdict.lost, 0);
	assert_int_equal(verdict.doubled, 0);
	assert_int_equal(verdict.wrong, 0);
	assert_int_equal(verdict.unneeded, 0);
	assert_true(ledger_ok);
	known_destroy(known);
}

/* --- does the checker find it? -------------------------------------------- */

static void change(const struct fixture *f, const char *sql)
{
	char path[80];
	sqlite3 *queue;

	snprintf(path, sizeof(path), "%s/queue.db", f->state);
	assert_int_equal(sqlite3_open(path, &queue), SQLITE_OK);
	assert_int_equal(sqlite3_exec(queue, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_true(sqlite3_changes(queue) > 0);
	sqlite3_close(queue);
}

/* What the checker says of a queue that @sql has been done to, and was right before. */
static struct verdict verdict_after(struct fixture *f, const char *sql)
{
	struct known *known = kill_and_submit(f, 1);
	struct verdict verdict = known_check(known, f);

	assert_true(verdict.keys > 0);
	assert_int_equal(verdict.lost + verdict.doubled + verdict.wrong + verdict.unneeded, 0);
	fixture_end_agent(f, SIGTERM);
	change(f, sql);
	fixture_start_agent(f);
	verdict = known_check(known, f);
	known_destroy(known);
	return verdict;
}

static void test_a_lost_job_is_found(void **state)
{
	struct verdict verdict = verdict_after(*state, "DELETE FROM job WHERE number = 1");

	assert_true(verdict.lost > 0);
	assert_int_equal(verdict.doubled, 0);
}

static void test_a_job_without_a_result_is_found(void **state)
{
	struct verdict verdict = verdict_after(*state, "UPDATE job SET state = 2 WHERE number = 1");

	assert_true(verdict.lost > 0);
}

/* As if its key had not been looked for */
#define COLUMNS \
	"asked, state, bytes, output_sizes, input_count, longest_run_us, rank, retries, due_us, interactive, linger, owner, queued_us, ended_us"

static void test_a_doubled_job_is_found(void **state)
{
	struct verdict verdict = verdict_after(
		*state,
		"INSERT INTO job (uid, key, " COLUMNS ") SELECT uid, randomblob(16), " COLUMNS
		" FROM job LIMIT 1");

	assert_true(verdict.doubled > 0);
	assert_int_equal(verdict.lost, 0);
}

static void test_a_second_end_is_found(void **state)
{
	struct verdict verdict =
		verdict_after(*state, "UPDATE usage SET ended = ended + 1 WHERE uid = 0");

	assert_int_equal(verdict.doubled, 1);
}

static void test_another_result_is_found(void **state)
{
	struct verdict verdict = verdict_after(
		*state,
		"UPDATE part SET content = (SELECT content FROM part WHERE job = 2 AND role = 2) WHERE job = 1 AND role = 2");

	assert_int_equal(verdict.wrong, 1);
}

static void test_what_nobody_needs_is_found(void **state)
{
	struct verdict verdict = verdict_after(
		*state,
		"INSERT INTO content (digest, size, bytes) VALUES (randomblob(32), 1, x'00')");

	assert_int_equal(verdict.unneeded, 1);
}

static void test_a_file_that_nobody_needs_is_found(void **state)
{
	struct fixture *f = *state;
	struct known *known = kill_and_submit(f, 1);
	struct verdict verdict;
	char path[192];

	/* an agent that starts would delete it */
	snprintf(path, sizeof(path), "%s/content/%064d", f->state, 0);
	close(open(path, O_CREAT | O_CLOEXEC, 0600));
	verdict = known_check(known, f);
	assert_int_equal(verdict.unneeded, 1);
	known_destroy(known);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, fixture_teardown)

int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing_is_lost_or_doubled),
		TEST(test_a_lost_job_is_found),
		TEST(test_a_job_without_a_result_is_found),
		TEST(test_a_doubled_job_is_found),
		TEST(test_a_second_end_is_found),
		TEST(test_another_result_is_found),
		TEST(test_what_nobody_needs_is_found),
		TEST(test_a_file_that_nobody_needs_is_found),
	};
	const struct CMUnitTest only_kills[] = { tests[0] };

	setvbuf(stdout, NULL, _IOLBF, 0);
	seed = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : (uint32_t)time(NULL);
	if (argc < 2)
		return cmocka_run_group_tests(tests, NULL, NULL);
	kills = strtoul(argv[1], NULL, 10);
	return cmocka_run_group_tests(only_kills, NULL, NULL);
}
