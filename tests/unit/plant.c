// SPDX-License-Identifier: LGPL-2.1-or-later
#include <math.h>

#include "plant.h"

#define SAMPLES_A_READING	2
#define SAMPLES_A_JOB		10
#define RISE_NS			1000000000ULL
#define SECONDS			(PLANT_PERIOD_NS / 1e9)

static double ppm(uint32_t number)
{
	return number / (double)SPECIMEN_WHOLE_PPM;
}

static double leaks(const struct plant *plant, double mw)
{
	double above = plant->thermal.die - sheet.reference_mc / 1e3;

	return mw * ppm(plant->specimen.leak_ppm) * (1 + ppm(sheet.leak_ppm_per_k) * above);
}

double plant_full_mw(const struct plant *plant, uint32_t level)
{
	const struct sheet_level *is = &sheet.level[level];

	return PLANT_TILES * (is->tile_mw * ppm(plant->specimen.tile_ppm[level]) +
			      leaks(plant, is->leak_mw));
}

static double idle_mw(const struct plant *plant)
{
	return sheet.level[plant->level].idle_mw * ppm(plant->specimen.idle_ppm) +
	       leaks(plant, sheet.idle_leak_mw);
}

static void measure(struct plant *plant)
{
	struct reading reading = {
		.tick = plant->now_ns / 1000,
		.temperature_mc = (int32_t)lround(plant->thermal.die * 1e3),
	};

	readings_take(&plant->readings, &reading);
	plant->reading_ns = plant->now_ns;
}

void plant_start(struct plant *plant, uint64_t seed)
{
	*plant = (struct plant){
		.specimen = specimen_of(seed),
		.now_ns = 1000000000000ULL,
	};
	thermal_power_on(&plant->thermal, &plant->specimen);
	readings_power_on(&plant->readings, seed);
	measure(plant);
}

void plant_tell(const struct plant *plant, struct layby_governor_sample *sample)
{
	struct reading reading = readings_at(&plant->readings, plant->now_ns / 1000);

	sample->now_ns = plant->now_ns;
	sample->sensor_age_ns = plant->now_ns - plant->reading_ns;
	sample->temperature_mc = reading.temperature_mc;
	sample->guest_level = plant->level;
	sample->level_age_ns = plant->now_ns - plant->level_ns;
	sample->guest_used_uj = plant->used_uj;
	sample->guest.utilisation_permille = (uint32_t)(1000 * plant->busy);
	sample->bucket_uj = 1000000;
	sample->credit_uj = plant->busy < 1 ? 0 : sample->bucket_uj;
	for (uint32_t i = 0; i < SPECIMEN_LEVELS; i++)
		sample->level_power_mw[i] = PLANT_TILES * sheet_tile_worst_mw(i);
	sample->levels = SPECIMEN_LEVELS;
}

static void follow_level(struct plant *plant, uint32_t level)
{
	if (level == plant->level ||
	    (level > plant->level && plant->now_ns - plant->level_ns < RISE_NS))
		return;
	plant->level = level;
	plant->level_ns = plant->now_ns;
}

static void work(struct plant *plant, const struct layby_governor_verdict *verdict)
{
	double full_mw = plant_full_mw(plant, plant->level);

	plant->guest_mw = verdict->open ? fmin(full_mw, verdict->cap_mw) : 0;
	plant->busy = plant->guest_mw / full_mw;
	plant->job_uj += plant->guest_mw * 1e3 * SECONDS;
	if (plant->period % SAMPLES_A_JOB)
		return;
	plant->used_uj += (uint64_t)plant->job_uj;
	plant->job_uj = 0;
}

void plant_go(struct plant *plant, const struct layby_governor_verdict *verdict)
{
	struct thermal_heat heat;

	plant->period++;
	follow_level(plant, verdict->open ? verdict->level : 0);
	work(plant, verdict);
	heat = (struct thermal_heat){ .watt = (plant->guest_mw + idle_mw(plant)) / 1e3 };
	thermal_advance(&plant->thermal, heat, SECONDS);
	plant->now_ns += PLANT_PERIOD_NS;
	if (plant->period % SAMPLES_A_READING == 0)
		measure(plant);
}
