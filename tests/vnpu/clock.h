/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * clock - the device clock (ticks of 1 us since power-on) and timers on it
 */
#ifndef VNPU_CLOCK_H
#define VNPU_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#define CLOCK_TICKS_HZ 1000000u
/* "Never", and so far away that adding any two such times cannot overflow. */
#define CLOCK_FAR (UINT64_C(1) << 60)

struct vnpu_clock {
	uint64_t power_on_us; /* CLOCK_MONOTONIC */
};

void clock_power_on(struct vnpu_clock *clock);
/* Device ticks now; never 0, which stands for "not at all". */
uint64_t clock_now(const struct vnpu_clock *clock);

typedef void (*vnpu_timer_fn)(void *owner);

/* One timer. Embedded; its owner outlives it. */
struct vnpu_timer {
	const struct vnpu_clock *clock;
	sd_event_source *source;
	vnpu_timer_fn expired;
	void *owner;
	bool armed;
};

int timer_init(struct vnpu_timer *timer, sd_event *event,
	       const struct vnpu_clock *clock, vnpu_timer_fn expired,
	       void *owner);
void timer_fini(struct vnpu_timer *timer);
/* What else has happened by the time that it expires is dealt with before it. */
int timer_after_others(struct vnpu_timer *timer);
/* It is dealt with before what else has happened by then. */
int timer_before_others(struct vnpu_timer *timer);
/* Calls expired() once the clock reaches @tick, also if it already has. */
void timer_arm(struct vnpu_timer *timer, uint64_t tick);
void timer_cancel(struct vnpu_timer *timer);
/* Hold the timer back, or let it go on: one that is due fires then. */
void timer_freeze(struct vnpu_timer *timer, bool frozen);

#endif
