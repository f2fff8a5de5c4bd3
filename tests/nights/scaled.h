/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A night that the real module and governor can live through at a hundred times its
 * speed: a step of ten seconds is one of 100 ms, and each joule is less in proportion.
 *
 * The wall clock cannot be made to run so fast. So what goes by it in the module or the
 * governor is taken out: the consent's hours and its day, quiet hours, and nights in which
 * the clock jumps; and those with a second token. Pause, energy of the day and departure
 * go by the clock that the planner is told, which is the night's.
 */
#ifndef LAYBY_TESTS_SCALED_H
#define LAYBY_TESTS_SCALED_H

#include "night.h"

#define SCALED_TIMES	100
#define SCALED_STEP_NS	(NIGHT_STEP_S * 1000000000ULL / SCALED_TIMES)
/* As tests/policy/null-nights.conf and the parameters of layby_null have it */
#define SCALED_CEILING_MW	8000
#define SCALED_JOB_US		20000

/* False: not such a night. */
bool scaled_draw(struct night *night, uint64_t seed);

/* Joules of the night for one that the module has metered */
double scaled_by(const struct night *night);

#endif /* LAYBY_TESTS_SCALED_H */
