// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Sleep, in truth and to the kernel's test levels, N times or once to each. The gate
 * is closed before anything freezes, and afterwards everything that was known is old.
 * The same on the virtual accelerator: tests/power/test_sleep.c.
 */
#include "guest.h"
#include "host.h"
#include "scene.h"

static struct driver driver;
static struct guest guest;

/* False: the gate had closed before, for a verdict too old on a slow machine. */
static bool sleep_once(const char *level)
{
	bool slept;

	must(null_set("only_slot", GUEST_SLOT));
	must(driver_start(&driver));
	must(guest_open(&guest));
	must_open();
	guest_must_run(&guest);
	must(null_set("hang", 1));
	must(guest_submit(&guest, 4));
	/* What park and car say once they thaw would be taken for news. */
	must(car("silence"));
	must(fall_asleep(level));
	slept = guest_must_be_reclaimed(&guest, 4, LAYBY_GATE_SUSPEND);
	must_close(LAYBY_GATE_NO_SIGNAL);
	sleep_ms(300);
	must_close(LAYBY_GATE_NO_SIGNAL);
	must(null_set("hang", 0));
	must(car("resume"));
	must_open();
	guest_must_run(&guest);
	guest_close(&guest);
	driver_must_be_well(&driver);
	return slept;
}

static void test_sleep(void **state)
{
	unsigned int i, n = sleep_times();

	for (i = 0; i < n;)
		i += sleep_once(sleep_levels[i % SLEEP_LEVELS]);
	print_message("# note: slept %u times\n", n);
}

int main(void)
{
	const struct CMUnitTest suspend[] = {
#define TEST(name) cmocka_unit_test_teardown(test_##name, scene_right)
		TEST(sleep),
	};

	return cmocka_run_group_tests(suspend, scene_set_up, scene_tear_down);
}
