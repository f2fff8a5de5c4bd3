// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ring - a slot's submission and completion ring
 *
 * Owns the ring indices. The driver can change every byte here at any time, so
 * an entry is copied once and each index is used modulo the ring's size, which
 * was checked when the slot was enabled.
 */
#include <endian.h>
#include <stddef.h>
#include <string.h>

#include "device.h"
#include "ring.h"

uint32_t ring_register(const struct slot *slot, uint32_t offset)
{
	return LAYBY_VNPU_SLOT(slot->index) + offset;
}

/* 1 on the first pass over the ring, 0 on the second, and so on. */
static uint32_t phase_of(uint32_t index, uint32_t entries)
{
	return !(index / entries & 1);
}

void ring_reset(struct slot *slot)
{
	slot->sq_head = 0;
	slot->cq_tail = 0;
	memset(slot->tag_taken, 0, sizeof(slot->tag_taken));
	TAILQ_INIT(&slot->free);
	TAILQ_INIT(&slot->queued);
	TAILQ_INIT(&slot->ended);
	for (uint32_t i = 0; i < slot->limits.entries; i++) {
		slot->jobs[i].transfer = -1;
		TAILQ_INSERT_TAIL(&slot->free, &slot->jobs[i], link);
	}
}

/* False: the entry does not have the phase of this pass yet. */
static bool fetch_one(struct slot *slot)
{
	struct layby_vnpu_descriptor descriptor;
	uint32_t entries = slot->limits.entries;
	uint64_t at = slot->sq + (uint64_t)(slot->sq_head % entries) *
				 sizeof(descriptor);
	struct job *job = TAILQ_FIRST(&slot->free);

	memcpy(&descriptor,
	       memory_at(&slot->device->memory, at, sizeof(descriptor)),
	       sizeof(descriptor));
	if (descriptor.phase != phase_of(slot->sq_head, entries))
		return false;
	TAILQ_REMOVE(&slot->free, job, link);
	job_decode(job, &descriptor, &slot->limits);
	job->fetch_ticks = clock_now(&slot->device->clock);
	if (job->tag < entries) {
		job->owns_tag = !slot->tag_taken[job->tag];
		slot->tag_taken[job->tag] = true;
		if (!job->owns_tag)
			job->status = LAYBY_VNPU_STATUS_BAD_DESCRIPTOR;
	}
	TAILQ_INSERT_TAIL(&slot->queued, job, link);
	slot->sq_head++;
	return true;
}

void ring_fetch(struct slot *slot)
{
	struct memory *memory = &slot->device->memory;
	uint32_t before = slot->sq_head;
	/* An acquire: the entries that the tail covers are seen. */
	uint32_t tail = memory_read32(memory,
				      ring_register(slot, LAYBY_VNPU_SLOT_SQ_TAIL));

	if (tail - slot->sq_head > slot->limits.entries) {
		slot->counters.bad_tails++;
		return;
	}
	while (slot->sq_head != tail && !TAILQ_EMPTY(&slot->free)) {
		if (!fetch_one(slot))
			break;
	}
	/* A release: the entries were read before the driver reuses them. */
	if (slot->sq_head != before)
		memory_write32(memory,
			       ring_register(slot, LAYBY_VNPU_SLOT_SQ_HEAD),
			       slot->sq_head);
}

static bool post_room(const struct slot *slot)
{
	uint32_t head = memory_read32(&slot->device->memory,
				      ring_register(slot, LAYBY_VNPU_SLOT_CQ_HEAD));

	return slot->cq_tail - head < slot->limits.entries;
}

static void post_one(struct slot *slot, const struct job *job)
{
	const struct specimen *specimen = &slot->device->power.specimen;
	uint32_t entries = slot->limits.entries;
	struct layby_vnpu_completion completion = {
		.tag = htole16(job->tag),
		.status = htole16(job->status),
		.level = htole32(job->start_ticks ? job->level : 0),
		.fetch_ticks = htole64(job->fetch_ticks),
		.start_ticks = htole64(job->start_ticks),
		.end_ticks = htole64(job->end_ticks),
		.energy_uj = htole64(specimen_metered_uj(specimen, job->energy_nj)),
	};
	uint64_t at = slot->cq + (uint64_t)(slot->cq_tail % entries) *
				 sizeof(completion);
	uint8_t *to = memory_at(&slot->device->memory, at, sizeof(completion));

	memcpy(to, &completion, offsetof(struct layby_vnpu_completion, phase));
	/* A release: outputs and entry are seen before its phase. */
	memory_write32(&slot->device->memory,
		       at + offsetof(struct layby_vnpu_completion, phase),
		       phase_of(slot->cq_tail, entries));
	slot->cq_tail++;
}

static void count(struct slot_counters *counters, const struct job *job)
{
	counters->jobs++;
	if (job->status == LAYBY_VNPU_STATUS_OK)
		counters->ok++;
	if (job->status == LAYBY_VNPU_STATUS_ABORTED)
		counters->aborted++;
}

void ring_post(struct slot *slot)
{
	struct job *job;
	bool raise = false;

	while ((job = TAILQ_FIRST(&slot->ended)) && post_room(slot)) {
		TAILQ_REMOVE(&slot->ended, job, link);
		post_one(slot, job);
		count(&slot->counters, job);
		if (job->owns_tag)
			slot->tag_taken[job->tag] = false;
		TAILQ_INSERT_TAIL(&slot->free, job, link);
		if (slot->faults.lose_interrupt)
			slot->faults.lose_interrupt = false;
		else
			raise = true;
	}
	if (raise)
		transport_interrupt(&slot->device->transport,
				    LAYBY_VNPU_VECTOR_SLOT(slot->index));
}

bool ring_stop_asked(const struct slot *slot)
{
	return memory_read32(&slot->device->memory,
			     ring_register(slot, LAYBY_VNPU_SLOT_STOP));
}

bool ring_abort_asked(struct slot *slot, uint16_t *tag)
{
	uint32_t value = memory_read32(&slot->device->memory,
				       ring_register(slot, LAYBY_VNPU_SLOT_ABORT));

	if (value == slot->abort_seen)
		return false;
	slot->abort_seen = value;
	*tag = value & 0xffff;
	return true;
}
