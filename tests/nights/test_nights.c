// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Some simulated nights, always the same: no promise broken, nothing outside the consent,
 * never more than the one lends who knows the future; and that wrong planners are found
 * out. How much is lent is measured by make bench-nights.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "planners.h"
#include "run.h"

#define NIGHTS	400

/* Where the one who counts on the charger is let down */
#define PULLED_SEED	1014

struct seen {
	int missed;
	int typical;
	double lent_j;
	double outside_j;
	double best_j;
	double above_j;
};

static struct seen see(const char *planner)
{
	struct night_result result;
	struct seen seen = { 0 };
	struct night night;
	uint64_t seed;

	for (seed = 1; seed <= NIGHTS; seed++) {
		night_draw(&night, seed);
		result = night_run(&night, planner_find(planner));
		seen.missed += night_missed(&night, &result);
		seen.typical += night.evil == NIGHT_TYPICAL;
		seen.lent_j += result.lent_j;
		seen.outside_j += result.outside_j;
		seen.best_j += result.best_j;
		if (result.lent_j - result.best_j > seen.above_j)
			seen.above_j = result.lent_j - result.best_j;
	}
	return seen;
}

static void test_shipped(void **state)
{
	struct seen seen = see("shipped");

	assert_int_equal(seen.missed, 0);
	assert_true(seen.outside_j == 0);
	/* Doubles */
	assert_true(seen.above_j < 1);
	assert_true(seen.lent_j > seen.best_j / 2);
	assert_in_range(seen.typical, NIGHTS * 7 / 10, NIGHTS * 9 / 10);
}

static void test_untold(void **state)
{
	struct seen seen = see("untold");

	assert_int_equal(seen.missed, 0);
	assert_true(seen.outside_j == 0);
	assert_true(seen.lent_j < see("shipped").lent_j);
}

static void test_forgetful(void **state)
{
	struct seen seen = see("forgetful");

	assert_true(seen.missed > 0);
	assert_true(seen.outside_j == 0);
}

/* It forgets pauses, too. */
static void test_greedy(void **state)
{
	struct seen seen = see("greedy");

	assert_true(seen.missed > 0);
	assert_true(seen.outside_j > 0);
}

static void test_daring(void **state)
{
	struct night_result result;
	struct night night;

	night_draw(&night, PULLED_SEED);
	assert_int_equal(night.evil, NIGHT_PULLED);
	result = night_run(&night, planner_find("daring"));
	assert_true(night_missed(&night, &result));
	result = night_run(&night, planner_find("shipped"));
	assert_false(night_missed(&night, &result));
}

static void test_same_seed(void **state)
{
	struct night_result one, two;
	struct night night, again;

	night_draw(&night, 7);
	night_draw(&again, 7);
	assert_memory_equal(&night.event, &again.event, sizeof(night.event));
	one = night_run(&night, planner_find("shipped"));
	two = night_run(&again, planner_find("shipped"));
	assert_true(one.lent_j == two.lent_j && one.best_j == two.best_j);
	night_draw(&again, 8);
	assert_memory_not_equal(&night.event, &again.event, sizeof(night.event));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shipped),
		cmocka_unit_test(test_untold),
		cmocka_unit_test(test_forgetful),
		cmocka_unit_test(test_greedy),
		cmocka_unit_test(test_daring),
		cmocka_unit_test(test_same_seed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
