// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * reading - what the sensors make of the truth: late, noisy, coarse
 *
 * Must never be further from the truth of its own tick than half a step and
 * the noise; the energy counter has no noise and never runs backwards.
 */
#include "reading.h"
#include "specimen.h"

void readings_power_on(struct readings *readings, uint64_t seed)
{
	*readings = (struct readings){
		.seed = seed,
		/* Another sequence than the one that the device is drawn from. */
		.noise = ~seed,
	};
}

void readings_forget(struct readings *readings)
{
	readings->count = 0;
}

/* The nearest whole number of steps, below zero too. */
static int64_t coarse(int64_t value, int32_t by)
{
	int64_t up = value + by / 2;
	int64_t rest = up % by;

	return up - (rest < 0 ? rest + by : rest);
}

static void spoil(struct readings *readings, struct reading *reading)
{
	int64_t power = (int64_t)reading->power_mw +
			specimen_draw(&readings->noise, READING_NOISE_MW);

	power = coarse(power, READING_STEP_MW);
	reading->power_mw = power > 0 ? power : 0;
	reading->temperature_mc += specimen_draw(&readings->noise,
						 READING_NOISE_MC);
	reading->temperature_mc = coarse(reading->temperature_mc, READING_STEP_MC);
	reading->energy_uj -= reading->energy_uj % READING_STEP_UJ;
}

void readings_take(struct readings *readings, const struct reading *reading)
{
	struct reading *to = &readings->kept[readings->count++ % READINGS_KEPT];

	*to = *reading;
	if (readings->seed)
		spoil(readings, to);
}

struct reading readings_at(const struct readings *readings, uint64_t now)
{
	uint64_t late = readings->seed ? READING_LATE_TICKS : 0;
	uint64_t first = readings->count < READINGS_KEPT ?
			 0 : readings->count - READINGS_KEPT;
	uint64_t i = readings->count - 1;

	while (i > first && readings->kept[i % READINGS_KEPT].tick + late > now)
		i--;
	return readings->kept[i % READINGS_KEPT];
}
