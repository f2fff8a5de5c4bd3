// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The binary form, read and written through the validator's table of fields.
 * Must only be asked about a blob that was validated or is being made.
 */
#include <endian.h>
#include <string.h>

#include "tool.h"

static size_t field_offset(uint32_t partition, uint32_t field)
{
	size_t offset = layby_policy_fields[field].offset;

	if (partition == NOWHERE)
		return offset;
	return sizeof(struct layby_policy) +
	       partition * sizeof(struct layby_policy_partition) + offset;
}

static size_t field_bytes(uint32_t field)
{
	return layby_policy_fields[field].kind == LAYBY_POLICY_KIND_U64 ? 8 : 4;
}

uint64_t blob_get(const struct blob *blob, uint32_t partition, uint32_t field)
{
	uint64_t value = 0;

	memcpy(&value, blob->bytes + field_offset(partition, field), field_bytes(field));
	value = le64toh(value);
	return layby_policy_fields[field].kind == LAYBY_POLICY_KIND_S32 ?
		       (uint64_t)(int64_t)(int32_t)value : value;
}

void blob_set(struct blob *blob, uint32_t partition, uint32_t field, uint64_t value)
{
	value = htole64(value);
	memcpy(blob->bytes + field_offset(partition, field), &value, field_bytes(field));
}

const char *blob_get_text(const struct blob *blob, uint32_t field)
{
	return (const char *)blob->bytes + field_offset(NOWHERE, field);
}

void blob_set_text(struct blob *blob, uint32_t field, const char *text)
{
	memcpy(blob->bytes + field_offset(NOWHERE, field), text,
	       strnlen(text, layby_policy_fields[field].high));
}

uint32_t blob_partitions(const struct blob *blob)
{
	return (uint32_t)blob_get(blob, NOWHERE, FIELD(PARTITION_COUNT));
}

bool blob_is_guest(const struct blob *blob, uint32_t partition)
{
	return blob_get(blob, partition, FIELD(PARTITION_CLASS)) == LAYBY_CLASS_GUEST;
}

const char *blob_partition_name(const struct blob *blob, uint32_t partition, char *name)
{
	uint32_t partition_class = (uint32_t)blob_get(blob, partition, FIELD(PARTITION_CLASS));

	snprintf(name, BLOB_NAME_MAX, "%s.%u", layby_class_name(partition_class),
		 (uint32_t)blob_get(blob, partition, FIELD(PARTITION_ID)));
	return name;
}

const uint8_t *blob_owner(const struct blob *blob, size_t *ret_size)
{
	*ret_size = blob_get(blob, NOWHERE, FIELD(OWNER_BYTES));
	return blob->bytes + blob_get(blob, NOWHERE, FIELD(OWNER_OFFSET));
}

void worst_case_init(struct worst_case *worst, const struct blob *blob)
{
	uint64_t signal = blob_get(blob, NOWHERE, FIELD(SIGNAL_AGE_NS));
	uint64_t lease = blob_get(blob, NOWHERE, FIELD(LEASE_AGE_NS));

	worst->detection_ns = signal > lease ? signal : lease;
	worst->reclaim_ns = blob_get(blob, NOWHERE, FIELD(RECLAIM_NS));
	worst->interval_ns = blob_get(blob, NOWHERE, FIELD(INTERVAL_NS));
}

uint64_t blob_guest_limit(const struct blob *blob, const struct layby_policy_hw *hw)
{
	return (uint64_t)(int64_t)layby_policy_guest_limit_mdeg(
		(int32_t)blob_get(blob, NOWHERE, FIELD(TRIP_MDEG)),
		(uint32_t)blob_get(blob, NOWHERE, FIELD(RAIL_MW)), hw);
}

void blob_finish(struct blob *blob, uint32_t partitions, const uint8_t *owner, size_t owner_size)
{
	size_t offset = field_offset(partitions, FIELD(PARTITION_CLASS));

	memcpy(blob->bytes + offset, owner, owner_size);
	blob->size = (offset + owner_size + LAYBY_POLICY_ALIGN - 1) / LAYBY_POLICY_ALIGN *
		     LAYBY_POLICY_ALIGN;
	blob_set(blob, NOWHERE, FIELD(MAGIC), LAYBY_POLICY_MAGIC);
	blob_set(blob, NOWHERE, FIELD(VERSION), LAYBY_POLICY_VERSION);
	blob_set(blob, NOWHERE, FIELD(SIZE), blob->size);
	blob_set(blob, NOWHERE, FIELD(PARTITION_COUNT), partitions);
	blob_set(blob, NOWHERE, FIELD(OWNER_OFFSET), offset);
	blob_set(blob, NOWHERE, FIELD(OWNER_BYTES), owner_size);
}
