// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Validation in kmod/token.c, for bytes of every size and content: none outside
 * is read, and what is accepted keeps every bound that the module calculates
 * with. The bytes lie in an object of just their size, so that CBMC sees each
 * read outside of it.
 */
#include <stdlib.h>

#include <token.h>

#include "proof.h"

/* Far above the one size that is right; every other one is refused by it alone. */
#define SIZE_MAX_TRIED	4096

ANY(size_t, size);

static void prove_accepted(const struct layby_consent_terms *terms)
{
	reached("a token is accepted");
	if (terms->hours_until_min < terms->hours_from_min)
		reached("hours over midnight");
	holds(terms->not_before_s >= LAYBY_CONSENT_TIME_MIN_S &&
	      terms->not_after_s <= LAYBY_CONSENT_TIME_MAX_S, "its times are in 2020 to 2099");
	holds(terms->not_before_s <= terms->not_after_s, "it begins before it ends");
	holds(terms->not_after_s - terms->not_before_s < LAYBY_CONSENT_LENGTH_MAX_S,
	      "it holds for a year at most");
	holds(terms->hours_from_min < LAYBY_CONSENT_DAY_MIN &&
	      terms->hours_until_min >= 1 && terms->hours_until_min <= LAYBY_CONSENT_DAY_MIN &&
	      terms->hours_from_min != terms->hours_until_min, "its hours are of a day");
	holds(terms->utc_offset_min >= LAYBY_CONSENT_OFFSET_LOW_MIN &&
	      terms->utc_offset_min <= LAYBY_CONSENT_OFFSET_HIGH_MIN, "its time zone is one");
	holds(terms->energy_day_uj >= 1 && terms->energy_day_uj <= terms->energy_total_uj &&
	      terms->energy_total_uj <= LAYBY_CONSENT_ENERGY_MAX_UJ, "its energy is bounded");
	holds(terms->classes && !(terms->classes & ~LAYBY_CONSENT_CLASSES),
	      "its classes are known");
	holds(terms->serial && terms->only_charging <= 1 && terms->charge_min_percent <= 100,
	      "its serial, flags and charge are in range");
}

int main(void)
{
	struct layby_consent_error err;
	struct layby_consent_terms terms;
	size_t size = any_size();
	void *blob;

	given(size <= SIZE_MAX_TRIED);
	blob = malloc(size);
	given(blob);
	if (layby_token_validate(blob, size, &terms, &err)) {
		holds(err.rule > LAYBY_CONSENT_RULE_NONE && err.rule < LAYBY_CONSENT_RULES &&
		      err.field < LAYBY_CONSENT_FIELDS, "what is refused has its reason");
		holds(!terms.energy_total_uj && !terms.not_after_s && !terms.classes,
		      "what is refused permits nothing");
		return 0;
	}
	holds(size == sizeof(struct layby_consent_token), "a token has one size");
	holds(err.rule == LAYBY_CONSENT_RULE_NONE, "what is accepted breaks no rule");
	prove_accepted(&terms);
	return 0;
}
