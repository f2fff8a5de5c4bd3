// SPDX-License-Identifier: GPL-2.0-only
/*
 * The gate. See gate.h.
 *
 * Total: every value of every field has an answer, and whatever is unknown,
 * missing, stale or from the future is closed. Keeps no state.
 */
#include "gate.h"

#define LAYBY_GATE_NEVER	(~0ULL)

/* A stamp from the future is a clock that ran backwards: not fresh. */
static bool layby_gate_fresh(const struct layby_gate_stamp *stamp, __u64 now_ns)
{
	return stamp->at_ns && stamp->at_ns <= now_ns &&
	       now_ns - stamp->at_ns <= stamp->age_max_ns;
}

static bool layby_gate_parked_long(const struct layby_gate_input *in)
{
	return in->parked_since_ns && in->parked_since_ns <= in->now_ns &&
	       in->now_ns - in->parked_since_ns >= in->park_hold_ns;
}

/* In unsigned arithmetic, which wraps: the shorter way round is the step. */
static bool layby_gate_clock_stepped(const struct layby_gate_input *in)
{
	__u64 offset = (__u64)in->wall_ns - in->now_ns;
	__u64 ahead = offset - (__u64)in->consent_offset_ns;
	__u64 behind = (__u64)in->consent_offset_ns - offset;

	return (ahead < behind ? ahead : behind) > in->consent_offset_max_ns;
}

static bool layby_gate_consent_time(const struct layby_gate_input *in)
{
	return in->wall_ns >= in->consent_not_before_ns &&
	       in->wall_ns <= in->consent_not_after_ns;
}

/* An unknown charge is below every minimum. */
static bool layby_gate_low_charge(const struct layby_gate_input *in)
{
	return in->charge_min_percent && (in->charge_percent > 100 ||
					  in->charge_percent < in->charge_min_percent);
}

/* Of the vehicle and its software: 0 if nothing here closes the gate. */
static __u32 layby_gate_vehicle(const struct layby_gate_input *in)
{
	if (in->fault)
		return LAYBY_GATE_FAULT;
	if (in->suspend)
		return LAYBY_GATE_SUSPEND;
	if (!in->policy)
		return LAYBY_GATE_NO_POLICY;
	if (!in->sealed)
		return LAYBY_GATE_NOT_SEALED;
	if (!layby_gate_fresh(&in->signal, in->now_ns))
		return LAYBY_GATE_NO_SIGNAL;
	if (in->mode != LAYBY_MODE_PARKED)
		return LAYBY_GATE_DRIVING;
	if (!layby_gate_parked_long(in))
		return LAYBY_GATE_PARK_HOLD;
	return 0;
}

/* Of the owner and the agent. */
static __u32 layby_gate_permission(const struct layby_gate_input *in)
{
	if (!in->consent)
		return LAYBY_GATE_NO_CONSENT;
	if (layby_gate_clock_stepped(in))
		return LAYBY_GATE_CLOCK_STEPPED;
	if (!layby_gate_consent_time(in))
		return LAYBY_GATE_CONSENT_TIME;
	if (!in->consent_energy_uj)
		return LAYBY_GATE_CONSENT_ENERGY;
	if (in->charging_only && in->charging != LAYBY_CHARGING_YES)
		return LAYBY_GATE_NOT_CHARGING;
	if (layby_gate_low_charge(in))
		return LAYBY_GATE_LOW_CHARGE;
	if (!layby_gate_fresh(&in->lease, in->now_ns))
		return LAYBY_GATE_NO_LEASE;
	return 0;
}

/* Of power and heat. */
static __u32 layby_gate_limits(const struct layby_gate_input *in)
{
	if (!in->governor_attached || !layby_gate_fresh(&in->governor, in->now_ns))
		return LAYBY_GATE_NO_GOVERNOR;
	if (!in->governor_open)
		return LAYBY_GATE_GOVERNOR;
	if (!layby_gate_fresh(&in->sensor, in->now_ns))
		return LAYBY_GATE_NO_SENSOR;
	if (in->temperature_mc >= in->trip_mc)
		return LAYBY_GATE_HOT;
	if (in->was_hot && in->temperature_mc >= in->resume_mc)
		return LAYBY_GATE_COOLING;
	return 0;
}

enum layby_gate_reason layby_gate_reason(const struct layby_gate_input *in)
{
	__u32 reason = layby_gate_vehicle(in);

	if (!reason)
		reason = layby_gate_permission(in);
	if (!reason)
		reason = layby_gate_limits(in);
	return reason ? reason : LAYBY_GATE_OPEN;
}

static __u64 layby_gate_add(__u64 a, __u64 b)
{
	return a > LAYBY_GATE_NEVER - b ? LAYBY_GATE_NEVER : a + b;
}

/* One nanosecond past its age a stamp is stale. */
static __u64 layby_gate_stale_ns(const struct layby_gate_stamp *stamp)
{
	return layby_gate_add(layby_gate_add(stamp->at_ns, stamp->age_max_ns), 1);
}

/* For an open gate, that is, not after its end. */
static __u64 layby_gate_consent_end_ns(const struct layby_gate_input *in)
{
	__u64 left = (__u64)in->consent_not_after_ns - (__u64)in->wall_ns;

	return layby_gate_add(layby_gate_add(in->now_ns, left), 1);
}

static __u64 layby_gate_min(__u64 a, __u64 b)
{
	return a < b ? a : b;
}

__u64 layby_gate_deadline_ns(const struct layby_gate_input *in)
{
	__u64 deadline;

	if (layby_gate_reason(in) != LAYBY_GATE_OPEN)
		return in->now_ns;
	deadline = layby_gate_min(layby_gate_stale_ns(&in->signal),
				  layby_gate_stale_ns(&in->lease));
	deadline = layby_gate_min(deadline, layby_gate_stale_ns(&in->governor));
	deadline = layby_gate_min(deadline, layby_gate_stale_ns(&in->sensor));
	return layby_gate_min(deadline, layby_gate_consent_end_ns(in));
}
