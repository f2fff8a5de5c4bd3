/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is known of the vehicle, and what one more frame changes. Pure: no
 * kernel API beyond types. The same file goes into the module, the host tests
 * and the proofs.
 */
#ifndef LAYBY_VEHICLE_STATE_H
#define LAYBY_VEHICLE_STATE_H

#include <linux/types.h>
#ifndef __KERNEL__
#include <stdbool.h>
#endif
#include <layby/vehicle.h>

/* No frame has this identifier. */
#define LAYBY_VEHICLE_NO_FRAME	0xffffffffu

/**
 * struct layby_vehicle_signal - what was last heard of a signal
 * @at_ns: when
 * @value: thousandths of the unit
 * @state: enum layby_signal_state
 */
struct layby_vehicle_signal {
	__u64 at_ns;
	__s32 value;
	__u8 state;
};

/**
 * struct layby_vehicle_state - all that is known; zeroed, it is nothing
 * @signal: by enum layby_signal
 * @heartbeat_ns: when the frame of the policy last came, 0: never
 * @counter: the last alive counter of a frame, and one; 0: none yet
 * @known: mask of the signals that the vehicle says at all
 */
struct layby_vehicle_state {
	struct layby_vehicle_signal signal[LAYBY_SIGNALS];
	__u64 heartbeat_ns;
	__u16 counter[LAYBY_SIGNALS_FRAMES_MAX];
	__u8 known;
};

/**
 * struct layby_vehicle_rule - what the policy says of the vehicle's frames
 * @park_can_id: the frame that keeps coming while parked, or LAYBY_VEHICLE_NO_FRAME
 * @signal_age_ns: after so long without it nothing heard before counts
 */
struct layby_vehicle_rule {
	__u32 park_can_id;
	__u64 signal_age_ns;
};

/**
 * struct layby_vehicle_verdict - what a frame was
 * @count: enum layby_vehicle_count
 * @changed: the state was written to
 * @heartbeat: the frame that the policy names, from the bus and right
 */
struct layby_vehicle_verdict {
	__u32 count;
	bool changed;
	bool heartbeat;
};

/**
 * layby_vehicle_take() - one more frame
 * @state: changed
 * @rule: of the policy in force
 * @frame: any values at all
 * @origin: LAYBY_COUNT_ACCEPTED if it came from the bus, else why it did not
 * @now_ns: a clock that does not stop while the machine sleeps
 *
 * From the bus, with right CRC and counter, everything in it counts. A frame
 * from elsewhere, or one whose counter jumped, counts only where it speaks
 * against parked. All else counts for nothing (a wrong CRC, a counter that
 * stands still: as if it had not come).
 *
 * A counter is not looked at, and not remembered, unless the frame came from
 * the bus: else a program of this host could have the bus's own frames taken for
 * repeated ones.
 */
struct layby_vehicle_verdict layby_vehicle_take(struct layby_vehicle_state *state,
						const struct layby_vehicle_rule *rule,
						const struct layby_vehicle_frame *frame,
						__u32 origin, __u64 now_ns);

/* Everything heard until now is nothing; counters begin anew. */
void layby_vehicle_state_forget(struct layby_vehicle_state *state);

/**
 * layby_vehicle_mode() - enum layby_mode, as numbers: 0 unknown, 1 driving, 2 parked
 * @state: what is known
 *
 * Parked only if gear and speed say so, and the ignition if the vehicle has
 * such a signal. Its age is the gate's to judge.
 */
__u32 layby_vehicle_mode(const struct layby_vehicle_state *state);

/* 0 unknown, 1 no, 2 yes */
__u8 layby_vehicle_charging(const struct layby_vehicle_state *state);

/* Per cent, rounded down; 255: unknown */
__u8 layby_vehicle_charge(const struct layby_vehicle_state *state);

#endif /* LAYBY_VEHICLE_STATE_H */
