// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ISO-2 and ISO-11 of kmod/gate.c, for every value of every input: the gate is
 * open only if everything is right, it always answers, and the reason told is the
 * first one that is true. What is right stands here a second time, as a list.
 */
#include <gate.h>

#include "proof.h"

ANY(struct layby_gate_input, input);

static bool fresh(struct layby_gate_stamp stamp, __u64 now_ns)
{
	if (stamp.at_ns == 0 || stamp.at_ns > now_ns)
		return false;
	return now_ns - stamp.at_ns <= stamp.age_max_ns;
}

static bool parked_long(const struct layby_gate_input *in)
{
	if (in->parked_since_ns == 0 || in->parked_since_ns > in->now_ns)
		return false;
	return in->now_ns - in->parked_since_ns >= in->park_hold_ns;
}

/* Neither ahead nor behind by more than is allowed; the clocks wrap. */
static bool clock_right(const struct layby_gate_input *in)
{
	__u64 offset = (__u64)in->wall_ns - in->now_ns, was = in->consent_offset_ns;

	return offset - was <= in->consent_offset_max_ns ||
	       was - offset <= in->consent_offset_max_ns;
}

/* Is what @reason stands for the case? */
static bool is_wrong(enum layby_gate_reason reason, const struct layby_gate_input *in)
{
	switch (reason) {
	case LAYBY_GATE_FAULT:
		return in->fault;
	case LAYBY_GATE_SUSPEND:
		return in->suspend;
	case LAYBY_GATE_NO_POLICY:
		return !in->policy;
	case LAYBY_GATE_NOT_SEALED:
		return !in->sealed;
	case LAYBY_GATE_NO_SIGNAL:
		return !fresh(in->signal, in->now_ns);
	case LAYBY_GATE_DRIVING:
		return in->mode != LAYBY_MODE_PARKED;
	case LAYBY_GATE_PARK_HOLD:
		return !parked_long(in);
	case LAYBY_GATE_NO_CONSENT:
		return !in->consent;
	case LAYBY_GATE_CLOCK_STEPPED:
		return !clock_right(in);
	case LAYBY_GATE_CONSENT_TIME:
		return in->wall_ns < in->consent_not_before_ns ||
		       in->wall_ns > in->consent_not_after_ns;
	case LAYBY_GATE_CONSENT_ENERGY:
		return in->consent_energy_uj == 0;
	case LAYBY_GATE_NOT_CHARGING:
		return in->charging_only && in->charging != LAYBY_CHARGING_YES;
	case LAYBY_GATE_LOW_CHARGE:
		return in->charge_min_percent != 0 &&
		       (in->charge_percent < in->charge_min_percent || in->charge_percent > 100);
	case LAYBY_GATE_NO_LEASE:
		return !fresh(in->lease, in->now_ns);
	case LAYBY_GATE_NO_GOVERNOR:
		return !in->governor_attached || !fresh(in->governor, in->now_ns);
	case LAYBY_GATE_GOVERNOR:
		return !in->governor_open;
	case LAYBY_GATE_NO_SENSOR:
		return !fresh(in->sensor, in->now_ns);
	case LAYBY_GATE_HOT:
		return in->temperature_mc >= in->trip_mc;
	case LAYBY_GATE_COOLING:
		return in->was_hot && in->temperature_mc >= in->resume_mc;
	default:
		return false;
	}
}

static void prove_reason(const struct layby_gate_input *in)
{
	enum layby_gate_reason reason = layby_gate_reason(in), other;

	holds(reason >= LAYBY_GATE_FAULT && reason <= LAYBY_GATE_OPEN, "it always answers");
	for (other = LAYBY_GATE_FAULT; other < LAYBY_GATE_OPEN; other++) {
		if (reason == LAYBY_GATE_OPEN)
			holds(!is_wrong(other, in), "open only if everything is right");
		if (other < reason)
			holds(!is_wrong(other, in), "no reason before the one told is true");
		if (other == reason)
			holds(is_wrong(other, in), "the reason told is true");
	}
	if (reason == LAYBY_GATE_OPEN)
		reached("open");
	if (reason == LAYBY_GATE_COOLING)
		reached("the last reason");
}

int main(void)
{
	struct layby_gate_input in = any_input();

	prove_reason(&in);
	return 0;
}
