/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The gate: may guest work run now? Pure: a function of its inputs, no state,
 * no kernel API beyond types. The same file goes into the module, the host
 * tests and the proofs.
 */
#ifndef LAYBY_GATE_H
#define LAYBY_GATE_H

#include <linux/types.h>
#ifndef __KERNEL__
#include <stdbool.h>
#endif

#include <linux/layby_netlink.h>

/** enum layby_charging - anything else counts as not charging */
enum layby_charging {
	LAYBY_CHARGING_UNKNOWN = 0,
	LAYBY_CHARGING_NO = 1,
	LAYBY_CHARGING_YES = 2,
};

/**
 * struct layby_gate_stamp - when something was last heard of
 * @at_ns: CLOCK_MONOTONIC, 0: never
 * @age_max_ns: for how long it counts; from the policy
 */
struct layby_gate_stamp {
	__u64 at_ns;
	__u64 age_max_ns;
};

/**
 * struct layby_gate_input - all that the gate looks at
 *
 * Zeroed, it is closed. Wall times are CLOCK_REALTIME in nanoseconds.
 *
 * @now_ns: CLOCK_MONOTONIC
 * @signal: the vehicle's signals
 * @park_hold_ns: how long parked must have lasted; from the policy
 * @parked_since_ns: CLOCK_MONOTONIC, 0: not parked
 * @lease: the agent's promise
 * @governor: the governor's verdict
 * @sensor: temperature and power
 * @wall_ns: the wall clock, read together with @now_ns
 * @consent_offset_ns: wall clock less monotonic clock, as it would be had nobody
 *		      set the wall clock since consent was accepted
 * @consent_offset_max_ns: by how much that may differ from now
 * @consent_not_before_ns: first instant of the consent, wall time
 * @consent_not_after_ns: last instant of it, wall time
 * @consent_energy_uj: what is left of it, microjoule
 * @mode: enum layby_mode
 * @charging: enum layby_charging
 * @charge_percent: the battery's; over 100: unknown
 * @charge_min_percent: that the consent asks for; 0: none
 * @charging_only: the consent asks for charging
 * @temperature_mc: millidegree Celsius
 * @trip_mc: closed at and above; guests' limit, out of policy and data sheet
 * @resume_mc: open again below; from the policy, below @trip_mc
 * @policy: a verified policy is in force
 * @sealed: boot is finished
 * @fault: latched
 * @suspend: pending
 * @consent: given and not withdrawn
 * @governor_attached: one is attached
 * @governor_open: its verdict
 * @was_hot: the trip was reached since it was last below @resume_mc
 */
struct layby_gate_input {
	__u64 now_ns;
	struct layby_gate_stamp signal;
	__u64 park_hold_ns;
	__u64 parked_since_ns;
	struct layby_gate_stamp lease;
	struct layby_gate_stamp governor;
	struct layby_gate_stamp sensor;
	__s64 wall_ns;
	__s64 consent_offset_ns;
	__u64 consent_offset_max_ns;
	__s64 consent_not_before_ns;
	__s64 consent_not_after_ns;
	__u64 consent_energy_uj;
	__u32 mode;
	__u32 charging;
	__u32 charge_percent;
	__u32 charge_min_percent;
	__s32 temperature_mc;
	__s32 trip_mc;
	__s32 resume_mc;
	bool policy;
	bool sealed;
	bool fault;
	bool suspend;
	bool consent;
	bool charging_only;
	bool governor_attached;
	bool governor_open;
	bool was_hot;
};

/**
 * layby_gate_reason() - the one decision (ISO-2)
 * @in: the inputs; any values at all
 *
 * Return: LAYBY_GATE_OPEN if guest work may run, else why not.
 */
enum layby_gate_reason layby_gate_reason(const struct layby_gate_input *in);

/**
 * layby_gate_deadline_ns() - when an open gate closes if nothing is heard
 * @in: inputs for which the gate is open
 *
 * Return: CLOCK_MONOTONIC, the first instant at which one of the ages is
 * exceeded or the consent has ended; @in->now_ns if the gate is not open.
 */
__u64 layby_gate_deadline_ns(const struct layby_gate_input *in);

#endif /* LAYBY_GATE_H */
