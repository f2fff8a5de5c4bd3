// SPDX-License-Identifier: GPL-2.0-only
/*
 * The energy budget. See budget.h.
 *
 * Owns the arithmetic of ISO-8 and nothing else: which job, which level and which
 * cap is others'. Must never let credit and charges exceed the bucket, nor give back
 * more than was charged. The one product that may pass 64 bits is asked whether it has;
 * the ranges in budget.h keep every other and all sums within them.
 */
#ifdef __KERNEL__
#include <linux/math64.h>
#include <linux/overflow.h>
#endif

#include "budget.h"

#ifndef __KERNEL__
static inline __u64 div_u64(__u64 dividend, __u32 divisor)
{
	return dividend / divisor;
}

static inline bool check_mul_overflow(__u64 a, __u64 b, __u64 *product)
{
	return __builtin_mul_overflow(a, b, product);
}
#endif

#define BUCKET_MAX_PJ	(LAYBY_BUDGET_BUCKET_MAX_UJ * LAYBY_PJ_PER_UJ)

#define PERMILLE	1000u

static __u64 min_u64(__u64 a, __u64 b)
{
	return a < b ? a : b;
}

static __u64 max_u64(__u64 a, __u64 b)
{
	return a > b ? a : b;
}

void layby_budget_init(struct layby_budget *budget, __u64 bucket_pj, __u64 now_ns)
{
	*budget = (struct layby_budget){
		.bucket_pj = min_u64(bucket_pj, BUCKET_MAX_PJ),
		.credit_pj = min_u64(bucket_pj, BUCKET_MAX_PJ),
		.at_ns = now_ns,
	};
}

void layby_budget_accrue(struct layby_budget *budget, __u64 now_ns)
{
	__u64 room = budget->bucket_pj - budget->charged_pj - budget->credit_pj;
	__u64 earned_pj;

	if (now_ns <= budget->at_ns)
		return;
	earned_pj = layby_budget_energy_pj(budget->cap_mw, now_ns - budget->at_ns);
	budget->credit_pj += min_u64(earned_pj, room);
	budget->at_ns = now_ns;
}

void layby_budget_cap(struct layby_budget *budget, __u32 cap_mw, __u64 now_ns)
{
	layby_budget_accrue(budget, now_ns);
	budget->cap_mw = min_u64(cap_mw, LAYBY_BUDGET_CAP_MAX_MW);
}

void layby_budget_forfeit(struct layby_budget *budget, __u64 pj)
{
	budget->credit_pj -= min_u64(pj, budget->credit_pj);
}

bool layby_budget_charge(struct layby_budget *budget, __u64 worst_pj)
{
	if (worst_pj > budget->credit_pj)
		return false;
	budget->credit_pj -= worst_pj;
	budget->charged_pj += worst_pj;
	return true;
}

void layby_budget_settle(struct layby_budget *budget, __u64 charged_pj, __u64 used_pj)
{
	budget->charged_pj -= charged_pj;
	budget->credit_pj += charged_pj - min_u64(used_pj, charged_pj);
}

__u64 layby_budget_ready_ns(const struct layby_budget *budget, __u64 worst_pj)
{
	__u64 missing;

	if (worst_pj <= budget->credit_pj)
		return budget->at_ns;
	if (!budget->cap_mw || worst_pj > budget->bucket_pj - budget->charged_pj)
		return LAYBY_BUDGET_NEVER;
	missing = worst_pj - budget->credit_pj;
	return budget->at_ns + div_u64(missing + budget->cap_mw - 1, budget->cap_mw);
}

__u64 layby_budget_energy_pj(__u32 mw, __u64 ns)
{
	__u64 pj;

	if (check_mul_overflow(ns, mw, &pj) || pj > BUCKET_MAX_PJ)
		return LAYBY_BUDGET_NEVER;
	return pj;
}

/* What was metered, and the most that the meter may have missed. */
static __u64 metered_at_most_pj(const struct layby_budget_use *use)
{
	__u64 pj;

	if (use->metered_pj > BUCKET_MAX_PJ || use->meter_error_permille > PERMILLE)
		return LAYBY_BUDGET_NEVER;
	pj = use->metered_pj + LAYBY_PJ_PER_UJ;
	return pj + div_u64(pj, PERMILLE) * use->meter_error_permille + use->meter_error_permille;
}

__u64 layby_budget_used_pj(const struct layby_budget_use *use)
{
	__u64 worst_pj = layby_budget_energy_pj(use->worst_mw, use->run_ns);
	__u64 least_pj = layby_budget_energy_pj(use->least_mw, use->run_ns);

	return max_u64(least_pj, min_u64(worst_pj, metered_at_most_pj(use)));
}
