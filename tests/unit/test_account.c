// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The account of a consent: what is left, when a day begins anew, and that
 * nothing that the clock or a carrier does gives anything back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "account.h"
#include "token.h"

#define S	1000000000LL
#define DAY_NS	(86400 * S)
/* 2026-06-15 00:00 UTC */
#define JUNE_NS	(1781481600 * S)

static const struct layby_consent_terms terms = {
	.energy_day_uj = 100, .energy_total_uj = 250, .utc_offset_min = 120,
	.not_before_s = 1781481600, .not_after_s = 1781481600 + 30 * 86400,
	.hours_until_min = 1440,
};

/* The first instant of the third day, by the clock on the wall */
#define MIDNIGHT_NS	(JUNE_NS + 3 * DAY_NS - 2 * 3600 * S)

static void use(struct layby_account *account, int64_t wall_ns, uint64_t uj)
{
	layby_account_look(account, &terms, wall_ns);
	layby_account_use(account, uj);
}

static uint64_t left(struct layby_account *account, int64_t wall_ns)
{
	layby_account_look(account, &terms, wall_ns);
	return layby_account_left(account, &terms);
}

static void test_day_then_total(void **state)
{
	struct layby_account account = {};

	layby_account_begin(&account, &terms, JUNE_NS);
	assert_int_equal(left(&account, JUNE_NS), 100);
	use(&account, JUNE_NS, 99);
	assert_int_equal(left(&account, JUNE_NS), 1);
	use(&account, JUNE_NS, 2);
	assert_int_equal(left(&account, JUNE_NS), 0);
	assert_int_equal(left(&account, JUNE_NS + DAY_NS), 100);
	use(&account, JUNE_NS + DAY_NS, 100);
	assert_int_equal(left(&account, JUNE_NS + 2 * DAY_NS), 49);
	use(&account, JUNE_NS + 2 * DAY_NS, 60);
	assert_int_equal(left(&account, JUNE_NS + 9 * DAY_NS), 0);
}

static void test_midnight_is_the_owners(void **state)
{
	struct layby_account account = {};

	layby_account_begin(&account, &terms, JUNE_NS + 2 * DAY_NS);
	use(&account, MIDNIGHT_NS - 1, 70);
	assert_int_equal(left(&account, MIDNIGHT_NS - 1), 30);
	assert_int_equal(left(&account, MIDNIGHT_NS), 100);
}

static void test_clock_back(void **state)
{
	struct layby_account account = {};

	layby_account_begin(&account, &terms, JUNE_NS);
	use(&account, JUNE_NS, 80);
	assert_int_equal(left(&account, JUNE_NS - 40 * DAY_NS), 20);
	/* a day forward, and back: that day's portion is used once */
	use(&account, JUNE_NS + DAY_NS, 90);
	assert_int_equal(left(&account, JUNE_NS), 10);
	assert_int_equal(left(&account, JUNE_NS + DAY_NS), 10);
	assert_int_equal(left(&account, INT64_MIN), 10);
	layby_account_begin(&account, &terms, JUNE_NS);
	assert_int_equal(left(&account, JUNE_NS), 10);
}

static void test_given_again(void **state)
{
	struct layby_account account = {};
	struct layby_consent_terms more = terms;

	layby_account_begin(&account, &terms, JUNE_NS);
	use(&account, JUNE_NS, 80);
	layby_account_begin(&account, &terms, JUNE_NS + 60 * S);
	assert_int_equal(left(&account, JUNE_NS + 60 * S), 20);
	/* a newer token of the same id: new limits, the same use */
	more.energy_day_uj = 1000;
	more.energy_total_uj = 1000;
	layby_account_begin(&account, &more, JUNE_NS + 60 * S);
	assert_int_equal(layby_account_left(&account, &more), 920);
	more.energy_day_uj = 10;
	assert_int_equal(layby_account_left(&account, &more), 0);
}

static void test_no_number_wraps(void **state)
{
	struct layby_account account = {};
	struct layby_consent_terms most = terms;

	most.energy_day_uj = UINT64_MAX;
	most.energy_total_uj = UINT64_MAX;
	layby_account_begin(&account, &most, INT64_MAX);
	layby_account_use(&account, UINT64_MAX - 1);
	assert_int_equal(layby_account_left(&account, &most), 1);
	layby_account_use(&account, UINT64_MAX);
	assert_int_equal(layby_account_left(&account, &most), 0);
	layby_account_look(&account, &most, INT64_MAX);
	assert_int_equal(layby_account_left(&account, &most), 0);
}

/* Whatever the clock does, at most a portion is used a day that there was. */
static void test_wild_clock(void **state)
{
	struct layby_account account = {};
	uint64_t used = 0, days, take;
	int64_t wall_ns, latest_ns = JUNE_NS;
	int i;

	srand48(5);
	layby_account_begin(&account, &terms, JUNE_NS);
	for (i = 0; i < 100000; i++) {
		wall_ns = JUNE_NS + (lrand48() % (i / 20000 + 1)) * DAY_NS +
			  lrand48() % 43200 * 2 * S;
		latest_ns = wall_ns > latest_ns ? wall_ns : latest_ns;
		take = left(&account, wall_ns);
		if (take)
			use(&account, wall_ns, 1);
		used += take ? 1 : 0;
		days = layby_token_day(&terms, latest_ns) - layby_token_day(&terms, JUNE_NS) + 1;
		assert_true(used <= days * 100 && used <= 250);
	}
	assert_int_equal(used, 250);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_day_then_total),
		cmocka_unit_test(test_midnight_is_the_owners),
		cmocka_unit_test(test_clock_back),
		cmocka_unit_test(test_given_again),
		cmocka_unit_test(test_no_number_wraps),
		cmocka_unit_test(test_wild_clock),
	};

	return cmocka_run_group_tests_name("account", tests, NULL, NULL);
}
