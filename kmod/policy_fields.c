// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fields of a policy: where each stands and what it may hold on any
 * accelerator; the names of the rules. Data for kmod/policy.c, which applies
 * it, and for the tools, which need no list of their own. Pure, as policy.c.
 */
#include <drm/layby_accel.h>

#include "budget.h"
#include "policy_check.h"

#define U64_ANY		(~0ULL)
#define S_TO_NS		1000000000ULL
#define CAN_ID_LAST	(LAYBY_POLICY_CAN_EXTENDED | 0x1fffffffu)

#define HEAD(member)	offsetof(struct layby_policy, member)
#define PART(member)	offsetof(struct layby_policy_partition, member)
#define U32		LAYBY_POLICY_KIND_U32
#define S32		LAYBY_POLICY_KIND_S32
#define U64		LAYBY_POLICY_KIND_U64
#define TEXT		LAYBY_POLICY_KIND_TEXT
#define RULE(name)	LAYBY_POLICY_RULE_##name
#define FIELD(name)	LAYBY_POLICY_FIELD_##name

const struct layby_policy_field_info layby_policy_fields[LAYBY_POLICY_FIELDS] = {
	[FIELD(MAGIC)] = { "magic", HEAD(magic), U32, RULE(MAGIC),
		LAYBY_POLICY_MAGIC, LAYBY_POLICY_MAGIC },
	[FIELD(VERSION)] = { "version", HEAD(version), U32, RULE(VERSION),
		LAYBY_POLICY_VERSION, LAYBY_POLICY_VERSION },
	[FIELD(SIZE)] = { "size", HEAD(size), U32, RULE(RANGE),
		LAYBY_POLICY_SIZE_MIN, LAYBY_POLICY_SIZE_MAX },
	[FIELD(PARTITION_COUNT)] = { "partition_count", HEAD(partition_count), U32, RULE(RANGE),
		1, LAYBY_POLICY_PARTITIONS_MAX },
	[FIELD(SERIAL)] = { "serial", HEAD(serial), U64, RULE(RANGE), 1, U64_ANY },
	[FIELD(OWNER_OFFSET)] = { "owner_offset", HEAD(owner_offset), U32, RULE(RANGE),
		sizeof(struct layby_policy), LAYBY_POLICY_SIZE_MAX },
	[FIELD(OWNER_BYTES)] = { "owner_bytes", HEAD(owner_bytes), U32, RULE(RANGE),
		1, LAYBY_POLICY_OWNER_BYTES_MAX },
	[FIELD(ID)] = { "id", HEAD(id), TEXT, RULE(TEXT_LENGTH), 1, 31 },
	[FIELD(VEHICLE_TYPE)] = { "vehicle_type", HEAD(vehicle_type), TEXT, RULE(TEXT_LENGTH),
		1, 31 },
	[FIELD(AUTHOR)] = { "author", HEAD(author), TEXT, RULE(TEXT_LENGTH), 1, 63 },
	[FIELD(REVIEWER)] = { "reviewer", HEAD(reviewer), TEXT, RULE(TEXT_LENGTH), 1, 63 },
	[FIELD(CHANGE)] = { "change", HEAD(change), TEXT, RULE(TEXT_LENGTH), 1, 63 },
	[FIELD(ACCELERATOR)] = { "accelerator", HEAD(accelerator), TEXT, RULE(TEXT_LENGTH),
		1, 15 },
	[FIELD(POWER_MW)] = { "power_mw", HEAD(power_mw), U32, RULE(RANGE), 1, 1000000 },
	[FIELD(RAIL_MW)] = { "rail_mw", HEAD(rail_mw), U32, RULE(RANGE), 1, 2000000 },
	[FIELD(TRIP_MDEG)] = { "trip_mdeg", HEAD(trip_mdeg), S32, RULE(RANGE), 1, 125000 },
	[FIELD(RESUME_MDEG)] = { "resume_mdeg", HEAD(resume_mdeg), S32, RULE(RANGE),
		-40000LL, 125000 },
	[FIELD(DRIVING_POWER_MW)] = { "driving_power_mw", HEAD(driving_power_mw), U32, RULE(RANGE),
		1, 1000000 },
	[FIELD(AMBIENT_MDEG)] = { "ambient_mdeg", HEAD(ambient_mdeg), S32, RULE(RANGE),
		-40000LL, 105000 },
	[FIELD(RESISTANCE_MK_PER_W)] = { "resistance_mk_per_w", HEAD(resistance_mk_per_w), U32,
		RULE(RANGE), 1, 100000 },
	[FIELD(CAPACITY_MJ_PER_K)] = { "capacity_mj_per_k", HEAD(capacity_mj_per_k), U32,
		RULE(RANGE), 1, 1000000000 },
	[FIELD(ABORT_NS)] = { "abort_ns", HEAD(abort_ns), U64, RULE(RANGE), 1, S_TO_NS },
	[FIELD(RECLAIM_NS)] = { "reclaim_ns", HEAD(reclaim_ns), U64, RULE(RANGE), 1, 10 * S_TO_NS },
	[FIELD(SIGNAL_AGE_NS)] = { "signal_age_ns", HEAD(signal_age_ns), U64, RULE(RANGE),
		1, 10 * S_TO_NS },
	[FIELD(LEASE_AGE_NS)] = { "lease_age_ns", HEAD(lease_age_ns), U64, RULE(RANGE),
		1, 10 * S_TO_NS },
	[FIELD(PARK_HOLD_NS)] = { "park_hold_ns", HEAD(park_hold_ns), U64, RULE(RANGE),
		1, 3600 * S_TO_NS },
	/* It is fed from a hard timer four times as often: not more than each millisecond. */
	[FIELD(WATCHDOG_NS)] = { "watchdog_ns", HEAD(watchdog_ns), U64, RULE(RANGE),
		S_TO_NS / 250, 10 * S_TO_NS },
	[FIELD(INTERVAL_NS)] = { "interval_ns", HEAD(interval_ns), U64, RULE(RANGE),
		1, 60 * S_TO_NS },
	[FIELD(BUCKET_UJ)] = { "bucket_uj", HEAD(bucket_uj), U64, RULE(RANGE),
		1000, LAYBY_BUDGET_BUCKET_MAX_UJ },
	[FIELD(PARK_CAN_ID)] = { "park_can_id", HEAD(park_can_id), U32, RULE(CAN_ID),
		1, CAN_ID_LAST },
	[FIELD(PAD)] = { "pad", HEAD(pad), U32, RULE(PAD), 0, 0 },

	[FIELD(PARTITION_CLASS)] = { "partition_class", PART(partition_class), U32, RULE(RANGE),
		LAYBY_CLASS_DRIVING, LAYBY_CLASS_GUEST },
	[FIELD(PARTITION_ID)] = { "id", PART(id), U32, RULE(RANGE),
		0, LAYBY_POLICY_PARTITIONS_MAX - 1 },
	[FIELD(WINDOW_OFFSET)] = { "window_offset", PART(window_offset), U64, RULE(RANGE),
		0, U64_ANY },
	[FIELD(WINDOW_BYTES)] = { "window_bytes", PART(window_bytes), U64, RULE(RANGE),
		1, U64_ANY },
	[FIELD(TILES_DRIVING)] = { "tiles_driving", PART(tiles_driving), U32, RULE(RANGE),
		0, ~0U },
	[FIELD(TILES_PARKED)] = { "tiles_parked", PART(tiles_parked), U32, RULE(RANGE), 0, ~0U },
	[FIELD(TILES_MIN)] = { "tiles_min", PART(tiles_min), U32, RULE(RANGE), 0, 32 },
	[FIELD(QUEUE_DEPTH)] = { "queue_depth", PART(queue_depth), U32, RULE(RANGE), 1, 65536 },
	[FIELD(LONGEST_RUN_NS)] = { "longest_run_ns", PART(longest_run_ns), U64, RULE(RANGE),
		1, 60 * S_TO_NS },
	[FIELD(BANDWIDTH_PERMILLE)] = { "bandwidth_permille", PART(bandwidth_permille), U32,
		RULE(RANGE), 1, 1000 },
	[FIELD(PARTITION_PAD)] = { "pad", PART(pad), U32, RULE(PAD), 0, 0 },
};

static const char *const rule_names[LAYBY_POLICY_RULES] = {
	[RULE(NONE)] = "none",
	[RULE(SIZE)] = "size",
	[RULE(MAGIC)] = "magic",
	[RULE(VERSION)] = "version",
	[RULE(PAD)] = "pad",
	[RULE(TEXT_LENGTH)] = "text-length",
	[RULE(TEXT_CHARACTER)] = "text-character",
	[RULE(RANGE)] = "range",
	[RULE(LAYOUT)] = "layout",
	[RULE(ACCELERATOR)] = "accelerator",
	[RULE(SERIAL_FLOOR)] = "serial-floor",
	[RULE(SLOTS)] = "slots",
	[RULE(NO_DRIVING)] = "no-driving",
	[RULE(ID_TAKEN)] = "id-taken",
	[RULE(WINDOW_ALIGN)] = "window-align",
	[RULE(WINDOW_OUTSIDE)] = "window-outside",
	[RULE(WINDOW_OVERLAP)] = "window-overlap",
	[RULE(TILES_OUTSIDE)] = "tiles-outside",
	[RULE(TILES_OVERLAP)] = "tiles-overlap",
	[RULE(TILES_MINIMUM)] = "tiles-minimum",
	[RULE(TILES_ALL)] = "tiles-all",
	[RULE(TILES_GUEST)] = "tiles-guest",
	[RULE(TILES_NONE)] = "tiles-none",
	[RULE(TILES_MOVED)] = "tiles-moved",
	[RULE(QUEUE_DEPTH)] = "queue-depth",
	[RULE(BANDWIDTH_SUM)] = "bandwidth-sum",
	[RULE(RESUME)] = "resume",
	[RULE(RAIL)] = "rail",
	[RULE(HEAT)] = "heat",
	[RULE(ABORT)] = "abort",
	[RULE(RECLAIM)] = "reclaim",
	[RULE(INTERVAL)] = "interval",
	[RULE(CAN_ID)] = "can-id",
	[RULE(HEADROOM)] = "headroom",
};

const struct layby_policy_field_info *layby_policy_field_info(__u32 field)
{
	return field < LAYBY_POLICY_FIELDS ? &layby_policy_fields[field] : NULL;
}

const char *layby_policy_rule_name(__u32 rule)
{
	return rule < LAYBY_POLICY_RULES ? rule_names[rule] : NULL;
}
