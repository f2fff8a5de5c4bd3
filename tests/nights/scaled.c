// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A night at a hundred times its speed. See scaled.h.
 */
#include "scaled.h"

bool scaled_draw(struct night *night, uint64_t seed)
{
	struct owner_settings *set = &night->settings;

	night_draw(night, seed);
	if (night->evil == NIGHT_CLOCK || night->evil == NIGHT_CONSENT)
		return false;
	night->consent.hours_from_min = 0;
	night->consent.hours_until_min = LAYBY_CONSENT_DAY_MIN;
	night->consent.energy_total_uj = night->consent.energy_day_uj;
	night->used_day_uj = 0;
	set->quiet_from_min = 0;
	set->quiet_until_min = 0;
	set->quiet_cap_mw = 0;
	return true;
}

double scaled_by(const struct night *night)
{
	return (double)SCALED_TIMES * night->ceiling_mw / SCALED_CEILING_MW;
}
