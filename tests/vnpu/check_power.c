// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The models of power and sensors by themselves: no device, no clock. Each is held
 * against a formula that it does not use itself.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "check_model.h"
#include "power.h"
#include "reading.h"

#define SECOND UINT64_C(1000000)
#define SEEDS 10000u

/* --- The specimen ------------------------------------------------------------- */

/* From the authors' splitmix64.c, of 1234567. */
static void test_generator(void **state)
{
	static const uint64_t right[] = {
		UINT64_C(6457827717110365317), UINT64_C(3203168211198807973),
		UINT64_C(9817491932198370423), UINT64_C(4593380528125082431),
		UINT64_C(16408922859458223821),
	};
	uint64_t random = 1234567;

	for (size_t i = 0; i < 5; i++)
		assert_true(specimen_random(&random) == right[i]);
}

/* Without what the compiler leaves between the last member and the end. */
#define SPECIMEN_BYTES (offsetof(struct specimen, meter_ppm) + sizeof(uint32_t))

/* A seed stands for the same device on every machine and for ever. */
static void test_seed_one(void **state)
{
	const struct specimen right = {
		.seed = 1,
		.tile_ppm = { 1012688, 1031764, 1059501, 1054291 },
		.idle_ppm = 979935,
		.leak_ppm = 776249,
		.die_r_ppm = 829504,
		.cooler_r_ppm = 766413,
		.die_c_ppm = 855283,
		.cooler_c_ppm = 782228,
		.meter_ppm = 998117,
	};
	struct specimen one = specimen_of(1);

	assert_memory_equal(&one, &right, SPECIMEN_BYTES);
}

static void test_seed_zero(void **state)
{
	struct specimen none = specimen_of(0);

	for (uint32_t i = 0; i < SPECIMEN_LEVELS; i++)
		assert_int_equal(none.tile_ppm[i], SPECIMEN_WHOLE_PPM);
	assert_int_equal(none.idle_ppm, SPECIMEN_WHOLE_PPM);
	assert_int_equal(none.die_r_ppm, SPECIMEN_WHOLE_PPM);
	assert_int_equal(none.cooler_r_ppm, SPECIMEN_WHOLE_PPM);
	assert_int_equal(none.meter_ppm, SPECIMEN_WHOLE_PPM);
	assert_int_equal(none.leak_ppm, 0);
	assert_int_equal(none.die_c_ppm, 0);
}

/* The least and the most that one number was over many seeds. */
struct span {
	uint32_t least;
	uint32_t most;
};

static void widen(struct span *span, uint32_t ppm)
{
	if (!span->least || ppm < span->least)
		span->least = ppm;
	if (ppm > span->most)
		span->most = ppm;
}

/* Inside what is declared, and not far inside. */
static void assert_span(const struct span *span, uint32_t most)
{
	assert_in_range(span->least, SPECIMEN_WHOLE_PPM - most,
			SPECIMEN_WHOLE_PPM - most * 9 / 10);
	assert_in_range(span->most, SPECIMEN_WHOLE_PPM + most * 9 / 10,
			SPECIMEN_WHOLE_PPM + most);
}

static void test_deviations(void **state)
{
	struct span tile = {}, idle = {}, thermal[5] = {}, meter = {};

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct specimen it = specimen_of(seed);

		for (uint32_t i = 0; i < SPECIMEN_LEVELS; i++) {
			widen(&tile, it.tile_ppm[i]);
			assert_in_range(it.tile_ppm[i] + 2 * sheet.level_most_ppm,
					it.tile_ppm[0],
					it.tile_ppm[0] + 4 * sheet.level_most_ppm);
		}
		widen(&idle, it.idle_ppm);
		widen(&thermal[0], it.leak_ppm);
		widen(&thermal[1], it.die_r_ppm);
		widen(&thermal[2], it.cooler_r_ppm);
		widen(&thermal[3], it.die_c_ppm);
		widen(&thermal[4], it.cooler_c_ppm);
		widen(&meter, it.meter_ppm);
	}
	assert_span(&tile, sheet.power_most_ppm);
	assert_span(&idle, sheet.power_most_ppm);
	for (size_t i = 0; i < 5; i++)
		assert_span(&thermal[i], sheet.thermal_most_ppm);
	assert_span(&meter, sheet.meter_most_permille * 1000);
}

static void test_seeds_differ(void **state)
{
	for (uint64_t seed = 1; seed < 100; seed++) {
		struct specimen one = specimen_of(seed), again = specimen_of(seed);
		struct specimen next = specimen_of(seed + 1);

		assert_memory_equal(&one, &again, SPECIMEN_BYTES);
		assert_true(one.tile_ppm[0] != next.tile_ppm[0]);
		assert_true(one.cooler_r_ppm != next.cooler_r_ppm);
	}
}

/* --- Power and energy ------------------------------------------------------------ */

static struct power power_of(const struct specimen *specimen)
{
	struct power power;

	power_on(&power, specimen, NULL);
	return power;
}

static struct power_loads one_load(uint64_t since, uint64_t until, uint32_t level)
{
	return (struct power_loads){
		.slot[1] = { .since = since, .until = until, .tiles = 2,
			     .level = level },
		.idle_level = SPECIMEN_HIGHEST,
	};
}

/* The data sheet, to the nanojoule. */
static void test_sheet_energy(void **state)
{
	const struct specimen specimen = specimen_of(0);

	for (uint32_t level = 0; level < SPECIMEN_LEVELS; level++) {
		struct power_loads loads = one_load(1000, 4000, level);
		struct power power = power_of(&specimen);

		loads.idle_level = level;
		power_advance(&power, &loads, SECOND);
		assert_true(power.slot_nj[1] ==
			    2.0 * sheet.level[level].tile_mw * 3000);
		assert_true(power.idle_nj == 1.0 * sheet.level[level].idle_mw * SECOND);
		assert_true(power_total_nj(&power) ==
			    power.slot_nj[1] + power.idle_nj);
	}
}

/* At no time does it matter how often it is worked out. */
static void test_whenever(void **state)
{
	for (uint64_t seed = 0; seed < 10; seed++) {
		struct power_loads loads = one_load(300, 700000, 2);
		struct specimen specimen = specimen_of(seed);
		struct power once = power_of(&specimen), often = once;

		loads.slot[3] = (struct power_load){ 250000, 900000, 5, 3, true };
		power_advance(&once, &loads, SECOND);
		for (uint64_t tick = 0; tick < SECOND; tick += 777)
			power_advance(&often, &loads, tick);
		power_advance(&often, &loads, SECOND);
		for (uint32_t i = 0; i < LAYBY_VNPU_MAX_SLOTS; i++)
			assert_near(often.slot_nj[i], once.slot_nj[i], 1);
		assert_near(often.idle_nj, once.idle_nj, 1);
		assert_near(often.thermal.die, once.thermal.die, 1e-9);
		assert_int_equal(once.lowered_ticks[3], 650000);
		assert_int_equal(often.lowered_ticks[3], 650000);
		assert_int_equal(once.lowered_ticks[1], 0);
	}
}

/* What is not to begin, or has ended, uses nothing. */
static void test_outside(void **state)
{
	const struct specimen specimen = specimen_of(3);
	struct power_loads loads = one_load(SECOND, 2 * SECOND, 3);
	struct power power = power_of(&specimen);
	double busy;

	power_advance(&power, &loads, SECOND / 2);
	assert_true(power.slot_nj[1] == 0);
	assert_true(power_mw(&power, &loads, true) >
		    power_mw(&power, &loads, false) + 2000);
	power_advance(&power, &loads, 2 * SECOND);
	busy = power.slot_nj[1];
	power_advance(&power, &loads, 3 * SECOND);
	assert_true(power.slot_nj[1] == busy);
	assert_true(power_mw(&power, &loads, true) ==
		    power_mw(&power, &loads, false));
}

/* Leakage at 25 and at 95 degrees, by the manual's formula. */
static void test_leakage(void **state)
{
	const struct specimen specimen = typical();
	struct power_loads loads = one_load(1, 10 * SECOND, 3);
	struct power power = power_of(&specimen);

	power.tick = 1;
	assert_near(power_mw(&power, &loads, false),
		    2000 + 100 + 2 * (1500 + 40), 1e-9);
	power.thermal.die = 95;
	assert_near(power_mw(&power, &loads, false),
		    2000 + 2 * 1500 + (100 + 2 * 40) * (1 + 0.014 * 70), 1e-9);
}

/* Energy is the integral of power (trapezoidal rule): 10 s of cooling down. */
static void test_energy_is_power(void **state)
{
	const struct specimen specimen = specimen_of(5);
	struct power_loads loads = one_load(1, UINT64_MAX, 3);
	struct power power = power_of(&specimen);
	double nj = 0, mw, before;

	power.tick = 1;
	power.thermal.die = 90;
	before = power_mw(&power, &loads, false);
	for (int i = 1; i <= 10000; i++) {
		power_advance(&power, &loads, 1 + 1000 * i);
		mw = power_mw(&power, &loads, false);
		nj += (before + mw) / 2 * 1000;
		before = mw;
	}
	assert_near(nj / power_total_nj(&power), 1, 1e-8);
	assert_true(power.thermal.die < 60);
}

/* No specimen is further from its sheet than the sheet says. */
static void test_worst_power(void **state)
{
	double most = 0;

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		const struct specimen specimen = specimen_of(seed);
		struct power_loads loads = one_load(1, SECOND, 3);
		struct power power = power_of(&specimen);

		loads.slot[1].tiles = 8;
		power.tick = 1;
		power.thermal.die = 95;
		if (power_mw(&power, &loads, false) > most)
			most = power_mw(&power, &loads, false);
	}
	/* What tests/policy/vnpu.conf says of driving at full load. */
	assert_true(most > 17000);
	assert_true(most < 18000);
}

/* --- History --------------------------------------------------------------------- */

static struct history history;

static struct power_loads busy_second(void)
{
	return (struct power_loads){
		.slot = {
			{ .since = 1000, .until = 3000, .tiles = 4, .level = 3 },
			{ .since = 2000, .until = 500000, .tiles = 2, .level = 1 },
			{ .since = 450000, .until = 999999, .tiles = 2, .level = 3 },
		},
		.idle_level = SPECIMEN_HIGHEST,
	};
}

/* Slot @slot's energy on the straight line between two points. */
static double between(uint64_t tick, uint32_t slot)
{
	const struct history_point *low, *high;
	uint64_t i = history.count - 1;

	while (i > 0 && history_at(&history, i)->tick > tick)
		i--;
	low = history_at(&history, i);
	if (i + 1 == history.count)
		return low->slot_nj[slot];
	high = history_at(&history, i + 1);
	return low->slot_nj[slot] + (high->slot_nj[slot] - low->slot_nj[slot]) *
	       (tick - low->tick) / (high->tick - low->tick);
}

/* What was used up to any tick is on the lines, but for what leakage bends them. */
static void test_history(void **state)
{
	const struct power_loads loads = busy_second();
	const struct specimen specimen = specimen_of(5);
	struct power noted, power = power_of(&specimen);

	power_on(&noted, &specimen, &history);
	/* Tick 0 and the six at which something begins or ends, else each 100 ms. */
	for (uint64_t tick = 50000; tick <= SECOND; tick += 50000)
		power_advance(&noted, &loads, tick);
	assert_int_equal(history.count, 7 + 3 + 4);
	for (uint64_t tick = 0; tick <= SECOND; tick += 3331) {
		power_advance(&power, &loads, tick);
		for (uint32_t slot = 0; slot < 3; slot++)
			assert_near(between(tick, slot), power.slot_nj[slot],
				    1 + 1e-4 * power.slot_nj[slot]);
	}
}

/* It keeps the newest. */
static void test_history_wraps(void **state)
{
	history_forget(&history);
	for (uint64_t i = 0; i < HISTORY_KEPT + 10; i++) {
		const struct history_point point = { .tick = i };

		history_note(&history, &point, true);
		history_note(&history, &point, false);
	}
	assert_int_equal(history.count, HISTORY_KEPT + 10);
	assert_int_equal(history_first(&history), 10);
	assert_int_equal(history_at(&history, 10)->tick, 10);
	assert_int_equal(history_at(&history, HISTORY_KEPT + 9)->tick,
			 HISTORY_KEPT + 9);
}

/* --- Sensors ---------------------------------------------------------------------- */

static struct reading true_reading(uint64_t i)
{
	return (struct reading){
		.tick = 100000 * i + i % 7,
		.power_mw = i * 37 % 20000,
		.temperature_mc = (int32_t)(i * 333 % 160000) - 40000,
		.energy_uj = i * 123457,
	};
}

/* Ticks are the number of the period here: they find the truth again. */
static void test_reading_error(void **state)
{
	struct readings readings;
	uint64_t last_uj = 0;
	uint32_t moved = 0;

	readings_power_on(&readings, 9);
	for (uint64_t i = 1; i < 2000; i++) {
		struct reading truth = true_reading(i), is;

		readings_take(&readings, &truth);
		is = readings_at(&readings, truth.tick);
		if (i > 3)
			assert_in_range(truth.tick - is.tick, READING_LATE_TICKS,
					READING_LATE_TICKS + 100010);
		truth = true_reading(is.tick / 100000);
		assert_int_equal(truth.tick, is.tick);
		assert_int_equal(is.temperature_mc % READING_STEP_MC, 0);
		assert_int_equal(is.power_mw % READING_STEP_MW, 0);
		assert_int_equal(is.energy_uj % READING_STEP_UJ, 0);
		assert_near(is.temperature_mc, truth.temperature_mc,
			    READING_NOISE_MC + READING_STEP_MC / 2);
		assert_near(is.power_mw, truth.power_mw,
			    READING_NOISE_MW + READING_STEP_MW / 2);
		assert_in_range(truth.energy_uj - is.energy_uj, 0, READING_STEP_UJ - 1);
		assert_true(is.energy_uj >= last_uj);
		last_uj = is.energy_uj;
		moved += fabs((double)is.power_mw - truth.power_mw) > READING_STEP_MW;
	}
	/* There is noise: a third of what is drawn goes beyond a step. */
	assert_in_range(moved, 300, 1500);
}

static void test_reading_seed(void **state)
{
	struct readings one, again, other;
	uint32_t different = 0;

	readings_power_on(&one, 4);
	readings_power_on(&again, 4);
	readings_power_on(&other, 5);
	for (uint64_t i = 1; i < 200; i++) {
		struct reading truth = true_reading(i), a, b, c;

		readings_take(&one, &truth);
		readings_take(&again, &truth);
		readings_take(&other, &truth);
		a = readings_at(&one, truth.tick);
		b = readings_at(&again, truth.tick);
		c = readings_at(&other, truth.tick);
		assert_memory_equal(&a, &b, sizeof(a));
		different += a.power_mw != c.power_mw;
	}
	assert_true(different > 50);
}

/* Truth 0: what is, at once. */
static void test_reading_true(void **state)
{
	struct readings readings;

	readings_power_on(&readings, 0);
	for (uint64_t i = 1; i < 100; i++) {
		struct reading truth = true_reading(i), is;

		readings_take(&readings, &truth);
		is = readings_at(&readings, truth.tick);
		assert_memory_equal(&is, &truth, sizeof(is));
	}
}

/* The first ones after a pause are young, never from before it. */
static void test_reading_pause(void **state)
{
	struct reading truth = true_reading(1000);
	struct readings readings;

	readings_power_on(&readings, 9);
	for (uint64_t i = 1; i < 10; i++) {
		struct reading old = true_reading(i);

		readings_take(&readings, &old);
	}
	readings_forget(&readings);
	readings_take(&readings, &truth);
	assert_int_equal(readings_at(&readings, truth.tick).tick, truth.tick);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_generator),
		cmocka_unit_test(test_seed_one),
		cmocka_unit_test(test_seed_zero),
		cmocka_unit_test(test_deviations),
		cmocka_unit_test(test_seeds_differ),
		cmocka_unit_test(test_sheet_energy),
		cmocka_unit_test(test_whenever),
		cmocka_unit_test(test_outside),
		cmocka_unit_test(test_leakage),
		cmocka_unit_test(test_energy_is_power),
		cmocka_unit_test(test_worst_power),
		cmocka_unit_test(test_history),
		cmocka_unit_test(test_history_wraps),
		cmocka_unit_test(test_reading_error),
		cmocka_unit_test(test_reading_seed),
		cmocka_unit_test(test_reading_true),
		cmocka_unit_test(test_reading_pause),
	};

	return cmocka_run_group_tests_name("vnpu power", tests, NULL, NULL);
}
