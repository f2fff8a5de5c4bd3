// SPDX-License-Identifier: GPL-2.0-only
/*
 * The queue: the jobs in flight on one slot, from submission to retirement.
 *
 * A job's way, all under the queue lock:
 *	submit -> accept -> start -> push ... take -> retire
 * and, if it must not go on, stop -> abort -> take -> retire; if the abort is
 * not answered, recover.c resets the slot.
 *
 * Nothing here allocates, sleeps or logs on the path of a well-behaved job.
 * The lock is taken in interrupts and timers; task work of finished commands is
 * queued under it, which takes no lock of ours. Must never let a job end
 * without exactly one report and, if it has a command, exactly one completion.
 */
#include <linux/ktime.h>
#include <linux/nospec.h>

#include "consent.h"
#include "governor.h"
#include "keeper.h"
#include "layby.h"
#include "queue.h"
#include "trace.h"

static const struct {
	s16 result;
	u8 reason;
} layby_endings[] = {
	[LAYBY_HW_OK] = { 0, LAYBY_REASON_FINISHED },
	/* An abort that nobody asked for: the device is not well. */
	[LAYBY_HW_ABORTED] = { -EIO, LAYBY_REASON_DEVICE_FAILED },
	[LAYBY_HW_BAD_PROGRAM] = { -ENOEXEC, LAYBY_REASON_BAD_PROGRAM },
	[LAYBY_HW_BAD_SHAPE] = { -ENOEXEC, LAYBY_REASON_BAD_SHAPE },
	[LAYBY_HW_COMPUTE_FAILED] = { -EIO, LAYBY_REASON_COMPUTE_FAILED },
	[LAYBY_HW_ACCESS] = { -EFAULT, LAYBY_REASON_ACCESS },
};

/* --- Order ---------------------------------------------------------------- */

static void layby_order_append(struct layby_queue *queue, struct layby_job *job)
{
	queue->order[(queue->first + queue->count) % LAYBY_QUEUE_DEPTH_MAX] = job;
	queue->count++;
}

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

static void layby_order_remove(struct layby_queue *queue, struct layby_job *job)
{
	if (unlikely(layby_queue_nth(queue, 0) != job))
		layby_order_close_gap(queue, job);
	queue->first++;
	queue->count--;
}

/* --- The head's deadline -------------------------------------------------- */

static u64 layby_head_deadline(struct layby_queue *queue)
{
	return queue->head_since_ns + queue->head->prepared->longest_run_ns +
	       layby_queue_hw(queue)->start_bound_ns + LAYBY_DOORBELL_AGE_NS;
}

/* The timer may be early, never late: an early one looks and sets itself anew. */
static void layby_queue_wake(struct layby_queue *queue, u64 at_ns)
{
	if (at_ns >= queue->timer_ns)
		return;
	queue->timer_ns = at_ns;
	hrtimer_start(&queue->timer, ns_to_ktime(at_ns), HRTIMER_MODE_ABS);
}

static void layby_queue_arm(struct layby_queue *queue)
{
	u64 next = U64_MAX;

	if (queue->aborting)
		next = queue->abort_by_ns;
	else if (queue->head)
		next = layby_head_deadline(queue);
	layby_queue_wake(queue, next);
}

void layby_queue_new_head(struct layby_queue *queue)
{
	struct layby_job *first = queue->count ? layby_queue_nth(queue, 0) : NULL;

	if (first == queue->head)
		return;
	queue->head = first;
	if (!first)
		return;
	queue->head_since_ns = ktime_get_ns();
	layby_queue_arm(queue);
}

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

void layby_queue_push(struct layby_queue *queue, struct layby_job *job)
{
	struct layby_party *party = job->party;
	u32 flags = 0;

	if (!layby_tiles_own(queue, party)) {
		flags = LAYBY_PUSH_CLEAR_TILES;
		atomic64_inc(&party->partition->cleared.tiles);
	}
	queue->ops->push(queue->priv, queue->slot, &job->prepared->hw, job->hw_tag,
			 party->id, flags);
}

/* --- Submission ----------------------------------------------------------- */

/* Has a guest's job the governor's leave? None that looks at jobs: yes. */
static bool layby_queue_governed(const struct layby_queue *queue,
				 const struct layby_party *party,
				 const struct layby_prepared *prepared)
{
	struct layby_admission job = {
		.party = party->id,
		.longest_run_ns = prepared->longest_run_ns,
		.worst_energy_uj = ~0ULL,
		.input_bytes = prepared->input_bytes,
		.output_bytes = prepared->output_bytes,
		.queue_depth = party->partition->share.queue_depth,
		.jobs = queue->count,
		.job_class = prepared->job_class,
	};

	return layby_governor_admit(&job);
}

/* What the owner and the governor say to a guest's job; they are not asked for others. */
static int layby_queue_admits(const struct layby_queue *queue,
			      const struct layby_party *party,
			      const struct layby_prepared *prepared)
{
	u32 classes;

	if (party->partition->class != LAYBY_CLASS_GUEST)
		return 0;
	classes = layby_consent_classes();
	/* It has just ended: the gate is about to close. */
	if (unlikely(!classes))
		return -ESHUTDOWN;
	if (unlikely(!(prepared->job_class & classes)))
		return -EACCES;
	return likely(layby_queue_governed(queue, party, prepared)) ? 0 : -EPERM;
}

/* Checks, and has no effect. */
static struct layby_job *layby_queue_accept(struct layby_queue *queue,
					    struct layby_party *party,
					    struct layby_cmd_submit submit)
{
	u32 index = array_index_nospec(submit.job, LAYBY_PARTY_JOBS);
	u32 tag = array_index_nospec(submit.tag, LAYBY_PARTY_TAGS);
	struct layby_job *job = &party->job[tag];
	int ret;

	if (unlikely(queue->state == LAYBY_QUEUE_GONE))
		return ERR_PTR(-ENODEV);
	if (unlikely(queue->state == LAYBY_QUEUE_FENCED))
		return ERR_PTR(-EIO);
	if (unlikely(layby_party_dead(party)))
		return ERR_PTR(-ESTALE);
	if (unlikely(!party->prepared[index]))
		return ERR_PTR(-ENOENT);
	if (unlikely(READ_ONCE(queue->shut)))
		return ERR_PTR(-ESHUTDOWN);
	if (unlikely(job->prepared || !queue->free_tags))
		return ERR_PTR(-EBUSY);
	ret = layby_queue_admits(queue, party, party->prepared[index]);
	return unlikely(ret) ? ERR_PTR(ret) : job;
}

static void layby_job_start(struct layby_queue *queue, struct layby_job *job,
			    struct layby_cmd_submit submit)
{
	struct layby_party *party = job->party;
	u32 index = array_index_nospec(submit.job, LAYBY_PARTY_JOBS);

	job->prepared = party->prepared[index];
	job->prepared->in_flight++;
	job->cookie = submit.cookie;
	job->stopping = false;
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

/* Queue lock held. What the job is completed to is the caller's to set. */
struct layby_job *layby_queue_enter(struct layby_party *party,
				    struct layby_cmd_submit submit)
{
	struct layby_queue *queue = &party->partition->queue;
	struct layby_job *job;

	lockdep_assert_held(&queue->lock);
	job = layby_queue_accept(queue, party, submit);
	if (IS_ERR(job))
		return job;
	layby_job_start(queue, job, submit);
	/* A slot in recovery gets it when it is back. */
	if (unlikely(queue->state != LAYBY_QUEUE_RUNNING))
		return job;
	layby_queue_push(queue, job);
	if (!queue->head)
		layby_queue_new_head(queue);
	if (submit.flags & LAYBY_SUBMIT_MORE)
		layby_queue_owe(queue);
	else
		layby_queue_ring(queue);
	return job;
}

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
	job = layby_queue_enter(party, submit);
	if (!IS_ERR(job)) {
		job->cmd = cmd;
		layby_uring_attach(cmd, job);
	}
	spin_unlock_irq(&queue->lock);
	return PTR_ERR_OR_ZERO(job);
}

/* --- Retirement ----------------------------------------------------------- */

static void layby_job_report_end(struct layby_job *job, int result, u32 reason,
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
	report->gate_reason = reason == LAYBY_REASON_RECLAIMED ? layby_keeper_closed_for() : 0;
	/* A client that polls for DONE reads a whole report. */
	smp_store_release(&report->state, LAYBY_REPORT_DONE);
}

/*
 * The hardware has let go of @job. Report, then free the tag, then hand the
 * command over. The party may be gone once the lock is dropped.
 */
void layby_job_retire(struct layby_queue *queue, struct layby_job *job,
		      int result, u32 reason,
		      const struct layby_hw_completion *done,
		      struct layby_uring_batch *batch)
{
	struct layby_party *party = job->party;

	layby_job_report_end(job, result, reason, done);
	trace_layby_job_end(job);
	party->run_ticks += done->run_ticks;
	queue->used_uj += done->energy_uj;

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

static void layby_queue_retire_done(struct layby_queue *queue,
				    const struct layby_hw_completion *done,
				    struct layby_uring_batch *batch)
{
	struct layby_job *job = NULL;

	if (done->tag < LAYBY_QUEUE_DEPTH_MAX)
		job = queue->by_tag[done->tag];
	if (unlikely(!job || done->status >= ARRAY_SIZE(layby_endings))) {
		pr_warn_ratelimited("layby: slot %u: completion of tag %u, status %u makes no sense, ignored\n",
				    queue->slot, done->tag, done->status);
		return;
	}
	/* One that failed may have begun, and cleared, or not: nobody's then. */
	if (done->status == LAYBY_HW_OK)
		queue->tile_party = job->party->id;
	else if (queue->tile_party != job->party->id)
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

/* What guest jobs used is accounted for a batch at a time. */
static void layby_queue_account(struct layby_queue *queue)
{
	if (queue->used_uj && layby_queue_partition(queue)->class == LAYBY_CLASS_GUEST)
		layby_keeper_energy(queue->used_uj);
	queue->used_uj = 0;
}

/*
 * @all, or in an interrupt some of a guest's: the end of its full queue must not keep
 * driving's interrupts waiting (ISO-5). True: the timer takes the rest.
 */
bool layby_queue_take(struct layby_queue *queue, struct layby_uring_batch *batch, bool all)
{
	bool more;
	u32 i, n;

	do {
		n = queue->ops->pop(queue->priv, queue->slot, queue->done,
				    ARRAY_SIZE(queue->done));
		for (i = 0; i < n; i++)
			layby_queue_retire_done(queue, &queue->done[i], batch);
		more = n == ARRAY_SIZE(queue->done);
	} while (more && (all || layby_queue_partition(queue)->class != LAYBY_CLASS_GUEST));
	layby_queue_account(queue);
	if (more)
		layby_queue_wake(queue, ktime_get_ns() + LAYBY_TAKE_AGAIN_NS);
	return more;
}

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

static void layby_queue_abort_next(struct layby_queue *queue)
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

static void layby_job_stop(struct layby_queue *queue, struct layby_job *job,
			   int result, u32 reason)
{
	if (job->stopping)
		return;
	job->stopping = true;
	job->stop_result = result;
	job->stop_reason = reason;
	queue->stopping = true;
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
	layby_job_stop(queue, job, -ECANCELED, LAYBY_REASON_CANCELLED);
	layby_queue_abort_next(queue);
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
	unsigned long flags;
	bool ours;

	spin_lock_irqsave(&queue->lock, flags);
	ours = job->cmd == cmd;
	if (ours) {
		job->cmd = NULL;
		layby_job_stop(queue, job, -ECANCELED, LAYBY_REASON_CANCELLED);
		layby_queue_abort_next(queue);
	}
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
	unsigned long flags;
	bool idle;
	u32 tag;

	spin_lock_irqsave(&queue->lock, flags);
	party->closed = true;
	idle = !party->in_flight;
	for (tag = 0; tag < LAYBY_PARTY_TAGS; tag++)
		if (party->job[tag].prepared)
			layby_job_stop(queue, &party->job[tag], -ECANCELED,
				       LAYBY_REASON_CANCELLED);
	layby_queue_abort_next(queue);
	spin_unlock_irqrestore(&queue->lock, flags);
	return idle;
}

/* --- Interrupts and timers ------------------------------------------------ */

void layby_queue_settle(struct layby_queue *queue)
{
	layby_queue_new_head(queue);
	layby_queue_abort_next(queue);
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
		layby_job_stop(queue, queue->head, -ETIME, LAYBY_REASON_TIME_UP);
		layby_queue_abort_next(queue);
	}
	layby_queue_arm(queue);
}

static enum hrtimer_restart layby_queue_timer(struct hrtimer *timer)
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
	hrtimer_init(&queue->timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
	queue->timer.function = layby_queue_timer;
	hrtimer_init(&queue->doorbell_timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	queue->doorbell_timer.function = layby_doorbell_timer;
	return layby_recovery_init(queue);
}

void layby_queue_start(struct layby_partition *partition)
{
	struct layby_queue *queue = &partition->queue;

	spin_lock_irq(&queue->lock);
	queue->state = queue->shut ? LAYBY_QUEUE_CLOSED : LAYBY_QUEUE_RUNNING;
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
	queue->state = LAYBY_QUEUE_RUNNING;
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
	queue->state = fault ? LAYBY_QUEUE_FENCED : LAYBY_QUEUE_CLOSED;
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
	queue->state = LAYBY_QUEUE_GONE;
	spin_unlock_irq(&queue->lock);
	hrtimer_cancel(&queue->timer);
	hrtimer_cancel(&queue->doorbell_timer);
	layby_recovery_fini(queue);
}
