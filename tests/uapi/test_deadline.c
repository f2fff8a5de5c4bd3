// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Jobs that do not end, aborts that are not answered, interrupts that are lost:
 * the guilty one is stopped and reported, all others go on.
 */
#include <unistd.h>

#include "check.h"

/* Enough to set what the device is to do next, on a busy host too. */
#define SHORT	(200 * MS)
/* What a busy host may hold all of us up. */
#define HELD_UP	(5 * SECOND)

static struct party guilty, other, driving;
static struct io_uring ring;

static int set_up(void **state)
{
	return party_open_ready(&guilty, NODE_SECOND, SHORT) ||
	       party_open_ready(&other, NODE_SECOND, LONG_RUN) ||
	       party_open_ready(&driving, LAYBY_CLASS_DRIVING, LONG_RUN) ||
	       ring_open(&ring, RING_PLAIN);
}

static int tear_down(void **state)
{
	int ret = null_behave();

	io_uring_queue_exit(&ring);
	party_close(&guilty);
	party_close(&other);
	party_close(&driving);
	return ret;
}

enum { GUILTY = 1000, MORE = 2000 };

/* One that hangs at the head, eight of another party behind it. */
static void put_guilty_and_others(void)
{
	uint32_t tag;

	must(null_set("hang", 1));
	ring_job(&ring, guilty.fd, 0, GUILTY);
	for (tag = 0; tag < 8; tag++)
		ring_job(&ring, other.fd, tag, tag);
	must(io_uring_submit(&ring));
}

static void check_time_up(const struct party *party, uint32_t tag, uint64_t cookie)
{
	const struct layby_report *report = &party->reports[tag];

	assert_int_equal(report_state(party, tag), LAYBY_REPORT_DONE);
	assert_int_equal(report->result, -ETIME);
	assert_int_equal(report->reason, LAYBY_REASON_TIME_UP);
	assert_int_equal(report->cookie, cookie);
}

static void check_others_finished(const struct done *done, unsigned int count)
{
	uint32_t tag;

	for (tag = 0; tag < 8; tag++) {
		must_give(done_result(done, count, tag), 0);
		assert_int_equal(other.reports[tag].reason, LAYBY_REASON_FINISHED);
	}
}

static void test_time_up(void **state)
{
	uint64_t start = now_ns(), took;

	must(null_set("hang", 1));
	ring_job(&ring, guilty.fd, 0, GUILTY);
	must_give(ring_run_one(&ring), -ETIME);
	took = now_ns() - start;
	check_time_up(&guilty, 0, GUILTY);
	assert_in_range(took, SHORT, SHORT + HELD_UP);
	assert_true(ring_is_quiet(&ring));
}

/* The tag, the job, the slot: all are fit for use afterwards. */
static void test_again(void **state)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		must(null_set("hang", 1));
		ring_job(&ring, guilty.fd, 0, GUILTY);
		must_give(ring_run_one(&ring), -ETIME);
		must(null_set("hang", 0));
		ring_job(&ring, guilty.fd, 0, MORE);
		must_give(ring_run_one(&ring), 0);
	}
	must(job_unprepare(guilty.fd, 0));
}

/* Set to a delay while it hangs, the device goes on when it has aborted. */
static void test_others_go_on(void **state)
{
	struct done done[9];

	put_guilty_and_others();
	must(null_set("delay_us", 100));
	must(null_set("hang", 0));
	must(ring_collect(&ring, done, 9));
	must_give(done_result(done, 9, GUILTY), -ETIME);
	check_time_up(&guilty, 0, GUILTY);
	check_others_finished(done, 9);
}

/* A job's time begins when it comes to the head, not when it was submitted. */
static void test_waiting_does_not_count(void **state)
{
	struct done done[5];
	uint32_t tag;

	must(null_set("delay_us", 70000));
	for (tag = 0; tag < 4; tag++)
		ring_job(&ring, other.fd, tag, tag);
	ring_job(&ring, guilty.fd, 0, GUILTY);
	must(ring_run(&ring, done, 5));
	for (tag = 0; tag < 4; tag++)
		must_give(done_result(done, 5, tag), 0);
	/* 70 ms of its 200, on a machine that is not stopped itself */
	assert_true(done_result(done, 5, GUILTY) == 0 || time_factor() > 1);
}

static void test_many_in_a_row(void **state)
{
	struct done done[4];
	uint32_t tag;

	must(null_set("hang", 1));
	for (tag = 0; tag < 4; tag++)
		ring_job(&ring, guilty.fd, tag, tag);
	must(ring_run(&ring, done, 4));
	for (tag = 0; tag < 4; tag++) {
		must_give(done_result(done, 4, tag), -ETIME);
		check_time_up(&guilty, tag, tag);
	}
}

static void test_driving_does_not_notice(void **state)
{
	struct done done[9];

	must(null_set("lose_abort", 1));
	put_guilty_and_others();
	must(null_set("hang", 0));
	while (report_state(&guilty, 0) == LAYBY_REPORT_IN_FLIGHT) {
		struct io_uring own;

		must(ring_open(&own, RING_PLAIN));
		ring_job(&own, driving.fd, 0, 1);
		must_give(ring_run_one(&own), 0);
		io_uring_queue_exit(&own);
	}
	must(ring_collect(&ring, done, 9));
	must_give(done_result(done, 9, GUILTY), -ETIME);
}

/* The job has ended, nobody said so: its deadline looks before it judges. */
static void test_lost_interrupt(void **state)
{
	must(null_set("lose_interrupt", 1));
	ring_job(&ring, guilty.fd, 0, GUILTY);
	must_give(ring_run_one(&ring), 0);
	assert_int_equal(guilty.reports[0].reason, LAYBY_REASON_FINISHED);
	assert_int_equal(guilty.reports[0].result, 0);
}

/* Nothing in the queue but those whose interrupt was lost, some to be cancelled. */
static void test_lost_interrupt_cancel(void **state)
{
	struct done done[3];

	must(null_set("lose_interrupt", 1));
	ring_job(&ring, other.fd, 0, 0);
	ring_job(&ring, other.fd, 1, 1);
	ring_cancel(&ring, other.fd, 1, 1, MORE);
	must(ring_run(&ring, done, 3));
	must_give(done_result(done, 3, MORE), 0);
	must_give(done_result(done, 3, 1), -ECANCELED);
	must_give(done_result(done, 3, 0), 0);
}

/* No answer to the abort: the slot is reset, what waited is run again. */
static void test_lost_abort(void **state)
{
	struct done done[9];

	must(null_set("lose_abort", 1));
	put_guilty_and_others();
	must(null_set("hang", 0));
	must(ring_collect(&ring, done, 9));
	must_give(done_result(done, 9, GUILTY), -ETIME);
	check_time_up(&guilty, 0, GUILTY);
	check_others_finished(done, 9);
	assert_true(ring_is_quiet(&ring));
}

/* Submitted while the slot is being reset or right after: taken all the same. */
static void test_submit_over_reset(void **state)
{
	struct done done[2];
	uint64_t cookie;

	must(null_set("lose_abort", 1));
	must(null_set("hang", 1));
	ring_job(&ring, guilty.fd, 0, GUILTY);
	must(io_uring_submit(&ring));
	must(null_set("hang", 0));
	must(null_set("delay_us", 1));
	/* a doorbell of one job would let the hanging one end: so cancel */
	ring_cancel(&ring, guilty.fd, 0, GUILTY, MORE);
	must(ring_run(&ring, done, 2));
	for (cookie = 0; report_state(&guilty, 0) == LAYBY_REPORT_IN_FLIGHT; cookie++) {
		ring_job(&ring, driving.fd, 0, cookie);
		must_give(ring_run_one(&ring), 0);
	}
	ring_job(&ring, other.fd, 0, cookie);
	must_give(ring_run_one(&ring), 0);
	assert_int_equal(guilty.reports[0].result, -ECANCELED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(time_up), TEST(again), TEST(others_go_on),
		TEST(waiting_does_not_count), TEST(many_in_a_row),
		TEST(driving_does_not_notice), TEST(lost_interrupt),
		TEST(lost_interrupt_cancel), TEST(lost_abort), TEST(submit_over_reset),
	};

	return cmocka_run_group_tests_name("deadline", tests, NULL, NULL);
}
