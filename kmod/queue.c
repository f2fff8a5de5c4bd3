// SPDX-License-Identifier: GPL-2.0-only
/*
 * The queue: the jobs in flight on one slot, and how they come onto it.
 *
 * A job's way, all under the queue lock:
 *	submit -> accept -> start -> feed -> push ... take -> retire
 * and, if it must not go on, stop -> abort -> take -> retire; if the abort is
 * not answered, the slot is reset. A guest's job that the energy budget does not reach
 * for waits between start and push, and all behind it. This file has the way in and the
 * queue's life, queue_retire.c the way out, queue_stop.c the stopping, recover.c the
 * reset.
 *
 * Nothing here allocates, sleeps or logs on the path of a well-behaved job.
 * The lock is taken in interrupts and timers. Must never push a job without the
 * clearing of tiles that hold another party's bytes (ISO-4), nor a guest's that
 * consent, governor or gate does not let in, or that is not charged (ISO-8).
 */
#include <linux/ktime.h>
#include <linux/nospec.h>

#include "charge.h"
#include "consent.h"
#include "governor.h"
#include "layby.h"
#include "queue.h"
#include "trace.h"

/* --- Onto the hardware ---------------------------------------------------- */

void layby_queue_ring(struct layby_queue *queue)
{
	queue->doorbell_owed = false;
	queue->ops->doorbell(queue->priv, queue->slot);
}

/*
 * Is nobody else's byte on the tiles when this party's next job starts (ISO-4)?
 * Only if the last job that left the hardware was its own and ran, and all that
 * are on it are its own: what stands in the ring ahead may yet be aborted before
 * it starts, and would take its own clearing along.
 */
static bool layby_tiles_own(const struct layby_queue *queue,
			    const struct layby_party *party)
{
	return queue->tile_party == party->id && party->in_flight == queue->count;
}

/* Inline in both its places: it is on the path of every job. */
static __always_inline void layby_queue_push(struct layby_queue *queue, struct layby_job *job)
{
	struct layby_party *party = job->party;
	u32 flags = 0;

	job->tiles = READ_ONCE(queue->tiles);

	if (!layby_tiles_own(queue, party)) {
		flags = LAYBY_PUSH_CLEAR_TILES;
		atomic64_inc(&party->partition->cleared.tiles);
	}
	queue->ops->push(queue->priv, queue->slot, &job->prepared->hw, job->hw_tag,
			 party->id, flags);
}

/*
 * What waits goes onto the ring in the order of its coming, as far as the budget
 * reaches; driving's always does. Return: something went, and nobody has rung.
 */
bool layby_queue_feed(struct layby_queue *queue)
{
	struct layby_job *job;
	bool fed = false;

	queue->feed_at_ns = U64_MAX;
	while (queue->waiting) {
		job = layby_queue_nth(queue, layby_queue_pushed(queue));
		if (!layby_charge(queue, job))
			break;
		job->waited_ns += ktime_get_ns() - job->wait_since_ns;
		job->waits = false;
		queue->waiting--;
		layby_queue_push(queue, job);
		fed = true;
	}
	return fed;
}

/* Queue lock held. Everything behind it waits already, or is not there. */
void layby_job_wait(struct layby_queue *queue, struct layby_job *job)
{
	job->waits = true;
	job->wait_since_ns = ktime_get_ns();
	queue->waiting++;
}

/* @job is the last to have come. Return: it went onto the ring; else it waits. */
static inline bool layby_queue_feed_last(struct layby_queue *queue, struct layby_job *job)
{
	if (unlikely(queue->waiting || !layby_charge(queue, job))) {
		layby_job_wait(queue, job);
		return false;
	}
	layby_queue_push(queue, job);
	return true;
}

/* --- Submission ----------------------------------------------------------- */

/* What the owner and the governor say to a guest's job; they are not asked for others. */
static inline int layby_queue_admits(const struct layby_queue *queue,
				     struct layby_prepared *prepared)
{
	u32 classes = layby_consent_classes();

	/* It has just ended: the gate is about to close. */
	if (unlikely(!classes))
		return -ESHUTDOWN;
	if (unlikely(!(prepared->admission.job_class & classes)))
		return -EACCES;
	prepared->admission.jobs = queue->count;
	return likely(layby_governor_admit(&prepared->admission)) ? 0 : -EPERM;
}

/* Checks, and has no effect. @prepared: the job that is named. */
static struct layby_job *layby_queue_accept(struct layby_queue *queue,
					    struct layby_party *party,
					    struct layby_cmd_submit submit,
					    struct layby_prepared **prepared)
{
	u32 index = array_index_nospec(submit.job, LAYBY_PARTY_JOBS);
	u32 tag = array_index_nospec(submit.tag, LAYBY_PARTY_TAGS);
	struct layby_job *job = &party->job[tag];
	int ret = 0;

	if (unlikely(queue->state >= LAYBY_QUEUE_FENCED))
		return ERR_PTR(queue->state == LAYBY_QUEUE_GONE ? -ENODEV : -EIO);
	if (unlikely(layby_party_dead(party)))
		return ERR_PTR(-ESTALE);
	*prepared = party->prepared[index];
	if (unlikely(!*prepared))
		return ERR_PTR(-ENOENT);
	if (unlikely(READ_ONCE(queue->shut)))
		return ERR_PTR(-ESHUTDOWN);
	if (unlikely(job->prepared || !queue->free_tags))
		return ERR_PTR(-EBUSY);
	if (queue->guest)
		ret = layby_queue_admits(queue, *prepared);
	/* Or its place in the array is reckoned again for each of its fields. */
	OPTIMIZER_HIDE_VAR(job);
	return unlikely(ret) ? ERR_PTR(ret) : job;
}

static void layby_order_append(struct layby_queue *queue, struct layby_job *job)
{
	queue->order[(queue->first + queue->count) % LAYBY_QUEUE_DEPTH_MAX] = job;
	queue->count++;
}

static void layby_job_start(struct layby_queue *queue, struct layby_job *job,
			    struct layby_prepared *prepared, struct layby_cmd_submit submit)
{
	struct layby_party *party = job->party;

	job->prepared = prepared;
	prepared->in_flight++;
	job->cookie = submit.cookie;
	job->waited_ns = 0;
	job->stopping = false;
	job->waits = false;
	job->resets = 0;
	job->hw_tag = queue->free_tag[--queue->free_tags];
	queue->by_tag[job->hw_tag] = job;
	party->in_flight++;
	layby_order_append(queue, job);
	WRITE_ONCE(job->report->state, LAYBY_REPORT_IN_FLIGHT);
	trace_layby_job_submit(job);
}

/* A doorbell that waits for a promised submission waits one age at most. */
static void layby_queue_owe(struct layby_queue *queue)
{
	if (queue->doorbell_owed)
		return;
	queue->doorbell_owed = true;
	/* One that is still set for an earlier batch is early, never late. */
	if (hrtimer_is_queued(&queue->doorbell_timer))
		return;
	hrtimer_start(&queue->doorbell_timer, ns_to_ktime(LAYBY_DOORBELL_AGE_NS),
		      HRTIMER_MODE_REL);
}

static enum hrtimer_restart layby_doorbell_timer(struct hrtimer *timer)
{
	struct layby_queue *queue =
		container_of(timer, struct layby_queue, doorbell_timer);
	unsigned long flags;

	spin_lock_irqsave(&queue->lock, flags);
	if (queue->state == LAYBY_QUEUE_RUNNING && queue->doorbell_owed)
		layby_queue_ring(queue);
	spin_unlock_irqrestore(&queue->lock, flags);
	return HRTIMER_NORESTART;
}

/* What is new goes onto the ring, or waits. */
static void layby_queue_advance(struct layby_queue *queue, struct layby_job *job, bool more)
{
	bool fed = layby_queue_feed_last(queue, job);

	if (!queue->head)
		layby_queue_new_head(queue);
	if (more && fed)
		layby_queue_owe(queue);
	else if (!more && (fed || queue->doorbell_owed))
		layby_queue_ring(queue);
}

/* Queue lock held. What the job is completed to is the caller's to set. */
static __always_inline struct layby_job *layby_queue_let_in(struct layby_party *party,
							    struct layby_cmd_submit submit)
{
	struct layby_queue *queue = &party->partition->queue;
	struct layby_prepared *prepared;
	struct layby_job *job;

	lockdep_assert_held(&queue->lock);
	job = layby_queue_accept(queue, party, submit, &prepared);
	if (IS_ERR(job))
		return job;
	layby_job_start(queue, job, prepared, submit);
	/* A slot in recovery gets it when it is back. */
	if (likely(queue->state == LAYBY_QUEUE_RUNNING))
		layby_queue_advance(queue, job, submit.flags & LAYBY_SUBMIT_MORE);
	else
		layby_job_wait(queue, job);
	return job;
}

#ifdef LAYBY_BENCH
struct layby_job *layby_queue_enter(struct layby_party *party, struct layby_cmd_submit submit)
{
	return layby_queue_let_in(party, submit);
}
#endif

/**
 * layby_queue_submit() - put a prepared job on the slot
 * @party: whose
 * @cmd: completed when the job ends
 * @submit: decoded; index and tag within their arrays
 *
 * Process context.
 * Return: 0; -ENOENT, -EBUSY, -EIO, -ENODEV: nothing happened, @cmd is the
 * caller's to complete.
 */
int layby_queue_submit(struct layby_party *party, struct io_uring_cmd *cmd,
		       struct layby_cmd_submit submit)
{
	struct layby_queue *queue = &party->partition->queue;
	struct layby_job *job;

	spin_lock_irq(&queue->lock);
	job = layby_queue_let_in(party, submit);
	if (!IS_ERR(job)) {
		job->cmd = cmd;
		layby_uring_attach(cmd, job);
	}
	spin_unlock_irq(&queue->lock);
	return PTR_ERR_OR_ZERO(job);
}

/* --- Life ----------------------------------------------------------------- */

bool layby_queue_faulted(struct layby_partition *partition)
{
	return READ_ONCE(partition->queue.state) == LAYBY_QUEUE_FENCED;
}

void layby_queue_usage(struct layby_party *party, struct layby_usage *usage)
{
	struct layby_queue *queue = &party->partition->queue;

	spin_lock_irq(&queue->lock);
	usage->run_ticks = party->run_ticks;
	usage->in_flight = party->in_flight;
	spin_unlock_irq(&queue->lock);
}

int layby_queue_init(struct layby_partition *partition)
{
	struct layby_queue *queue = &partition->queue;
	u32 i;

	spin_lock_init(&queue->lock);
	queue->ops = partition->accel->hw.ops;
	queue->priv = partition->accel->hw.priv;
	queue->slot = partition->slot;
	for (i = 0; i < partition->share.queue_depth; i++)
		queue->free_tag[queue->free_tags++] = i;
	queue->state = LAYBY_QUEUE_GONE;
	queue->timer_ns = U64_MAX;
	queue->feed_at_ns = U64_MAX;
	layby_charge_init(queue);
	hrtimer_init(&queue->timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
	queue->timer.function = layby_queue_timer;
	hrtimer_init(&queue->doorbell_timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	queue->doorbell_timer.function = layby_doorbell_timer;
	return layby_recovery_init(queue);
}

/* Queue lock held. Traced first, see trace.h. */
void layby_queue_become(struct layby_queue *queue, enum layby_queue_state state)
{
	if (queue->state != state)
		trace_layby_slot_state(layby_queue_partition(queue), state);
	WRITE_ONCE(queue->state, state);
}

void layby_queue_start(struct layby_partition *partition)
{
	struct layby_queue *queue = &partition->queue;

	spin_lock_irq(&queue->lock);
	layby_queue_become(queue, queue->shut ? LAYBY_QUEUE_CLOSED : LAYBY_QUEUE_RUNNING);
	spin_unlock_irq(&queue->lock);
}

/**
 * layby_queue_reopen() - the slot is enabled again
 * @partition: a guest, whose queue is closed and so empty; slot_lock held
 */
void layby_queue_reopen(struct layby_partition *partition)
{
	struct layby_queue *queue = &partition->queue;

	spin_lock_irq(&queue->lock);
	layby_queue_become(queue, LAYBY_QUEUE_RUNNING);
	queue->tile_party = 0;
	queue->aborting = NULL;
	queue->stopping = false;
	queue->doorbell_owed = false;
	spin_unlock_irq(&queue->lock);
}

/**
 * layby_queue_shut() - the slot is stopped, or will never be
 * @partition: a guest; slot_lock held
 * @fault: -errno if it could not even be reset, else 0
 *
 * What ended before the stop counts as ended; every other job ends now.
 */
void layby_queue_shut(struct layby_partition *partition, int fault)
{
	struct layby_queue *queue = &partition->queue;
	struct layby_uring_batch batch = {};

	spin_lock_irq(&queue->lock);
	if (!fault)
		layby_queue_take(queue, &batch, true);
	layby_queue_become(queue, fault ? LAYBY_QUEUE_FENCED : LAYBY_QUEUE_CLOSED);
	layby_budget_cap(&queue->budget, 0, ktime_get_ns());
	queue->aborting = NULL;
	if (fault && !READ_ONCE(partition->accel->gone))
		layby_queue_fail_all(queue, -EIO, LAYBY_REASON_DEVICE_FAILED, &batch);
	else
		layby_queue_fail_all(queue, layby_shut_result(queue),
				     layby_shut_reason(queue), &batch);
	layby_uring_batch_flush(&batch);
	spin_unlock_irq(&queue->lock);
}

/*
 * For good, and once only: in this order nothing touches the hardware after the
 * slot is disabled, and nothing waits for it after the jobs are retired.
 */
void layby_queue_fini(struct layby_partition *partition)
{
	struct layby_queue *queue = &partition->queue;

	if (!queue->worker)
		return;
	spin_lock_irq(&queue->lock);
	layby_queue_become(queue, LAYBY_QUEUE_GONE);
	spin_unlock_irq(&queue->lock);
	hrtimer_cancel(&queue->timer);
	hrtimer_cancel(&queue->doorbell_timer);
	layby_recovery_fini(queue);
}
