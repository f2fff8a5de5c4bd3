/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of the program `caps` share: the governor's map, and a run. */
#ifndef BENCH_CAPS_H
#define BENCH_CAPS_H

#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stdio.h>

#include "caps_load.h"
#include "caps_settings.h"

#define RUN_STEPS	8

/* From @at_ms of the run on */
struct run_step {
	uint32_t at_ms;
	uint32_t cap_mw;
};

/* A line of the plan. */
struct run {
	char name[96];
	const struct load *load;
	uint32_t ms;
	uint64_t seed;
	uint32_t level;
	/* of the reactive governor; both 0: the kernel holds the caps */
	double kp;
	double ki;
	struct run_step step[RUN_STEPS];
	unsigned int steps;
};

/* Ends the program: what cannot be measured is no result. */
long caps_need(const char *what, long r);

/* caps_governor.c: what the governor in the kernel is told, and has been told. */
void governor_set(uint32_t cap_mw, uint32_t level);
struct caps_settings governor_seen(void);

/*
 * caps_reactive.c: a governor that looks back. Sees the sensors and nothing else, as
 * power capping in software does, and lets the guest submit for a part of each period.
 */
struct reactive {
	double kp;
	double ki;
	double idle_mw;		/* what the device draws without the guest, as it read it */
	double full_mw;		/* most that the data sheet says of the guest's tiles */
	double integral;
	double duty;
	uint64_t period_ns;	/* when the last one began */
};

/* Reads for a while, so that nothing may run. Queues no more than it has to. */
void reactive_begin(struct reactive *reactive, const struct run *run, struct loader *loader);
/* May the guest submit now? */
bool reactive_permits(struct reactive *reactive, uint32_t cap_mw, uint64_t now);
/* When the answer may be another. */
uint64_t reactive_next_ns(const struct reactive *reactive, uint64_t now);

#endif /* BENCH_CAPS_H */
