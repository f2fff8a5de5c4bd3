/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Energy: what the device used, and who of it. What the sensors say is read for
 * people here, at most once each LAYBY_ENERGY_PERIOD_NS however often they ask; the
 * governor's readings are sampler.c's own.
 */
#ifndef LAYBY_ENERGY_H
#define LAYBY_ENERGY_H

#include <linux/atomic.h>
#include <linux/mutex.h>

#include "accel.h"

struct layby_accel;
struct device;

/* Nobody learns more of driving's work by asking oftener. */
#define LAYBY_ENERGY_PERIOD_NS	NSEC_PER_SEC

/* A device that has measured nothing for so long gives no readings. */
#define LAYBY_ENERGY_AGE_NS	(3ULL * NSEC_PER_SEC)

/**
 * struct layby_used - what the jobs of a partition used since it is there
 *
 * Written under the queue lock, so that adding needs no atomic operation; read
 * without, so that who asks never keeps driving waiting.
 *
 * @energy_uj: as the device metered it
 * @run_ticks: of the device's clock, on the tiles
 * @tile_ticks: the same, times the tiles
 * @jobs: that left the hardware, however they ended
 */
struct layby_used {
	atomic64_t energy_uj;
	atomic64_t run_ticks;
	atomic64_t tile_ticks;
	atomic64_t jobs;
};

/**
 * struct layby_energy - the accounts of an accelerator, and the last reading
 * @known: the rest but @driving_uj and @guest_uj is
 * @sensors: last read; the energy is the device's own count
 * @device_uj: used by the whole device since the accounts began
 * @idle_uj: of it what no job that has ended accounts for; what runs is in here
 *           until it ends
 * @driving_uj: all driving partitions' jobs
 * @guest_uj: all guest partitions' jobs
 * @guest_mw: mean of @guest_uj from the reading before to this one
 */
struct layby_energy {
	bool known;
	struct layby_hw_sensors sensors;
	u64 device_uj;
	u64 idle_uj;
	u64 driving_uj;
	u64 guest_uj;
	u32 guest_mw;
};

/**
 * struct layby_energy_meter - what an accelerator keeps for them
 * @lock: all of it, and the backend's sensors(); nothing is taken inside
 * @last: answered until it is too old
 * @at_ns: CLOCK_MONOTONIC, of @last; 0: none yet
 * @begun: the device's count was read once
 * @fresh_ns: CLOCK_MONOTONIC, when the device was last seen to have measured
 */
struct layby_energy_meter {
	struct mutex lock;	/* last to fresh_ns */
	struct layby_energy last;
	u64 at_ns;
	bool begun;
	u64 fresh_ns;
};

static inline void layby_used_add(atomic64_t *sum, u64 more)
{
	atomic64_set(sum, atomic64_read(sum) + more);
}

/* A job has left the hardware; queue lock held. */
static inline void layby_used_job(struct layby_used *used, u64 tile_ticks,
				  const struct layby_hw_completion *done)
{
	layby_used_add(&used->energy_uj, done->energy_uj);
	layby_used_add(&used->run_ticks, done->run_ticks);
	layby_used_add(&used->tile_ticks, tile_ticks);
	layby_used_add(&used->jobs, 1);
}

/* energy.c */
void layby_energy_init(struct layby_accel *accel);
/* Between layby_accel_start() and layby_accel_stop() only. May sleep shortly. */
void layby_energy_read(struct layby_accel *accel, struct layby_energy *energy);

/* hwmon.c; without it an accelerator works as well */
#if IS_REACHABLE(CONFIG_HWMON)
void layby_hwmon_add(struct layby_accel *accel);
/* Returns when nobody reads any more. */
void layby_hwmon_remove(struct layby_accel *accel);
#else
static inline void layby_hwmon_add(struct layby_accel *accel)
{
}

static inline void layby_hwmon_remove(struct layby_accel *accel)
{
}
#endif

#endif /* LAYBY_ENERGY_H */
