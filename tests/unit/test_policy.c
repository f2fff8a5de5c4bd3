// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Is a right policy accepted, and each rule kept by itself, with the error that
 * it must give? ISO-1, ISO-9, ISO-12.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <drm/layby_accel.h>

#include "policy_blob.h"

#define MIB	(1024ULL * 1024)
#define MS	1000000ULL
#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

/* --- One rule broken, everything else right ------------------------------- */

struct change {
	uint32_t partition, field;
	uint64_t value;
};

/* What is changed, which rule that breaks, where, and what would be right. */
struct breach {
	struct change change[2];	/* the second only if its field is not MAGIC */
	uint32_t rule, partition, field, other;
	uint64_t found, low, high;
};

#define HEAD(name, value)	{ NOWHERE, FIELD(name), value }
#define PART(index, name, value)	{ index, FIELD(name), value }
#define WHOLE(name)	NOWHERE, FIELD(name), NOWHERE
#define OF(index, name)	index, FIELD(name), NOWHERE
#define PAIR(index, name, other)	index, FIELD(name), other

static const struct breach breaches[] = {
	{ { HEAD(MAGIC, 1) }, RULE(MAGIC), WHOLE(MAGIC), 1, LAYBY_POLICY_MAGIC,
	  LAYBY_POLICY_MAGIC },
	{ { HEAD(VERSION, 1) }, RULE(VERSION), WHOLE(VERSION), 1, 2, 2 },
	{ { HEAD(SIZE, 616) }, RULE(LAYOUT), WHOLE(SIZE), 616, 608, 608 },
	{ { HEAD(OWNER_OFFSET, 560) }, RULE(LAYOUT), WHOLE(OWNER_OFFSET), 560, 576, 576 },
	{ { HEAD(OWNER_OFFSET, ~0U) }, RULE(RANGE), WHOLE(OWNER_OFFSET), ~0U, 408, 9048 },
	{ { HEAD(OWNER_BYTES, 33) }, RULE(LAYOUT), WHOLE(SIZE), 608, 616, 616 },
	{ { HEAD(OWNER_BYTES, 28) }, RULE(PAD), WHOLE(OWNER_BYTES), 0xc5, 0, 0 },
	{ { HEAD(OWNER_BYTES, ~0U - 575) }, RULE(RANGE), WHOLE(OWNER_BYTES), ~0U - 575, 1, 8192 },
	{ { HEAD(PARTITION_COUNT, 4) }, RULE(LAYOUT), WHOLE(OWNER_OFFSET), 576, 632, 632 },
	{ { HEAD(PARTITION_COUNT, 76695845) }, RULE(RANGE), WHOLE(PARTITION_COUNT), 76695845,
	  1, 8 },
	{ { HEAD(PAD, 1) }, RULE(PAD), WHOLE(PAD), 1, 0, 0 },
	{ { PART(1, PARTITION_PAD, 1U << 31) }, RULE(PAD), OF(1, PARTITION_PAD), 1U << 31, 0, 0 },
	{ { HEAD(SERIAL, 6) }, RULE(SERIAL_FLOOR), WHOLE(SERIAL), 6, 7, ~0ULL },
	{ { HEAD(RESUME_MDEG, 95000) }, RULE(RESUME), WHOLE(RESUME_MDEG), 95000, -40000ULL, 94999 },
	{ { HEAD(RESUME_MDEG, -40001ULL) }, RULE(RANGE), WHOLE(RESUME_MDEG), -40001ULL,
	  -40000ULL, 125000 },
	{ { HEAD(TRIP_MDEG, -1ULL) }, RULE(RANGE), WHOLE(TRIP_MDEG), -1ULL, 1, 125000 },
	{ { HEAD(RAIL_MW, 59999) }, RULE(RAIL), WHOLE(RAIL_MW), 59999, 60000, 2000000 },
	{ { HEAD(AMBIENT_MDEG, 55000) }, RULE(HEAT), WHOLE(TRIP_MDEG), 95000000, 95000001,
	  125000000 },
	{ { HEAD(RESUME_MDEG, 86000) }, RULE(HEADROOM), WHOLE(RESUME_MDEG), 86000, -40000ULL,
	  85999 },
	{ { HEAD(RESUME_MDEG, 85999), HEAD(RAIL_MW, 70001) }, RULE(HEADROOM),
	  WHOLE(RESUME_MDEG), 85999, -40000ULL, 85998 },
	{ { HEAD(ABORT_NS, 2 * MS - 1) }, RULE(ABORT), WHOLE(ABORT_NS), 2 * MS - 1, 2 * MS,
	  1000 * MS },
	{ { HEAD(RECLAIM_NS, 8 * MS - 1) }, RULE(RECLAIM), WHOLE(RECLAIM_NS), 8 * MS - 1, 8 * MS,
	  10000 * MS },
	{ { HEAD(INTERVAL_NS, 120 * MS - 1) }, RULE(INTERVAL), WHOLE(INTERVAL_NS), 120 * MS - 1,
	  120 * MS, 60000 * MS },
	{ { HEAD(LEASE_AGE_NS, 181 * MS) }, RULE(INTERVAL), WHOLE(INTERVAL_NS), 200 * MS, 201 * MS,
	  60000 * MS },
	{ { HEAD(PARK_CAN_ID, 0) }, RULE(CAN_ID), WHOLE(PARK_CAN_ID), 0, 1, 0x9fffffff },
	{ { HEAD(PARK_CAN_ID, 0x800) }, RULE(CAN_ID), WHOLE(PARK_CAN_ID), 0x800, 1, 0x7ff },
	{ { HEAD(PARK_CAN_ID, 0xa0000000) }, RULE(CAN_ID), WHOLE(PARK_CAN_ID), 0xa0000000, 1,
	  0x9fffffff },
	{ { PART(0, BANDWIDTH_PERMILLE, 501) }, RULE(BANDWIDTH_SUM), OF(2, BANDWIDTH_PERMILLE),
	  200, 1, 199 },
	{ { PART(2, PARTITION_CLASS, 2) }, RULE(RANGE), OF(2, PARTITION_CLASS), 2, 0, 1 },
	{ { PART(1, PARTITION_ID, 0) }, RULE(ID_TAKEN), PAIR(1, PARTITION_ID, 0), 0, 0, 0 },
	{ { PART(1, WINDOW_OFFSET, 16 * MIB + 512) }, RULE(WINDOW_ALIGN), OF(1, WINDOW_OFFSET),
	  16 * MIB + 512, 16 * MIB, 16 * MIB + 4096 },
	{ { PART(2, WINDOW_BYTES, 4095) }, RULE(WINDOW_ALIGN), OF(2, WINDOW_BYTES), 4095, 0, 4096 },
	{ { PART(2, WINDOW_BYTES, 16 * MIB + 4096) }, RULE(WINDOW_OUTSIDE), OF(2, WINDOW_BYTES),
	  16 * MIB + 4096, 1, 16 * MIB },
	{ { PART(2, WINDOW_BYTES, -48 * MIB) }, RULE(WINDOW_OUTSIDE), OF(2, WINDOW_BYTES),
	  -48 * MIB, 1, 16 * MIB },
	{ { PART(2, WINDOW_OFFSET, -8 * MIB) }, RULE(WINDOW_OUTSIDE), OF(2, WINDOW_OFFSET),
	  -8 * MIB, 0, 64 * MIB },
	{ { PART(2, WINDOW_OFFSET, 32 * MIB - 4096) }, RULE(WINDOW_OVERLAP),
	  PAIR(2, WINDOW_OFFSET, 1), 32 * MIB - 4096, 32 * MIB, 64 * MIB },
	{ { PART(0, WINDOW_BYTES, 16 * MIB + 4096) }, RULE(WINDOW_OVERLAP),
	  PAIR(1, WINDOW_OFFSET, 0), 16 * MIB, 16 * MIB + 4096, 64 * MIB },
	{ { PART(0, WINDOW_OFFSET, 4096), PART(1, WINDOW_OFFSET, 0) }, RULE(WINDOW_OVERLAP),
	  PAIR(1, WINDOW_OFFSET, 0), 0, 16 * MIB + 4096, 64 * MIB },
	{ { PART(1, TILES_DRIVING, 0x1ff00) }, RULE(TILES_OUTSIDE), OF(1, TILES_DRIVING), 0x1ff00,
	  0, 0xffff },
	{ { PART(2, TILES_PARKED, 1U << 31) }, RULE(TILES_OUTSIDE), OF(2, TILES_PARKED), 1U << 31,
	  0, 0xffff },
	{ { PART(1, TILES_DRIVING, 0xff80) }, RULE(TILES_OVERLAP), PAIR(1, TILES_DRIVING, 0),
	  0xff80, 0, 0xffffff00 },
	{ { PART(2, TILES_PARKED, 0xf1f0) }, RULE(TILES_OVERLAP), PAIR(2, TILES_PARKED, 1),
	  0xf1f0, 0, 0xfffff0ff },
	{ { PART(0, TILES_MIN, 0) }, RULE(TILES_MINIMUM), OF(0, TILES_MIN), 0, 1, 16 },
	{ { PART(0, TILES_MIN, 5) }, RULE(TILES_MINIMUM), OF(0, TILES_PARKED), 4, 5, 16 },
	{ { PART(0, TILES_DRIVING, 0x0001) }, RULE(TILES_MINIMUM), OF(0, TILES_DRIVING), 1, 2, 16 },
	{ { PART(0, TILES_DRIVING, 0x007f) }, RULE(TILES_ALL), WHOLE(TILES_DRIVING), 0xff7f,
	  0xffff, 0xffff },
	{ { PART(2, TILES_DRIVING, 0x8000) }, RULE(TILES_GUEST), OF(2, TILES_DRIVING), 0x8000,
	  0, 0 },
	{ { PART(2, TILES_MIN, 1) }, RULE(TILES_GUEST), OF(2, TILES_MIN), 1, 0, 0 },
	{ { PART(2, TILES_PARKED, 0) }, RULE(TILES_NONE), OF(2, TILES_PARKED), 0, 0, 0xffff },
	{ { PART(0, TILES_PARKED, 0x0103), PART(1, TILES_PARKED, 0x0e00) }, RULE(TILES_MOVED),
	  OF(0, TILES_PARKED), 0x0103, 0, 0x00ff },
	{ { PART(0, QUEUE_DEPTH, 257) }, RULE(QUEUE_DEPTH), OF(0, QUEUE_DEPTH), 257, 1, 256 },
};

static void apply(struct blob *blob, const struct change *change)
{
	if (change->field != FIELD(MAGIC) || change->value)
		blob_set(blob, change->partition, change->field, change->value);
}

static void assert_error(const struct blob *blob, const struct breach *want, unsigned int number)
{
	struct layby_policy_error err;

	assert_int_equal(blob_validate(blob, &err), -EINVAL);
	if (err.rule != want->rule || err.field != want->field)
		print_error("breach %u: rule %s, field %s\n", number,
			    layby_policy_rule_name(err.rule),
			    layby_policy_field_info(err.field)->name);
	assert_int_equal(err.rule, want->rule);
	assert_int_equal(err.field, want->field);
	assert_int_equal(err.partition, want->partition);
	assert_int_equal(err.other, want->other);
	assert_int_equal(err.found, want->found);
	assert_int_equal(err.low, want->low);
	assert_int_equal(err.high, want->high);
}

static void test_breaches(void **state)
{
	struct blob blob;
	unsigned int i;

	for (i = 0; i < COUNT(breaches); i++) {
		blob_init(&blob);
		apply(&blob, &breaches[i].change[0]);
		apply(&blob, &breaches[i].change[1]);
		assert_error(&blob, &breaches[i], i);
	}
}

/* Each rule but those that have a test of their own stands in the table. */
static void test_every_rule(void **state)
{
	static const uint32_t own[] = {
		RULE(NONE), RULE(SIZE), RULE(TEXT_LENGTH), RULE(TEXT_CHARACTER),
		RULE(ACCELERATOR), RULE(SLOTS), RULE(NO_DRIVING),
	};
	bool seen[LAYBY_POLICY_RULES] = {};
	uint32_t rule, other;
	unsigned int i;

	for (i = 0; i < COUNT(own); i++)
		seen[own[i]] = true;
	for (i = 0; i < COUNT(breaches); i++)
		seen[breaches[i].rule] = true;
	for (rule = 0; rule < LAYBY_POLICY_RULES; rule++) {
		assert_true(seen[rule]);
		assert_non_null(layby_policy_rule_name(rule));
		for (other = 0; other < rule; other++)
			assert_string_not_equal(layby_policy_rule_name(rule),
						layby_policy_rule_name(other));
	}
	assert_null(layby_policy_rule_name(LAYBY_POLICY_RULES));
}

/* At the very limit of each rule between fields a policy is right. */
static void test_limits(void **state)
{
	static const struct change limits[] = {
		HEAD(SERIAL, 7), HEAD(SERIAL, ~0ULL), HEAD(RESUME_MDEG, 85999),
		HEAD(RESUME_MDEG, -40000ULL), HEAD(AMBIENT_MDEG, -40000ULL),
		HEAD(RAIL_MW, 60000), HEAD(AMBIENT_MDEG, 54999), HEAD(ABORT_NS, 2 * MS),
		HEAD(RECLAIM_NS, 8 * MS), HEAD(INTERVAL_NS, 120 * MS),
		HEAD(LEASE_AGE_NS, 180 * MS), HEAD(BUCKET_UJ, 1000),
		HEAD(BUCKET_UJ, 1000000000000), HEAD(PARK_CAN_ID, 1), HEAD(PARK_CAN_ID, 0x7ff),
		HEAD(PARK_CAN_ID, 0x80000000), HEAD(PARK_CAN_ID, 0x9fffffff),
		PART(0, BANDWIDTH_PERMILLE, 500), PART(2, PARTITION_ID, 7),
		PART(2, WINDOW_OFFSET, 56 * MIB), PART(2, WINDOW_OFFSET, 32 * MIB),
		PART(2, WINDOW_BYTES, 16 * MIB), PART(2, WINDOW_BYTES, 4096),
		PART(0, TILES_MIN, 4), PART(2, TILES_PARKED, 0x0010), PART(0, QUEUE_DEPTH, 1),
	};
	struct layby_policy_error err;
	struct blob blob;
	unsigned int i;

	for (i = 0; i < COUNT(limits); i++) {
		blob_init(&blob);
		apply(&blob, &limits[i]);
		if (blob_validate(&blob, &err))
			fail_msg("limit %u: rule %s", i, layby_policy_rule_name(err.rule));
		blob_assert_safe(&blob);
	}
}

/* --- Every field against its own range ------------------------------------ */

static void assert_range(uint32_t partition, uint32_t field, uint64_t value)
{
	const struct layby_policy_field_info *info = layby_policy_field_info(field);
	struct breach want = {
		.rule = info->rule, .partition = partition, .field = field, .other = NOWHERE,
		.found = value, .low = info->low, .high = info->high,
	};
	struct blob blob;

	blob_init(&blob);
	blob_set(&blob, partition, field, value);
	assert_error(&blob, &want, field);
}

static void test_ranges(void **state)
{
	const struct layby_policy_field_info *info;
	uint32_t field, partition;
	uint64_t top;

	for (field = 0; field < LAYBY_POLICY_FIELDS; field++) {
		info = layby_policy_field_info(field);
		partition = field < LAYBY_POLICY_FIELD_PARTITION ? NOWHERE : 1;
		top = info->kind == LAYBY_POLICY_KIND_U64 ? ~0ULL : ~0U;
		if (info->kind == LAYBY_POLICY_KIND_TEXT)
			continue;
		if (info->kind == LAYBY_POLICY_KIND_S32 || info->low)
			assert_range(partition, field, info->low - 1);
		if (info->high != top)
			assert_range(partition, field, info->high + 1);
	}
	assert_null(layby_policy_field_info(LAYBY_POLICY_FIELDS));
}

/* The table covers every byte of both structs, each once. */
static void test_table(void **state)
{
	uint8_t covered[2][sizeof(struct layby_policy)] = {};
	const struct layby_policy_field_info *info;
	size_t i, bytes;
	uint32_t field;

	for (field = 0; field < LAYBY_POLICY_FIELDS; field++) {
		info = layby_policy_field_info(field);
		bytes = info->kind == LAYBY_POLICY_KIND_TEXT ? info->high + 1 :
			info->kind == LAYBY_POLICY_KIND_U64 ? 8 : 4;
		for (i = 0; i < bytes; i++)
			covered[field >= LAYBY_POLICY_FIELD_PARTITION][info->offset + i]++;
	}
	for (i = 0; i < sizeof(struct layby_policy); i++)
		assert_int_equal(covered[0][i], 1);
	for (i = 0; i < sizeof(struct layby_policy_partition); i++)
		assert_int_equal(covered[1][i], 1);
}

static void assert_text(uint32_t field, uint32_t at, int byte, uint32_t rule)
{
	size_t offset = layby_policy_field_info(field)->offset;
	struct layby_policy_error err;
	struct blob blob;

	blob_init(&blob);
	blob.bytes[offset + at] = byte;
	assert_int_equal(blob_validate(&blob, &err), -EINVAL);
	assert_int_equal(err.rule, rule);
	assert_int_equal(err.field, field);
	assert_int_equal(err.offset, rule == RULE(TEXT_LENGTH) ? offset : offset + at);
	assert_int_equal(err.found, rule == RULE(TEXT_LENGTH) ? 0 : byte);
}

static void test_texts(void **state)
{
	uint32_t field, capacity;
	struct layby_policy_error err;
	struct blob blob;

	for (field = FIELD(ID); field <= FIELD(ACCELERATOR); field++) {
		capacity = layby_policy_field_info(field)->high + 1;
		assert_text(field, 1, 0x1f, RULE(TEXT_CHARACTER));
		assert_text(field, 1, 0x7f, RULE(TEXT_CHARACTER));
		assert_text(field, 1, 0xc3, RULE(TEXT_CHARACTER));
		assert_text(field, capacity - 1, 'x', RULE(PAD));
		blob_init(&blob);
		memset(blob.bytes + blob_offset(NOWHERE, field), 0, capacity);
		assert_int_equal(blob_validate(&blob, &err), -EINVAL);
		assert_int_equal(err.rule, RULE(TEXT_LENGTH));
		assert_int_equal(err.found, 0);
		memset(blob.bytes + blob_offset(NOWHERE, field), 'x', capacity);
		assert_int_equal(blob_validate(&blob, &err), -EINVAL);
		assert_int_equal(err.rule, RULE(TEXT_LENGTH));
		assert_int_equal(err.field, field);
		assert_int_equal(err.found, capacity);
		assert_int_equal(err.high, capacity - 1);
	}
}

/* --- Against another accelerator ------------------------------------------ */

static void assert_hw(const struct layby_policy_hw *hw, uint32_t rule, uint32_t field)
{
	struct layby_policy_error err;
	struct blob blob;

	blob_init(&blob);
	assert_int_equal(blob_validate_bytes(blob.bytes, blob.size, hw, &err),
			 rule == RULE(NONE) ? 0 : -EINVAL);
	assert_int_equal(err.rule, rule);
	assert_int_equal(err.field, field);
}

static void test_hardware(void **state)
{
	static const char *const names[] = { "null", "vnp", "vnpu2", "" };
	struct layby_policy_hw hw = blob_hw;
	unsigned int i;

	assert_hw(&hw, RULE(NONE), 0);
	for (i = 0; i < COUNT(names); i++) {
		hw.name = names[i];
		assert_hw(&hw, RULE(ACCELERATOR), FIELD(ACCELERATOR));
	}
	hw = blob_hw;
	hw.slots = 2;
	assert_hw(&hw, RULE(SLOTS), FIELD(PARTITION_COUNT));
	hw = blob_hw;
	hw.tiles = 8;
	assert_hw(&hw, RULE(TILES_OUTSIDE), FIELD(TILES_DRIVING));
	hw = blob_hw;
	hw.tiles = 32;
	assert_hw(&hw, RULE(TILES_ALL), FIELD(TILES_DRIVING));
	hw = blob_hw;
	hw.reset_bound_ns = ~0ULL;
	assert_hw(&hw, RULE(RECLAIM), FIELD(RECLAIM_NS));
	hw = blob_hw;
	hw.die_resistance_mk_per_w = ~0U;
	assert_hw(&hw, RULE(HEADROOM), FIELD(RESUME_MDEG));
	hw = blob_hw;
	hw.throttle_mdeg = -0x7fffffff - 1;
	assert_hw(&hw, RULE(HEADROOM), FIELD(RESUME_MDEG));
	hw = blob_hw;
	hw.memory_bytes = 0;
	assert_hw(&hw, RULE(WINDOW_OUTSIDE), FIELD(WINDOW_BYTES));
	hw = blob_hw;
	hw.page_bytes = 65536;
	assert_hw(&hw, RULE(NONE), 0);
}

/* --- How hot guests may make it (ISO-12) ---------------------------------- */

struct limit {
	int32_t trip_mdeg;
	uint32_t rail_mw;
	int32_t throttle_mdeg;
	uint32_t sensor_error_mdeg, die_resistance_mk_per_w;
	int32_t limit_mdeg;
};

static int32_t limit_of(const struct limit *is)
{
	const struct layby_policy_hw hw = {
		.throttle_mdeg = is->throttle_mdeg,
		.sensor_error_mdeg = is->sensor_error_mdeg,
		.die_resistance_mk_per_w = is->die_resistance_mk_per_w,
	};

	return layby_policy_guest_limit_mdeg(is->trip_mdeg, is->rail_mw, &hw);
}

static void test_guest_limit(void **state)
{
	static const struct limit limits[] = {
		/* the trip is the lower one, by nothing and by a millidegree; or the throttle */
		{ 95000, 18000, 125000, 0, 0, 95000 },
		{ 91800, 18000, 105000, 1500, 650, 91800 },
		{ 91799, 18000, 105000, 1500, 650, 91799 },
		{ 91801, 18000, 105000, 1500, 650, 91800 },
		{ 95000, 18000, 105000, 1500, 650, 91800 },
		{ 95000, 26000, 105000, 1500, 650, 86600 },
		/* a part of a millikelvin is one: 1, 1000, 1001 microkelvin, 999 times 999 */
		{ 95000, 1, 95000, 0, 1, 94999 },
		{ 95000, 1000, 95000, 0, 1, 94999 },
		{ 95000, 1, 95000, 0, 1000, 94999 },
		{ 95000, 1001, 95000, 0, 1, 94998 },
		{ 95000, 1, 95000, 0, 1001, 94998 },
		{ 95000, 999, 95000, 0, 999, 94001 },
		{ 95000, 0, 95000, 1, 650, 94999 },
		/* the ends of what the numbers hold */
		{ 125000, 1000000, 125000, 0, 100000, -99875000 },
		{ -40000, 0, INT32_MAX, 0, ~0U, -40000 },
		{ INT32_MAX, 0, INT32_MAX, 0, 0, INT32_MAX },
		{ 95000, 0, INT32_MIN, 0, 0, INT32_MIN },
		{ 95000, 0, INT32_MIN, 1, 0, INT32_MIN },
		{ 95000, 0, INT32_MAX, ~0U, 0, INT32_MIN },
		{ 95000, ~0U, INT32_MAX, ~0U, ~0U, INT32_MIN },
		{ INT32_MIN, ~0U, INT32_MIN, ~0U, ~0U, INT32_MIN },
	};
	unsigned int i;

	for (i = 0; i < COUNT(limits); i++)
		assert_int_equal(limit_of(&limits[i]), limits[i].limit_mdeg);
}

/* The highest whole millidegree at which all that the rail gives can be drawn. */
static void assert_exact(const struct limit *is, int32_t limit)
{
	__int128 room = (__int128)is->throttle_mdeg * 1000 -
			(__int128)is->sensor_error_mdeg * 1000 -
			(__int128)is->die_resistance_mk_per_w * is->rail_mw;

	assert_true(limit <= is->trip_mdeg);
	if (limit == INT32_MIN)
		assert_true(room < ((__int128)INT32_MIN + 1) * 1000);
	else
		assert_true((__int128)limit * 1000 <= room);
	if (limit < is->trip_mdeg)
		assert_true(((__int128)limit + 1) * 1000 > room);
}

static void test_guest_limit_exact(void **state)
{
	struct limit is;
	int round;

	srand48(3);
	for (round = 0; round < 100000; round++) {
		is = (struct limit){
			.trip_mdeg = (int32_t)(mrand48() >> round % 32),
			.rail_mw = (uint32_t)mrand48() >> lrand48() % 32,
			.throttle_mdeg = (int32_t)(mrand48() >> lrand48() % 32),
			.sensor_error_mdeg = (uint32_t)mrand48() >> lrand48() % 32,
			.die_resistance_mk_per_w = (uint32_t)mrand48() >> lrand48() % 32,
		};
		assert_exact(&is, limit_of(&is));
	}
}

/* One partition, of a guest: nobody drives. */
static void test_no_driving(void **state)
{
	static const uint64_t guest[BLOB_NUMBERS] = {
		LAYBY_CLASS_GUEST, 0, 0, MIB, 0, 0xffff, 0, 1, MS, 1,
	};
	struct layby_policy_error err;
	struct blob blob;

	blob_init(&blob);
	blob_resize(&blob, 1, 1);
	blob_set_partition(&blob, 0, guest);
	assert_int_equal(blob_validate(&blob, &err), -EINVAL);
	assert_int_equal(err.rule, RULE(NO_DRIVING));
	assert_int_equal(err.partition, NOWHERE);
}

/* --- Policies that are right ---------------------------------------------- */

static void test_valid(void **state)
{
	struct layby_policy_error err;
	struct blob blob;

	blob_init(&blob);
	assert_int_equal(blob_validate(&blob, &err), 0);
	blob_assert_safe(&blob);
}

/* Also a certificate that needs no padding behind it, and texts of one letter. */
static void test_smallest(void **state)
{
	static const uint64_t driving[BLOB_NUMBERS] = {
		LAYBY_CLASS_DRIVING, 0, 0, 4096, 0xffff, 0xffff, 1, 1, 1, 1,
	};
	struct layby_policy_error err;
	struct blob blob;
	uint32_t bytes, field;

	for (bytes = 1; bytes <= 9; bytes++) {
		blob_init(&blob);
		blob_resize(&blob, 1, bytes);
		blob_set_partition(&blob, 0, driving);
		for (field = FIELD(ID); field <= FIELD(CHANGE); field++) {
			memset(blob.bytes + blob_offset(NOWHERE, field), 0,
			       layby_policy_field_info(field)->high + 1);
			blob.bytes[blob_offset(NOWHERE, field)] = ' ';
		}
		assert_int_equal(blob_validate(&blob, &err), 0);
		blob_assert_safe(&blob);
	}
}

/* Eight windows that lie in the other order and fill the memory, longest texts. */
static void test_largest(void **state)
{
	struct layby_policy_hw hw = blob_hw;
	struct layby_policy_error err;
	struct blob blob;
	uint32_t i, field;

	hw.slots = 8;
	blob_init(&blob);
	blob_resize(&blob, LAYBY_POLICY_PARTITIONS_MAX, LAYBY_POLICY_OWNER_BYTES_MAX);
	for (i = 0; i < LAYBY_POLICY_PARTITIONS_MAX; i++) {
		const uint64_t numbers[BLOB_NUMBERS] = {
			i ? LAYBY_CLASS_GUEST : LAYBY_CLASS_DRIVING, i, (7 - i) * 8 * MIB, 8 * MIB,
			i ? 0 : 0xffff, 1 << i, !i, 256, 60000 * MS, 125,
		};
		blob_set_partition(&blob, i, numbers);
	}
	for (field = FIELD(ID); field <= FIELD(CHANGE); field++)
		memset(blob.bytes + blob_offset(NOWHERE, field), '~',
		       layby_policy_field_info(field)->high);
	assert_int_equal(blob.size, LAYBY_POLICY_SIZE_MAX);
	assert_int_equal(blob_validate_bytes(blob.bytes, blob.size, &hw, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_smallest),
		cmocka_unit_test(test_largest),
		cmocka_unit_test(test_breaches),
		cmocka_unit_test(test_every_rule),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_hardware),
		cmocka_unit_test(test_guest_limit),
		cmocka_unit_test(test_guest_limit_exact),
		cmocka_unit_test(test_no_driving),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
