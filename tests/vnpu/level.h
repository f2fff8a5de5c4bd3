/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * level - at which performance level tiles run, and why not at a higher one
 */
#ifndef VNPU_LEVEL_H
#define VNPU_LEVEL_H

#include <stdint.h>

#include "power.h"

struct device;

/* What pulls levels down for everybody. */
struct levels {
	uint32_t limit; /* the device's highest, set by the driver */
	uint32_t heat; /* levels taken off because the die is too hot */
	uint32_t rail; /* and because the rail gives no more */
	uint64_t throttles; /* how often heat took one off */
	uint64_t rail_drops; /* how often the rail took one off */
};

void levels_power_on(struct levels *levels);
/* As the driver has set nothing. What pulls down stays. */
void levels_reset(struct device *device);
void levels_limit(struct device *device, uint32_t level);
void levels_set_slot(struct device *device, uint32_t slot, uint32_t level);
/* The highest at which anything may run now. */
uint32_t levels_highest(const struct device *device);

/* Work energy and temperatures out up to @now; before anything changes them. */
void levels_advance(struct device *device, uint64_t now);
/* At @now some load has changed: each slot gets the level that there is power for. */
void levels_settle(struct device *device, uint64_t now);
/* Is the die too hot, or cool again? */
void levels_feel(struct device *device);
/* What the device uses now, mW. */
double levels_power_mw(const struct device *device);

#endif
