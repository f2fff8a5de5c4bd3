// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Sleep with driving and guest jobs in flight, in truth and to the kernel's test
 * levels, N times. Guest work is taken back before anything freezes; driving's jobs go
 * on in the device while nobody listens, and are answered when the machine is awake.
 */
#include "check.h"
#include "control.h"
#include "gate.h"
#include "host.h"
#include "work.h"

/* Some end before, some while, and some after all sleep. */
#define JOBS	12
#define US	300000

static struct work driving, guest;
static unsigned int slept, guests_done;

static int tear_down(void **state)
{
	work_close(&driving);
	work_close(&guest);
	return 0;
}

static void submit(struct work *work)
{
	uint32_t tag;

	for (tag = 0; tag < JOBS; tag++)
		must(work_submit(work, tag));
}

static bool too_slow(uint32_t reason)
{
	return reason == LAYBY_GATE_NO_GOVERNOR || reason == LAYBY_GATE_NO_SENSOR;
}

/*
 * Done before the gate closed, or taken back because of the sleep. False: it had closed
 * before, for a verdict too old on a slow machine.
 */
static bool guest_must_have_ended(void)
{
	const struct layby_report *report;
	uint32_t tag;
	int result;

	for (tag = 0; tag < JOBS; tag++) {
		result = work_wait(&guest);
		assert_true(!result || result == -ECANCELED);
	}
	for (tag = 0; tag < JOBS; tag++) {
		report = work_report(&guest, tag);
		assert_int_equal(report->state, LAYBY_REPORT_DONE);
		guests_done += !report->result;
		if (!report->result)
			continue;
		must_give(report->result, -ECANCELED);
		assert_int_equal(report->reason, LAYBY_REASON_RECLAIMED);
		if (!too_slow(report->gate_reason))
			assert_int_equal(report->gate_reason, LAYBY_GATE_SUSPEND);
	}
	must_give(report->result, -ECANCELED);
	return !too_slow(report->gate_reason);
}

static void driving_must_be_well(void)
{
	must_give(work_wait_all(&driving, JOBS), 0);
	assert_true(work_is_right(&driving, 3));
}

static void guest_must_run(void)
{
	assert_true(gate_opens());
	must_give(work_once(LAYBY_CLASS_GUEST), 0);
}

static void sleep_once(const char *level)
{
	struct gate_counts before, after;
	bool counts;

	assert_true(gate_opens());
	must(gate_counts(&before));
	must(work_start_slow(&driving, LAYBY_CLASS_DRIVING, US));
	must(work_start_slow(&guest, LAYBY_CLASS_GUEST, US));
	work_fill(&driving, 3);
	submit(&driving);
	submit(&guest);
	assert_true(slot_becomes(GUEST_SLOT, "running"));
	must(fall_asleep(level));
	counts = guest_must_have_ended();
	driving_must_be_well();
	guest_must_run();
	must(gate_counts(&after));
	assert_true(after.reclaims > before.reclaims);
	assert_int_equal(after.resets, before.resets);
	tear_down(NULL);
	slept += counts;
}

static void test_sleep(void **state)
{
	unsigned int n = sleep_times();

	while (slept < n)
		sleep_once(sleep_levels[slept % SLEEP_LEVELS]);
	print_message("# note: slept %u times, with %u guest jobs done before\n", slept,
		      guests_done);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_sleep, tear_down),
	};

	return cmocka_run_group_tests_name("sleep", tests, NULL, NULL);
}
