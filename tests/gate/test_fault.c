// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A guest slot that neither stops nor can be reset: fenced with its tiles, a fault
 * that stays until somebody clears it, and driving goes on.
 */
#include "guest.h"
#include "scene.h"

static struct guest guest;
static struct driver driver;

static int set_up(void **state)
{
	int r = null_set("only_slot", GUEST_SLOT);

	return r ? r : both_start(&guest, &driver);
}

static int tear_down(void **state)
{
	both_end(&guest, &driver);
	return scene_right(state);
}

static bool is_faulted(void *arg)
{
	struct gate_state now;

	return !gate_state(&now) && now.reason == LAYBY_GATE_FAULT && now.fault &&
	       !now.open;
}

/* Closes on a slot that obeys nothing. */
static void break_slot(void)
{
	must_open();
	guest_must_run(&guest);
	must(null_set("hang", 1));
	must(null_set("lose_abort", 1));
	must(null_set("refuse_reset", 1));
	must(guest_submit(&guest, 4));
	must(car("gear no"));
	assert_true(eventually(is_faulted, NULL));
}

static void mend_slot(void)
{
	must(null_set("hang", 0));
	must(null_set("lose_abort", 0));
	must(null_set("refuse_reset", 0));
}

static void jobs_must_have_failed(void)
{
	struct done done[4];
	int i;

	must(ring_collect(&guest.ring, done, 4));
	for (i = 0; i < 4; i++) {
		must_give(done[i].res, -EIO);
		assert_int_equal(guest.party.reports[i].reason, LAYBY_REASON_DEVICE_FAILED);
	}
}

static void must_be_fenced(void)
{
	struct gate_state now;
	uint32_t handle;

	must(gate_state(&now));
	assert_int_equal(now.reason, LAYBY_GATE_FAULT);
	assert_true(now.guests_in);
	must_give(guest_run(&guest), -EIO);
	must_give(buffer_create(guest.party.fd, PAGE, 0, &handle), -EIO);
}

static void test_latched(void **state)
{
	struct gate_counts before, after;

	must(gate_counts(&before));
	break_slot();
	jobs_must_have_failed();
	must_be_fenced();
	driver_must_go_on(&driver);
	/* everything else right, and the slot well again: it is latched */
	mend_slot();
	must(car("gear yes"));
	sleep_ms(500);
	must_be_fenced();
	must(gate_counts(&after));
	assert_int_equal(after.reclaims, before.reclaims);
	must(gate_order(LAYBY_NL_CLEAR_FAULT));
	must_open();
	must(gate_counts(&after));
	assert_true(after.reclaims > before.reclaims);
	guest_must_run(&guest);
	must_give(gate_order(LAYBY_NL_CLEAR_FAULT), -ENOENT);
}

static void test_cleared_in_vain(void **state)
{
	break_slot();
	jobs_must_have_failed();
	must(car("gear yes"));
	must(gate_order(LAYBY_NL_CLEAR_FAULT));
	assert_true(eventually(is_faulted, NULL));
	sleep_ms(200);
	must_be_fenced();
	mend_slot();
	must(gate_order(LAYBY_NL_CLEAR_FAULT));
	must_open();
	guest_must_run(&guest);
}

/* A job is cancelled while the gate is open, and the slot obeys nothing. */
static void test_fault_while_open(void **state)
{
	struct done done[2];

	must_open();
	guest_must_run(&guest);
	must(null_set("hang", 1));
	must(null_set("lose_abort", 1));
	must(null_set("refuse_reset", 1));
	must(guest_submit(&guest, 1));
	ring_cancel(&guest.ring, guest.party.fd, 0, 1, 9);
	must(ring_run(&guest.ring, done, 2));
	must_give(done_result(done, 2, 1), -ECANCELED);
	assert_true(eventually(is_faulted, NULL));
	driver_must_go_on(&driver);
	must_be_fenced();
	mend_slot();
	must(gate_order(LAYBY_NL_CLEAR_FAULT));
	must_open();
	guest_must_run(&guest);
}

/* Unloading takes what is broken along. */
static void test_unload(void **state)
{
	break_slot();
	jobs_must_have_failed();
	mend_slot();
	must(car("gear yes"));
}

int main(void)
{
	const struct CMUnitTest fault[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)
		TEST(latched), TEST(cleared_in_vain), TEST(fault_while_open), TEST(unload),
	};

	return cmocka_run_group_tests(fault, scene_set_up, scene_tear_down);
}
