/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * watchdog - stops the watched slots when the driver has gone silent
 */
#ifndef VNPU_WATCHDOG_H
#define VNPU_WATCHDOG_H

#include <stdint.h>

#include "clock.h"

struct device;

struct watchdog {
	struct device *device;
	struct vnpu_timer timer;
	uint64_t ticks; /* 0: off, or expired */
	uint64_t expired; /* times since the process started */
};

int watchdog_init(struct watchdog *watchdog, struct device *device);
void watchdog_fini(struct watchdog *watchdog);
/* Expire if not fed for @ticks from now on; 0: never. */
void watchdog_arm(struct watchdog *watchdog, uint64_t ticks);
/* Does nothing unless it is armed. */
void watchdog_feed(struct watchdog *watchdog);

#endif
