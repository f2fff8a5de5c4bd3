// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The energy budget, edge by edge: what fits and what does not, when it will, what
 * comes back, and what a job is taken to have used. Long runs of it, held against the
 * true energy, are in test_budget_long.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "budget.h"

#define NEVER		LAYBY_BUDGET_NEVER
#define UJ		LAYBY_PJ_PER_UJ
#define BUCKET_MAX	(LAYBY_BUDGET_BUCKET_MAX_UJ * UJ)
#define CAP_MAX		LAYBY_BUDGET_CAP_MAX_MW
#define TIME_MAX	((uint64_t)INT64_MAX)

static struct layby_budget with(uint64_t bucket_pj, uint32_t cap_mw, uint64_t at_ns)
{
	struct layby_budget budget;

	layby_budget_init(&budget, bucket_pj, at_ns);
	layby_budget_cap(&budget, cap_mw, at_ns);
	return budget;
}

/* An account in which nothing is left, and all is charged to a job. */
static struct layby_budget empty(uint64_t bucket_pj, uint32_t cap_mw, uint64_t at_ns)
{
	struct layby_budget budget = with(bucket_pj, cap_mw, at_ns);

	assert_true(layby_budget_charge(&budget, bucket_pj));
	return budget;
}

/* One in which nothing is left, and a job has used it all. */
static struct layby_budget used_up(uint64_t bucket_pj, uint32_t cap_mw, uint64_t at_ns)
{
	struct layby_budget budget = empty(bucket_pj, cap_mw, at_ns);

	layby_budget_settle(&budget, bucket_pj, bucket_pj);
	return budget;
}

static uint64_t credit(struct layby_budget *budget, uint64_t now_ns)
{
	layby_budget_accrue(budget, now_ns);
	return budget->credit_pj;
}

static void test_init(void **state)
{
	struct layby_budget budget;

	layby_budget_init(&budget, 700, 12);
	assert_int_equal(budget.bucket_pj, 700);
	assert_int_equal(budget.credit_pj, 700);
	assert_int_equal(budget.charged_pj, 0);
	assert_int_equal(budget.at_ns, 12);
	assert_int_equal(budget.cap_mw, 0);
	layby_budget_init(&budget, 0, 12);
	assert_int_equal(budget.credit_pj, 0);
	assert_true(layby_budget_charge(&budget, 0));
	assert_false(layby_budget_charge(&budget, 1));
}

static void test_bucket_above_the_largest(void **state)
{
	struct layby_budget budget;

	layby_budget_init(&budget, BUCKET_MAX, 0);
	assert_int_equal(budget.bucket_pj, BUCKET_MAX);
	layby_budget_init(&budget, BUCKET_MAX + 1, 0);
	assert_int_equal(budget.bucket_pj, BUCKET_MAX);
	assert_int_equal(budget.credit_pj, BUCKET_MAX);
	layby_budget_init(&budget, UINT64_MAX, 0);
	assert_int_equal(budget.bucket_pj, BUCKET_MAX);
	assert_int_equal(budget.credit_pj, BUCKET_MAX);
}

static void test_accrue(void **state)
{
	struct layby_budget budget = used_up(1000, 7, 50);

	assert_int_equal(credit(&budget, 50), 0);
	assert_int_equal(credit(&budget, 51), 7);
	assert_int_equal(credit(&budget, 61), 77);
	/* 131 more would be 917: 994, and one more is cut to the bucket */
	assert_int_equal(credit(&budget, 192), 994);
	assert_int_equal(credit(&budget, 193), 1000);
	assert_int_equal(credit(&budget, TIME_MAX), 1000);
	assert_int_equal(budget.at_ns, TIME_MAX);
}

static void test_time_backwards(void **state)
{
	struct layby_budget budget = used_up(1000, 7, 50);

	assert_int_equal(credit(&budget, 49), 0);
	assert_int_equal(credit(&budget, 0), 0);
	assert_int_equal(budget.at_ns, 50);
	/* what was credited is not credited again */
	assert_int_equal(credit(&budget, 60), 70);
	assert_int_equal(credit(&budget, 50), 70);
	assert_int_equal(credit(&budget, 60), 70);
	layby_budget_cap(&budget, 1, 40);
	assert_int_equal(credit(&budget, 61), 71);
}

static void test_cap(void **state)
{
	struct layby_budget budget = used_up(1000, 0, 50);

	assert_int_equal(credit(&budget, 1000), 0);
	/* what went by went by at the cap that was */
	layby_budget_cap(&budget, 5, 2000);
	assert_int_equal(budget.credit_pj, 0);
	layby_budget_cap(&budget, 3, 2010);
	assert_int_equal(budget.credit_pj, 50);
	assert_int_equal(credit(&budget, 2020), 80);
	layby_budget_cap(&budget, 0, 2020);
	assert_int_equal(credit(&budget, 9999), 80);
}

static void test_forfeit(void **state)
{
	struct layby_budget budget = used_up(1000, 10, 0);

	assert_int_equal(credit(&budget, 50), 500);
	layby_budget_forfeit(&budget, 0);
	assert_int_equal(budget.credit_pj, 500);
	layby_budget_forfeit(&budget, 499);
	assert_int_equal(budget.credit_pj, 1);
	layby_budget_forfeit(&budget, LAYBY_BUDGET_NEVER);
	assert_int_equal(budget.credit_pj, 0);
}

static void test_cap_above_the_highest(void **state)
{
	struct layby_budget budget = with(1000, CAP_MAX, 0);

	assert_int_equal(budget.cap_mw, CAP_MAX);
	layby_budget_cap(&budget, CAP_MAX + 1, 0);
	assert_int_equal(budget.cap_mw, CAP_MAX);
	layby_budget_cap(&budget, UINT32_MAX, 0);
	assert_int_equal(budget.cap_mw, CAP_MAX);
}

/* The time in which a product has just no room in 64 bits any more. */
static void test_long_spans(void **state)
{
	const uint64_t spans[] = { (1ULL << 40) - 1, 1ULL << 40, (1ULL << 40) + 1, TIME_MAX };
	struct layby_budget budget;
	size_t i;

	for (i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
		budget = used_up(BUCKET_MAX, CAP_MAX, 0);
		assert_int_equal(credit(&budget, spans[i]), BUCKET_MAX);
	}
	/* nothing is lost: 2 mW for more than 18 minutes */
	budget = used_up(BUCKET_MAX, 2, 0);
	assert_int_equal(credit(&budget, 1ULL << 41), 1ULL << 42);
	budget = used_up(BUCKET_MAX, 1, 0);
	assert_int_equal(credit(&budget, BUCKET_MAX - 1), BUCKET_MAX - 1);
	assert_int_equal(credit(&budget, BUCKET_MAX + 1), BUCKET_MAX);
}

static void test_charge(void **state)
{
	struct layby_budget budget = with(1000, 0, 0), was;

	was = budget;
	assert_false(layby_budget_charge(&budget, 1001));
	assert_false(layby_budget_charge(&budget, NEVER));
	assert_memory_equal(&budget, &was, sizeof(was));
	assert_true(layby_budget_charge(&budget, 400));
	assert_int_equal(budget.credit_pj, 600);
	assert_int_equal(budget.charged_pj, 400);
	assert_false(layby_budget_charge(&budget, 601));
	assert_true(layby_budget_charge(&budget, 600));
	assert_int_equal(budget.credit_pj, 0);
	assert_int_equal(budget.charged_pj, 1000);
	assert_false(layby_budget_charge(&budget, 1));
	assert_true(layby_budget_charge(&budget, 0));
}

/* Jobs that are charged hold the bucket: their energy may still be used. */
static void test_no_credit_for_what_is_charged(void **state)
{
	struct layby_budget budget = empty(1000, 10, 0);

	assert_int_equal(credit(&budget, 1000), 0);
	layby_budget_settle(&budget, 1000, 1000);
	assert_int_equal(budget.credit_pj, 0);
	assert_int_equal(credit(&budget, 1001), 10);
}

static void test_settle(void **state)
{
	struct layby_budget budget = empty(1000, 0, 0);

	layby_budget_settle(&budget, 300, 100);
	assert_int_equal(budget.credit_pj, 200);
	assert_int_equal(budget.charged_pj, 700);
	layby_budget_settle(&budget, 300, 300);
	assert_int_equal(budget.credit_pj, 200);
	assert_int_equal(budget.charged_pj, 400);
	layby_budget_settle(&budget, 300, 301);
	assert_int_equal(budget.credit_pj, 200);
	layby_budget_settle(&budget, 90, NEVER);
	assert_int_equal(budget.credit_pj, 200);
	layby_budget_settle(&budget, 10, 0);
	assert_int_equal(budget.credit_pj, 210);
	assert_int_equal(budget.charged_pj, 0);
}

/* Charged twice while it runs, at a higher level; settled once. */
static void test_charged_again(void **state)
{
	struct layby_budget budget = with(1000, 0, 0);

	assert_true(layby_budget_charge(&budget, 400));
	assert_true(layby_budget_charge(&budget, 500));
	layby_budget_settle(&budget, 900, 600);
	assert_int_equal(budget.credit_pj, 400);
	assert_int_equal(budget.charged_pj, 0);
}

/* At the instant that is told a charge is accepted, one nanosecond earlier it is not. */
static void check_ready(struct layby_budget budget, uint64_t worst_pj)
{
	uint64_t ready_ns = layby_budget_ready_ns(&budget, worst_pj);
	struct layby_budget early = budget;

	assert_true(ready_ns != NEVER && ready_ns > budget.at_ns);
	layby_budget_accrue(&early, ready_ns - 1);
	assert_false(layby_budget_charge(&early, worst_pj));
	layby_budget_accrue(&budget, ready_ns);
	assert_true(layby_budget_charge(&budget, worst_pj));
}

static void test_ready(void **state)
{
	struct layby_budget budget = used_up(1000, 7, 50);
	uint64_t pj;

	assert_int_equal(layby_budget_ready_ns(&budget, 0), 50);
	assert_int_equal(layby_budget_ready_ns(&budget, 1), 51);
	assert_int_equal(layby_budget_ready_ns(&budget, 7), 51);
	assert_int_equal(layby_budget_ready_ns(&budget, 8), 52);
	for (pj = 1; pj <= 1000; pj++)
		check_ready(budget, pj);
	assert_int_equal(credit(&budget, 60), 70);
	assert_int_equal(layby_budget_ready_ns(&budget, 70), 60);
	assert_int_equal(layby_budget_ready_ns(&budget, 71), 61);
}

static void test_ready_far_off(void **state)
{
	check_ready(used_up(BUCKET_MAX, 1, 0), BUCKET_MAX);
	check_ready(used_up(BUCKET_MAX, 1, TIME_MAX - BUCKET_MAX), BUCKET_MAX);
	check_ready(used_up(BUCKET_MAX, 3, 5), BUCKET_MAX);
	check_ready(used_up(BUCKET_MAX, CAP_MAX, 5), BUCKET_MAX);
	check_ready(used_up(BUCKET_MAX, CAP_MAX - 1, TIME_MAX), BUCKET_MAX - 1);
	assert_int_equal(layby_budget_ready_ns(&(struct layby_budget){
		.bucket_pj = BUCKET_MAX, .at_ns = TIME_MAX, .cap_mw = 1 }, BUCKET_MAX),
		TIME_MAX + BUCKET_MAX);
}

static void test_ready_never(void **state)
{
	struct layby_budget budget = with(1000, 7, 50);

	assert_int_equal(layby_budget_ready_ns(&budget, 1001), NEVER);
	assert_int_equal(layby_budget_ready_ns(&budget, NEVER), NEVER);
	/* what is charged comes back only when it is settled */
	assert_true(layby_budget_charge(&budget, 400));
	assert_int_equal(layby_budget_ready_ns(&budget, 600), 50);
	assert_int_equal(layby_budget_ready_ns(&budget, 601), NEVER);
	layby_budget_settle(&budget, 400, 400);
	check_ready(budget, 601);
	/* no cap, but what is there is there */
	layby_budget_cap(&budget, 0, 50);
	assert_int_equal(layby_budget_ready_ns(&budget, 600), 50);
	assert_int_equal(layby_budget_ready_ns(&budget, 601), NEVER);
}

static void test_energy(void **state)
{
	assert_int_equal(layby_budget_energy_pj(0, UINT64_MAX), 0);
	assert_int_equal(layby_budget_energy_pj(UINT32_MAX, 0), 0);
	assert_int_equal(layby_budget_energy_pj(1500, 1020000), 1530000000);
	assert_int_equal(layby_budget_energy_pj(1, 1ULL << 40), 1ULL << 40);
	assert_int_equal(layby_budget_energy_pj(1, BUCKET_MAX), BUCKET_MAX);
	assert_int_equal(layby_budget_energy_pj(1, BUCKET_MAX + 1), NEVER);
	assert_int_equal(layby_budget_energy_pj(1000, BUCKET_MAX / 1000), BUCKET_MAX);
	assert_int_equal(layby_budget_energy_pj(1001, BUCKET_MAX / 1000), NEVER);
	/* products of exactly 2^64, and above */
	assert_int_equal(layby_budget_energy_pj(1U << 24, 1ULL << 40), NEVER);
	assert_int_equal(layby_budget_energy_pj((1U << 24) + 1, 1ULL << 40), NEVER);
	assert_int_equal(layby_budget_energy_pj(1U << 31, 1ULL << 33), NEVER);
	assert_int_equal(layby_budget_energy_pj(2, 1ULL << 63), NEVER);
	assert_int_equal(layby_budget_energy_pj(UINT32_MAX, UINT64_MAX), NEVER);
}

static const struct layby_budget_use typical = {
	.run_ns = 1000000, .worst_mw = 2000, .least_mw = 500,
	.metered_pj = 1000 * UJ, .meter_error_permille = 5,
};

static uint64_t metered(uint64_t pj, uint32_t error_permille)
{
	struct layby_budget_use use = typical;

	use.metered_pj = pj;
	use.meter_error_permille = error_permille;
	return layby_budget_used_pj(&use);
}

static void test_used_as_metered(void **state)
{
	/* the meter, a microjoule, five permille of both; rounded up */
	assert_int_equal(metered(1000 * UJ, 5), 1001 * UJ + 1001 * UJ / 1000 * 5 + 5);
	assert_int_equal(metered(1000 * UJ, 0), 1001 * UJ);
	/* a truth that has as much of it above the meter as may be */
	assert_true(metered(700 * UJ + 999, 5) * 1000ULL >= (701 * UJ + 999) * 1005ULL);
}

/* Every error, readings of every size: never below the truth, nor far above it. */
static void test_used_every_error(void **state)
{
	struct layby_budget_use use = { .run_ns = UINT64_MAX, .worst_mw = UINT32_MAX };
	unsigned __int128 truth, used;
	uint32_t error, i;

	srand48(3);
	for (error = 0; error <= 1000; error++) {
		for (i = 0; i < 200; i++) {
			use.meter_error_permille = error;
			use.metered_pj = (((uint64_t)mrand48() << 32) ^ (uint64_t)mrand48()) >>
					 (4 + lrand48() % 60);
			use.metered_pj = i ? use.metered_pj % (BUCKET_MAX + 1) : BUCKET_MAX;
			truth = (unsigned __int128)(use.metered_pj + UJ) * (1000 + error);
			used = layby_budget_used_pj(&use);
			assert_true(used * 1000 >= truth);
			assert_true(used * 1000 <= truth + 1000000);
		}
	}
}

/* Against the product in 128 bits. */
static void test_energy_wide(void **state)
{
	unsigned __int128 wide;
	uint64_t ns;
	uint32_t mw;
	int i;

	srand48(4);
	for (i = 0; i < 200000; i++) {
		ns = (((uint64_t)mrand48() << 32) ^ (uint64_t)mrand48()) >> (lrand48() % 64);
		mw = (uint32_t)mrand48() >> (lrand48() % 32);
		wide = (unsigned __int128)mw * ns;
		assert_true(layby_budget_energy_pj(mw, ns) == (wide > BUCKET_MAX ? NEVER : wide));
	}
}

static void test_used_least_and_worst(void **state)
{
	const uint64_t least = 500 * UJ, worst = 2000 * UJ;

	assert_int_equal(metered(0, 5), least);
	assert_int_equal(metered(400 * UJ, 5), least);
	assert_true(metered(500 * UJ, 0) == least + UJ);
	assert_int_equal(metered(1999 * UJ, 0), worst);
	assert_int_equal(metered(1999 * UJ + 1, 0), worst);
	assert_int_equal(metered(9000 * UJ, 5), worst);
	assert_int_equal(metered(BUCKET_MAX, 5), worst);
	assert_int_equal(metered(BUCKET_MAX + 1, 5), worst);
	assert_int_equal(metered(UINT64_MAX, UINT32_MAX), worst);
}

static void test_used_meter_errs(void **state)
{
	/* as much again */
	assert_int_equal(metered(500 * UJ, 1000), 501 * UJ * 2 + 1000);
	/* such a meter tells nothing */
	assert_int_equal(metered(500 * UJ, 1001), 2000 * UJ);
	assert_int_equal(metered(0, UINT32_MAX), 2000 * UJ);
}

static void test_used_beyond_range(void **state)
{
	struct layby_budget_use use = typical;

	/* its worst case is out of range, its meter is not */
	use.run_ns = BUCKET_MAX / 1000;
	use.metered_pj = BUCKET_MAX;
	use.meter_error_permille = 1000;
	assert_int_equal(layby_budget_used_pj(&use), 2 * (BUCKET_MAX + UJ) + 1000);
	use.metered_pj = BUCKET_MAX + 1;
	assert_int_equal(layby_budget_used_pj(&use), NEVER);
	/* so is its least */
	use.metered_pj = 0;
	use.run_ns = UINT64_MAX;
	assert_int_equal(layby_budget_used_pj(&use), NEVER);
	/* no time: nothing, whatever the meter says */
	use.run_ns = 0;
	use.metered_pj = 800 * UJ;
	assert_int_equal(layby_budget_used_pj(&use), 0);
	/* a data sheet that contradicts itself */
	use.run_ns = 10;
	use.least_mw = 3000;
	assert_int_equal(layby_budget_used_pj(&use), 30000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_init),
		cmocka_unit_test(test_bucket_above_the_largest),
		cmocka_unit_test(test_accrue),
		cmocka_unit_test(test_time_backwards),
		cmocka_unit_test(test_cap),
		cmocka_unit_test(test_forfeit),
		cmocka_unit_test(test_cap_above_the_highest),
		cmocka_unit_test(test_long_spans),
		cmocka_unit_test(test_charge),
		cmocka_unit_test(test_no_credit_for_what_is_charged),
		cmocka_unit_test(test_settle),
		cmocka_unit_test(test_charged_again),
		cmocka_unit_test(test_ready),
		cmocka_unit_test(test_ready_far_off),
		cmocka_unit_test(test_ready_never),
		cmocka_unit_test(test_energy),
		cmocka_unit_test(test_used_as_metered),
		cmocka_unit_test(test_used_every_error),
		cmocka_unit_test(test_energy_wide),
		cmocka_unit_test(test_used_least_and_worst),
		cmocka_unit_test(test_used_meter_errs),
		cmocka_unit_test(test_used_beyond_range),
	};

	return cmocka_run_group_tests_name("budget", tests, NULL, NULL);
}
