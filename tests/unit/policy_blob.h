/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A policy for tests: one that is right, ways to change it, and a second
 * opinion on one that was accepted. Fields are changed through the
 * validator's own table; the second opinion uses the structs and no code of it.
 */
#ifndef POLICY_BLOB_H
#define POLICY_BLOB_H

#include <stddef.h>
#include <stdint.h>

#include <policy_check.h>

#define BLOB_PARTITIONS		3u
#define BLOB_OWNER_BYTES	29u
/* of a partition, in the order of the fields, up to the share of bandwidth */
#define BLOB_NUMBERS		10u
#define NOWHERE			LAYBY_POLICY_NO_PARTITION
#define RULE(name)		LAYBY_POLICY_RULE_##name
#define FIELD(name)		LAYBY_POLICY_FIELD_##name

struct blob {
	uint8_t bytes[LAYBY_POLICY_SIZE_MAX + 256];
	size_t size;
};

extern const struct layby_policy_hw blob_hw;

/* Two driving partitions, one guest, a certificate of 29 bytes. */
void blob_init(struct blob *blob);

size_t blob_offset(uint32_t partition, uint32_t field);
/* Room for so many partitions, and a certificate behind them. */
void blob_resize(struct blob *blob, uint32_t partitions, uint32_t owner_bytes);
void blob_set_partition(struct blob *blob, uint32_t partition,
			const uint64_t numbers[BLOB_NUMBERS]);
void blob_set(struct blob *blob, uint32_t partition, uint32_t field, uint64_t value);

/* Judge a copy that a sanitizer guards at its last byte. */
int blob_validate_bytes(const void *bytes, size_t size, const struct layby_policy_hw *hw,
			struct layby_policy_error *err);
int blob_validate(const struct blob *blob, struct layby_policy_error *err);

/* Fails the test if an accepted policy breaks what the module relies on. */
void blob_assert_safe(const struct blob *blob);

#endif /* POLICY_BLOB_H */
