/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The struct_ops type layby_governor: what an eBPF governor is told and what it
 * may say. Shared by the module and by governors (a BPF program includes
 * vmlinux.h first). A governor can lower limits, refuse jobs and close the gate;
 * it can raise nothing, and none, or one that fails, means closed (ISO-7).
 *
 * Members are only ever added, at the end of their struct: programs find them by
 * name. What the kernel does not know it says so: an age of LAYBY_AGE_UNKNOWN, or
 * the value that stands at the field.
 */
#ifndef LAYBY_GOVERNOR_H
#define LAYBY_GOVERNOR_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#ifdef __bpf__
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
#endif

/* Never measured, or the kernel cannot know: older than everything. */
#define LAYBY_AGE_UNKNOWN	(~0ULL)

/* Bytes of a governor's name, with the NUL. */
#define LAYBY_GOVERNOR_NAME	16

/* No limit but the kernel's own. */
#define LAYBY_NO_CAP_MW		(~0U)

/* Not measured. */
#define LAYBY_UTILISATION_UNKNOWN	(~0U)

/* Performance levels that a governor can be told of. */
#define LAYBY_GOVERNOR_LEVELS		8

/**
 * struct layby_governor_load - what one class's partitions do
 * @age_ns: of what stands here
 * @queue_depth: jobs that their queues hold together
 * @jobs: of them, accepted and not yet finished
 * @utilisation_permille: share of the time in which a job ran, 0 to 1000, or
 *                        LAYBY_UTILISATION_UNKNOWN
 * @tiles: that they have now
 */
struct layby_governor_load {
	__u64 age_ns;
	__u32 queue_depth;
	__u32 jobs;
	__u32 utilisation_permille;
	__u32 tiles;
};

/**
 * struct layby_governor_sample - what a governor is told; read-only
 *
 * Ages are in nanoseconds at @now_ns.
 *
 * @now_ns: CLOCK_MONOTONIC, before anything of this was read
 * @wall_ns: CLOCK_REALTIME; may be set by anybody who may set the clock
 * @period_ns: time until @sample is called again
 * @sensor_age_ns: since the device last measured; for the following six
 * @energy_uj: that the device used since power-on
 * @power_mw: mean over its last measurement, whole device
 * @temperature_mc: hottest place, millidegree Celsius
 * @temperature_slope_mc_s: its change, millidegree a second
 * @temperature_span_ns: over what time the slope was taken, 0: not known yet
 * @level: performance level now
 * @levels: number of levels; the lowest is 0
 * @power_ceiling_mw: most that guest work may draw by the policy; LAYBY_NO_CAP_MW:
 *                    not known
 * @rail_mw: most that all work may draw by the policy; likewise
 * @trip_mc: at this temperature the kernel closes the gate
 * @resume_mc: below it, it may open again
 * @mode: enum layby_mode
 * @signal_age_ns: since the frame came that the policy names, for @mode
 * @charging: 0: unknown, 1: no, 2: yes
 * @charge_percent: of the traction battery, 255: unknown
 * @ignition: 0: unknown, 1: off, 2: on
 * @pad: 0
 * @battery_mv: of the 12 V battery, 0: unknown
 * @charging_age_ns: since the vehicle last spoke of charging
 * @charge_age_ns: likewise, of @charge_percent
 * @ignition_age_ns: likewise, of @ignition
 * @battery_age_ns: likewise, of @battery_mv
 * @lease_age_ns: since the agent last renewed its lease
 * @consent_age_ns: since the owner's token was accepted
 * @consent_energy_uj: what is left of it
 * @settings_age_ns: since the owner's settings were last written, if the kernel
 *                   carries them; those in a governor's own map it dates itself
 * @driving: load of the driving partitions
 * @guest: load of the guest partitions
 * @level_power_mw: by level, most that the guests' tiles can draw when all are busy,
 *                  by the data sheet with its margins; 0 from @levels on
 * @guest_level: level that the guests' tiles have, the highest of them
 * @cap_mw: in force, the last verdict's as it was cut
 * @level_age_ns: since @guest_level last changed
 * @guest_used_uj: by the guests' jobs that have ended, as metered, since the
 *                 accelerator is there
 * @bucket_uj: the policy's, of all guest partitions together
 * @credit_uj: what of it may be charged now
 * @charged_uj: worst cases of the jobs that run or are about to
 * @waiting: guest jobs that wait for credit
 * @throttle_mc: at this temperature the device slows everybody down by itself
 * @sensor_error_mc: what the truth may be above @temperature_mc
 * @driving_power_mw: of full driving load, by the policy, with its margin
 * @ambient_mc: worst, by the policy
 * @resistance_mk_per_w: thermal, to ambient, by the policy, with its margin
 * @capacity_mj_per_k: likewise
 * @die_resistance_mk_per_w: of @resistance_mk_per_w, what lies before the cooler
 */
struct layby_governor_sample {
	__u64 now_ns;
	__s64 wall_ns;
	__u64 period_ns;
	__u64 sensor_age_ns;
	__u64 energy_uj;
	__u32 power_mw;
	__s32 temperature_mc;
	__s32 temperature_slope_mc_s;
	__u32 level;
	__u64 temperature_span_ns;
	__u32 levels;
	__u32 power_ceiling_mw;
	__u32 rail_mw;
	__s32 trip_mc;
	__s32 resume_mc;
	__u32 mode;
	__u64 signal_age_ns;
	__u8 charging;
	__u8 charge_percent;
	__u8 ignition;
	__u8 pad;
	__u32 battery_mv;
	__u64 charging_age_ns;
	__u64 charge_age_ns;
	__u64 ignition_age_ns;
	__u64 battery_age_ns;
	__u64 lease_age_ns;
	__u64 consent_age_ns;
	__u64 consent_energy_uj;
	__u64 settings_age_ns;
	struct layby_governor_load driving;
	struct layby_governor_load guest;
	__u32 level_power_mw[LAYBY_GOVERNOR_LEVELS];
	__u32 guest_level;
	__u32 cap_mw;
	__u64 level_age_ns;
	__u64 guest_used_uj;
	__u64 bucket_uj;
	__u64 credit_uj;
	__u64 charged_uj;
	__u32 waiting;
	__s32 throttle_mc;
	__u32 sensor_error_mc;
	__u32 driving_power_mw;
	__s32 ambient_mc;
	__u32 resistance_mk_per_w;
	__u32 capacity_mj_per_k;
	__u32 die_resistance_mk_per_w;
};

/**
 * struct layby_governor_verdict - what a governor says; kernel memory, writable
 *
 * Filled before each call with what stands at "before". What is above a limit is
 * cut to it; the limit is not raised. Padding is not writable.
 *
 * @cap_mw: most that guest work may draw from now on, over time: at this its energy
 *          budget grows; before: the policy's ceiling
 * @level: level for guest work; before: the highest that the rail bears beside full
 *         driving load. What runs falls to it at once
 *         and rises once it is charged again, a second after the last change at the
 *         soonest
 * @open: 1: guest work may run; before: 0. Anything else but 0 is nonsense
 * @pad: 0
 */
struct layby_governor_verdict {
	__u32 cap_mw;
	__u32 level;
	__u8 open;
	__u8 pad[7];
};

/**
 * struct layby_admission - a guest job that is about to be accepted; read-only
 * @party: on whose behalf; never 0, never used again by another
 * @longest_run_ns: as declared
 * @worst_energy_uj: most that it can use at the highest level, ~0: not known
 * @input_bytes: of its input buffers together
 * @output_bytes: likewise
 * @queue_depth: jobs that the queue holds
 * @jobs: of them, accepted and not yet finished
 * @job_class: LAYBY_CONSENT_BATCH or LAYBY_CONSENT_INTERACTIVE, as declared
 * @pad: 0
 */
struct layby_admission {
	__u64 party;
	__u64 longest_run_ns;
	__u64 worst_energy_uj;
	__u64 input_bytes;
	__u64 output_bytes;
	__u32 queue_depth;
	__u32 jobs;
	__u32 job_class;
	__u32 pad;
};

/**
 * struct layby_governor - a governor; one is attached at a time
 *
 * Attached by a link, before the seal; a second one gets -EBUSY, one after the
 * seal -EPERM. It cannot be replaced. When its link goes, the gate closes first.
 * Programs are not sleepable and may call bpf_map_lookup_elem,
 * bpf_map_update_elem and bpf_ktime_get_ns, nothing else.
 */
struct layby_governor {
	/**
	 * @sample: look at @sample, say @verdict. Called every period from a
	 * kernel thread of ordinary priority while only governor and sensors
	 * stand between the gate and open, so not while idle. Must not sleep.
	 * Must be quick: a verdict that is older than twenty periods is none,
	 * which closes the gate whatever this program does meanwhile.
	 * 0: @verdict holds. Anything else, or a verdict that is nonsense: the
	 * governor is dropped, that is, never called again and the gate closed
	 * until it is detached and one is attached anew. Required.
	 */
	__s32 (*sample)(const struct layby_governor_sample *sample,
			struct layby_governor_verdict *verdict);
	/**
	 * @admit: may this guest job be accepted? Called for each, in the
	 * context of its submission with interrupts off; must not sleep.
	 * 0: yes; anything else: it is refused. Absent: yes, to each.
	 */
	__s32 (*admit)(const struct layby_admission *job);
	/**
	 * @flags: none is defined, must be 0.
	 */
	__u64 flags;
	/**
	 * @name: for log and state: letters, digits, '_' and '.', required.
	 */
	char name[LAYBY_GOVERNOR_NAME];
};

#ifdef __bpf__
#pragma clang attribute pop
#endif

#endif /* LAYBY_GOVERNOR_H */
