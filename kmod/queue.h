/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What queue.c, the everyday path, and recover.c, the way back from a slot that
 * does not answer, share. Everything here: queue lock held.
 */
#ifndef LAYBY_QUEUE_H
#define LAYBY_QUEUE_H

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
void layby_queue_push(struct layby_queue *queue, struct layby_job *job);
void layby_queue_ring(struct layby_queue *queue);
bool layby_queue_take(struct layby_queue *queue, struct layby_uring_batch *batch, bool all);
void layby_queue_new_head(struct layby_queue *queue);
void layby_queue_settle(struct layby_queue *queue);
void layby_job_retire(struct layby_queue *queue, struct layby_job *job,
		      int result, u32 reason,
		      const struct layby_hw_completion *done,
		      struct layby_uring_batch *batch);

int layby_shut_result(struct layby_queue *queue);
u32 layby_shut_reason(struct layby_queue *queue);
struct layby_job *layby_queue_enter(struct layby_party *party,
				    struct layby_cmd_submit submit);

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
