// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What makes a signals file right. See the header.
 */
#include "table.h"

#include <endian.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define CAN_ID_MAX		0x7ffu
#define CAN_ID_EXTENDED_MAX	0x1fffffffu
#define CLASSIC_BYTES_MAX	8u
/* AUTOSAR E2E: profile 1 protects up to 240 bits and CRC, counter */
#define PROFILE_1_BYTES_MAX	32u
#define PROFILE_1_STEP_MAX	13u
#define PROFILE_5_STEP_MAX	254u
/* so that no value of 32 bits overflows when it is scaled */
#define FACTOR_MAX		1000000000ll
#define OFFSET_MAX		1000000000000000ll

static const struct {
	const char *name, *yes;
} names[LAYBY_SIGNALS] = {
	[LAYBY_SIGNAL_GEAR] = { "gear", "Park" },
	[LAYBY_SIGNAL_SPEED] = { "speed", "Standing" },
	[LAYBY_SIGNAL_IGNITION] = { "ignition", "Off" },
	[LAYBY_SIGNAL_CHARGING] = { "charging", "Charging" },
	[LAYBY_SIGNAL_CHARGE] = { "charge", NULL },
	[LAYBY_SIGNAL_SUPPLY] = { "supply", NULL },
};

/* What is being checked, and where to put what is wrong with it. */
struct check {
	const struct layby_signals *signals;
	struct signals_error *error;
	uint32_t frame, signal;
};

__attribute__((format(printf, 3, 4)))
static int wrong(const struct check *c, const char *key, const char *format, ...)
{
	va_list list;

	c->error->frame = c->frame;
	c->error->signal = c->signal;
	c->error->key = key;
	va_start(list, format);
	vsnprintf(c->error->text, sizeof(c->error->text), format, list);
	va_end(list);
	return -EINVAL;
}

const char *signals_name(uint32_t signal)
{
	return signal < LAYBY_SIGNALS ? names[signal].name : NULL;
}

const char *signals_yes_key(uint32_t signal)
{
	return signal < LAYBY_SIGNALS ? names[signal].yes : NULL;
}

const char *signals_e2e_name(uint32_t e2e)
{
	switch (e2e) {
	case LAYBY_E2E_NONE:
		return "none";
	case LAYBY_E2E_PROFILE_1:
		return "profile-1";
	case LAYBY_E2E_PROFILE_5:
		return "profile-5";
	default:
		return NULL;
	}
}

const char *signals_data_id_mode_name(uint32_t mode)
{
	static const char * const modes[] = { "both", "alternate", "low", "nibble" };

	return mode < 4 ? modes[mode] : NULL;
}

static bool is_zero(const void *bytes, size_t size)
{
	const uint8_t *byte = bytes;

	while (size--)
		if (byte[size])
			return false;
	return true;
}

/* --- Frames --------------------------------------------------------------- */

static int check_id(const struct check *c, const struct layby_signals_frame *f)
{
	uint32_t id = le32toh(f->can_id), i;

	if (id & LAYBY_SIGNALS_EXTENDED ?
	    (id & ~LAYBY_SIGNALS_EXTENDED) > CAN_ID_EXTENDED_MAX : id > CAN_ID_MAX)
		return wrong(c, "Id",
			     "0x%x is no CAN identifier: right are 0x000 to 0x7ff, and 0x00000000 to 0x1fffffff with all eight digits",
			     id & ~LAYBY_SIGNALS_EXTENDED);
	for (i = 0; i < c->frame; i++)
		if (c->signals->frame[i].can_id == f->can_id)
			return wrong(c, "Id",
				     "frame %u has this identifier too: right is one section for all that is in a frame",
				     i + 1);
	return 0;
}

static int check_length(const struct check *c, const struct layby_signals_frame *f)
{
	static const uint8_t lengths[] = { 12, 16, 20, 24, 32, 48, 64 };

	if (f->fd > 1)
		return wrong(c, "Format", "%u: right are classic and fd", f->fd);
	if (f->length && f->length <= CLASSIC_BYTES_MAX)
		return 0;
	if (!f->fd)
		return wrong(c, "Length", "%u bytes: a classic frame has 1 to %u", f->length,
			     CLASSIC_BYTES_MAX);
	if (!memchr(lengths, f->length, sizeof(lengths)))
		return wrong(c, "Length",
			     "%u bytes: a CAN FD frame has 1 to 8, 12, 16, 20, 24, 32, 48 or 64",
			     f->length);
	return 0;
}

static int check_step(const struct check *c, const struct layby_signals_frame *f, uint32_t max)
{
	if (!f->counter_step || f->counter_step > max)
		return wrong(c, "CounterStep", "%u: right are 1 to %u", f->counter_step, max);
	return 0;
}

static int check_nibble(const struct check *c, const struct layby_signals_frame *f,
			const char *key, uint32_t bit)
{
	if (bit % 4 || bit / 8 >= f->length || bit / 8 == f->crc_byte)
		return wrong(c, key,
			     "bit %u: right is a multiple of 4 within the frame, outside the CRC's byte",
			     bit);
	return 0;
}

static int check_profile_1(const struct check *c, const struct layby_signals_frame *f)
{
	bool nibble = f->data_id_mode == LAYBY_E2E_DATA_ID_NIBBLE;

	if (!signals_data_id_mode_name(f->data_id_mode))
		return wrong(c, "DataIdMode", "%u: right are both, alternate, low and nibble",
			     f->data_id_mode);
	if (nibble && le16toh(f->data_id) >> 12)
		return wrong(c, "DataId",
			     "0x%x: with DataIdMode=nibble it has 12 bits, at most 0xfff",
			     le16toh(f->data_id));
	if (f->length > PROFILE_1_BYTES_MAX)
		return wrong(c, "Length", "%u bytes: profile 1 protects at most %u", f->length,
			     PROFILE_1_BYTES_MAX);
	if (f->crc_byte >= f->length)
		return wrong(c, "CrcByte", "%u: the last byte of the frame is %u", f->crc_byte,
			     f->length - 1);
	if (check_nibble(c, f, "CounterBit", f->counter_bit))
		return -EINVAL;
	if (!nibble && f->nibble_bit)
		return wrong(c, "NibbleBit", "goes with DataIdMode=nibble only: leave it out");
	if (nibble && check_nibble(c, f, "NibbleBit", f->nibble_bit))
		return -EINVAL;
	if (nibble && f->nibble_bit == f->counter_bit)
		return wrong(c, "NibbleBit", "the counter is there: right is another place");
	return check_step(c, f, PROFILE_1_STEP_MAX);
}

static int check_profile_5(const struct check *c, const struct layby_signals_frame *f)
{
	if (f->data_id_mode || f->counter_bit || f->nibble_bit)
		return wrong(c, f->data_id_mode ? "DataIdMode" :
			     f->counter_bit ? "CounterBit" : "NibbleBit",
			     "goes with Protection=profile-1 only: leave it out");
	if (f->crc_byte + 2u >= f->length)
		return wrong(c, "CrcByte",
			     "%u: CRC and counter take 3 bytes, the last byte of the frame is %u",
			     f->crc_byte, f->length - 1u);
	return check_step(c, f, PROFILE_5_STEP_MAX);
}

static int check_unprotected(const struct check *c, const struct layby_signals_frame *f)
{
	if (f->data_id || f->data_id_mode || f->crc_byte || f->counter_bit || f->nibble_bit ||
	    f->counter_step)
		return wrong(c, "Protection",
			     "none, but there is a Data ID, CRC or counter: right is profile-1 or profile-5, or nothing of these");
	return 0;
}

static int check_e2e(const struct check *c, const struct layby_signals_frame *f)
{
	switch (f->e2e) {
	case LAYBY_E2E_NONE:
		return check_unprotected(c, f);
	case LAYBY_E2E_PROFILE_1:
		return check_profile_1(c, f);
	case LAYBY_E2E_PROFILE_5:
		return check_profile_5(c, f);
	default:
		return wrong(c, "Protection",
			     "%u: right are none, profile-1 and profile-5", f->e2e);
	}
}

static int check_frame(const struct check *c)
{
	const struct layby_signals_frame *f = &c->signals->frame[c->frame];
	uint32_t i, mask = 0;

	if (check_id(c, f) || check_length(c, f) || check_e2e(c, f))
		return -EINVAL;
	for (i = 0; i < LAYBY_SIGNALS; i++)
		if (c->signals->signal[i].length && c->signals->signal[i].frame == c->frame)
			mask |= 1u << i;
	if (f->signals != mask || f->pad)
		return wrong(c, NULL,
			     "its list of signals is 0x%x, by the signals it is 0x%x: compile the file again",
			     f->signals, mask);
	return 0;
}

/* --- Signals -------------------------------------------------------------- */

/* The bit that is @n bits behind the first, as they are sent. */
static uint32_t bit_at(const struct layby_signals_signal *s, uint32_t n)
{
	uint32_t start = le16toh(s->start), place;

	if (!s->motorola)
		return start + n;
	/* 7 is the first bit of a byte, 0 the last */
	place = (start & ~7u) + (7 - (start & 7)) + n;
	return (place & ~7u) + (7 - (place & 7));
}

static bool is_protection(const struct layby_signals_frame *f, uint32_t bit)
{
	uint32_t byte = bit / 8, nibble = bit & ~3u;

	switch (f->e2e) {
	case LAYBY_E2E_PROFILE_1:
		return byte == f->crc_byte || nibble == f->counter_bit ||
		       (f->data_id_mode == LAYBY_E2E_DATA_ID_NIBBLE && nibble == f->nibble_bit);
	case LAYBY_E2E_PROFILE_5:
		return byte >= f->crc_byte && byte <= f->crc_byte + 2u;
	default:
		return false;
	}
}

static int check_place(const struct check *c, const struct layby_signals_signal *s)
{
	const struct layby_signals_frame *f;
	uint32_t i;

	if (s->frame >= c->signals->frame_count)
		return wrong(c, "Frame", "there is no frame %u", s->frame + 1);
	if (s->length > LAYBY_SIGNALS_BITS_MAX)
		return wrong(c, "Length", "%u bits: right are 1 to %u", s->length,
			     LAYBY_SIGNALS_BITS_MAX);
	if (s->motorola > 1 || s->is_signed > 1)
		return wrong(c, s->motorola > 1 ? "Order" : "Signed", "neither 0 nor 1");
	f = &c->signals->frame[s->frame];
	for (i = 0; i < s->length; i++) {
		uint32_t bit = bit_at(s, i);

		if (bit / 8 >= f->length)
			return wrong(c, "Start",
				     "%u: a %s signal of %u bits leaves the frame's %u bytes",
				     le16toh(s->start), s->motorola ? "Motorola" : "Intel",
				     s->length, f->length);
		if (is_protection(f, bit))
			return wrong(c, "Start",
				     "%u: bit %u belongs to the frame's CRC, counter or Data ID",
				     le16toh(s->start), bit);
	}
	return 0;
}

static int64_t raw_value(const struct layby_signals_signal *s, __le32 value)
{
	return s->is_signed ? (int64_t)(int32_t)le32toh(value) : (int64_t)le32toh(value);
}

static int check_range(const struct check *c, const char *key,
		       const struct layby_signals_signal *s,
		       const struct layby_signals_range *range, int64_t min, int64_t max)
{
	int64_t low = raw_value(s, range->low), high = raw_value(s, range->high);

	if (low > high || low < min || high > max)
		return wrong(c, key, "%lld..%lld: right are ascending raw values from %lld to %lld",
			     (long long)low, (long long)high, (long long)min, (long long)max);
	return 0;
}

/* How many raw values of @valid mean yes, counted twice if they stand there twice. */
static int64_t count_yes(const struct layby_signals_signal *s)
{
	int64_t count = 0;
	uint32_t i;

	for (i = 0; i < s->yes_count; i++)
		count += raw_value(s, s->yes[i].high) - raw_value(s, s->yes[i].low) + 1;
	return count;
}

static int check_yes(const struct check *c, const struct layby_signals_signal *s)
{
	const char *key = signals_yes_key(c->signal);
	int64_t low = raw_value(s, s->valid.low), high = raw_value(s, s->valid.high);
	uint32_t i;

	if (s->yes_count > LAYBY_SIGNALS_RANGES_MAX)
		return wrong(c, key, "%u ranges of values: at most %u", s->yes_count,
			     LAYBY_SIGNALS_RANGES_MAX);
	if (!key && s->yes_count)
		return wrong(c, NULL, "has values that mean yes, but answers no question");
	if (key && !s->yes_count)
		return wrong(c, NULL,
			     "%s= is missing: which raw values mean it, as in %s=0", key, key);
	for (i = 0; i < s->yes_count; i++)
		if (check_range(c, key, s, &s->yes[i], low, high))
			return -EINVAL;
	if (key && count_yes(s) > high - low)
		return wrong(c, key, "no value of %lld..%lld is left that would mean the contrary",
			     (long long)low, (long long)high);
	if (!is_zero(&s->yes[s->yes_count],
		     (LAYBY_SIGNALS_RANGES_MAX - s->yes_count) * sizeof(s->yes[0])) || s->pad)
		return wrong(c, NULL, "there is something where zeros must be");
	return 0;
}

static int check_values(const struct check *c, const struct layby_signals_signal *s)
{
	int64_t max = (1ll << (s->length - s->is_signed)) - 1;
	int64_t factor = (int64_t)le64toh(s->factor_micro);
	int64_t offset = (int64_t)le64toh(s->offset_micro);

	if (check_range(c, "Valid", s, &s->valid, s->is_signed ? -max - 1 : 0, max))
		return -EINVAL;
	if (!factor || factor > FACTOR_MAX || factor < -FACTOR_MAX)
		return wrong(c, "Factor", "right are 0.000001 to %lld, also negative",
			     FACTOR_MAX / 1000000);
	if (offset > OFFSET_MAX || offset < -OFFSET_MAX)
		return wrong(c, "Offset", "right are -%lld to %lld", OFFSET_MAX / 1000000,
			     OFFSET_MAX / 1000000);
	return check_yes(c, s);
}

static int check_signal(const struct check *c)
{
	const struct layby_signals_signal *s = &c->signals->signal[c->signal];

	if (!s->length) {
		if (LAYBY_SIGNALS_REQUIRED & 1u << c->signal)
			return wrong(c, NULL,
				     "is missing: without it nothing says that the vehicle is parked");
		if (!is_zero(s, sizeof(*s)))
			return wrong(c, "Length", "0 bits: right are 1 to %u",
				     LAYBY_SIGNALS_BITS_MAX);
		return 0;
	}
	return check_place(c, s) ? -EINVAL : check_values(c, s);
}

/* --- The whole ------------------------------------------------------------ */

static int check_head(const struct check *c)
{
	const struct layby_signals *s = c->signals;
	uint32_t i, known = 0;

	if (le32toh(s->magic) != LAYBY_SIGNALS_MAGIC)
		return wrong(c, NULL,
			     "not a signals file in binary form: laybyctl signals compile makes one");
	if (le32toh(s->version) != LAYBY_SIGNALS_VERSION || le32toh(s->size) != sizeof(*s))
		return wrong(c, NULL, "version %u of %u bytes: right is version %u of %zu bytes",
			     le32toh(s->version), le32toh(s->size), LAYBY_SIGNALS_VERSION,
			     sizeof(*s));
	if (!s->frame_count || s->frame_count > LAYBY_SIGNALS_FRAMES_MAX)
		return wrong(c, NULL, "%u frames: right are 1 to %u", s->frame_count,
			     LAYBY_SIGNALS_FRAMES_MAX);
	for (i = 0; i < LAYBY_SIGNALS; i++)
		known |= s->signal[i].length ? 1u << i : 0;
	if (s->known != known || !is_zero(s->pad, sizeof(s->pad)) ||
	    !is_zero(&s->frame[s->frame_count],
		     (LAYBY_SIGNALS_FRAMES_MAX - s->frame_count) * sizeof(s->frame[0])))
		return wrong(c, NULL, "its head does not fit its signals: compile the file again");
	return 0;
}

int signals_check(const struct layby_signals *signals, size_t size, struct signals_error *error)
{
	struct check c = { signals, error, SIGNALS_NONE, SIGNALS_NONE };
	uint32_t i;

	if (size != sizeof(*signals))
		return wrong(&c, NULL, "%zu bytes: a signals file in binary form has %zu", size,
			     sizeof(*signals));
	if (check_head(&c))
		return -EINVAL;
	for (c.frame = 0; c.frame < signals->frame_count; c.frame++)
		if (check_frame(&c))
			return -EINVAL;
	c.frame = SIGNALS_NONE;
	for (i = 0; i < LAYBY_SIGNALS; i++) {
		c.signal = i;
		if (check_signal(&c))
			return -EINVAL;
	}
	return 0;
}
