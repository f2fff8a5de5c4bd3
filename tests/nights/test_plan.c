// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the planner says, case by case: pause, energy of the day, charge, departure, and a
 * clock that was never set.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <owner/plan.h>

#define HOUR_US		(3600 * 1000000LL)
#define DAY_US		(24 * HOUR_US)

/* 2026-11-22, 00:00 UTC */
#define MIDNIGHT_US	(1795305600LL * 1000000)

static const struct owner_car car = { .charge_percent = 80, .charging = 1, .own_permille_h = 10,
				      .own_start_percent = 2 };

static struct owner_plan ask(const struct owner_settings *set, int64_t now_us)
{
	struct owner_plan plan;

	memset(&plan, 0xcc, sizeof(plan));
	owner_plan(set, &car, now_us, &plan);
	return plan;
}

static void check(struct owner_plan plan, bool paused, int percent, enum owner_reason reason,
		  int64_t again_us)
{
	assert_int_equal(plan.paused, paused);
	assert_int_equal(plan.battery_min_percent, percent);
	assert_string_equal(owner_reason_name(plan.reason), owner_reason_name(reason));
	assert_int_equal(plan.again_us, again_us);
}

static void test_no_wish(void **state)
{
	struct owner_settings set = { 0 };

	check(ask(&set, MIDNIGHT_US), false, 0, OWNER_FREE, INT64_MAX);
	check(ask(&set, INT64_MIN), false, 0, OWNER_FREE, INT64_MAX);
	check(ask(&set, INT64_MAX), false, 0, OWNER_FREE, INT64_MAX);
}

static void test_charge(void **state)
{
	struct owner_settings set = { .charge_min_percent = 100 };

	check(ask(&set, MIDNIGHT_US), false, 100, OWNER_CHARGE, INT64_MAX);
}

static void test_paused(void **state)
{
	struct owner_settings set = { .paused_until_us = MIDNIGHT_US };

	check(ask(&set, MIDNIGHT_US - 1), true, 0, OWNER_PAUSED, MIDNIGHT_US);
	check(ask(&set, MIDNIGHT_US), false, 0, OWNER_FREE, INT64_MAX);
	set.paused_until_us = INT64_MAX;
	check(ask(&set, MIDNIGHT_US), true, 0, OWNER_PAUSED, INT64_MAX);
}

static void test_energy_day(void **state)
{
	struct owner_settings set = { .energy_day_uj = 5, .utc_offset_min = 60 };
	struct owner_car lent = car;
	struct owner_plan plan;

	lent.lent_today_uj = 4;
	owner_plan(&set, &lent, MIDNIGHT_US, &plan);
	check(plan, false, 0, OWNER_FREE, INT64_MAX);
	lent.lent_today_uj = 5;
	owner_plan(&set, &lent, MIDNIGHT_US, &plan);
	check(plan, true, 0, OWNER_ENERGY_DAY, MIDNIGHT_US + 23 * HOUR_US);
	owner_plan(&set, &lent, 0, &plan);
	check(plan, true, 0, OWNER_ENERGY_DAY, INT64_MAX);
}

/*
 * 50 percent, one for what a whole percent hides, two at the start, and one for each hour
 * begun until then: at 10 thousandths an hour.
 */
static void test_departure(void **state)
{
	struct owner_settings set = { .departure_percent = 50, .departure_min = 7 * 60 };

	check(ask(&set, MIDNIGHT_US), false, 60, OWNER_DEPARTURE, MIDNIGHT_US + HOUR_US);
	check(ask(&set, MIDNIGHT_US + HOUR_US - 1), false, 60, OWNER_DEPARTURE,
	      MIDNIGHT_US + HOUR_US);
	check(ask(&set, MIDNIGHT_US + HOUR_US), false, 59, OWNER_DEPARTURE,
	      MIDNIGHT_US + 2 * HOUR_US);
	check(ask(&set, MIDNIGHT_US + 7 * HOUR_US - 1), false, 54, OWNER_DEPARTURE,
	      MIDNIGHT_US + 7 * HOUR_US);
	/* then it is tomorrow's */
	check(ask(&set, MIDNIGHT_US + 7 * HOUR_US), false, 77, OWNER_DEPARTURE,
	      MIDNIGHT_US + 8 * HOUR_US);
	set.utc_offset_min = -60;
	check(ask(&set, MIDNIGHT_US + HOUR_US), false, 60, OWNER_DEPARTURE,
	      MIDNIGHT_US + 2 * HOUR_US);
}

static void test_departure_untold(void **state)
{
	struct owner_settings set = { .departure_percent = 50, .departure_min = 7 * 60 };
	struct owner_car untold = { .charge_percent = OWNER_PERCENT_UNKNOWN };
	struct owner_plan plan;

	owner_plan(&set, &untold, MIDNIGHT_US, &plan);
	assert_int_equal(plan.battery_min_percent, 50 + 1 + OWNER_OWN_START_PERCENT + 5);
}

/* Without a clock it is a whole day off. */
static void test_departure_no_clock(void **state)
{
	struct owner_settings set = { .departure_percent = 50, .departure_min = 7 * 60 };

	check(ask(&set, OWNER_CLOCK_MIN_US - 1), false, 77, OWNER_DEPARTURE, INT64_MAX);
	check(ask(&set, OWNER_CLOCK_MAX_US), false, 77, OWNER_DEPARTURE, INT64_MAX);
	check(ask(&set, INT64_MIN), false, 77, OWNER_DEPARTURE, INT64_MAX);
}

/* What no car can show */
static void test_departure_full(void **state)
{
	struct owner_settings set = { .departure_percent = 98 };

	check(ask(&set, MIDNIGHT_US - HOUR_US), true, 100, OWNER_DEPARTURE, MIDNIGHT_US);
	set.departure_percent = 96;
	check(ask(&set, MIDNIGHT_US - HOUR_US), false, 100, OWNER_DEPARTURE, MIDNIGHT_US);
}

/* The stricter of the two, by its own name */
static void test_together(void **state)
{
	struct owner_settings set = { .departure_percent = 50, .departure_min = 7 * 60,
				      .charge_min_percent = 60 };

	check(ask(&set, MIDNIGHT_US), false, 60, OWNER_CHARGE, MIDNIGHT_US + HOUR_US);
	set.charge_min_percent = 59;
	check(ask(&set, MIDNIGHT_US), false, 60, OWNER_DEPARTURE, MIDNIGHT_US + HOUR_US);
	set.paused_until_us = MIDNIGHT_US + 1;
	check(ask(&set, MIDNIGHT_US), true, 60, OWNER_PAUSED, MIDNIGHT_US + 1);
}

/* Whenever it is asked, it has nothing else to say until it wants to be asked again. */
static void test_again(void **state)
{
	struct owner_settings set = { .departure_percent = 30, .departure_min = 455,
				      .utc_offset_min = 330 };
	struct owner_plan plan, before;
	int64_t now_us = MIDNIGHT_US;
	int asked;

	for (asked = 0; now_us < MIDNIGHT_US + 2 * DAY_US; asked++) {
		plan = ask(&set, now_us);
		assert_true(plan.again_us > now_us);
		before = ask(&set, plan.again_us - 1);
		assert_int_equal(before.battery_min_percent, plan.battery_min_percent);
		assert_int_equal(before.again_us, plan.again_us);
		now_us = plan.again_us;
	}
	assert_in_range(asked, 48, 50);
}

static void test_names(void **state)
{
	uint32_t reason;

	for (reason = 0; reason < OWNER_REASONS; reason++)
		assert_non_null(owner_reason_name(reason));
	assert_null(owner_reason_name(OWNER_REASONS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_wish),
		cmocka_unit_test(test_charge),
		cmocka_unit_test(test_paused),
		cmocka_unit_test(test_energy_day),
		cmocka_unit_test(test_departure),
		cmocka_unit_test(test_departure_untold),
		cmocka_unit_test(test_departure_no_clock),
		cmocka_unit_test(test_departure_full),
		cmocka_unit_test(test_together),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
