/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The binary form of a signals file: where on the CAN bus the vehicle says what
 * layby must know. `laybyctl signals compile` writes it, the boot step puts it
 * unchanged into the read-only data of bpf/vehicle_can.bpf.c.
 *
 * A file is one struct layby_signals. All integers are little-endian, every pad
 * and everything not used is zero. Whether a file is right is decided by
 * agent/signals/table.c.
 *
 * Bits are counted as in a DBC file: bit N is bit N % 8 of byte N / 8, 0 being
 * the least significant. An Intel signal starts at its least, a Motorola signal
 * at its most significant bit.
 */
#ifndef LAYBY_SIGNALS_H
#define LAYBY_SIGNALS_H

/* an eBPF program has its types from vmlinux.h */
#ifndef __VMLINUX_H__
#include <linux/types.h>
#ifdef __KERNEL__
#include <linux/build_bug.h>
#else
#include <assert.h>
#endif
#endif

#define LAYBY_SIGNALS_MAGIC		0x5342594cu	/* "LYBS" */
#define LAYBY_SIGNALS_VERSION		1u
#define LAYBY_SIGNALS_FRAMES_MAX	8u
#define LAYBY_SIGNALS_RANGES_MAX	4u
#define LAYBY_SIGNALS_BYTES_MAX		64u	/* of a frame */
#define LAYBY_SIGNALS_BITS_MAX		32u	/* of a signal */
/* in a can_id: it has 29 bits, not 11; as Linux's CAN_EFF_FLAG */
#define LAYBY_SIGNALS_EXTENDED		0x80000000u

/**
 * enum layby_signal - what is known of the vehicle
 *
 * The first four answer a question with yes or no; of these the first three
 * must all say yes for the vehicle to be parked. Values of the others are in
 * thousandths of the unit.
 */
enum layby_signal {
	/** @LAYBY_SIGNAL_GEAR: is it in Park? */
	LAYBY_SIGNAL_GEAR = 0,
	/** @LAYBY_SIGNAL_SPEED: does it stand? Value: km/h */
	LAYBY_SIGNAL_SPEED = 1,
	/** @LAYBY_SIGNAL_IGNITION: is it off? */
	LAYBY_SIGNAL_IGNITION = 2,
	/** @LAYBY_SIGNAL_CHARGING: is it charging? */
	LAYBY_SIGNAL_CHARGING = 3,
	/** @LAYBY_SIGNAL_CHARGE: state of charge. Value: per cent */
	LAYBY_SIGNAL_CHARGE = 4,
	/** @LAYBY_SIGNAL_SUPPLY: the 12 V supply. Value: volt */
	LAYBY_SIGNAL_SUPPLY = 5,
	/** @LAYBY_SIGNALS: how many there are */
	LAYBY_SIGNALS
};

/* Those that a vehicle must say to be parked, and those that it may say. */
#define LAYBY_SIGNALS_REQUIRED \
	(1u << LAYBY_SIGNAL_GEAR | 1u << LAYBY_SIGNAL_SPEED)
#define LAYBY_SIGNALS_ASKED \
	(LAYBY_SIGNALS_REQUIRED | 1u << LAYBY_SIGNAL_IGNITION | 1u << LAYBY_SIGNAL_CHARGING)

/**
 * enum layby_e2e - how a frame is protected
 *
 * AUTOSAR Foundation, E2E Protocol Specification (document 849), profiles.
 */
enum layby_e2e {
	/** @LAYBY_E2E_NONE: not at all */
	LAYBY_E2E_NONE = 0,
	/** @LAYBY_E2E_PROFILE_1: CRC-8 0x1D, counter of 4 bits from 0 to 14 */
	LAYBY_E2E_PROFILE_1 = 1,
	/** @LAYBY_E2E_PROFILE_5: CRC-16 0x1021, counter of 8 bits */
	LAYBY_E2E_PROFILE_5 = 5,
};

/** enum layby_e2e_data_id - how profile 1 brings its 16-bit Data ID into the CRC */
enum layby_e2e_data_id {
	/** @LAYBY_E2E_DATA_ID_BOTH: both bytes (variant 1A) */
	LAYBY_E2E_DATA_ID_BOTH = 0,
	/** @LAYBY_E2E_DATA_ID_ALTERNATE: low when the counter is even, else high (1B) */
	LAYBY_E2E_DATA_ID_ALTERNATE = 1,
	/** @LAYBY_E2E_DATA_ID_LOW: the low byte only */
	LAYBY_E2E_DATA_ID_LOW = 2,
	/** @LAYBY_E2E_DATA_ID_NIBBLE: low byte, and bits 8 to 11 are sent (1C) */
	LAYBY_E2E_DATA_ID_NIBBLE = 3,
};

/**
 * struct layby_signals_frame - one monitored frame
 * @can_id: identifier, with LAYBY_SIGNALS_EXTENDED or without
 * @length: bytes of data that it must have
 * @fd: 1: CAN FD, 0: classic CAN
 * @e2e: enum layby_e2e
 * @data_id_mode: enum layby_e2e_data_id; profile 1 only
 * @data_id: the Data ID
 * @crc_byte: byte of the CRC; of its low half in profile 5, the counter is at + 2
 * @counter_bit: first bit of the counter, a multiple of 4; profile 1 only
 * @nibble_bit: where bits 8 to 11 of the Data ID are sent; nibble mode only
 * @counter_step: the counter may grow by so much, 1: nothing may get lost
 * @signals: mask of what is in it, by enum layby_signal
 * @pad: 0
 */
struct layby_signals_frame {
	__le32 can_id;
	__u8 length;
	__u8 fd;
	__u8 e2e;
	__u8 data_id_mode;
	__le16 data_id;
	__u8 crc_byte;
	__u8 counter_bit;
	__u8 nibble_bit;
	__u8 counter_step;
	__u8 signals;
	__u8 pad;
};

/* Raw values, both ends included; signed if the signal is. */
struct layby_signals_range {
	__le32 low;
	__le32 high;
};

/**
 * struct layby_signals_signal - where a signal is and what it means
 * @frame: index of its frame
 * @motorola: 1: the most significant bit comes first
 * @is_signed: 1: two's complement
 * @length: bits, 1 to LAYBY_SIGNALS_BITS_MAX; 0: the vehicle does not say it
 * @start: first bit, see the top of the file
 * @yes_count: ranges used of @yes
 * @pad: 0
 * @valid: raw values that mean anything; others are "not available"
 * @yes: raw values that mean yes; only of a signal that answers a question
 * @factor_micro: a raw one is so many millionths of the unit, signed
 * @offset_micro: so many millionths of the unit are added, signed
 */
struct layby_signals_signal {
	__u8 frame;
	__u8 motorola;
	__u8 is_signed;
	__u8 length;
	__le16 start;
	__u8 yes_count;
	__u8 pad;
	struct layby_signals_range valid;
	struct layby_signals_range yes[LAYBY_SIGNALS_RANGES_MAX];
	__le64 factor_micro;
	__le64 offset_micro;
};

/**
 * struct layby_signals - a signals file
 * @magic: LAYBY_SIGNALS_MAGIC
 * @version: LAYBY_SIGNALS_VERSION
 * @size: bytes of the file
 * @frame_count: how many of @frame are used, 1 to LAYBY_SIGNALS_FRAMES_MAX
 * @known: mask of the signals that some frame carries
 * @pad: 0
 * @frame: the monitored frames
 * @signal: by enum layby_signal
 */
struct layby_signals {
	__le32 magic;
	__le32 version;
	__le32 size;
	__u8 frame_count;
	__u8 known;
	__u8 pad[2];
	struct layby_signals_frame frame[LAYBY_SIGNALS_FRAMES_MAX];
	struct layby_signals_signal signal[LAYBY_SIGNALS];
};

#ifndef __VMLINUX_H__
static_assert(sizeof(struct layby_signals_frame) == 16, "signals: frame");
static_assert(sizeof(struct layby_signals_signal) == 64, "signals: signal");
static_assert(sizeof(struct layby_signals) == 16 + 8 * 16 + 6 * 64, "signals: size");
#endif

#endif /* LAYBY_SIGNALS_H */
