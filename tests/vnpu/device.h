/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * device - the whole virtual accelerator, and what switches it on and resets it
 *
 * One thread, one sd-event loop; nothing here is shared with another thread.
 * What is shared with the driver is device->memory only.
 */
#ifndef VNPU_DEVICE_H
#define VNPU_DEVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "bandwidth.h"
#include "clock.h"
#include "firmware.h"
#include "layby/vnpu_regs.h"
#include "level.h"
#include "memory.h"
#include "power.h"
#include "sensors.h"
#include "slot.h"
#include "tile.h"
#include "transport.h"
#include "watchdog.h"
#include "worker.h"

struct config {
	const char *socket;
	const char *control;
	uint64_t memory_mib;
	uint64_t tiles;
	uint64_t slots;
	uint64_t abort_us;
	uint64_t reset_us;
	uint64_t load_us;
	uint64_t slack_us;
	uint64_t speed; /* operations a microsecond and tile */
	uint64_t bandwidth; /* bytes a microsecond */
	uint64_t seed;
	uint64_t truth; /* seed of the specimen; 0: as the data sheet says */
	uint64_t rail; /* mW that the supply gives */
};

struct device {
	struct config config;
	sd_event *event;
	struct memory memory;
	struct vnpu_clock clock;
	struct tiles tiles;
	struct bandwidth bandwidth;
	struct power power;
	struct history history;
	struct levels levels;
	struct sensors sensors;
	struct watchdog watchdog;
	struct firmware firmware;
	struct transport transport;
	struct worker_pool workers;
	struct slot slots[LAYBY_VNPU_MAX_SLOTS];
	uint32_t generation;
	bool frozen;
};

int device_init(struct device *device);
void device_fini(struct device *device);

/* Fresh memory, clock at zero: as if just switched on. */
int device_power_on(struct device *device);
/* A reset while running: slots and commands forgotten, the memory stays. */
void device_reset(struct device *device);
/* Stop reacting to anything, or go on where it stopped. */
void device_freeze(struct device *device, bool frozen);
/* REG_TILES_BUSY, after a job has begun or ended. */
void device_publish_tiles(struct device *device);
bool device_slots_enabled(const struct device *device);
/* The longest that is promised for what takes @us as modelled. */
uint32_t device_bound_us(const struct device *device, uint32_t us);
/* A doorbell from the driver. */
void device_doorbell(struct device *device, uint32_t vector);

#endif
