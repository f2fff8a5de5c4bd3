/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Faults that are injected into a running system: the gate is open, guest and driving
 * jobs are in flight. Each is one entry of a table, with what must then be seen; the
 * loop that injects it so and so often, at a random moment, is in faults.c. What the
 * modes mean stands in docs/safety/failure-modes.yaml.
 */
#ifndef FAULTS_H
#define FAULTS_H

#include <stdbool.h>
#include <stdint.h>

#include "check.h"
#include "gate.h"

/* Jobs in flight hang until the gate closes; else they take their time and end. */
#define FAULT_HANGS		0x01
/* A slot has to be reset when the gate closes. */
#define FAULT_RESETS		0x02
/* The tiles are not handed back: a slot is fenced, the fault is latched. */
#define FAULT_FENCES		0x04
/* Two jobs more are submitted behind the fault. */
#define FAULT_FEEDS		0x08
/* There is no device left that driving jobs could run on. */
#define FAULT_ENDS_DRIVING	0x10
/* Closed to the end of the boot: the last one of a program. */
#define FAULT_STAYS		0x20
/* The job in flight computes without end, where the bed has computations. */
#define FAULT_COMPUTES		0x40

/**
 * struct fault - one injection
 * @mode: FM-nn
 * @name: as injected-by names it
 * @inject: what it gives must be @got; -EAGAIN: what was to be disturbed was over
 *	    already, once more
 * @heal: makes right what scene_right() does not; may be NULL
 * @also: what else must be seen: NULL if it was, or what was instead; may be NULL
 * @got: 0, or -errno of a call that must be refused
 * @gate: reason for which the gate must close; 0: it must not
 * @result: what a job in flight ends with that the fault has hit, -errno; others end well
 * @reason: likewise, enum layby_reason
 * @jobs: guest jobs in flight
 * @flags: FAULT_*
 * @most: times at most, whatever was asked; 0: no such limit
 */
struct fault {
	const char *mode;
	const char *name;
	int (*inject)(void);
	int (*heal)(void);
	const char *(*also)(void);
	int got;
	uint32_t gate;
	int result;
	uint32_t reason;
	unsigned int jobs;
	unsigned int flags;
	unsigned int most;
};

#define JOBS	4

/* What most have in common: the gate closes, the jobs in flight are taken back. */
#define CLOSES_AND(why, more)						\
	.gate = LAYBY_GATE_##why, .result = -ECANCELED,			\
	.reason = LAYBY_REASON_RECLAIMED, .jobs = JOBS, .flags = FAULT_HANGS | (more)
#define CLOSES(why)	CLOSES_AND(why, 0)

/**
 * struct bed - the device under test, and who works on it; one a program
 * @start: what must be done before the seal; may be NULL
 * @right: everything as it should be, whatever was wrong; 0 or -errno, as all here
 * @guest: opens @party and @ring, the gate being open, with a @job that hangs or not
 * @guest_end: and closes them
 * @drive: driving jobs begin, one after the other
 * @drives: some more of them have ended, and well
 * @drive_end: the first error of one, or 0
 */
struct bed {
	int (*start)(void);
	int (*right)(void);
	int (*guest)(const struct fault *fault);
	void (*guest_end)(void);
	int (*drive)(void);
	int (*drives)(void);
	int (*drive_end)(void);
	struct party *party;
	struct io_uring *ring;
	uint32_t job;
};

extern struct bed bed;

/* As things were right before the injection. */
struct moment {
	struct gate_counts counts;
	struct gate_frames frames;
	uint64_t change;
};

extern struct moment before;

/* A table ends with an entry without a name. */
int faults_main(int argc, char *argv[], const struct fault *const *tables);

/* What was seen, for also(). */
const char *saw(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* From 0 to @below - 1; the seed is printed. */
unsigned int pick(unsigned int below);
/* Driving's one that ends badly; the thread's are counted by themselves. */
void driving_has_failed(void);
void device_stop_driving(void);
/* The guest and driving let go of the device, and driving begins anew. */
void device_release(void);
int device_take(void);
/* @count jobs more of the guest's. */
int guest_more(unsigned int count);

#endif /* FAULTS_H */
