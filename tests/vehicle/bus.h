/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the vehicle's test programs share: sockets on both ends of the bus,
 * frames sent and waited for, and what the module says of the vehicle.
 */
#ifndef VEHICLE_BUS_H
#define VEHICLE_BUS_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <layby/vehicle.h>

#include "frame.h"
#include "programs.h"

#define BUS	"can0"
#define FAR	"car"

/* In the order of the counts in debugfs. */
struct report {
	char mode[16];
	int ifindex;
	long heartbeat_ms;	/* its age, -1: never */
	struct {
		char state[16];
		long value;
	} signal[LAYBY_SIGNALS];
	uint64_t count[LAYBY_COUNTS];
};

/* tests/vehicle/signals.conf */
extern struct layby_signals signals;
/* The car; its counters go on from test to test. */
extern struct sender sender;

void read_signals(void);
struct report report(void);

/* Must succeed. */
void run(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Returns the exit status. */
int try_run(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* In the network namespace @netns, NULL: this one. */
unsigned int find_interface(const char *netns, const char *interface);
int open_can(const char *netns, const char *interface);
void enter_netns(const char *netns);
void leave_netns(void);

/* The frame of @signal; 0 or -errno of the write. */
int send_signal(int fd, uint32_t signal);
/* Until so many frames more than in @before have been counted, or a second has gone. */
struct report wait_for(const struct report *before, uint64_t frames);
/* Sends the frame of @signal and waits until it was counted. */
struct report tell(int fd, uint32_t signal);

/* Gear, speed and ignition of the car; nothing is sent. */
void set_parked(void);
void set_yes(uint32_t signal);
void set_no(uint32_t signal);
void set_invalid(uint32_t signal);
/* Has the car say all of it, twice, so that counters are followed: parked. */
void park(int fd);

/* @after has exactly one more of @count than @before and of nothing else. */
void expect_count(const struct report *before, const struct report *after, uint32_t count);
void expect_mode(const struct report *now, const char *mode);

#endif
