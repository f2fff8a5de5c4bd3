// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The backend goes while the gate is open, with jobs in flight; and comes back.
 */
#include <unistd.h>

#include "guest.h"
#include "scene.h"

static struct guest guest;

static int set_up(void **state)
{
	int r = guest_open(&guest);

	return r ? r : gate_opens() ? 0 : -ETIMEDOUT;
}

static int reload(void **state)
{
	int r = access("/sys/module/layby_null", F_OK) ? module_load("layby_null", "") : 0;

	return r ? r : scene_right(state);
}

static void test_idle(void **state)
{
	guest_must_run(&guest);
	must(module_unload_patiently("layby_null"));
	must_close(LAYBY_GATE_NO_POLICY);
	guest_close(&guest);
	must(module_load("layby_null", ""));
	must_open();
	must(guest_open(&guest));
	guest_must_run(&guest);
	guest_close(&guest);
}

/* Which end a job has depends on who comes first; each has exactly one. */
static void test_busy(void **state)
{
	struct done done[4];
	int i;

	guest_must_run(&guest);
	must(null_set("hang", 1));
	must(guest_submit(&guest, 4));
	must(module_unload_patiently("layby_null"));
	must(ring_collect(&guest.ring, done, 4));
	for (i = 0; i < 4; i++)
		if (done[i].res != -ECANCELED && done[i].res != -ENODEV)
			fail_msg("a job gave %d", done[i].res);
	assert_true(ring_is_quiet(&guest.ring));
	must_close(LAYBY_GATE_NO_POLICY);
	guest_close(&guest);
	must(module_load("layby_null", ""));
	must_open();
}

/* Sealed, the one that decides stays. */
static void test_layby_stays(void **state)
{
	must(module_unload_patiently("layby_null"));
	must_give(module_unload("layby"), -EAGAIN);
	guest_close(&guest);
}

int main(void)
{
	const struct CMUnitTest leave[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, reload)
		TEST(idle), TEST(busy), TEST(layby_stays),
	};

	return cmocka_run_group_tests(leave, scene_set_up, scene_tear_down);
}
