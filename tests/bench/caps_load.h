/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The loads of bench-caps: who submits what, and when. Times are those that a job
 * takes, and declares, on four tiles at the highest level.
 */
#ifndef BENCH_CAPS_LOAD_H
#define BENCH_CAPS_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "work.h"

#define LOAD_KINDS	4
#define LOAD_TAGS	64

struct load_kind {
	uint32_t us;
	uint32_t declared_us;
};

/* What a load wants next. */
struct load_wish {
	unsigned int kind;
	uint32_t pause_ms;	/* before it */
};

struct load {
	const char *name;
	struct load_kind kind[LOAD_KINDS];
	unsigned int kinds;
	unsigned int outstanding;	/* jobs at a time, at most LOAD_TAGS */
	/* Of the @job-th one, counted from 0; @random: a number of its own */
	struct load_wish (*wish)(unsigned int job, uint64_t random);
};

/* NULL: there is none of that name. */
const struct load *load_named(const char *name);

/* One that has ended. Times are CLOCK_MONOTONIC. */
struct load_job {
	uint64_t submitted_ns;
	uint64_t done_ns;
	unsigned int kind;
	int result;
	struct layby_report report;
};

/*
 * A load that goes on: each kind is a party of its own, so that the device holds the
 * programs of all. Calls return 0 or -errno.
 */
struct loader {
	const struct load *load;
	struct work work[LOAD_KINDS];
	struct io_uring ring;
	struct load_job flying[LOAD_TAGS];
	uint64_t tags_used;	/* mask */
	unsigned int in_flight;
	unsigned int outstanding;	/* at a time; the load's, or less */
	unsigned int next;	/* job */
	uint64_t random;
	uint64_t not_before_ns;
	struct load_wish wish;
	/* what has ended */
	struct load_job *job;
	unsigned int jobs;
	unsigned int room;
};

int loader_open(struct loader *loader, const struct load *load, uint32_t class,
		uint64_t seed);
/* A job of each kind, well ended: the device has its program from then on. */
int loader_warm_up(struct loader *loader);
void loader_close(struct loader *loader);
/* As many as the load wants now. */
int loader_submit(struct loader *loader);
/* Take in what has ended; wait for something until @until_ns, or the next wish. */
int loader_collect(struct loader *loader, uint64_t until_ns);
/* The result of the last job that has ended, 0 if none has. */
int loader_last(const struct loader *loader);

#endif /* BENCH_CAPS_LOAD_H */
