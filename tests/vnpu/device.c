// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * device - the whole virtual accelerator, and what switches it on and resets it
 *
 * Owns the identity registers.
 */
#include <stdio.h>
#include <string.h>

#include "device.h"
#include "reading.h"
#include "registers.h"

int device_init(struct device *device)
{
	int r = firmware_init(&device->firmware, device);

	if (r >= 0)
		r = sensors_init(&device->sensors, device);
	if (r >= 0)
		r = watchdog_init(&device->watchdog, device);
	if (r >= 0)
		r = worker_pool_init(&device->workers, device->event);
	for (uint32_t i = 0; r >= 0 && i < device->config.slots; i++)
		r = slot_init(&device->slots[i], device, i);
	if (r >= 0)
		r = device_power_on(device);
	return r;
}

void device_fini(struct device *device)
{
	for (uint32_t i = 0; i < device->config.slots; i++)
		slot_fini(&device->slots[i]);
	worker_pool_fini(&device->workers);
	watchdog_fini(&device->watchdog);
	sensors_fini(&device->sensors);
	firmware_fini(&device->firmware);
	memory_fini(&device->memory);
}

uint32_t device_bound_us(const struct device *device, uint32_t us)
{
	return 2 * us + device->config.slack_us;
}

/* What the data sheet says of power. */
static void write_sheet(struct device *device)
{
	struct memory *memory = &device->memory;

	for (uint32_t i = 0; i < SPECIMEN_LEVELS; i++) {
		const struct sheet_level *level = &sheet.level[i];
		uint32_t at = LAYBY_VNPU_REG_LEVEL(i);

		memory_write32(memory, at + LAYBY_VNPU_LEVEL_SPEED,
			       level->speed_permille);
		memory_write32(memory, at + LAYBY_VNPU_LEVEL_TILE_POWER,
			       level->tile_mw);
		memory_write32(memory, at + LAYBY_VNPU_LEVEL_IDLE_POWER,
			       level->idle_mw);
		memory_write32(memory, at + LAYBY_VNPU_LEVEL_TILE_WORST,
			       sheet_tile_worst_mw(i));
		memory_write32(memory, LAYBY_VNPU_REG_TILE_LEAST(i),
			       sheet_tile_least_mw(i));
	}
	memory_write32(memory, LAYBY_VNPU_REG_RAIL, device->config.rail);
	memory_write32(memory, LAYBY_VNPU_REG_THROTTLE, sheet.throttle_mc);
	memory_write32(memory, LAYBY_VNPU_REG_METER_ERROR, sheet.meter_most_permille);
	memory_write32(memory, LAYBY_VNPU_REG_DIE_RESISTANCE, sheet_die_worst_mk_per_w());
	memory_write32(memory, LAYBY_VNPU_REG_SENSOR_ERROR, READING_NOISE_MC + READING_STEP_MC / 2);
}

static void write_identity(struct device *device)
{
	const struct config *config = &device->config;
	struct memory *memory = &device->memory;

	memory_write32(memory, LAYBY_VNPU_REG_VERSION, LAYBY_VNPU_VERSION);
	memory_write32(memory, LAYBY_VNPU_REG_TILES, config->tiles);
	memory_write32(memory, LAYBY_VNPU_REG_SLOTS, config->slots);
	memory_write64(memory, LAYBY_VNPU_REG_MEMORY_BYTES, memory->bytes);
	memory_write64(memory, LAYBY_VNPU_REG_TICKS_HZ, CLOCK_TICKS_HZ);
	memory_write32(memory, LAYBY_VNPU_REG_ABORT_BOUND,
		       device_bound_us(device, config->abort_us));
	memory_write32(memory, LAYBY_VNPU_REG_RESET_BOUND,
		       device_bound_us(device, config->reset_us));
	memory_write32(memory, LAYBY_VNPU_REG_COMMAND_BOUND,
		       device_bound_us(device, firmware_longest_us(device)));
	memory_write32(memory, LAYBY_VNPU_REG_LEVELS, SPECIMEN_LEVELS);
	memory_write32(memory, LAYBY_VNPU_REG_GENERATION,
		       device->generation);
	write_sheet(device);
	memory_write32(memory, LAYBY_VNPU_REG_MAGIC, LAYBY_VNPU_MAGIC);
}

int device_power_on(struct device *device)
{
	const struct specimen specimen = specimen_of(device->config.truth);
	int r;

	device_freeze(device, false);
	for (uint32_t i = 0; i < device->config.slots; i++)
		slot_power_on(&device->slots[i]);
	levels_power_on(&device->levels);
	power_on(&device->power, &specimen, &device->history);
	sensors_power_on(&device->sensors, device->config.truth);
	memory_fini(&device->memory);
	r = memory_init(&device->memory, device->config.memory_mib << 20);
	if (r < 0)
		return r;
	firmware_reset(&device->firmware);
	clock_power_on(&device->clock);
	bandwidth_power_on(&device->bandwidth, device->config.bandwidth);
	watchdog_arm(&device->watchdog, 0);
	tiles_power_on(&device->tiles, device->config.tiles,
		       device->config.seed);
	device->generation = 1;
	write_identity(device);
	return 0;
}

void device_reset(struct device *device)
{
	device_freeze(device, false);
	for (uint32_t i = 0; i < device->config.slots; i++) {
		slot_reset(&device->slots[i]);
		registers_clear(&device->slots[i]);
	}
	levels_reset(device);
	watchdog_arm(&device->watchdog, 0);
	firmware_reset(&device->firmware);
	memory_write32(&device->memory, LAYBY_VNPU_REG_GENERATION,
		       ++device->generation);
	transport_interrupt(&device->transport, LAYBY_VNPU_VECTOR_MANAGEMENT);
}

void device_freeze(struct device *device, bool frozen)
{
	if (device->frozen == frozen)
		return;
	device->frozen = frozen;
	timer_freeze(&device->firmware.timer, frozen);
	timer_freeze(&device->sensors.timer, frozen);
	timer_freeze(&device->watchdog.timer, frozen);
	for (uint32_t i = 0; i < device->config.slots; i++)
		slot_freeze(&device->slots[i], frozen);
	transport_freeze(&device->transport, frozen);
}

void device_publish_tiles(struct device *device)
{
	uint32_t busy = 0;

	for (uint32_t i = 0; i < device->config.slots; i++) {
		if (device->slots[i].current)
			busy |= device->slots[i].held;
	}
	memory_write32(&device->memory, LAYBY_VNPU_REG_TILES_BUSY, busy);
}

bool device_slots_enabled(const struct device *device)
{
	for (uint32_t i = 0; i < device->config.slots; i++) {
		if (device->slots[i].enabled)
			return true;
	}
	return false;
}

void device_doorbell(struct device *device, uint32_t vector)
{
	if (vector == LAYBY_VNPU_VECTOR_MANAGEMENT)
		firmware_poll(&device->firmware);
	else if (vector == LAYBY_VNPU_VECTOR_FEED)
		watchdog_feed(&device->watchdog);
	else if (vector - 1 < device->config.slots)
		slot_poll(&device->slots[vector - 1]);
}
