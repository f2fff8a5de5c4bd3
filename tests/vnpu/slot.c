// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * slot - one queue pair and the job that runs on its tiles
 *
 * A job's way: ring_fetch() queues it; begin() checks what it reaches, copies
 * that out and hands it to a worker; loaded() knows its cost and so its modelled
 * end; at that end, or when the computation is ready if that is later, finish()
 * writes outputs and completion. Ticks are of the model: a late computation
 * moves start and end together, their difference stays the modelled run.
 * Must never check what is the driver's duty (firmware.c).
 */
#include <stdio.h>
#include <string.h>

#include "device.h"
#include "registers.h"
#include "ring.h"

static void advance(struct slot *slot);

static uint64_t now_of(const struct slot *slot)
{
	return clock_now(&slot->device->clock);
}

static uint32_t tile_count(const struct slot *slot)
{
	return __builtin_popcount(slot->limits.tiles);
}

uint64_t slot_busy_nj(const struct slot *slot, uint64_t now)
{
	uint64_t until = now < slot->busy_until ? now : slot->busy_until;

	if (!slot->busy_since || until <= slot->busy_since)
		return 0;
	return sensors_busy_nj(tile_count(slot), until - slot->busy_since);
}

/* --- The end of a job ------------------------------------------------------ */

static void forget_current(struct slot *slot)
{
	slot->current = NULL;
	slot->worker = NULL;
	slot->phase = SLOT_IDLE;
	slot->busy_since = 0;
	slot->busy_until = 0;
	slot->verdict = LAYBY_VNPU_STATUS_OK;
	slot->loaded = false;
	slot->computed = false;
	slot->hung = false;
}

static void charge(struct slot *slot, struct job *job, uint64_t now)
{
	job->energy_nj = slot_busy_nj(slot, now);
	sensors_charge(&slot->device->sensors, job->energy_nj);
}

/* What has run leaves its data in the tiles. */
static void leave(struct slot *slot, const struct job *job, bool outputs)
{
	if (slot->busy_since && job->transfer >= 0)
		job_leave(job, &slot->device->tiles, slot->limits.tiles, outputs);
}

static void finish(struct slot *slot, uint32_t status, uint64_t end)
{
	struct job *job = slot->current;
	bool good = status == LAYBY_VNPU_STATUS_OK;

	timer_cancel(&slot->timer);
	if (good && job_commit(job, &slot->device->memory) < 0)
		status = LAYBY_VNPU_STATUS_COMPUTE_FAILED;
	leave(slot, job, good);
	charge(slot, job, end);
	job_release(job);
	job->status = status;
	job->end_ticks = end;
	forget_current(slot);
	TAILQ_INSERT_TAIL(&slot->ended, job, link);
}

/* Not at its modelled end: it never started if that was still to come. */
static void finish_early(struct slot *slot, uint32_t status)
{
	uint64_t now = now_of(slot);

	if (slot->current->start_ticks > now) {
		slot->current->start_ticks = 0;
		slot->busy_since = 0;
	}
	finish(slot, status, now);
}

/* --- Begin ------------------------------------------------------------------ */

/* A fault: our own copy of the descriptor gets one range wrong. */
static void make_wild(struct slot *slot, struct job *job)
{
	if (!slot->faults.wild_descriptor)
		return;
	slot->faults.wild_descriptor = false;
	job->reach[job_reaches(job) - 1].address =
		slot->limits.window_base + slot->limits.window_bytes;
}

static uint16_t hand_over(struct slot *slot, struct job *job)
{
	struct device *device = slot->device;
	int r;

	r = job_gather(job, &device->memory, &device->tiles, slot->limits.tiles);
	if (r < 0) {
		fprintf(stderr, "vnpud: slot %u: transfer: %s\n", slot->index,
			strerror(-r));
		return LAYBY_VNPU_STATUS_COMPUTE_FAILED;
	}
	slot->worker = worker_get(&device->workers, slot, job->party,
				  slot->begin_ticks);
	if (!slot->worker ||
	    worker_send(slot->worker, &job->request, job->transfer) < 0)
		return LAYBY_VNPU_STATUS_COMPUTE_FAILED;
	slot->reload = slot->worker->forgotten;
	slot->worker->forgotten = false;
	return LAYBY_VNPU_STATUS_OK;
}

static void begin(struct slot *slot)
{
	struct job *job = TAILQ_FIRST(&slot->queued);
	uint16_t status = job->status;

	TAILQ_REMOVE(&slot->queued, job, link);
	slot->current = job;
	slot->begin_ticks = now_of(slot);
	slot->reached_count = 0;
	if (status == LAYBY_VNPU_STATUS_OK) {
		make_wild(slot, job);
		status = job_check_reach(job, &slot->limits);
	}
	if (status == LAYBY_VNPU_STATUS_OK) {
		slot->reached_count = job_reaches(job);
		memcpy(slot->reached, job->reach, sizeof(slot->reached));
		if (job->flags & LAYBY_VNPU_JOB_CLEAR_TILES)
			tiles_clear(&slot->device->tiles, slot->limits.tiles);
		status = hand_over(slot, job);
	}
	if (status == LAYBY_VNPU_STATUS_OK)
		slot->phase = SLOT_LOADING;
	else
		finish(slot, status, slot->begin_ticks);
}

/* --- What the worker says --------------------------------------------------- */

static uint64_t modelled_run(const struct slot *slot, uint64_t operations)
{
	uint64_t rate = slot->device->config.speed * tile_count(slot);
	uint64_t ticks = operations / rate + (operations % rate != 0);

	return ticks < CLOCK_FAR ? ticks + SLOT_RUN_TICKS : CLOCK_FAR;
}

static uint64_t modelled_start(const struct slot *slot, bool fresh)
{
	const struct job *job = slot->current;
	uint64_t tick = slot->begin_ticks + SLOT_DISPATCH_TICKS;

	if (job->flags & LAYBY_VNPU_JOB_CLEAR_TILES)
		tick += SLOT_CLEAR_TILE_TICKS * tile_count(slot);
	if (fresh || slot->reload)
		tick += slot->device->config.load_us +
			job->request.program_bytes / SLOT_LOAD_BYTES_PER_TICK;
	return tick;
}

static void run_from(struct slot *slot, uint64_t start, uint64_t operations)
{
	slot->run_ticks = modelled_run(slot, operations);
	slot->current->start_ticks = start;
	slot->busy_since = start;
	slot->busy_until = start + slot->run_ticks;
	slot->phase = SLOT_RUNNING;
	if (slot->faults.hang) {
		slot->faults.hang = false;
		slot_hang(slot);
	} else {
		timer_arm(&slot->timer, slot->busy_until);
	}
}

static void loaded(struct slot *slot, const struct compute_reply *reply)
{
	uint64_t start = modelled_start(slot, reply->fresh);
	uint64_t now = now_of(slot);

	slot->loaded = true;
	if (now > start) {
		slot->counters.late_starts++;
		start = now;
	}
	if (reply->status == LAYBY_VNPU_STATUS_OK) {
		run_from(slot, start, reply->operations);
	} else {
		slot->worker->busy = false;
		slot->verdict = reply->status;
		timer_arm(&slot->timer, start);
	}
}

/* Late: the whole run is moved, so that its ticks stay those of the model. */
static void finish_late(struct slot *slot)
{
	uint64_t now = now_of(slot);

	slot->current->start_ticks = now - slot->run_ticks;
	finish(slot, LAYBY_VNPU_STATUS_OK, now);
}

static void done(struct slot *slot, uint32_t status)
{
	slot->worker->busy = false;
	slot->computed = true;
	if (slot->hung || slot->phase == SLOT_ABORTING ||
	    slot->phase == SLOT_STUCK)
		return;
	if (status != LAYBY_VNPU_STATUS_OK)
		finish_early(slot, status);
	else if (slot->phase == SLOT_LATE)
		finish_late(slot);
	advance(slot);
}

/* A worker runs other people's programs: what it says may be anything. */
static bool reply_sane(const struct slot *slot, const struct compute_reply *reply)
{
	switch (reply->kind) {
	case COMPUTE_LOADED:
		return !slot->loaded &&
		       (reply->status == LAYBY_VNPU_STATUS_OK ||
			reply->status == LAYBY_VNPU_STATUS_BAD_PROGRAM ||
			reply->status == LAYBY_VNPU_STATUS_BAD_SHAPE);
	case COMPUTE_DONE:
		return slot->loaded &&
		       (reply->status == LAYBY_VNPU_STATUS_OK ||
			reply->status == LAYBY_VNPU_STATUS_BAD_SHAPE ||
			reply->status == LAYBY_VNPU_STATUS_COMPUTE_FAILED);
	default:
		return false;
	}
}

void slot_worker_replied(struct slot *slot, struct worker *worker,
			 const struct compute_reply *reply)
{
	if (slot->worker != worker || !reply_sane(slot, reply)) {
		worker_kill(worker);
		slot_worker_died(slot, worker);
	} else if (reply->kind == COMPUTE_DONE) {
		done(slot, reply->status);
	} else if (slot->phase == SLOT_LOADING) {
		loaded(slot, reply);
	} else {
		/* Being aborted: only what comes next matters. */
		slot->loaded = true;
		worker->busy = reply->status == LAYBY_VNPU_STATUS_OK;
	}
}

void slot_worker_died(struct slot *slot, struct worker *worker)
{
	if (slot->worker != worker || slot->hung ||
	    slot->phase == SLOT_ABORTING || slot->phase == SLOT_STUCK)
		return;
	finish_early(slot, LAYBY_VNPU_STATUS_COMPUTE_FAILED);
	advance(slot);
}

/* --- Abort ------------------------------------------------------------------ */

static uint32_t abort_time(struct slot *slot)
{
	if (!slot->faults.late_abort)
		return slot->device->config.abort_us;
	slot->faults.late_abort = false;
	return slot->faults.late_abort_us;
}

static void abort_current(struct slot *slot)
{
	uint64_t now = now_of(slot);

	if (slot->phase == SLOT_ABORTING || slot->phase == SLOT_STUCK)
		return;
	timer_cancel(&slot->timer);
	if (slot->current->start_ticks > now) {
		slot->current->start_ticks = 0;
		slot->busy_since = 0;
	} else if (slot->phase == SLOT_RUNNING) {
		slot->busy_until = CLOCK_FAR;
	}
	if (slot->faults.lose_abort) {
		slot->faults.lose_abort = false;
		slot->phase = SLOT_STUCK;
		return;
	}
	slot->phase = SLOT_ABORTING;
	timer_arm(&slot->timer, now + abort_time(slot));
}

static void aborted(struct slot *slot)
{
	/* Whatever it computes: it is stopped, and its program forgotten. */
	if (slot->worker->busy)
		worker_kill(slot->worker);
	slot->worker->forgotten = true;
	finish(slot, LAYBY_VNPU_STATUS_ABORTED, now_of(slot));
}

static void abort_queued(struct slot *slot, uint16_t tag)
{
	struct job *job;

	TAILQ_FOREACH(job, &slot->queued, link) {
		if (job->tag != tag || !job->owns_tag)
			continue;
		TAILQ_REMOVE(&slot->queued, job, link);
		job->status = LAYBY_VNPU_STATUS_ABORTED;
		job->end_ticks = now_of(slot);
		TAILQ_INSERT_TAIL(&slot->ended, job, link);
		return;
	}
}

/* --- Events ----------------------------------------------------------------- */

static void expired(void *owner)
{
	struct slot *slot = owner;

	switch (slot->phase) {
	case SLOT_LOADING:
		finish(slot, slot->verdict, now_of(slot));
		break;
	case SLOT_RUNNING:
		if (slot->computed) {
			finish(slot, LAYBY_VNPU_STATUS_OK, slot->busy_until);
			break;
		}
		slot->phase = SLOT_LATE;
		slot->counters.late++;
		return;
	case SLOT_ABORTING:
		aborted(slot);
		break;
	default:
		return;
	}
	advance(slot);
}

/* Jobs begin only while no completion waits for room in its ring. */
static void advance(struct slot *slot)
{
	do {
		ring_post(slot);
		ring_fetch(slot);
		if (slot->phase != SLOT_IDLE || !TAILQ_EMPTY(&slot->ended) ||
		    TAILQ_EMPTY(&slot->queued))
			return;
		begin(slot);
	} while (slot->phase == SLOT_IDLE);
}

void slot_poll(struct slot *slot)
{
	uint16_t tag;

	if (!slot->enabled)
		return;
	/* First the new entries: an abort may be for one of them. */
	ring_fetch(slot);
	if (ring_abort_asked(slot, &tag)) {
		if (slot->current && slot->current->tag == tag)
			abort_current(slot);
		else
			abort_queued(slot, tag);
	}
	advance(slot);
}

void slot_hang(struct slot *slot)
{
	if (slot->phase != SLOT_RUNNING && slot->phase != SLOT_LATE) {
		slot->faults.hang = true;
		return;
	}
	timer_cancel(&slot->timer);
	slot->hung = true;
	slot->phase = SLOT_RUNNING;
	slot->busy_until = CLOCK_FAR;
}

/* --- Enable and disable ------------------------------------------------------ */

bool slot_enable(struct slot *slot)
{
	uint16_t tag;

	if (!registers_take(slot))
		return false;
	ring_reset(slot);
	memory_write32(&slot->device->memory,
		       ring_register(slot, LAYBY_VNPU_SLOT_SQ_HEAD), 0);
	/* What stands in ABORT now is not a request. */
	ring_abort_asked(slot, &tag);
	slot->enabled = true;
	sensors_start(slot->device);
	advance(slot);
	return true;
}

void slot_stop(struct slot *slot)
{
	slot->enabled = false;
	timer_cancel(&slot->timer);
	if (slot->current)
		slot->phase = SLOT_STUCK;
}

static void release_all(struct job_list *list)
{
	struct job *job;

	TAILQ_FOREACH(job, list, link)
		job_release(job);
	TAILQ_INIT(list);
}

void slot_reset(struct slot *slot)
{
	slot_stop(slot);
	for (uint32_t i = 0; i < WORKERS_PER_SLOT; i++) {
		worker_kill(&slot->workers[i]);
		slot->workers[i].used = 0;
	}
	if (slot->current) {
		leave(slot, slot->current, false);
		charge(slot, slot->current, now_of(slot));
		job_release(slot->current);
	}
	forget_current(slot);
	release_all(&slot->queued);
	release_all(&slot->ended);
	slot->faults = (struct slot_faults){};
}

void slot_freeze(struct slot *slot, bool frozen)
{
	timer_freeze(&slot->timer, frozen);
	for (uint32_t i = 0; i < WORKERS_PER_SLOT; i++)
		worker_freeze(&slot->workers[i], frozen);
}

int slot_init(struct slot *slot, struct device *device, uint32_t index)
{
	slot->device = device;
	slot->index = index;
	ring_reset(slot);
	return timer_init(&slot->timer, device->event, &device->clock, expired,
			  slot);
}

void slot_fini(struct slot *slot)
{
	slot_reset(slot);
	timer_fini(&slot->timer);
}
