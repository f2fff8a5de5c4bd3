// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * run - how long the current job of a slot holds its tiles, and what it uses
 *
 * Owns the modelled start and end of each run: they change when another run
 * begins or ends, and when a level does. Must never move what has passed
 * already.
 */
#include "device.h"

#define PERMILLE 1000u

uint32_t slot_tile_count(const struct slot *slot)
{
	return __builtin_popcount(slot->held);
}

/* Alone in the device's memory, at @level from start to end. */
static uint64_t alone(const struct slot *slot, uint32_t level)
{
	const struct device *device = slot->device;
	unsigned __int128 rate = (unsigned __int128)device->config.speed *
				 slot_tile_count(slot) *
				 sheet.level[level].speed_permille;
	unsigned __int128 ticks = (unsigned __int128)slot->operations * PERMILLE;
	uint64_t moving;

	ticks = ticks / rate + (ticks % rate != 0);
	if (ticks > CLOCK_FAR)
		ticks = CLOCK_FAR;
	moving = bandwidth_alone(&device->bandwidth, ticks, slot->bytes);
	return moving < CLOCK_FAR ? moving + SLOT_RUN_TICKS : CLOCK_FAR;
}

static bool planned(const struct slot *slot)
{
	return slot->phase == SLOT_RUNNING && !slot->hung;
}

void slot_replan(struct device *device)
{
	for (uint32_t i = 0; i < device->config.slots; i++) {
		struct slot *slot = &device->slots[i];

		if (!planned(slot))
			continue;
		slot->busy_until = bandwidth_end(&device->bandwidth, i);
		timer_arm(&slot->timer, slot->busy_until);
	}
}

void slot_leave_memory(struct slot *slot)
{
	struct bandwidth *bandwidth = &slot->device->bandwidth;
	uint64_t now = clock_now(&slot->device->clock);

	bandwidth_advance(bandwidth, now);
	bandwidth_stop(bandwidth, slot->index);
	levels_settle(slot->device, now);
}

void slot_run(struct slot *slot, uint64_t now, uint64_t start,
	      const struct compute_reply *reply)
{
	struct device *device = slot->device;

	slot->operations = reply->operations;
	slot->bytes = reply->bytes;
	bandwidth_advance(&device->bandwidth, now);
	bandwidth_start(&device->bandwidth, slot->index, start,
			alone(slot, slot->level), reply->bytes,
			slot->limits.permille);
	slot->current->start_ticks = start;
	slot->current->level = slot->level;
	slot->begin_nj = device->power.slot_nj[slot->index];
	slot->busy_since = start;
	slot->phase = SLOT_RUNNING;
	/* Until it is planned: whoever looks at the rail must see it coming. */
	slot->busy_until = CLOCK_FAR;
	levels_settle(device, now);
}

/* The completion says the highest that it ran at. */
static void note_level(struct slot *slot, uint64_t now)
{
	struct job *job = slot->current;

	if (!slot->busy_since || now >= slot->busy_until)
		return;
	if (now <= slot->busy_since || job->level < slot->level)
		job->level = slot->level;
}

void slot_relevel(struct slot *slot, uint32_t level)
{
	struct device *device = slot->device;
	uint64_t now = device->power.tick;
	uint32_t before = slot->level;

	if (level == before)
		return;
	slot->level = level;
	note_level(slot, now);
	if (!planned(slot))
		return;
	bandwidth_advance(&device->bandwidth, now);
	bandwidth_rescale(&device->bandwidth, slot->index, alone(slot, before),
			  alone(slot, level), slot->bytes);
}

void slot_charge(struct slot *slot, struct job *job, uint64_t end)
{
	struct device *device = slot->device;

	job->energy_nj = 0;
	if (!slot->busy_since)
		return;
	/* What is looked at later than it ended has not run on. */
	if (slot->busy_until > end)
		slot->busy_until = end;
	levels_advance(device, end);
	job->energy_nj = device->power.slot_nj[slot->index] - slot->begin_nj;
}
