/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The sending side of a signals file: values into frames, with counter and CRC.
 *
 * Shares no code with bpf/decode.h: bits are set one by one, the CRC is a
 * division by the polynomial, bit by bit.
 */
#ifndef VEHICLE_FRAME_H
#define VEHICLE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <layby/signals.h>
#include <linux/can.h>

/* What is to be wrong with the next frames, how many of them. */
struct frame_faults {
	uint32_t crc;		/* the CRC */
	uint32_t repeat;	/* the counter stands still */
	uint32_t skip;		/* the counter jumps by so much more, once */
	uint32_t length;	/* a byte less */
	uint32_t remote;	/* a remote frame without data; classic CAN only */
};

/**
 * struct sender - the control units of a car
 * @signals: what they send
 * @raw: of each signal, as it stands in the frame
 * @counter: of each frame, the last one sent
 * @faults: of each frame
 */
struct sender {
	const struct layby_signals *signals;
	uint32_t raw[LAYBY_SIGNALS];
	uint8_t counter[LAYBY_SIGNALS_FRAMES_MAX];
	struct frame_faults faults[LAYBY_SIGNALS_FRAMES_MAX];
};

/* The lowest raw value of @signal that means yes, no, or nothing; false: there is none. */
bool sender_yes(const struct layby_signals *signals, uint32_t signal, uint32_t *ret_raw);
bool sender_no(const struct layby_signals *signals, uint32_t signal, uint32_t *ret_raw);
bool sender_invalid(const struct layby_signals *signals, uint32_t signal, uint32_t *ret_raw);
/* The raw value nearest to @value in the signal's unit. */
uint32_t sender_scale(const struct layby_signals *signals, uint32_t signal, double value);

/*
 * The next frame with index @frame, its counter one further. Returns the bytes
 * to write: CAN_MTU or CANFD_MTU.
 */
size_t sender_frame(struct sender *sender, uint32_t frame, struct canfd_frame *ret_frame);

#endif
