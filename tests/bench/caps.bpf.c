// SPDX-License-Identifier: GPL-2.0-only
/*
 * The governor of bench-caps: cap and level are what the bench says at the time, and
 * what the sensors say is left for the bench to read. It closes nothing: what holds
 * the guest within its cap, and the die within its limit, is the kernel alone.
 */
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include <layby/governor.h>

#include "caps_settings.h"

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct caps_settings);
} settings SEC(".maps");

static void note(struct caps_settings *set, const struct layby_governor_sample *now)
{
	set->sensor_age_ns = now->sensor_age_ns;
	set->credit_uj = now->credit_uj;
	set->power_mw = now->power_mw;
	set->temperature_mc = now->temperature_mc;
	set->waiting = now->waiting;
	set->guest_level = now->guest_level;
	set->trip_mc = now->trip_mc;
	set->sensor_error_mc = now->sensor_error_mc;
	set->now_ns = now->now_ns;
}

SEC("struct_ops/sample")
int BPF_PROG(sample, const struct layby_governor_sample *now,
	     struct layby_governor_verdict *verdict)
{
	__u32 key = 0;
	struct caps_settings *set = bpf_map_lookup_elem(&settings, &key);

	if (!set)
		return -1;
	note(set, now);
	if (set->cap_mw) {
		verdict->cap_mw = set->cap_mw;
		verdict->level = set->level;
	}
	verdict->open = 1;
	return 0;
}

SEC(".struct_ops.link")
struct layby_governor governor = {
	.sample = (void *)sample,
	.name = "caps",
};
