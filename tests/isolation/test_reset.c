// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The device resets itself, cannot be reset, or is dead.
 */
#include <layby/vnpu_regs.h>

#include "check.h"
#include "control.h"
#include "pci.h"
#include "steady.h"

#define JOBS 8
#define STORM 40

static struct work first[2], rest[2];
static struct steady driving;

/* A test that failed has not stopped it. */
static int tear_down(void **state)
{
	int i;

	steady_stop(&driving);
	for (i = 0; i < 2; i++) {
		work_close(&first[i]);
		work_close(&rest[i]);
	}
	return 0;
}

/* A healthy device and a fresh driver: fences are for good. */
static int tear_down_device(void **state)
{
	int ret;

	tear_down(state);
	ret = control_device("Revive");
	if (!ret)
		ret = control_device("ResetDevice");
	return ret ? ret : vnpu_reload();
}

/*
 * On each partition a job that runs until the device is reset, and then for 0.2 s;
 * others of another party behind it.
 */
static void submit_all(void)
{
	uint32_t class, i;

	for (class = 0; class < 2; class++) {
		must(work_start_slow(&first[class], class, 200000));
		must(work_start(&rest[class], class, "add"));
		work_fill(&first[class], (float)class);
		work_fill(&rest[class], (float)(class + 2));
	}
	must(control_fault("Hang", DRIVING_SLOT));
	must(control_fault("Hang", GUEST_SLOT));
	for (class = 0; class < 2; class++) {
		must(work_submit(&first[class], 0));
		for (i = 0; i < JOBS; i++)
			must(work_submit(&rest[class], i));
	}
	assert_true(slot_becomes(DRIVING_SLOT, "running"));
	assert_true(slot_becomes(GUEST_SLOT, "running"));
}

static void check_all_finish(void)
{
	uint32_t class, i;

	for (class = 0; class < 2; class++) {
		must_give(work_wait(&first[class]), 0);
		for (i = 0; i < JOBS; i++)
			must_give(work_wait(&rest[class]), 0);
		assert_true(work_is_right(&first[class], (float)class));
		assert_true(work_is_right(&rest[class], (float)(class + 2)));
		assert_true(ring_is_quiet(&first[class].ring));
		assert_true(ring_is_quiet(&rest[class].ring));
	}
}

static void test_device_reset(void **state)
{
	struct device_status before, after;
	int i;

	submit_all();
	must(control_status(&before));
	must(control_device("ResetDevice"));
	check_all_finish();
	must(control_status(&after));
	assert_int_equal(after.generation, before.generation + 1);
	for (i = 0; i < 2; i++) {
		assert_true(after.slot[i].enabled);
		assert_int_equal(after.slot[i].window_base, before.slot[i].window_base);
		assert_int_equal(after.slot[i].window_bytes, before.slot[i].window_bytes);
		assert_int_equal(after.slot[i].tiles, before.slot[i].tiles);
	}
}

/* Idle slots come back too, and buffers keep what is in them. */
static void test_device_reset_idle(void **state)
{
	must(work_start(&rest[0], LAYBY_CLASS_DRIVING, "add"));
	work_fill(&rest[0], 4);
	must(control_device("ResetDevice"));
	must_give(work_run(&rest[0]), 0);
	assert_true(work_is_right(&rest[0], 4));
}

static uint32_t watchdog(void)
{
	uint32_t state;

	must(control_read(LAYBY_VNPU_REG_WATCHDOG, &state, sizeof(state)));
	return state;
}

/* The reset has switched it off: no guest's job runs before it watches again. */
static void test_device_reset_watchdog(void **state)
{
	must(work_start(&rest[1], LAYBY_CLASS_GUEST, "add"));
	must_give(work_run(&rest[1]), 0);
	assert_int_equal(watchdog(), LAYBY_VNPU_WATCHDOG_ARMED);
	must(control_device("ResetDevice"));
	must_give(work_run(&rest[1]), 0);
	assert_int_equal(watchdog(), LAYBY_VNPU_WATCHDOG_ARMED);
}

/* tests/policy/isolation.conf */
#define WATCHDOG_MS 5000

/* Nobody asks anything meanwhile: the kernel feeds it by itself. */
static void test_watchdog_is_fed(void **state)
{
	struct device_status before, after;

	must(work_start(&rest[1], LAYBY_CLASS_GUEST, "add"));
	must_give(work_run(&rest[1]), 0);
	must(control_status(&before));
	sleep_ms(WATCHDOG_MS + WATCHDOG_MS / 2);
	must(control_status(&after));
	assert_int_equal(watchdog(), LAYBY_VNPU_WATCHDOG_ARMED);
	assert_int_equal(after.expiries, before.expiries);
	must_give(work_run(&rest[1]), 0);
}

static void test_device_reset_twice(void **state)
{
	submit_all();
	must(control_device("ResetDevice"));
	must(control_device("ResetDevice"));
	check_all_finish();
}

/* A job that was on the hardware at each of many resets is to blame. */
static void test_device_reset_often(void **state)
{
	int i;

	must(work_start(&first[1], LAYBY_CLASS_GUEST, "endless"));
	must(work_start(&rest[1], LAYBY_CLASS_GUEST, "add"));
	work_fill(&rest[1], 4);
	must(work_submit(&first[1], 0));
	must(work_submit(&rest[1], 0));
	for (i = 0; i < 4; i++) {
		assert_true(slot_becomes(GUEST_SLOT, "running"));
		must(control_device("ResetDevice"));
	}
	must_give(work_wait(&first[1]), -EIO);
	assert_int_equal(work_report(&first[1], 0)->reason, LAYBY_REASON_DEVICE_FAILED);
	must_give(work_wait(&rest[1]), 0);
	assert_true(work_is_right(&rest[1], 4));
}

/* It was on the hardware at too many resets, or it has ended well. */
static void check_after_storm(uint32_t tag)
{
	const struct layby_report *report = work_report(&rest[0], tag);

	assert_int_equal(report->state, LAYBY_REPORT_DONE);
	if (!report->result)
		return;
	assert_int_equal(report->result, -EIO);
	assert_int_equal(report->reason, LAYBY_REASON_DEVICE_FAILED);
}

/* A second reset falls into the recovery from the first, command by command. */
static void test_device_reset_storm(void **state)
{
	uint32_t i, class;
	int ret;

	must(work_start(&rest[0], LAYBY_CLASS_DRIVING, "add"));
	must(work_start(&rest[1], LAYBY_CLASS_GUEST, "add"));
	for (i = 0; i < STORM; i++) {
		must(work_submit(&rest[0], i));
		must(control_device("ResetDevice"));
	}
	for (i = 0; i < STORM; i++) {
		ret = work_wait(&rest[0]);
		if (ret != -EIO)
			must_give(ret, 0);
	}
	for (i = 0; i < STORM; i++)
		check_after_storm(i);
	for (class = 0; class < 2; class++) {
		work_fill(&rest[class], 4);
		must_give(work_run(&rest[class]), 0);
		assert_true(work_is_right(&rest[class], 4));
	}
}

/* --- The fence ---------------------------------------------------------------- */

static uint32_t faulted(struct work *work)
{
	struct layby_partition_info info = {};

	must(node_query(work->party.fd, LAYBY_QUERY_PARTITION, &info, sizeof(info)));
	return info.faulted;
}

static void check_failed(struct work *work, uint32_t jobs, uint32_t reason, int result)
{
	uint32_t i;

	for (i = 0; i < jobs; i++)
		must_give(work_wait(work), result);
	for (i = 0; i < jobs; i++) {
		assert_int_equal(work_report(work, i)->state, LAYBY_REPORT_DONE);
		assert_int_equal(work_report(work, i)->reason, reason);
	}
}

/* The guest's slot hangs, hears no abort and cannot be reset. */
static void test_fence(void **state)
{
	uint32_t i, handle;

	must(steady_start(&driving, LAYBY_CLASS_DRIVING));
	must(work_start_bounded(&first[1], LAYBY_CLASS_GUEST, "add", 300 * MS));
	must(work_start(&rest[1], LAYBY_CLASS_GUEST, "add"));
	assert_int_equal(faulted(&rest[1]), 0);
	must(control_fault("Hang", GUEST_SLOT));
	must(control_fault("LoseAbort", GUEST_SLOT));
	must(control_fault("RefuseReset", GUEST_SLOT));
	must(work_submit(&first[1], 0));
	for (i = 0; i < JOBS; i++)
		must(work_submit(&rest[1], i));
	check_failed(&first[1], 1, LAYBY_REASON_DEVICE_FAILED, -EIO);
	check_failed(&rest[1], JOBS, LAYBY_REASON_DEVICE_FAILED, -EIO);
	assert_int_equal(faulted(&rest[1]), 1);
	assert_int_equal(faulted(&driving.work), 0);
	must_give(work_run(&rest[1]), -EIO);
	must_give(buffer_create(rest[1].party.fd, PAGE, 0, &handle), -EIO);
	must(steady_goes_on(&driving, 50));
	must_give(steady_stop(&driving), 0);
}

/* The device is fenced until the backend comes anew. */
static void test_after_fence(void **state)
{
	must(work_start(&rest[1], LAYBY_CLASS_GUEST, "add"));
	assert_int_equal(faulted(&rest[1]), 0);
	work_fill(&rest[1], 4);
	must_give(work_run(&rest[1]), 0);
	assert_true(work_is_right(&rest[1], 4));
}

/* --- Death ---------------------------------------------------------------------- */

/* All jobs end with an error, in bounded time, with a second declared. */
static void test_die(void **state)
{
	uint64_t start;
	uint32_t class;

	for (class = 0; class < 2; class++)
		must(work_start_bounded(&rest[class], class, "endless", SECOND));
	for (class = 0; class < 2; class++) {
		must(work_submit(&rest[class], 0));
		must(work_submit(&rest[class], 1));
	}
	must(control_device("Die"));
	start = now_ns();
	for (class = 0; class < 2; class++)
		check_failed(&rest[class], 2, LAYBY_REASON_DEVICE_FAILED, -EIO);
	assert_true(now_ns() - start < 10 * SECOND * time_factor());
	assert_int_equal(faulted(&rest[0]), 1);
	assert_int_equal(faulted(&rest[1]), 1);
}

/* Jobs that would have had a minute: the backend's end is theirs. */
static void test_die_unload(void **state)
{
	uint64_t start;

	must(work_start(&rest[1], LAYBY_CLASS_GUEST, "endless"));
	must(work_submit(&rest[1], 0));
	must(control_device("Die"));
	start = now_ns();
	must(vnpu_unbind());
	must_give(work_wait(&rest[1]), -ENODEV);
	tear_down(NULL);
	must_give(module_unload_patiently("layby_vnpu"), 0);
	/* The dead device is refused, not waited for without end. */
	must(module_load("layby_vnpu", ""));
	must_give(node_open(LAYBY_CLASS_GUEST), -ENOENT);
	assert_true(now_ns() - start < 10 * SECOND * time_factor());
}

static void test_after_death(void **state)
{
	test_after_fence(state);
}

#define TEST(name) cmocka_unit_test_teardown(test_##name, tear_down)
#define DEVICE(name) cmocka_unit_test_teardown(test_##name, tear_down_device)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(device_reset), TEST(device_reset_idle),
		TEST(device_reset_watchdog), TEST(watchdog_is_fed), TEST(device_reset_twice),
		TEST(device_reset_often), TEST(device_reset_storm),
		DEVICE(fence), TEST(after_fence), DEVICE(die), DEVICE(die_unload),
		TEST(after_death),
	};

	return cmocka_run_group_tests_name("reset", tests, NULL, NULL);
}
