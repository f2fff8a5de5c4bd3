// SPDX-License-Identifier: LGPL-2.1-or-later
/* Cancel: whose, when, how often, and what becomes of job, tag and report. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"

static struct party party;
static struct io_uring ring;

static int set_up(void **state)
{
	return party_open_ready(&party, NODE_SECOND, LONG_RUN) ||
	       ring_open(&ring, RING_PLAIN);
}

static int tear_down(void **state)
{
	int ret = null_behave();

	io_uring_queue_exit(&ring);
	party_close(&party);
	return ret;
}

static void hang_jobs(uint32_t count)
{
	uint32_t tag;

	must(null_set("hang", 1));
	for (tag = 0; tag < count; tag++)
		ring_job(&ring, party.fd, tag, tag);
	must(io_uring_submit(&ring));
}

static void check_cancelled(uint32_t tag, uint64_t cookie)
{
	const struct layby_report *report = &party.reports[tag];

	assert_true(report_becomes_done(&party, tag));
	assert_int_equal(report->result, -ECANCELED);
	assert_int_equal(report->reason, LAYBY_REASON_CANCELLED);
	assert_int_equal(report->cookie, cookie);
}

static void cancel_one(uint32_t tag)
{
	struct done done[2];

	ring_cancel(&ring, party.fd, tag, tag, 1000);
	must(ring_run(&ring, done, 2));
	must_give(done_result(done, 2, 1000), 0);
	must_give(done_result(done, 2, tag), -ECANCELED);
	check_cancelled(tag, tag);
}

static void test_running(void **state)
{
	hang_jobs(1);
	cancel_one(0);
	assert_true(ring_is_quiet(&ring));
}

/* Those before and behind it stay; each can be cancelled in its turn. */
static void test_queued(void **state)
{
	hang_jobs(5);
	cancel_one(2);
	assert_int_equal(report_state(&party, 1), LAYBY_REPORT_IN_FLIGHT);
	assert_int_equal(report_state(&party, 3), LAYBY_REPORT_IN_FLIGHT);
	cancel_one(4);
	cancel_one(0);
	cancel_one(3);
	cancel_one(1);
	assert_true(ring_is_quiet(&ring));
}

static void test_all(void **state)
{
	struct done done[64];
	unsigned int i;

	hang_jobs(64);
	/* every seventh: all of them once, in an order that is not the ring's */
	for (i = 0; i < 64; i++)
		ring_cancel(&ring, party.fd, i * 7 % 64, i * 7 % 64,
			    1000)->flags |= IOSQE_CQE_SKIP_SUCCESS;
	must(ring_run(&ring, done, 64));
	for (i = 0; i < 64; i++) {
		must_give(done_result(done, 64, i), -ECANCELED);
		check_cancelled(i, i);
	}
	assert_true(ring_is_quiet(&ring));
}

static void test_unknown(void **state)
{
	hang_jobs(2);
	ring_cancel(&ring, party.fd, 0, 1, 1000);
	must_give(ring_run_one(&ring), -ENOENT);
	ring_cancel(&ring, party.fd, 1, 0, 1000);
	must_give(ring_run_one(&ring), -ENOENT);
	ring_cancel(&ring, party.fd, 2, 2, 1000);
	must_give(ring_run_one(&ring), -ENOENT);
	assert_int_equal(report_state(&party, 0), LAYBY_REPORT_IN_FLIGHT);
	assert_int_equal(report_state(&party, 1), LAYBY_REPORT_IN_FLIGHT);
}

static void test_foreign(void **state)
{
	struct party other, driving;

	must(party_open_ready(&other, NODE_SECOND, LONG_RUN));
	must(party_open_ready(&driving, LAYBY_CLASS_DRIVING, LONG_RUN));
	hang_jobs(1);
	ring_cancel(&ring, other.fd, 0, 0, 1000);
	must_give(ring_run_one(&ring), -ENOENT);
	ring_cancel(&ring, driving.fd, 0, 0, 1000);
	must_give(ring_run_one(&ring), -ENOENT);
	assert_int_equal(report_state(&party, 0), LAYBY_REPORT_IN_FLIGHT);
	cancel_one(0);
	party_close(&other);
	party_close(&driving);
}

static void test_finished(void **state)
{
	ring_job(&ring, party.fd, 0, 1);
	must_give(ring_run_one(&ring), 0);
	ring_cancel(&ring, party.fd, 0, 1, 1000);
	must_give(ring_run_one(&ring), -ENOENT);
	assert_int_equal(party.reports[0].result, 0);
}

/*
 * The device does not answer the abort, so the tag stays with the job until the
 * slot has been reset. All in one call of io_uring_enter, as the reset comes
 * after 50 ms; on a machine that slept in between, again.
 */
static bool try_twice(void)
{
	struct done done[4];

	ring_job(&ring, party.fd, 0, 1);
	ring_cancel(&ring, party.fd, 0, 1, 1001);
	ring_cancel(&ring, party.fd, 0, 1, 1002);
	ring_job(&ring, party.fd, 0, 4);
	must(ring_run(&ring, done, 4));
	must_give(done_result(done, 4, 1), -ECANCELED);
	must_give(done_result(done, 4, 1001), 0);
	assert_true(report_becomes_done(&party, 0));
	return done_result(done, 4, 1002) == -EALREADY &&
	       done_result(done, 4, 4) == -EBUSY;
}

static void test_twice(void **state)
{
	unsigned int tries = 1;

	must(null_set("hang", 1));
	must(null_set("lose_abort", 1));
	while (!try_twice())
		assert_in_range(++tries, 0, 20);
	check_cancelled(0, 1);
	must(null_behave());
	ring_job(&ring, party.fd, 0, 5);
	must_give(ring_run_one(&ring), 0);
	assert_int_equal(party.reports[0].cookie, 5);
	assert_true(ring_is_quiet(&ring));
}

/* The slot's reset runs the others again, and they do not notice. */
static void test_others_survive(void **state)
{
	struct done done[4];
	uint32_t tag;

	must(null_set("lose_abort", 1));
	hang_jobs(4);
	must(null_set("hang", 0));
	ring_cancel(&ring, party.fd, 1, 1, 1000)->flags |= IOSQE_CQE_SKIP_SUCCESS;
	must(ring_run(&ring, done, 4));
	for (tag = 0; tag < 4; tag++)
		must_give(done_result(done, 4, tag), tag == 1 ? -ECANCELED : 0);
	check_cancelled(1, 1);
}

/* Either the job ended or the cancel came first, never both and never neither. */
static void check_race(unsigned int round)
{
	struct done done[2];
	int job, cancel;

	ring_job(&ring, party.fd, 0, 1);
	must(io_uring_submit(&ring));
	if (round % 4)
		usleep(round * 13 % 160);
	ring_cancel(&ring, party.fd, 0, 1, 2);
	must(ring_run(&ring, done, 2));
	job = done_result(done, 2, 1);
	cancel = done_result(done, 2, 2);
	if (!(job == 0 && cancel == -ENOENT) && !(job == -ECANCELED && cancel == 0))
		fail_msg("round %u: job %d, cancel %d", round, job, cancel);
	assert_true(report_becomes_done(&party, 0));
	assert_int_equal(party.reports[0].result, job);
}

static void test_race(void **state)
{
	unsigned int round;

	must(null_set("delay_us", 80));
	for (round = 0; round < 400; round++)
		check_race(round);
	assert_true(ring_is_quiet(&ring));
}

/* A cancelled job fails, so what is linked behind it is not run. */
static void test_linked(void **state)
{
	struct done done[3];

	must(null_set("hang", 1));
	ring_job(&ring, party.fd, 0, 1)->flags |= IOSQE_IO_LINK;
	ring_job(&ring, party.fd, 1, 2);
	must(io_uring_submit(&ring));
	ring_cancel(&ring, party.fd, 0, 1, 3);
	must(ring_run(&ring, done, 3));
	must_give(done_result(done, 3, 1), -ECANCELED);
	must_give(done_result(done, 3, 2), -ECANCELED);
	must_give(done_result(done, 3, 3), 0);
	assert_int_equal(report_state(&party, 1), LAYBY_REPORT_IDLE);
}

static void test_other_ring(void **state)
{
	struct io_uring second;
	struct done done;

	must(ring_open(&second, RING_DEFER));
	hang_jobs(1);
	ring_cancel(&second, party.fd, 0, 0, 1000);
	must_give(ring_run_one(&second), 0);
	must(ring_collect(&ring, &done, 1));
	must_give(done.res, -ECANCELED);
	check_cancelled(0, 0);
	io_uring_queue_exit(&second);
}

/* IORING_OP_ASYNC_CANCEL does not reach a command: only ours does. */
static void test_uring_cancel(void **state)
{
	struct io_uring_sqe *sqe;

	hang_jobs(1);
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_cancel64(sqe, 0, 0);
	io_uring_sqe_set_data64(sqe, 1000);
	assert_true(ring_run_one(&ring) < 0);
	assert_int_equal(report_state(&party, 0), LAYBY_REPORT_IN_FLIGHT);
	cancel_one(0);
}

static void test_mode(void **state)
{
	enum ring_mode mode = *(const enum ring_mode *)*state;
	struct io_uring_sqe *sqe;
	struct done done[2];

	set_up(NULL);
	io_uring_queue_exit(&ring);
	must(ring_open(&ring, mode));
	hang_jobs(1);
	while (report_state(&party, 0) != LAYBY_REPORT_IN_FLIGHT)
		sleep_ms(1);
	sqe = ring_cancel(&ring, party.fd, 0, 0, 1000);
	if (mode == RING_ASYNC)
		sqe->flags |= IOSQE_ASYNC;
	must(ring_run(&ring, done, 2));
	must_give(done_result(done, 2, 1000), 0);
	must_give(done_result(done, 2, 0), -ECANCELED);
	check_cancelled(0, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)

static const struct CMUnitTest fixed[] = {
	TEST(running), TEST(queued), TEST(all), TEST(unknown), TEST(foreign),
	TEST(finished), TEST(twice), TEST(others_survive), TEST(race), TEST(linked),
	TEST(other_ring), TEST(uring_cancel),
};

#define FIXED (sizeof(fixed) / sizeof(fixed[0]))

int main(void)
{
	static struct CMUnitTest cancel_tests[FIXED + RING_MODES];
	static enum ring_mode mode[RING_MODES];
	unsigned int i;

	memcpy(cancel_tests, fixed, sizeof(fixed));
	for (i = 0; i < RING_MODES; i++) {
		mode[i] = i;
		cancel_tests[FIXED + i] = (struct CMUnitTest){
			.name = ring_mode_name[i], .test_func = test_mode,
			.teardown_func = tear_down, .initial_state = &mode[i],
		};
	}
	return cmocka_run_group_tests_name("cancel", cancel_tests, NULL, NULL);
}
