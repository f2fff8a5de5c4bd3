// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Whatever the bytes, does the validator stay inside them, and is nothing that
 * the module relies on broken by a file that it accepts? ISO-1, ISO-9.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>

#include <cmocka.h>

#include "policy_blob.h"

#define MIB	(1024ULL * 1024)
#define ROUNDS	200000

/* Cut off or longer, also with the size told as it is then. */
static void test_sizes(void **state)
{
	struct layby_policy_error err;
	struct blob blob;
	size_t size, whole;

	blob_init(&blob);
	whole = blob.size;
	for (size = 0; size <= LAYBY_POLICY_SIZE_MAX + 128; size++) {
		if (size == whole)
			continue;
		blob_init(&blob);
		blob.size = size;
		assert_int_equal(blob_validate(&blob, &err), -EINVAL);
		blob_set(&blob, NOWHERE, FIELD(SIZE), size);
		assert_int_equal(blob_validate(&blob, &err), -EINVAL);
		assert_true(err.rule == RULE(SIZE) || err.rule == RULE(LAYOUT));
	}
	/* one that wraps to the right size in 32 bits: nothing is read */
	assert_int_equal(layby_policy_validate(NULL, (1ULL << 32) + whole, &blob_hw, &err),
			 -EINVAL);
	assert_int_equal(err.rule, RULE(SIZE));
	assert_int_equal(layby_policy_validate(NULL, 0, &blob_hw, &err), -EINVAL);
}

static bool must_not_change(size_t byte)
{
	size_t owner = blob_offset(BLOB_PARTITIONS, FIELD(PARTITION_CLASS));

	return byte < blob_offset(NOWHERE, FIELD(SERIAL)) ||
	       (byte >= blob_offset(NOWHERE, FIELD(OWNER_OFFSET)) &&
		byte < blob_offset(NOWHERE, FIELD(ID)) &&
		byte != blob_offset(NOWHERE, FIELD(OWNER_BYTES))) ||
	       byte >= owner + BLOB_OWNER_BYTES;
}

static void test_flips(void **state)
{
	struct layby_policy_error err;
	struct blob blob;
	unsigned int flip;
	size_t i;

	blob_init(&blob);
	for (i = 0; i < blob.size; i++) {
		for (flip = 1; flip < 256; flip++) {
			blob.bytes[i] ^= flip;
			if (!blob_validate(&blob, &err)) {
				assert_false(must_not_change(i));
				blob_assert_safe(&blob);
			}
			blob.bytes[i] ^= flip;
		}
	}
}

static uint64_t random_u64(void)
{
	return (uint64_t)mrand48() << 32 ^ (uint32_t)mrand48();
}

static void test_random_bytes(void **state)
{
	struct layby_policy_error err;
	struct blob blob;
	size_t i;
	int round;

	srand48(1);
	for (round = 0; round < ROUNDS / 20; round++) {
		blob_init(&blob);
		blob.size = random_u64() % (round % 2 ? 700 : LAYBY_POLICY_SIZE_MAX + 1);
		/* half of them get past the head */
		for (i = round % 2 ? sizeof(struct layby_policy) : 0; i < blob.size; i++)
			blob.bytes[i] = random_u64();
		assert_int_equal(blob_validate(&blob, &err), -EINVAL);
	}
}

/* Numbers near those that are right, at the ends, or anything. */
static uint64_t random_number(const struct layby_policy_field_info *info)
{
	switch (random_u64() % 5) {
	case 0: return info->low + random_u64() % 3 - 1;
	case 1: return info->high + random_u64() % 3 - 1;
	case 2: return info->high > info->low ?
		       info->low + random_u64() % (info->high - info->low) : random_u64();
	case 3: return random_u64() % (64 * MIB / 4096) * 4096;
	default: return random_u64() >> random_u64() % 64;
	}
}

static void test_random_numbers(void **state)
{
	const struct layby_policy_field_info *info;
	int round, changes, accepted = 0;
	struct layby_policy_error err;
	struct blob blob;
	uint32_t field;

	srand48(2);
	for (round = 0; round < ROUNDS; round++) {
		blob_init(&blob);
		for (changes = 1 + random_u64() % 4; changes; changes--) {
			field = random_u64() % LAYBY_POLICY_FIELDS;
			info = layby_policy_field_info(field);
			if (info->kind != LAYBY_POLICY_KIND_TEXT)
				blob_set(&blob, field < LAYBY_POLICY_FIELD_PARTITION ? NOWHERE :
					 random_u64() % BLOB_PARTITIONS, field,
					 random_number(info));
		}
		if (blob_validate(&blob, &err))
			continue;
		blob_assert_safe(&blob);
		accepted++;
	}
	/* else nothing was tested */
	assert_in_range(accepted, ROUNDS / 100, ROUNDS / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_flips),
		cmocka_unit_test(test_random_bytes),
		cmocka_unit_test(test_random_numbers),
	};

	return cmocka_run_group_tests_name("policy_bytes", tests, NULL, NULL);
}
