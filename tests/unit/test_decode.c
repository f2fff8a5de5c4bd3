// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Decoding the vehicle's frames on the host: the same bpf/decode.h as in the
 * eBPF program.
 *
 * CRCs against published values: the check values of the catalogue of CRCs for
 * "123456789", and the protocol examples of the AUTOSAR E2E Protocol
 * Specification. Random signals files and values against tests/vehicle/frame.c,
 * which sets bits one by one and divides by the polynomial. Any bytes at all as
 * a signals file: the sanitizers watch.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <decode.h>
#include <frame.h>
#include <table.h>

static uint32_t random_below(uint32_t limit)
{
	static uint64_t state = 0x9e3779b97f4a7c15;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 32) % limit;
}

/* --- CRCs ------------------------------------------------------------------- */

static void test_crc_check_values(void **state)
{
	const char *digits = "123456789";
	uint8_t crc8 = 0xff;
	uint16_t crc16 = 0xffff;

	for (; *digits; digits++) {
		crc8 = layby_crc8(crc8, (uint8_t)*digits);
		crc16 = layby_crc16(crc16, (uint8_t)*digits);
	}
	assert_int_equal(crc8 ^ 0xff, 0x4b);	/* CRC-8/SAE-J1850 */
	assert_int_equal(crc16, 0x29b1);	/* CRC-16/CCITT-FALSE */
}

/* A byte's remainder, bit by bit. */
static uint32_t divide(uint32_t byte, uint32_t polynomial, uint32_t width)
{
	uint32_t remainder = byte << (width - 8);

	for (int i = 0; i < 8; i++)
		remainder = remainder << 1 ^ (remainder >> (width - 1) & 1 ? polynomial : 0);
	return remainder & ((1u << width) - 1);
}

static void test_crc_tables(void **state)
{
	for (uint32_t i = 0; i < 256; i++) {
		assert_int_equal(layby_crc8_table[i], divide(i, 0x1d, 8));
		assert_int_equal(layby_crc16_table[i], divide(i, 0x1021, 16));
	}
}

static const struct example {
	uint8_t e2e, mode, at, length;
	uint16_t data_id;
	uint8_t data[16];
} examples[] = {
	{ 1, LAYBY_E2E_DATA_ID_BOTH, 0, 8, 0x123, { 0xcc } },
	{ 1, LAYBY_E2E_DATA_ID_BOTH, 0, 8, 0x123, { 0x91, 1 } },
	{ 1, LAYBY_E2E_DATA_ID_ALTERNATE, 0, 8, 0x123, { 0xce } },
	{ 1, LAYBY_E2E_DATA_ID_ALTERNATE, 0, 8, 0x123, { 0x02, 1 } },
	{ 1, LAYBY_E2E_DATA_ID_LOW, 0, 8, 0x123, { 0xce } },
	{ 1, LAYBY_E2E_DATA_ID_LOW, 0, 8, 0x123, { 0x93, 1 } },
	{ 1, LAYBY_E2E_DATA_ID_NIBBLE, 0, 8, 0x123, { 0x2a, 0x10 } },
	{ 1, LAYBY_E2E_DATA_ID_NIBBLE, 0, 8, 0x123, { 0x77, 0x11 } },
	{ 5, 0, 0, 8, 0x1234, { 0x1c, 0xca } },
	{ 5, 0, 0, 8, 0x1234, { 0xcf, 0x8d, 1 } },
	{ 5, 0, 8, 16, 0x1234, { [8] = 0x28, 0x91 } },
	{ 5, 0, 8, 16, 0x1234, { [8] = 0xfb, 0xd6, 1 } },
};

static struct layby_vehicle_frame decode_example(const struct example *e, const uint8_t *data,
						 uint32_t length)
{
	struct layby_signals signals = {
		.frame_count = 1,
		.frame[0] = {
			.length = e->length,
			.fd = e->length > 8,
			.e2e = e->e2e,
			.data_id_mode = e->mode,
			.data_id = e->data_id,
			.crc_byte = e->at,
			.counter_bit = e->e2e == 1 ? 8 : 0,
			.nibble_bit = e->mode == LAYBY_E2E_DATA_ID_NIBBLE ? 12 : 0,
			.counter_step = 1,
		},
	};
	struct layby_vehicle_frame frame = {};

	layby_decode(&signals, 0, data, length, e->length > 8, &frame);
	return frame;
}

/* As published they are right; with any bit flipped they are not. */
static void test_e2e_examples(void **state)
{
	for (size_t i = 0; i < sizeof(examples) / sizeof(*examples); i++) {
		const struct example *e = &examples[i];
		struct layby_vehicle_frame frame;
		uint8_t data[64] = {};

		memcpy(data, e->data, sizeof(e->data));
		frame = decode_example(e, data, e->length);
		if (frame.check != LAYBY_FRAME_OK)
			fail_msg("example %zu is not taken for right", i);
		assert_int_equal(frame.counter, i & 1);
		assert_int_equal(frame.counter_values, e->e2e == 1 ? 14 : 255);
		for (uint32_t bit = 0; bit < e->length * 8u; bit++) {
			data[bit / 8] ^= (uint8_t)(1 << bit % 8);
			frame = decode_example(e, data, e->length);
			assert_int_equal(frame.check, LAYBY_FRAME_CRC);
			data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		frame = decode_example(e, data, e->length - 1u);
		assert_int_equal(frame.check, LAYBY_FRAME_MALFORMED);
	}
}

/* 15 is no value of profile 1's counter, whatever the CRC. */
static void test_counter_15(void **state)
{
	struct example e = examples[0];
	uint8_t data[64] = { [1] = 0x0f };
	struct layby_vehicle_frame frame;
	uint32_t right = 0;

	for (uint32_t crc = 0; crc < 256; crc++) {
		data[0] = (uint8_t)crc;
		frame = decode_example(&e, data, 8);
		right += frame.check == LAYBY_FRAME_OK;
	}
	assert_int_equal(right, 0);
}

/* --- Bits and scaling ------------------------------------------------------- */

static void test_bits(void **state)
{
	static const struct {
		struct layby_signals_signal signal;
		int64_t raw;
	} cases[] = {
		{ { .start = 0, .length = 8 }, 0x12 },
		{ { .start = 4, .length = 8 }, 0x41 },
		{ { .start = 0, .length = 32 }, 0x78563412 },
		{ { .start = 7, .length = 8, .motorola = 1 }, 0x12 },
		{ { .start = 3, .length = 8, .motorola = 1 }, 0x23 },
		{ { .start = 7, .length = 32, .motorola = 1 }, 0x12345678 },
		{ { .start = 3, .length = 32, .motorola = 1 }, 0x23456789 },
		{ { .start = 36, .length = 28 }, 0x00edcb9 },
		{ { .start = 32, .length = 4, .is_signed = 1 }, -6 },
		{ { .start = 39, .length = 4, .is_signed = 1, .motorola = 1 }, -7 },
		{ { .start = 24, .length = 32, .is_signed = 1 }, 0xedcb9a78ll - (1ll << 32) },
	};
	uint8_t data[64] = { 0x12, 0x34, 0x56, 0x78, 0x9a, 0xcb, 0xed, 0x00 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int64_t raw = layby_signal_raw(&cases[i].signal, data);

		if (raw != cases[i].raw)
			fail_msg("case %zu gives %lld, it must be %lld", i, (long long)raw,
				 (long long)cases[i].raw);
	}
}

static void test_value(void **state)
{
	static const struct {
		int64_t raw, factor, offset;
		int32_t value;
	} cases[] = {
		{ 100, 1000000, 0, 100000 },
		{ 3, 500000, 0, 1500 },
		{ 0, 1000000, -40000000, -40000 },
		{ -1, 10000, 12000000, 11990 },
		{ 1, 999, 0, 0 },
		{ -1, 1999, 0, -1 },
		{ 0xffffffff, 1000000000, 0, INT32_MAX },
		{ -0x80000000ll, 1000000000, 0, -INT32_MAX },
		{ 0, 1, 1000000000000000, INT32_MAX },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct layby_signals_signal s = {
			.factor_micro = (uint64_t)cases[i].factor,
			.offset_micro = (uint64_t)cases[i].offset,
		};

		assert_int_equal(layby_signal_value(&s, cases[i].raw), cases[i].value);
	}
}

/* --- Against the sender ------------------------------------------------------- */

static void random_frame(struct layby_signals_frame *f, uint32_t index)
{
	static const uint8_t profiles[] = { LAYBY_E2E_NONE, LAYBY_E2E_PROFILE_1,
		LAYBY_E2E_PROFILE_5 };
	static const uint8_t lengths[] = { 12, 16, 20, 24, 32, 48, 64 };

	*f = (struct layby_signals_frame){ .can_id = 0x100 + index, .fd = random_below(2) };
	f->length = f->fd && random_below(2) ? lengths[random_below(7)] :
		(uint8_t)(3 + random_below(6));
	f->e2e = profiles[random_below(3)];
	if (!f->e2e)
		return;
	f->data_id = (uint16_t)random_below(0x1000);
	f->counter_step = (uint8_t)(1 + random_below(13));
	f->crc_byte = (uint8_t)random_below(f->length);
	if (f->e2e == LAYBY_E2E_PROFILE_1) {
		f->data_id_mode = (uint8_t)random_below(4);
		f->counter_bit = (uint8_t)(4 * random_below(2u * f->length));
		if (f->data_id_mode == LAYBY_E2E_DATA_ID_NIBBLE)
			f->nibble_bit = (uint8_t)(4 * random_below(2u * f->length));
	}
}

static void random_signal(struct layby_signals *signals, uint32_t i)
{
	struct layby_signals_signal *s = &signals->signal[i];
	int64_t min, max;

	memset(s, 0, sizeof(*s));
	s->frame = (uint8_t)random_below(signals->frame_count);
	s->length = (uint8_t)(2 + random_below(31));
	s->start = (uint16_t)random_below(signals->frame[s->frame].length * 8u);
	s->motorola = random_below(2);
	s->is_signed = random_below(2);
	max = (1ll << (s->length - s->is_signed)) - 1;
	min = s->is_signed ? -max - 1 : 0;
	s->valid = (struct layby_signals_range){ (uint32_t)min, (uint32_t)(max - 1) };
	if (signals_yes_key(i)) {
		s->yes_count = 1;
		s->yes[0] = (struct layby_signals_range){ (uint32_t)min, (uint32_t)(max / 2) };
	}
	s->factor_micro = 1 + random_below(2000000);
	s->offset_micro = (uint64_t)((int64_t)random_below(2000000) - 1000000);
	signals->known |= (uint8_t)(1u << i);
	signals->frame[s->frame].signals |= (uint8_t)(1u << i);
}

/* One that the validator takes; most random ones it does not. */
static struct layby_signals random_signals(void)
{
	struct layby_signals signals;
	struct signals_error error;

	do {
		memset(&signals, 0, sizeof(signals));
		signals.magic = LAYBY_SIGNALS_MAGIC;
		signals.version = LAYBY_SIGNALS_VERSION;
		signals.size = sizeof(signals);
		signals.frame_count = (uint8_t)(1 + random_below(LAYBY_SIGNALS_FRAMES_MAX));
		for (uint32_t i = 0; i < signals.frame_count; i++)
			random_frame(&signals.frame[i], i);
		for (uint32_t i = 0; i < 2 + random_below(LAYBY_SIGNALS - 1); i++)
			random_signal(&signals, i);
	} while (signals_check(&signals, sizeof(signals), &error));
	return signals;
}

static int64_t as_number(const struct layby_signals_signal *s, uint32_t raw)
{
	return s->is_signed && raw >> (s->length - 1) ? (int64_t)raw - (1ll << s->length) : raw;
}

static uint8_t expected_state(const struct layby_signals_signal *s, int64_t raw)
{
	int64_t max = (1ll << (s->length - s->is_signed)) - 1;

	if (raw == max)
		return LAYBY_SIGNAL_INVALID;
	return s->yes_count && raw <= max / 2 ? LAYBY_SIGNAL_YES : LAYBY_SIGNAL_NO;
}

static int32_t expected_value(const struct layby_signals_signal *s, int64_t raw)
{
	__int128 milli = ((__int128)raw * (int64_t)s->factor_micro + (int64_t)s->offset_micro) /
		1000;

	return milli > INT32_MAX ? INT32_MAX : milli < -INT32_MAX ? -INT32_MAX : (int32_t)milli;
}

static void compare_signal(const struct sender *sender, uint32_t i,
			   const struct layby_vehicle_frame *frame)
{
	const struct layby_signals_signal *s = &sender->signals->signal[i];
	int64_t raw = as_number(s, sender->raw[i]);

	assert_int_equal(frame->state[i], expected_state(s, raw));
	assert_int_equal(frame->value[i], expected_value(s, raw));
}

static void compare_frame(struct sender *sender, uint32_t index)
{
	const struct layby_signals *signals = sender->signals;
	struct layby_vehicle_frame frame = {};
	struct canfd_frame sent;
	size_t size = sender_frame(sender, index, &sent);

	assert_int_equal(layby_decode_find(signals, sent.can_id), index);
	layby_decode(signals, index, sent.data, sent.len, size == CANFD_MTU, &frame);
	assert_int_equal(frame.check, LAYBY_FRAME_OK);
	assert_int_equal(frame.can_id, sent.can_id);
	assert_int_equal(frame.index, index);
	assert_int_equal(frame.known, signals->known);
	if (signals->frame[index].e2e)
		assert_int_equal(frame.counter, sender->counter[index]);
	for (uint32_t i = 0; i < LAYBY_SIGNALS; i++)
		if (signals->frame[index].signals & 1u << i)
			compare_signal(sender, i, &frame);
		else
			assert_int_equal(frame.state[i], LAYBY_SIGNAL_ABSENT);
}

static void test_random(void **state)
{
	for (int round = 0; round < 3000; round++) {
		struct layby_signals signals = random_signals();
		struct sender sender = { .signals = &signals };

		/* signals may share bits: one of them at a time has any */
		for (uint32_t i = 0; i < LAYBY_SIGNALS; i++) {
			const struct layby_signals_signal *s = &signals.signal[i];
			uint32_t mask = (uint32_t)((1ull << s->length) - 1);

			if (!s->length)
				continue;
			memset(sender.raw, 0, sizeof(sender.raw));
			sender.raw[i] = random_below(8) ? random_below(UINT32_MAX) & mask :
				mask >> s->is_signed;
			signals.frame[s->frame].signals = (uint8_t)(1u << i);
			compare_frame(&sender, s->frame);
		}
	}
}

static void test_foreign(void **state)
{
	struct layby_signals signals = random_signals();

	assert_int_equal(layby_decode_find(&signals, 0x99), LAYBY_SIGNALS_FRAMES_MAX);
	assert_int_equal(layby_decode_find(&signals, 0x100 | LAYBY_SIGNALS_EXTENDED),
			 LAYBY_SIGNALS_FRAMES_MAX);
	signals.frame_count = 0;
	assert_int_equal(layby_decode_find(&signals, 0), LAYBY_SIGNALS_FRAMES_MAX);
}

/* Whatever stands in the signals file, no access goes astray. */
static void test_any_bytes(void **state)
{
	struct layby_signals signals;
	struct layby_vehicle_frame frame;
	uint8_t data[64];

	for (int round = 0; round < 200000; round++) {
		for (size_t i = 0; i < sizeof(signals); i += 4) {
			uint32_t word = random_below(UINT32_MAX);

			memcpy((char *)&signals + i, &word, 4);
		}
		for (size_t i = 0; i < sizeof(data); i++)
			data[i] = (uint8_t)random_below(256);
		memset(&frame, 0, sizeof(frame));
		/* half of them get past the length */
		layby_decode(&signals, random_below(16),
			     data, random_below(2) ? signals.frame[round % 8].length : 8,
			     random_below(2), &frame);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crc_check_values),
		cmocka_unit_test(test_crc_tables),
		cmocka_unit_test(test_e2e_examples),
		cmocka_unit_test(test_counter_15),
		cmocka_unit_test(test_bits),
		cmocka_unit_test(test_value),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_any_bytes),
	};

	return cmocka_run_group_tests_name("decode", tests, NULL, NULL);
}
