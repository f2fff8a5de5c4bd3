// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Spoils nights. See evil.h.
 *
 * Each kind is as often as any other. The plug is pulled at the worst moment that there
 * is: when the car alone just has what is asked for.
 */
#include <stddef.h>

#include "evil.h"
#include "world.h"

#define HOUR_S	3600

static const char *const names[NIGHT_EVILS] = {
	[NIGHT_TYPICAL] = "typical",
	[NIGHT_PULLED] = "pulled",
	[NIGHT_SAGGING] = "sagging",
	[NIGHT_CLOCK] = "clock",
	[NIGHT_SUMMER_TIME] = "summer-time",
	[NIGHT_BATTERY_12V] = "battery-12v",
	[NIGHT_BUS] = "bus",
	[NIGHT_AGENT] = "agent",
	[NIGHT_CONSENT] = "consent",
	[NIGHT_EARLY] = "early",
};

const char *night_evil_name(enum night_evil evil)
{
	return names[evil];
}

/* No charger from @at_s on. */
static void pull(struct night *night, int32_t at_s)
{
	int i;

	for (i = 0; i < night->events; i++)
		if (night->event[i].what == NIGHT_CHARGER_W && night->event[i].at_s >= at_s)
			night->event[i].value = 0;
	night_add(night, at_s, NIGHT_CHARGER_W, 0);
}

/* What the car alone shows at departure when the plug is pulled at @at_s. */
static int pulled_percent(const struct night *night, int32_t at_s)
{
	struct world alone;

	world_begin(&alone, night);
	while (alone.at_s < night->depart_s) {
		while (world_next(&alone))
			;
		if (alone.at_s >= at_s)
			alone.charging = false;
		world_step(&alone, 0);
	}
	return world_percent(&alone);
}

/*
 * The worst moment, to a minute: the first at which the car alone still has what is asked
 * for. Nothing asked for, or never reached: some time.
 */
static int32_t worst_s(const struct night *night, struct luck *luck)
{
	int asked = night->settings.departure_percent;
	int32_t low = 0, high = night->depart_s / 60;

	if (!asked || pulled_percent(night, 0) >= asked ||
	    pulled_percent(night, night->depart_s) < asked)
		return luck_below(luck, night->depart_s);
	while (high - low > 1) {
		int32_t middle = (low + high) / 2;

		if (pulled_percent(night, middle * 60) >= asked)
			high = middle;
		else
			low = middle;
	}
	return high * 60;
}

static void spoil_plug(struct night *night, struct luck *luck)
{
	pull(night, worst_s(night, luck) + luck_below(luck, 2) * luck_below(luck, 600));
}

static void spoil_charger(struct night *night, struct luck *luck)
{
	int64_t power_w = luck_between(luck, 1300, 7000);
	int i, at_s = luck_below(luck, 2 * HOUR_S);

	if (night->charger == NIGHT_NOT_PLUGGED)
		return;
	for (i = 0; i < 8 && at_s < night->leave_s - HOUR_S; i++) {
		night_add(night, at_s, NIGHT_CHARGER_W,
			  luck_below(luck, 3) ? power_w * luck_below(luck, 10) / 10 : 0);
		at_s += 60 + luck_exponential(luck, HOUR_S);
	}
}

/* A clock that is wrong, then set right; or right, then wrong. */
static void spoil_clock(struct night *night, struct luck *luck)
{
	int64_t off_s = luck_between(luck, -12 * HOUR_S, 12 * HOUR_S);
	int32_t at_s = luck_below(luck, night->leave_s / 2);

	if (luck_below(luck, 3) == 0)
		off_s = luck_between(luck, -300, 300);
	night_add(night, luck_below(luck, 2) ? 0 : at_s, NIGHT_CLOCK_S, off_s);
	night_add(night, at_s + luck_below(luck, 6 * HOUR_S), NIGHT_CLOCK_S, 0);
}

/* The clocks were changed, but not in the settings: the departure is an hour off. */
static void spoil_zone(struct night *night, struct luck *luck)
{
	night->settings.utc_offset_min += luck_below(luck, 2) ? 60 : -60;
}

static void spoil_while(struct night *night, struct luck *luck, enum night_what what,
			int64_t bad, int64_t good, int32_t mean_s)
{
	int i, at_s = luck_below(luck, 2 * HOUR_S);

	for (i = 0; i < 4 && at_s < night->leave_s; i++) {
		night_add(night, at_s, what, bad);
		at_s += 10 + luck_exponential(luck, mean_s);
		night_add(night, at_s, what, good);
		at_s += 60 + luck_exponential(luck, 3 * HOUR_S);
	}
}

static void spoil_leave(struct night *night, struct luck *luck)
{
	int32_t at_s = night->depart_s - luck_between(luck, 1, 6) * HOUR_S;

	at_s -= at_s % NIGHT_STEP_S;
	if (at_s < HOUR_S)
		return;
	night->depart_s = at_s;
	night->leave_s = at_s;
}

void night_spoil(struct night *night, struct luck *luck)
{
	night->evil = luck_between(luck, NIGHT_PULLED, NIGHT_EVILS - 1);
	switch (night->evil) {
	case NIGHT_PULLED:
		spoil_plug(night, luck);
		break;
	case NIGHT_SAGGING:
		spoil_charger(night, luck);
		break;
	case NIGHT_CLOCK:
		spoil_clock(night, luck);
		break;
	case NIGHT_SUMMER_TIME:
		spoil_zone(night, luck);
		break;
	case NIGHT_BATTERY_12V:
		spoil_while(night, luck, NIGHT_BATTERY_MV, 11500, 12500, HOUR_S / 2);
		break;
	case NIGHT_BUS:
		spoil_while(night, luck, NIGHT_BUS_AWAKE, 0, 1, HOUR_S / 2);
		break;
	case NIGHT_AGENT:
		spoil_while(night, luck, NIGHT_AGENT_UP, 0, 1 + luck_below(luck, 2), 60);
		break;
	case NIGHT_CONSENT:
		spoil_while(night, luck, NIGHT_CONSENTS, 0, 1, HOUR_S);
		break;
	case NIGHT_EARLY:
		spoil_leave(night, luck);
		break;
	default:
		break;
	}
}
