// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * tokens FIRST N [PLANNER] - what the consents of N scaled nights say, for laybyctl
 * consent sign
 *
 * A line a night, from the seed FIRST on: the seed, and the options that are its own.
 * With a PLANNER only nights in which it would break a promise.
 */
#include <stdio.h>
#include <stdlib.h>

#include "planners.h"
#include "run.h"
#include "scaled.h"

#define SEEDS_MAX	100000

static void print_night(const struct night *night)
{
	printf("%llu --energy-total=%.3fJ --min-charge=%u%s\n", (unsigned long long)night->seed,
	       night->consent.energy_total_uj / 1e6 / scaled_by(night),
	       night->consent.charge_min_percent,
	       night->consent.only_charging ? " --only-charging" : "");
}

static bool misses(const struct night *night, stack_planner planner)
{
	struct night_result result = night_run(night, planner);

	return night_missed(night, &result);
}

int main(int argc, char **argv)
{
	stack_planner planner = argc == 4 ? planner_find(argv[3]) : NULL;
	uint64_t seed, first;
	struct night night;
	long left;

	if (argc < 3 || argc > 4 || (argc == 4 && !planner)) {
		fprintf(stderr, "usage: tokens FIRST N [%s]\n", PLANNERS);
		return 2;
	}
	first = strtoull(argv[1], NULL, 10);
	left = strtol(argv[2], NULL, 10);
	for (seed = first; left > 0 && seed - first < SEEDS_MAX; seed++) {
		if (!scaled_draw(&night, seed) || (planner && !misses(&night, planner)))
			continue;
		print_night(&night);
		left--;
	}
	return left > 0;
}
