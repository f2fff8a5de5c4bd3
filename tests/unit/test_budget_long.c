// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Long random lives of an account, held against the truth (ISO-8): jobs with a worst
 * case that use what they like up to it, levels and caps that change, jobs charged again
 * while they run, meters that err as far as they may, jobs settled late.
 *
 * The truth is here alone: energy and the integral of the cap, each an exact sum. Both
 * are straight lines between two events, so of all windows those from event to event are
 * the worst, and over these it is enough to know the lowest that energy less cap has been
 * at any earlier one: every pair of events is looked at.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "budget.h"

#define STEPS		60000
#define JOBS		6
#define LEVELS		4
#define BOUND_NS	30000u
#define TICK_NS		1000u

static const uint32_t worst_mw[LEVELS] = { 1100, 2300, 4100, 7900 };
static const uint32_t least_mw[LEVELS] = { 400, 900, 1700, 3300 };

/*
 * @charged_pj is 0 if there is no job; @from_ns: before it draws nothing; @end_ns: when it
 * leaves the tiles
 */
struct job {
	uint64_t charged_pj, true_pj, longest_ns, started_ns, from_ns, end_ns;
	uint32_t true_mw, lowest, highest;
};

struct world {
	struct layby_budget budget;
	struct job jobs[JOBS];
	uint64_t now_ns;
	uint32_t cap_mw, level, meter_error_permille;
	bool greedy;		/* all the power there may be, late, ended at the last moment */
	bool exact;		/* the meter never says more than it must */
	__int128 used_pj, cap_pj, lowest_pj;
	uint64_t refused, accepted, again;
};

static uint64_t until(uint64_t most)
{
	return (((uint64_t)lrand48() << 31) | (uint64_t)lrand48()) % (most + 1);
}

static bool runs(const struct world *world, const struct job *job)
{
	return job->charged_pj && world->now_ns < job->end_ns;
}

static void check_windows(struct world *world)
{
	__int128 above_pj = world->used_pj - world->cap_pj;

	if (above_pj < world->lowest_pj)
		world->lowest_pj = above_pj;
	assert_true(above_pj - world->lowest_pj <= world->budget.bucket_pj);
	assert_true(world->budget.credit_pj + world->budget.charged_pj <= world->budget.bucket_pj);
}

/* To a moment up to which no power changes. */
static void pass(struct world *world, uint64_t until_ns)
{
	uint64_t ns = until_ns - world->now_ns, pj;
	int i;

	for (i = 0; i < JOBS; i++) {
		if (!runs(world, &world->jobs[i]) || world->now_ns < world->jobs[i].from_ns)
			continue;
		pj = ns * world->jobs[i].true_mw;
		world->jobs[i].true_pj += pj;
		world->used_pj += pj;
	}
	world->cap_pj += (__int128)ns * world->cap_mw;
	world->now_ns = until_ns;
	check_windows(world);
}

static uint64_t earlier(const struct world *world, uint64_t event_ns, uint64_t until_ns)
{
	return event_ns > world->now_ns && event_ns < until_ns ? event_ns : until_ns;
}

static void pass_to(struct world *world, uint64_t until_ns)
{
	uint64_t next_ns;
	int i;

	while (world->now_ns < until_ns) {
		next_ns = until_ns;
		for (i = 0; i < JOBS; i++) {
			next_ns = earlier(world, world->jobs[i].from_ns, next_ns);
			next_ns = earlier(world, world->jobs[i].end_ns, next_ns);
		}
		pass(world, next_ns);
	}
}

static uint32_t true_power(const struct world *world)
{
	uint32_t worst = worst_mw[world->level], least = least_mw[world->level];

	return world->greedy ? worst : least + until(worst - least);
}

static void start(struct world *world, struct job *job)
{
	uint64_t longest_ns = 1 + until(until(3) ? 5000000 : 50000);
	uint64_t worst_pj = layby_budget_energy_pj(worst_mw[world->level], longest_ns + BOUND_NS);

	layby_budget_accrue(&world->budget, world->now_ns);
	if (!layby_budget_charge(&world->budget, worst_pj)) {
		world->refused++;
		return;
	}
	world->accepted++;
	*job = (struct job){
		.charged_pj = worst_pj, .longest_ns = longest_ns, .started_ns = world->now_ns,
		.from_ns = world->now_ns + (world->greedy ? until(longest_ns) : 0),
		.end_ns = world->now_ns + (world->greedy ? longest_ns + BOUND_NS :
					   until(longest_ns + BOUND_NS)),
		.true_mw = true_power(world), .lowest = world->level, .highest = world->level,
	};
}

/* As little as the meter may say of it, or any more. */
static uint64_t metered(const struct world *world, const struct job *job)
{
	__int128 most = (__int128)job->true_pj * 1000 / (1000 + world->meter_error_permille);
	uint64_t pj = most < LAYBY_PJ_PER_UJ ? 0 : most - LAYBY_PJ_PER_UJ + 1;

	return world->exact || until(1) ? pj : pj + until(job->charged_pj);
}

static void settle(struct world *world, struct job *job)
{
	uint64_t ran_ns = job->end_ns - job->started_ns;
	const struct layby_budget_use use = {
		.run_ns = (ran_ns + TICK_NS - 1) / TICK_NS * TICK_NS,
		.metered_pj = metered(world, job),
		.worst_mw = worst_mw[job->highest], .least_mw = least_mw[job->lowest],
		.meter_error_permille = world->meter_error_permille,
	};

	layby_budget_accrue(&world->budget, world->now_ns);
	layby_budget_settle(&world->budget, job->charged_pj, layby_budget_used_pj(&use));
	*job = (struct job){};
}

/* What runs is charged what its whole time costs more; those that cannot be stay low. */
static bool charge_again(struct world *world, uint32_t level)
{
	uint32_t more_mw = worst_mw[level] - worst_mw[world->level];
	uint64_t more_pj;
	int i;

	layby_budget_accrue(&world->budget, world->now_ns);
	for (i = 0; i < JOBS; i++) {
		if (!world->jobs[i].charged_pj)
			continue;
		more_pj = layby_budget_energy_pj(more_mw, world->jobs[i].longest_ns + BOUND_NS);
		if (!layby_budget_charge(&world->budget, more_pj))
			return false;
		world->jobs[i].charged_pj += more_pj;
		world->again++;
	}
	return true;
}

static void set_level(struct world *world, uint32_t level)
{
	struct job *job;

	if (level > world->level && !charge_again(world, level))
		return;
	world->level = level;
	for (job = world->jobs; job < world->jobs + JOBS; job++) {
		if (!runs(world, job))
			continue;
		job->true_mw = true_power(world);
		job->lowest = level < job->lowest ? level : job->lowest;
		job->highest = level > job->highest ? level : job->highest;
	}
}

static void set_cap(struct world *world, uint32_t cap_mw)
{
	world->cap_mw = cap_mw;
	layby_budget_cap(&world->budget, cap_mw, world->now_ns);
}

static void act(struct world *world)
{
	struct job *job = &world->jobs[until(JOBS - 1)];

	switch (until(15)) {
	case 0:
		set_cap(world, until(3) ? until(world->greedy ? 1500 : 12000) : 0);
		break;
	case 1:
		set_level(world, until(LEVELS - 1));
		break;
	case 2:
		layby_budget_accrue(&world->budget, world->now_ns - until(world->now_ns));
		break;
	case 3:
		job->true_mw = true_power(world);
		break;
	default:
		if (!job->charged_pj)
			start(world, job);
		else if (!runs(world, job))
			settle(world, job);
	}
}

static uint64_t pause_ns(void)
{
	switch (until(7)) {
	case 0:
		return 0;
	case 1:
		return until(20000000);
	default:
		return until(300000);
	}
}

static void live(uint32_t seed, bool greedy, uint32_t meter_error_permille)
{
	struct world world = { .greedy = greedy, .meter_error_permille = meter_error_permille };
	int i;

	srand48(seed);
	layby_budget_init(&world.budget, (10000 + until(90000)) * LAYBY_PJ_PER_UJ, 0);
	set_cap(&world, 3000);
	for (i = 0; i < STEPS; i++) {
		pass_to(&world, world.now_ns + pause_ns());
		act(&world);
	}
	/* all of that has happened, often */
	assert_true(world.accepted > STEPS / 100);
	assert_true(world.refused > STEPS / 100);
	assert_true(world.again > STEPS / 1000);
}

static void test_any_use(void **state)
{
	uint32_t seed;

	for (seed = 1; seed <= 3; seed++)
		live(seed, false, 5);
	live(4, false, 0);
	live(5, false, 1000);
}

static void test_greedy(void **state)
{
	uint32_t seed;

	for (seed = 6; seed <= 8; seed++)
		live(seed, true, 5);
}

/*
 * One job after the other, each as soon as it is told that it may: at least 99 % of
 * what may be used is.
 */
static void saturate(struct world *world, uint64_t worst_pj)
{
	uint64_t ready_ns;

	layby_budget_accrue(&world->budget, world->now_ns);
	ready_ns = layby_budget_ready_ns(&world->budget, worst_pj);
	assert_true(ready_ns != LAYBY_BUDGET_NEVER);
	pass_to(world, ready_ns);
	start(world, &world->jobs[0]);
	assert_true(world->jobs[0].charged_pj);
	pass_to(world, world->jobs[0].end_ns);
	settle(world, &world->jobs[0]);
}

static void test_nothing_is_lost(void **state)
{
	/* the longest job of start(), at the highest level: 40 mJ */
	const uint64_t worst_pj = worst_mw[LEVELS - 1] * (5000001ULL + BOUND_NS);
	struct world world = { .level = LEVELS - 1, .exact = true };
	__int128 permitted_pj;
	int i;

	srand48(9);
	layby_budget_init(&world.budget, 2 * worst_pj, 0);
	set_cap(&world, 1000);
	for (i = 0; i < 20000; i++) {
		if (i % 1000 == 0)
			set_cap(&world, 500 + until(3000));
		saturate(&world, worst_pj);
	}
	permitted_pj = world.cap_pj - world.budget.bucket_pj;
	assert_true(world.used_pj * 100 >= permitted_pj * 99);
}

/* As soon as it may, a job that draws nothing for a while and then all that it can. */
static void run_one(struct world *world, uint64_t idle_ns, uint64_t ns)
{
	uint64_t worst_pj = layby_budget_energy_pj(worst_mw[world->level], idle_ns + ns);

	layby_budget_accrue(&world->budget, world->now_ns);
	pass_to(world, layby_budget_ready_ns(&world->budget, worst_pj));
	layby_budget_accrue(&world->budget, world->now_ns);
	assert_true(layby_budget_charge(&world->budget, worst_pj));
	world->jobs[0] = (struct job){
		.charged_pj = worst_pj, .started_ns = world->now_ns,
		.from_ns = world->now_ns + idle_ns, .end_ns = world->now_ns + idle_ns + ns,
		.true_mw = worst_mw[world->level],
		.lowest = world->level, .highest = world->level,
	};
	pass_to(world, world->jobs[0].end_ns);
	settle(world, &world->jobs[0]);
}

/*
 * The bucket is full for long, a burst comes at the end of that, and then as much as
 * there is: time without room must not have earned anything.
 */
static void test_burst_after_rest(void **state)
{
	struct world world = { .exact = true };
	int i, j;

	layby_budget_init(&world.budget, worst_mw[0] * 25000000ULL, 0);
	set_cap(&world, worst_mw[0] / 2);
	for (i = 0; i < 100; i++) {
		pass_to(&world, world.now_ns + 100000000);
		run_one(&world, 20000000, 5000000);
		for (j = 0; j < 150; j++)
			run_one(&world, 0, 500000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_use),
		cmocka_unit_test(test_greedy),
		cmocka_unit_test(test_burst_after_rest),
		cmocka_unit_test(test_nothing_is_lost),
	};

	return cmocka_run_group_tests_name("budget, long", tests, NULL, NULL);
}
