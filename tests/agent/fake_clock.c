// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * See fake_clock.h. Other clocks are the real ones.
 */
#include "fake_clock.h"

int64_t wall_s, passed_s;

int __wrap_clock_gettime(clockid_t clock, struct timespec *ts)
{
	int r = __real_clock_gettime(clock, ts);

	if (clock == CLOCK_REALTIME)
		*ts = (struct timespec){ .tv_sec = wall_s };
	if (clock == CLOCK_BOOTTIME)
		ts->tv_sec += passed_s;
	return r;
}

uint64_t wall_us(void)
{
	return (uint64_t)wall_s * 1000000;
}

void pass(int64_t s)
{
	wall_s += s;
	passed_s += s;
}
