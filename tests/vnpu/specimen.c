// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * specimen - the data sheet, and how far this one device is from it
 *
 * Owns the constants of power and heat. Whole numbers only, so that a seed is
 * the same device everywhere. Must never draw in another order: recorded runs
 * name a seed.
 */
#include <math.h>

#include "specimen.h"

/*
 * Power goes with speed times the square of the voltage, leakage with the
 * voltage.
 */
const struct sheet sheet = {
	.level = {
		{ .speed_permille = 400, .tile_mw = 350, .idle_mw = 1100, .leak_mw = 22 },
		{ .speed_permille = 600, .tile_mw = 620, .idle_mw = 1300, .leak_mw = 27 },
		{ .speed_permille = 800, .tile_mw = 1000, .idle_mw = 1600, .leak_mw = 33 },
		{ .speed_permille = 1000, .tile_mw = 1500, .idle_mw = 2000, .leak_mw = 40 },
	},
	.idle_leak_mw = 100,
	.leak_ppm_per_k = 14000,
	.reference_mc = 25000,
	.ambient_mc = 25000,
	.die_mk_per_w = 500,
	.cooler_mk_per_w = 1500,
	.die_mj_per_k = 2000,
	.cooler_mj_per_k = 8000,
	.throttle_mc = 105000,
	.release_mc = 95000,
	.power_most_ppm = 200000,
	.level_most_ppm = 40000,
	.thermal_most_ppm = 300000,
	.meter_most_permille = 5,
};

/* Hotter than this nothing gets: the device throttles long before. */
#define HOTTEST_MC 125000

uint32_t sheet_tile_worst_mw(uint32_t level)
{
	const struct sheet_level *is = &sheet.level[level];
	double leak = 1 + sheet.leak_ppm_per_k / 1e6 *
			  (HOTTEST_MC - sheet.reference_mc) / 1e3;

	return (uint32_t)ceil(is->tile_mw * (1 + sheet.power_most_ppm / 1e6) +
			      is->leak_mw * (1 + sheet.thermal_most_ppm / 1e6) * leak);
}

uint32_t sheet_tile_least_mw(uint32_t level)
{
	return sheet.level[level].tile_mw *
	       (uint64_t)(SPECIMEN_WHOLE_PPM - sheet.power_most_ppm) / SPECIMEN_WHOLE_PPM;
}

uint32_t sheet_die_worst_mk_per_w(void)
{
	return sheet.die_mk_per_w *
	       (uint64_t)(SPECIMEN_WHOLE_PPM + sheet.thermal_most_ppm) / SPECIMEN_WHOLE_PPM;
}

uint64_t specimen_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

int32_t specimen_draw(uint64_t *state, uint32_t most)
{
	return (int32_t)(specimen_random(state) % (2 * (uint64_t)most + 1)) -
	       (int32_t)most;
}

static uint32_t near_whole(uint64_t *state, uint32_t most)
{
	return SPECIMEN_WHOLE_PPM + specimen_draw(state, most);
}

static struct specimen as_the_sheet_says(void)
{
	struct specimen specimen = {
		.idle_ppm = SPECIMEN_WHOLE_PPM,
		.die_r_ppm = SPECIMEN_WHOLE_PPM,
		.cooler_r_ppm = SPECIMEN_WHOLE_PPM,
		.meter_ppm = SPECIMEN_WHOLE_PPM,
	};

	for (uint32_t i = 0; i < SPECIMEN_LEVELS; i++)
		specimen.tile_ppm[i] = SPECIMEN_WHOLE_PPM;
	return specimen;
}

struct specimen specimen_of(uint64_t seed)
{
	struct specimen specimen = { .seed = seed };
	uint64_t state = seed;
	uint32_t device;

	if (!seed)
		return as_the_sheet_says();
	device = near_whole(&state, sheet.power_most_ppm - sheet.level_most_ppm);
	for (uint32_t i = 0; i < SPECIMEN_LEVELS; i++)
		specimen.tile_ppm[i] = device + specimen_draw(&state, sheet.level_most_ppm);
	specimen.idle_ppm = device + specimen_draw(&state, sheet.level_most_ppm);
	specimen.leak_ppm = near_whole(&state, sheet.thermal_most_ppm);
	specimen.die_r_ppm = near_whole(&state, sheet.thermal_most_ppm);
	specimen.cooler_r_ppm = near_whole(&state, sheet.thermal_most_ppm);
	specimen.die_c_ppm = near_whole(&state, sheet.thermal_most_ppm);
	specimen.cooler_c_ppm = near_whole(&state, sheet.thermal_most_ppm);
	specimen.meter_ppm = near_whole(&state, sheet.meter_most_permille * 1000);
	return specimen;
}

uint64_t specimen_metered_uj(const struct specimen *specimen, uint64_t nj)
{
	return llround((double)nj / 1e3 * SPECIMEN_WHOLE_PPM / specimen->meter_ppm);
}
