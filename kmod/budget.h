/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The energy budget of a group of tiles (ISO-8): true energy over any stretch of
 * time is at most the integral of the cap over it plus the bucket.
 *
 * Credit grows at the cap. A job is charged its worst case before it starts, and
 * gets back what it did not use when it ends. Credit and what is charged together
 * never exceed the bucket: so, with e what unfinished jobs have truly used,
 *
 *	credit + charged - e
 *
 * lies between 0 and the bucket at every moment, grows at most at the cap and falls
 * with every joule that is used.
 *
 * Pure: the caller locks, and says what time it is, by CLOCK_MONOTONIC, which is below
 * 2^63. The same file goes into the module, the host tests and the proofs. Numbers are
 * picojoules, a milliwatt for a nanosecond, so that nothing is ever rounded but where it
 * is said.
 */
#ifndef LAYBY_BUDGET_H
#define LAYBY_BUDGET_H

#include <linux/types.h>
#ifndef __KERNEL__
#include <stdbool.h>
#endif

#define LAYBY_PJ_PER_UJ		1000000ULL

/* More than any bucket: what can never be charged. */
#define LAYBY_BUDGET_NEVER	(~0ULL)

/* The largest bucket, a megajoule. */
#define LAYBY_BUDGET_BUCKET_MAX_UJ	1000000000000ULL

/* The highest cap, above every policy's. */
#define LAYBY_BUDGET_CAP_MAX_MW	0x1000000U

/**
 * struct layby_budget - an account
 * @bucket_pj: the declared bound, at most LAYBY_BUDGET_BUCKET_MAX_UJ; never changes
 * @charged_pj: worst cases of the jobs that have not been settled
 * @credit_pj: what may be charged; with @charged_pj at most @bucket_pj
 * @at_ns: CLOCK_MONOTONIC, up to when credit has accrued
 * @cap_mw: at which it accrues, at most LAYBY_BUDGET_CAP_MAX_MW
 */
struct layby_budget {
	__u64 bucket_pj;
	__u64 charged_pj;
	__u64 credit_pj;
	__u64 at_ns;
	__u32 cap_mw;
};

/**
 * struct layby_budget_use - what is known of a job that ended
 * @run_ns: no less than it was on the tiles: ticks of the device's clock are rounded up
 * @metered_pj: its energy, as the device metered it
 * @worst_mw: most that its tiles may draw at the level that it ran at
 * @least_mw: least that they may draw at it
 * @meter_error_permille: how far the truth may be above what was metered and one
 *			  microjoule, of these together; with more than 1000 the
 *			  meter tells nothing
 */
struct layby_budget_use {
	__u64 run_ns;
	__u64 metered_pj;
	__u32 worst_mw;
	__u32 least_mw;
	__u32 meter_error_permille;
};

/* Credit is the whole bucket, the cap 0. */
void layby_budget_init(struct layby_budget *budget, __u64 bucket_pj, __u64 now_ns);

/**
 * layby_budget_accrue() - credit up to now
 * @budget: the account
 * @now_ns: CLOCK_MONOTONIC; one that is before @at_ns changes nothing
 *
 * Must come before every layby_budget_settle(), at the same moment: else time in which
 * there was no room for credit earns some afterwards, and ISO-8 does not hold. Also
 * before a charge that is refused.
 */
void layby_budget_accrue(struct layby_budget *budget, __u64 now_ns);

/* From now on at @cap_mw; cut to LAYBY_BUDGET_CAP_MAX_MW. */
void layby_budget_cap(struct layby_budget *budget, __u32 cap_mw, __u64 now_ns);

/* Gives @pj of the credit up, or all that there is. */
void layby_budget_forfeit(struct layby_budget *budget, __u64 pj);

/**
 * layby_budget_charge() - a job is about to start
 * @budget: the account
 * @worst_pj: most that it can use until it is settled; LAYBY_BUDGET_NEVER: it cannot
 *	      start
 *
 * Return: whether its worst case fits; if not nothing has changed.
 */
bool layby_budget_charge(struct layby_budget *budget, __u64 worst_pj);

/**
 * layby_budget_settle() - a job has ended
 * @budget: the account
 * @charged_pj: what it was charged, by one call of layby_budget_charge() or more, all of
 *		it
 * @used_pj: no less than it truly used; what is above @charged_pj counts as that. Of a
 *	     job whose completion was lost that is LAYBY_BUDGET_NEVER.
 */
void layby_budget_settle(struct layby_budget *budget, __u64 charged_pj, __u64 used_pj);

/**
 * layby_budget_ready_ns() - when will so much be there?
 * @budget: the account, credit accrued
 * @worst_pj: what is to be charged
 *
 * Return: CLOCK_MONOTONIC, the first instant at which the charge is not refused if
 * nothing else happens; LAYBY_BUDGET_NEVER: then it never is.
 */
__u64 layby_budget_ready_ns(const struct layby_budget *budget, __u64 worst_pj);

/* @mw for @ns, in picojoule; LAYBY_BUDGET_NEVER if that is more than any bucket. */
__u64 layby_budget_energy_pj(__u32 mw, __u64 ns);

/**
 * layby_budget_used_pj() - what a job is taken to have used
 * @use: any values at all
 *
 * Return: its time at the worst power, corrected by the meter downwards only, and
 * never below its time at the least power: a meter that reads nothing frees no more
 * than what is above that. More than any bucket is LAYBY_BUDGET_NEVER.
 */
__u64 layby_budget_used_pj(const struct layby_budget_use *use);

#endif /* LAYBY_BUDGET_H */
