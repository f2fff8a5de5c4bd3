// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The first one of a boot: before sealing nothing opens the gate, sealing does.
 * Everything else is right.
 */
#include <unistd.h>

#include "guest.h"
#include "scene.h"

static void test_not_sealed(void **state)
{
	struct gate_state now;
	struct guest guest;

	must(park("give /run/gate-token.bin /run/gate-token.p7s"));
	must(park("take"));
	must(guest_open(&guest));
	sleep_ms(1000);
	must(gate_state(&now));
	assert_int_equal(now.reason, LAYBY_GATE_NOT_SEALED);
	assert_false(now.sealed || now.open || now.guests_in);
	must_give(guest_run(&guest), -ESHUTDOWN);
	guest_close(&guest);
}

static void test_seal(void **state)
{
	struct guest guest;

	must(gate_order(LAYBY_NL_SEAL));
	must_open();
	must_give(gate_order(LAYBY_NL_SEAL), -EALREADY);
	must(guest_open(&guest));
	guest_must_run(&guest);
	guest_close(&guest);
}

/* Nobody takes the seal off. */
static void test_not_unloaded(void **state)
{
	must_give(module_unload("layby"), -EAGAIN);
}

static int set_up(void **state)
{
	return scene_start();
}

int main(void)
{
	const struct CMUnitTest first[] = {
		cmocka_unit_test(test_not_sealed),
		cmocka_unit_test(test_seal),
		cmocka_unit_test(test_not_unloaded),
	};

	return cmocka_run_group_tests(first, set_up, scene_tear_down);
}
