// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Frames as a control unit builds them. See the header.
 */
#include "frame.h"

#include <endian.h>
#include <math.h>
#include <string.h>

/* --- Values ----------------------------------------------------------------- */

static bool in_range(const struct layby_signals_signal *s,
		     const struct layby_signals_range *range, int64_t raw)
{
	int64_t low = le32toh(range->low), high = le32toh(range->high);

	if (s->is_signed) {
		low = (int32_t)low;
		high = (int32_t)high;
	}
	return raw >= low && raw <= high;
}

static bool means_yes(const struct layby_signals_signal *s, int64_t raw)
{
	for (uint32_t i = 0; i < s->yes_count; i++)
		if (in_range(s, &s->yes[i], raw))
			return true;
	return false;
}

enum meaning { YES, NO, INVALID };

static bool find(const struct layby_signals *signals, uint32_t signal, enum meaning wanted,
		 uint32_t *ret_raw)
{
	const struct layby_signals_signal *s = &signals->signal[signal];
	int64_t count = s->length ? 1ll << s->length : 0, raw, number;

	for (raw = 0; raw < count; raw++) {
		number = s->is_signed && raw >> (s->length - 1) ? raw - count : raw;
		if (wanted == (!in_range(s, &s->valid, number) ? INVALID :
			       means_yes(s, number) ? YES : NO)) {
			*ret_raw = (uint32_t)raw;
			return true;
		}
	}
	return false;
}

bool sender_yes(const struct layby_signals *signals, uint32_t signal, uint32_t *ret_raw)
{
	return find(signals, signal, YES, ret_raw);
}

bool sender_no(const struct layby_signals *signals, uint32_t signal, uint32_t *ret_raw)
{
	return find(signals, signal, NO, ret_raw);
}

bool sender_invalid(const struct layby_signals *signals, uint32_t signal, uint32_t *ret_raw)
{
	return find(signals, signal, INVALID, ret_raw);
}

uint32_t sender_scale(const struct layby_signals *signals, uint32_t signal, double value)
{
	const struct layby_signals_signal *s = &signals->signal[signal];
	double offset = (double)(int64_t)le64toh(s->offset_micro) / 1e6;
	double factor = (double)(int64_t)le64toh(s->factor_micro) / 1e6;

	return (uint32_t)llround((value - offset) / factor);
}

/* --- Bits ------------------------------------------------------------------- */

/* The least significant bit first; Motorola goes back from there to the start. */
static void put_signal(const struct layby_signals_signal *s, uint32_t raw, uint8_t *data)
{
	uint32_t start = le16toh(s->start);

	for (uint32_t i = 0; i < s->length; i++) {
		uint32_t bit = start + i;

		if (s->motorola) {
			uint32_t back = s->length - 1 - i;
			uint32_t byte = start / 8, place = start % 8;

			/* to the start of the next byte, again and again */
			while (back > place) {
				back -= place + 1;
				byte++;
				place = 7;
			}
			bit = byte * 8 + place - back;
		}
		if (raw >> i & 1)
			data[bit / 8] |= (uint8_t)(1 << bit % 8);
	}
}

/* Remainder of the division, most significant bit first. */
static uint32_t divide(uint32_t remainder, uint32_t polynomial, uint32_t width, uint8_t byte)
{
	for (int bit = 7; bit >= 0; bit--) {
		uint32_t carry = (remainder >> (width - 1) & 1) ^ (byte >> bit & 1);

		remainder = remainder << 1 & ((1u << width) - 1);
		if (carry)
			remainder ^= polynomial;
	}
	return remainder;
}

static uint8_t crc_profile_1(const struct layby_signals_frame *f, const uint8_t *data,
			     uint8_t counter)
{
	uint8_t low = le16toh(f->data_id) & 0xff, high = le16toh(f->data_id) >> 8;
	uint8_t first[2] = { low, high };
	uint32_t crc = 0, count = 2;

	if (f->data_id_mode == LAYBY_E2E_DATA_ID_LOW)
		count = 1;
	if (f->data_id_mode == LAYBY_E2E_DATA_ID_NIBBLE)
		first[1] = 0;
	if (f->data_id_mode == LAYBY_E2E_DATA_ID_ALTERNATE) {
		first[0] = counter % 2 ? high : low;
		count = 1;
	}
	for (uint32_t i = 0; i < count; i++)
		crc = divide(crc, 0x1d, 8, first[i]);
	for (uint32_t i = 0; i < f->length; i++)
		if (i != f->crc_byte)
			crc = divide(crc, 0x1d, 8, data[i]);
	return (uint8_t)crc;
}

static uint16_t crc_profile_5(const struct layby_signals_frame *f, const uint8_t *data)
{
	uint32_t crc = 0xffff;

	for (uint32_t i = 0; i < f->length; i++)
		if (i < f->crc_byte || i > f->crc_byte + 1u)
			crc = divide(crc, 0x1021, 16, data[i]);
	crc = divide(crc, 0x1021, 16, le16toh(f->data_id) & 0xff);
	return (uint16_t)divide(crc, 0x1021, 16, le16toh(f->data_id) >> 8);
}

/* --- Frames ----------------------------------------------------------------- */

static bool due(uint32_t *fault)
{
	return *fault && (*fault)--;
}

static uint8_t next_counter(struct sender *sender, uint32_t frame)
{
	const struct layby_signals_frame *f = &sender->signals->frame[frame];
	struct frame_faults *faults = &sender->faults[frame];
	uint32_t values = f->e2e == LAYBY_E2E_PROFILE_1 ? 15 : 256;

	if (!due(&faults->repeat)) {
		sender->counter[frame] =
			(uint8_t)((sender->counter[frame] + 1 + faults->skip) % values);
		faults->skip = 0;
	}
	return sender->counter[frame];
}

static void put_nibble(uint8_t *data, uint32_t bit, uint32_t nibble)
{
	data[bit / 8] |= (uint8_t)((nibble & 0xf) << bit % 8);
}

static void protect(struct sender *sender, uint32_t frame, uint8_t *data)
{
	const struct layby_signals_frame *f = &sender->signals->frame[frame];
	uint8_t counter = next_counter(sender, frame);
	uint16_t crc;

	if (f->e2e == LAYBY_E2E_PROFILE_1) {
		put_nibble(data, f->counter_bit, counter);
		if (f->data_id_mode == LAYBY_E2E_DATA_ID_NIBBLE)
			put_nibble(data, f->nibble_bit, le16toh(f->data_id) >> 8);
		data[f->crc_byte] = crc_profile_1(f, data, counter);
	} else if (f->e2e == LAYBY_E2E_PROFILE_5) {
		data[f->crc_byte + 2] = counter;
		crc = crc_profile_5(f, data);
		data[f->crc_byte] = (uint8_t)crc;
		data[f->crc_byte + 1] = (uint8_t)(crc >> 8);
	}
	if (due(&sender->faults[frame].crc))
		data[f->crc_byte] ^= 0x01;
}

size_t sender_frame(struct sender *sender, uint32_t frame, struct canfd_frame *ret_frame)
{
	const struct layby_signals_frame *f = &sender->signals->frame[frame];
	uint32_t id = le32toh(f->can_id);

	memset(ret_frame, 0, sizeof(*ret_frame));
	ret_frame->can_id = (id & ~LAYBY_SIGNALS_EXTENDED) |
			    (id & LAYBY_SIGNALS_EXTENDED ? CAN_EFF_FLAG : 0);
	ret_frame->len = f->length;
	for (uint32_t i = 0; i < LAYBY_SIGNALS; i++)
		if (f->signals & 1u << i)
			put_signal(&sender->signals->signal[i], sender->raw[i], ret_frame->data);
	protect(sender, frame, ret_frame->data);
	if (due(&sender->faults[frame].length))
		ret_frame->len = f->length > 8 ? 8 : f->length - 1;
	if (due(&sender->faults[frame].remote))
		ret_frame->can_id |= CAN_RTR_FLAG;
	return f->fd ? CANFD_MTU : CAN_MTU;
}
