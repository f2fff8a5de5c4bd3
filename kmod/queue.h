/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the queue's files share: queue.c, the way in; queue_retire.c, the way out;
 * queue_stop.c, what must not go on; recover.c, the way back from a slot that does
 * not answer. Everything here but the timer and recovery's init and fini:
 * queue lock held.
 */
#ifndef LAYBY_QUEUE_H
#define LAYBY_QUEUE_H

#include <linux/ktime.h>

#include "layby.h"
#include "uring.h"

static inline struct layby_partition *
layby_queue_partition(struct layby_queue *queue)
{
	return container_of(queue, struct layby_partition, queue);
}

static inline const struct layby_hw *layby_queue_hw(struct layby_queue *queue)
{
	return &layby_queue_partition(queue)->accel->hw;
}

/* The Nth job in the order of the ring, N below queue->count. */
static inline struct layby_job *layby_queue_nth(struct layby_queue *queue, u32 n)
{
	return queue->order[(queue->first + n) % LAYBY_QUEUE_DEPTH_MAX];
}

/* queue.c */
bool layby_queue_feed(struct layby_queue *queue);
void layby_job_wait(struct layby_queue *queue, struct layby_job *job);
void layby_queue_ring(struct layby_queue *queue);
void layby_queue_become(struct layby_queue *queue, enum layby_queue_state state);
#ifdef LAYBY_BENCH
struct layby_job *layby_queue_enter(struct layby_party *party, struct layby_cmd_submit submit);
#endif

/* queue_retire.c */
bool layby_queue_take(struct layby_queue *queue, struct layby_uring_batch *batch, bool all);
void layby_job_retire(struct layby_queue *queue, struct layby_job *job,
		      int result, u32 reason,
		      const struct layby_hw_completion *done,
		      struct layby_uring_batch *batch);
int layby_shut_result(struct layby_queue *queue);
u32 layby_shut_reason(struct layby_queue *queue);

/* queue_stop.c */
void layby_queue_abort_next(struct layby_queue *queue);
enum hrtimer_restart layby_queue_timer(struct hrtimer *timer);

/* So many are on the ring. */
static inline u32 layby_queue_pushed(const struct layby_queue *queue)
{
	return queue->count - queue->waiting;
}

/* --- Deadlines: inline, because they are on the path of every job --------- */

static inline u64 layby_job_limit_ns(const struct layby_queue *queue,
				     const struct layby_job *job)
{
	return queue->guest ? job->limit_ns : job->prepared->admission.longest_run_ns;
}

static inline u64 layby_head_deadline(struct layby_queue *queue)
{
	return queue->head_since_ns + layby_job_limit_ns(queue, queue->head) +
	       layby_queue_hw(queue)->start_bound_ns + LAYBY_DOORBELL_AGE_NS;
}

/* The timer may be early, never late: an early one looks and sets itself anew. */
static inline void layby_queue_wake(struct layby_queue *queue, u64 at_ns)
{
	if (at_ns >= queue->timer_ns)
		return;
	queue->timer_ns = at_ns;
	hrtimer_start(&queue->timer, ns_to_ktime(at_ns), HRTIMER_MODE_ABS);
}

static inline void layby_queue_arm(struct layby_queue *queue)
{
	u64 next = U64_MAX;

	if (queue->aborting)
		next = queue->abort_by_ns;
	else if (queue->head)
		next = layby_head_deadline(queue);
	layby_queue_wake(queue, min(next, queue->feed_at_ns));
}

static inline void layby_queue_new_head(struct layby_queue *queue)
{
	struct layby_job *first = layby_queue_pushed(queue) ? layby_queue_nth(queue, 0) : NULL;

	if (first == queue->head)
		return;
	queue->head = first;
	if (!first)
		return;
	queue->head_since_ns = ktime_get_ns();
	layby_queue_arm(queue);
}

/* After the ring, or what may go onto it, has changed; the slot is in service. */
static inline void layby_queue_settle(struct layby_queue *queue)
{
	if (unlikely(queue->waiting) && layby_queue_feed(queue))
		layby_queue_ring(queue);
	layby_queue_new_head(queue);
	if (unlikely(queue->stopping))
		layby_queue_abort_next(queue);
}

/* A bench job has a waiter instead of a command. */
static inline void layby_bench_wake(struct layby_job *job)
{
#ifdef LAYBY_BENCH
	if (job->waiter)
		complete(job->waiter);
	job->waiter = NULL;
#endif
}

/* recover.c */
void layby_queue_fail_all(struct layby_queue *queue, int result, u32 reason,
			  struct layby_uring_batch *batch);
int layby_recovery_init(struct layby_queue *queue);
void layby_recovery_fini(struct layby_queue *queue);
void layby_queue_begin_recovery(struct layby_queue *queue);

#endif /* LAYBY_QUEUE_H */
