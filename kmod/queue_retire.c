// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way out of the queue: completions are taken from the hardware, and each job
 * is retired with its one result. See queue.c for the whole way.
 *
 * Everything but layby_queue_poll() is called with the queue lock held, also in
 * interrupts and timers; task work of finished commands is queued under it, which
 * takes no lock of ours. Nothing here allocates or sleeps. Must never let a job end
 * without exactly one report and, if it has a command, exactly one completion
 * (ISO-10).
 */
#include <linux/ktime.h>

#include "charge.h"
#include "keeper.h"
#include "layby.h"
#include "queue.h"
#include "trace.h"

static const struct {
	s16 result;
	u8 reason;
} layby_endings[] = {
	/* An abort that nobody asked for: the device is not well. */
	[LAYBY_HW_ABORTED] = { -EIO, LAYBY_REASON_DEVICE_FAILED },
	[LAYBY_HW_BAD_PROGRAM] = { -ENOEXEC, LAYBY_REASON_BAD_PROGRAM },
	[LAYBY_HW_BAD_SHAPE] = { -ENOEXEC, LAYBY_REASON_BAD_SHAPE },
	[LAYBY_HW_COMPUTE_FAILED] = { -EIO, LAYBY_REASON_COMPUTE_FAILED },
	[LAYBY_HW_ACCESS] = { -EFAULT, LAYBY_REASON_ACCESS },
};

/* --- Retirement ----------------------------------------------------------- */

/* Out of the middle, after an abort: those before it move up. */
static void layby_order_close_gap(struct layby_queue *queue, struct layby_job *job)
{
	u32 i = queue->first, n;

	for (n = 0; n < queue->count && layby_queue_nth(queue, n) != job; n++)
		;
	if (WARN_ON_ONCE(n == queue->count))
		return;
	for (i += n; i != queue->first; i--)
		queue->order[i % LAYBY_QUEUE_DEPTH_MAX] =
			queue->order[(i - 1) % LAYBY_QUEUE_DEPTH_MAX];
}

static inline void layby_order_remove(struct layby_queue *queue, struct layby_job *job)
{
	queue->waiting -= job->waits;
	if (unlikely(layby_queue_nth(queue, 0) != job))
		layby_order_close_gap(queue, job);
	queue->first++;
	queue->count--;
}

static __always_inline void
layby_job_report_end(struct layby_job *job, int result, u32 reason,
		     const struct layby_hw_completion *done)
{
	struct layby_report *report = job->report;

	report->result = result;
	report->reason = reason;
	report->level = done->level;
	report->cookie = job->cookie;
	report->queue_ticks = done->queue_ticks;
	report->run_ticks = done->run_ticks;
	report->end_ticks = done->end_ticks;
	report->energy_uj = done->energy_uj;
	report->tile_ticks = done->run_ticks * job->tiles;
	report->wait_ns = job->waited_ns;
	report->input_bytes = job->prepared->admission.input_bytes;
	report->output_bytes = job->prepared->admission.output_bytes;
	report->gate_reason = reason == LAYBY_REASON_RECLAIMED ? layby_keeper_closed_for() : 0;
	/* A client that polls for DONE reads a whole report. */
	smp_store_release(&report->state, LAYBY_REPORT_DONE);
}

/*
 * The hardware has let go of @job. Report, then free the tag, then hand the
 * command over. The party may be gone once the lock is dropped.
 */
static __always_inline void
layby_job_leave(struct layby_queue *queue, struct layby_job *job, int result, u32 reason,
		const struct layby_hw_completion *done, struct layby_uring_batch *batch)
{
	struct layby_party *party = job->party;

	layby_job_report_end(job, result, reason, done);
	trace_layby_job_end(job);
	party->run_ticks += done->run_ticks;
	layby_used_job(&layby_queue_partition(queue)->used, done->run_ticks * job->tiles, done);
	if (job->charged_pj)
		layby_charge_end(queue, job, done);

	layby_order_remove(queue, job);
	queue->by_tag[job->hw_tag] = NULL;
	queue->free_tag[queue->free_tags++] = job->hw_tag;
	if (queue->aborting == job)
		queue->aborting = NULL;
	if (queue->head == job)
		queue->head = NULL;
	job->prepared->in_flight--;
	job->prepared = NULL;

	if (job->cmd) {
		layby_uring_batch_add(batch, job->cmd, result);
		job->cmd = NULL;
	}
	layby_bench_wake(job);
	if (!--party->in_flight && party->closed)
		layby_party_destroy_later(party);
}

void layby_job_retire(struct layby_queue *queue, struct layby_job *job,
		      int result, u32 reason,
		      const struct layby_hw_completion *done,
		      struct layby_uring_batch *batch)
{
	layby_job_leave(queue, job, result, reason, done, batch);
	layby_charge_settle(queue);
}

/* What a job ends with because the gate closed, or because all ends. */
int layby_shut_result(struct layby_queue *queue)
{
	return READ_ONCE(layby_queue_partition(queue)->accel->gone) ? -ENODEV : -ECANCELED;
}

u32 layby_shut_reason(struct layby_queue *queue)
{
	return layby_shut_result(queue) == -ENODEV ? LAYBY_REASON_DEVICE_GONE :
						     LAYBY_REASON_RECLAIMED;
}

/* --- Completions ---------------------------------------------------------- */

/* It did not run to its end. */
static void layby_queue_retire_failed(struct layby_queue *queue, struct layby_job *job,
				      const struct layby_hw_completion *done,
				      struct layby_uring_batch *batch)
{
	/* It may have begun, and cleared, or not: nobody's bytes then. */
	if (queue->tile_party != job->party->id)
		queue->tile_party = 0;
	if (done->status == LAYBY_HW_ABORTED && !job->stopping)
		layby_keeper_guard();
	if (done->status == LAYBY_HW_ABORTED && job->stopping)
		layby_job_retire(queue, job, job->stop_result, job->stop_reason,
				 done, batch);
	else if (done->status == LAYBY_HW_ABORTED && READ_ONCE(queue->shut))
		layby_job_retire(queue, job, layby_shut_result(queue),
				 layby_shut_reason(queue), done, batch);
	else
		layby_job_retire(queue, job, layby_endings[done->status].result,
				 layby_endings[done->status].reason, done, batch);
}

/* Return: a job ended, and well. */
static __always_inline bool
layby_queue_retire_done(struct layby_queue *queue, const struct layby_hw_completion *done,
			struct layby_uring_batch *batch)
{
	struct layby_job *job = NULL;

	if (done->tag < LAYBY_QUEUE_DEPTH_MAX)
		job = queue->by_tag[done->tag];
	if (unlikely(!job || done->status >= ARRAY_SIZE(layby_endings))) {
		pr_warn_ratelimited("layby: slot %u: completion of tag %u, status %u makes no sense, ignored\n",
				    queue->slot, done->tag, done->status);
		return false;
	}
	if (unlikely(done->status != LAYBY_HW_OK)) {
		layby_queue_retire_failed(queue, job, done, batch);
		return false;
	}
	/* Inline: nearly all that ever end do so here. */
	queue->tile_party = job->party->id;
	layby_job_leave(queue, job, 0, LAYBY_REASON_FINISHED, done, batch);
	return true;
}

/* The first @n of queue->done. Return: all of them ended well. */
static __always_inline bool layby_queue_retire_round(struct layby_queue *queue, u32 n,
						     struct layby_uring_batch *batch)
{
	bool well = true;
	u32 i;

	if (!n)
		return true;
	layby_charge_accrue(queue);
	for (i = 0; i < n; i++)
		if (unlikely(!layby_queue_retire_done(queue, &queue->done[i], batch)))
			well = false;
	if (queue->guest)
		layby_charge_settle(queue);
	return well;
}

/* What guest jobs used is accounted for a batch at a time. */
static void layby_queue_account(struct layby_queue *queue)
{
	u64 used_uj;

	if (!queue->guest)
		return;
	used_uj = atomic64_read(&layby_queue_partition(queue)->used.energy_uj);
	if (used_uj != queue->told_uj)
		layby_keeper_energy(used_uj - queue->told_uj);
	queue->told_uj = used_uj;
}

/*
 * @all, or in an interrupt some of a guest's: the end of its full queue must not keep
 * driving's interrupts waiting (ISO-5), and those that fail take longer. True: the timer
 * takes the rest.
 */
bool layby_queue_take(struct layby_queue *queue, struct layby_uring_batch *batch, bool all)
{
	bool some = queue->guest && !all, more, well;
	u32 n, rounds = 0;

	do {
		n = queue->ops->pop(queue->priv, queue->slot, queue->done,
				    ARRAY_SIZE(queue->done));
		well = layby_queue_retire_round(queue, n, batch);
		more = n == ARRAY_SIZE(queue->done) && layby_queue_pushed(queue);
	} while (more && (!some || (well && ++rounds < LAYBY_TAKE_ROUNDS)));
	layby_queue_account(queue);
	if (more)
		layby_queue_wake(queue, ktime_get_ns() + LAYBY_TAKE_AGAIN_NS);
	return more;
}

/* Completions may be there. Any context. */
void layby_queue_poll(struct layby_partition *partition)
{
	struct layby_queue *queue = &partition->queue;
	struct layby_uring_batch batch = {};
	unsigned long flags;

	spin_lock_irqsave(&queue->lock, flags);
	if (queue->state == LAYBY_QUEUE_RUNNING) {
		layby_queue_take(queue, &batch, false);
		layby_queue_settle(queue);
	}
	layby_uring_batch_flush(&batch);
	spin_unlock_irqrestore(&queue->lock, flags);
	/* It may be the answer that reclaim waits for. */
	if (unlikely(READ_ONCE(queue->shut)))
		layby_keeper_answer();
}
