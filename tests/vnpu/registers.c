// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * registers - what a driver wrote into a slot's registers, checked
 *
 * Must check what keeps the device whole and nothing more: that windows, tiles
 * and rings of two slots are disjoint is the driver's duty.
 */
#include "device.h"
#include "registers.h"
#include "ring.h"

static void read_registers(const struct slot *slot, struct job_limits *limits,
			   uint64_t *sq, uint64_t *cq, uint32_t *flags)
{
	const struct memory *memory = &slot->device->memory;
	uint32_t base = LAYBY_VNPU_SLOT(slot->index);

	limits->window_base =
		memory_read64(memory, base + LAYBY_VNPU_SLOT_WINDOW_BASE);
	limits->window_bytes =
		memory_read64(memory, base + LAYBY_VNPU_SLOT_WINDOW_BYTES);
	limits->tiles = memory_read32(memory, base + LAYBY_VNPU_SLOT_TILES);
	limits->entries = memory_read32(memory, base + LAYBY_VNPU_SLOT_ENTRIES);
	limits->permille = memory_read32(memory, base + LAYBY_VNPU_SLOT_BANDWIDTH);
	*flags = memory_read32(memory, base + LAYBY_VNPU_SLOT_FLAGS);
	limits->watched = *flags & LAYBY_VNPU_SLOT_WATCHED;
	*sq = memory_read64(memory, base + LAYBY_VNPU_SLOT_SQ);
	*cq = memory_read64(memory, base + LAYBY_VNPU_SLOT_CQ);
}

/* Rings stand in the control area, each aligned to its entries. */
static bool ring_valid(uint64_t at, uint64_t entry_bytes, uint32_t entries)
{
	return at % entry_bytes == 0 &&
	       range_inside(0, LAYBY_VNPU_CONTROL_BYTES, at,
			    entry_bytes * entries);
}

static bool valid(const struct slot *slot, const struct job_limits *limits,
		  uint64_t sq, uint64_t cq, uint32_t flags)
{
	const struct memory *memory = &slot->device->memory;
	uint32_t tiles = (1u << slot->device->config.tiles) - 1;
	uint32_t entries = limits->entries;

	return range_inside(LAYBY_VNPU_CONTROL_BYTES,
			    memory->bytes - LAYBY_VNPU_CONTROL_BYTES,
			    limits->window_base, limits->window_bytes) &&
	       limits->tiles && !(limits->tiles & ~tiles) &&
	       entries && entries <= LAYBY_VNPU_ENTRIES_MAX &&
	       !(entries & (entries - 1)) &&
	       limits->permille <= LAYBY_VNPU_BANDWIDTH_WHOLE &&
	       !(flags & ~LAYBY_VNPU_SLOT_WATCHED) &&
	       ring_valid(sq, sizeof(struct layby_vnpu_descriptor), entries) &&
	       ring_valid(cq, sizeof(struct layby_vnpu_completion), entries);
}

bool registers_valid(const struct slot *slot)
{
	struct job_limits limits;
	uint64_t sq, cq;
	uint32_t flags;

	read_registers(slot, &limits, &sq, &cq, &flags);
	return valid(slot, &limits, sq, cq, flags);
}

bool registers_take(struct slot *slot)
{
	struct job_limits limits;
	uint64_t sq, cq;
	uint32_t flags;

	/* Read once: what is checked is what is taken. */
	read_registers(slot, &limits, &sq, &cq, &flags);
	if (!valid(slot, &limits, sq, cq, flags))
		return false;
	slot->limits = limits;
	slot->sq = sq;
	slot->cq = cq;
	return true;
}

void registers_clear(struct slot *slot)
{
	struct memory *memory = &slot->device->memory;

	for (uint32_t at = 0; at <= LAYBY_VNPU_SLOT_STATE; at += 4)
		memory_write32(memory, ring_register(slot, at), 0);
}
