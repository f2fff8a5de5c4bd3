/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a guest job is charged, and when: between the queue and the pure budget.c.
 * Everything but layby_charge_init() and layby_charge_prepare(): queue lock held.
 */
#ifndef LAYBY_CHARGE_H
#define LAYBY_CHARGE_H

#include "layby.h"
#include "queue.h"

/* @queue is told what its tiles can draw, and gets its part of the policy's bucket. */
void layby_charge_init(struct layby_queue *queue);

/**
 * layby_charge_rail_level() - the highest level of guest tiles that the rail bears
 * @accel: holds a policy
 *
 * Return: at it, all guests' tiles together draw at most what full driving load leaves
 * of the rail; -ERANGE: at none.
 */
int layby_charge_rail_level(const struct layby_accel *accel);

/**
 * layby_charge_prepare() - how long a job may run at each level, and what it costs
 * @queue: whose
 * @prepared: @admission.longest_run_ns is set
 *
 * Return: 0; -E2BIG: the bucket never holds its worst case at the highest level.
 */
int layby_charge_prepare(const struct layby_queue *queue, struct layby_prepared *prepared);

/* What does not fit now. Return: it does, after what has accrued since. */
bool layby_charge_late(struct layby_queue *queue, u64 worst_pj);

/*
 * The next job is about to go onto the ring. Inline, because it is on the path of
 * every job. Return: it may; if not the timer looks again.
 */
static inline bool layby_charge(struct layby_queue *queue, struct layby_job *job)
{
	const struct layby_prepared *prepared = job->prepared;
	u32 level = queue->level;

	if (!queue->guest)
		return true;
	if (unlikely(READ_ONCE(queue->shut) || queue->rising))
		return false;
	job->charged_pj = prepared->worst_pj[level];
	job->limit_ns = prepared->limit_ns[level];
	job->level = level;
	if (likely(layby_budget_charge(&queue->budget, job->charged_pj) ||
		   layby_charge_late(queue, job->charged_pj)))
		return true;
	job->charged_pj = 0;
	return false;
}

/* Of @cap_mw, which is all guests', the part of a guest partition. Any context. */
u32 layby_charge_cap(const struct layby_partition *partition, u32 cap_mw);

/* What is on the ring is charged for @level. Return: there was credit for all of it. */
bool layby_charge_again(struct layby_queue *queue, u32 level);

/* The slot has fallen to @level, from queue->level: what runs has more time. */
void layby_charge_slower(struct layby_queue *queue, u32 level);

/* Before the first of some completions of guest jobs is settled. */
static inline void layby_charge_accrue(struct layby_queue *queue)
{
	if (queue->guest)
		layby_budget_accrue(&queue->budget, ktime_get_ns());
}

/* No job runs for so long or uses so much; less can be summed up. */
static inline bool layby_charge_nonsense(const struct layby_hw_completion *done)
{
	return (done->run_ticks | done->energy_uj) >> 48;
}

static inline void layby_ended_add(struct layby_ended *ended, struct layby_job *job,
				   const struct layby_hw_completion *done)
{
	ended->charged_pj += job->charged_pj;
	ended->run_ticks += done->run_ticks;
	ended->energy_uj += done->energy_uj;
	ended->jobs++;
	job->charged_pj = 0;
}

/* The first of some, or one that is unlike the others. */
void layby_charge_end_first(struct layby_queue *queue, struct layby_job *job,
			    const struct layby_hw_completion *done);

/*
 * A job that was charged has ended as @done says; layby_charge_accrue() came before,
 * and before the lock is dropped comes layby_charge_settle(), once for all of them.
 */
static inline void layby_charge_end(struct layby_queue *queue, struct layby_job *job,
				    const struct layby_hw_completion *done)
{
	if (unlikely(job == queue->head || layby_charge_nonsense(done) ||
		     min_t(u32, done->level, job->level) != queue->ended.level))
		layby_charge_end_first(queue, job, done);
	else
		layby_ended_add(&queue->ended, job, done);
}

/* What has ended gets back what it did not use. */
void layby_charge_settle(struct layby_queue *queue);

/*
 * The device will not tell what became of the jobs on the ring: they have used no
 * more than the tiles can draw in the time since the first of them may have begun.
 */
void layby_charge_forget(struct layby_queue *queue);

#endif /* LAYBY_CHARGE_H */
