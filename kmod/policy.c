// SPDX-License-Identifier: GPL-2.0-only
/*
 * The policy: is a file a policy, and may it rule this accelerator?
 *
 * Owns every rule that a policy must keep; there is no other validator. What a
 * field may hold on any accelerator stands in policy_fields.c, what must hold
 * between fields and for this accelerator here. Pure: types and nothing else of
 * the kernel, so that the same file is tested, proved and used by the tools on
 * any host. It reads bytes, not structs: alignment and byte order of the
 * machine do not matter.
 *
 * Must never read outside the file: check_head() stays in the head, whose size
 * was checked before; check_layout() then shows that the partitions and the
 * certificate are there. Must never use a number before its range was checked:
 * the ranges keep the sums here from overflowing. No 64-bit division, which
 * 32-bit kernels have not.
 */
#ifdef __KERNEL__
#include <linux/errno.h>
#else
#include <errno.h>
#include <stdbool.h>
#endif

#include <drm/layby_accel.h>

#include "policy_check.h"

#define U64_ANY		(~0ULL)
#define PERMILLE	1000u
#define MILLI		1000u
#define MDEG_LOWEST	(-0x7fffffff - 1)
#define CAN_ID_MAX	0x7ffu
#define CAN_ID_EXTENDED_MAX	0x1fffffffu

/* Everything by which a file is judged. */
struct check {
	const __u8 *blob;
	__u32 size;
	const struct layby_policy_hw *hw;
	struct layby_policy_error *err;
};

#define RULE(name)	LAYBY_POLICY_RULE_##name
#define FIELD(name)	LAYBY_POLICY_FIELD_##name

#define NOWHERE		LAYBY_POLICY_NO_PARTITION

static const struct layby_policy_field_info *info(__u32 field)
{
	return &layby_policy_fields[field];
}

static __u64 highest(__u32 field)
{
	return info(field)->high;
}

static __u32 field_offset(__u32 partition, __u32 field)
{
	if (partition == NOWHERE)
		return info(field)->offset;
	return sizeof(struct layby_policy) +
	       partition * sizeof(struct layby_policy_partition) + info(field)->offset;
}

/* A number, sign-extended if it is signed. */
static __u64 get(const struct check *c, __u32 partition, __u32 field)
{
	const __u8 *bytes = c->blob + field_offset(partition, field);
	__u32 i = info(field)->kind == LAYBY_POLICY_KIND_U64 ? 8 : 4;
	__u64 value = 0;

	while (i--)
		value = value << 8 | bytes[i];
	return info(field)->kind == LAYBY_POLICY_KIND_S32 ? (__u64)(__s64)(__s32)value : value;
}

/* The same, of the whole accelerator. */
static __u64 head(const struct check *c, __u32 field)
{
	return get(c, NOWHERE, field);
}

static int refuse(const struct check *c, struct layby_policy_error err)
{
	*c->err = err;
	return -EINVAL;
}

/* For a place inside a field, or behind all of them. */
static int refuse_byte(const struct check *c, __u32 rule, __u32 field, __u32 offset,
		       __u64 low, __u64 high)
{
	return refuse(c, (struct layby_policy_error){
		.rule = rule, .field = field, .offset = offset,
		.partition = NOWHERE, .other = NOWHERE,
		.found = c->blob[offset], .low = low, .high = high });
}

static int refuse_field(const struct check *c, __u32 rule, __u32 partition, __u32 field,
			__u64 found, __u64 low, __u64 high)
{
	return refuse(c, (struct layby_policy_error){
		.rule = rule, .field = field, .offset = field_offset(partition, field),
		.partition = partition, .other = NOWHERE,
		.found = found, .low = low, .high = high });
}

/* The number in @field must be @low to @high. */
static int hold(const struct check *c, __u32 rule, __u32 partition, __u32 field,
		__u64 low, __u64 high)
{
	__u64 value = get(c, partition, field);
	/* moves the smallest negative number to 0, the order stays */
	__u64 bias = info(field)->kind == LAYBY_POLICY_KIND_S32 ? 1ULL << 63 : 0;

	if ((value ^ bias) >= (low ^ bias) && (value ^ bias) <= (high ^ bias))
		return 0;
	return refuse_field(c, rule, partition, field, value, low, high);
}

/* The mask in @field must have no bits outside @may. */
static int hold_mask(const struct check *c, __u32 rule, __u32 partition, __u32 field, __u32 may)
{
	__u32 mask = get(c, partition, field);

	if (!(mask & ~may))
		return 0;
	return refuse_field(c, rule, partition, field, mask, 0, may);
}

/* Names the partition that @ret, a refusal, is a collision with. */
static int collides(const struct check *c, __u32 other, int ret)
{
	if (ret)
		c->err->other = other;
	return ret;
}

static __u32 partition_count(const struct check *c)
{
	return head(c, FIELD(PARTITION_COUNT));
}

static bool is_guest(const struct check *c, __u32 partition)
{
	return get(c, partition, FIELD(PARTITION_CLASS)) == LAYBY_CLASS_GUEST;
}

/* --- The file as such ----------------------------------------------------- */

static int check_text(const struct check *c, __u32 field)
{
	const struct layby_policy_field_info *text = info(field);
	__u32 offset = text->offset, length, i;

	for (length = 0; length <= text->high && c->blob[offset + length]; length++) {
		if (c->blob[offset + length] < ' ' || c->blob[offset + length] > '~')
			return refuse_byte(c, RULE(TEXT_CHARACTER), field, offset + length,
					   ' ', '~');
	}
	if (length < text->low || length > text->high)
		return refuse_field(c, RULE(TEXT_LENGTH), NOWHERE, field, length,
				    text->low, text->high);
	for (i = length; i <= text->high; i++) {
		if (c->blob[offset + i])
			return refuse_byte(c, RULE(PAD), field, offset + i, 0, 0);
	}
	return 0;
}

static int check_field(const struct check *c, __u32 partition, __u32 field)
{
	const struct layby_policy_field_info *is = info(field);

	if (is->kind == LAYBY_POLICY_KIND_TEXT)
		return check_text(c, field);
	return hold(c, is->rule, partition, field, is->low, is->high);
}

static int check_head(const struct check *c)
{
	__u32 field;
	int ret = 0;

	for (field = 0; field < LAYBY_POLICY_FIELD_PARTITION && !ret; field++)
		ret = check_field(c, NOWHERE, field);
	return ret;
}

/* Head, partitions, certificate and padding follow one another and fill the file. */
static int check_layout(const struct check *c)
{
	__u32 owner = field_offset(partition_count(c), FIELD(PARTITION_CLASS));
	__u32 end = owner + head(c, FIELD(OWNER_BYTES));
	__u32 whole = (end + LAYBY_POLICY_ALIGN - 1) & ~(LAYBY_POLICY_ALIGN - 1);
	int ret;

	ret = hold(c, RULE(LAYOUT), NOWHERE, FIELD(SIZE), c->size, c->size) ?:
	      hold(c, RULE(LAYOUT), NOWHERE, FIELD(OWNER_OFFSET), owner, owner) ?:
	      hold(c, RULE(LAYOUT), NOWHERE, FIELD(SIZE), whole, whole);
	for (; !ret && end < whole; end++) {
		if (c->blob[end])
			ret = refuse_byte(c, RULE(PAD), FIELD(OWNER_BYTES), end, 0, 0);
	}
	return ret;
}

static int check_partition_fields(const struct check *c, __u32 partition)
{
	__u32 field;
	int ret = 0;

	for (field = LAYBY_POLICY_FIELD_PARTITION; field < LAYBY_POLICY_FIELDS && !ret; field++)
		ret = check_field(c, partition, field);
	return ret;
}

/* --- The whole accelerator ------------------------------------------------ */

static int check_accelerator(const struct check *c)
{
	const char *name = (const char *)c->blob + info(FIELD(ACCELERATOR))->offset;
	__u32 i = 0;

	/* the name was checked to have its NUL */
	while (name[i] && name[i] == c->hw->name[i])
		i++;
	if (name[i] == c->hw->name[i])
		return 0;
	return refuse_field(c, RULE(ACCELERATOR), NOWHERE, FIELD(ACCELERATOR), 0, 0, 0);
}

/* ISO-9: no policy older than the floor */
static int check_serial(const struct check *c)
{
	return hold(c, RULE(SERIAL_FLOOR), NOWHERE, FIELD(SERIAL), c->hw->serial_floor, U64_ANY);
}

static int check_slots(const struct check *c)
{
	return hold(c, RULE(SLOTS), NOWHERE, FIELD(PARTITION_COUNT), 1, c->hw->slots);
}

/* ISO-5: driving may start at full load before the guest has let go of the rail */
static int check_rail(const struct check *c)
{
	return hold(c, RULE(RAIL), NOWHERE, FIELD(RAIL_MW),
		    head(c, FIELD(POWER_MW)) + head(c, FIELD(DRIVING_POWER_MW)),
		    highest(FIELD(RAIL_MW)));
}

static int check_resume(const struct check *c)
{
	return hold(c, RULE(RESUME), NOWHERE, FIELD(RESUME_MDEG), info(FIELD(RESUME_MDEG))->low,
		    head(c, FIELD(TRIP_MDEG)) - 1);
}

/*
 * ISO-12: where full driving load settles for ever, T = ambient + R P, is below
 * the trip. So whenever guest work ends there, the device cools from then on.
 * mK/W times mW is microkelvin.
 */
static int check_heat(const struct check *c)
{
	__s64 settled = (__s64)head(c, FIELD(AMBIENT_MDEG)) * 1000 +
			(__s64)(head(c, FIELD(RESISTANCE_MK_PER_W)) *
				head(c, FIELD(DRIVING_POWER_MW)));
	__s64 trip = (__s64)head(c, FIELD(TRIP_MDEG)) * 1000;

	if (settled < trip)
		return 0;
	return refuse_field(c, RULE(HEAT), NOWHERE, FIELD(TRIP_MDEG), trip, settled + 1,
			    highest(FIELD(TRIP_MDEG)) * 1000);
}

/*
 * What all that the rail gives adds inside the accelerator: when driving begins
 * guests may draw their share until they are reclaimed, though they may have drawn
 * next to nothing just before. mK/W times mW is microkelvin.
 */
static __u64 rail_heat(const struct layby_policy_hw *hw, __u32 rail_mw)
{
	return (__u64)hw->die_resistance_mk_per_w * rail_mw;
}

/* ISO-12: what reads as @mdeg does not throttle when @heat is added to it */
static bool has_headroom(const struct layby_policy_hw *hw, __u64 heat, __s64 mdeg)
{
	__s64 room = (__s64)hw->throttle_mdeg - hw->sensor_error_mdeg - mdeg;

	return room >= 0 && (__u64)room * MILLI >= heat;
}

/* The highest one that keeps both limits, bit by bit: nothing is divided, nor rounded. */
__s32 layby_policy_guest_limit_mdeg(__s32 trip_mdeg, __u32 rail_mw,
				    const struct layby_policy_hw *hw)
{
	__u64 heat = rail_heat(hw, rail_mw);
	__s64 limit = MDEG_LOWEST, step;

	for (step = 1LL << 31; step; step >>= 1) {
		if (limit + step <= trip_mdeg && has_headroom(hw, heat, limit + step))
			limit += step;
	}
	return limit;
}

/* ISO-12: or guest work that ended at its limit could never begin again */
static int check_headroom(const struct check *c)
{
	__s64 limit = layby_policy_guest_limit_mdeg(head(c, FIELD(TRIP_MDEG)),
						    head(c, FIELD(RAIL_MW)), c->hw);

	return hold(c, RULE(HEADROOM), NOWHERE, FIELD(RESUME_MDEG),
		    info(FIELD(RESUME_MDEG))->low, limit - 1);
}

/* ISO-3: a bound that the hardware cannot keep is no bound */
static int check_bounds(const struct check *c)
{
	__u64 abort = head(c, FIELD(ABORT_NS)), reset = c->hw->reset_bound_ns;
	__u64 least = reset < U64_ANY - abort ? abort + reset : U64_ANY;

	return hold(c, RULE(ABORT), NOWHERE, FIELD(ABORT_NS), c->hw->abort_bound_ns,
		    highest(FIELD(ABORT_NS))) ?:
	       hold(c, RULE(RECLAIM), NOWHERE, FIELD(RECLAIM_NS), least,
		    highest(FIELD(RECLAIM_NS)));
}

/* ISO-3: the worst detection and the reclaim after it fit into the interval */
static int check_interval(const struct check *c)
{
	__u64 signal = head(c, FIELD(SIGNAL_AGE_NS)), lease = head(c, FIELD(LEASE_AGE_NS));
	__u64 detection = signal > lease ? signal : lease;

	return hold(c, RULE(INTERVAL), NOWHERE, FIELD(INTERVAL_NS),
		    detection + head(c, FIELD(RECLAIM_NS)), highest(FIELD(INTERVAL_NS)));
}

static int check_can_id(const struct check *c)
{
	__u32 extended = head(c, FIELD(PARK_CAN_ID)) & LAYBY_POLICY_CAN_EXTENDED;

	if (extended)
		return hold(c, RULE(CAN_ID), NOWHERE, FIELD(PARK_CAN_ID), extended,
			    extended | CAN_ID_EXTENDED_MAX);
	return hold(c, RULE(CAN_ID), NOWHERE, FIELD(PARK_CAN_ID), 1, CAN_ID_MAX);
}

static int check_driving_exists(const struct check *c)
{
	__u32 i, count = partition_count(c);

	for (i = 0; i < count; i++) {
		if (!is_guest(c, i))
			return 0;
	}
	return refuse_field(c, RULE(NO_DRIVING), NOWHERE, FIELD(PARTITION_COUNT), 0, 1, count);
}

static int check_bandwidth(const struct check *c)
{
	__u32 i, count = partition_count(c), left = PERMILLE;
	int ret;

	for (i = 0; i < count; i++) {
		ret = hold(c, RULE(BANDWIDTH_SUM), i, FIELD(BANDWIDTH_PERMILLE), 1, left);
		if (ret)
			return ret;
		left -= get(c, i, FIELD(BANDWIDTH_PERMILLE));
	}
	return 0;
}

/* No tile is lost to driving while the vehicle drives. */
static int check_tiles_all(const struct check *c)
{
	__u32 i, count = partition_count(c), all = 0, device = ~0U >> (32 - c->hw->tiles);

	for (i = 0; i < count; i++)
		all |= get(c, i, FIELD(TILES_DRIVING));
	if (all == device)
		return 0;
	return refuse_field(c, RULE(TILES_ALL), NOWHERE, FIELD(TILES_DRIVING), all, device, device);
}

/* --- Each partition ------------------------------------------------------- */

/* ISO-1: page-aligned */
static int check_aligned(const struct check *c, __u32 partition, __u32 field)
{
	__u64 value = get(c, partition, field), inside = c->hw->page_bytes - 1;

	if (!(value & inside))
		return 0;
	return refuse_field(c, RULE(WINDOW_ALIGN), partition, field, value, value & ~inside,
			    (value | inside) + 1);
}

/* ISO-1: inside the device; written so that no sum can overflow */
static int check_window(const struct check *c, __u32 partition)
{
	__u64 memory = c->hw->memory_bytes;

	return check_aligned(c, partition, FIELD(WINDOW_OFFSET)) ?:
	       check_aligned(c, partition, FIELD(WINDOW_BYTES)) ?:
	       hold(c, RULE(WINDOW_OUTSIDE), partition, FIELD(WINDOW_OFFSET), 0, memory) ?:
	       hold(c, RULE(WINDOW_OUTSIDE), partition, FIELD(WINDOW_BYTES), 1,
		    memory - get(c, partition, FIELD(WINDOW_OFFSET)));
}

static int check_queue(const struct check *c, __u32 partition)
{
	return hold(c, RULE(QUEUE_DEPTH), partition, FIELD(QUEUE_DEPTH), 1, c->hw->queue_depth);
}

static int check_tiles_exist(const struct check *c, __u32 partition)
{
	__u32 device = ~0U >> (32 - c->hw->tiles);

	return hold_mask(c, RULE(TILES_OUTSIDE), partition, FIELD(TILES_DRIVING), device) ?:
	       hold_mask(c, RULE(TILES_OUTSIDE), partition, FIELD(TILES_PARKED), device);
}

/* ISO-2, at its root: in mode driving there is no tile that a guest could use */
static int check_guest_tiles(const struct check *c, __u32 partition)
{
	return hold_mask(c, RULE(TILES_GUEST), partition, FIELD(TILES_DRIVING), 0) ?:
	       hold(c, RULE(TILES_GUEST), partition, FIELD(TILES_MIN), 0, 0) ?:
	       get(c, partition, FIELD(TILES_PARKED)) ? 0 :
	       refuse_field(c, RULE(TILES_NONE), partition, FIELD(TILES_PARKED), 0, 0,
			    ~0U >> (32 - c->hw->tiles));
}

static int hold_minimum(const struct check *c, __u32 partition, __u32 field)
{
	__u32 mask = get(c, partition, field), least = get(c, partition, FIELD(TILES_MIN));
	__u32 tiles = 0;

	for (; mask; mask &= mask - 1)
		tiles++;
	if (tiles >= least)
		return 0;
	return refuse_field(c, RULE(TILES_MINIMUM), partition, field, tiles, least, c->hw->tiles);
}

/*
 * ISO-5: a driving partition has its minimum in both modes. Parking only takes
 * tiles from it: if it had others, reclaim would have to wait for driving jobs.
 */
static int check_driving_tiles(const struct check *c, __u32 partition)
{
	return hold(c, RULE(TILES_MINIMUM), partition, FIELD(TILES_MIN), 1, c->hw->tiles) ?:
	       hold_minimum(c, partition, FIELD(TILES_DRIVING)) ?:
	       hold_minimum(c, partition, FIELD(TILES_PARKED)) ?:
	       hold_mask(c, RULE(TILES_MOVED), partition, FIELD(TILES_PARKED),
			 get(c, partition, FIELD(TILES_DRIVING)));
}

static int check_tiles(const struct check *c, __u32 partition)
{
	return check_tiles_exist(c, partition) ?:
	       (is_guest(c, partition) ? check_guest_tiles(c, partition) :
					 check_driving_tiles(c, partition));
}

/* --- Each pair of partitions ---------------------------------------------- */

static int check_pair_id(const struct check *c, __u32 partition, __u32 other)
{
	__u64 id = get(c, partition, FIELD(PARTITION_ID));

	if (is_guest(c, partition) != is_guest(c, other) ||
	    id != get(c, other, FIELD(PARTITION_ID)))
		return 0;
	return collides(c, other, refuse_field(c, RULE(ID_TAKEN), partition, FIELD(PARTITION_ID),
					       id, 0, 0));
}

/* ISO-1: disjoint; both were checked to be inside the device */
static int check_pair_window(const struct check *c, __u32 partition, __u32 other)
{
	__u64 start = get(c, partition, FIELD(WINDOW_OFFSET));
	__u64 other_start = get(c, other, FIELD(WINDOW_OFFSET));
	__u64 other_end = other_start + get(c, other, FIELD(WINDOW_BYTES));

	if (start + get(c, partition, FIELD(WINDOW_BYTES)) <= other_start)
		return 0;
	return collides(c, other, hold(c, RULE(WINDOW_OVERLAP), partition, FIELD(WINDOW_OFFSET),
				       other_end, c->hw->memory_bytes));
}

/* In neither mode has a tile two partitions. */
static int check_pair_tiles(const struct check *c, __u32 partition, __u32 other)
{
	int ret;

	ret = hold_mask(c, RULE(TILES_OVERLAP), partition, FIELD(TILES_DRIVING),
			~get(c, other, FIELD(TILES_DRIVING))) ?:
	      hold_mask(c, RULE(TILES_OVERLAP), partition, FIELD(TILES_PARKED),
			~get(c, other, FIELD(TILES_PARKED)));
	return collides(c, other, ret);
}

/* --- All together --------------------------------------------------------- */

static int check_each(const struct check *c,
		      int (*rule)(const struct check *c, __u32 partition))
{
	__u32 i, count = partition_count(c);
	int ret = 0;

	for (i = 0; i < count && !ret; i++)
		ret = rule(c, i);
	return ret;
}

static int check_pairs(const struct check *c,
		       int (*rule)(const struct check *c, __u32 partition, __u32 other))
{
	__u32 i, other, count = partition_count(c);
	int ret = 0;

	for (i = 1; i < count; i++) {
		for (other = 0; other < i && !ret; other++)
			ret = rule(c, i, other);
	}
	return ret;
}

static int check_form(const struct check *c)
{
	return check_head(c) ?: check_layout(c) ?: check_each(c, check_partition_fields);
}

static int check_accelerator_rules(const struct check *c)
{
	return check_accelerator(c) ?: check_serial(c) ?: check_slots(c) ?: check_rail(c) ?:
	       check_resume(c) ?: check_heat(c) ?: check_headroom(c) ?: check_bounds(c) ?:
	       check_interval(c) ?: check_can_id(c);
}

static int check_partition_rules(const struct check *c)
{
	return check_driving_exists(c) ?: check_bandwidth(c) ?: check_each(c, check_window) ?:
	       check_each(c, check_queue) ?: check_each(c, check_tiles) ?:
	       check_pairs(c, check_pair_id) ?: check_pairs(c, check_pair_window) ?:
	       check_pairs(c, check_pair_tiles) ?: check_tiles_all(c);
}

int layby_policy_validate(const void *blob, size_t size, const struct layby_policy_hw *hw,
			  struct layby_policy_error *err)
{
	const struct check c = { .blob = blob, .size = size, .hw = hw, .err = err };

	*err = (struct layby_policy_error){ .partition = NOWHERE, .other = NOWHERE };
	if (size < LAYBY_POLICY_SIZE_MIN || size > LAYBY_POLICY_SIZE_MAX)
		return refuse_field(&c, RULE(SIZE), NOWHERE, FIELD(SIZE), size,
				    LAYBY_POLICY_SIZE_MIN, LAYBY_POLICY_SIZE_MAX);
	return check_form(&c) ?: check_accelerator_rules(&c) ?: check_partition_rules(&c);
}
