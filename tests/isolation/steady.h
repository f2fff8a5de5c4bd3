/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A client that runs one add.onnx job after the other at a steady pace in a
 * thread of its own, checks each result and remembers how long each took.
 */
#ifndef ISOLATION_STEADY_H
#define ISOLATION_STEADY_H

#include <pthread.h>
#include <stdatomic.h>

#include "work.h"

#define STEADY_JOBS 4096

struct steady {
	struct work work;
	pthread_t thread;
	atomic_bool stop;
	atomic_uint jobs;
	atomic_int error;
	bool running;
	/* of the thread until it is stopped */
	unsigned int wrong;
	uint64_t took_ns[STEADY_JOBS];
};

/* A job each 10 ms, or at once if the one before took longer; zero before. */
int steady_start(struct steady *steady, uint32_t class);
/* Wait until @jobs more have ended well: 0, or why they do not. */
int steady_goes_on(struct steady *steady, unsigned int jobs);
/*
 * The first error of a job or of the client, -EBADMSG for wrong results, or 0; 0
 * too if it does not run.
 */
int steady_stop(struct steady *steady);
/* After the stop: half of the jobs from @first to before @end took no longer. */
uint64_t steady_median_ns(struct steady *steady, unsigned int first, unsigned int end);

#endif /* ISOLATION_STEADY_H */
