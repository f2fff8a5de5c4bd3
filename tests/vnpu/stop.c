// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * stop - how the current job of a slot is ended, and the slot itself
 *
 * An abort takes its modelled time whatever the computation does. Must never
 * begin a job, nor say that a slot is stopped while one holds tiles.
 */
#include "device.h"
#include "ring.h"

static uint64_t now_of(const struct slot *slot)
{
	return clock_now(&slot->device->clock);
}

/* --- Abort ------------------------------------------------------------------ */

static uint32_t abort_us(struct slot *slot)
{
	if (slot->faults.late_abort) {
		slot->faults.late_abort = false;
		return slot->faults.late_abort_us;
	}
	return slot->abort_time.set ? slot->abort_time.us :
				      slot->device->config.abort_us;
}

static bool abort_lost(struct slot *slot)
{
	bool lost = slot->faults.lose_abort || slot->abort_time.never;

	slot->faults.lose_abort = false;
	return lost;
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
		slot_leave_memory(slot);
	} else if (slot->phase == SLOT_RUNNING) {
		slot->busy_until = CLOCK_FAR;
	}
	if (abort_lost(slot)) {
		slot->phase = SLOT_STUCK;
		return;
	}
	slot->phase = SLOT_ABORTING;
	timer_arm(&slot->timer, now + abort_us(slot));
}

void slot_aborted(struct slot *slot)
{
	/* Whatever it computes: it is stopped, and its program forgotten. */
	if (slot->worker->busy)
		worker_kill(slot->worker);
	slot->worker->forgotten = true;
	slot_finish(slot, LAYBY_VNPU_STATUS_ABORTED, now_of(slot));
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

void slot_abort(struct slot *slot, uint16_t tag)
{
	if (slot->current && slot->current->tag == tag)
		abort_current(slot);
	else
		abort_queued(slot, tag);
}

/* --- Stop ------------------------------------------------------------------- */

void slot_stop(struct slot *slot, uint32_t becomes)
{
	if (!slot->enabled || slot->stopping)
		return;
	slot->stopping = becomes;
	slot->stop_tick = now_of(slot);
	slot_release(&slot->queued);
	if (slot->current)
		abort_current(slot);
	slot_advance(slot);
}

bool slot_settles(struct slot *slot)
{
	if (!slot->stopping)
		return false;
	if (slot->phase != SLOT_IDLE)
		return true;
	/* What found no room in the ring is not to come later. */
	slot_release(&slot->ended);
	slot->enabled = false;
	slot_publish(slot, slot->stopping);
	slot->stopping = 0;
	slot_remember(&slot->stops, now_of(slot) - slot->stop_tick);
	transport_interrupt(&slot->device->transport,
			    LAYBY_VNPU_VECTOR_SLOT(slot->index));
	return true;
}
