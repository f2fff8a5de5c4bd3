/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * job - one descriptor: is it in order, what it reaches, in and out of memory
 */
#ifndef VNPU_JOB_H
#define VNPU_JOB_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "compute.h"
#include "memory.h"
#include "tile.h"

/* One range of a job, in the host's byte order. */
struct reach {
	uint64_t address;
	uint64_t length;
	bool write;
};

/* Program, inputs, outputs. */
#define JOB_REACHES (1 + LAYBY_VNPU_INPUTS + LAYBY_VNPU_OUTPUTS)

struct job {
	TAILQ_ENTRY(job) link;
	uint16_t tag;
	uint8_t flags;
	uint64_t party;
	uint32_t input_count;
	uint32_t output_count;
	/* reach[0] is the program, then the inputs, then the outputs */
	struct reach reach[JOB_REACHES];
	uint16_t status; /* not OK here: refused when it was fetched */
	uint64_t fetch_ticks;
	uint64_t start_ticks;
	uint64_t end_ticks;
	uint64_t energy_nj;
	uint32_t level; /* the highest that it ran at */
	struct compute_request request;
	int transfer; /* memfd, or -1 */
	bool owns_tag; /* no other unfinished job has it */
};

TAILQ_HEAD(job_list, job);

/* What a slot's registers allow a job. */
struct job_limits {
	uint64_t window_base;
	uint64_t window_bytes;
	uint32_t tiles;
	uint32_t entries;
	uint32_t permille; /* of the memory bandwidth, 0: no share */
	bool watched; /* by the watchdog */
};

/*
 * From our own copy of a descriptor, which is not looked at again. What is not
 * in order is noted as the job's status; the tag is then only what was said.
 */
void job_decode(struct job *job,
		const struct layby_vnpu_descriptor *descriptor,
		const struct job_limits *limits);
uint32_t job_reaches(const struct job *job);
/* Is all that it reaches inside the window? A status. */
uint16_t job_check_reach(const struct job *job, const struct job_limits *limits);

/* Copy program and inputs out into a transfer. 0 or -errno. */
int job_gather(struct job *job, const struct memory *memory,
	       const struct tiles *tiles, uint32_t mask);
/* Write the outputs into the window. */
int job_commit(const struct job *job, const struct memory *memory);
/* Leave in the tiles' local memory what has gone through it. */
void job_leave(const struct job *job, struct tiles *tiles, uint32_t mask,
	       bool outputs);
void job_release(struct job *job);

#endif
