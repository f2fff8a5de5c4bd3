// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * storm - a fault: interrupts that come for nothing, one after the other
 *
 * Must never touch the slot whose vector it raises.
 */
#include "device.h"
#include "storm.h"

static void raise_one(void *owner)
{
	struct storm *storm = owner;

	if (!storm->left)
		return;
	storm->left--;
	transport_interrupt(&storm->device->transport, storm->vector);
	if (storm->left)
		timer_arm(&storm->timer, clock_now(&storm->device->clock) +
					 storm->period_ticks);
}

void storm_start(struct storm *storm, uint32_t count, uint32_t period_ticks)
{
	timer_cancel(&storm->timer);
	storm->left = count;
	storm->period_ticks = period_ticks;
	raise_one(storm);
}

int storm_init(struct storm *storm, struct device *device, uint32_t vector)
{
	storm->device = device;
	storm->vector = vector;
	return timer_init(&storm->timer, device->event, &device->clock, raise_one,
			  storm);
}

void storm_fini(struct storm *storm)
{
	timer_fini(&storm->timer);
}
