// SPDX-License-Identifier: GPL-2.0-only
/*
 * A governor that is complete: power cap, heat with prediction, level, batteries,
 * quiet hours and the owner's settings. What it decides stands in govern.h, which it
 * gives the sample, the settings and what it keeps; docs/governor.md explains it all.
 *
 * The kernel's sampler calls sample() from one thread, admit() from any; what they
 * share are two numbers, each of which is whole at every moment.
 */
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "govern.h"

char LICENSE[] SEC("license") = "GPL";

/* Set before loading, never after; units and ranges: govern.h, heat.h, owner.h, pace.h. */
const volatile struct layby_govern_knobs knobs = LAYBY_GOVERN_KNOBS;

/* The owner's: layby-setup pins it for the agent, who may write this and nothing else. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct layby_governor_settings);
} settings SEC(".maps");

/* Gone with the governor: another one begins anew. */
static struct layby_govern govern;

/* The compiler must not take the defaults for the values. */
static __always_inline const struct layby_govern_knobs *knobs_set(void)
{
	const struct layby_govern_knobs *set = (const struct layby_govern_knobs *)&knobs;

	asm volatile("" : "+r"(set));
	return set;
}

SEC("struct_ops/sample")
int BPF_PROG(sample, const struct layby_governor_sample *now,
	     struct layby_governor_verdict *verdict)
{
	struct layby_governor_settings *pinned, set;
	__u32 key = 0;

	pinned = bpf_map_lookup_elem(&settings, &key);
	if (!pinned)
		return -1;
	layby_settings_read(&set, pinned);
	layby_govern(&govern, knobs_set(), &set, now, verdict);
	return 0;
}

SEC("struct_ops/admit")
int BPF_PROG(admit, const struct layby_admission *job)
{
	return !layby_govern_admit(&govern, job);
}

SEC(".struct_ops.link")
struct layby_governor governor = {
	.sample = (void *)sample,
	.admit = (void *)admit,
	.name = "layby",
};
