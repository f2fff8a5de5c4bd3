// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The store as the agent sees it: what is submitted comes back, one key is one job,
 * limits, order of the queue, ends, forgetting.
 */
#include "store_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define UID 1000
#define OTHER 1001

/* --- what comes back -------------------------------------------------------------- */

static void check_simple(struct store_fixture *f, uint64_t number, uint64_t seed)
{
	uint8_t program[PROGRAM_SIZE], input[64], key[STORE_KEY_BYTES];
	struct store_job job;

	fill(program, sizeof(program), 0);
	fill(input, sizeof(input), seed);
	key_of(seed, key);
	assert_int_equal(store_get(f->store, number, &job), 0);
	assert_int_equal(job.number, number);
	assert_int_equal(job.request.uid, UID);
	assert_memory_equal(job.request.key, key, sizeof(key));
	assert_int_equal(job.program_size, PROGRAM_SIZE);
	assert_int_equal(job.input_sizes[0], 64);
	assert_int_equal(job.request.output_sizes[0], OUTPUT_SIZE);
	assert_int_equal(compare(f->store, number, STORE_PROGRAM, 0, program, PROGRAM_SIZE), 0);
	assert_int_equal(compare(f->store, number, STORE_INPUT, 0, input, 64), 0);
	assert_int_equal(store_read(f->store, number, STORE_INPUT, 1), -ENOENT);
}

static void test_submitted_comes_back(void **state)
{
	struct store_fixture *f = *state;
	uint64_t number = submit_simple(f, UID, 7);

	assert_int_equal(number, 1);
	check_simple(f, number, 7);
	fixture_reopen(f);
	check_simple(f, number, 7);
}

static void test_every_field_comes_back(void **state)
{
	struct store_fixture *f = *state;
	struct store_request *request;
	struct job_bytes bytes;
	struct store_new job = new_job(&bytes, UID, 1, 10);
	struct store_job held;
	uint64_t number;
	int i;

	request = &job.request;
	request->input_count = LAYBY_MAX_INPUTS;
	for (i = 1; i < LAYBY_MAX_INPUTS; i++)
		job.inputs[i] = (struct store_content){ bytes.program, -1, (uint64_t)i };
	request->output_count = LAYBY_MAX_OUTPUTS;
	for (i = 0; i < LAYBY_MAX_OUTPUTS; i++)
		request->output_sizes[i] = 100 + (uint64_t)i;
	request->longest_run_us = 123456789012;
	request->priority = 9;
	request->retries = 3;
	request->deadline_us = INT64_MAX - 1;
	request->interactive = true;
	request->linger = false;
	memset(request->owner, 'o', STORE_OWNER_MAX - 1);
	assert_int_equal(submit(f, &job, &number), 0);
	assert_int_equal(store_get(f->store, number, &held), 0);
	assert_memory_equal(&held.request, request, sizeof(*request));
	for (i = 1; i < LAYBY_MAX_INPUTS; i++)
		assert_int_equal(held.input_sizes[i], i);
	assert_int_equal(held.state, STORE_QUEUED);
	assert_true(held.queued_us > 0);
	assert_int_equal(held.ended_us, 0);
	job_bytes_fini(&bytes);
}

static void test_what_would_not_fit_is_invalid(void **state)
{
	struct store_fixture *f = *state;
	struct job_bytes bytes;
	const struct store_new good = new_job(&bytes, UID, 1, 10);
	struct store_new bad[8];
	size_t i;

	for (i = 0; i < 8; i++)
		bad[i] = good;
	bad[0].request.input_count = LAYBY_MAX_INPUTS + 1;
	bad[1].request.output_count = LAYBY_MAX_OUTPUTS + 1;
	bad[2].request.priority = 10;
	bad[3].request.uid = UINT32_MAX;
	bad[4].request.deadline_us = INT64_MAX;
	bad[5].request.output_sizes[0] = INT64_MAX;
	memset(bad[6].request.owner, 'x', STORE_OWNER_MAX);
	bad[7].request.output_sizes[0] = 0;
	for (i = 0; i < 8; i++)
		assert_int_equal(store_submit(f->store, &bad[i], 1, NULL, NULL), -EINVAL);
	bad[0] = good;
	bad[0].program.data = NULL;
	assert_int_equal(store_submit(f->store, bad, 1, NULL, NULL), -EBADF);
	assert_int_equal(store_disown(f->store, bad[6].request.owner, NULL, NULL), -EINVAL);
	job_bytes_fini(&bytes);
}

static void test_what_is_not_there(void **state)
{
	struct store_fixture *f = *state;
	struct store_totals totals;
	char owner[STORE_OWNER_MAX];
	struct store_job job;
	uint64_t number;
	uid_t uid;

	assert_int_equal(store_get(f->store, 1, &job), -ENOENT);
	assert_int_equal(store_read(f->store, 1, STORE_PROGRAM, 0), -ENOENT);
	assert_int_equal(end_as(f, 1, STORE_FAILED, 0), -ENOENT);
	assert_int_equal(release(f, 1), -ENOENT);
	assert_int_equal(count_attempts(f, 1, 1, 1), -ENOENT);
	assert_int_equal(store_next(f->store, UID, NULL, &job, 1), 0);
	assert_int_equal(store_list(f->store, UINT32_MAX, 0, &number, 1), 0);
	assert_int_equal(store_users(f->store, &uid, 1), 0);
	assert_int_equal(store_next_owner(f->store, "", owner), -ENOENT);
	assert_int_equal(store_totals(f->store, UID, &totals), 0);
	assert_int_equal(totals.held, 0);
	assert_int_equal(disown(f, "nobody"), 0);
	assert_int_equal(expire(f, UINT64_MAX), 0);
}

/* --- keys ------------------------------------------------------------------------- */

static void test_one_key_is_one_job(void **state)
{
	struct store_fixture *f = *state;
	struct job_bytes bytes;
	struct store_new job = new_job(&bytes, UID, 3, 64);
	uint64_t first, again;

	assert_int_equal(submit(f, &job, &first), 0);
	assert_int_equal(submit(f, &job, &again), 1);
	assert_int_equal(again, first);
	assert_int_equal(end_as(f, first, STORE_FAILED, 0), 0);
	fixture_reopen(f);
	assert_int_equal(submit(f, &job, &again), 1);
	assert_int_equal(again, first);
	job.request.uid = OTHER;
	assert_int_equal(submit(f, &job, &again), 0);
	assert_int_not_equal(again, first);
	job.request.uid = UID;
	assert_int_equal(release(f, first), 0);
	assert_int_equal(submit(f, &job, &again), 0);
	assert_int_not_equal(again, first);
	job_bytes_fini(&bytes);
}

static void test_a_key_with_other_content_is_an_error(void **state)
{
	struct store_fixture *f = *state;
	struct job_bytes bytes;
	const struct store_new good = new_job(&bytes, UID, 3, 64);
	struct store_new jobs[9];
	uint64_t number;
	size_t i;

	for (i = 0; i < 9; i++)
		jobs[i] = good;
	jobs[0].program.size--;
	jobs[1].inputs[0].size--;
	jobs[2].request.input_count = 0;
	jobs[3].request.output_sizes[0]++;
	jobs[4].request.longest_run_us++;
	jobs[5].request.priority++;
	jobs[6].request.retries++;
	jobs[7].request.deadline_us++;
	jobs[8].request.interactive = true;
	assert_int_equal(submit(f, &good, &number), 0);
	for (i = 0; i < 9; i++) {
		assert_int_equal(submit(f, &jobs[i], &number), -EEXIST);
		assert_int_equal(number, 0);
	}
	/* who asks is no part of what is asked for */
	jobs[0] = good;
	jobs[0].request.linger = false;
	strcpy(jobs[0].request.owner, "bus/:1.99");
	assert_int_equal(submit(f, &jobs[0], &number), 1);
	job_bytes_fini(&bytes);
}

static void test_a_key_in_one_vector(void **state)
{
	struct store_fixture *f = *state;
	struct store_submitted results[4];
	struct job_bytes bytes;
	struct store_new jobs[4];
	size_t i;

	jobs[0] = new_job(&bytes, UID, 3, 64);
	for (i = 1; i < 4; i++)
		jobs[i] = jobs[0];
	jobs[2].request.retries = 1;
	key_of(8, jobs[3].request.key);
	submit_many(f, jobs, 4, results);
	assert_int_equal(results[0].result, 0);
	assert_int_equal(results[1].result, 1);
	assert_int_equal(results[1].number, results[0].number);
	assert_int_equal(results[2].result, -EEXIST);
	assert_int_equal(results[3].result, 0);
	job_bytes_fini(&bytes);
}

static void test_without_a_key_each_is_its_own(void **state)
{
	static const uint8_t none[STORE_KEY_BYTES];
	struct store_fixture *f = *state;
	struct job_bytes bytes;
	struct store_new job = new_job(&bytes, UID, 3, 64);
	struct store_job held;
	uint64_t a, b;

	memcpy(job.request.key, none, sizeof(none));
	assert_int_equal(submit(f, &job, &a), 0);
	assert_int_equal(submit(f, &job, &b), 0);
	assert_int_not_equal(a, b);
	assert_int_equal(store_get(f->store, a, &held), 0);
	assert_memory_not_equal(held.request.key, none, sizeof(none));
	job_bytes_fini(&bytes);
}

/* --- limits ----------------------------------------------------------------------- */

#define SIMPLE_BYTES (PROGRAM_SIZE + 64 + OUTPUT_SIZE)

static int try_simple(struct store_fixture *f, uid_t uid, uint64_t seed)
{
	struct job_bytes bytes;
	struct store_new job = new_job(&bytes, uid, seed, 64);
	uint64_t number;
	int r;

	r = submit(f, &job, &number);
	job_bytes_fini(&bytes);
	return r;
}

static void limit(struct store_fixture *f, struct store_limits limits)
{
	f->limits = limits;
	fixture_reopen(f);
}

static void test_limits_of_a_user(void **state)
{
	struct store_fixture *f = *state;

	limit(f, (struct store_limits){ .user_jobs = 2 });
	assert_int_equal(try_simple(f, UID, 1), 0);
	assert_int_equal(try_simple(f, UID, 2), 0);
	assert_int_equal(try_simple(f, UID, 3), -EDQUOT);
	assert_int_equal(try_simple(f, UID, 2), 1);
	assert_int_equal(try_simple(f, OTHER, 3), 0);
	/* one that ended is held, too */
	assert_int_equal(end_as(f, 1, STORE_FAILED, 0), 0);
	assert_int_equal(try_simple(f, UID, 3), -EDQUOT);
	assert_int_equal(release(f, 1), 0);
	assert_int_equal(try_simple(f, UID, 3), 0);
	limit(f, (struct store_limits){ .user_bytes = 3 * SIMPLE_BYTES });
	assert_int_equal(try_simple(f, UID, 4), 0);
	assert_int_equal(try_simple(f, UID, 5), -EDQUOT);
	assert_int_equal(try_simple(f, OTHER, 5), 0);
}

static void test_limits_of_all(void **state)
{
	struct store_fixture *f = *state;

	limit(f, (struct store_limits){ .jobs = 2 });
	assert_int_equal(try_simple(f, UID, 1), 0);
	assert_int_equal(try_simple(f, OTHER, 1), 0);
	assert_int_equal(try_simple(f, OTHER, 2), -ENOBUFS);
	limit(f, (struct store_limits){ .bytes = 3 * SIMPLE_BYTES - 1 });
	assert_int_equal(try_simple(f, OTHER, 2), -ENOBUFS);
	limit(f, (struct store_limits){ .bytes = 3 * SIMPLE_BYTES });
	assert_int_equal(try_simple(f, OTHER, 2), 0);
}

static void test_a_refused_job_does_not_take_others(void **state)
{
	struct store_fixture *f = *state;
	struct store_submitted results[4];
	struct job_bytes bytes[4];
	struct store_new jobs[4];
	struct store_totals totals;
	size_t i;

	limit(f, (struct store_limits){ .user_jobs = 2 });
	for (i = 0; i < 4; i++)
		jobs[i] = new_job(&bytes[i], i < 3 ? UID : OTHER, i + 1, 64);
	submit_many(f, jobs, 4, results);
	assert_int_equal(results[0].result, 0);
	assert_int_equal(results[1].result, 0);
	assert_int_equal(results[2].result, -EDQUOT);
	assert_int_equal(results[3].result, 0);
	assert_int_equal(store_totals(f->store, UINT32_MAX, &totals), 0);
	assert_int_equal(totals.held, 3);
	for (i = 0; i < 4; i++)
		job_bytes_fini(&bytes[i]);
}

static void test_totals(void **state)
{
	struct store_fixture *f = *state;
	struct store_totals totals;

	submit_simple(f, UID, 1);
	submit_simple(f, UID, 2);
	submit_simple(f, OTHER, 1);
	assert_int_equal(end_as(f, 1, STORE_FINISHED, 1), 0);
	assert_int_equal(store_totals(f->store, UID, &totals), 0);
	assert_int_equal(totals.queued, 1);
	assert_int_equal(totals.held, 2);
	assert_int_equal(totals.bytes, 2 * SIMPLE_BYTES);
	assert_int_equal(totals.ended, 1);
	assert_int_equal(release(f, 1), 0);
	assert_int_equal(store_totals(f->store, UINT32_MAX, &totals), 0);
	assert_int_equal(totals.queued, 2);
	assert_int_equal(totals.held, 2);
	assert_int_equal(totals.bytes, 2 * SIMPLE_BYTES);
	assert_int_equal(totals.ended, 1);
}

/* --- the queue -------------------------------------------------------------------- */

static uint64_t submit_ranked(struct store_fixture *f, uint64_t seed, uint64_t deadline_us,
			      uint32_t priority)
{
	struct job_bytes bytes;
	struct store_new job = new_job(&bytes, UID, seed, 64);
	uint64_t number;

	job.request.deadline_us = deadline_us;
	job.request.priority = priority;
	assert_int_equal(submit(f, &job, &number), 0);
	job_bytes_fini(&bytes);
	return number;
}

static void test_next_is_the_best_first(void **state)
{
	static const uint64_t best_first[] = { 4, 6, 3, 5, 2, 1, 7 };
	struct store_fixture *f = *state;
	struct store_job jobs[8];
	size_t i;

	submit_ranked(f, 1, 0, 0);
	submit_ranked(f, 2, 0, 9);
	submit_ranked(f, 3, 2000, 0);
	submit_ranked(f, 4, 1000, 4);
	submit_ranked(f, 5, 3000, 9);
	submit_ranked(f, 6, 1000, 4);
	submit_ranked(f, 7, 0, 0);
	assert_int_equal(store_next(f->store, UID, NULL, jobs, 8), 7);
	for (i = 0; i < 7; i++)
		assert_int_equal(jobs[i].number, best_first[i]);
	assert_int_equal(jobs[0].program_size, PROGRAM_SIZE);
	for (i = 0; i < 7; i++)
		assert_int_equal(store_next(f->store, UID, &jobs[i], &jobs[7], 1), i < 6);
	assert_int_equal(store_next(f->store, UID, &jobs[2], jobs, 2), 2);
	assert_int_equal(jobs[0].number, 5);
	assert_int_equal(jobs[1].number, 2);
	assert_int_equal(store_next(f->store, OTHER, NULL, jobs, 8), 0);
	assert_int_equal(end_as(f, 4, STORE_CANCELLED, 0), 0);
	assert_int_equal(store_next(f->store, UID, NULL, jobs, 1), 1);
	assert_int_equal(jobs[0].number, 6);
}

static void test_lists(void **state)
{
	struct store_fixture *f = *state;
	uint64_t numbers[4];
	uid_t uids[4];

	submit_simple(f, OTHER, 1);
	submit_simple(f, UID, 2);
	submit_simple(f, OTHER, 3);
	assert_int_equal(store_list(f->store, UINT32_MAX, 0, numbers, 4), 3);
	assert_int_equal(store_list(f->store, UINT32_MAX, 1, numbers, 1), 1);
	assert_int_equal(numbers[0], 2);
	assert_int_equal(store_list(f->store, OTHER, 0, numbers, 4), 2);
	assert_int_equal(numbers[1], 3);
	assert_int_equal(store_list(f->store, OTHER, 1, numbers, 4), 1);
	assert_int_equal(store_users(f->store, uids, 4), 2);
	assert_int_equal(uids[0], UID);
	assert_int_equal(end_as(f, 2, STORE_FAILED, 0), 0);
	assert_int_equal(store_users(f->store, uids, 4), 1);
	assert_int_equal(uids[0], OTHER);
}

/* --- ends ------------------------------------------------------------------------- */

static void test_an_end_comes_back(void **state)
{
	struct store_fixture *f = *state;
	uint64_t number = submit_simple(f, UID, 5);
	uint8_t output[OUTPUT_SIZE];
	struct store_outcome outcome;
	struct store_job job;

	assert_int_equal(store_read(f->store, number, STORE_OUTPUT, 0), -ENOENT);
	assert_int_equal(end_as(f, number, STORE_FINISHED, 5), 0);
	fixture_reopen(f);
	make_outcome(&outcome, STORE_FINISHED, NULL);
	assert_int_equal(store_get(f->store, number, &job), 0);
	assert_int_equal(job.state, STORE_FINISHED);
	assert_true(job.ended_us >= job.queued_us);
	assert_true(job.ran);
	assert_memory_equal(&job.report, &outcome.report, sizeof(job.report));
	assert_int_equal(job.ticks_hz, 1000000);
	assert_int_equal(job.attempts, 1);
	assert_int_equal(job.reclaims, 2);
	assert_string_equal(job.reason, outcome.reason);
	assert_string_equal(job.message, outcome.message);
	fill(output, sizeof(output), ~5ull);
	assert_int_equal(compare(f->store, number, STORE_OUTPUT, 0, output, OUTPUT_SIZE), 0);
	check_simple(f, number, 5);
}

static void test_a_job_ends_once(void **state)
{
	struct store_fixture *f = *state;
	uint64_t number = submit_simple(f, UID, 5);
	struct store_job job;

	assert_int_equal(end_as(f, number, STORE_FAILED, 0), 0);
	assert_int_equal(end_as(f, number, STORE_FAILED, 0), -EALREADY);
	assert_int_equal(end_as(f, number, STORE_FINISHED, 0), -EALREADY);
	assert_int_equal(end_as(f, number, STORE_CANCELLED, 0), -EALREADY);
	assert_int_equal(count_attempts(f, number, 9, 9), -EALREADY);
	assert_int_equal(store_get(f->store, number, &job), 0);
	assert_int_equal(job.state, STORE_FAILED);
	assert_int_equal(job.result, -EIO);
	assert_int_equal(job.attempts, 1);
	assert_int_equal(store_read(f->store, number, STORE_OUTPUT, 0), -ENOENT);
}

static void test_a_wrong_end_changes_nothing(void **state)
{
	struct store_fixture *f = *state;
	uint64_t number = submit_simple(f, UID, 5);
	uint8_t output[OUTPUT_SIZE] = {};
	struct store_outcome outcome;
	struct store_job job;

	make_outcome(&outcome, STORE_FINISHED, output);
	outcome.outputs[0].size--;
	assert_int_equal(end_with(f, number, &outcome), -EINVAL);
	outcome.outputs[0].size = 0;
	assert_int_equal(end_with(f, number, &outcome), -EINVAL);
	outcome.outputs[0].size = OUTPUT_SIZE;
	outcome.outputs[1] = outcome.outputs[0];
	assert_int_equal(end_with(f, number, &outcome), -EINVAL);
	assert_int_equal(end_as(f, number, STORE_QUEUED, 0), -EINVAL);
	assert_int_equal(store_get(f->store, number, &job), 0);
	assert_int_equal(job.state, STORE_QUEUED);
	assert_int_equal(end_as(f, number, STORE_FINISHED, 0), 0);
}

static void test_attempts_are_counted(void **state)
{
	struct store_fixture *f = *state;
	uint64_t number = submit_simple(f, UID, 5);
	struct store_job job;

	assert_int_equal(count_attempts(f, number, 1, 4), 0);
	fixture_reopen(f);
	assert_int_equal(store_get(f->store, number, &job), 0);
	assert_int_equal(job.attempts, 1);
	assert_int_equal(job.reclaims, 4);
	assert_int_equal(job.state, STORE_QUEUED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_submitted_comes_back),
		TEST(test_every_field_comes_back),
		TEST(test_what_would_not_fit_is_invalid),
		TEST(test_what_is_not_there),
		TEST(test_one_key_is_one_job),
		TEST(test_a_key_with_other_content_is_an_error),
		TEST(test_a_key_in_one_vector),
		TEST(test_without_a_key_each_is_its_own),
		TEST(test_limits_of_a_user),
		TEST(test_limits_of_all),
		TEST(test_a_refused_job_does_not_take_others),
		TEST(test_totals),
		TEST(test_next_is_the_best_first),
		TEST(test_lists),
		TEST(test_an_end_comes_back),
		TEST(test_a_job_ends_once),
		TEST(test_a_wrong_end_changes_nothing),
		TEST(test_attempts_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
