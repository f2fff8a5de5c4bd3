/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * plant - one device of the virtual accelerator under a governor, without a kernel:
 * power, heat and sensors are tests/vnpu's, on simulated time
 *
 * Stands in for what the kernel does of a verdict: guest work draws what its level
 * draws, at most the cap, in jobs of half a second; a level that rises does so after
 * a second.
 */
#ifndef UNIT_PLANT_H
#define UNIT_PLANT_H

#include <reading.h>
#include <thermal.h>

#include <govern.h>

#define PLANT_PERIOD_NS	50000000ULL
#define PLANT_TILES	4

struct plant {
	struct specimen specimen;
	struct thermal thermal;
	struct readings readings;
	uint64_t now_ns;
	double guest_mw; /* truly, in the last period */
	double busy; /* of it, the part in which jobs ran */
	double job_uj; /* of the job that runs */
	uint64_t used_uj;
	uint32_t period;
	uint32_t level;
	uint64_t level_ns;
	uint64_t reading_ns;
};

void plant_start(struct plant *plant, uint64_t seed);
/* What the governor is told; all else in @sample stays. */
void plant_tell(const struct plant *plant, struct layby_governor_sample *sample);
/* A period goes by under @verdict. */
void plant_go(struct plant *plant, const struct layby_governor_verdict *verdict);
/* What its guest tiles truly draw at @level when all are busy. */
double plant_full_mw(const struct plant *plant, uint32_t level);

#endif
