// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Faults of the device that one slot recovers from. Each time the guilty job
 * alone pays, those behind it finish, and the driving partition does not notice.
 */
#include "check.h"
#include "control.h"
#include "steady.h"

#define FILL 0xa5
#define BEHIND 6

static struct work work, behind;
static struct steady driving;
/* The guilty job once more, with all the time in the world. */
static uint32_t innocent;

static int set_up(void **state)
{
	return work_start(&behind, LAYBY_CLASS_GUEST, "add") ||
	       steady_start(&driving, LAYBY_CLASS_DRIVING);
}

/* Whatever the guest's slot went through, driving jobs went on and were right. */
static int tear_down(void **state)
{
	int alive = steady_goes_on(&driving, 3);
	int ret = steady_stop(&driving);

	work_close(&work);
	work_close(&behind);
	return ret ? ret : alive;
}

static void submit_behind(void)
{
	uint32_t i;

	work_fill(&behind, 11);
	memset(behind.output.map, FILL, VECTOR_BYTES);
	for (i = 0; i < BEHIND; i++)
		must(work_submit(&behind, i));
}

/* Each ends well, once. */
static void wait_behind(void)
{
	uint32_t i;

	for (i = 0; i < BEHIND; i++)
		must_give(work_wait(&behind), 0);
	assert_true(ring_is_quiet(&behind.ring));
	for (i = 0; i < BEHIND; i++)
		assert_int_equal(work_report(&behind, i)->state, LAYBY_REPORT_DONE);
	assert_true(work_is_right(&behind, 11));
}

static void check_reason(int result, uint32_t reason)
{
	assert_int_equal(work_report(&work, 0)->state, LAYBY_REPORT_DONE);
	assert_int_equal(work_report(&work, 0)->result, result);
	assert_int_equal(work_report(&work, 0)->reason, reason);
}

static void check_guilty(int result, uint32_t reason)
{
	must_give(work_wait(&work), result);
	check_reason(result, reason);
	assert_true(all_bytes(work.output.map, FILL, VECTOR_BYTES));
	wait_behind();
	work.job = innocent;
	work_fill(&work, 2);
	must_give(work_run(&work), 0);
	assert_true(work_is_right(&work, 2));
}

static void start_guilty(uint64_t longest_run_ns)
{
	struct layby_range input;

	must(work_start(&work, LAYBY_CLASS_GUEST, "add"));
	work_fill(&work, 5);
	must_give(work_run(&work), 0);
	innocent = work.job;
	input = buffer_range(&work.input, 0, VECTOR_BYTES);
	work.job = (uint32_t)must(work_prepare(&work,
			buffer_range(&work.program, 0, work.program.size), &input,
			buffer_range(&work.output, 0, VECTOR_BYTES), longest_run_ns));
	memset(work.output.map, FILL, VECTOR_BYTES);
}

static void test_hang(void **state)
{
	start_guilty(300 * MS);
	must(control_fault("Hang", GUEST_SLOT));
	must(work_submit(&work, 0));
	submit_behind();
	check_guilty(-ETIME, LAYBY_REASON_TIME_UP);
}

/* Hanging, and deaf to the abort: the slot is reset, the others run again. */
static void test_lost_abort(void **state)
{
	start_guilty(300 * MS);
	must(control_fault("Hang", GUEST_SLOT));
	must(control_fault("LoseAbort", GUEST_SLOT));
	must(work_submit(&work, 0));
	submit_behind();
	check_guilty(-ETIME, LAYBY_REASON_TIME_UP);
}

static void test_late_abort(void **state)
{
	start_guilty(300 * MS);
	must(control_fault("Hang", GUEST_SLOT));
	must(control_late_abort(GUEST_SLOT, 3000000));
	must(work_submit(&work, 0));
	submit_behind();
	check_guilty(-ETIME, LAYBY_REASON_TIME_UP);
}

/* A cancel that the device does not answer: -ECANCELED at once, then the reset. */
static void test_cancel_lost_abort(void **state)
{
	start_guilty(LONG_RUN);
	must(control_fault("Hang", GUEST_SLOT));
	must(control_fault("LoseAbort", GUEST_SLOT));
	must(work_submit(&work, 0));
	submit_behind();
	assert_true(slot_becomes(GUEST_SLOT, "running"));
	must_give(work_cancel(&work, 0), -ECANCELED);
	assert_true(report_becomes_done(&work.party, 0));
	check_reason(-ECANCELED, LAYBY_REASON_CANCELLED);
	wait_behind();
}

/* Found when its time is up at the latest: it has ended well, nothing is reset. */
static void test_lost_interrupt(void **state)
{
	struct device_status before, after;

	start_guilty(SECOND);
	must(control_status(&before));
	must(control_fault("LoseInterrupt", GUEST_SLOT));
	work_fill(&work, 8);
	must_give(work_run(&work), 0);
	assert_true(work_is_right(&work, 8));
	check_reason(0, LAYBY_REASON_FINISHED);
	must(control_status(&after));
	assert_int_equal(after.commands, before.commands);
}

/* With others behind it whose interrupts come. */
static void test_lost_interrupt_in_queue(void **state)
{
	start_guilty(LONG_RUN);
	must(control_fault("LoseInterrupt", GUEST_SLOT));
	work_fill(&work, 8);
	must(work_submit(&work, 0));
	submit_behind();
	must_give(work_wait(&work), 0);
	assert_true(work_is_right(&work, 8));
	wait_behind();
}

static void test_wild_guest(void **state)
{
	start_guilty(LONG_RUN);
	must(control_fault("WildDescriptor", GUEST_SLOT));
	must(work_submit(&work, 0));
	submit_behind();
	check_guilty(-EFAULT, LAYBY_REASON_ACCESS);
}

/*
 * The driving window's end is where the guest's begins: not a byte of it is
 * written.
 */
static void test_wild_driving(void **state)
{
	struct buffer rest;
	struct reach reach;
	size_t size;

	must_give(steady_stop(&driving), 0);
	size = (size_t)must(window_free(behind.party.fd));
	must(buffer_make(behind.party.fd, size, &rest));
	memset(rest.map, FILL, rest.size);
	must(work_start(&work, LAYBY_CLASS_DRIVING, "add"));
	work_fill(&work, 3);
	must(control_fault("WildDescriptor", DRIVING_SLOT));
	must_give(work_run(&work), -EFAULT);
	check_reason(-EFAULT, LAYBY_REASON_ACCESS);
	must_give(control_reached(DRIVING_SLOT, &reach, 1), 0);
	assert_true(all_bytes(rest.map, FILL, rest.size));
	must_give(work_run(&work), 0);
	assert_true(work_is_right(&work, 3));
	must(buffer_drop(behind.party.fd, &rest));
	must(steady_start(&driving, LAYBY_CLASS_DRIVING));
}

/* The process that computes dies in the midst of it. */
static void test_killed_worker(void **state)
{
	struct work next;

	must(work_start(&work, LAYBY_CLASS_GUEST, "loop"));
	memset(work.output.map, FILL, VECTOR_BYTES);
	must(work_submit(&work, 0));
	submit_behind();
	assert_true(slot_becomes(GUEST_SLOT, "running"));
	must(control_fault("KillWorker", GUEST_SLOT));
	must_give(work_wait(&work), -EIO);
	check_reason(-EIO, LAYBY_REASON_COMPUTE_FAILED);
	assert_true(all_bytes(work.output.map, FILL, VECTOR_BYTES));
	wait_behind();
	must(work_start(&next, LAYBY_CLASS_GUEST, "add"));
	work_fill(&next, 1);
	must_give(work_run(&next), 0);
	assert_true(work_is_right(&next, 1));
	work_close(&next);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(hang), TEST(lost_abort), TEST(late_abort),
		TEST(cancel_lost_abort), TEST(lost_interrupt),
		TEST(lost_interrupt_in_queue), TEST(wild_guest), TEST(wild_driving),
		TEST(killed_worker),
	};

	return cmocka_run_group_tests_name("fault", tests, NULL, NULL);
}
