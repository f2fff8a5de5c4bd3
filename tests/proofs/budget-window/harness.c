// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ISO-8 itself, for sequences of any length: over any window energy is at most the
 * integral of the cap and the bucket.
 *
 * A window begins at any moment, in any state that kmod/budget.h allows: with jobs that
 * have used anything up to what they are charged, and with time that has not been
 * accrued. From then on there are steps, whichever and in any order: time passes and the
 * cap gives something, a job uses something of what it is charged, the others do, or one
 * of the functions is called. What is shown of one step is that
 *
 *	energy - integral <= what unsettled jobs have used + room that time has not filled
 *
 * where room is what bucket is above charged and credit. It is so when a window begins, so
 * it is after every number of steps; and the right side is never above the bucket.
 *
 * Of what the cap gives in a time only this is taken: that of two stretches is the sum.
 * Amounts are up to 7; all that is done with them is to add and to compare them. That the
 * sums fit in 64 bits, and the rest of the arithmetic, is in the proof "budget".
 */
#include <budget.h>

#include "proof.h"

#define AMOUNT_MAX	7

ANY(struct layby_budget, budget);
ANY(__u8, byte);
ANY(__u32, number);

/* Energy in the window less the integral of the cap over it. */
static __s64 above_pj;

/* One job, and all others together: what each is charged, and has used of it. */
static __u64 job_pj, job_used_pj, others_pj, others_used_pj;

/* What the cap in force has given since credit was accrued. */
static __u64 pending_pj;
static __u32 cap_mw;
static __u64 now_ns;

static __u64 any_pj(void)
{
	return any_byte() & AMOUNT_MAX;
}

/* In place of check_mul_overflow(): at another cap it is any number. */
bool given_by_cap(__u64 span_ns, __u64 mw, __u64 *pj)
{
	*pj = mw == cap_mw ? pending_pj : any_byte();
	return false;
}

static __u64 smaller(__u64 a, __u64 b)
{
	return a < b ? a : b;
}

static __u64 room(const struct layby_budget *budget)
{
	return budget->bucket_pj - budget->charged_pj - budget->credit_pj;
}

/* What energy less integral may be. */
static __s64 bound(const struct layby_budget *budget)
{
	__u64 room_pj = room(budget);

	return job_used_pj + others_used_pj + (room_pj - smaller(pending_pj, room_pj));
}

static struct layby_budget begin(void)
{
	struct layby_budget budget = any_budget();

	job_used_pj = any_pj();
	others_used_pj = any_pj();
	job_pj = job_used_pj + any_pj();
	others_pj = others_used_pj + any_pj();
	budget.charged_pj = job_pj + others_pj;
	budget.credit_pj = any_pj();
	budget.bucket_pj = budget.charged_pj + budget.credit_pj + any_pj();
	given(budget.cap_mw <= LAYBY_BUDGET_CAP_MAX_MW);
	cap_mw = budget.cap_mw;
	budget.at_ns = any_pj();
	now_ns = budget.at_ns + any_pj();
	pending_pj = now_ns > budget.at_ns ? any_pj() : 0;
	holds(bound(&budget) >= 0, "it is so when a window begins");
	above_pj = bound(&budget) - any_byte();
	return budget;
}

/* A time ends at the moment at which there is no more room. */
static void pass(const struct layby_budget *budget)
{
	__u64 pj = any_pj();

	given(pending_pj + pj <= room(budget) || pending_pj >= room(budget));
	now_ns += 1 + any_pj();
	pending_pj += pj;
	above_pj -= pj;
}

static void use(__u64 *used_pj, __u64 charged_pj)
{
	__u64 pj = any_pj();

	given(pj <= charged_pj - *used_pj);
	*used_pj += pj;
	above_pj += pj;
}

static void charge(struct layby_budget *budget)
{
	__u64 pj = any_pj();

	if (layby_budget_charge(budget, pj))
		job_pj += pj;
}

/* The job has ended; what it is taken to have used is no less than it did. */
static void settle(struct layby_budget *budget)
{
	layby_budget_accrue(budget, now_ns);
	layby_budget_settle(budget, job_pj, job_used_pj + any_pj());
	job_pj = 0;
	job_used_pj = 0;
}

static void change_cap(struct layby_budget *budget)
{
	__u32 mw = any_number();

	given(mw <= LAYBY_BUDGET_CAP_MAX_MW);
	layby_budget_cap(budget, mw, now_ns);
	cap_mw = mw;
}

/* In whichever state, accrued or not. */
static void forfeit(struct layby_budget *budget)
{
	layby_budget_forfeit(budget, any_pj());
}

static void prove_after(const struct layby_budget *budget)
{
	if (budget->at_ns == now_ns)
		pending_pj = 0;
	holds(above_pj <= bound(budget), "it stays so with every step");
	holds(bound(budget) <= (__s64)budget->bucket_pj,
	      "energy is at most what the cap gives and the bucket");
	holds(budget->charged_pj == job_pj + others_pj,
	      "what is charged is what jobs are charged");
	if (above_pj > 0 && above_pj == (__s64)budget->bucket_pj && budget->at_ns < now_ns)
		reached("all that there may be");
	if (pending_pj && job_used_pj < job_pj)
		reached("a job that runs while time is not accrued");
}

/* Each step from a state of its own: the solver is done sooner. */
static void prove(__u32 step)
{
	struct layby_budget budget = begin();

	switch (step) {
	case 0:
		pass(&budget);
		break;
	case 1:
		use(&job_used_pj, job_pj);
		break;
	case 2:
		use(&others_used_pj, others_pj);
		break;
	case 3:
		layby_budget_accrue(&budget, now_ns);
		break;
	case 4:
		change_cap(&budget);
		break;
	case 5:
		charge(&budget);
		break;
	case 6:
		forfeit(&budget);
		break;
	default:
		settle(&budget);
	}
	prove_after(&budget);
}

int main(void)
{
	__u32 step;

	for (step = 0; step <= 7; step++)
		prove(step);
	reached("the end: no step is assumed away");
	return 0;
}
