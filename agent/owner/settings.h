/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the owner wants of guest work, beside the consent: settings, which can only
 * make it stricter.
 *
 * Pure: no clock, no I/O, no allocation. A name is the one on the bus, on disk and in
 * messages.
 */
#ifndef LAYBY_OWNER_SETTINGS_H
#define LAYBY_OWNER_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OWNER_HOURS 24
#define OWNER_DAY_MIN 1440
#define OWNER_PROBLEM_MAX 160
#define OWNER_UNTIL_RESUMED INT64_MAX

/*
 * All zero: no wish. Minutes are of the local day by @utc_offset_min, 0 to 1439.
 * @cap_mw: most that guest work may draw; 0: as the policy allows
 * @quiet_cap_mw: likewise in the quiet hours; 0: none at all
 * @quiet_from_min, @quiet_until_min: as in struct layby_governor_settings (until 0: no
 *                                    quiet hours; 1440: to the end of the day)
 * @utc_offset_min: local time less UTC
 * @charge_min_percent: nothing is lent below it, 0 to 100
 * @departure_percent: 0: no departure; else what the battery is to hold at @departure_min
 * @departure_min: of the local day, each day
 * @energy_day_uj: most that may be lent a local day; 0: as the consent says
 * @paused_until_us: CLOCK_REALTIME; 0: not paused, OWNER_UNTIL_RESUMED
 * @currency: ISO 4217, "EUR"; empty: no price
 * @price_micro_per_kwh: by local hour, in millionths of @currency
 */
struct owner_settings {
	uint32_t cap_mw;
	uint32_t quiet_cap_mw;
	uint16_t quiet_from_min;
	uint16_t quiet_until_min;
	int16_t utc_offset_min;
	uint8_t charge_min_percent;
	uint8_t departure_percent;
	uint16_t departure_min;
	uint64_t energy_day_uj;
	int64_t paused_until_us;
	char currency[4];
	uint32_t price_micro_per_kwh[OWNER_HOURS];
};

/**
 * struct owner_number - a setting that is a number
 * @name: on the bus
 * @type: D-Bus type: 'u', 'i' or 't'
 * @size: of the member, bytes
 * @offset: of it
 * @low: least that is right
 * @high: most
 * @what: it is, for messages
 */
struct owner_number {
	const char *name;
	char type;
	uint8_t size;
	size_t offset;
	int64_t low;
	int64_t high;
	const char *what;
};

#define OWNER_NUMBERS 10
/* The last one is the pause, which has methods of its own. */
extern const struct owner_number owner_numbers[OWNER_NUMBERS];
#define OWNER_PAUSE (&owner_numbers[OWNER_NUMBERS - 1])

/* The two that are none */
#define OWNER_CURRENCY "Currency"
#define OWNER_PRICE "PriceMicroPerKwh"

/* NULL: there is none of that name. */
const struct owner_number *owner_number_find(const char *name);
int64_t owner_number_get(const struct owner_settings *set, const struct owner_number *number);
/* -ERANGE: not within @low and @high; nothing is changed. */
int owner_number_set(struct owner_settings *set, const struct owner_number *number, int64_t value);
/* What would be right; returns @text. */
const char *owner_number_right(const struct owner_number *number,
			       char text[static OWNER_PROBLEM_MAX]);

/* 0, or -EINVAL and, in @ret_problem, what is wrong and what would be right. */
int owner_settings_check(const struct owner_settings *set,
			 char ret_problem[static OWNER_PROBLEM_MAX]);
bool owner_settings_same(const struct owner_settings *a, const struct owner_settings *b);

#endif
