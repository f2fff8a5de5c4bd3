// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The governor on simulated devices (plant.h), seed by seed: that neither a hot day
 * nor cooling that fails nor guests that come and go bring the hottest place above
 * the kernel's trip, that it does not chatter, and that the level is the one at which
 * the cap is used up, changed no sooner than the hold time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plant.h"

#define SEEDS		20
#define CEILING		8000
#define TRIP_MC		86600
#define ERROR_MC	1500
#define PERIODS(seconds) ((seconds) * 20)

struct run {
	struct plant plant;
	struct layby_govern_knobs knobs;
	struct layby_govern govern;
	struct layby_governor_settings set;
	struct layby_governor_sample now;
	struct layby_governor_verdict said;
	uint64_t seed;
	uint32_t highest;
	double hottest_mc;
	uint32_t closings;
	uint32_t level_changes;
	uint64_t level_ns;
};

static struct run start(uint64_t seed)
{
	struct run run = {
		.knobs = LAYBY_GOVERN_KNOBS,
		.seed = seed,
		.highest = SPECIMEN_LEVELS - 1,
		.now = {
			.trip_mc = TRIP_MC,
			.sensor_error_mc = ERROR_MC,
			.power_ceiling_mw = CEILING,
			.charge_percent = 80,
			.battery_mv = 12500,
		},
	};

	plant_start(&run.plant, seed);
	return run;
}

static void look(struct run *run, const struct layby_governor_verdict *was)
{
	double mc = run->plant.thermal.die * 1e3;

	if (mc > run->hottest_mc)
		run->hottest_mc = mc;
	run->closings += was->open && !run->said.open;
	if (!run->said.open || run->said.level == was->level)
		return;
	run->level_changes++;
	if (run->plant.now_ns - run->level_ns < run->knobs.pace.hold_ns)
		fail_msg("seed %llu: level %u to %u after %llu ns", (unsigned long long)run->seed,
			 was->level, run->said.level,
			 (unsigned long long)(run->plant.now_ns - run->level_ns));
	run->level_ns = run->plant.now_ns;
}

static void go(struct run *run, uint32_t periods)
{
	struct layby_governor_verdict was;

	while (periods--) {
		was = run->said;
		plant_tell(&run->plant, &run->now);
		run->said.level = run->highest;
		layby_govern(&run->govern, &run->knobs, &run->set, &run->now, &run->said);
		look(run, &was);
		plant_go(&run->plant, &run->said);
	}
}

/* The truth, which the governor never sees, below its limit. */
static void check_cool(const struct run *run)
{
	int32_t limit_mc = TRIP_MC - ERROR_MC - run->knobs.heat.margin_mc;

	if (run->hottest_mc > limit_mc)
		fail_msg("seed %llu: %.0f millidegree, must stay below %d",
			 (unsigned long long)run->seed, run->hottest_mc, limit_mc);
}

static void check_steady(const struct run *run, uint32_t closings, uint32_t level_changes)
{
	if (run->closings > closings || run->level_changes > level_changes)
		fail_msg("seed %llu: closed %u times, %u changes of the level",
			 (unsigned long long)run->seed, run->closings, run->level_changes);
}

/* --- Heat ------------------------------------------------------------------- */

/* Warm enough that the ceiling cannot be had for ever: it settles, and stays open. */
static void test_hot_day(void **state)
{
	uint32_t limited = 0;

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct run run = start(seed);

		run.plant.thermal.ambient = 65;
		go(&run, PERIODS(300));
		check_cool(&run);
		check_steady(&run, 0, 20);
		assert_int_equal(run.said.open, 1);
		limited += run.said.cap_mw < CEILING;
	}
	assert_true(limited > SEEDS / 2);
}

/* The fan stops: three times the resistance from one moment to the next. */
static void test_cooling_fails(void **state)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct run run = start(seed);

		run.plant.thermal.ambient = 50;
		go(&run, PERIODS(120));
		run.plant.thermal.cooling = 3;
		go(&run, PERIODS(180));
		check_cool(&run);
		check_steady(&run, 1, 60);
	}
}

/* Pause and work by turns at the limit, which heats the die in steps. */
static void test_bursts(void **state)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct run run = start(seed);

		run.plant.thermal.ambient = 70;
		run.set.written_ns = 1;
		for (int i = 0; i < 40; i++) {
			run.set.cap_mw = i % 2 ? 100 : 0;
			go(&run, PERIODS(6));
		}
		check_cool(&run);
		check_steady(&run, 0, 80);
	}
}

/* So hot that guest work alone is not to blame: closed, and open again when it cools. */
static void test_too_hot(void **state)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct run run = start(seed);

		go(&run, PERIODS(60));
		assert_int_equal(run.said.open, 1);
		run.plant.thermal.ambient = 95;
		go(&run, PERIODS(300));
		assert_int_equal(run.said.open, 0);
		check_steady(&run, 2, 60);
		run.plant.thermal.ambient = 30;
		go(&run, PERIODS(120));
		assert_int_equal(run.said.open, 1);
		check_steady(&run, 2, 60);
	}
}

/* --- Level ------------------------------------------------------------------ */

/* It uses the cap up, and the one below would not; within what counts as apart. */
static bool suits(const struct plant *plant, uint32_t level, uint32_t cap_mw)
{
	bool uses = level + 1 == SPECIMEN_LEVELS || plant_full_mw(plant, level) > cap_mw * 0.9;

	return uses && (!level || plant_full_mw(plant, level - 1) < cap_mw * 1.1);
}

static void test_level(void **state)
{
	static const uint32_t caps[] = { 1000, 2000, 3000, 4500, 6000, 8000 };

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		for (size_t i = 0; i < sizeof(caps) / sizeof(*caps); i++) {
			struct run run = start(seed);
			uint32_t changes;

			run.set.written_ns = 1;
			run.set.cap_mw = caps[i];
			go(&run, PERIODS(60));
			if (!suits(&run.plant, run.said.level, caps[i]))
				fail_msg("seed %u cap %u mW: level %u, which draws %.0f mW",
					 (unsigned int)seed, caps[i], run.said.level,
					 plant_full_mw(&run.plant, run.said.level));
			changes = run.level_changes;
			go(&run, PERIODS(60));
			assert_int_equal(run.level_changes, changes);
		}
	}
}

/* The rail may bear less than the device has. */
static void test_level_highest(void **state)
{
	struct run run = start(1);

	run.highest = 1;
	go(&run, PERIODS(60));
	assert_int_equal(run.said.level, 1);
}

/* A cap that falls makes a higher level useless: it goes down by itself. */
static void test_level_falls(void **state)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct run run = start(seed);

		go(&run, PERIODS(60));
		assert_true(run.said.level >= 2);
		run.set.written_ns = 1;
		run.set.cap_mw = 1000;
		go(&run, PERIODS(60));
		assert_int_equal(run.said.level, 0);
	}
}

/* The kernel has lowered it, and what was saved up keeps tiles busy for a while. */
static void test_level_stays_down(void **state)
{
	struct run run = start(3);

	go(&run, PERIODS(60));
	assert_true(run.said.level >= 2);
	run.set.written_ns = 1;
	run.set.cap_mw = 1000;
	run.plant.level = 0;
	for (uint32_t i = 0; i < PERIODS(10); i++) {
		plant_tell(&run.plant, &run.now);
		run.now.guest.utilisation_permille = 1000;
		run.now.credit_uj = run.now.bucket_uj;
		run.said.level = run.highest;
		layby_govern(&run.govern, &run.knobs, &run.set, &run.now, &run.said);
		assert_int_equal(run.said.level, 0);
		plant_go(&run.plant, &run.said);
	}
}

/* Nothing to do, nothing known of what is done: nothing to be fast for. */
static void test_level_idle(void **state)
{
	struct run run = start(1);

	for (uint32_t i = 0; i < PERIODS(60); i++) {
		plant_tell(&run.plant, &run.now);
		run.now.guest.utilisation_permille =
			i % 2 ? 300 : LAYBY_UTILISATION_UNKNOWN;
		run.said.level = run.highest;
		layby_govern(&run.govern, &run.knobs, &run.set, &run.now, &run.said);
		assert_int_equal(run.said.level, 0);
		plant_go(&run.plant, &run.said);
	}
}

/* Members that the kernel does not fill read 0. */
static void test_level_unknown(void **state)
{
	struct run run = start(1);

	for (uint32_t i = 0; i < PERIODS(60); i++) {
		plant_tell(&run.plant, &run.now);
		if (i % 4 == 0)
			run.now.bucket_uj = 0;
		for (uint32_t level = 0; level < LAYBY_GOVERNOR_LEVELS; level++)
			run.now.level_power_mw[level] = 0;
		run.said.level = run.highest;
		layby_govern(&run.govern, &run.knobs, &run.set, &run.now, &run.said);
		assert_int_equal(run.said.level, 0);
		plant_go(&run.plant, &run.said);
	}
	assert_int_equal(run.said.open, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hot_day),
		cmocka_unit_test(test_cooling_fails),
		cmocka_unit_test(test_bursts),
		cmocka_unit_test(test_too_hot),
		cmocka_unit_test(test_level),
		cmocka_unit_test(test_level_highest),
		cmocka_unit_test(test_level_falls),
		cmocka_unit_test(test_level_stays_down),
		cmocka_unit_test(test_level_idle),
		cmocka_unit_test(test_level_unknown),
	};

	return cmocka_run_group_tests_name("govern on a plant", tests, NULL, NULL);
}
