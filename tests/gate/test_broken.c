// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A driving slot that cannot be reset: guest work waits until the device is mended,
 * however right everything else is, and the other driving partition goes on. Only
 * loading the backend anew mends it.
 */
#include "guest.h"
#include "scene.h"

/* Of driving.1 in the tests' policies. */
#define SECOND_SLOT	1

static struct guest guest;
static struct driver driver;

static int set_up(void **state)
{
	return both_start(&guest, &driver);
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
	       !now.guests_in;
}

static void break_second(void)
{
	struct party second;
	struct io_uring ring;

	must(party_open_ready(&second, NODE_SECOND, 50 * MS));
	must(ring_open(&ring, RING_PLAIN));
	must(null_set("only_slot", SECOND_SLOT));
	must(null_set("hang", 1));
	must(null_set("lose_abort", 1));
	must(null_set("refuse_reset", 1));
	ring_job(&ring, second.fd, 0, 1);
	must_give(ring_run_one(&ring), -EIO);
	io_uring_queue_exit(&ring);
	party_close(&second);
	must(null_behave());
}

static void test_driving_fenced(void **state)
{
	must_open();
	guest_must_run(&guest);
	break_second();
	assert_true(eventually(is_faulted, NULL));
	must_give(guest_run(&guest), -ESHUTDOWN);
	must(gate_order(LAYBY_NL_CLEAR_FAULT));
	assert_true(eventually(is_faulted, NULL));
	must_give(guest_run(&guest), -ESHUTDOWN);
	driver_must_go_on(&driver);
}

int main(void)
{
	const struct CMUnitTest broken[] = {
		cmocka_unit_test_setup_teardown(test_driving_fenced, set_up, tear_down),
	};

	return cmocka_run_group_tests(broken, scene_set_up, scene_tear_down);
}
