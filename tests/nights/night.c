// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Draws nights. See night.h; what goes wrong on purpose is in evil.c.
 *
 * What is typical, and from where:
 * - A car is driven some 20 miles a day (NHTS 2022, FHWA Summary of Travel Trends);
 *   owners of a Leaf 30.3, mean, 26.8, median (Smart and Schey, SAE 2012-01-0199).
 *   At 0.18 kWh/km that is 6 to 9 kWh.
 * - 84 of 100 who charge at home have a wallbox, the others a socket (J.D. Power, U.S.
 *   EV Experience Home Charging Study 2024). They charge about once a day of driving
 *   (Smart and Schey: 1.05); here one of four nights is not plugged in, after up to
 *   four days without.
 * - A car that sleeps loses a percent a day; with cameras on watch it draws 250 to
 *   350 W (300 measured, 0.4 percent of 75 kWh an hour, which was then charged in two
 *   kWh at a time: community.sense.com, Tesla SentryCam power usage). Half of the larger
 *   cars have such cameras, a third of their owners uses them at home.
 * - The charge limit for every day that makers advise is 80 percent.
 * - What an owner asks for at departure: the day's driving and 20 percent, to the next
 *   ten; half of them another day's, too. Of twenty nights one is before a long trip:
 *   then it is all that the car is charged to. One of seven owners asks for nothing.
 * - Consent as docs/consent.md has it: 2 kWh a day in the hours from 22 to 6, only
 *   while charging; and what others may say.
 * - Guests: a computer of 100 W to the kilowatt that is spoken of for parked cars.
 */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "evil.h"
#include "luck.h"

#define HOUR_S		3600
#define DAY_MIN		1440
#define KWH_J		3.6e6
#define KWH_UJ		3600000000000ULL
#define US_PER_S	1000000LL

/* 2026-01-05 00:00 UTC, a Monday */
#define FIRST_DAY_S	1767571200LL

#define COUNT(array)	((int)(sizeof(array) / sizeof(*(array))))
#define ONE_OF(luck, array)	((array)[luck_below(luck, COUNT(array))])

static const char *const charger_names[NIGHT_CHARGERS] = {
	[NIGHT_NOT_PLUGGED] = "not-plugged",
	[NIGHT_SOCKET] = "socket",
	[NIGHT_ONE_PHASE] = "one-phase",
	[NIGHT_THREE_PHASE] = "three-phase",
	[NIGHT_22] = "22-kw",
};

const char *night_charger_name(enum night_charger charger)
{
	return charger_names[charger];
}

void night_add(struct night *night, int32_t at_s, enum night_what what, int64_t value)
{
	int at = night->events;

	if (night->events == NIGHT_EVENTS)
		abort();
	at_s = (at_s + NIGHT_STEP_S - 1) / NIGHT_STEP_S * NIGHT_STEP_S;
	while (at && night->event[at - 1].at_s > at_s)
		at--;
	memmove(&night->event[at + 1], &night->event[at],
		(night->events - at) * sizeof(*night->event));
	night->event[at] = (struct night_event){ at_s, what, value };
	night->events++;
}

/* Power at the battery: what the charger draws, less a tenth. */
static int64_t charger_w(struct luck *luck, enum night_charger charger)
{
	static const int64_t socket[] = { 1400, 1900, 2300 }, one[] = { 3700, 7400, 7400 };

	switch (charger) {
	case NIGHT_SOCKET:
		return ONE_OF(luck, socket) * 9 / 10;
	case NIGHT_ONE_PHASE:
		return ONE_OF(luck, one) * 9 / 10;
	case NIGHT_THREE_PHASE:
		return 11000 * 9 / 10;
	case NIGHT_22:
		return 22000 * 9 / 10;
	default:
		return 0;
	}
}

static enum night_charger draw_charger(struct luck *luck)
{
	int at = luck_below(luck, 100);

	if (at < 25)
		return NIGHT_NOT_PLUGGED;
	if (at < 37)
		return NIGHT_SOCKET;
	if (at < 67)
		return NIGHT_ONE_PHASE;
	return at < 94 ? NIGHT_THREE_PHASE : NIGHT_22;
}

/* Parked between 16:00 and 22:00, away between 6:00 and 9:00 next day, local time. */
static void draw_times(struct night *night, struct luck *luck)
{
	static const int16_t offsets[] = { 60, 60, 60, 0, 120, -300, -480, 330 };
	int32_t parked_min = luck_between(luck, 16 * 60, 22 * 60);
	int32_t depart_min = luck_between(luck, 24, 36) * 15;
	int32_t depart_s;

	night->settings.utc_offset_min = ONE_OF(luck, offsets);
	night->settings.departure_min = depart_min;
	night->begin_us = (FIRST_DAY_S + luck_below(luck, 300) * DAY_MIN * 60LL +
			   (parked_min - night->settings.utc_offset_min) * 60LL) * US_PER_S;
	depart_s = (DAY_MIN + depart_min - parked_min) * 60;
	night->leave_s = depart_s + luck_between(luck, -20, 30) * 60;
	night->depart_s = depart_s < night->leave_s ? depart_s : night->leave_s;
}

static void draw_asked(struct night *night, struct luck *luck, double day_percent)
{
	double percent = 20 + day_percent * luck_between(luck, 1, 2);

	percent = fmin(ceil(percent / 10) * 10, night->limit_percent);
	if (luck_below(luck, 20) == 0)
		percent = night->limit_percent;
	if (luck_below(luck, 7))
		night->settings.departure_percent = percent;
}

static void draw_car(struct night *night, struct luck *luck)
{
	static const int kwh[] = { 20, 40, 52, 60, 60, 77, 82, 100 };
	static const int limits[] = { 80, 80, 80, 80, 80, 80, 90, 90, 100, 100 };
	double day_j, charge_j;
	int days = 1;

	night->capacity_j = ONE_OF(luck, kwh) * KWH_J;
	night->limit_percent = ONE_OF(luck, limits);
	night->rounds = luck_below(luck, 4) == 0;
	night->top_up_percent = luck_below(luck, 2) ? 0 : 2.5;
	/* Small batteries are bought by those who drive less */
	day_j = luck_part(luck, 4, 11) * KWH_J;
	day_j = fmin(day_j, 0.25 * night->capacity_j);
	if (night->charger == NIGHT_NOT_PLUGGED)
		days += luck_below(luck, 3);
	charge_j = night->capacity_j * night->limit_percent / 100;
	for (; days; days--)
		charge_j -= fmin(luck_exponential(luck, day_j), 3 * day_j);
	night->charge_j = fmax(charge_j, 0.1 * night->capacity_j);
	draw_asked(night, luck, 100 * day_j / night->capacity_j);
}

/*
 * The maker knows whether a car has cameras that can watch, not whether they do tonight;
 * and the heater's most, which is 3 kW for a quarter of an hour.
 */
static void draw_own(struct night *night, struct luck *luck)
{
	double kwh = night->capacity_j / KWH_J;
	/* Small cars have no such cameras */
	bool cameras = kwh > 50 && luck_below(luck, 2), watch = cameras && luck_below(luck, 3) == 0;
	int64_t own_w = watch ? luck_between(luck, 250, 350) : kwh * 1000 / 100 / 24;

	night->own_permille_h = cameras ? ceil(350 / kwh) : 1;
	night->own_start_percent = ceil(0.75 * 100 / kwh);
	night_add(night, 0, NIGHT_OWN_W, own_w);
	/* The cabin is warmed or cooled */
	if (luck_below(luck, 100) < 30)
		night_add(night, night->depart_s - 15 * 60, NIGHT_OWN_W,
			  own_w + luck_between(luck, 1500, 3000));
}

/* At once, late, or when energy is cheap. */
static void draw_plug(struct night *night, struct luck *luck)
{
	int64_t power_w = charger_w(luck, night->charger);
	int32_t at_s = luck_below(luck, 60) * 10;

	if (!power_w)
		return;
	switch (luck_below(luck, 10)) {
	case 0:
		at_s = luck_between(luck, 1, 3) * HOUR_S;
		break;
	case 1:
	case 2:
		at_s = night->depart_s - luck_between(luck, 7, 9) * HOUR_S;
		break;
	}
	night_add(night, at_s > 0 ? at_s : 0, NIGHT_CHARGER_W, power_w);
	night_add(night, night->leave_s - luck_between(luck, 0, 5) * 60, NIGHT_CHARGER_W, 0);
}

static void draw_demand(struct night *night, struct luck *luck)
{
	static const uint32_t ceilings[] = { 100000, 250000, 500000, 1000000 };
	int64_t most_mw;
	int32_t at_s = 0;

	night->ceiling_mw = ONE_OF(luck, ceilings);
	night->batch = luck_below(luck, 10) < 6;
	most_mw = night->ceiling_mw;
	night_add(night, 0, NIGHT_DEMAND_MW, most_mw);
	if (night->batch)
		return;
	while (night->events < NIGHT_EVENTS - 30) {
		at_s += 60 + luck_exponential(luck, 1 * HOUR_S);
		if (at_s >= night->leave_s)
			break;
		night_add(night, at_s, NIGHT_DEMAND_MW,
			  luck_below(luck, 3) ? most_mw * luck_between(luck, 2, 10) / 10 : 0);
	}
}

static void draw_consent(struct night *night, struct luck *luck)
{
	static const uint64_t kwh_day[] = { 1, 2, 2, 2, 4, 8 };
	static const uint32_t hours[][2] = { { 1320, 360 }, { 1320, 360 }, { 0, 1440 },
					     { 1080, 480 }, { 1200, 420 } };
	static const uint32_t least[] = { 0, 20, 40, 40, 50 };
	const uint32_t *from = ONE_OF(luck, hours);
	uint64_t day = ONE_OF(luck, kwh_day) * KWH_UJ;

	night->consent = (struct layby_consent_terms){
		.id = { 1 },
		.serial = 1,
		.energy_day_uj = day,
		.energy_total_uj = 20 * day,
		.not_before_s = night->begin_us / US_PER_S - 86400,
		.not_after_s = night->begin_us / US_PER_S + 30 * 86400,
		.hours_from_min = from[0],
		.hours_until_min = from[1],
		.utc_offset_min = night->settings.utc_offset_min,
		.classes = LAYBY_CONSENT_CLASSES,
		.only_charging = luck_below(luck, 10) < 4,
		.charge_min_percent = ONE_OF(luck, least),
	};
	if (luck_below(luck, 10) < 3)
		night->used_day_uj = day * luck_below(luck, 10) / 10;
}

static void draw_settings(struct night *night, struct luck *luck)
{
	struct owner_settings *set = &night->settings;

	if (luck_below(luck, 100) < 15) {
		set->quiet_from_min = 22 * 60 + luck_below(luck, 8) * 15;
		set->quiet_until_min = luck_between(luck, 20, 28) * 15;
		set->quiet_cap_mw = luck_below(luck, 2) ? 0 : night->ceiling_mw / 2;
	}
	if (luck_below(luck, 100) < 15)
		set->cap_mw = night->ceiling_mw * luck_between(luck, 3, 9) / 10;
	if (luck_below(luck, 100) < 20)
		set->energy_day_uj = night->consent.energy_day_uj / 2;
	if (luck_below(luck, 100) < 20)
		set->charge_min_percent = luck_between(luck, 2, 6) * 10;
	if (luck_below(luck, 100) < 5)
		night_add(night, luck_below(luck, night->leave_s), NIGHT_PAUSED_FOR_S,
			  luck_between(luck, 1, 4) * HOUR_S);
}

void night_draw(struct night *night, uint64_t seed)
{
	struct luck luck = { seed };

	*night = (struct night){ .seed = seed };
	night->charger = draw_charger(&luck);
	draw_times(night, &luck);
	draw_car(night, &luck);
	draw_own(night, &luck);
	draw_plug(night, &luck);
	draw_demand(night, &luck);
	draw_consent(night, &luck);
	draw_settings(night, &luck);
	if (luck_below(&luck, 5) == 0)
		night_spoil(night, &luck);
}
