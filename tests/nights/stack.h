/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * layby in a simulated car: the module's own gate, token, account and budget, the
 * governor's own govern.h, the agent's own planner, wired as the module, the eBPF
 * program and the agent wire them.
 */
#ifndef LAYBY_TESTS_STACK_H
#define LAYBY_TESTS_STACK_H

#include <account.h>
#include <budget.h>
#include <gate.h>
#include <govern.h>
#include <owner/plan.h>

#include "world.h"

/* The budget's bucket, in steps at the policy's ceiling */
#define STACK_BUCKET_STEPS	2

typedef void (*stack_planner)(const struct owner_settings *set, const struct owner_car *car,
			      int64_t now_us, struct owner_plan *plan);

/*
 * @terms: of the last token
 * @wall_offset_ns: wall clock less monotonic clock when it was given
 * @govern_ns: the governor's clock; see stack_step()
 * @up: the agent lives
 * @owner: what the owner wants, as the agent keeps it on disk
 * @settings: the map
 * @lent_day: local day that @lent_today_uj is of
 */
struct stack {
	struct layby_gate_input in;
	struct layby_consent_terms terms;
	struct layby_account account;
	struct layby_budget budget;
	struct layby_govern govern;
	struct layby_govern_knobs knobs;
	struct layby_governor_settings settings;
	struct layby_governor_verdict verdict;
	int64_t wall_offset_ns;
	uint64_t govern_ns;
	uint64_t guest_used_uj;
	uint64_t charge_at_ns;
	uint64_t battery_at_ns;
	stack_planner planner;
	struct owner_settings owner;
	struct owner_plan plan;
	bool up;
	int64_t lent_day;
	uint64_t lent_today_uj;
};

/* Booted, with consent given and the settings written. */
void stack_begin(struct stack *stack, const struct world *world, stack_planner planner);

/* What the car, the owner or fate just did */
void stack_event(struct stack *stack, const struct world *world, const struct night_event *event);

/*
 * One step: what is lent in it, joule. Signals, sensors, lease and governor are heard of
 * at its beginning. The governor is asked for a second's worth of its periods; then its
 * own clock stands still, for nothing changes until the next step. So it closes as soon
 * as it would, and raises cap and level ten times as slowly.
 */
double stack_step(struct stack *stack, const struct world *world);

#endif /* LAYBY_TESTS_STACK_H */
