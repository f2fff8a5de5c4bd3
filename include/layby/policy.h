/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The binary form of a policy: what `laybyctl policy compile` writes, the image
 * carries and the kernel loads.
 *
 * A file is struct layby_policy, then @partition_count struct
 * layby_policy_partition, then the owner's certificate, then zeros up to a
 * multiple of 8 bytes. Nothing else, no gap. All integers are little-endian;
 * every pad must be zero. A text is printable ASCII, not empty, ends with a NUL
 * and has only zeros behind that. Whether a file is right is decided by
 * kmod/policy.c and nowhere else; ranges of the fields stand in its table.
 */
#ifndef LAYBY_POLICY_H
#define LAYBY_POLICY_H

#include <linux/types.h>
#ifdef __KERNEL__
#include <linux/build_bug.h>
#include <linux/stddef.h>
#else
#include <assert.h>
#include <stddef.h>
#endif

#define LAYBY_POLICY_MAGIC		0x5042594cu	/* "LYBP" */
#define LAYBY_POLICY_VERSION		2u
#define LAYBY_POLICY_ALIGN		8u
#define LAYBY_POLICY_PARTITIONS_MAX	8u
#define LAYBY_POLICY_OWNER_BYTES_MAX	8192u
/* in @park_can_id: the id has 29 bits, not 11; as Linux's CAN_EFF_FLAG */
#define LAYBY_POLICY_CAN_EXTENDED	0x80000000u

/**
 * struct layby_policy - what holds for the whole accelerator
 * @magic: LAYBY_POLICY_MAGIC
 * @version: LAYBY_POLICY_VERSION
 * @size: bytes of the whole file
 * @partition_count: 1 to LAYBY_POLICY_PARTITIONS_MAX
 * @serial: grows with each policy for a vehicle type; compared with the floor
 * @owner_offset: first byte of the owner's certificate, from the file's start
 * @owner_bytes: its length; what is in it is not looked at here
 * @id: name of the policy
 * @vehicle_type: what vehicle it is for
 * @author: who wrote it
 * @reviewer: who approved it
 * @change: reference of the change request
 * @accelerator: kind of accelerator, as its backend calls it
 * @power_mw: most that guest work may draw
 * @rail_mw: most that guest and driving work together may draw from the rail
 * @trip_mdeg: at this temperature guest work ends on any accelerator, millidegree
 *             Celsius, signed; on some earlier
 * @resume_mdeg: guest work may begin again below it, likewise, below @trip_mdeg
 * @driving_power_mw: full driving load, with its margin
 * @ambient_mdeg: worst ambient temperature, signed
 * @resistance_mk_per_w: thermal resistance to ambient, with its margin
 * @capacity_mj_per_k: thermal capacity, with its margin
 * @abort_ns: a job that does not stop within it has its slot reset
 * @reclaim_ns: from the input that closes the gate to the tiles handed back
 * @signal_age_ns: a vehicle signal older than this is none
 * @lease_age_ns: a lease older than this is none
 * @park_hold_ns: every condition of parked must hold for so long
 * @watchdog_ns: the device shuts guest slots if it is not fed for so long
 * @interval_ns: fault-tolerant time interval: detection and reclaim fit into it
 * @bucket_uj: the bucket of ISO-8: what guest work may have drawn above the cap over
 *             any stretch of time, all guest partitions together; each has of it what
 *             its share of the guests' tiles is
 * @park_can_id: frame of the control unit that keeps sending while parked; 0
 *               with 11 bits is not allowed, so that it cannot be forgotten
 * @pad: 0
 */
struct layby_policy {
	__le32 magic;
	__le32 version;
	__le32 size;
	__le32 partition_count;
	__le64 serial;
	__le32 owner_offset;
	__le32 owner_bytes;
	char id[32];
	char vehicle_type[32];
	char author[64];
	char reviewer[64];
	char change[64];
	char accelerator[16];
	__le32 power_mw;
	__le32 rail_mw;
	__le32 trip_mdeg;
	__le32 resume_mdeg;
	__le32 driving_power_mw;
	__le32 ambient_mdeg;
	__le32 resistance_mk_per_w;
	__le32 capacity_mj_per_k;
	__le64 abort_ns;
	__le64 reclaim_ns;
	__le64 signal_age_ns;
	__le64 lease_age_ns;
	__le64 park_hold_ns;
	__le64 watchdog_ns;
	__le64 interval_ns;
	__le64 bucket_uj;
	__le32 park_can_id;
	__le32 pad;
};

/**
 * struct layby_policy_partition - one partition
 * @partition_class: enum layby_class
 * @id: number of the partition, not used by another of its class
 * @window_offset: from the start of the memory that windows are cut from
 * @window_bytes: size of the window
 * @tiles_driving: mask of the tiles that it has in mode driving; guest: none
 * @tiles_parked: mask of the tiles that it has in mode parked
 * @tiles_min: tiles that a driving partition has in every mode; guest: 0
 * @queue_depth: jobs that its queue holds
 * @longest_run_ns: longest run time that a job may declare
 * @bandwidth_permille: share of the memory bandwidth
 * @pad: 0
 */
struct layby_policy_partition {
	__le32 partition_class;
	__le32 id;
	__le64 window_offset;
	__le64 window_bytes;
	__le32 tiles_driving;
	__le32 tiles_parked;
	__le32 tiles_min;
	__le32 queue_depth;
	__le64 longest_run_ns;
	__le32 bandwidth_permille;
	__le32 pad;
};

#define LAYBY_POLICY_SIZE_MIN \
	(sizeof(struct layby_policy) + sizeof(struct layby_policy_partition) + LAYBY_POLICY_ALIGN)
#define LAYBY_POLICY_SIZE_MAX \
	(sizeof(struct layby_policy) + \
	 LAYBY_POLICY_PARTITIONS_MAX * sizeof(struct layby_policy_partition) + \
	 LAYBY_POLICY_OWNER_BYTES_MAX)

static_assert(offsetof(struct layby_policy, serial) == 16, "policy: serial");
static_assert(offsetof(struct layby_policy, owner_offset) == 24, "policy: owner_offset");
static_assert(offsetof(struct layby_policy, id) == 32, "policy: id");
static_assert(offsetof(struct layby_policy, vehicle_type) == 64, "policy: vehicle_type");
static_assert(offsetof(struct layby_policy, author) == 96, "policy: author");
static_assert(offsetof(struct layby_policy, reviewer) == 160, "policy: reviewer");
static_assert(offsetof(struct layby_policy, change) == 224, "policy: change");
static_assert(offsetof(struct layby_policy, accelerator) == 288, "policy: accelerator");
static_assert(offsetof(struct layby_policy, power_mw) == 304, "policy: power_mw");
static_assert(offsetof(struct layby_policy, driving_power_mw) == 320, "policy: driving_power_mw");
static_assert(offsetof(struct layby_policy, abort_ns) == 336, "policy: abort_ns");
static_assert(offsetof(struct layby_policy, interval_ns) == 384, "policy: interval_ns");
static_assert(offsetof(struct layby_policy, bucket_uj) == 392, "policy: bucket_uj");
static_assert(offsetof(struct layby_policy, park_can_id) == 400, "policy: park_can_id");
static_assert(sizeof(struct layby_policy) == 408, "policy: size");
static_assert(offsetof(struct layby_policy_partition, window_offset) == 8, "partition: window");
static_assert(offsetof(struct layby_policy_partition, tiles_driving) == 24, "partition: tiles");
static_assert(offsetof(struct layby_policy_partition, queue_depth) == 36, "partition: queue");
static_assert(offsetof(struct layby_policy_partition, longest_run_ns) == 40, "partition: run");
static_assert(offsetof(struct layby_policy_partition, bandwidth_permille) == 48,
	      "partition: bandwidth");
static_assert(sizeof(struct layby_policy_partition) == 56, "partition: size");

/* --- What is wrong with a file -------------------------------------------- */

/** enum layby_policy_rule - the rules; numbers and names never change */
enum layby_policy_rule {
	/** @LAYBY_POLICY_RULE_NONE: none is broken */
	LAYBY_POLICY_RULE_NONE = 0,
	/** @LAYBY_POLICY_RULE_SIZE: a file of so many bytes is no policy */
	LAYBY_POLICY_RULE_SIZE = 1,
	/** @LAYBY_POLICY_RULE_MAGIC: not a policy */
	LAYBY_POLICY_RULE_MAGIC = 2,
	/** @LAYBY_POLICY_RULE_VERSION: a form that this validator does not know */
	LAYBY_POLICY_RULE_VERSION = 3,
	/** @LAYBY_POLICY_RULE_PAD: a byte that means nothing is not zero */
	LAYBY_POLICY_RULE_PAD = 4,
	/** @LAYBY_POLICY_RULE_TEXT_LENGTH: empty text, or no NUL; numbers are lengths */
	LAYBY_POLICY_RULE_TEXT_LENGTH = 5,
	/** @LAYBY_POLICY_RULE_TEXT_CHARACTER: not printable ASCII; numbers are bytes */
	LAYBY_POLICY_RULE_TEXT_CHARACTER = 6,
	/** @LAYBY_POLICY_RULE_RANGE: a number outside what any policy may say */
	LAYBY_POLICY_RULE_RANGE = 7,
	/** @LAYBY_POLICY_RULE_LAYOUT: the parts do not lie where they must */
	LAYBY_POLICY_RULE_LAYOUT = 8,
	/** @LAYBY_POLICY_RULE_ACCELERATOR: for another kind; no numbers */
	LAYBY_POLICY_RULE_ACCELERATOR = 9,
	/** @LAYBY_POLICY_RULE_SERIAL_FLOOR: older than the built-in floor */
	LAYBY_POLICY_RULE_SERIAL_FLOOR = 10,
	/** @LAYBY_POLICY_RULE_SLOTS: more partitions than the device has slots */
	LAYBY_POLICY_RULE_SLOTS = 11,
	/** @LAYBY_POLICY_RULE_NO_DRIVING: no driving partition; numbers are counts */
	LAYBY_POLICY_RULE_NO_DRIVING = 12,
	/** @LAYBY_POLICY_RULE_ID_TAKEN: @other has this class and id; no right number */
	LAYBY_POLICY_RULE_ID_TAKEN = 13,
	/** @LAYBY_POLICY_RULE_WINDOW_ALIGN: not page-aligned; right: rounded down, up */
	LAYBY_POLICY_RULE_WINDOW_ALIGN = 14,
	/** @LAYBY_POLICY_RULE_WINDOW_OUTSIDE: ends outside the device's memory */
	LAYBY_POLICY_RULE_WINDOW_OUTSIDE = 15,
	/** @LAYBY_POLICY_RULE_WINDOW_OVERLAP: overlaps that of @other; right: behind it */
	LAYBY_POLICY_RULE_WINDOW_OVERLAP = 16,
	/** @LAYBY_POLICY_RULE_TILES_OUTSIDE: tiles that the device has not; masks */
	LAYBY_POLICY_RULE_TILES_OUTSIDE = 17,
	/** @LAYBY_POLICY_RULE_TILES_OVERLAP: tiles that @other has; masks */
	LAYBY_POLICY_RULE_TILES_OVERLAP = 18,
	/** @LAYBY_POLICY_RULE_TILES_MINIMUM: driving below its minimum; counts */
	LAYBY_POLICY_RULE_TILES_MINIMUM = 19,
	/** @LAYBY_POLICY_RULE_TILES_ALL: tiles nobody drives with; masks, of all together */
	LAYBY_POLICY_RULE_TILES_ALL = 20,
	/** @LAYBY_POLICY_RULE_TILES_GUEST: guest with tiles, or a minimum, in mode driving */
	LAYBY_POLICY_RULE_TILES_GUEST = 21,
	/** @LAYBY_POLICY_RULE_TILES_NONE: guest without a tile while parked; masks */
	LAYBY_POLICY_RULE_TILES_NONE = 22,
	/** @LAYBY_POLICY_RULE_TILES_MOVED: parked, driving has others; masks */
	LAYBY_POLICY_RULE_TILES_MOVED = 23,
	/** @LAYBY_POLICY_RULE_QUEUE_DEPTH: deeper than the device's rings */
	LAYBY_POLICY_RULE_QUEUE_DEPTH = 24,
	/** @LAYBY_POLICY_RULE_BANDWIDTH_SUM: more than those before it left over */
	LAYBY_POLICY_RULE_BANDWIDTH_SUM = 25,
	/** @LAYBY_POLICY_RULE_RESUME: resumes at the trip temperature or above */
	LAYBY_POLICY_RULE_RESUME = 26,
	/** @LAYBY_POLICY_RULE_RAIL: guest and driving power exceed the rail */
	LAYBY_POLICY_RULE_RAIL = 27,
	/** @LAYBY_POLICY_RULE_HEAT: full driving load alone would reach the trip; microdegree */
	LAYBY_POLICY_RULE_HEAT = 28,
	/** @LAYBY_POLICY_RULE_ABORT: shorter than the device may take */
	LAYBY_POLICY_RULE_ABORT = 29,
	/** @LAYBY_POLICY_RULE_RECLAIM: shorter than an abort that fails, and a reset */
	LAYBY_POLICY_RULE_RECLAIM = 30,
	/** @LAYBY_POLICY_RULE_INTERVAL: detection and reclaim do not fit into it */
	LAYBY_POLICY_RULE_INTERVAL = 31,
	/** @LAYBY_POLICY_RULE_CAN_ID: not a CAN identifier */
	LAYBY_POLICY_RULE_CAN_ID = 32,
	/** @LAYBY_POLICY_RULE_HEADROOM: resumes where guests end on this device, or above */
	LAYBY_POLICY_RULE_HEADROOM = 33,
	/** @LAYBY_POLICY_RULES: how many numbers there are */
	LAYBY_POLICY_RULES
};

/** enum layby_policy_field - the members of the structs above, in their order */
enum layby_policy_field {
	LAYBY_POLICY_FIELD_MAGIC = 0,
	LAYBY_POLICY_FIELD_VERSION = 1,
	LAYBY_POLICY_FIELD_SIZE = 2,
	LAYBY_POLICY_FIELD_PARTITION_COUNT = 3,
	LAYBY_POLICY_FIELD_SERIAL = 4,
	LAYBY_POLICY_FIELD_OWNER_OFFSET = 5,
	LAYBY_POLICY_FIELD_OWNER_BYTES = 6,
	LAYBY_POLICY_FIELD_ID = 7,
	LAYBY_POLICY_FIELD_VEHICLE_TYPE = 8,
	LAYBY_POLICY_FIELD_AUTHOR = 9,
	LAYBY_POLICY_FIELD_REVIEWER = 10,
	LAYBY_POLICY_FIELD_CHANGE = 11,
	LAYBY_POLICY_FIELD_ACCELERATOR = 12,
	LAYBY_POLICY_FIELD_POWER_MW = 13,
	LAYBY_POLICY_FIELD_RAIL_MW = 14,
	LAYBY_POLICY_FIELD_TRIP_MDEG = 15,
	LAYBY_POLICY_FIELD_RESUME_MDEG = 16,
	LAYBY_POLICY_FIELD_DRIVING_POWER_MW = 17,
	LAYBY_POLICY_FIELD_AMBIENT_MDEG = 18,
	LAYBY_POLICY_FIELD_RESISTANCE_MK_PER_W = 19,
	LAYBY_POLICY_FIELD_CAPACITY_MJ_PER_K = 20,
	LAYBY_POLICY_FIELD_ABORT_NS = 21,
	LAYBY_POLICY_FIELD_RECLAIM_NS = 22,
	LAYBY_POLICY_FIELD_SIGNAL_AGE_NS = 23,
	LAYBY_POLICY_FIELD_LEASE_AGE_NS = 24,
	LAYBY_POLICY_FIELD_PARK_HOLD_NS = 25,
	LAYBY_POLICY_FIELD_WATCHDOG_NS = 26,
	LAYBY_POLICY_FIELD_INTERVAL_NS = 27,
	LAYBY_POLICY_FIELD_BUCKET_UJ = 28,
	LAYBY_POLICY_FIELD_PARK_CAN_ID = 29,
	LAYBY_POLICY_FIELD_PAD = 30,
	/* of a partition */
	LAYBY_POLICY_FIELD_PARTITION_CLASS = 31,
	LAYBY_POLICY_FIELD_PARTITION_ID = 32,
	LAYBY_POLICY_FIELD_WINDOW_OFFSET = 33,
	LAYBY_POLICY_FIELD_WINDOW_BYTES = 34,
	LAYBY_POLICY_FIELD_TILES_DRIVING = 35,
	LAYBY_POLICY_FIELD_TILES_PARKED = 36,
	LAYBY_POLICY_FIELD_TILES_MIN = 37,
	LAYBY_POLICY_FIELD_QUEUE_DEPTH = 38,
	LAYBY_POLICY_FIELD_LONGEST_RUN_NS = 39,
	LAYBY_POLICY_FIELD_BANDWIDTH_PERMILLE = 40,
	LAYBY_POLICY_FIELD_PARTITION_PAD = 41,
	LAYBY_POLICY_FIELDS
};

/* The first field of a partition. */
#define LAYBY_POLICY_FIELD_PARTITION	LAYBY_POLICY_FIELD_PARTITION_CLASS

/* layby_policy_error.partition and .other: not about a partition */
#define LAYBY_POLICY_NO_PARTITION	0xffffffffu

/**
 * struct layby_policy_error - which rule is broken, where, what would be right
 * @rule: enum layby_policy_rule
 * @field: enum layby_policy_field
 * @partition: index of the partition, or LAYBY_POLICY_NO_PARTITION
 * @other: index of the partition that it collides with, or the same
 * @offset: of the field in the file, of the very byte for a text or a pad
 * @pad: 0
 * @found: what stands there, sign-extended where the field is signed
 * @low: lowest number that would be right; of a mask, the bits that must be set
 * @high: highest one; of a mask, the bits that may be set
 */
struct layby_policy_error {
	__u32 rule;
	__u32 field;
	__u32 partition;
	__u32 other;
	__u32 offset;
	__u32 pad;
	__u64 found;
	__u64 low;
	__u64 high;
};

#endif /* LAYBY_POLICY_H */
