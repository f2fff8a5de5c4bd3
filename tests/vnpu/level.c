// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * level - at which performance level tiles run, and why not at a higher one
 *
 * The driver sets the level of each slot and the highest of the device; heat
 * and rail take levels off that, from everybody alike. Must never ask whose
 * tiles they are: that driving is not slowed is the driver's duty.
 */
#include "device.h"

static uint32_t below(uint32_t level, uint32_t taken)
{
	return level > taken ? level - taken : 0;
}

static uint32_t asked(const struct device *device, const struct slot *slot)
{
	uint32_t limit = device->levels.limit;

	return slot->level_set < limit ? slot->level_set : limit;
}

static struct power_load load_of(const struct device *device,
				 const struct slot *slot, uint32_t level)
{
	return (struct power_load){
		.since = slot->busy_since,
		.until = slot->busy_until,
		.tiles = slot_tile_count(slot),
		.level = level,
		.lowered = level < asked(device, slot),
	};
}

/* As the levels are in force. */
static struct power_loads loads_now(const struct device *device)
{
	struct power_loads loads = { .idle_level = levels_highest(device) };

	for (uint32_t i = 0; i < device->config.slots; i++)
		loads.slot[i] = load_of(device, &device->slots[i],
					device->slots[i].level);
	return loads;
}

/* If the rail took so many off. */
static struct power_loads loads_if(const struct device *device, uint32_t rail)
{
	uint32_t taken = device->levels.heat + rail;
	struct power_loads loads = {
		.idle_level = below(device->levels.limit, taken),
	};

	for (uint32_t i = 0; i < device->config.slots; i++) {
		const struct slot *slot = &device->slots[i];

		loads.slot[i] = load_of(device, slot,
					below(asked(device, slot), taken));
	}
	return loads;
}

/* As few levels as bring the power below the rail's limit, if any does. */
static uint32_t rail_takes(const struct device *device)
{
	struct power_loads loads;
	uint32_t taken;

	for (taken = 0; taken + device->levels.heat < SPECIMEN_HIGHEST; taken++) {
		loads = loads_if(device, taken);
		if (power_mw(&device->power, &loads, true) <= device->config.rail)
			break;
	}
	return taken;
}

void levels_settle(struct device *device, uint64_t now)
{
	struct levels *levels = &device->levels;
	uint32_t rail;

	levels_advance(device, now);
	rail = rail_takes(device);
	if (rail > levels->rail)
		levels->rail_drops += rail - levels->rail;
	levels->rail = rail;
	for (uint32_t i = 0; i < device->config.slots; i++) {
		struct slot *slot = &device->slots[i];

		slot_relevel(slot, below(asked(device, slot), levels->heat + rail));
	}
	slot_replan(device);
}

void levels_feel(struct device *device)
{
	struct levels *levels = &device->levels;
	uint64_t now = clock_now(&device->clock);
	double mc;

	levels_advance(device, now);
	mc = device->power.thermal.die * 1e3;
	if (mc >= sheet.throttle_mc && levels->heat < SPECIMEN_HIGHEST) {
		levels->heat++;
		levels->throttles++;
	} else if (mc < sheet.release_mc) {
		levels->heat = 0;
	}
	/* Leakage has changed with the temperature: the rail too. */
	levels_settle(device, now);
}

void levels_advance(struct device *device, uint64_t now)
{
	struct power_loads loads = loads_now(device);

	power_advance(&device->power, &loads, now);
}

double levels_power_mw(const struct device *device)
{
	struct power_loads loads = loads_now(device);

	return power_mw(&device->power, &loads, false);
}

uint32_t levels_highest(const struct device *device)
{
	const struct levels *levels = &device->levels;

	return below(levels->limit, levels->heat + levels->rail);
}

void levels_limit(struct device *device, uint32_t level)
{
	uint64_t now = clock_now(&device->clock);

	levels_advance(device, now);
	device->levels.limit = level;
	levels_settle(device, now);
}

void levels_set_slot(struct device *device, uint32_t slot, uint32_t level)
{
	uint64_t now = clock_now(&device->clock);

	levels_advance(device, now);
	device->slots[slot].level_set = level;
	levels_settle(device, now);
}

void levels_reset(struct device *device)
{
	uint64_t now = clock_now(&device->clock);

	levels_advance(device, now);
	device->levels.limit = SPECIMEN_HIGHEST;
	for (uint32_t i = 0; i < device->config.slots; i++)
		device->slots[i].level_set = SPECIMEN_HIGHEST;
	levels_settle(device, now);
}

void levels_power_on(struct levels *levels)
{
	*levels = (struct levels){ .limit = SPECIMEN_HIGHEST };
}
