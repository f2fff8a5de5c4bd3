// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Good jobs, through every way in which a command can reach the kernel: each
 * gets exactly one completion and a correct report.
 */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "check.h"

#define BATCH	64
#define ROUNDS	8

static struct party party;
static struct io_uring ring;

static void set_up(enum ring_mode mode)
{
	must(party_open_ready(&party, NODE_SECOND, LONG_RUN));
	must(ring_open(&ring, mode));
}

static int tear_down(void **state)
{
	io_uring_queue_exit(&ring);
	party_close(&party);
	return null_behave();
}

static void check_report(uint32_t tag, uint64_t cookie, uint64_t run_ticks)
{
	const struct layby_report *report = &party.reports[tag];

	assert_int_equal(report_state(&party, tag), LAYBY_REPORT_DONE);
	assert_int_equal(report->result, 0);
	assert_int_equal(report->reason, LAYBY_REASON_FINISHED);
	assert_int_equal(report->level, 0);
	assert_int_equal(report->cookie, cookie);
	assert_int_equal(report->run_ticks, run_ticks);
	assert_int_not_equal(report->end_ticks, 0);
	assert_int_equal(report->gate_reason, 0);
}

static void put_batch(enum ring_mode mode, uint64_t cookie)
{
	struct io_uring_sqe *sqe;
	uint32_t tag;

	for (tag = 0; tag < BATCH; tag++) {
		sqe = ring_job(&ring, party.fd, tag, cookie + tag);
		if (mode == RING_ASYNC)
			sqe->flags |= IOSQE_ASYNC;
		if (mode == RING_LINKED && tag < BATCH - 1)
			sqe->flags |= IOSQE_IO_LINK;
		else if (mode != RING_LINKED && tag < BATCH - 1)
			sqe_submit(sqe)->flags = LAYBY_SUBMIT_MORE;
	}
}

static void run_batch(enum ring_mode mode, uint64_t cookie, uint64_t run_ticks)
{
	struct done done[BATCH];
	uint32_t tag;

	put_batch(mode, cookie);
	must(ring_run(&ring, done, BATCH));
	for (tag = 0; tag < BATCH; tag++) {
		must_give(done_result(done, BATCH, cookie + tag), 0);
		check_report(tag, cookie + tag, run_ticks);
	}
}

static void test_batches(void **state)
{
	enum ring_mode mode = *(const enum ring_mode *)*state;
	unsigned int round;

	set_up(mode);
	for (round = 0; round < ROUNDS; round++)
		run_batch(mode, 0xfeed00000000 + round * 1000, 0);
	must(null_set("delay_us", 100));
	run_batch(mode, 7000, 100);
	assert_true(ring_is_quiet(&ring));
}

static void test_one_by_one(void **state)
{
	enum ring_mode mode = *(const enum ring_mode *)*state;
	struct io_uring_sqe *sqe;
	unsigned int i;

	set_up(mode);
	for (i = 0; i < 100; i++) {
		sqe = ring_job(&ring, party.fd, 63, i);
		if (mode == RING_ASYNC)
			sqe->flags |= IOSQE_ASYNC;
		must_give(ring_run_one(&ring), 0);
		check_report(63, i, 0);
	}
	assert_true(ring_is_quiet(&ring));
}

/* --- Rings of other shapes ------------------------------------------------------- */

static void check_shape(unsigned int flags)
{
	set_up(RING_PLAIN);
	io_uring_queue_exit(&ring);
	must(io_uring_queue_init(BATCH, &ring, flags));
	run_batch(RING_PLAIN, 1, 0);
	assert_true(ring_is_quiet(&ring));
}

static void test_big_sqe(void **state)
{
	check_shape(IORING_SETUP_SQE128);
}

static void test_big_cqe(void **state)
{
	check_shape(IORING_SETUP_CQE32);
}

static void test_no_sqarray(void **state)
{
	check_shape(IORING_SETUP_NO_SQARRAY | IORING_SETUP_SUBMIT_ALL);
}

static void test_coop(void **state)
{
	check_shape(IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG);
}

/* The CQ ring is smaller than what comes: it overflows, nothing is lost. */
static void test_cq_overflow(void **state)
{
	struct io_uring_params params = { .flags = IORING_SETUP_CQSIZE };
	struct done done[BATCH];
	uint32_t tag;

	set_up(RING_PLAIN);
	io_uring_queue_exit(&ring);
	params.cq_entries = 8;
	must(io_uring_queue_init_params(8, &ring, &params));
	for (tag = 0; tag < BATCH; tag++) {
		ring_job(&ring, party.fd, tag, tag);
		must(io_uring_submit(&ring));
	}
	must(ring_collect(&ring, done, BATCH));
	for (tag = 0; tag < BATCH; tag++)
		must_give(done_result(done, BATCH, tag), 0);
}

static void test_iopoll(void **state)
{
	set_up(RING_PLAIN);
	io_uring_queue_exit(&ring);
	must(io_uring_queue_init(BATCH, &ring, IORING_SETUP_IOPOLL));
	ring_job(&ring, party.fd, 0, 1);
	must_give(ring_run_one(&ring), -EOPNOTSUPP);
	assert_int_equal(report_state(&party, 0), LAYBY_REPORT_IDLE);
}

static void test_fixed_file(void **state)
{
	struct done done[BATCH];
	uint32_t tag;

	set_up(RING_PLAIN);
	must(io_uring_register_files(&ring, &party.fd, 1));
	for (tag = 0; tag < BATCH; tag++)
		ring_job(&ring, 0, tag, tag)->flags |= IOSQE_FIXED_FILE;
	must(ring_run(&ring, done, BATCH));
	for (tag = 0; tag < BATCH; tag++)
		must_give(done_result(done, BATCH, tag), 0);
}

static void test_skip_success(void **state)
{
	set_up(RING_PLAIN);
	ring_job(&ring, party.fd, 0, 1)->flags |= IOSQE_CQE_SKIP_SUCCESS;
	must(io_uring_submit(&ring));
	assert_true(report_becomes_done(&party, 0));
	assert_true(ring_is_quiet(&ring));
}

/* --- The doorbell ------------------------------------------------------------------ */

static void check_lost_more(uint32_t count)
{
	struct done done[BATCH];
	uint64_t start = now_ns();
	uint32_t tag;

	set_up(RING_PLAIN);
	for (tag = 0; tag < count; tag++)
		sqe_submit(ring_job(&ring, party.fd, tag, tag))->flags = LAYBY_SUBMIT_MORE;
	must(ring_run(&ring, done, count));
	for (tag = 0; tag < count; tag++)
		must_give(done_result(done, count, tag), 0);
	assert_in_range(now_ns() - start, 0, 5 * SECOND);
}

static void test_lost_more(void **state)
{
	check_lost_more(1);
}

static void test_lost_more_batch(void **state)
{
	check_lost_more(BATCH);
}

/* --- Sharing ------------------------------------------------------------------------- */

/* One fd in two rings, tags taken from both ends. */
static void test_two_rings(void **state)
{
	struct done done[32], second_done[32];
	struct io_uring second;
	uint32_t i;

	set_up(RING_PLAIN);
	must(ring_open(&second, RING_DEFER));
	must(null_set("delay_us", 50));
	for (i = 0; i < 32; i++) {
		ring_job(&ring, party.fd, i, i);
		ring_job(&second, party.fd, 63 - i, 100 + i);
		must(io_uring_submit(&ring));
		must(io_uring_submit(&second));
	}
	must(ring_collect(&ring, done, 32));
	must(ring_collect(&second, second_done, 32));
	for (i = 0; i < 32; i++) {
		must_give(done_result(done, 32, i), 0);
		must_give(done_result(second_done, 32, 100 + i), 0);
	}
	io_uring_queue_exit(&second);
}

/* A tag in flight through one ring is taken in the other one too. */
static void test_tags_are_the_partys(void **state)
{
	struct io_uring second;
	struct done done;

	set_up(RING_PLAIN);
	must(ring_open(&second, RING_PLAIN));
	must(null_set("delay_us", 20000 * time_factor()));
	ring_job(&ring, party.fd, 0, 1);
	must(io_uring_submit(&ring));
	ring_job(&second, party.fd, 0, 2);
	must_give(ring_run_one(&second), -EBUSY);
	must(ring_collect(&ring, &done, 1));
	must_give(done.res, 0);
	assert_int_equal(party.reports[0].cookie, 1);
	io_uring_queue_exit(&second);
}

static pthread_mutex_t submitting = PTHREAD_MUTEX_INITIALIZER;

/* Half of the tags each; a thread stays until its jobs are done. */
static void *submit_half(void *arg)
{
	uint32_t first = (uint32_t)(uintptr_t)arg, tag;

	for (tag = first; tag < first + BATCH / 2; tag++) {
		pthread_mutex_lock(&submitting);
		ring_job(&ring, party.fd, tag, tag);
		io_uring_submit(&ring);
		pthread_mutex_unlock(&submitting);
	}
	for (tag = first; tag < first + BATCH / 2; tag++)
		report_becomes_done(&party, tag);
	return NULL;
}

/* A ring shared by two threads: task work goes to two tasks. */
static void test_two_threads(void **state)
{
	struct done done[BATCH];
	pthread_t thread[2];
	uintptr_t i;
	uint32_t tag;

	set_up(RING_PLAIN);
	must(null_set("delay_us", 50));
	for (i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, submit_half,
						(void *)(i * BATCH / 2)), 0);
	must(ring_collect(&ring, done, BATCH));
	for (i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	for (tag = 0; tag < BATCH; tag++)
		must_give(done_result(done, BATCH, tag), 0);
	assert_true(ring_is_quiet(&ring));
}

/* Both partitions at once, one of them busy for long. */
static void test_partitions_apart(void **state)
{
	struct party driving;
	uint32_t tag;

	set_up(RING_PLAIN);
	must(party_open_ready(&driving, LAYBY_CLASS_DRIVING, LONG_RUN));
	must(null_set("hang", 1));
	for (tag = 0; tag < BATCH; tag++)
		ring_job(&ring, party.fd, tag, tag);
	must(io_uring_submit(&ring));
	must(null_set("hang", 0));
	ring_job(&ring, driving.fd, 0, 1000);
	must_give(ring_run_one(&ring), 0);
	assert_int_equal(report_state(&party, 0), LAYBY_REPORT_IN_FLIGHT);
	party_close(&driving);
}

#define TEST(name) cmocka_unit_test_teardown(test_##name, tear_down)

static const struct CMUnitTest shapes[] = {
	TEST(big_sqe), TEST(big_cqe), TEST(no_sqarray), TEST(coop),
	TEST(cq_overflow), TEST(iopoll), TEST(fixed_file), TEST(skip_success),
	TEST(lost_more), TEST(lost_more_batch), TEST(two_rings),
	TEST(tags_are_the_partys), TEST(two_threads), TEST(partitions_apart),
};

#define SHAPES (sizeof(shapes) / sizeof(shapes[0]))

int main(void)
{
	static struct CMUnitTest job_tests[2 * RING_MODES + SHAPES];
	static enum ring_mode mode[RING_MODES];
	static char name[2 * RING_MODES][32];
	unsigned int i;

	for (i = 0; i < 2 * RING_MODES; i++) {
		mode[i / 2] = i / 2;
		snprintf(name[i], sizeof(name[i]), "%s, %s",
			 i % 2 ? "one by one" : "batches", ring_mode_name[i / 2]);
		job_tests[i] = (struct CMUnitTest){
			.name = name[i], .teardown_func = tear_down,
			.test_func = i % 2 ? test_one_by_one : test_batches,
			.initial_state = &mode[i / 2],
		};
	}
	memcpy(&job_tests[2 * RING_MODES], shapes, sizeof(shapes));
	return cmocka_run_group_tests_name("jobs", job_tests, NULL, NULL);
}
