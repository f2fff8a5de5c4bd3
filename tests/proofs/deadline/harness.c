// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * layby_gate_deadline_ns() in kmod/gate.c, for every input: time alone does not
 * close an open gate before its deadline, and does at the deadline, for one of the
 * reasons that time brings. Time is both clocks going on by as much while nothing
 * else changes.
 *
 * Each thing that has an end is looked at here as any interval of CLOCK_MONOTONIC,
 * from the first of its two numbers on, until before the second. That stamps and
 * consents are such intervals, with the ends that the gate calculates, and that
 * neither hold nor clock change by time alone, is shown in the proof
 * "deadline-parts".
 *
 * The highest number that there is stands for never, some 584 years after the boot.
 */
#include <gate.c>

#include "proof.h"

/*
 * Instants are only compared here, never calculated with: as many numbers as there
 * are instants below show every order that they can be in.
 */
#define FEW	16

ANY(struct layby_gate_input, input);
ANY(__u64, instant);
ANY(bool, answer);

/* In place of those of gate.c: goto-instrument turns the calls. */
static bool is_parked, is_stepped;

bool fresh(const struct layby_gate_stamp *stamp, __u64 now_ns)
{
	return now_ns >= stamp->at_ns && now_ns < stamp->age_max_ns;
}

__u64 stale_ns(const struct layby_gate_stamp *stamp)
{
	return stamp->age_max_ns;
}

bool consent_time(const struct layby_gate_input *in)
{
	return in->now_ns >= (__u64)in->consent_not_before_ns &&
	       in->now_ns < (__u64)in->consent_not_after_ns;
}

__u64 consent_end_ns(const struct layby_gate_input *in)
{
	return in->consent_not_after_ns;
}

bool parked_long(const struct layby_gate_input *in)
{
	return is_parked;
}

bool clock_stepped(const struct layby_gate_input *in)
{
	return is_stepped;
}

static void given_interval(__u64 from, __u64 until)
{
	given(from < FEW && until < FEW);
}

static struct layby_gate_input given_input(void)
{
	struct layby_gate_input in = any_input();

	given_interval(in.signal.at_ns, in.signal.age_max_ns);
	given_interval(in.lease.at_ns, in.lease.age_max_ns);
	given_interval(in.governor.at_ns, in.governor.age_max_ns);
	given_interval(in.sensor.at_ns, in.sensor.age_max_ns);
	given_interval(in.consent_not_before_ns, in.consent_not_after_ns);
	given(in.now_ns < FEW);
	return in;
}

static enum layby_gate_reason reason_at(struct layby_gate_input in, __u64 now_ns)
{
	in.now_ns = now_ns;
	return layby_gate_reason(&in);
}

static void prove_closes(const struct layby_gate_input *in, __u64 deadline_ns)
{
	enum layby_gate_reason reason = reason_at(*in, deadline_ns);

	holds(reason == LAYBY_GATE_NO_SIGNAL || reason == LAYBY_GATE_NO_LEASE ||
	      reason == LAYBY_GATE_NO_GOVERNOR || reason == LAYBY_GATE_NO_SENSOR ||
	      reason == LAYBY_GATE_CONSENT_TIME, "at the deadline time closes the gate");
	if (reason == LAYBY_GATE_NO_SENSOR)
		reached("a sensor closes it");
	if (reason == LAYBY_GATE_CONSENT_TIME)
		reached("the end of the consent closes it");
}

int main(void)
{
	struct layby_gate_input in = given_input();
	__u64 deadline_ns, then_ns = any_instant();

	is_parked = any_answer();
	is_stepped = any_answer();
	deadline_ns = layby_gate_deadline_ns(&in);
	if (layby_gate_reason(&in) != LAYBY_GATE_OPEN) {
		holds(deadline_ns == in.now_ns, "of a closed gate it is now");
		return 0;
	}
	holds(deadline_ns > in.now_ns, "the deadline lies ahead");
	if (then_ns > in.now_ns && then_ns < deadline_ns) {
		holds(reason_at(in, then_ns) == LAYBY_GATE_OPEN,
		      "until the deadline time closes nothing");
		reached("an instant before the deadline");
	}
	prove_closes(&in, deadline_ns);
	return 0;
}
