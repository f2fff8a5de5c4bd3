// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A kernel that stands still, as under QEMU's stop: the device shuts guest work by
 * itself, which the host sees (host.py), and when the kernel goes on it finds out.
 * The machine's clocks stand still too, so only the device knows that time passed.
 */
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "control.h"
#include "gate.h"
#include "host.h"
#include "work.h"

/*
 * Longer than the watchdog and than all that the host does before and after; the
 * guest's are shorter, so that some of them end well until it is shut.
 */
#define DRIVING_JOBS	40
#define DRIVING_US	500000
#define GUEST_JOBS	60
#define GUEST_US	200000

static struct work driving, guest;
static struct gate_counts before;
static uint64_t expiries;

static uint64_t expired_times(void)
{
	struct device_status status;

	must(control_status(&status));
	return status.expiries;
}

static int set_up(void **state)
{
	assert_true(gate_opens());
	must(gate_counts(&before));
	expiries = expired_times();
	must(work_start_slow(&driving, LAYBY_CLASS_DRIVING, DRIVING_US));
	must(work_start_slow(&guest, LAYBY_CLASS_GUEST, GUEST_US));
	work_fill(&driving, 3);
	work_fill(&guest, 4);
	return 0;
}

static int tear_down(void **state)
{
	work_close(&driving);
	work_close(&guest);
	return 0;
}

static void submit(struct work *work, uint32_t jobs)
{
	uint32_t tag;

	for (tag = 0; tag < jobs; tag++)
		must(work_submit(work, tag));
}

static void start_both(void)
{
	submit(&driving, DRIVING_JOBS);
	submit(&guest, GUEST_JOBS);
	assert_true(slot_becomes(GUEST_SLOT, "running"));
}

static void driving_must_be_well(void)
{
	must_give(work_wait_all(&driving, DRIVING_JOBS), 0);
	assert_true(work_is_right(&driving, 3));
}

/* The first ones ended well, before or while the machine stood still. */
static void guest_must_be_reclaimed(void)
{
	const struct layby_report *report;
	uint32_t tag, done = 0;

	for (tag = 0; tag < GUEST_JOBS; tag++) {
		must(ring_collect(&guest.ring, &(struct done){ 0 }, 1));
		report = work_report(&guest, tag);
		assert_true(report_becomes_done(&guest.party, tag));
		if (!report->result && done == tag) {
			done++;
			continue;
		}
		must_give(report->result, -ECANCELED);
		assert_int_equal(report->reason, LAYBY_REASON_RECLAIMED);
		assert_int_equal(report->gate_reason, LAYBY_GATE_NO_SIGNAL);
	}
	assert_true(done > 0 && done < GUEST_JOBS);
}

/* Once more than before @pauses, and nothing had to be reset. */
static void must_have_reclaimed(unsigned int times)
{
	struct gate_counts now;

	must(gate_counts(&now));
	assert_int_equal(now.reclaims, before.reclaims + times);
	assert_int_equal(now.resets, before.resets);
	assert_int_equal(expired_times(), expiries + times);
}

static void guest_must_run(void)
{
	assert_true(gate_opens());
	must_give(work_once(LAYBY_CLASS_GUEST), 0);
}

static void test_shut(void **state)
{
	start_both();
	print_message("# note: the guest's slot was shut %ld ms after the machine stood still\n",
		      must(host_pause()));
	guest_must_be_reclaimed();
	driving_must_be_well();
	guest_must_run();
	must_have_reclaimed(1);
}

/* Shorter than the watchdog: nobody notices. */
static void test_short(void **state)
{
	uint32_t tag;

	submit(&driving, DRIVING_JOBS);
	submit(&guest, 20);
	must(host_pause_for(500));
	for (tag = 0; tag < 20; tag++)
		must_give(work_wait(&guest), 0);
	assert_true(work_is_right(&guest, 4));
	driving_must_be_well();
	must_have_reclaimed(0);
}

/* The slot's own recovery must not take what the watchdog did for a fault of its own. */
static void test_recovery(void **state)
{
	start_both();
	must(host_pause());
	ring_cancel(&guest.ring, guest.party.fd, GUEST_JOBS - 1, GUEST_JOBS - 1, 1000);
	must(io_uring_submit(&guest.ring));
	driving_must_be_well();
	guest_must_run();
	must_have_reclaimed(1);
}

/* A device that was reset has forgotten its watchdog. */
static void test_after_reset(void **state)
{
	must(control_device("ResetDevice"));
	start_both();
	must(host_pause());
	guest_must_be_reclaimed();
	driving_must_be_well();
	guest_must_run();
	must_have_reclaimed(1);
}

/* --- What the vehicle said --------------------------------------------------- */

static void tell_car(const char *command)
{
	FILE *in = fopen("/run/car.in", "we"), *out = fopen("/run/car.out", "re");
	char line[64];

	assert_non_null(in);
	assert_non_null(out);
	fprintf(in, "%s\n", command);
	fclose(in);
	assert_non_null(fgets(line, sizeof(line), out));
	fclose(out);
	assert_string_equal(line, "ok\n");
}

static int gear_again(void **state)
{
	tell_car("resume gear");
	return tear_down(state);
}

/*
 * Who knows what gear it is in by now: that other frames keep coming says nothing,
 * it must be heard anew.
 */
static void test_forgotten(void **state)
{
	start_both();
	tell_car("silence gear");
	must(host_pause());
	guest_must_be_reclaimed();
	assert_true(gate_closes(LAYBY_GATE_DRIVING));
	sleep_ms(1000);
	assert_true(gate_closes(LAYBY_GATE_DRIVING));
	tell_car("resume gear");
	guest_must_run();
	driving_must_be_well();
	must_have_reclaimed(1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(short), TEST(shut), TEST(recovery), TEST(after_reset),
		cmocka_unit_test_setup_teardown(test_forgotten, set_up, gear_again),
	};

	return cmocka_run_group_tests_name("pause", tests, NULL, NULL);
}
