// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A night, from parked to driven off. See run.h.
 */
#include <math.h>
#include <stddef.h>

#include "foresight.h"
#include "judge.h"
#include "run.h"

/* Below what doubles of many joules can tell */
#define NOTHING_J	1e-3

static double run_alone(const struct night *night, int *percent)
{
	struct world world;

	world_begin(&world, night);
	while (world.at_s < night->depart_s) {
		while (world_next(&world))
			;
		world_step(&world, 0);
	}
	*percent = world_percent(&world);
	return world.energy_j;
}

static double lend(struct stack *stack, struct judge *judge, struct world *world,
		   struct night_result *result)
{
	double lent_j = stack_step(stack, world);
	double outside_j = lent_j - judge_allows(judge, world);

	judge_lent(judge, lent_j);
	result->lent_j += lent_j;
	if (outside_j > NOTHING_J)
		result->outside_j += outside_j;
	return lent_j;
}

static void run_with_guests(const struct night *night, stack_planner planner,
			    struct night_result *result)
{
	const struct night_event *event;
	struct stack stack;
	struct judge judge;
	struct world world;

	world_begin(&world, night);
	stack_begin(&stack, &world, planner);
	judge_begin(&judge, &world);
	while (world.at_s < night->leave_s) {
		while ((event = world_next(&world))) {
			stack_event(&stack, &world, event);
			judge_event(&judge, event);
		}
		if (world.at_s == night->depart_s)
			result->percent = world_percent(&world);
		world_step(&world, lend(&stack, &judge, &world, result));
	}
	if (night->leave_s == night->depart_s)
		result->percent = world_percent(&world);
}

struct night_result night_run(const struct night *night, stack_planner planner)
{
	struct night_result result = { .asked = night->settings.departure_percent };
	double alone_j = run_alone(night, &result.alone_percent);

	run_with_guests(night, planner, &result);
	result.best_j = foresight_lent_j(night, alone_j);
	return result;
}

bool night_missed(const struct night *night, const struct night_result *result)
{
	int asked = night->settings.departure_percent;

	return result->asked && result->alone_percent >= asked && result->percent < asked;
}
