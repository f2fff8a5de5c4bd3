// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * kmod/budget.c, one call from any state that keeps what budget.h says of it: credit
 * and charges stay within the bucket, no more comes back than was charged, nothing
 * overflows. So after every number of calls.
 *
 * The product of a power and a time, and quotients, are not calculated here: with
 * 64 bits of each no solver is done in time. goto-instrument turns both to functions
 * below, which return any number that the facts written there allow; these are what is
 * taken of the compiler's * and / as it is. What follows from it is shown for all
 * numbers. tests/unit/test_budget.c holds products against wider ones.
 */
#include <limits.h>

#include <budget.h>

#include "proof.h"

#define NEVER		LAYBY_BUDGET_NEVER
#define BUCKET_MAX	(LAYBY_BUDGET_BUCKET_MAX_UJ * LAYBY_PJ_PER_UJ)

ANY(struct layby_budget, budget);
ANY(struct layby_budget_use, use);
ANY(__u64, pj);
ANY(__u64, time);
ANY(__u32, mw);
ANY(bool, bool);

/* The last division: rest is what is lacking to the next quotient, and more than 0. */
static __u64 dividend, divided;
static __u32 divisor;

/* The last product: of what, and whether it is beyond 64 bits. */
static __u64 span_ns, power_mw, product_pj;
static bool overflows;

/* In place of div_u64(): by 1000 it is below what it is by 512. */
__u64 quotient(__u64 n, __u32 d)
{
	holds(d > 0, "nothing is divided by 0");
	dividend = n;
	divisor = d;
	divided = any_pj();
	given(divided <= n && (divided > 0) == (n >= d));
	if (d == 1000)
		given(divided <= n >> 9);
	return divided;
}

/*
 * In place of check_mul_overflow(): with the divisor of before it is above
 * dividend - divisor from the quotient on, and not above it for what is less. The same
 * once more is the same.
 */
bool product(__u64 ns, __u64 mw, __u64 *to)
{
	if (ns != span_ns || mw != power_mw) {
		product_pj = any_pj();
		overflows = any_bool();
	}
	span_ns = ns;
	power_mw = mw;
	if (!ns || !mw)
		given(!overflows && !product_pj);
	if (divisor && divisor == mw && ns >= divided)
		given(overflows || product_pj > dividend - divisor);
	if (divisor && divisor == mw && ns < divided)
		given(!overflows && product_pj <= dividend - divisor);
	*to = product_pj;
	return overflows;
}

/* Any state that keeps the bound; rest: what is not charged, room: for credit. */
static struct layby_budget any_kept(__u64 *room_pj)
{
	struct layby_budget budget = any_budget();
	__u64 rest_pj;

	given(budget.bucket_pj <= BUCKET_MAX && budget.charged_pj <= budget.bucket_pj);
	rest_pj = budget.bucket_pj - budget.charged_pj;
	given(rest_pj <= BUCKET_MAX && budget.credit_pj <= rest_pj);
	*room_pj = rest_pj - budget.credit_pj;
	given(*room_pj <= BUCKET_MAX);
	given(budget.cap_mw <= LAYBY_BUDGET_CAP_MAX_MW && budget.at_ns <= LLONG_MAX);
	return budget;
}

/*
 * The same, put together of what is charged, credit and room: whatever is the same as
 * one keeps the bound, and the solver need not take sums apart.
 */
static struct layby_budget kept(__u64 charged_pj, __u64 credit_pj)
{
	struct layby_budget budget = any_budget();
	__u64 room_pj = any_pj();

	given(charged_pj <= BUCKET_MAX && credit_pj <= BUCKET_MAX && room_pj <= BUCKET_MAX);
	budget.charged_pj = charged_pj;
	budget.credit_pj = credit_pj;
	budget.bucket_pj = charged_pj + (credit_pj + room_pj);
	given(budget.bucket_pj <= BUCKET_MAX);
	given(budget.cap_mw <= LAYBY_BUDGET_CAP_MAX_MW && budget.at_ns <= LLONG_MAX);
	return budget;
}

static bool same(const struct layby_budget *a, const struct layby_budget *b)
{
	return a->bucket_pj == b->bucket_pj && a->charged_pj == b->charged_pj &&
	       a->credit_pj == b->credit_pj && a->at_ns == b->at_ns && a->cap_mw == b->cap_mw;
}

static __u64 smaller(__u64 a, __u64 b)
{
	return a < b ? a : b;
}

static void prove_init(void)
{
	struct layby_budget budget;
	__u64 bucket_pj = any_pj(), now_ns = any_time();

	layby_budget_init(&budget, bucket_pj, now_ns);
	holds(budget.bucket_pj == smaller(bucket_pj, BUCKET_MAX) &&
	      budget.credit_pj == budget.bucket_pj && !budget.charged_pj &&
	      budget.at_ns == now_ns && !budget.cap_mw,
	      "a new account is full");
	if (bucket_pj > BUCKET_MAX)
		reached("a bucket that is too large");
}

static void prove_energy(__u32 mw, __u64 ns)
{
	__u64 pj = layby_budget_energy_pj(mw, ns);

	holds(pj == (!overflows && product_pj <= BUCKET_MAX ? product_pj : NEVER),
	      "energy is exact, or never for what is more than any bucket");
	if (overflows)
		reached("energy beyond 64 bits");
	else if (pj == NEVER)
		reached("energy above any bucket");
}

/* Credit becomes what the cap gave in all time since, as far as there was room. */
static struct layby_budget accrued(struct layby_budget budget, __u64 room_pj, __u64 now_ns)
{
	if (now_ns <= budget.at_ns)
		return budget;
	holds(span_ns == now_ns - budget.at_ns && power_mw == budget.cap_mw,
	      "all time since is credited, at the cap that was");
	budget.credit_pj += overflows ? room_pj : smaller(product_pj, room_pj);
	budget.at_ns = now_ns;
	if (room_pj > product_pj && product_pj && !overflows)
		reached("some credit, and room for more");
	return budget;
}

static void prove_accrue(void)
{
	__u64 room_pj, now_ns = any_time();
	struct layby_budget is = any_kept(&room_pj), was = is;

	layby_budget_accrue(&is, now_ns);
	was = accrued(was, room_pj, now_ns);
	holds(same(&is, &was), "credit grows by what the cap gives, up to the bucket");
}

static void prove_cap(void)
{
	__u64 room_pj, now_ns = any_time();
	struct layby_budget is = any_kept(&room_pj), was = is;
	__u32 cap_mw = any_mw();

	layby_budget_cap(&is, cap_mw, now_ns);
	was = accrued(was, room_pj, now_ns);
	was.cap_mw = smaller(cap_mw, LAYBY_BUDGET_CAP_MAX_MW);
	holds(same(&is, &was), "a new cap is for the time from now on");
}

static void prove_forfeit(const struct layby_budget *was)
{
	struct layby_budget is = *was;
	__u64 pj = any_pj(), left_pj;

	layby_budget_forfeit(&is, pj);
	left_pj = is.credit_pj;
	is.credit_pj = was->credit_pj;
	holds(same(&is, was), "forfeiting takes credit, nothing else");
	holds(left_pj == (pj < was->credit_pj ? was->credit_pj - pj : 0),
	      "so much of it, or all");
	if (left_pj && pj)
		reached("some of it");
}

/* Credit is what the job takes and the rest, if it fits. */
static void prove_charge(void)
{
	__u64 charged_pj = any_pj(), rest_pj = any_pj(), worst_pj = any_pj();
	struct layby_budget is, was;

	given(charged_pj <= BUCKET_MAX && rest_pj <= BUCKET_MAX && worst_pj <= BUCKET_MAX);
	was = kept(charged_pj + worst_pj, rest_pj);
	is = was;
	is.charged_pj = charged_pj;
	is.credit_pj = worst_pj + rest_pj;
	holds(layby_budget_charge(&is, worst_pj), "what fits is charged");
	holds(same(&is, &was), "what is charged was credit, nothing else changes");
	if (worst_pj && !rest_pj)
		reached("all that there is");
}

static void prove_refuse(const struct layby_budget *was)
{
	struct layby_budget is = *was;
	__u64 worst_pj = any_pj();

	given(worst_pj > was->credit_pj);
	follows(!layby_budget_charge(&is, worst_pj), "what does not fit is refused");
	holds(same(&is, was), "refusing changes nothing");
	if (worst_pj == NEVER)
		reached("a charge that is never accepted");
}

/* The job was charged what it used and what comes back, beside what others are. */
static void prove_settle(void)
{
	__u64 others_pj = any_pj(), credit_pj = any_pj(), used_pj = any_pj(), back_pj = any_pj();
	__u64 more_pj = any_pj();
	struct layby_budget is, was;

	given(credit_pj <= BUCKET_MAX && used_pj <= BUCKET_MAX && back_pj <= BUCKET_MAX);
	was = kept(others_pj, credit_pj + back_pj);
	is = was;
	is.charged_pj = others_pj + (used_pj + back_pj);
	is.credit_pj = credit_pj;
	given((!back_pj || !more_pj) && more_pj <= NEVER - used_pj);
	layby_budget_settle(&is, used_pj + back_pj, used_pj + more_pj);
	holds(same(&is, &was), "just what was not used comes back, nothing else changes");
	if (more_pj)
		reached("more used than charged");
}

/* From the instant that is told on it is accepted, and before that it is not. */
static void prove_ready(const struct layby_budget *was)
{
	struct layby_budget is = *was;
	__u64 worst_pj = any_pj(), now_ns = any_time(), ready_ns;
	bool charged;

	ready_ns = layby_budget_ready_ns(was, worst_pj);
	given(now_ns >= was->at_ns);
	layby_budget_accrue(&is, now_ns);
	charged = layby_budget_charge(&is, worst_pj);
	if (ready_ns == NEVER) {
		holds(!charged, "what is never ready is never accepted");
		reached("never");
		return;
	}
	holds(ready_ns >= was->at_ns, "it is not ready in the past");
	holds(charged == (now_ns >= ready_ns), "it is accepted from the instant told on");
	if (now_ns == ready_ns && ready_ns > was->at_ns)
		reached("just now");
}

/*
 * The first product is the worst power's: the function begins with it, and so do we.
 * Of meters this is about those that err by the microjoule alone, and those that tell
 * nothing. All errors between are in tests/unit/test_budget.c: no solver is done with
 * permilles in time.
 */
static void prove_used(__u32 meter_error_permille)
{
	struct layby_budget_use use = any_use();
	bool meter = use.metered_pj <= BUCKET_MAX && !meter_error_permille;
	__u64 truth_pj = any_pj(), worst_pj, used_pj;

	use.meter_error_permille = meter_error_permille;
	worst_pj = layby_budget_energy_pj(use.worst_mw, use.run_ns);
	used_pj = layby_budget_used_pj(&use);
	given(truth_pj <= worst_pj);
	given(!meter || truth_pj <= use.metered_pj + LAYBY_PJ_PER_UJ);
	holds(used_pj >= truth_pj, "no less than was truly used");
	if (meter && used_pj < worst_pj && truth_pj > use.metered_pj)
		reached("corrected by a meter that reads too little");
	if (!meter && worst_pj == NEVER)
		reached("nothing is known");
}

/* Any values at all: nothing overflows, CBMC says. */
static void prove_used_any(void)
{
	const struct layby_budget_use use = any_use();

	layby_budget_used_pj(&use);
	if (use.meter_error_permille == 1000 && use.metered_pj == BUCKET_MAX)
		reached("the largest that is metered");
}

int main(void)
{
	__u64 room_pj;
	const struct layby_budget was = any_kept(&room_pj);

	switch (any_mw()) {
	case 0:
		prove_init();
		break;
	case 1:
		prove_energy(any_mw(), any_time());
		break;
	case 2:
		prove_accrue();
		break;
	case 3:
		prove_cap();
		break;
	case 4:
		prove_charge();
		break;
	case 5:
		prove_refuse(&was);
		break;
	case 6:
		prove_settle();
		break;
	case 7:
		prove_ready(&was);
		break;
	case 8:
		prove_used(0);
		break;
	case 9:
		prove_used(1001);
		break;
	case 10:
		prove_forfeit(&was);
		break;
	default:
		prove_used_any();
	}
	return 0;
}
