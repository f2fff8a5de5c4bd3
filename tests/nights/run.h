/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A night, from parked to driven off: the car alone, with guests, and what could have
 * been.
 */
#ifndef LAYBY_TESTS_RUN_H
#define LAYBY_TESTS_RUN_H

#include "stack.h"

/*
 * @asked: the owner wants a charge at departure
 * @alone_percent: what the car shows when it is judged, without guests
 * @percent: and with them
 * @lent_j: to guests
 * @outside_j: of it, outside the consent
 * @best_j: most that could have been lent
 */
struct night_result {
	bool asked;
	int alone_percent;
	int percent;
	double lent_j;
	double outside_j;
	double best_j;
};

struct night_result night_run(const struct night *night, stack_planner planner);

/* A promise that the car alone would have kept, and that was broken */
bool night_missed(const struct night *night, const struct night_result *result);

#endif /* LAYBY_TESTS_RUN_H */
