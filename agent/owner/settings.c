// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The owner's settings: see settings.h. What is right of each, and of them together.
 */
#include "settings.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <layby/governor_settings.h>

#define NUMBER(name, type, field, low, high, what)                     \
	{ name, type, sizeof(((struct owner_settings){}).field),       \
	  offsetof(struct owner_settings, field), low, high, what }

const struct owner_number owner_numbers[OWNER_NUMBERS] = {
	NUMBER("CapMw", 'u', cap_mw, 0, UINT32_MAX, "milliwatt, 0: as the policy allows"),
	NUMBER("QuietCapMw", 'u', quiet_cap_mw, 0, UINT32_MAX, "milliwatt, 0: none at all"),
	NUMBER("QuietFromMin", 'u', quiet_from_min, 0, OWNER_DAY_MIN - 1,
	       "minutes of the local day"),
	NUMBER("QuietUntilMin", 'u', quiet_until_min, 0, OWNER_DAY_MIN,
	       "minutes of the local day, 0: no quiet hours"),
	NUMBER("UtcOffsetMin", 'i', utc_offset_min, -LAYBY_SETTINGS_OFFSET_MAX_MIN,
	       LAYBY_SETTINGS_OFFSET_MAX_MIN, "minutes, local time less UTC"),
	NUMBER("ChargeMinPercent", 'u', charge_min_percent, 0, 100, "percent"),
	NUMBER("DeparturePercent", 'u', departure_percent, 0, 100, "percent, 0: no departure"),
	NUMBER("DepartureMin", 'u', departure_min, 0, OWNER_DAY_MIN - 1,
	       "minutes of the local day"),
	NUMBER("EnergyDayUj", 't', energy_day_uj, 0, INT64_MAX,
	       "microjoule, 0: as the consent says"),
	NUMBER("PausedUntilUs", 't', paused_until_us, 0, OWNER_UNTIL_RESUMED,
	       "CLOCK_REALTIME in microseconds"),
};

const struct owner_number *owner_number_find(const char *name)
{
	size_t i;

	for (i = 0; i < OWNER_NUMBERS; i++)
		if (!strcmp(owner_numbers[i].name, name))
			return &owner_numbers[i];
	return NULL;
}

/* --- one of them ---------------------------------------------------------- */

/* Members are of different sizes; only the offset is signed. */
int64_t owner_number_get(const struct owner_settings *set, const struct owner_number *number)
{
	const void *member = (const char *)set + number->offset;

	switch (number->size) {
	case 1:
		return *(const uint8_t *)member;
	case 2:
		return number->type == 'i' ? *(const int16_t *)member : *(const uint16_t *)member;
	case 4:
		return *(const uint32_t *)member;
	default:
		return *(const int64_t *)member;
	}
}

int owner_number_set(struct owner_settings *set, const struct owner_number *number, int64_t value)
{
	void *member = (char *)set + number->offset;

	if (value < number->low || value > number->high)
		return -ERANGE;
	switch (number->size) {
	case 1:
		*(uint8_t *)member = (uint8_t)value;
		break;
	case 2:
		*(uint16_t *)member = (uint16_t)value;
		break;
	case 4:
		*(uint32_t *)member = (uint32_t)value;
		break;
	default:
		*(int64_t *)member = value;
		break;
	}
	return 0;
}

const char *owner_number_right(const struct owner_number *number,
			       char text[static OWNER_PROBLEM_MAX])
{
	snprintf(text, OWNER_PROBLEM_MAX,
		 "%s must be of type %c, %" PRId64 " to %" PRId64 ", %s", number->name,
		 number->type, number->low, number->high, number->what);
	return text;
}

/* --- all of them together ------------------------------------------------- */

static int check_numbers(const struct owner_settings *set, char *ret_problem)
{
	struct owner_settings scratch;
	size_t i;

	for (i = 0; i < OWNER_NUMBERS; i++) {
		if (!owner_number_set(&scratch, &owner_numbers[i],
				      owner_number_get(set, &owner_numbers[i])))
			continue;
		owner_number_right(&owner_numbers[i], ret_problem);
		return -EINVAL;
	}
	return 0;
}

static bool is_currency(const char *currency)
{
	return !*currency || (strspn(currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3 && !currency[3]);
}

static bool has_price(const struct owner_settings *set)
{
	size_t hour;

	for (hour = 0; hour < OWNER_HOURS; hour++)
		if (set->price_micro_per_kwh[hour])
			return true;
	return false;
}

static const char *check_together(const struct owner_settings *set)
{
	if (set->quiet_from_min && !set->quiet_until_min)
		return "QuietFromMin without QuietUntilMin: right is 1 to 1440, or 0 for both";
	if (set->currency[3] || !is_currency(set->currency))
		return OWNER_CURRENCY " must be three capital letters, as \"EUR\", or empty";
	if (has_price(set) && !*set->currency)
		return OWNER_PRICE " without " OWNER_CURRENCY ": right is one as \"EUR\"";
	return NULL;
}

int owner_settings_check(const struct owner_settings *set,
			 char ret_problem[static OWNER_PROBLEM_MAX])
{
	const char *problem;
	int r;

	r = check_numbers(set, ret_problem);
	if (r < 0)
		return r;
	problem = check_together(set);
	if (!problem)
		return 0;
	snprintf(ret_problem, OWNER_PROBLEM_MAX, "%s", problem);
	return -EINVAL;
}

bool owner_settings_same(const struct owner_settings *a, const struct owner_settings *b)
{
	size_t i;

	for (i = 0; i < OWNER_NUMBERS; i++)
		if (owner_number_get(a, &owner_numbers[i]) !=
		    owner_number_get(b, &owner_numbers[i]))
			return false;
	return !memcmp(a->currency, b->currency, sizeof(a->currency)) &&
	       !memcmp(a->price_micro_per_kwh, b->price_micro_per_kwh,
		       sizeof(a->price_micro_per_kwh));
}
