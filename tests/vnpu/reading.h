/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reading - what the sensors make of the truth: late, noisy, coarse
 */
#ifndef VNPU_READING_H
#define VNPU_READING_H

#include <stdint.h>

/* Kept so that there is one late enough. */
#define READINGS_KEPT 4u

#define READING_LATE_TICKS	200000u
#define READING_NOISE_MC	1000u
#define READING_STEP_MC		1000
#define READING_NOISE_MW	150u
#define READING_STEP_MW		100
#define READING_STEP_UJ		1000u

struct reading {
	uint64_t tick; /* when it was taken */
	uint32_t power_mw;
	int32_t temperature_mc;
	uint64_t energy_uj;
};

struct readings {
	uint64_t seed; /* 0: the truth, at once */
	uint64_t noise;
	uint64_t count;
	struct reading kept[READINGS_KEPT];
};

void readings_power_on(struct readings *readings, uint64_t seed);
/* What was taken is old: the next one is the first. */
void readings_forget(struct readings *readings);
/* One more, as it truly is. */
void readings_take(struct readings *readings, const struct reading *reading);
/* What is read at @now; at least one was taken. */
struct reading readings_at(const struct readings *readings, uint64_t now);

#endif
