// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * clock - the device clock (ticks of 1 us since power-on) and timers on it
 *
 * Must never be set, stopped or adjusted: everything that the device reports
 * in ticks is a reading of, or a time computed on, this one clock.
 */
#include <time.h>

#include "clock.h"

static uint64_t monotonic_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

void clock_power_on(struct vnpu_clock *clock)
{
	/* One earlier, so that the first tick is 1. */
	clock->power_on_us = monotonic_us() - 1;
}

uint64_t clock_now(const struct vnpu_clock *clock)
{
	return monotonic_us() - clock->power_on_us;
}

static int timer_expired(sd_event_source *source, uint64_t us, void *userdata)
{
	struct vnpu_timer *timer = userdata;

	timer->armed = false;
	timer->expired(timer->owner);
	return 0;
}

int timer_init(struct vnpu_timer *timer, sd_event *event,
	       const struct vnpu_clock *clock, vnpu_timer_fn expired,
	       void *owner)
{
	int r;

	*timer = (struct vnpu_timer){
		.clock = clock,
		.expired = expired,
		.owner = owner,
	};
	r = sd_event_add_time(event, &timer->source, CLOCK_MONOTONIC, 0, 1,
			      timer_expired, timer);
	if (r < 0)
		return r;
	return sd_event_source_set_enabled(timer->source, SD_EVENT_OFF);
}

void timer_fini(struct vnpu_timer *timer)
{
	timer->source = sd_event_source_disable_unref(timer->source);
}

int timer_after_others(struct vnpu_timer *timer)
{
	return sd_event_source_set_priority(timer->source,
					    SD_EVENT_PRIORITY_IDLE);
}

int timer_before_others(struct vnpu_timer *timer)
{
	return sd_event_source_set_priority(timer->source,
					    SD_EVENT_PRIORITY_IMPORTANT);
}

void timer_arm(struct vnpu_timer *timer, uint64_t tick)
{
	timer->armed = true;
	sd_event_source_set_time(timer->source,
				 timer->clock->power_on_us + tick);
	sd_event_source_set_enabled(timer->source, SD_EVENT_ONESHOT);
}

void timer_cancel(struct vnpu_timer *timer)
{
	timer->armed = false;
	sd_event_source_set_enabled(timer->source, SD_EVENT_OFF);
}

void timer_freeze(struct vnpu_timer *timer, bool frozen)
{
	if (!timer->armed)
		return;
	sd_event_source_set_enabled(timer->source,
				    frozen ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}
