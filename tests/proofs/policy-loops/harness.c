// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The loops of kmod/policy.c, for every number of partitions that there may be: a
 * rule about each partition is asked of each, a rule about two of each two, and one
 * that refuses is obeyed, whichever it is. With the proof
 * "policy" this says of every accepted file what that one says of one with two
 * partitions.
 */
#include <policy.c>

#include "proof.h"

#define PARTITIONS	LAYBY_POLICY_PARTITIONS_MAX

struct head {
	__u8 bytes[sizeof(struct layby_policy)];
};

ANY(struct head, head);
ANY(__u32, index);

/* The one that is watched, and whether the rule was asked of it. */
static __u32 watched, watched_other;
static bool asked, refuses;

static int rule_each(const struct check *c, __u32 partition)
{
	if (partition != watched)
		return 0;
	asked = true;
	return refuses ? -EINVAL : 0;
}

static int rule_pair(const struct check *c, __u32 partition, __u32 other)
{
	if (partition != watched || other != watched_other)
		return 0;
	asked = true;
	return refuses ? -EINVAL : 0;
}

static void prove_each(const struct check *c)
{
	int ret;

	asked = false;
	ret = check_each(c, rule_each);
	holds(asked, "a rule is asked of each partition");
	holds(!!ret == refuses, "a rule that refuses one is obeyed");
}

static void prove_pairs(const struct check *c)
{
	int ret;

	asked = false;
	ret = check_pairs(c, rule_pair);
	holds(asked, "a rule is asked of each pair");
	holds(!!ret == refuses, "a rule that refuses a pair is obeyed");
	if (watched == PARTITIONS - 1)
		reached("the last of all partitions");
}

int main(void)
{
	const struct head head = any_head();
	struct layby_policy_error err = {};
	const struct check c = { .blob = head.bytes, .size = sizeof(head), .err = &err };
	__u32 count = partition_count(&c);

	given(count >= 1 && count <= PARTITIONS);
	watched = any_index();
	watched_other = any_index();
	refuses = any_index();
	given(watched < count && watched_other < watched);
	prove_each(&c);
	prove_pairs(&c);
	return 0;
}
