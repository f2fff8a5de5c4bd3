// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A driving slot that does not obey. Reset, it goes on, and guest work with it. One that
 * cannot be reset: guest work waits until the device is mended, however right everything
 * else is, and the other driving partition goes on. Only loading the backend anew mends
 * it.
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

/* A job of its that neither ends nor is aborted: its result. */
static int second_hangs(void)
{
	struct party second;
	struct io_uring ring;
	int r;

	must(party_open_ready(&second, NODE_SECOND, 50 * MS));
	must(ring_open(&ring, RING_PLAIN));
	must(null_set("only_slot", SECOND_SLOT));
	must(null_set("hang", 1));
	must(null_set("lose_abort", 1));
	ring_job(&ring, second.fd, 0, 1);
	r = ring_run_one(&ring);
	io_uring_queue_exit(&ring);
	party_close(&second);
	must(null_behave());
	return r;
}

static void test_driving_reset(void **state)
{
	must_open();
	guest_must_run(&guest);
	must_give(second_hangs(), -ETIME);
	guest_must_run(&guest);
	driver_must_go_on(&driver);
}

static void test_driving_fenced(void **state)
{
	must_open();
	guest_must_run(&guest);
	must(null_set("refuse_reset", 1));
	must_give(second_hangs(), -EIO);
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
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)
		TEST(driving_reset), TEST(driving_fenced),
	};

	return cmocka_run_group_tests(broken, scene_set_up, scene_tear_down);
}
