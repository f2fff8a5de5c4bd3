// SPDX-License-Identifier: GPL-2.0-only
/*
 * A governor that keeps its contract or breaks it, as the map `settings` says: only one
 * can be attached when the gate opens, as it must have been before the seal.
 */
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include <layby/governor.h>

char LICENSE[] SEC("license") = "GPL";

enum { KEEPS, RAISES, IS_LATE, FAILS, TALKS_NONSENSE };

/* A lock, or layby-setup would not pin it. */
struct breach {
	__u32 what;
	struct bpf_spin_lock lock;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct breach);
} settings SEC(".maps");

/* Twice as long as a verdict counts. */
#define LATE_NS	2000000000ULL
#define ROUNDS	1000

/* Global, so that the verifier goes through each loop once and not with each call. */
__noinline int spin(void)
{
	int round;

	for (round = 0; round < 5 * ROUNDS; round++)
		asm volatile("");
	return 0;
}

__noinline int spin_more(void)
{
	int round;

	for (round = 0; round < ROUNDS; round++)
		spin();
	return 0;
}

/* The longest that the verifier permits is much longer: it knows no clock. */
static void burn(void)
{
	__u64 start_ns = bpf_ktime_get_ns();
	int round;

	for (round = 0; round < ROUNDS && bpf_ktime_get_ns() - start_ns < LATE_NS; round++)
		spin_more();
}

SEC("struct_ops/sample")
int BPF_PROG(sample, const struct layby_governor_sample *now,
	     struct layby_governor_verdict *verdict)
{
	__u32 key = 0;
	struct breach *breach = bpf_map_lookup_elem(&settings, &key);

	if (!breach)
		return -1;
	verdict->open = 1;
	switch (breach->what) {
	case RAISES:
		verdict->cap_mw = LAYBY_NO_CAP_MW;
		verdict->level = ~0U;
		return 0;
	case IS_LATE:
		burn();
		return 0;
	case FAILS:
		return -7;
	case TALKS_NONSENSE:
		verdict->open = 2;
		return 0;
	default:
		return 0;
	}
}

SEC(".struct_ops.link")
struct layby_governor breach = {
	.sample = (void *)sample,
	.name = "breach",
};
