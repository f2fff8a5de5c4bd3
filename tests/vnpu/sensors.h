/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sensors - power, energy and temperature of the device
 */
#ifndef VNPU_SENSORS_H
#define VNPU_SENSORS_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"

#define SENSORS_IDLE_MW		2000u
#define SENSORS_TILE_MW		1500u
#define SENSORS_AMBIENT_MC	25000
/* millidegree Celsius a milliwatt: 2 K/W */
#define SENSORS_MC_PER_MW	2
#define SENSORS_PERIOD_TICKS	100000u

struct device;

/* Injected by a test, until the power is switched on again. */
struct sensor_faults {
	bool missing; /* no reading is valid */
	bool stale; /* no reading comes any more */
	bool fixed; /* the temperature is @fixed_mc */
	int32_t fixed_mc;
	int32_t offset_mc; /* added to the temperature */
};

struct sensors {
	struct vnpu_timer timer;
	uint32_t sequence; /* odd while the block is written */
	uint64_t jobs_nj; /* of ended jobs */
	uint64_t sample_tick;
	uint64_t sample_nj;
	uint32_t power_mw;
	struct sensor_faults faults;
};

int sensors_init(struct sensors *sensors, struct device *device);
void sensors_fini(struct sensors *sensors);
void sensors_power_on(struct sensors *sensors);
/* What @tiles busy tiles use in @ticks, in nanojoule. */
uint64_t sensors_busy_nj(uint32_t tiles, uint64_t ticks);
void sensors_charge(struct sensors *sensors, uint64_t nj);
/* Sample while a slot is enabled; called when one is enabled. */
void sensors_start(struct device *device);
uint64_t sensors_energy_nj(const struct device *device, uint64_t now);

#endif
