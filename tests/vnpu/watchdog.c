// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * watchdog - stops the watched slots when the driver has gone silent
 *
 * Owns REG_WATCHDOG. Must never look at anything but its own doorbell: a driver
 * that still submits jobs may be as dead as one that does not.
 */
#include "device.h"
#include "watchdog.h"

static void publish(struct watchdog *watchdog, uint32_t state)
{
	memory_write32(&watchdog->device->memory, LAYBY_VNPU_REG_WATCHDOG, state);
}

static void restart(struct watchdog *watchdog)
{
	timer_arm(&watchdog->timer,
		  clock_now(&watchdog->device->clock) + watchdog->ticks);
}

void watchdog_arm(struct watchdog *watchdog, uint64_t ticks)
{
	watchdog->ticks = ticks;
	if (ticks)
		restart(watchdog);
	else
		timer_cancel(&watchdog->timer);
	publish(watchdog, ticks ? LAYBY_VNPU_WATCHDOG_ARMED :
				  LAYBY_VNPU_WATCHDOG_OFF);
}

void watchdog_feed(struct watchdog *watchdog)
{
	if (watchdog->ticks)
		restart(watchdog);
}

static void expired(void *owner)
{
	struct watchdog *watchdog = owner;
	struct device *device = watchdog->device;

	watchdog->ticks = 0;
	watchdog->expired++;
	publish(watchdog, LAYBY_VNPU_WATCHDOG_EXPIRED);
	for (uint32_t i = 0; i < device->config.slots; i++) {
		if (device->slots[i].limits.watched)
			slot_stop(&device->slots[i], LAYBY_VNPU_STATE_EXPIRED);
	}
}

int watchdog_init(struct watchdog *watchdog, struct device *device)
{
	int r;

	watchdog->device = device;
	r = timer_init(&watchdog->timer, device->event, &device->clock, expired,
		       watchdog);
	/* A ring that is there already when the time is up has come in time. */
	if (r >= 0)
		r = timer_after_others(&watchdog->timer);
	return r;
}

void watchdog_fini(struct watchdog *watchdog)
{
	timer_fini(&watchdog->timer);
}
