/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the owner's settings mean now: pause, energy of the day, and the charge that
 * the car must have at departure.
 *
 * Pure: no clock, no I/O, no allocation. The same file goes into the agent, its unit
 * tests and the simulated nights of tests/nights.
 *
 * The governor closes by itself below what is said here, so nobody needs to wake up
 * for it, and an agent that died changes nothing. Therefore nothing is ever lent on
 * the hope that the charger makes up for it: nobody knows when the plug is pulled.
 */
#ifndef LAYBY_OWNER_PLAN_H
#define LAYBY_OWNER_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "settings.h"

/* A clock that was never set is before it: 2020, as the governor's; or after 2099. */
#define OWNER_CLOCK_MIN_US	(1577836800LL * 1000000)
#define OWNER_CLOCK_MAX_US	(4102444800LL * 1000000)

/* Of struct owner_car: not known. */
#define OWNER_PERCENT_UNKNOWN	255

/*
 * What a parked car may itself draw out of its battery until the departure, whoever is
 * lent to: thousandths of it an hour, and percent of it just before, for the cabin. That
 * is kept, too. 7 are the 350 W that cameras on watch take of 50 kWh; a car that sleeps
 * draws a percent a day. 4 are 12 minutes of 4 kW out of 20 kWh. For a car of which
 * nothing better is known.
 */
#define OWNER_OWN_PERMILLE_H	7
#define OWNER_OWN_START_PERCENT	4

/* enum owner_reason - numbers and names never change */
enum owner_reason {
	OWNER_FREE = 0,		/* the owner restricts nothing */
	OWNER_PAUSED = 1,	/* paused by the owner */
	OWNER_ENERGY_DAY = 2,	/* the day's energy was lent */
	OWNER_DEPARTURE = 3,	/* the charge is kept for the departure */
	OWNER_CHARGE = 4,	/* the owner's least charge */
	OWNER_REASONS
};

/*
 * What is known of the car.
 * @charge_percent: OWNER_PERCENT_UNKNOWN or 0 to 100
 * @charging: 0 unknown, 1 no, 2 yes, as the kernel's sample has them
 * @lent_today_uj: by the guests on this local day
 * @own_permille_h: most that it draws by itself, as its maker says, thousandths of the
 *	battery an hour; 0: OWNER_OWN_PERMILLE_H
 * @own_start_percent: likewise just before the departure, percent of the battery; 0:
 *	OWNER_OWN_START_PERCENT
 */
struct owner_car {
	uint8_t charge_percent;
	uint8_t charging;
	uint64_t lent_today_uj;
	uint16_t own_permille_h;
	uint8_t own_start_percent;
};

/*
 * What the governor is to be told now.
 * @paused: nothing is lent
 * @battery_min_percent: nothing is lent below it, 0 to 100
 * @reason: why it is paused, or why @battery_min_percent is what it is
 * @again_us: CLOCK_REALTIME, when this is to be asked again at the latest; INT64_MAX:
 *            only when settings, car or clock change
 */
struct owner_plan {
	bool paused;
	uint8_t battery_min_percent;
	enum owner_reason reason;
	int64_t again_us;
};

/*
 * owner_plan() - what the settings mean now
 * @set: right ones
 * @now_us: CLOCK_REALTIME, any value
 *
 * To be asked anew when the wall clock is set.
 */
void owner_plan(const struct owner_settings *set, const struct owner_car *car, int64_t now_us,
		struct owner_plan *plan);

/* NULL for a number that there is not. */
const char *owner_reason_name(uint32_t reason);

#endif /* LAYBY_OWNER_PLAN_H */
