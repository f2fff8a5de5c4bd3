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

/* Who has the node open keeps the backend, and nothing closes. */
static void test_in_use(void **state)
{
	guest_must_run(&guest);
	must_give(module_unload("layby_null"), -EAGAIN);
	must_open();
	guest_must_run(&guest);
	guest_close(&guest);
}

static void test_idle(void **state)
{
	guest_must_run(&guest);
	guest_close(&guest);
	must_open();
	must(module_unload_patiently("layby_null"));
	must_close(LAYBY_GATE_NO_POLICY);
	must(module_load("layby_null", ""));
	must_open();
	must(guest_open(&guest));
	guest_must_run(&guest);
	guest_close(&guest);
}

/* Their party is gone, but the slot does not let go of them. */
static void test_jobs_in_flight(void **state)
{
	guest_must_run(&guest);
	must(null_set("hang", 1));
	must(null_set("lose_abort", 1));
	must(guest_submit(&guest, 4));
	guest_close(&guest);
	must(module_unload_patiently("layby_null"));
	must_close(LAYBY_GATE_NO_POLICY);
	must(module_load("layby_null", ""));
	must_open();
}

/* Sealed, the one that decides stays. */
static void test_layby_stays(void **state)
{
	guest_close(&guest);
	must(module_unload_patiently("layby_null"));
	must_give(module_unload("layby"), -EAGAIN);
}

int main(void)
{
	const struct CMUnitTest leave[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, reload)
		TEST(in_use), TEST(idle), TEST(jobs_in_flight), TEST(layby_stays),
	};

	return cmocka_run_group_tests(leave, scene_set_up, scene_tear_down);
}
