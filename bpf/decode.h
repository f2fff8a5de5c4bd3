/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the bytes of a monitored frame to what it says: bits, scaling, CRC.
 *
 * Pure: a function of the signals file and the frame, no state. The same file
 * goes into the eBPF program and the host tests. It relies on nothing that the
 * signals file says for its memory safety: every index is masked. No floating
 * point and no signed division, which eBPF has not.
 */
#ifndef LAYBY_DECODE_H
#define LAYBY_DECODE_H

#ifndef __VMLINUX_H__
#include <stdbool.h>
#endif
#include <layby/vehicle.h>

#include "crc.h"

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define layby_le16(x)	((__u16)(x))
#define layby_le32(x)	((__u32)(x))
#define layby_le64(x)	((__u64)(x))
#else
#define layby_le16(x)	__builtin_bswap16((__u16)(x))
#define layby_le32(x)	__builtin_bswap32((__u32)(x))
#define layby_le64(x)	__builtin_bswap64((__u64)(x))
#endif

#define LAYBY_BYTE_MASK	(LAYBY_SIGNALS_BYTES_MAX - 1)

/* Index of the frame with this identifier, LAYBY_SIGNALS_FRAMES_MAX if it is not monitored. */
static inline __u32 layby_decode_find(const struct layby_signals *signals, __u32 can_id)
{
	__u32 i;

	for (i = 0; i < LAYBY_SIGNALS_FRAMES_MAX; i++) {
		if (i >= signals->frame_count)
			break;
		if (layby_le32(signals->frame[i].can_id) == can_id)
			return i;
	}
	return LAYBY_SIGNALS_FRAMES_MAX;
}

/*
 * E2E profile 1: the CRC starts with 0 and is not inverted, other than the CRC
 * library's own (PRS_E2EProtocol, profile 1, "CRC calculation").
 */
static inline __u8 layby_e2e_crc8(const struct layby_signals_frame *f, const __u8 *data,
				  __u8 counter)
{
	__u16 id = layby_le16(f->data_id);
	__u8 crc = 0;
	__u32 i;

	if (f->data_id_mode == LAYBY_E2E_DATA_ID_ALTERNATE)
		crc = layby_crc8(crc, counter & 1 ? id >> 8 : id & 0xff);
	else
		crc = layby_crc8(crc, id & 0xff);
	if (f->data_id_mode == LAYBY_E2E_DATA_ID_BOTH)
		crc = layby_crc8(crc, id >> 8);
	else if (f->data_id_mode == LAYBY_E2E_DATA_ID_NIBBLE)
		crc = layby_crc8(crc, 0);
	for (i = 0; i < LAYBY_SIGNALS_BYTES_MAX && i < f->length; i++)
		if (i != f->crc_byte)
			crc = layby_crc8(crc, data[i]);
	return crc;
}

/* E2E profile 5: starts with 0xffff; the Data ID comes last, low byte first. */
static inline __u16 layby_e2e_crc16(const struct layby_signals_frame *f, const __u8 *data)
{
	__u16 id = layby_le16(f->data_id);
	__u16 crc = 0xffff;
	__u32 i;

	for (i = 0; i < LAYBY_SIGNALS_BYTES_MAX && i < f->length; i++)
		if (i != f->crc_byte && i != f->crc_byte + 1u)
			crc = layby_crc16(crc, data[i]);
	crc = layby_crc16(crc, id & 0xff);
	return layby_crc16(crc, id >> 8);
}

static inline __u8 layby_nibble(const __u8 *data, __u8 bit)
{
	return data[(bit >> 3) & LAYBY_BYTE_MASK] >> (bit & 4) & 0xf;
}

/* Counts up to 14: 15 means that there is none. */
static inline bool layby_e2e_profile_1(const struct layby_signals_frame *f, const __u8 *data,
				       struct layby_vehicle_frame *out)
{
	out->counter = layby_nibble(data, f->counter_bit);
	out->counter_values = 14;
	if (out->counter > 14)
		return 0;
	if (f->data_id_mode == LAYBY_E2E_DATA_ID_NIBBLE &&
	    layby_nibble(data, f->nibble_bit) != (layby_le16(f->data_id) >> 8 & 0xf))
		return 0;
	return layby_e2e_crc8(f, data, out->counter) == data[f->crc_byte & LAYBY_BYTE_MASK];
}

static inline bool layby_e2e_profile_5(const struct layby_signals_frame *f, const __u8 *data,
				       struct layby_vehicle_frame *out)
{
	__u32 at = f->crc_byte;
	__u16 sent = data[at & LAYBY_BYTE_MASK] | data[(at + 1) & LAYBY_BYTE_MASK] << 8;

	out->counter = data[(at + 2) & LAYBY_BYTE_MASK];
	out->counter_values = 255;
	return layby_e2e_crc16(f, data) == sent;
}

static inline bool layby_e2e_check(const struct layby_signals_frame *f, const __u8 *data,
				   struct layby_vehicle_frame *out)
{
	out->counter_step = f->counter_step;
	switch (f->e2e) {
	case LAYBY_E2E_NONE:
		return 1;
	case LAYBY_E2E_PROFILE_1:
		return layby_e2e_profile_1(f, data, out);
	case LAYBY_E2E_PROFILE_5:
		return layby_e2e_profile_5(f, data, out);
	default:
		return 0;
	}
}

/* Its bits, sign-extended if it has a sign. Five bytes hold any 32 bits. */
static inline __s64 layby_signal_raw(const struct layby_signals_signal *s, const __u8 *data)
{
	__u32 start = layby_le16(s->start), length = s->length & 63;
	__u32 byte = start >> 3, bit = start & 7, i;
	__u64 raw = 0;

	for (i = 0; i < 5; i++) {
		__u64 next = data[(byte + i) & LAYBY_BYTE_MASK];

		raw = s->motorola ? raw << 8 | next : raw | next << (8 * i);
	}
	raw >>= (s->motorola ? 33 + bit - length : bit) & 63;
	raw &= (1ULL << length) - 1;
	if (s->is_signed && raw >> ((length - 1) & 63))
		raw |= ~0ULL << length;
	return (__s64)raw;
}

static inline bool layby_in_range(const struct layby_signals_signal *s,
				  const struct layby_signals_range *range, __s64 raw)
{
	__u32 low = layby_le32(range->low), high = layby_le32(range->high);

	if (s->is_signed)
		return raw >= (__s32)low && raw <= (__s32)high;
	return raw >= (__s64)low && raw <= (__s64)high;
}

/* Thousandths of the unit, rounded towards zero. */
static inline __s32 layby_signal_value(const struct layby_signals_signal *s, __s64 raw)
{
	__u64 micro = (__u64)raw * layby_le64(s->factor_micro) + layby_le64(s->offset_micro);
	bool negative = micro >> 63;
	__u64 milli = (negative ? 0 - micro : micro) / 1000;

	if (milli > 0x7fffffff)
		milli = 0x7fffffff;
	return negative ? -(__s32)milli : (__s32)milli;
}

static inline __u8 layby_signal_state(const struct layby_signals_signal *s, __s64 raw)
{
	__u32 i;

	if (!layby_in_range(s, &s->valid, raw))
		return LAYBY_SIGNAL_INVALID;
	for (i = 0; i < LAYBY_SIGNALS_RANGES_MAX && i < s->yes_count; i++)
		if (layby_in_range(s, &s->yes[i], raw))
			return LAYBY_SIGNAL_YES;
	return LAYBY_SIGNAL_NO;
}

/**
 * layby_decode() - what a monitored frame says
 * @signals: the signals file
 * @index: of the frame in it, from layby_decode_find()
 * @data: LAYBY_SIGNALS_BYTES_MAX bytes, the frame's data in front
 * @length: bytes of data of the frame
 * @fd: it is a CAN FD frame
 * @out: zeroed
 */
static inline void layby_decode(const struct layby_signals *signals, __u32 index,
				const __u8 *data, __u32 length, bool fd,
				struct layby_vehicle_frame *out)
{
	const struct layby_signals_frame *f =
		&signals->frame[index & (LAYBY_SIGNALS_FRAMES_MAX - 1)];
	__u32 i;

	out->can_id = layby_le32(f->can_id);
	out->index = index;
	out->known = signals->known;
	if (length != f->length || fd != !!f->fd) {
		out->check = LAYBY_FRAME_MALFORMED;
		return;
	}
	if (!layby_e2e_check(f, data, out)) {
		out->check = LAYBY_FRAME_CRC;
		return;
	}
	for (i = 0; i < LAYBY_SIGNALS; i++) {
		const struct layby_signals_signal *s = &signals->signal[i];
		__s64 raw;

		if (!(f->signals & 1u << i))
			continue;
		raw = layby_signal_raw(s, data);
		out->state[i] = layby_signal_state(s, raw);
		out->value[i] = layby_signal_value(s, raw);
	}
}

#endif /* LAYBY_DECODE_H */
