// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A change of the owner's settings: see change.h.
 */
#include "change.h"

#include <errno.h>
#include <string.h>

static uint32_t bit(const struct owner_number *number)
{
	return 1u << (number - owner_numbers);
}

bool owner_change_has(const struct owner_change *change, const struct owner_number *number)
{
	return change->numbers & bit(number);
}

int owner_change_number(struct owner_change *change, const struct owner_number *number,
			int64_t value)
{
	int r;

	if (owner_change_has(change, number))
		return -EEXIST;
	r = owner_number_set(&change->to, number, value);
	if (!r)
		change->numbers |= bit(number);
	return r;
}

struct owner_change owner_change_pause(int64_t until_us)
{
	return (struct owner_change){
		.numbers = bit(OWNER_PAUSE),
		.to.paused_until_us = until_us,
	};
}

int64_t owner_change_pause_us(const struct owner_change *change)
{
	return owner_change_has(change, OWNER_PAUSE) ? change->to.paused_until_us : 0;
}

static void merge_number(struct owner_settings *set, const struct owner_change *change,
			 const struct owner_number *number)
{
	int64_t value = owner_number_get(&change->to, number);

	if (!owner_change_has(change, number))
		return;
	if (number == OWNER_PAUSE && value && set->paused_until_us > value)
		return;
	owner_number_set(set, number, value);
}

int owner_change_merge(const struct owner_settings *set, const struct owner_change *change,
		       struct owner_settings *ret_settings,
		       char ret_problem[static OWNER_PROBLEM_MAX])
{
	struct owner_settings merged = *set;
	size_t i;
	int r;

	for (i = 0; i < OWNER_NUMBERS; i++)
		merge_number(&merged, change, &owner_numbers[i]);
	if (change->currency)
		memcpy(merged.currency, change->to.currency, sizeof(merged.currency));
	if (change->price)
		memcpy(merged.price_micro_per_kwh, change->to.price_micro_per_kwh,
		       sizeof(merged.price_micro_per_kwh));
	r = owner_settings_check(&merged, ret_problem);
	if (!r)
		*ret_settings = merged;
	return r;
}
