// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * tokens FIRST N - what the consents of N scaled nights say, for laybyctl consent sign
 *
 * A line a night, from the seed FIRST on: the seed, and the options that are its own.
 */
#include <stdio.h>
#include <stdlib.h>

#include "scaled.h"

static void print_night(const struct night *night)
{
	printf("%llu --energy-total=%.3fJ --min-charge=%u%s\n", (unsigned long long)night->seed,
	       night->consent.energy_total_uj / 1e6 / scaled_by(night),
	       night->consent.charge_min_percent,
	       night->consent.only_charging ? " --only-charging" : "");
}

int main(int argc, char **argv)
{
	struct night night;
	uint64_t seed;
	long left;

	if (argc != 3) {
		fprintf(stderr, "usage: tokens FIRST N\n");
		return 2;
	}
	seed = strtoull(argv[1], NULL, 10);
	for (left = strtol(argv[2], NULL, 10); left > 0; seed++) {
		if (!scaled_draw(&night, seed))
			continue;
		print_night(&night);
		left--;
	}
	return 0;
}
