// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * nights FIRST N [PLANNER] - simulate N nights, from the seed FIRST on
 *
 * PLANNER: shipped, or a wrong one, that must be found out: greedy lends whatever may be
 * lent, daring counts on the charger to make up for it. Prints a line of JSON: what was
 * promised and lent, in all and by kind of night; with -v a line a night before it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* --- Wrong planners --------------------------------------------------------- */

static void plan_greedy(const struct owner_settings *set, const struct owner_car *car,
			int64_t now_us, struct owner_plan *plan)
{
	*plan = (struct owner_plan){ .again_us = INT64_MAX };
}

/* While it charges, the departure is left to the charger. */
static void plan_daring(const struct owner_settings *set, const struct owner_car *car,
			int64_t now_us, struct owner_plan *plan)
{
	struct owner_settings without = *set;

	if (car->charging == LAYBY_CHARGING_YES)
		without.departure_percent = 0;
	owner_plan(&without, car, now_us, plan);
}

static const struct {
	const char *name;
	stack_planner planner;
} planners[] = {
	{ "shipped", owner_plan },
	{ "greedy", plan_greedy },
	{ "daring", plan_daring },
};

static stack_planner find_planner(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(planners) / sizeof(*planners); i++)
		if (!strcmp(planners[i].name, name))
			return planners[i].planner;
	fprintf(stderr, "nights: no planner is called %s; there are: shipped, greedy, daring\n",
		name);
	exit(2);
}

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
	printf("\"%s\": {\"nights\": %d, \"promises\": %d, \"kept_alone\": %d, \"missed\": %d, "
	       "\"joules_outside\": %.3f, \"lent_kwh\": %.3f, \"best_kwh\": %.3f}%s",
	       name, sum->nights, sum->asked, sum->kept_alone, sum->missed, sum->outside_j,
	       sum->lent_j / KWH_J, sum->best_j / KWH_J, end);
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

int main(int argc, char **argv)
{
	bool verbose = argc > 1 && !strcmp(argv[1], "-v");
	uint64_t seed, end;
	struct sums sums = { 0 };
	stack_planner planner;

	argv += verbose;
	argc -= verbose;
	if (argc < 3 || argc > 4) {
		fprintf(stderr, "usage: nights [-v] FIRST N [shipped|greedy|daring]\n");
		return 2;
	}
	planner = find_planner(argc == 4 ? argv[3] : "shipped");
	seed = strtoull(argv[1], NULL, 10);
	for (end = seed + strtoull(argv[2], NULL, 10); seed < end; seed++) {
		struct night_result result;
		struct night night;

		night_draw(&night, seed);
		result = night_run(&night, planner);
		if (verbose)
			print_night(&night, &result);
		add(&sums.all, &night, &result);
		add(&sums.charger[night.charger], &night, &result);
		add(&sums.evil[night.evil], &night, &result);
	}
	print_sums(&sums);
	return 0;
}
