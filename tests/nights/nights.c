// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * nights [-v] FIRST N [PLANNER] - simulate N nights, from the seed FIRST on
 *
 * PLANNER: one of planners.h, the shipped one if none is named. Prints a line of JSON:
 * what was promised and lent, in all and by kind of night; with -v a line a night before
 * it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "planners.h"
#include "run.h"

#define KWH_J	3.6e6

struct sum {
	int nights;
	int asked;
	int kept_alone;
	int missed;
	double lent_j;
	double outside_j;
	double best_j;
};

struct sums {
	struct sum all;
	struct sum charger[NIGHT_CHARGERS];
	struct sum evil[NIGHT_EVILS];
};

/* --- Sums ------------------------------------------------------------------- */

static void add(struct sum *sum, const struct night *night, const struct night_result *result)
{
	bool missed = night_missed(night, result);

	sum->nights++;
	sum->asked += result->asked;
	sum->kept_alone += result->asked &&
			   result->alone_percent >= night->settings.departure_percent;
	sum->missed += missed;
	sum->lent_j += result->lent_j;
	sum->outside_j += result->outside_j;
	sum->best_j += result->best_j;
}

static void print_night(const struct night *night, const struct night_result *result)
{
	printf("%llu %s %s asked %d alone %d with %d limit %d lent %.3f of %.3f kWh%s%s\n",
	       (unsigned long long)night->seed, night_charger_name(night->charger),
	       night_evil_name(night->evil), night->settings.departure_percent,
	       result->alone_percent, result->percent, night->limit_percent,
	       result->lent_j / KWH_J, result->best_j / KWH_J,
	       night_missed(night, result) ? " MISSED" : "",
	       result->outside_j > 0 ? " OUTSIDE" : "");
}

static void print_sum(const char *name, const struct sum *sum, const char *end)
{
	printf("\"%s\": {\"nights\": %d, \"promises\": %d, \"kept_alone\": %d, ", name,
	       sum->nights, sum->asked, sum->kept_alone);
	printf("\"missed\": %d, \"joules_outside\": %.3f, ", sum->missed, sum->outside_j);
	printf("\"lent_kwh\": %.3f, \"best_kwh\": %.3f}%s", sum->lent_j / KWH_J,
	       sum->best_j / KWH_J, end);
}

static void print_sums(const struct sums *sums)
{
	int i;

	printf("{");
	print_sum("all", &sums->all, ", \"charger\": {");
	for (i = 0; i < NIGHT_CHARGERS; i++)
		print_sum(night_charger_name(i), &sums->charger[i],
			  i + 1 < NIGHT_CHARGERS ? ", " : "}, \"what\": {");
	for (i = 0; i < NIGHT_EVILS; i++)
		print_sum(night_evil_name(i), &sums->evil[i], i + 1 < NIGHT_EVILS ? ", " : "}}\n");
}

static void run(uint64_t seed, stack_planner planner, bool verbose, struct sums *sums)
{
	struct night_result result;
	struct night night;

	night_draw(&night, seed);
	result = night_run(&night, planner);
	if (verbose)
		print_night(&night, &result);
	add(&sums->all, &night, &result);
	add(&sums->charger[night.charger], &night, &result);
	add(&sums->evil[night.evil], &night, &result);
}

static uint64_t read_number(const char *text)
{
	char *end;
	uint64_t value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (*text >= '0' && *text <= '9' && !*end && !errno)
		return value;
	fprintf(stderr, "nights: «%s» must be a number\n", text);
	exit(2);
}

int main(int argc, char **argv)
{
	bool verbose = argc > 1 && !strcmp(argv[1], "-v");
	struct sums sums = { 0 };
	stack_planner planner;
	uint64_t seed, end;

	argv += verbose;
	argc -= verbose;
	planner = argc > 3 ? planner_find(argv[3]) : owner_plan;
	if (argc < 3 || argc > 4 || !planner) {
		fprintf(stderr, "usage: nights [-v] FIRST N [%s]\n", PLANNERS);
		return 2;
	}
	seed = read_number(argv[1]);
	for (end = seed + read_number(argv[2]); seed < end; seed++)
		run(seed, planner, verbose, &sums);
	print_sums(&sums);
	return 0;
}
