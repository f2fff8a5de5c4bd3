/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one validator of policies, for the module, the tools and the tests. What
 * it says is about bytes only: whether they are signed is firmware.c's.
 */
#ifndef LAYBY_POLICY_CHECK_H
#define LAYBY_POLICY_CHECK_H

#include <layby/policy.h>

/*
 * Sleeping operations that follow an abort without an answer, one after the
 * other: slot_disable, clear_tiles, slot_enable and slot_tiles of struct
 * layby_hw_ops; and before them slot_level, which may be under way when the gate
 * closes. Each takes at most the bound that a backend declares.
 */
#define LAYBY_POLICY_RESET_OPERATIONS	5u

/**
 * struct layby_policy_hw - what a policy is held against
 * @name: kind of accelerator, NUL-terminated
 * @memory_bytes: memory that windows are cut from
 * @abort_bound_ns: longest time from an abort to its answer
 * @reset_bound_ns: longest time of all that follows an abort without an answer,
 *                  until the tiles are handed over: reset, clear, enable
 * @serial_floor: policies with a lower serial are refused
 * @page_bytes: of the machine that maps windows, a power of two
 * @tiles: number of tiles, 1 to 32
 * @slots: number of slots
 * @queue_depth: jobs in a slot's ring
 * @throttle_mdeg: it lowers everybody's level at this temperature
 * @sensor_error_mdeg: what its hottest place may be above what is read
 * @die_resistance_mk_per_w: thermal resistance from that place to what is cooled
 */
struct layby_policy_hw {
	const char *name;
	__u64 memory_bytes;
	__u64 abort_bound_ns;
	__u64 reset_bound_ns;
	__u64 serial_floor;
	__u32 page_bytes;
	__u32 tiles;
	__u32 slots;
	__u32 queue_depth;
	__s32 throttle_mdeg;
	__u32 sensor_error_mdeg;
	__u32 die_resistance_mk_per_w;
};

/** enum layby_policy_kind - how a field is stored, little-endian */
enum layby_policy_kind {
	LAYBY_POLICY_KIND_U32,
	LAYBY_POLICY_KIND_S32,
	LAYBY_POLICY_KIND_U64,
	LAYBY_POLICY_KIND_TEXT,
};

/**
 * struct layby_policy_field_info - a field as the validator knows it
 * @name: name of the member, which says the unit, too
 * @offset: in struct layby_policy or struct layby_policy_partition
 * @kind: enum layby_policy_kind
 * @rule: that is broken outside the range, enum layby_policy_rule
 * @low: lowest value that is right, sign-extended; of a text, the length
 * @high: highest one; a text has room for that and its NUL
 */
struct layby_policy_field_info {
	const char *name;
	__u32 offset;
	__u32 kind;
	__u32 rule;
	__u64 low;
	__u64 high;
};

/* By enum layby_policy_field; policy_fields.c. */
extern const struct layby_policy_field_info layby_policy_fields[LAYBY_POLICY_FIELDS];

/**
 * layby_policy_validate() - is this a policy for this accelerator?
 * @blob: the file, any bytes, any alignment; nobody may be writing to it
 * @size: bytes at @blob, any number; nothing outside is read
 * @hw: the accelerator
 * @err: the first rule that is broken; LAYBY_POLICY_RULE_NONE on success
 *
 * Any context. Takes time bounded by LAYBY_POLICY_SIZE_MAX.
 *
 * Return: 0, then every field may be used as it stands; or -EINVAL.
 */
int layby_policy_validate(const void *blob, size_t size, const struct layby_policy_hw *hw,
			  struct layby_policy_error *err);

/**
 * layby_policy_guest_limit_mdeg() - how hot may guests make it?
 * @trip_mdeg: of the policy
 * @rail_mw: of the policy
 * @hw: the accelerator; its throttle, sensor error and die resistance are used
 *
 * ISO-12: all that is drawn makes the hottest place so much hotter than what is cooled
 * as its resistance says. That is the whole rail at the most: driving, and guests until
 * they are reclaimed. What is cooled is not hotter than the hottest place was, and from
 * the reclaim on only goes towards where driving alone settles, which is below the trip.
 * So what is at this limit when driving begins does not throttle.
 *
 * Any context, any values.
 *
 * Return: at what reading guest work ends, millidegree Celsius: @trip_mdeg, or less
 * where the accelerator needs more headroom than that leaves. Never rounded up.
 */
__s32 layby_policy_guest_limit_mdeg(__s32 trip_mdeg, __u32 rail_mw,
				    const struct layby_policy_hw *hw);

/* NULL for a number that there is not. */
const struct layby_policy_field_info *layby_policy_field_info(__u32 field);
const char *layby_policy_rule_name(__u32 rule);

#endif /* LAYBY_POLICY_CHECK_H */
