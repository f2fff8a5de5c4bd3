// SPDX-License-Identifier: GPL-2.0-only
/* A governor of a vehicle maker's own, with settings that the agent may write. */
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include <layby/governor.h>

char LICENSE[] SEC("license") = "GPL";

struct settings {
	__u32 closed_from_mc;
#ifndef SETTINGS_WITHOUT_LOCK
	struct bpf_spin_lock lock;
#endif
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct settings);
} settings SEC(".maps");

SEC("struct_ops/sample")
int BPF_PROG(sample, const struct layby_governor_sample *now,
	     struct layby_governor_verdict *verdict)
{
	__u32 key = 0;
	struct settings *set = bpf_map_lookup_elem(&settings, &key);

	verdict->open = set && now->temperature_mc < (__s32)set->closed_from_mc;
	return 0;
}

SEC("struct_ops/admit")
int BPF_PROG(admit, const struct layby_admission *job)
{
	return job->longest_run_ns > 20000000000;
}

SEC(".struct_ops.link")
struct layby_governor own = {
	.sample = (void *)sample,
	.admit = (void *)admit,
	.name = "own",
};
