/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The cap and the level of guest work: what the governor said, as it was cut, made
 * true on queues and slots.
 */
#ifndef LAYBY_CAPS_H
#define LAYBY_CAPS_H

#include <linux/types.h>

#include "accel.h"

struct layby_accel;
struct layby_partition;

/* A level rises so long after it last changed at the soonest. */
#define LAYBY_LEVEL_HOLD_NS	(1ULL * NSEC_PER_SEC)

/* When the cap falls below what tiles draw at least, jobs that go on longer are stopped. */
#define LAYBY_SETTLE_NS		(100ULL * NSEC_PER_MSEC)

/**
 * struct layby_caps - of all guest partitions together
 * @cap_mw: in force; 0: nothing is
 * @level: the highest that one has
 * @rail_level: the highest that the rail bears
 * @level_at_ns: CLOCK_MONOTONIC, when one last changed
 * @level_mw: most that their tiles draw, by level
 * @bucket_uj: of their budgets
 * @credit_uj: likewise, as of when each was last looked at
 * @charged_uj: likewise
 * @ended_uj: energy of the jobs that have ended, as metered
 * @busy_ns: time that jobs ran, those that are running too, of all partitions
 * @partitions: how many
 * @waiting: jobs that wait for credit
 */
struct layby_caps {
	u32 cap_mw;
	u32 level;
	u32 rail_level;
	u64 level_at_ns;
	u32 level_mw[LAYBY_LEVELS_MAX];
	u64 bucket_uj;
	u64 credit_uj;
	u64 charged_uj;
	u64 ended_uj;
	u64 busy_ns;
	u32 partitions;
	u32 waiting;
};

/**
 * layby_caps_set() - what holds from now on
 * @accel: holds a policy; no operation of it ends meanwhile
 * @cap_mw: at most the policy's ceiling
 * @level: below hw.levels
 *
 * Process context; may sleep for two of the backend's bounds. Jobs whose power is too
 * much for the new cap even at the lowest level are stopped.
 */
void layby_caps_set(struct layby_accel *accel, u32 cap_mw, u32 level);

/* No governor says anything: no credit accrues. Process context. */
void layby_caps_none(struct layby_accel *accel);

/* A guest slot that is about to be enabled begins at the lowest level; slot_lock held. */
void layby_caps_lowest(struct layby_partition *partition);

/* Process context. */
void layby_caps_read(struct layby_accel *accel, struct layby_caps *caps);

#endif /* LAYBY_CAPS_H */
