// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is known of the vehicle, and what one more frame changes. See the header.
 *
 * Must never let a frame that is not from the bus, or not right, speak for
 * parked (ISO-2).
 */
#include "vehicle_state.h"

/* All of these must say yes; the ignition only if there is such a signal. */
#define MODE_SIGNALS	(LAYBY_SIGNAL_IGNITION + 1)

enum { MODE_UNKNOWN = 0, MODE_DRIVING = 1, MODE_PARKED = 2 };

void layby_vehicle_state_forget(struct layby_vehicle_state *state)
{
	*state = (struct layby_vehicle_state){ .known = state->known };
}

/* A sender that fell silent may go on with old news: what it is about is over. */
static void forget_older(struct layby_vehicle_state *state, __u64 now_ns, __u64 age_ns)
{
	__u32 i;

	for (i = 0; i < LAYBY_SIGNALS; i++)
		if (now_ns - state->signal[i].at_ns > age_ns)
			state->signal[i] = (struct layby_vehicle_signal){ 0 };
}

/*
 * AUTOSAR E2E, "DeltaCounter": how far the counter went on, it begins anew
 * after its highest value.
 */
static __u32 check_counter(struct layby_vehicle_state *state,
			   const struct layby_vehicle_frame *frame)
{
	__u16 *last = &state->counter[frame->index];
	__u32 values = frame->counter_values + 1u;
	__u32 before = *last, step;

	if (!frame->counter_values)
		return LAYBY_COUNT_ACCEPTED;
	if (frame->counter >= values)
		return LAYBY_COUNT_CRC;
	*last = frame->counter + 1;
	if (!before || before > values)
		return LAYBY_COUNT_SEQUENCE;
	step = (frame->counter + values - (before - 1)) % values;
	if (!step)
		return LAYBY_COUNT_REPEATED;
	return step <= frame->counter_step ? LAYBY_COUNT_ACCEPTED : LAYBY_COUNT_SEQUENCE;
}

static __u32 check_frame(struct layby_vehicle_state *state,
			 const struct layby_vehicle_frame *frame, __u32 origin)
{
	if (origin != LAYBY_COUNT_ACCEPTED)
		return origin;
	if (frame->check == LAYBY_FRAME_MALFORMED)
		return LAYBY_COUNT_MALFORMED;
	if (frame->check != LAYBY_FRAME_OK)
		return LAYBY_COUNT_CRC;
	return check_counter(state, frame);
}

static bool keep_signals(struct layby_vehicle_state *state,
			 const struct layby_vehicle_frame *frame, __u64 now_ns)
{
	bool kept = false;
	__u32 i;

	for (i = 0; i < LAYBY_SIGNALS; i++) {
		if (frame->state[i] == LAYBY_SIGNAL_ABSENT)
			continue;
		state->signal[i] = (struct layby_vehicle_signal){
			.at_ns = now_ns,
			.value = frame->value[i],
			.state = frame->state[i],
		};
		kept = true;
	}
	return kept;
}

/* Only what speaks against parked: no source is too bad for that. */
static bool keep_driving(struct layby_vehicle_state *state,
			 const struct layby_vehicle_frame *frame, __u64 now_ns)
{
	bool kept = false;
	__u32 i;

	for (i = 0; i < MODE_SIGNALS; i++) {
		if (frame->state[i] != LAYBY_SIGNAL_NO && frame->state[i] != LAYBY_SIGNAL_INVALID)
			continue;
		state->signal[i] = (struct layby_vehicle_signal){
			.at_ns = now_ns,
			.value = frame->value[i],
			.state = frame->state[i],
		};
		kept = true;
	}
	return kept;
}

struct layby_vehicle_verdict layby_vehicle_take(struct layby_vehicle_state *state,
						const struct layby_vehicle_rule *rule,
						const struct layby_vehicle_frame *frame,
						__u32 origin, __u64 now_ns)
{
	struct layby_vehicle_verdict verdict = { .count = LAYBY_COUNT_MALFORMED };

	if (frame->index >= LAYBY_SIGNALS_FRAMES_MAX)
		return verdict;
	verdict.count = check_frame(state, frame, origin);
	if (verdict.count == LAYBY_COUNT_ACCEPTED) {
		state->known = frame->known;
		verdict.heartbeat = frame->can_id == rule->park_can_id;
		if (verdict.heartbeat) {
			if (now_ns - state->heartbeat_ns > rule->signal_age_ns)
				forget_older(state, now_ns, rule->signal_age_ns);
			state->heartbeat_ns = now_ns;
		}
		verdict.changed = keep_signals(state, frame, now_ns);
	} else if (frame->check == LAYBY_FRAME_OK && verdict.count != LAYBY_COUNT_REPEATED &&
		   verdict.count != LAYBY_COUNT_CRC) {
		verdict.changed = keep_driving(state, frame, now_ns);
		if (verdict.changed && verdict.count == origin)
			verdict.count = LAYBY_COUNT_FOREIGN_DRIVING;
	}
	return verdict;
}

__u32 layby_vehicle_mode(const struct layby_vehicle_state *state)
{
	__u32 asked = LAYBY_SIGNALS_REQUIRED | (state->known & 1u << LAYBY_SIGNAL_IGNITION);
	__u32 mode = MODE_PARKED, i;

	for (i = 0; i < MODE_SIGNALS; i++) {
		__u8 answer = state->signal[i].state;

		/* one that never was to come speaks against parked all the same */
		if (answer == LAYBY_SIGNAL_NO)
			return MODE_DRIVING;
		if (answer != LAYBY_SIGNAL_YES &&
		    (asked & 1u << i || answer != LAYBY_SIGNAL_ABSENT))
			mode = MODE_UNKNOWN;
	}
	return mode;
}

__u8 layby_vehicle_charging(const struct layby_vehicle_state *state)
{
	switch (state->signal[LAYBY_SIGNAL_CHARGING].state) {
	case LAYBY_SIGNAL_NO:
		return 1;
	case LAYBY_SIGNAL_YES:
		return 2;
	default:
		return 0;
	}
}

__u8 layby_vehicle_charge(const struct layby_vehicle_state *state)
{
	const struct layby_vehicle_signal *charge = &state->signal[LAYBY_SIGNAL_CHARGE];

	if (charge->state != LAYBY_SIGNAL_NO || charge->value < 0 || charge->value > 100000)
		return 255;
	return (__u32)charge->value / 1000;
}
