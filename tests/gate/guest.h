/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who submits: a guest's party with a ring, and a driver, a thread whose jobs must
 * never fail. Functions that are not void return 0 (or what they say) or -errno.
 */
#ifndef GATE_GUEST_H
#define GATE_GUEST_H

#include <pthread.h>

#include "check.h"

/* The slot of guest.0 in the tests' policies. */
#define GUEST_SLOT	2

struct guest {
	struct party party;
	struct io_uring ring;
};

int guest_open(struct guest *guest);
void guest_close(struct guest *guest);
/* Jobs with the tags 0 to @count - 1 and cookies one above. */
int guest_submit(struct guest *guest, unsigned int count);
/* One job, to its end: its result. */
int guest_run(struct guest *guest);
/*
 * All of them must have ended, reclaimed for @reason. False: for a verdict that is
 * too old; a machine that stands still for a while closes the gate, and the test has
 * to try again.
 */
bool guest_must_be_reclaimed(struct guest *guest, unsigned int count, uint32_t reason);
/* A reopened gate may close again on a slow machine: until one has run. */
void guest_must_run(struct guest *guest);

struct driver {
	pthread_t thread;
	struct party party;
	struct io_uring ring;
	bool ends;
	unsigned int done;
	int error;
};

int driver_start(struct driver *driver);
/* Ends it: 0, or the result of the job that failed. */
int driver_end(struct driver *driver);
/* The same: none of its jobs may have failed, and some must have run. */
void driver_must_be_well(struct driver *driver);
/* Jobs that ran so far; they go on. */
unsigned int driver_done(struct driver *driver);
void driver_must_go_on(struct driver *driver);

/* What most tests begin and end with: both of them, and a gate that opens. */
int both_start(struct guest *guest, struct driver *driver);
void both_end(struct guest *guest, struct driver *driver);

#endif /* GATE_GUEST_H */
