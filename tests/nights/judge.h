/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What was outside the owner's consent: says so from the token and the world alone, in
 * its own words, and uses no code of layby's.
 *
 * Its hours are by the car's clock, as docs/consent.md says: whoever sets the clock
 * moves them.
 */
#ifndef LAYBY_TESTS_JUDGE_H
#define LAYBY_TESTS_JUDGE_H

#include "world.h"

/*
 * @withdrawn: consent is
 * @day: local, the latest that the clock has shown
 * @used_day_j: lent on it
 * @used_j: under this consent
 */
struct judge {
	bool withdrawn;
	int64_t day;
	double used_day_j;
	double used_j;
};

void judge_begin(struct judge *judge, const struct world *world);
void judge_event(struct judge *judge, const struct night_event *event);

/* Of what is lent in this step, joule: most that the owner permits. */
double judge_allows(struct judge *judge, const struct world *world);

void judge_lent(struct judge *judge, double lent_j);

#endif /* LAYBY_TESTS_JUDGE_H */
