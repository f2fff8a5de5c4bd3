// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Validation in kmod/policy.c, for files of every size and content, and every
 * accelerator: no byte outside is read, and an accepted policy has disjoint,
 * aligned windows inside the device (ISO-1), tables of tiles that lie in the device, never
 * give a tile to two and leave driving its minimum (ISO-5), nothing for a
 * guest in mode driving (ISO-2), times that fit into the interval (ISO-3), and guests
 * that resume below their limit (ISO-12).
 *
 * Files of up to two partitions are looked at: what a rule asks of one and of two
 * partitions is seen, and that the rule is asked at all. That every rule is asked
 * of each partition and of each pair, however many there are, is shown in the proof
 * "policy-loops".
 *
 * The file lies in an object of just its size, so that CBMC sees each read
 * outside of it. check_text() is left out here and any answer of it is looked
 * at; that it reads inside the head, whatever stands there, and that what it lets
 * pass has its NUL is shown in the proof "policy-text". Likewise guests' limit may be any
 * up to the trip; that it leaves driving its headroom is shown in "policy-limit".
 */
#include <stdlib.h>

#include <policy.c>

#include "proof.h"

#define PARTITIONS	2
#define NAME_BYTES	sizeof(((struct layby_policy *)0)->accelerator)

ANY(struct layby_policy_hw, hw);
ANY(size_t, size);
ANY(__u32, index);
ANY(int, result);
ANY(char, character);
ANY(__s32, limit_mdeg);

/* In place of check_text(): goto-instrument turns the calls. */
int any_text(const struct check *c, __u32 field)
{
	const struct layby_policy_field_info *text = info(field);

	if (any_result())
		return refuse_field(c, RULE(TEXT_LENGTH), NOWHERE, field, 0, 0, 0);
	given(!c->blob[text->offset + text->high]);
	return 0;
}

/* What guests' limit is for the file and the accelerator that are looked at. */
static struct {
	__s32 trip_mdeg, limit_mdeg;
	__u32 rail_mw;
	const struct layby_policy_hw *hw;
} headroom;

/* In place of layby_policy_guest_limit_mdeg(), likewise. */
__s32 any_limit(__s32 trip_mdeg, __u32 rail_mw, const struct layby_policy_hw *hw)
{
	holds(trip_mdeg == headroom.trip_mdeg && hw == headroom.hw &&
	      rail_mw == headroom.rail_mw, "the limit is that of the policy");
	return headroom.limit_mdeg;
}

/* What a backend declares, see struct layby_policy_hw. */
static struct layby_policy_hw given_hw(void)
{
	static char name[NAME_BYTES + 1];
	struct layby_policy_hw hw = any_hw();
	__u32 i;

	for (i = 0; i < NAME_BYTES; i++)
		name[i] = any_character();
	hw.name = name;
	given(hw.page_bytes && !(hw.page_bytes & (hw.page_bytes - 1)));
	given(hw.tiles >= 1 && hw.tiles <= 32);
	return hw;
}

static __u64 number(const __u8 *bytes, size_t offset, __u32 length)
{
	__u64 value = 0;

	while (length--)
		value = value << 8 | bytes[offset + length];
	return value;
}

#define HEAD(blob, member)							\
	number(blob, offsetof(struct layby_policy, member),			\
	       sizeof(((struct layby_policy *)0)->member))
#define PART(blob, n, member)							\
	number(blob, sizeof(struct layby_policy) +				\
	       (n) * sizeof(struct layby_policy_partition) +			\
	       offsetof(struct layby_policy_partition, member),			\
	       sizeof(((struct layby_policy_partition *)0)->member))

struct part {
	__u64 start, bytes;
	__u32 class, driving, parked, min, permille;
};

static struct part read_part(const __u8 *blob, __u32 n)
{
	return (struct part){
		.start = PART(blob, n, window_offset), .bytes = PART(blob, n, window_bytes),
		.class = PART(blob, n, partition_class),
		.driving = PART(blob, n, tiles_driving), .parked = PART(blob, n, tiles_parked),
		.min = PART(blob, n, tiles_min), .permille = PART(blob, n, bandwidth_permille),
	};
}

static __u32 bits(__u32 mask)
{
	__u32 count = 0;

	for (; mask; mask &= mask - 1)
		count++;
	return count;
}

static void prove_part(const struct part *part, const struct layby_policy_hw *hw)
{
	__u64 page = hw->page_bytes - 1;

	holds(part->bytes && part->start <= hw->memory_bytes &&
	      part->bytes <= hw->memory_bytes - part->start, "a window is inside the device");
	holds(!(part->start & page) && !(part->bytes & page), "a window is page-aligned");
	holds(hw->tiles == 32 || !((part->driving | part->parked) >> hw->tiles),
	      "no table of tiles exceeds the device");
	if (part->class == LAYBY_CLASS_GUEST) {
		reached("a guest");
		holds(!part->driving, "a guest has no tile in mode driving");
	} else {
		holds(part->class == LAYBY_CLASS_DRIVING, "a class is one of two");
		holds(part->min && bits(part->driving) >= part->min &&
		      bits(part->parked) >= part->min, "driving has its minimum in both modes");
		holds(!(part->parked & ~part->driving), "parking only takes tiles from driving");
	}
}

static void prove_pair(const struct part *a, const struct part *b)
{
	holds(a->start + a->bytes <= b->start || b->start + b->bytes <= a->start,
	      "windows are disjoint");
	holds(!(a->driving & b->driving) && !(a->parked & b->parked),
	      "no tile has two partitions in a mode");
}

static void prove_times(const __u8 *blob, const struct layby_policy_hw *hw)
{
	__u64 abort = HEAD(blob, abort_ns), reclaim = HEAD(blob, reclaim_ns);
	__u64 signal = HEAD(blob, signal_age_ns), lease = HEAD(blob, lease_age_ns);
	__u64 interval = HEAD(blob, interval_ns);

	holds(abort >= hw->abort_bound_ns, "the device can stop a job in time");
	holds(reclaim >= abort && reclaim - abort >= hw->reset_bound_ns,
	      "an abort that fails and a reset fit into the reclaim");
	holds(interval >= reclaim && interval - reclaim >= signal && interval - reclaim >= lease,
	      "detection and reclaim fit into the interval");
}

static void given_limit(const __u8 *blob, const struct layby_policy_hw *hw)
{
	headroom.trip_mdeg = HEAD(blob, trip_mdeg);
	headroom.rail_mw = HEAD(blob, rail_mw);
	headroom.hw = hw;
	headroom.limit_mdeg = any_limit_mdeg();
	given(headroom.limit_mdeg <= headroom.trip_mdeg);
}

static void prove_heat(const __u8 *blob)
{
	__s32 resume = HEAD(blob, resume_mdeg);

	holds(resume < headroom.limit_mdeg, "guests resume below their limit");
	holds(headroom.limit_mdeg > -40000, "the limit is one that was not cut");
}

static void prove_accepted(const __u8 *blob, size_t size, const struct layby_policy_hw *hw)
{
	struct part part[PARTITIONS];
	__u32 count = HEAD(blob, partition_count), i, a = any_index(), b = any_index();
	__u32 all = 0, permille = 0;

	holds(HEAD(blob, size) == size, "the file says its size");
	holds(HEAD(blob, serial) >= hw->serial_floor, "no policy is below the floor");
	holds(count >= 1 && count <= PARTITIONS && count <= hw->slots, "each partition has a slot");
	holds(HEAD(blob, owner_offset) + HEAD(blob, owner_bytes) <= size,
	      "the owner's certificate is in the file");
	prove_times(blob, hw);
	prove_heat(blob);
	for (i = 0; i < count; i++) {
		part[i] = read_part(blob, i);
		all |= part[i].driving;
		permille += part[i].permille;
	}
	holds(all == ~0U >> (32 - hw->tiles), "driving has every tile in mode driving");
	holds(permille <= 1000, "no more bandwidth is given than there is");
	given(a < count);
	prove_part(&part[a], hw);
	given(b < count && b != a);
	reached("two partitions");
	prove_pair(&part[a], &part[b]);
}

int main(void)
{
	struct layby_policy_hw hw = given_hw();
	struct layby_policy_error err;
	size_t size = any_size();
	__u8 *blob;

	given(size <= LAYBY_POLICY_SIZE_MAX + LAYBY_POLICY_ALIGN);
	blob = malloc(size);
	given(blob);
	if (size >= sizeof(struct layby_policy))
		given_limit(blob, &hw);
	given(size < sizeof(struct layby_policy) || HEAD(blob, partition_count) <= PARTITIONS);
	if (layby_policy_validate(blob, size, &hw, &err)) {
		holds(err.rule > LAYBY_POLICY_RULE_NONE && err.rule < LAYBY_POLICY_RULES &&
		      err.field < LAYBY_POLICY_FIELDS, "what is refused has its reason");
		return 0;
	}
	holds(size >= LAYBY_POLICY_SIZE_MIN && size <= LAYBY_POLICY_SIZE_MAX,
	      "a policy has a size within its bounds");
	prove_accepted(blob, size, &hw);
	return 0;
}
