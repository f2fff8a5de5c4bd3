// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What is true at a moment of a night. See world.h.
 *
 * A charger gives what it can until the limit is reached; there it covers what is
 * drawn, or stops until the charge has fallen. Must never know of layby.
 */
#include <math.h>
#include <stddef.h>

#include "world.h"

#define US_PER_S	1000000LL

static double limit_j(const struct world *world)
{
	return world->night->capacity_j * world->night->limit_percent / 100;
}

static void see_charger(struct world *world)
{
	const struct night *night = world->night;
	double again_j = limit_j(world) - night->capacity_j * night->top_up_percent / 100;

	if (world->energy_j >= limit_j(world))
		world->full = true;
	else if (world->energy_j < again_j)
		world->full = false;
	world->charging = world->charger_w && !(world->full && night->top_up_percent);
}

void world_begin(struct world *world, const struct night *night)
{
	*world = (struct world){
		.night = night,
		.energy_j = night->charge_j,
		.battery_mv = 12500,
		.bus_awake = true,
		.paused_until_us = night->settings.paused_until_us,
	};
	see_charger(world);
}

static void happen(struct world *world, const struct night_event *event)
{
	switch (event->what) {
	case NIGHT_CHARGER_W:
		world->charger_w = event->value;
		break;
	case NIGHT_OWN_W:
		world->own_w = event->value;
		break;
	case NIGHT_DEMAND_MW:
		world->demand_mw = event->value;
		break;
	case NIGHT_CLOCK_S:
		world->clock_s = event->value;
		break;
	case NIGHT_BATTERY_MV:
		world->battery_mv = event->value;
		break;
	case NIGHT_BUS_AWAKE:
		world->bus_awake = event->value;
		break;
	case NIGHT_PAUSED_FOR_S:
		world->paused_until_us = event->value ?
			world_clock_us(world) + event->value * US_PER_S : 0;
		break;
	case NIGHT_AGENT_UP:
	case NIGHT_CONSENTS:
		break;
	}
}

const struct night_event *world_next(struct world *world)
{
	const struct night *night = world->night;
	const struct night_event *event = &night->event[world->next];

	if (world->next == night->events || event->at_s > world->at_s)
		return NULL;
	world->next++;
	happen(world, event);
	see_charger(world);
	return event;
}

void world_step(struct world *world, double lent_j)
{
	double limit = limit_j(world), before = world->energy_j;
	double drawn_j = world->own_w * NIGHT_STEP_S + lent_j * WORLD_PER_LENT;

	if (lent_j > 0)
		drawn_j += WORLD_AWAKE_W * NIGHT_STEP_S;
	world->energy_j -= drawn_j;
	if (world->charging)
		world->energy_j += world->charger_w * NIGHT_STEP_S;
	/* More than the limit it has only if it was so when it came. */
	if (world->charging && world->energy_j > limit)
		world->energy_j = fmax(limit, before - drawn_j);
	world->energy_j = fmax(world->energy_j, 0);
	world->at_s += NIGHT_STEP_S;
	see_charger(world);
}

int world_percent(const struct world *world)
{
	double percent = 100 * world->energy_j / world->night->capacity_j;

	/* A car that is held at its limit shows it */
	return (int)floor(percent + (world->night->rounds ? 0.5 : 0) + 1e-6);
}

int64_t world_true_us(const struct world *world)
{
	return world->night->begin_us + world->at_s * US_PER_S;
}

int64_t world_clock_us(const struct world *world)
{
	return world_true_us(world) + world->clock_s * US_PER_S;
}
