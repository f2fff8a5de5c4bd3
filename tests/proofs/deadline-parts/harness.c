// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the proof "deadline" takes of kmod/gate.c, each for every value: a stamp is
 * fresh from its instant on until before layby_gate_stale_ns(), a consent that
 * holds does so until before layby_gate_consent_end_ns(); a park hold that is over
 * stays so; a clock that was not set does not look set later on. Later is when both
 * clocks have gone on by as much.
 *
 * Nothing is said of the highest number that there is, which stands for never, nor
 * of a consent up to the last instant of a wall clock, which no token has (see the
 * proof "token"): the clock begins anew behind it.
 */
#include <limits.h>

#include <gate.c>

#include "proof.h"

#define NEVER	LAYBY_GATE_NEVER

ANY(struct layby_gate_input, input);
ANY(struct layby_gate_stamp, stamp);
ANY(__u64, time);

static struct layby_gate_input later(struct layby_gate_input in, __u64 step_ns)
{
	in.now_ns += step_ns;
	in.wall_ns = (__s64)((__u64)in.wall_ns + step_ns);
	return in;
}

static void prove_stamp(void)
{
	struct layby_gate_stamp stamp = any_stamp();
	__u64 now_ns = any_time();

	given(now_ns != NEVER);
	holds(layby_gate_fresh(&stamp, now_ns) ==
	      (stamp.at_ns && now_ns >= stamp.at_ns && now_ns < layby_gate_stale_ns(&stamp)),
	      "a stamp is fresh until it is stale");
	if (layby_gate_fresh(&stamp, now_ns) && layby_gate_stale_ns(&stamp) == NEVER)
		reached("a stamp that never is stale");
}

static void prove_consent(const struct layby_gate_input *in, __u64 step_ns)
{
	struct layby_gate_input then = later(*in, step_ns);
	__u64 left_ns = (__u64)in->consent_not_after_ns - (__u64)in->wall_ns;
	__u64 end_ns = layby_gate_consent_end_ns(in);

	given(layby_gate_consent_time(in) && in->consent_not_after_ns != LLONG_MAX);
	given(then.now_ns >= in->now_ns && then.now_ns <= end_ns && then.now_ns != NEVER);
	follows((then.now_ns < end_ns) == (step_ns <= left_ns), "its end is when nothing is left");
	holds(layby_gate_consent_time(&then) == (step_ns <= left_ns),
	      "a consent holds while something is left");
	if (layby_gate_consent_time(&then))
		reached("a consent that holds for longer");
	else
		reached("the end of a consent");
}

static void prove_hold(const struct layby_gate_input *in, __u64 step_ns)
{
	struct layby_gate_input then = later(*in, step_ns);

	given(then.now_ns >= in->now_ns && layby_gate_parked_long(in));
	holds(layby_gate_parked_long(&then), "a hold that is over stays so");
	reached("a hold that is over");
}

static void prove_clock(const struct layby_gate_input *in, __u64 step_ns)
{
	struct layby_gate_input then = later(*in, step_ns);

	follows((__u64)then.wall_ns - then.now_ns == (__u64)in->wall_ns - in->now_ns,
		"the clocks are apart by as much");
	holds(layby_gate_clock_stepped(in) == layby_gate_clock_stepped(&then),
	      "time does not set a clock");
	if (layby_gate_clock_stepped(in))
		reached("a clock that was set");
}

int main(void)
{
	const struct layby_gate_input in = any_input();
	__u64 step_ns = any_time();

	prove_clock(&in, step_ns);
	prove_stamp();
	switch (any_time()) {
	case 0:
		prove_consent(&in, step_ns);
		break;
	default:
		prove_hold(&in, step_ns);
	}
	return 0;
}
