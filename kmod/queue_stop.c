// SPDX-License-Identifier: GPL-2.0-only
/*
 * Jobs of the queue that must not go on: cancelled, of a file that is gone, or past
 * their time. See queue.c for the whole way.
 *
 * Owns which job is aborted, one at a time, and what happens when the deadline of
 * the job at the head or of the abort is over; both are set in queue.h. All under
 * the queue lock, which is taken in interrupts and timers. Must never judge before
 * it has looked at the completions (an interrupt may be lost), and never wait: an
 * abort that is not answered in time is recover.c's.
 */
#include <linux/ktime.h>
#include <linux/nospec.h>

#include "caps.h"
#include "layby.h"
#include "queue.h"

/* --- Stopping a job ------------------------------------------------------- */

/*
 * Which one next: what runs past its time stands in everybody's way; of the
 * others the newest, lest each becomes the running one before its turn.
 */
static struct layby_job *layby_queue_next_stop(struct layby_queue *queue)
{
	struct layby_job *job = queue->head;
	u32 n;

	if (job && job->stopping && job->stop_reason == LAYBY_REASON_TIME_UP)
		return job;
	for (n = queue->count; n; n--) {
		job = layby_queue_nth(queue, n - 1);
		if (job->stopping)
			return job;
	}
	return NULL;
}

void layby_queue_abort_next(struct layby_queue *queue)
{
	struct layby_job *job;

	if (queue->aborting || !queue->stopping ||
	    queue->state != LAYBY_QUEUE_RUNNING)
		return;
	job = layby_queue_next_stop(queue);
	if (!job) {
		queue->stopping = false;
		return;
	}
	queue->aborting = job;
	queue->abort_by_ns = ktime_get_ns() + layby_queue_hw(queue)->abort_bound_ns;
	queue->ops->abort(queue->priv, queue->slot, job->hw_tag);
	layby_queue_arm(queue);
}

/* One that waits is gone at once. */
static void layby_job_stop(struct layby_queue *queue, struct layby_job *job,
			   int result, u32 reason, struct layby_uring_batch *batch)
{
	const struct layby_hw_completion none = {};

	if (job->stopping)
		return;
	if (job->waits) {
		layby_job_retire(queue, job, result, reason, &none, batch);
		return;
	}
	job->stopping = true;
	job->stop_result = result;
	job->stop_reason = reason;
	queue->stopping = true;
}

/* Some are to be stopped, or have left their places to others. */
static void layby_queue_stopped(struct layby_queue *queue)
{
	if (queue->state == LAYBY_QUEUE_RUNNING)
		layby_queue_settle(queue);
}

static int layby_queue_stop_tag(struct layby_queue *queue, struct layby_job *job,
				u64 cookie, struct layby_uring_batch *batch)
{
	if (!job->prepared || job->cookie != cookie)
		return -ENOENT;
	if (!job->cmd || job->stopping)
		return -EALREADY;
	layby_uring_batch_add(batch, job->cmd, -ECANCELED);
	job->cmd = NULL;
	layby_job_stop(queue, job, -ECANCELED, LAYBY_REASON_CANCELLED, batch);
	layby_queue_stopped(queue);
	return 0;
}

/**
 * layby_queue_cancel() - stop a job that its party names
 * @party: whose
 * @tag: below LAYBY_PARTY_TAGS
 * @cookie: as submitted
 *
 * The job's command completes with -ECANCELED now, the job ends when the
 * hardware has let go of it.
 * Return: 0, -ENOENT, -EALREADY.
 */
int layby_queue_cancel(struct layby_party *party, u32 tag, u64 cookie)
{
	struct layby_queue *queue = &party->partition->queue;
	struct layby_uring_batch batch = {};
	unsigned long flags;
	int ret;

	spin_lock_irqsave(&queue->lock, flags);
	ret = layby_queue_stop_tag(queue,
				   &party->job[array_index_nospec(tag, LAYBY_PARTY_TAGS)],
				   cookie, &batch);
	layby_uring_batch_flush(&batch);
	spin_unlock_irqrestore(&queue->lock, flags);
	return ret;
}

/**
 * layby_queue_detach() - the command of a job goes away
 * @job: the job that it was submitted for
 * @cmd: the command
 *
 * Return: true if the caller now owns the completion of @cmd; false if somebody
 * else does or did.
 */
bool layby_queue_detach(struct layby_job *job, struct io_uring_cmd *cmd)
{
	struct layby_queue *queue = &job->party->partition->queue;
	struct layby_uring_batch batch = {};
	unsigned long flags;
	bool ours;

	spin_lock_irqsave(&queue->lock, flags);
	ours = job->cmd == cmd;
	if (ours) {
		job->cmd = NULL;
		layby_job_stop(queue, job, -ECANCELED, LAYBY_REASON_CANCELLED, &batch);
		layby_queue_stopped(queue);
	}
	layby_uring_batch_flush(&batch);
	spin_unlock_irqrestore(&queue->lock, flags);
	return ours;
}

/**
 * layby_queue_close() - the party's file is gone: stop what it has in flight
 * @party: whose
 *
 * Return: true if nothing is in flight and the caller frees the party; false
 * if the last job will.
 */
bool layby_queue_close(struct layby_party *party)
{
	struct layby_queue *queue = &party->partition->queue;
	struct layby_uring_batch batch = {};
	unsigned long flags;
	bool idle;
	u32 tag;

	spin_lock_irqsave(&queue->lock, flags);
	for (tag = 0; tag < LAYBY_PARTY_TAGS; tag++)
		if (party->job[tag].prepared)
			layby_job_stop(queue, &party->job[tag], -ECANCELED,
				       LAYBY_REASON_CANCELLED, &batch);
	/* Those that waited are gone: from here on the last one frees the party. */
	party->closed = true;
	idle = !party->in_flight;
	layby_queue_stopped(queue);
	layby_uring_batch_flush(&batch);
	spin_unlock_irqrestore(&queue->lock, flags);
	return idle;
}

static u64 layby_job_left_ns(const struct layby_queue *queue, const struct layby_job *job,
			     u64 now_ns)
{
	u64 past_ns = job == queue->head ? now_ns - queue->head_since_ns : 0;

	return job->limit_ns > past_ns ? job->limit_ns - past_ns : 0;
}

/* May a job that is on the ring run for longer than LAYBY_SETTLE_NS from now? */
bool layby_queue_goes_on(struct layby_partition *partition)
{
	struct layby_queue *queue = &partition->queue;
	bool goes_on = false;
	u64 now_ns;
	u32 n;

	spin_lock_irq(&queue->lock);
	now_ns = ktime_get_ns();
	for (n = 0; n < layby_queue_pushed(queue) && !goes_on; n++)
		goes_on = layby_job_left_ns(queue, layby_queue_nth(queue, n), now_ns) >
			  LAYBY_SETTLE_NS;
	spin_unlock_irq(&queue->lock);
	return goes_on;
}

/**
 * layby_queue_over_cap() - the cap fell below what the tiles draw at the lowest level
 * @partition: a guest
 *
 * What ends soon may end, what waits goes on waiting.
 */
void layby_queue_over_cap(struct layby_partition *partition)
{
	struct layby_queue *queue = &partition->queue;
	struct layby_uring_batch batch = {};
	struct layby_job *job;
	u64 now_ns;
	u32 n;

	spin_lock_irq(&queue->lock);
	now_ns = ktime_get_ns();
	for (n = 0; n < layby_queue_pushed(queue); n++) {
		job = layby_queue_nth(queue, n);
		if (layby_job_left_ns(queue, job, now_ns) > LAYBY_SETTLE_NS)
			layby_job_stop(queue, job, -ECANCELED, LAYBY_REASON_OVER_CAP, &batch);
	}
	layby_queue_stopped(queue);
	layby_uring_batch_flush(&batch);
	spin_unlock_irq(&queue->lock);
}

/* --- What is due ---------------------------------------------------------- */

/*
 * Something is due: an abort's answer, or the head's end. The interrupt that
 * told of it may have been lost, so look before judging, at everything.
 */
static void layby_queue_due(struct layby_queue *queue,
			    struct layby_uring_batch *batch)
{
	bool more;
	u64 now;

	/* From here on reclaim is the one that judges. */
	if (READ_ONCE(queue->shut))
		return;
	more = layby_queue_take(queue, batch, false);
	layby_queue_settle(queue);
	if (more)
		return;
	now = ktime_get_ns();
	if (queue->aborting && now >= queue->abort_by_ns) {
		layby_queue_begin_recovery(queue);
		return;
	}
	if (queue->head && !queue->aborting && now >= layby_head_deadline(queue)) {
		layby_job_stop(queue, queue->head, -ETIME, LAYBY_REASON_TIME_UP, batch);
		layby_queue_abort_next(queue);
	}
	layby_queue_arm(queue);
}

enum hrtimer_restart layby_queue_timer(struct hrtimer *timer)
{
	struct layby_queue *queue = container_of(timer, struct layby_queue, timer);
	struct layby_uring_batch batch = {};
	unsigned long flags;

	spin_lock_irqsave(&queue->lock, flags);
	queue->timer_ns = U64_MAX;
	if (queue->state == LAYBY_QUEUE_RUNNING)
		layby_queue_due(queue, &batch);
	layby_uring_batch_flush(&batch);
	spin_unlock_irqrestore(&queue->lock, flags);
	return HRTIMER_NORESTART;
}
