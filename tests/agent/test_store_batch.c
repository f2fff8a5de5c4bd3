// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The store's transactions: what waits is one commit, nothing is told before it, what
 * failed left nothing; which state may follow which; forgetting.
 */
#include "store_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/internal.h"

#define UID 1000
#define OTHER 1001

/* --- states ----------------------------------------------------------------------- */

static void test_states_only_end(void **state)
{
	int from, to, r;

	for (from = -1; from < 6; from++)
		for (to = -1; to < 6; to++) {
			r = state_check((enum store_state)from, (enum store_state)to);
			if (from == STORE_QUEUED && to >= STORE_FINISHED && to <= STORE_CANCELLED)
				assert_int_equal(r, 0);
			else
				assert_true(r == -EINVAL || r == -EALREADY);
		}
}

/* Any walk of ends, counts and releases: the first end is the one that stays. */
static void walk(struct store_fixture *f, unsigned int *random)
{
	uint64_t number = submit_simple(f, UID, (uint64_t)rand_r(random));
	enum store_state state = STORE_QUEUED, to;
	struct store_job job;
	int i, r;

	for (i = 0; i < 6; i++) {
		to = (enum store_state)(rand_r(random) % 4);
		r = end_as(f, number, to, 0);
		if (state == STORE_QUEUED && to != STORE_QUEUED)
			assert_int_equal(r, 0);
		else
			assert_int_equal(r, state == STORE_QUEUED ? -EINVAL : -EALREADY);
		if (!r)
			state = to;
		r = count_attempts(f, number, 1, 1);
		assert_int_equal(r, state == STORE_QUEUED ? 0 : -EALREADY);
		assert_int_equal(store_get(f->store, number, &job), 0);
		assert_int_equal(job.state, state);
		assert_int_equal(!job.ended_us, state == STORE_QUEUED);
		if (state == STORE_QUEUED)
			assert_int_equal(release(f, number), -EBUSY);
	}
	if (state != STORE_QUEUED) {
		assert_int_equal(release(f, number), 0);
		assert_int_equal(release(f, number), -ENOENT);
	}
}

static void test_walks(void **state)
{
	unsigned int random = 4;
	int i;

	for (i = 0; i < 50; i++)
		walk(*state, &random);
}

/* --- group commit ----------------------------------------------------------------- */

/* The first commit is held up until what is to be in the second has been called. */
static struct {
	_Atomic int commits;
	sem_t reached;
	sem_t go_on;
} held_up;

static int on_commit(void *userdata)
{
	if (!held_up.commits++) {
		sem_post(&held_up.reached);
		sem_wait(&held_up.go_on);
	}
	return 0;
}

static void hold_up(struct store_fixture *f)
{
	held_up.commits = 0;
	sem_init(&held_up.reached, 0, 0);
	sem_init(&held_up.go_on, 0, 0);
	sqlite3_commit_hook(f->store->writer.handle, on_commit, NULL);
}

struct order {
	int next;
	int called;
	/* of that many commits when the first callback came */
	int commits;
};

struct expected {
	struct order *order;
	int place;
	int result;
	uint64_t number;
};

static void check_order(struct expected *expected, int result)
{
	struct order *order = expected->order;

	if (!order->called++)
		order->commits = held_up.commits;
	assert_int_equal(expected->place, order->next++);
	expected->result = result;
}

static void on_done(void *userdata, int result)
{
	check_order(userdata, result);
}

static void on_submitted(void *userdata, const struct store_submitted *results, size_t count)
{
	struct expected *expected = userdata;

	expected->number = results[0].number;
	check_order(expected, results[0].result);
}

static void begin(struct expected *expected, struct order *order, int place)
{
	*expected = (struct expected){ order, place, 1, 0 };
}

static void call_submit(struct store_fixture *f, struct expected *expected, uint64_t seed)
{
	struct job_bytes bytes;
	struct store_new job = new_job(&bytes, UID, seed, 64);

	assert_int_equal(store_submit(f->store, &job, 1, on_submitted, expected), 0);
	job_bytes_fini(&bytes);
}

static void test_what_waits_is_one_commit(void **state)
{
	struct store_fixture *f = *state;
	struct expected expected[101];
	struct order order = {};
	int i;

	hold_up(f);
	for (i = 0; i < 101; i++)
		begin(&expected[i], &order, i);
	call_submit(f, &expected[0], 0);
	sem_wait(&held_up.reached);
	/* it is not on disk: nobody has been told, and nobody sees it */
	assert_int_equal(order.called, 0);
	assert_int_equal(store_list(f->store, UID, 0, &(uint64_t){ 0 }, 1), 0);
	for (i = 1; i < 101; i++)
		call_submit(f, &expected[i], (uint64_t)(i % 100));
	sem_post(&held_up.go_on);
	while (order.called < 101)
		fixture_turn(f);
	assert_int_equal(held_up.commits, 2);
	for (i = 0; i < 100; i++)
		assert_int_equal(expected[i].result, 0);
	/* the first one's key, in the second batch */
	assert_int_equal(expected[100].result, 1);
	assert_int_equal(expected[100].number, expected[0].number);
}

static void test_a_batch_of_all_kinds(void **state)
{
	struct store_fixture *f = *state;
	uint64_t queued = submit_simple(f, UID, 50), ended = submit_simple(f, UID, 51);
	struct store_outcome outcome;
	struct expected expected[7];
	struct order order = {};
	struct store_job job;
	int i;

	assert_int_equal(end_as(f, ended, STORE_FAILED, 0), 0);
	make_outcome(&outcome, STORE_FAILED, NULL);
	hold_up(f);
	for (i = 0; i < 7; i++)
		begin(&expected[i], &order, i);
	call_submit(f, &expected[0], 0);
	sem_wait(&held_up.reached);
	store_release(f->store, queued, on_done, &expected[1]);
	store_end(f->store, ended, &outcome, on_done, &expected[2]);
	store_end(f->store, queued, &outcome, on_done, &expected[3]);
	store_count(f->store, queued, 1, 1, on_done, &expected[4]);
	store_release(f->store, ended, on_done, &expected[5]);
	call_submit(f, &expected[6], 51);
	sem_post(&held_up.go_on);
	while (order.called < 7)
		fixture_turn(f);
	assert_int_equal(held_up.commits, 2);
	assert_int_equal(expected[1].result, -EBUSY);
	assert_int_equal(expected[2].result, -EALREADY);
	assert_int_equal(expected[3].result, 0);
	assert_int_equal(expected[4].result, -EALREADY);
	assert_int_equal(expected[5].result, 0);
	/* the same key: that job was forgotten a moment ago, this is a new one */
	assert_int_equal(expected[6].result, 0);
	assert_int_not_equal(expected[6].number, ended);
	assert_int_equal(store_get(f->store, ended, &job), -ENOENT);
}

static int refuse_commit(void *userdata)
{
	return 1;
}

static void test_a_failed_commit_is_everybodys(void **state)
{
	struct store_fixture *f = *state;
	uint64_t queued = submit_simple(f, UID, 1), number;
	struct store_totals totals;
	struct job_bytes bytes;
	struct store_new job = new_job(&bytes, UID, 2, 100000);

	sqlite3_commit_hook(f->store->writer.handle, refuse_commit, NULL);
	assert_int_equal(submit(f, &job, &number), -EIO);
	assert_int_equal(number, 0);
	assert_int_equal(end_as(f, queued, STORE_FAILED, 0), -EIO);
	assert_int_equal(count_files(f, "content"), 0);
	sqlite3_commit_hook(f->store->writer.handle, NULL, NULL);
	assert_int_equal(store_totals(f->store, UID, &totals), 0);
	assert_int_equal(totals.held, 1);
	assert_int_equal(totals.ended, 0);
	assert_int_equal(submit(f, &job, &number), 0);
	assert_int_equal(end_as(f, queued, STORE_FAILED, 0), 0);
	job_bytes_fini(&bytes);
}

static void test_too_many_under_way(void **state)
{
	struct store_fixture *f = *state;
	struct expected first;
	struct order order = {}, many = {};
	static struct expected expected[OPERATIONS_MAX];
	int i, r = 0;

	hold_up(f);
	begin(&first, &order, 0);
	call_submit(f, &first, 0);
	sem_wait(&held_up.reached);
	for (i = 0; i < OPERATIONS_MAX && !r; i++) {
		begin(&expected[i], &many, i);
		r = store_count(f->store, 1, 0, 0, on_done, &expected[i]);
	}
	assert_int_equal(r, -EBUSY);
	assert_int_equal(i, OPERATIONS_MAX);
	sem_post(&held_up.go_on);
	while (many.called < OPERATIONS_MAX - 1)
		fixture_turn(f);
	assert_int_equal(count_attempts(f, 1, 0, 0), 0);
}

static void test_bytes_under_way_are_bounded(void **state)
{
	struct store_fixture *f = *state;
	struct expected expected[2];
	struct order order = {};
	struct job_bytes bytes;
	struct store_new job = new_job(&bytes, UID, 1, OPERATION_BYTES_MAX + 1);
	uint64_t number;

	hold_up(f);
	begin(&expected[0], &order, 0);
	/* alone it is taken, however large */
	assert_int_equal(store_submit(f->store, &job, 1, on_submitted, &expected[0]), 0);
	sem_wait(&held_up.reached);
	assert_int_equal(store_submit(f->store, &job, 1, on_submitted, &expected[1]), -EBUSY);
	begin(&expected[1], &order, 1);
	assert_int_equal(store_release(f->store, 1, on_done, &expected[1]), 0);
	sem_post(&held_up.go_on);
	while (order.called < 2)
		fixture_turn(f);
	assert_int_equal(submit(f, &job, &number), 1);
	job_bytes_fini(&bytes);
}

static void test_close_waits_for_what_was_called(void **state)
{
	struct store_fixture *f = *state;
	struct order order = {};
	struct expected expected;
	struct store_job job;

	begin(&expected, &order, 0);
	call_submit(f, &expected, 6);
	fixture_reopen(f);
	assert_int_equal(order.called, 0);
	assert_int_equal(store_get(f->store, 1, &job), 0);
}

/* --- 100 000 jobs ----------------------------------------------------------------- */

/* Of usage there is a row a user, the others have a bound. */
static bool is_small(const char *table)
{
	return !strcmp(table, "usage") || !strcmp(table, "night") ||
	       !strcmp(table, "gate_change") || !strcmp(table, "setting");
}

static void check_plan(sqlite3 *handle, const char *statement)
{
	sqlite3_stmt *plan;
	const char *line;
	char sql[2048];

	snprintf(sql, sizeof(sql), "EXPLAIN QUERY PLAN %s", statement);
	assert_int_equal(sqlite3_prepare_v2(handle, sql, -1, &plan, NULL), SQLITE_OK);
	while (sqlite3_step(plan) == SQLITE_ROW) {
		line = (const char *)sqlite3_column_text(plan, 3);
		if ((!strncmp(line, "SCAN", 4) && !is_small(line + 5)) ||
		    strstr(line, "TEMP B-TREE"))
			fail_msg("%s: %s", statement, line);
	}
	sqlite3_finalize(plan);
}

static void test_nothing_looks_at_every_job(void **state)
{
	struct store_fixture *f = *state;
	struct store *store = f->store;
	int i;

	for (i = SQL_JOB_BY_KEY; i < SQL_COUNT; i++) {
		struct db *db = i < SQL_FIRST_OF_READER ? &store->writer : &store->reader;

		check_plan(db->handle, sqlite3_sql(db->statements[i]));
	}
}

/* --- forgetting ------------------------------------------------------------------- */

static int count_rows(struct store_fixture *f, const char *table)
{
	sqlite3_stmt *statement;
	char sql[64];
	int count;

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", table);
	assert_int_equal(sqlite3_prepare_v2(f->store->reader.handle, sql, -1, &statement, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	count = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	return count;
}

static void test_release_forgets_all_of_it(void **state)
{
	struct store_fixture *f = *state;
	uint64_t a = submit_simple(f, UID, 1), b = submit_simple(f, UID, 2);
	struct store_job job;

	assert_int_equal(release(f, a), -EBUSY);
	assert_int_equal(end_as(f, a, STORE_FINISHED, 1), 0);
	assert_int_equal(count_rows(f, "content"), 4);
	assert_int_equal(release(f, a), 0);
	assert_int_equal(store_get(f->store, a, &job), -ENOENT);
	assert_int_equal(store_read(f->store, a, STORE_PROGRAM, 0), -ENOENT);
	/* the program is the other one's, too */
	assert_int_equal(count_rows(f, "content"), 2);
	assert_int_equal(store_get(f->store, b, &job), 0);
	assert_int_equal(end_as(f, b, STORE_CANCELLED, 0), 0);
	assert_int_equal(release(f, b), 0);
	assert_int_equal(count_rows(f, "content"), 0);
	assert_int_equal(count_rows(f, "part"), 0);
	/* numbers are not given twice */
	assert_int_equal(submit_simple(f, UID, 1), b + 1);
}

static void submit_owned(struct store_fixture *f, uint64_t seed, const char *owner, bool linger)
{
	struct job_bytes bytes;
	struct store_new job = new_job(&bytes, UID, seed, 64);
	uint64_t number;

	strcpy(job.request.owner, owner);
	job.request.linger = linger;
	assert_int_equal(submit(f, &job, &number), 0);
	job_bytes_fini(&bytes);
}

static void test_disown(void **state)
{
	struct store_fixture *f = *state;
	char owner[STORE_OWNER_MAX];
	struct store_totals totals;
	uint64_t i, numbers[4];

	for (i = 0; i < FORGET_STEP + 10; i++)
		submit_owned(f, i, "bus/:1.7", false);
	submit_owned(f, i++, "bus/:1.7", true);
	submit_owned(f, i++, "bus/:1.8", false);
	submit_owned(f, i++, "bus/:1.9", true);
	assert_int_equal(end_as(f, 2, STORE_FINISHED, 0), 0);
	assert_int_equal(store_next_owner(f->store, "", owner), 0);
	assert_string_equal(owner, "bus/:1.7");
	assert_int_equal(store_next_owner(f->store, owner, owner), 0);
	assert_string_equal(owner, "bus/:1.8");
	assert_int_equal(store_next_owner(f->store, owner, owner), -ENOENT);
	assert_int_equal(disown(f, "bus/:1.7"), 0);
	assert_int_equal(store_list(f->store, UINT32_MAX, 0, numbers, 4), 3);
	assert_int_equal(numbers[0], FORGET_STEP + 11);
	assert_int_equal(store_totals(f->store, UID, &totals), 0);
	assert_int_equal(totals.held, 3);
	assert_int_equal(totals.queued, 3);
	assert_int_equal(totals.ended, FORGET_STEP + 10);
	assert_int_equal(store_next_owner(f->store, "", owner), 0);
	assert_string_equal(owner, "bus/:1.8");
}

static void test_expire(void **state)
{
	struct store_fixture *f = *state;
	struct store_totals totals;
	struct store_job job;
	uint64_t i;

	f->limits.retention_us = 1000000;
	fixture_reopen(f);
	for (i = 0; i < FORGET_STEP + 10; i++) {
		submit_simple(f, UID, i);
		assert_int_equal(end_as(f, i + 1, STORE_FAILED, 0), 0);
	}
	submit_simple(f, UID, i);
	assert_int_equal(store_get(f->store, i, &job), 0);
	assert_int_equal(expire(f, job.ended_us + 1000000), 0);
	/* the last one is just as old, and not older */
	assert_int_equal(store_get(f->store, i, &job), 0);
	assert_int_equal(store_totals(f->store, UID, &totals), 0);
	assert_int_equal(totals.held, 2);
	assert_int_equal(expire(f, job.ended_us + 1000001), 0);
	assert_int_equal(store_get(f->store, i, &job), -ENOENT);
	assert_int_equal(store_get(f->store, i + 1, &job), 0);
	assert_int_equal(expire(f, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_states_only_end),
		TEST(test_walks),
		TEST(test_what_waits_is_one_commit),
		TEST(test_a_batch_of_all_kinds),
		TEST(test_a_failed_commit_is_everybodys),
		TEST(test_too_many_under_way),
		TEST(test_bytes_under_way_are_bounded),
		TEST(test_close_waits_for_what_was_called),
		TEST(test_nothing_looks_at_every_job),
		TEST(test_release_forgets_all_of_it),
		TEST(test_disown),
		TEST(test_expire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
