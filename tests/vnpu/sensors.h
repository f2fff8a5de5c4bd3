/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sensors - what the driver is told of power, energy and temperature
 */
#ifndef VNPU_SENSORS_H
#define VNPU_SENSORS_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "reading.h"

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
	uint64_t sample_tick;
	double sample_nj;
	double power_mw; /* mean up to the last sample */
	struct readings readings;
	struct sensor_faults faults;
};

int sensors_init(struct sensors *sensors, struct device *device);
void sensors_fini(struct sensors *sensors);
/* @seed: of the specimen, 0: they say what is true at once. */
void sensors_power_on(struct sensors *sensors, uint64_t seed);
/* Sample while a slot is enabled; called when one is enabled. */
void sensors_start(struct device *device);

#endif
