/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A wall clock that is set by the test, in a program that is linked with
 * --wrap=clock_gettime.
 */
#ifndef LAYBY_TESTS_FAKE_CLOCK_H
#define LAYBY_TESTS_FAKE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* CLOCK_REALTIME; and by how much CLOCK_BOOTTIME is ahead of the real one */
extern int64_t wall_s, passed_s;

uint64_t wall_us(void);
/* On both clocks */
void pass(int64_t s);

int __real_clock_gettime(clockid_t clock, struct timespec *ts);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ts);

#endif
