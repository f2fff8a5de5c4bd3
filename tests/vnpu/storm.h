/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * storm - a fault: interrupts that come for nothing, one after the other
 */
#ifndef VNPU_STORM_H
#define VNPU_STORM_H

#include <stdint.h>

#include "clock.h"

struct device;

struct storm {
	struct device *device;
	struct vnpu_timer timer;
	uint32_t vector;
	uint32_t left;
	uint32_t period_ticks;
};

int storm_init(struct storm *storm, struct device *device, uint32_t vector);
void storm_fini(struct storm *storm);
/* @count: 0 ends one. @period_ticks: not 0. */
void storm_start(struct storm *storm, uint32_t count, uint32_t period_ticks);

#endif
