// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Submitters that change their mind or go away while the device is at work. The
 * device stops and clears nothing by itself: memory is the job's until it has
 * let go of it, and nobody else's.
 */
#include <signal.h>

#include "check.h"
#include "control.h"
#include "work.h"

#define FILL 0xa5
#define TAGS 64

static struct work work, other, blocker;

static int tear_down(void **state)
{
	work_close(&work);
	work_close(&other);
	work_close(&blocker);
	return 0;
}

static size_t window_bytes(void)
{
	struct layby_partition_info info;

	must(node_query(other.party.fd, LAYBY_QUERY_PARTITION, &info, sizeof(info)));
	return info.window_bytes;
}

/* The whole window, which must be free, as one buffer. */
static void take_window(struct buffer *buffer)
{
	size_t size = window_bytes();

	assert_true(window_becomes_free(other.party.fd, (int64_t)size));
	must(buffer_make(other.party.fd, size, buffer));
}

/* All zero now, and what is written stays, for @ms. */
static void check_untouched(unsigned int ms)
{
	struct buffer whole;
	unsigned int i;

	take_window(&whole);
	assert_true(all_bytes(whole.map, 0, whole.size));
	for (i = 0; i < 4; i++) {
		sleep_ms(ms / 4);
		assert_true(all_bytes(whole.map, 0, whole.size));
	}
	must(buffer_drop(other.party.fd, &whole));
}

static void check_other_works(void)
{
	struct work next;

	must(work_start(&next, LAYBY_CLASS_GUEST, "add"));
	work_fill(&next, 3);
	must_give(work_run(&next), 0);
	assert_true(work_is_right(&next, 3));
	work_close(&next);
}

/* --- Cancel ------------------------------------------------------------------- */

static void check_cancelled(uint32_t tag, uint64_t longest_ticks)
{
	const struct layby_report *report = work_report(&work, tag);

	assert_true(report_becomes_done(&work.party, tag));
	assert_int_equal(report->result, -ECANCELED);
	assert_int_equal(report->reason, LAYBY_REASON_CANCELLED);
	assert_int_equal(report->cookie, tag);
	assert_true(report->run_ticks <= longest_ticks);
}

static void test_cancel_running(void **state)
{
	must(work_start_slow(&work, LAYBY_CLASS_GUEST, 30000000));
	memset(work.output.map, FILL, VECTOR_BYTES);
	must(work_submit(&work, 2));
	assert_true(slot_becomes(GUEST_SLOT, "running"));
	must_give(work_cancel(&work, 2), -ECANCELED);
	check_cancelled(2, 29000000);
	assert_true(work_report(&work, 2)->run_ticks > 0);
	assert_true(all_bytes(work.output.map, FILL, VECTOR_BYTES));
	check_other_works();
}

/* Whatever is submitted now stays queued. */
static void block(void)
{
	must(work_start_slow(&blocker, LAYBY_CLASS_GUEST, 30000000));
	must(work_submit(&blocker, 0));
	assert_true(slot_becomes(GUEST_SLOT, "running"));
}

static void unblock(void)
{
	assert_int_equal(report_state(&blocker.party, 0), LAYBY_REPORT_IN_FLIGHT);
	must_give(work_cancel(&blocker, 0), -ECANCELED);
}

static void test_cancel_queued(void **state)
{
	must(work_start(&work, LAYBY_CLASS_GUEST, "add"));
	must(work_start(&other, LAYBY_CLASS_GUEST, "add"));
	work_fill(&work, 1);
	work_fill(&other, 2);
	block();
	must(work_submit(&work, 0));
	must(work_submit(&work, 1));
	must(work_submit(&other, 0));
	must_give(work_cancel(&work, 1), -ECANCELED);
	check_cancelled(1, 0);
	unblock();
	must_give(work_wait(&work), 0);
	must_give(work_wait(&other), 0);
	assert_true(work_is_right(&work, 1));
	assert_true(work_is_right(&other, 2));
	assert_true(ring_is_quiet(&work.ring));
}

/* 64 of them behind one that runs, all but the last cancelled. */
static void test_cancel_many(void **state)
{
	struct done done[2 * TAGS];
	uint32_t i;

	must(work_start(&work, LAYBY_CLASS_GUEST, "add"));
	work_fill(&work, 5);
	block();
	for (i = 0; i < TAGS; i++)
		must(work_submit(&work, i));
	for (i = 0; i < TAGS - 1; i++)
		ring_cancel(&work.ring, work.party.fd, i, i, 1000 + i);
	must(ring_run(&work.ring, done, 2 * (TAGS - 1)));
	for (i = 0; i < TAGS - 1; i++) {
		must_give(done_result(done, 2 * (TAGS - 1), i), -ECANCELED);
		must_give(done_result(done, 2 * (TAGS - 1), 1000 + i), 0);
		check_cancelled(i, 0);
	}
	unblock();
	must_give(work_wait(&work), 0);
	assert_true(work_is_right(&work, 5));
}

/* --- Death ---------------------------------------------------------------------- */

struct going {
	const char *model;
	uint64_t us;
	uint32_t jobs;
};

/* A party that would write outputs of its own, were it let. */
static int go_on(void *arg)
{
	const struct going *going = arg;
	uint32_t i;

	if (going->us ? work_start_slow(&work, LAYBY_CLASS_GUEST, going->us) :
	    work_start(&work, LAYBY_CLASS_GUEST, going->model))
		return 1;
	work_fill(&work, 1);
	for (i = 0; i < going->jobs; i++)
		if (work_submit(&work, i))
			return 2;
	child_ready();
	sleep_ms(120000);
	return 3;
}

static void start_and_kill(struct going going)
{
	pid_t child;

	must(work_open(&other, LAYBY_CLASS_GUEST));
	child = (pid_t)must(child_start(go_on, &going));
	assert_true(slot_becomes(GUEST_SLOT, "running"));
	assert_int_equal(kill(child, SIGKILL), 0);
	must_give(child_wait(child), -SIGKILL);
}

/* Shows that the zombie would be seen: alive, the same job does write. */
static void test_alive_writes(void **state)
{
	must(work_start_slow(&work, LAYBY_CLASS_GUEST, 500000));
	work_fill(&work, 1);
	must_give(work_run(&work), 0);
	assert_true(work_is_right(&work, 1));
	assert_false(all_bytes(work.output.map, 0, VECTOR_BYTES));
}

static void test_killed(void **state)
{
	start_and_kill((struct going){ .us = 3000000, .jobs = 1 });
	check_untouched(3200);
	check_other_works();
}

static void test_killed_many(void **state)
{
	start_and_kill((struct going){ .us = 200000, .jobs = TAGS });
	check_untouched(1000);
	check_other_works();
}

static void test_killed_computing(void **state)
{
	start_and_kill((struct going){ .model = "loop", .jobs = 4 });
	check_untouched(400);
	check_other_works();
}

/* While the device takes its time to let go, the memory is nobody's. */
static void test_killed_slow_abort(void **state)
{
	struct device_status before, after;
	uint64_t start;

	must(control_status(&before));
	must(control_late_abort(GUEST_SLOT, 200000));
	start = now_ns();
	start_and_kill((struct going){ .us = 60000000, .jobs = 1 });
	assert_true(window_becomes_free(other.party.fd, (int64_t)window_bytes()));
	assert_true(now_ns() - start >= 200 * MS);
	must(control_status(&after));
	assert_int_equal(after.slot[GUEST_SLOT].aborted,
			 before.slot[GUEST_SLOT].aborted + 1);
	check_untouched(100);
}

/* The abort is lost: only the slot's reset stops the zombie. */
static void test_killed_lost_abort(void **state)
{
	must(control_fault("LoseAbort", GUEST_SLOT));
	start_and_kill((struct going){ .us = 1500000, .jobs = 8 });
	check_untouched(2000);
	check_other_works();
}

/*
 * The ring holds the file: a job that is in flight when it is closed runs to its
 * end and into its own buffer, then all of it is gone.
 */
static void test_closed_in_flight(void **state)
{
	struct device_status before, after;

	must(work_open(&other, LAYBY_CLASS_GUEST));
	must(work_start_slow(&work, LAYBY_CLASS_GUEST, 400000));
	must(control_status(&before));
	must(work_submit(&work, 0));
	party_close(&work.party);
	must_give(work_wait(&work), 0);
	must(control_status(&after));
	assert_int_equal(after.slot[GUEST_SLOT].ok, before.slot[GUEST_SLOT].ok + 1);
	/* The mapping is the last to hold the output. */
	work_fill(&work, 0);
	assert_false(all_bytes(work.output.map, 0, VECTOR_BYTES));
	io_uring_queue_exit(&work.ring);
	work_close(&work);
	check_untouched(100);
}

/* File and ring are both gone. */
static void test_all_closed_in_flight(void **state)
{
	must(work_open(&other, LAYBY_CLASS_GUEST));
	must(work_start_slow(&work, LAYBY_CLASS_GUEST, 2000000));
	must(work_submit(&work, 0));
	must(work_submit(&work, 1));
	assert_true(slot_becomes(GUEST_SLOT, "running"));
	work_close(&work);
	check_untouched(2200);
	check_other_works();
}

#define TEST(name) cmocka_unit_test_teardown(test_##name, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(cancel_running), TEST(cancel_queued), TEST(cancel_many),
		TEST(alive_writes), TEST(killed), TEST(killed_many),
		TEST(killed_computing), TEST(killed_slow_abort),
		TEST(killed_lost_abort), TEST(closed_in_flight),
		TEST(all_closed_in_flight),
	};

	return cmocka_run_group_tests_name("leave", tests, NULL, NULL);
}
