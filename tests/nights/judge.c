// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What was outside the owner's consent. See judge.h.
 */
#include <math.h>

#include "judge.h"

#define DAY_S	86400LL

static int64_t local_s(const struct world *world)
{
	return world_clock_us(world) / 1000000 + world->night->consent.utc_offset_min * 60;
}

static void look(struct judge *judge, const struct world *world)
{
	int64_t day = local_s(world) / DAY_S;

	if (day <= judge->day)
		return;
	judge->day = day;
	judge->used_day_j = 0;
}

void judge_begin(struct judge *judge, const struct world *world)
{
	*judge = (struct judge){ 0 };
	look(judge, world);
	judge_lent(judge, world->night->used_day_uj / 1e6);
}

void judge_event(struct judge *judge, const struct night_event *event)
{
	if (event->what == NIGHT_CONSENTS)
		judge->withdrawn = !event->value;
}

/* Of the step, seconds in the consent's hours. */
static int inside_s(const struct world *world)
{
	const struct layby_consent_terms *terms = &world->night->consent;
	int second, inside = 0;

	for (second = 0; second < NIGHT_STEP_S; second++) {
		int minute = (local_s(world) + second) % DAY_S / 60;
		bool after = minute >= (int)terms->hours_from_min;
		bool before = minute < (int)terms->hours_until_min;

		if (terms->hours_from_min < terms->hours_until_min)
			inside += after && before;
		else
			inside += after || before;
	}
	return inside;
}

double judge_allows(struct judge *judge, const struct world *world)
{
	const struct layby_consent_terms *terms = &world->night->consent;
	double left_j;

	look(judge, world);
	if (judge->withdrawn || world_clock_us(world) < world->paused_until_us ||
	    (terms->only_charging && !world->charging) ||
	    world_percent(world) < (int)terms->charge_min_percent)
		return 0;
	left_j = fmin(terms->energy_day_uj / 1e6 - judge->used_day_j,
		      terms->energy_total_uj / 1e6 - judge->used_j);
	left_j = fmin(left_j, inside_s(world) * world->night->ceiling_mw / 1e3);
	return fmax(left_j, 0);
}

void judge_lent(struct judge *judge, double lent_j)
{
	judge->used_day_j += lent_j;
	judge->used_j += lent_j;
}
