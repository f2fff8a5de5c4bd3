// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * slot - one queue pair and the job that runs on its tiles
 *
 * A job's way: ring_fetch() queues it; begin() checks what it reaches, copies
 * that out and hands it to a worker; loaded() knows its cost and so its modelled
 * end; at that end, or when the computation is ready if that is later, finish()
 * writes outputs and completion. Ticks are of the model: a late computation
 * moves start and end together, their difference stays the modelled run.
 * How long that is stands in run.c, how a job is ended before that in stop.c.
 * Must never check what is the driver's duty (firmware.c).
 */
#include <stdio.h>
#include <string.h>

#include "device.h"
#include "registers.h"
#include "ring.h"

static uint64_t now_of(const struct slot *slot)
{
	return clock_now(&slot->device->clock);
}

void slot_publish(struct slot *slot, uint32_t state)
{
	slot->state = state;
	memory_write32(&slot->device->memory,
		       ring_register(slot, LAYBY_VNPU_SLOT_STATE), state);
}

void slot_remember(struct slot_times *times, uint64_t ticks)
{
	times->ticks[times->count++ % SLOT_TIMES_KEPT] =
		ticks < UINT32_MAX ? ticks : UINT32_MAX;
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
	slot_leave_memory(slot);
}

/* What has run leaves its data in the tiles. */
static void leave(struct slot *slot, const struct job *job, bool outputs)
{
	if (slot->busy_since && job->transfer >= 0)
		job_leave(job, &slot->device->tiles, slot->held, outputs);
}

void slot_finish(struct slot *slot, uint32_t status, uint64_t end)
{
	struct job *job = slot->current;
	bool good = status == LAYBY_VNPU_STATUS_OK;

	timer_cancel(&slot->timer);
	if (good && job_commit(job, &slot->device->memory) < 0)
		status = LAYBY_VNPU_STATUS_COMPUTE_FAILED;
	if (status == LAYBY_VNPU_STATUS_OK)
		slot_remember(&slot->delays, job->start_ticks - slot->due_start);
	leave(slot, job, good);
	slot_charge(slot, job, end);
	job_release(job);
	job->status = status;
	job->end_ticks = end;
	forget_current(slot);
	device_publish_tiles(slot->device);
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
	slot_finish(slot, status, now);
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

	r = job_gather(job, &device->memory, &device->tiles, slot->held);
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
	slot->held = slot->limits.tiles;
	device_publish_tiles(slot->device);
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
			tiles_clear(&slot->device->tiles, slot->held);
		status = hand_over(slot, job);
	}
	if (status == LAYBY_VNPU_STATUS_OK)
		slot->phase = SLOT_LOADING;
	else
		slot_finish(slot, status, slot->begin_ticks);
}

/* --- What the worker says --------------------------------------------------- */

static uint64_t modelled_start(const struct slot *slot, bool fresh)
{
	const struct job *job = slot->current;
	uint64_t tick = slot->begin_ticks + SLOT_DISPATCH_TICKS;

	if (job->flags & LAYBY_VNPU_JOB_CLEAR_TILES)
		tick += SLOT_CLEAR_TILE_TICKS * slot_tile_count(slot);
	if (fresh || slot->reload)
		tick += slot->device->config.load_us +
			job->request.program_bytes / SLOT_LOAD_BYTES_PER_TICK;
	return tick;
}

/* A fault. */
static void hang_if_told(struct slot *slot)
{
	if (!slot->faults.hang)
		return;
	slot->faults.hang = false;
	slot_hang(slot);
}

static void loaded(struct slot *slot, const struct compute_reply *reply)
{
	uint64_t start = modelled_start(slot, reply->fresh);
	uint64_t now = now_of(slot);

	slot->loaded = true;
	slot->due_start = start;
	if (now > start) {
		slot->counters.late_starts++;
		start = now;
	}
	if (reply->status == LAYBY_VNPU_STATUS_OK) {
		slot_run(slot, now, start, reply);
		hang_if_told(slot);
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
	slot_finish(slot, LAYBY_VNPU_STATUS_OK, now);
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
	slot_advance(slot);
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
	slot_advance(slot);
}

/* --- Events ----------------------------------------------------------------- */

static void expired(void *owner)
{
	struct slot *slot = owner;

	switch (slot->phase) {
	case SLOT_LOADING:
		slot_finish(slot, slot->verdict, now_of(slot));
		break;
	case SLOT_RUNNING:
		slot->run_ticks = slot->busy_until - slot->busy_since;
		if (slot->computed) {
			slot_finish(slot, LAYBY_VNPU_STATUS_OK, slot->busy_until);
			break;
		}
		slot->phase = SLOT_LATE;
		slot->counters.late++;
		return;
	case SLOT_ABORTING:
		slot_aborted(slot);
		break;
	default:
		return;
	}
	slot_advance(slot);
}

/* Jobs begin only while no completion waits for room in its ring. */
void slot_advance(struct slot *slot)
{
	do {
		ring_post(slot);
		if (slot_settles(slot))
			return;
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
	if (ring_stop_asked(slot))
		slot_stop(slot, LAYBY_VNPU_STATE_STOPPED);
	if (!slot->enabled)
		return;
	/* First the new entries: an abort may be for one of them. */
	if (!slot->stopping)
		ring_fetch(slot);
	if (ring_abort_asked(slot, &tag))
		slot_abort(slot, tag);
	slot_advance(slot);
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
	slot_leave_memory(slot);
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
	slot->stopping = 0;
	slot_publish(slot, LAYBY_VNPU_STATE_ENABLED);
	sensors_start(slot->device);
	/* It may be told to stop already. */
	slot_poll(slot);
	return true;
}

void slot_halt(struct slot *slot)
{
	slot->enabled = false;
	slot->stopping = 0;
	timer_cancel(&slot->timer);
	if (slot->current)
		slot->phase = SLOT_STUCK;
}

void slot_release(struct job_list *list)
{
	struct job *job;

	TAILQ_FOREACH(job, list, link)
		job_release(job);
	TAILQ_INIT(list);
}

void slot_reset(struct slot *slot)
{
	slot_halt(slot);
	for (uint32_t i = 0; i < WORKERS_PER_SLOT; i++) {
		worker_kill(&slot->workers[i]);
		slot->workers[i].used = 0;
	}
	if (slot->current) {
		leave(slot, slot->current, false);
		slot_charge(slot, slot->current, now_of(slot));
		job_release(slot->current);
		forget_current(slot);
		device_publish_tiles(slot->device);
	}
	slot_release(&slot->queued);
	slot_release(&slot->ended);
	slot->faults = (struct slot_faults){};
	if (slot->state != LAYBY_VNPU_STATE_DISABLED)
		slot_publish(slot, LAYBY_VNPU_STATE_DISABLED);
}

void slot_power_on(struct slot *slot)
{
	slot_reset(slot);
	slot->abort_time = (struct abort_time){};
	slot->level_set = SPECIMEN_HIGHEST;
	slot->level = SPECIMEN_HIGHEST;
	slot->stops = (struct slot_times){};
	slot->delays = (struct slot_times){};
	storm_start(&slot->storm, 0, 0);
}

void slot_freeze(struct slot *slot, bool frozen)
{
	timer_freeze(&slot->timer, frozen);
	timer_freeze(&slot->storm.timer, frozen);
	for (uint32_t i = 0; i < WORKERS_PER_SLOT; i++)
		worker_freeze(&slot->workers[i], frozen);
}

int slot_init(struct slot *slot, struct device *device, uint32_t index)
{
	int r;

	slot->device = device;
	slot->index = index;
	ring_reset(slot);
	r = storm_init(&slot->storm, device, LAYBY_VNPU_VECTOR_SLOT(index));
	if (r < 0)
		return r;
	r = timer_init(&slot->timer, device->event, &device->clock, expired,
		       slot);
	/* A job that is at its end has ended before what rings now, or rang when frozen. */
	if (r >= 0)
		r = timer_before_others(&slot->timer);
	return r;
}

void slot_fini(struct slot *slot)
{
	slot_reset(slot);
	storm_fini(&slot->storm);
	timer_fini(&slot->timer);
}
