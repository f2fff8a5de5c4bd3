/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The few things that both programs use everywhere: scope clean-up, log lines
 * with the journal's priorities.
 */
#ifndef LAYBY_AGENT_UTIL_H
#define LAYBY_AGENT_UTIL_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#define _cleanup_(f) __attribute__((cleanup(f)))

static inline void free_pointer(void *p)
{
	free(*(void **)p);
}

static inline void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define _cleanup_free_ _cleanup_(free_pointer)
#define _cleanup_close_ _cleanup_(close_fd)

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define log_error(...) log_line(SD_ERR __VA_ARGS__)
#define log_notice(...) log_line(SD_NOTICE __VA_ARGS__)
#define log_line(...) \
	((void)fprintf(stderr, __VA_ARGS__), (void)fputc('\n', stderr))

#define USEC_PER_SEC 1000000ull
#define NSEC_PER_USEC 1000ull

static inline uint64_t now_us(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / NSEC_PER_USEC;
}

/* Ticks of a clock of @hz in microseconds; no overflow below 584 000 years. */
static inline uint64_t ticks_to_us(uint64_t ticks, uint64_t hz)
{
	return hz ? (uint64_t)((unsigned __int128)ticks * USEC_PER_SEC / hz) :
		    0;
}

#endif
