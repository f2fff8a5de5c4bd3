/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What bpf/vehicle_can.bpf.c tells the module of a monitored frame, and what
 * the module counts. The program decodes and checks the CRC; where a frame came
 * from, its counter, and what all signals mean together is the module's.
 */
#ifndef LAYBY_VEHICLE_H
#define LAYBY_VEHICLE_H

#include <layby/signals.h>

/** enum layby_frame_check - is the frame what the signals file says? */
enum layby_frame_check {
	/** @LAYBY_FRAME_OK: yes; its counter was not looked at */
	LAYBY_FRAME_OK = 0,
	/** @LAYBY_FRAME_MALFORMED: wrong length, a remote frame, CAN for CAN FD */
	LAYBY_FRAME_MALFORMED = 1,
	/** @LAYBY_FRAME_CRC: wrong CRC, Data ID, or a counter that cannot be */
	LAYBY_FRAME_CRC = 2,
};

/** enum layby_signal_state - the answer to a signal's question */
enum layby_signal_state {
	/** @LAYBY_SIGNAL_ABSENT: not in this frame, or never seen */
	LAYBY_SIGNAL_ABSENT = 0,
	/** @LAYBY_SIGNAL_INVALID: the vehicle says that it does not know */
	LAYBY_SIGNAL_INVALID = 1,
	/** @LAYBY_SIGNAL_NO: no; also a valid value of a signal without question */
	LAYBY_SIGNAL_NO = 2,
	/** @LAYBY_SIGNAL_YES: yes */
	LAYBY_SIGNAL_YES = 3,
};

/**
 * struct layby_vehicle_frame - one monitored frame, decoded
 * @can_id: as struct layby_signals_frame
 * @index: of the frame in the signals file
 * @check: enum layby_frame_check; unless OK nothing below counts
 * @known: mask of the signals that some frame of the file carries
 * @counter: the alive counter
 * @counter_values: how many values it has less one; 0: there is none
 * @counter_step: it may grow by so much
 * @pad: 0
 * @state: enum layby_signal_state, by enum layby_signal
 * @pad2: 0
 * @value: thousandths of the unit, by enum layby_signal, clamped
 */
struct layby_vehicle_frame {
	__u32 can_id;
	__u8 index;
	__u8 check;
	__u8 known;
	__u8 counter;
	__u8 counter_values;
	__u8 counter_step;
	__u8 pad[2];
	__u8 state[LAYBY_SIGNALS];
	__u8 pad2[2];
	__s32 value[LAYBY_SIGNALS];
};

#ifndef __VMLINUX_H__
static_assert(sizeof(struct layby_vehicle_frame) == 44, "vehicle: frame");
#endif

/** struct layby_vehicle_bind - context of the program that names the interface */
struct layby_vehicle_bind {
	/** @ifindex: of the CAN interface, in the caller's network namespace */
	__u32 ifindex;
};

/**
 * enum layby_vehicle_count - what becomes of monitored frames
 *
 * Each frame that is received is counted once.
 */
enum layby_vehicle_count {
	/** @LAYBY_COUNT_ACCEPTED: from the bus and right */
	LAYBY_COUNT_ACCEPTED = 0,
	/** @LAYBY_COUNT_FOREIGN_DRIVING: not from the bus; it said driving and counted */
	LAYBY_COUNT_FOREIGN_DRIVING = 1,
	/** @LAYBY_COUNT_UNBOUND: dropped: no interface has been named */
	LAYBY_COUNT_UNBOUND = 2,
	/** @LAYBY_COUNT_NAMESPACE: dropped: received in another network namespace */
	LAYBY_COUNT_NAMESPACE = 3,
	/** @LAYBY_COUNT_INTERFACE: dropped: received on another interface */
	LAYBY_COUNT_INTERFACE = 4,
	/** @LAYBY_COUNT_SOCKET: dropped: sent by a program of this host */
	LAYBY_COUNT_SOCKET = 5,
	/** @LAYBY_COUNT_MALFORMED: dropped: see LAYBY_FRAME_MALFORMED */
	LAYBY_COUNT_MALFORMED = 6,
	/** @LAYBY_COUNT_CRC: dropped: see LAYBY_FRAME_CRC */
	LAYBY_COUNT_CRC = 7,
	/** @LAYBY_COUNT_REPEATED: dropped: the counter stands still */
	LAYBY_COUNT_REPEATED = 8,
	/** @LAYBY_COUNT_SEQUENCE: dropped unless driving: the counter is new or jumped */
	LAYBY_COUNT_SEQUENCE = 9,
	/** @LAYBY_COUNT_SENT: stopped on their way out: sent from this host */
	LAYBY_COUNT_SENT = 10,
	/** @LAYBY_COUNTS: how many there are */
	LAYBY_COUNTS
};

#endif /* LAYBY_VEHICLE_H */
