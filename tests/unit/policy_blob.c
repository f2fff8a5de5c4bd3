// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The policy that the tests start from.
 */
#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <drm/layby_accel.h>

#include "policy_blob.h"

#define MIB	(1024ULL * 1024)
#define MS	1000000ULL

const struct layby_policy_hw blob_hw = {
	.name = "vnpu",
	.memory_bytes = 64 * MIB,
	.abort_bound_ns = 2 * MS,
	.reset_bound_ns = 5 * MS,
	.serial_floor = 7,
	.page_bytes = 4096,
	.tiles = 16,
	.slots = 4,
	.queue_depth = 256,
	.throttle_mdeg = 105000,
	.sensor_error_mdeg = 1500,
	.die_resistance_mk_per_w = 250,
};

static const struct layby_policy blob_head = {
	.id = "fleet-2026", .vehicle_type = "sedan", .author = "A. Author",
	.reviewer = "R. Reviewer", .change = "CR-1", .accelerator = "vnpu",
};

static const struct {
	uint32_t field;
	uint64_t value;
} head_numbers[] = {
	{ FIELD(MAGIC), LAYBY_POLICY_MAGIC }, { FIELD(VERSION), LAYBY_POLICY_VERSION },
	{ FIELD(SERIAL), 9 },
	{ FIELD(POWER_MW), 20000 }, { FIELD(RAIL_MW), 70000 },
	{ FIELD(TRIP_MDEG), 95000 }, { FIELD(RESUME_MDEG), 85000 },
	{ FIELD(DRIVING_POWER_MW), 40000 }, { FIELD(AMBIENT_MDEG), 50000 },
	{ FIELD(RESISTANCE_MK_PER_W), 1000 }, { FIELD(CAPACITY_MJ_PER_K), 20000 },
	{ FIELD(ABORT_NS), 3 * MS }, { FIELD(RECLAIM_NS), 20 * MS },
	{ FIELD(SIGNAL_AGE_NS), 100 * MS }, { FIELD(LEASE_AGE_NS), 50 * MS },
	{ FIELD(PARK_HOLD_NS), 3000 * MS }, { FIELD(WATCHDOG_NS), 50 * MS },
	{ FIELD(INTERVAL_NS), 200 * MS }, { FIELD(BUCKET_UJ), 200000000000 },
	{ FIELD(PARK_CAN_ID), 0x3e9 },
};

static const uint64_t part_numbers[BLOB_PARTITIONS][BLOB_NUMBERS] = {
	{ LAYBY_CLASS_DRIVING, 0, 0, 16 * MIB, 0x00ff, 0x000f, 2, 256, 100 * MS, 400 },
	{ LAYBY_CLASS_DRIVING, 1, 16 * MIB, 16 * MIB, 0xff00, 0x0f00, 2, 64, 200 * MS, 300 },
	{ LAYBY_CLASS_GUEST, 0, 48 * MIB, 8 * MIB, 0, 0xf0f0, 0, 128, 500 * MS, 200 },
};

size_t blob_offset(uint32_t partition, uint32_t field)
{
	size_t offset = layby_policy_field_info(field)->offset;

	if (partition == NOWHERE)
		return offset;
	return sizeof(struct layby_policy) +
	       partition * sizeof(struct layby_policy_partition) + offset;
}

void blob_set(struct blob *blob, uint32_t partition, uint32_t field, uint64_t value)
{
	size_t bytes = layby_policy_field_info(field)->kind == LAYBY_POLICY_KIND_U64 ? 8 : 4;

	value = htole64(value);
	memcpy(blob->bytes + blob_offset(partition, field), &value, bytes);
}

void blob_resize(struct blob *blob, uint32_t partitions, uint32_t owner_bytes)
{
	size_t owner = blob_offset(partitions, FIELD(PARTITION_CLASS));

	blob->size = (owner + owner_bytes + 7) / 8 * 8;
	memset(blob->bytes + owner, 0, sizeof(blob->bytes) - owner);
	memset(blob->bytes + owner, 0xc5, owner_bytes);
	blob_set(blob, NOWHERE, FIELD(PARTITION_COUNT), partitions);
	blob_set(blob, NOWHERE, FIELD(OWNER_OFFSET), owner);
	blob_set(blob, NOWHERE, FIELD(OWNER_BYTES), owner_bytes);
	blob_set(blob, NOWHERE, FIELD(SIZE), blob->size);
}

void blob_set_partition(struct blob *blob, uint32_t partition,
			const uint64_t numbers[BLOB_NUMBERS])
{
	uint32_t i;

	for (i = 0; i < BLOB_NUMBERS; i++)
		blob_set(blob, partition, LAYBY_POLICY_FIELD_PARTITION + i, numbers[i]);
	blob_set(blob, partition, FIELD(PARTITION_PAD), 0);
}

void blob_init(struct blob *blob)
{
	uint32_t i;

	memset(blob, 0, sizeof(*blob));
	memcpy(blob->bytes, &blob_head, sizeof(blob_head));
	for (i = 0; i < sizeof(head_numbers) / sizeof(head_numbers[0]); i++)
		blob_set(blob, NOWHERE, head_numbers[i].field, head_numbers[i].value);
	blob_resize(blob, BLOB_PARTITIONS, BLOB_OWNER_BYTES);
	for (i = 0; i < BLOB_PARTITIONS; i++)
		blob_set_partition(blob, i, part_numbers[i]);
}

int blob_validate_bytes(const void *bytes, size_t size, const struct layby_policy_hw *hw,
			struct layby_policy_error *err)
{
	void *copy = malloc(size);
	int ret;

	assert_true(copy || !size);
	if (size)
		memcpy(copy, bytes, size);
	memset(err, 0xcc, sizeof(*err));
	ret = layby_policy_validate(copy, size, hw, err);
	free(copy);
	assert_int_equal(!!ret, err->rule != RULE(NONE));
	assert_true(err->rule < LAYBY_POLICY_RULES);
	assert_true(err->field < LAYBY_POLICY_FIELDS);
	assert_int_equal(err->pad, 0);
	return ret;
}

int blob_validate(const struct blob *blob, struct layby_policy_error *err)
{
	return blob_validate_bytes(blob->bytes, blob->size, &blob_hw, err);
}

/* --- The second opinion --------------------------------------------------- */

static void assert_apart(const struct layby_policy_partition *a,
			 const struct layby_policy_partition *b)
{
	unsigned __int128 a_start = le64toh(a->window_offset), b_start = le64toh(b->window_offset);
	unsigned __int128 a_end = a_start + le64toh(a->window_bytes);
	unsigned __int128 b_end = b_start + le64toh(b->window_bytes);

	assert_true(a_end <= b_start || b_end <= a_start);
	assert_int_equal(a->tiles_driving & b->tiles_driving, 0);
	assert_int_equal(a->tiles_parked & b->tiles_parked, 0);
	assert_true(a->partition_class != b->partition_class || a->id != b->id);
}

static void assert_partition(const struct layby_policy_partition *part)
{
	unsigned __int128 start = le64toh(part->window_offset);
	uint32_t least = le32toh(part->tiles_min);
	uint32_t driving = le32toh(part->tiles_driving), parked = le32toh(part->tiles_parked);

	assert_true(start + le64toh(part->window_bytes) <= blob_hw.memory_bytes);
	assert_true(part->window_bytes != 0);
	assert_int_equal(le64toh(part->window_offset) % 4096, 0);
	assert_int_equal(le64toh(part->window_bytes) % 4096, 0);
	assert_in_range(le32toh(part->queue_depth), 1, blob_hw.queue_depth);
	assert_in_range(le64toh(part->longest_run_ns), 1, 60000 * MS);
	assert_int_equal((driving | parked) >> 16, 0);
	assert_true(parked != 0);
	if (le32toh(part->partition_class) == LAYBY_CLASS_GUEST) {
		assert_int_equal(driving, 0);
		return;
	}
	assert_int_equal(le32toh(part->partition_class), LAYBY_CLASS_DRIVING);
	assert_true(least > 0 && (uint32_t)__builtin_popcount(driving) >= least &&
		    (uint32_t)__builtin_popcount(parked) >= least);
	assert_int_equal(parked & ~driving, 0);
}

/* In microkelvin, nothing rounded: what is as hot does not throttle when driving begins. */
static void assert_headroom(const struct layby_policy *head)
{
	int32_t resume = (int32_t)le32toh(head->resume_mdeg);
	__int128 heat = (__int128)blob_hw.die_resistance_mk_per_w * le32toh(head->rail_mw);

	assert_true((resume + (__int128)blob_hw.sensor_error_mdeg) * 1000 + heat <
		    (__int128)blob_hw.throttle_mdeg * 1000);
}

static void assert_bounds(const struct layby_policy *head)
{
	uint64_t abort = le64toh(head->abort_ns), reclaim = le64toh(head->reclaim_ns);
	uint64_t interval = le64toh(head->interval_ns);

	assert_true(abort >= blob_hw.abort_bound_ns && abort <= 1000 * MS);
	assert_true(reclaim >= abort + blob_hw.reset_bound_ns && reclaim <= 10000 * MS);
	assert_true(interval <= 60000 * MS && reclaim < interval);
	assert_in_range(le64toh(head->signal_age_ns), 1, interval - reclaim);
	assert_in_range(le64toh(head->lease_age_ns), 1, interval - reclaim);
	assert_in_range(le64toh(head->park_hold_ns), 1, 3600000 * MS);
	assert_in_range(le64toh(head->watchdog_ns), 1, 10000 * MS);
	assert_true((int32_t)le32toh(head->resume_mdeg) < (int32_t)le32toh(head->trip_mdeg));
	assert_headroom(head);
	assert_in_range(le64toh(head->bucket_uj), 1000, 1000000000000);
	assert_true(le64toh(head->serial) >= blob_hw.serial_floor);
	assert_string_equal(head->accelerator, blob_hw.name);
}

void blob_assert_safe(const struct blob *blob)
{
	struct layby_policy_partition part[LAYBY_POLICY_PARTITIONS_MAX];
	struct layby_policy head;
	uint32_t i, j, count, all = 0, permille = 0;

	memcpy(&head, blob->bytes, sizeof(head));
	count = le32toh(head.partition_count);
	assert_in_range(count, 1, blob_hw.slots);
	memcpy(part, blob->bytes + sizeof(head), count * sizeof(part[0]));
	for (i = 0; i < count; i++) {
		assert_partition(&part[i]);
		for (j = 0; j < i; j++)
			assert_apart(&part[i], &part[j]);
		all |= le32toh(part[i].tiles_driving);
		permille += le32toh(part[i].bandwidth_permille);
	}
	assert_int_equal(all, 0xffff);
	assert_true(permille <= 1000);
	assert_true((size_t)le32toh(head.owner_offset) + le32toh(head.owner_bytes) <= blob->size);
	assert_bounds(&head);
}
