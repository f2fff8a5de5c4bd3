/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is true at a moment of a night: the car's energy, and what the night's events
 * have made of the rest. The same for the car alone, with guests, and for the one who
 * knows the future.
 */
#ifndef LAYBY_TESTS_WORLD_H
#define LAYBY_TESTS_WORLD_H

#include "night.h"

/* Joules that the battery gives for one that is lent: 12 V converter and wiring. */
#define WORLD_PER_LENT		1.1
/* Beside it, while anything is lent: the computer that is awake for it. */
#define WORLD_AWAKE_W		40

/*
 * @at_s: since the car was parked
 * @energy_j: in the battery
 * @charging: current flows from the charger
 * @full: the limit was reached, and the charge has not fallen far below it since
 */
struct world {
	const struct night *night;
	int next;
	int32_t at_s;
	double energy_j;
	bool charging;
	bool full;
	int64_t charger_w;
	int64_t own_w;
	int64_t demand_mw;
	int64_t clock_s;
	int64_t battery_mv;
	bool bus_awake;
	int64_t paused_until_us;
};

void world_begin(struct world *world, const struct night *night);

/* The next event that is due, or NULL; what it says of the world is then so. */
const struct night_event *world_next(struct world *world);

/* One step: charge, draw, and @lent_j for the guests. */
void world_step(struct world *world, double lent_j);

/* As the car shows it */
int world_percent(const struct world *world);

/* CLOCK_REALTIME, as it is and as the car has it */
int64_t world_true_us(const struct world *world);
int64_t world_clock_us(const struct world *world);

#endif /* LAYBY_TESTS_WORLD_H */
