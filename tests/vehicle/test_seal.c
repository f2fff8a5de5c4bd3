// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * After the seal no program can be loaded that calls the module, and the bus
 * keeps its name; what is in place goes on. It is the last test of a machine.
 */
#include <unistd.h>

#include "bus.h"
#include "gate.h"

static struct vehicle_can *programs;
static int far;

static int setup(void **state)
{
	int r;

	read_signals();
	r = programs_start(BUS, &signals, &programs);
	if (r)
		fail_msg("the programs cannot be started: %s", strerror(-r));
	far = open_can(FAR, BUS);
	r = gate_order(LAYBY_NL_SEAL);
	if (r)
		fail_msg("sealing gave %d", r);
	return 0;
}

static void test_load(void **state)
{
	struct vehicle_can *more;

	assert_int_equal(programs_load(&signals, &more), -EACCES);
}

static void test_name(void **state)
{
	struct report before = report(), now;

	assert_int_equal(programs_bind(programs, find_interface(NULL, BUS)), -EPERM);
	assert_int_equal(programs_bind(programs, 9999), -ENODEV);
	now = report();
	assert_int_equal(now.ifindex, before.ifindex);
}

static void test_frames_go_on(void **state)
{
	struct report now;

	park(far);
	set_no(LAYBY_SIGNAL_SPEED);
	now = tell(far, LAYBY_SIGNAL_SPEED);
	expect_mode(&now, "driving");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_name),
		cmocka_unit_test(test_frames_go_on),
	};

	return cmocka_run_group_tests_name("seal", tests, setup, NULL);
}
