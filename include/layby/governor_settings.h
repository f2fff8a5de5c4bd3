/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The owner's settings: the value of the map `settings` of bpf/governor.bpf.c, which
 * layby-setup pins and the agent writes. They can only make it stricter: what they
 * allow is allowed up to the policy's ceiling and the governor's knobs, as always.
 */
#ifndef LAYBY_GOVERNOR_SETTINGS_H
#define LAYBY_GOVERNOR_SETTINGS_H

#ifndef __bpf__
#include <linux/bpf.h>
#include <linux/types.h>
#endif

/* Where layby-setup pins the map. */
#define LAYBY_SETTINGS_PIN		"/sys/fs/bpf/layby-settings"

#define LAYBY_SETTINGS_DAY_MIN		1440
#define LAYBY_SETTINGS_OFFSET_MAX_MIN	(14 * 60)

/**
 * struct layby_governor_settings - what the owner wants of guest work
 *
 * All zero, as it is before it is written: no restriction. A value outside of what
 * stands here, or anything beside a @written_ns of 0, is nonsense: guest work stops.
 * The program reads each member once a period and may see members of two writes
 * together for one period.
 *
 * @written_ns: CLOCK_MONOTONIC, when; not 0, not to come
 * @cap_mw: most that guest work may draw; 0: as much as the policy allows
 * @quiet_cap_mw: likewise in the quiet hours; 0: none at all
 * @job_energy_mj: most that a job may use at its worst, millijoule; 0: as the knob says
 * @lock: never taken; it keeps the kernel from letting the map be frozen
 * @quiet_from_min: first minute of the day that is quiet, 0 to 1439
 * @quiet_until_min: first one that no longer is, 1 to 1440; not above @quiet_from_min:
 *                   on the next day. 0: none is, and @quiet_from_min must be 0, too
 * @utc_offset_min: local time less UTC, within LAYBY_SETTINGS_OFFSET_MAX_MIN
 * @battery_min_percent: not below this state of charge, 0 to 100
 * @paused: 1: no guest work, 0: as all the rest says
 */
struct layby_governor_settings {
	__u64 written_ns;
	__u32 cap_mw;
	__u32 quiet_cap_mw;
	__u32 job_energy_mj;
	struct bpf_spin_lock lock;
	__u16 quiet_from_min;
	__u16 quiet_until_min;
	__s16 utc_offset_min;
	__u8 battery_min_percent;
	__u8 paused;
};

#endif /* LAYBY_GOVERNOR_SETTINGS_H */
