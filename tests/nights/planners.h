/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The shipped planner, and others to hold it against; the wrong ones must be found out.
 */
#ifndef LAYBY_TESTS_PLANNERS_H
#define LAYBY_TESTS_PLANNERS_H

#include "stack.h"

/*
 * shipped: agent/owner/plan.c, told what the car's maker knows of it
 * untold: the same, which takes what any car may draw
 * daring: while the car charges it counts on the charger to make up for all that is lent
 * forgetful: wrong: forgets the departure
 * greedy: wrong: lends whatever it may
 */
#define PLANNERS "shipped|untold|daring|forgetful|greedy"

/* NULL: none is called so */
stack_planner planner_find(const char *name);

#endif /* LAYBY_TESTS_PLANNERS_H */
