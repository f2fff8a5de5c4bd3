/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * slot - one queue pair and the job that runs on its tiles
 *
 * A job is in exactly one list of its slot (free, queued, ended) or is the
 * slot's current one.
 */
#ifndef VNPU_SLOT_H
#define VNPU_SLOT_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "job.h"
#include "worker.h"

/* From taking a job up to its start: reading program and inputs. */
#define SLOT_DISPATCH_TICKS	100u
/* Added to load_us for a program that is not held: 100 MB/s. */
#define SLOT_LOAD_BYTES_PER_TICK 100u
/* Clearing one tile's local memory before a job: 64 KiB at 16 GB/s. */
#define SLOT_CLEAR_TILE_TICKS	4u
/* Part of every run, beside its operations. */
#define SLOT_RUN_TICKS		20u

enum slot_phase {
	SLOT_IDLE,
	SLOT_LOADING,	/* the program is being looked at */
	SLOT_RUNNING,	/* until its modelled end */
	SLOT_LATE,	/* past it, the computation is not ready */
	SLOT_ABORTING,
	SLOT_STUCK,	/* only a reset of the slot helps */
};

/* Injected by a test; each is used up by what it spoils. */
struct slot_faults {
	bool hang;
	bool lose_abort;
	bool lose_interrupt;
	bool wild_descriptor;
	bool refuse_reset;
	bool late_abort;
	uint32_t late_abort_us;
};

struct slot_counters {
	uint64_t jobs;		/* completions written */
	uint64_t ok;
	uint64_t aborted;
	uint64_t late;		/* computed after the modelled end */
	uint64_t late_starts;	/* loaded after the modelled start */
	uint64_t bad_tails;	/* SQ_TAIL beyond the ring */
};

struct device;

struct slot {
	struct device *device;
	uint32_t index;
	bool enabled;
	/* taken over from the registers by SLOT_ENABLE */
	struct job_limits limits;
	uint64_t sq;
	uint64_t cq;
	/* rings */
	uint32_t sq_head;
	uint32_t cq_tail;
	uint32_t abort_seen;
	bool tag_taken[LAYBY_VNPU_ENTRIES_MAX];
	struct job jobs[LAYBY_VNPU_ENTRIES_MAX];
	struct job_list free;
	struct job_list queued;
	struct job_list ended; /* completions that were not written yet */
	/* the current job */
	enum slot_phase phase;
	struct job *current;
	struct worker *worker;
	struct vnpu_timer timer;
	uint64_t begin_ticks;
	uint64_t run_ticks;
	uint64_t busy_since; /* 0: its tiles have not been busy */
	uint64_t busy_until;
	uint32_t verdict;
	bool reload;
	bool loaded;
	bool computed;
	bool hung;
	/* what the last job that was begun could reach */
	struct reach reached[JOB_REACHES];
	uint32_t reached_count;
	struct worker workers[WORKERS_PER_SLOT];
	struct slot_faults faults;
	struct slot_counters counters;
};

int slot_init(struct slot *slot, struct device *device, uint32_t index);
void slot_fini(struct slot *slot);

/* False: a register is bad. */
bool slot_enable(struct slot *slot);
/* The first half of SLOT_DISABLE: nothing is fetched or completed any more. */
void slot_stop(struct slot *slot);
/* The second: the job is gone, both rings are forgotten. */
void slot_reset(struct slot *slot);
void slot_freeze(struct slot *slot, bool frozen);

/* The doorbell was rung. */
void slot_poll(struct slot *slot);
/* The current or else the next job never ends by itself. */
void slot_hang(struct slot *slot);
uint64_t slot_busy_nj(const struct slot *slot, uint64_t now);

void slot_worker_replied(struct slot *slot, struct worker *worker,
			 const struct compute_reply *reply);
void slot_worker_died(struct slot *slot, struct worker *worker);

#endif
