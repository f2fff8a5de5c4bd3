// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Planners. See planners.h.
 */
#include <stddef.h>
#include <string.h>

#include "planners.h"

static void plan_untold(const struct owner_settings *set, const struct owner_car *car,
			int64_t now_us, struct owner_plan *plan)
{
	struct owner_car untold = *car;

	untold.own_permille_h = 0;
	untold.own_start_percent = 0;
	owner_plan(set, &untold, now_us, plan);
}

static void plan_forgetful(const struct owner_settings *set, const struct owner_car *car,
			   int64_t now_us, struct owner_plan *plan)
{
	struct owner_settings without = *set;

	without.departure_percent = 0;
	owner_plan(&without, car, now_us, plan);
}

static void plan_daring(const struct owner_settings *set, const struct owner_car *car,
			int64_t now_us, struct owner_plan *plan)
{
	if (car->charging == LAYBY_CHARGING_YES)
		plan_forgetful(set, car, now_us, plan);
	else
		owner_plan(set, car, now_us, plan);
}

static void plan_greedy(const struct owner_settings *set, const struct owner_car *car,
			int64_t now_us, struct owner_plan *plan)
{
	*plan = (struct owner_plan){ .again_us = INT64_MAX };
}

static const struct {
	const char *name;
	stack_planner planner;
} planners[] = {
	{ "shipped", owner_plan },
	{ "untold", plan_untold },
	{ "daring", plan_daring },
	{ "forgetful", plan_forgetful },
	{ "greedy", plan_greedy },
};

stack_planner planner_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(planners) / sizeof(*planners); i++)
		if (!strcmp(planners[i].name, name))
			return planners[i].planner;
	return NULL;
}
