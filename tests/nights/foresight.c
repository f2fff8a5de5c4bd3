// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The most that could be lent in a night. See foresight.h.
 */
#include <math.h>
#include <stdlib.h>

#include "foresight.h"
#include "judge.h"

#define STEPS_MAX	(24 * 3600 / NIGHT_STEP_S)
#define DAY_S		86400LL

/* The governor's own knobs: LAYBY_GOVERN_KNOBS */
#define CHARGE_MIN_PERCENT	20
#define BATTERY_MIN_MV		11800

/*
 * A step: what the night gives in it.
 * @need_j: at its end the battery must hold so much, or the promise is lost
 * @net_j: what charger and car make of the charge
 * @most_j: lent, but for charge and energy
 * @new_day: of the owner's energy a day
 */
struct step {
	double need_j;
	double net_j;
	double most_j;
	bool new_day;
};

struct future {
	int steps;
	double cost;
	struct step step[STEPS_MAX];
};

static int64_t settings_day(const struct world *world)
{
	return (world_clock_us(world) / 1000000 + world->night->settings.utc_offset_min * 60) / DAY_S;
}

static bool quiet(const struct world *world)
{
	const struct owner_settings *set = &world->night->settings;
	int from = set->quiet_from_min, until = set->quiet_until_min;
	int minute = (world_clock_us(world) / 1000000 / 60 + set->utc_offset_min) % 1440;

	if (!until)
		return false;
	return from < until ? minute >= from && minute < until : minute >= from || minute < until;
}

static double most_mw(const struct world *world)
{
	const struct owner_settings *set = &world->night->settings;
	double mw = fmin(world->demand_mw, world->night->ceiling_mw);

	if (!world->bus_awake || world->battery_mv < BATTERY_MIN_MV)
		return 0;
	if (set->cap_mw)
		mw = fmin(mw, set->cap_mw);
	if (quiet(world))
		mw = world->night->batch ? 0 : fmin(mw, set->quiet_cap_mw);
	return mw;
}

/* What does not depend on the charge */
static void look_ahead(struct future *future, const struct night *night)
{
	double most_w = 1;
	struct world world;
	int64_t day;

	world_begin(&world, night);
	day = settings_day(&world);
	for (; world.at_s < night->leave_s; future->steps++) {
		struct step *step = &future->step[future->steps];

		while (world_next(&world))
			;
		step->net_j = (double)(world.charger_w - world.own_w) * NIGHT_STEP_S;
		step->most_j = most_mw(&world) * NIGHT_STEP_S / 1e3;
		step->new_day = settings_day(&world) > day;
		if (step->new_day)
			day = settings_day(&world);
		most_w = fmax(most_w, step->most_j / NIGHT_STEP_S);
		world_step(&world, 0);
	}
	future->cost = WORLD_PER_LENT + WORLD_AWAKE_W / most_w;
}

/* Backwards from the promise */
static void need(struct future *future, const struct night *night, double alone_j)
{
	double shown = night->settings.departure_percent - (night->rounds ? 0.5 : 0);
	double need_j = fmin(shown * night->capacity_j / 100, alone_j);
	int i;

	if (!night->settings.departure_percent)
		return;
	for (i = night->depart_s / NIGHT_STEP_S - 1; i >= 0; i--) {
		future->step[i].need_j = need_j;
		need_j = fmax(need_j - future->step[i].net_j, 0);
	}
}

/* The charge below which nothing may be lent */
static double least_j(const struct night *night)
{
	double percent = fmax(night->consent.charge_min_percent, CHARGE_MIN_PERCENT);

	percent = fmax(percent, night->settings.charge_min_percent);
	return (percent - (night->rounds ? 0.5 : 0)) * night->capacity_j / 100;
}

/* Charged up to the limit, as world_step() does it. */
static double after_step(const struct night *night, double energy_j, double net_j, double drawn_j)
{
	double limit_j = night->capacity_j * night->limit_percent / 100;
	double after_j = energy_j + net_j - drawn_j;

	return after_j > limit_j ? fmax(limit_j, fmin(energy_j, after_j)) : fmax(after_j, 0);
}

static double spare_j(const struct future *future, const struct night *night, int i,
		      double energy_j)
{
	const struct step *step = &future->step[i];

	return fmax(fmin(energy_j + step->net_j - step->need_j,
			 energy_j - least_j(night) + fmax(step->net_j, 0)), 0) / future->cost;
}

/* The token's hours, energy and the rest, as the judge sees them */
static double allowed_j(struct judge *judge, struct world *world, double energy_j)
{
	/* The charge is held against least_j(), and a charger that is there charges */
	world->energy_j = world->night->capacity_j;
	world->charging = world->charger_w;
	return judge_allows(judge, world);
}

double foresight_lent_j(const struct night *night, double alone_j)
{
	struct future *future = calloc(1, sizeof(*future));
	double energy_j = night->charge_j, lent_j = 0, day_j = 0, owner_j;
	const struct night_event *event;
	struct judge judge;
	struct world world;
	int i;

	if (!future)
		abort();
	owner_j = night->settings.energy_day_uj ? night->settings.energy_day_uj / 1e6 : INFINITY;
	look_ahead(future, night);
	need(future, night, alone_j);
	world_begin(&world, night);
	judge_begin(&judge, &world);
	for (i = 0; i < future->steps; i++) {
		double now_j;

		while ((event = world_next(&world)))
			judge_event(&judge, event);
		day_j = future->step[i].new_day ? 0 : day_j;
		now_j = fmin(future->step[i].most_j, spare_j(future, night, i, energy_j));
		now_j = fmin(now_j, allowed_j(&judge, &world, energy_j));
		now_j = fmin(now_j, owner_j - day_j);
		judge_lent(&judge, now_j);
		day_j += now_j;
		lent_j += now_j;
		energy_j = after_step(night, energy_j, future->step[i].net_j, now_j * future->cost);
		world_step(&world, 0);
	}
	free(future);
	return lent_j;
}
