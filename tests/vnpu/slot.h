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
#include "storm.h"
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

/* The same for every abort and stop, until the power is switched on again. */
struct abort_time {
	bool set;
	bool never;
	uint32_t us;
};

/* What is kept of the last times, the newest at (count - 1) % SLOT_TIMES_KEPT. */
#define SLOT_TIMES_KEPT 256u
struct slot_times {
	uint64_t count;
	uint32_t ticks[SLOT_TIMES_KEPT];
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
	bool enabled; /* and not stopped */
	uint32_t state; /* enum layby_vnpu_slot_state, as the driver sees it */
	uint32_t stopping; /* the state once what runs has ended; 0: not */
	uint64_t stop_tick;
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
	uint32_t held; /* its tiles */
	uint32_t level_set; /* by the driver; as it is: level */
	uint32_t level;
	struct vnpu_timer timer;
	uint64_t begin_ticks;
	uint64_t due_start; /* as modelled, were the host never late */
	uint64_t run_ticks; /* once they are known */
	uint64_t busy_since; /* 0: its tiles have not been busy */
	uint64_t busy_until;
	uint64_t operations;
	uint64_t bytes; /* that it moves */
	double begin_nj; /* power.slot_nj when it began */
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
	struct abort_time abort_time;
	struct storm storm;
	struct slot_counters counters;
	struct slot_times stops; /* how long each took */
	struct slot_times delays; /* of jobs that ended well: what the host added */
};

int slot_init(struct slot *slot, struct device *device, uint32_t index);
void slot_fini(struct slot *slot);
void slot_power_on(struct slot *slot);

/* False: a register is bad. */
bool slot_enable(struct slot *slot);
/* The first half of SLOT_DISABLE: nothing is fetched or completed any more. */
void slot_halt(struct slot *slot);
/* The second: the job is gone, both rings are forgotten. */
void slot_reset(struct slot *slot);
void slot_freeze(struct slot *slot, bool frozen);

/* The doorbell was rung. */
void slot_poll(struct slot *slot);
/* The current or else the next job never ends by itself. */
void slot_hang(struct slot *slot);

/*
 * run.c. The program of the current job is loaded, so its cost is known: it
 * runs from @start on.
 */
void slot_run(struct slot *slot, uint64_t now, uint64_t start,
	      const struct compute_reply *reply);
/* Its tiles run at @level from device->power.tick on, until slot_replan(). */
void slot_relevel(struct slot *slot, uint32_t level);
/* All runs end when they are to end as things are now. */
void slot_replan(struct device *device);
/* The current job moves no memory from now on. */
void slot_leave_memory(struct slot *slot);
/* It has ended at @end: what it used. */
void slot_charge(struct slot *slot, struct job *job, uint64_t end);
/* Of the current job. */
uint32_t slot_tile_count(const struct slot *slot);

/*
 * stop.c. Begin nothing more, end what runs; then the slot is in the state
 * @becomes, STOPPED or EXPIRED. Nothing if it is not enabled or stopping already.
 */
void slot_stop(struct slot *slot, uint32_t becomes);
/* Abort the job that has this tag, if one has. */
void slot_abort(struct slot *slot, uint16_t tag);
/* The abort time of the current job has passed. */
void slot_aborted(struct slot *slot);
/* True: nothing may begin. Once nothing runs the slot is stopped. */
bool slot_settles(struct slot *slot);

/* slot.c, for stop.c */
void slot_remember(struct slot_times *times, uint64_t ticks);
void slot_publish(struct slot *slot, uint32_t state);
void slot_finish(struct slot *slot, uint32_t status, uint64_t end);
void slot_release(struct job_list *list);
void slot_advance(struct slot *slot);

void slot_worker_replied(struct slot *slot, struct worker *worker,
			 const struct compute_reply *reply);
void slot_worker_died(struct slot *slot, struct worker *worker);

#endif
