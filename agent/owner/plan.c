// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The departure planner. See plan.h.
 *
 * Nothing is lent below what the departure needs, and what the car may draw by itself
 * until then. Must never depend on how fast a charger is, or on when it will be there.
 */
#include <stddef.h>

#include "plan.h"

#define US_PER_MIN	60000000LL
#define US_PER_HOUR	(60 * US_PER_MIN)
#define US_PER_DAY	(24 * US_PER_HOUR)

/*
 * The charge comes in whole percent: the governor closes when it shows less than the
 * minimum, and that is when something of the minimum was already lent.
 */
#define SHOWN_PERCENT	1

static const char *const reason_names[OWNER_REASONS] = {
	[OWNER_FREE] = "free",
	[OWNER_PAUSED] = "paused",
	[OWNER_ENERGY_DAY] = "energy-day",
	[OWNER_DEPARTURE] = "departure",
	[OWNER_CHARGE] = "charge",
};

const char *owner_reason_name(uint32_t reason)
{
	return reason < OWNER_REASONS ? reason_names[reason] : NULL;
}

static bool clock_set(int64_t now_us)
{
	return now_us >= OWNER_CLOCK_MIN_US && now_us < OWNER_CLOCK_MAX_US;
}

/* Time until the local clock next shows @minute; a whole day if it does now. */
static int64_t until_us(const struct owner_settings *set, uint16_t minute, int64_t now_us)
{
	int64_t day_us = (now_us + set->utc_offset_min * US_PER_MIN) % US_PER_DAY;
	int64_t left_us = minute * US_PER_MIN - day_us;

	return left_us > 0 ? left_us : left_us + US_PER_DAY;
}

static void again(struct owner_plan *plan, int64_t at_us)
{
	if (at_us < plan->again_us)
		plan->again_us = at_us;
}

static void pause_for(struct owner_plan *plan, enum owner_reason reason, int64_t until)
{
	plan->paused = true;
	plan->reason = reason;
	again(plan, until);
}

static void raise_to(struct owner_plan *plan, enum owner_reason reason, int64_t percent)
{
	if (percent > 100)
		percent = 100;
	if (percent <= plan->battery_min_percent)
		return;
	plan->battery_min_percent = percent;
	plan->reason = reason;
}

/* A charge that no car can show: nothing is lent, whatever it shows. */
static void keep(struct owner_plan *plan, int64_t percent)
{
	raise_to(plan, OWNER_DEPARTURE, percent);
	if (percent > 100)
		pause_for(plan, OWNER_DEPARTURE, INT64_MAX);
}

static int64_t start_percent(const struct owner_car *car)
{
	return car->own_start_percent ? car->own_start_percent : OWNER_OWN_START_PERCENT;
}

/* How long the car may take for a percent of its battery */
static int64_t percent_us(const struct owner_car *car)
{
	int64_t permille_h = car->own_permille_h ? car->own_permille_h : OWNER_OWN_PERMILLE_H;

	return 10 * US_PER_HOUR / permille_h;
}

/* Without a clock the departure is as far away as it can be. */
static void depart(const struct owner_settings *set, const struct owner_car *car, int64_t now_us,
		   struct owner_plan *plan)
{
	bool known = clock_set(now_us);
	int64_t left_us = known ? until_us(set, set->departure_min, now_us) : US_PER_DAY;
	int64_t own_percent = (left_us + percent_us(car) - 1) / percent_us(car);

	keep(plan, set->departure_percent + SHOWN_PERCENT + start_percent(car) + own_percent);
	if (known)
		again(plan, now_us + left_us - (own_percent - 1) * percent_us(car));
}

void owner_plan(const struct owner_settings *set, const struct owner_car *car, int64_t now_us,
		struct owner_plan *plan)
{
	*plan = (struct owner_plan){ .again_us = INT64_MAX };
	raise_to(plan, OWNER_CHARGE, set->charge_min_percent);
	if (set->departure_percent)
		depart(set, car, now_us, plan);
	if (set->energy_day_uj && car->lent_today_uj >= set->energy_day_uj)
		pause_for(plan, OWNER_ENERGY_DAY,
			  clock_set(now_us) ? now_us + until_us(set, 0, now_us) : INT64_MAX);
	if (set->paused_until_us && now_us < set->paused_until_us)
		pause_for(plan, OWNER_PAUSED, set->paused_until_us);
}
