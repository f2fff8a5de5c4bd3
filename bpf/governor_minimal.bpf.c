// SPDX-License-Identifier: GPL-2.0-only
/*
 * The smallest governor that is of use: guest work may run while the accelerator
 * is cooler than a fixed temperature. It caps nothing and refuses no job; the trip
 * temperature of the policy holds beside it, in the kernel.
 */
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include <layby/governor.h>

char LICENSE[] SEC("license") = "GPL";

/* Set before loading: closed at and above, millidegree Celsius. */
const volatile __s32 closed_from_mc = 80000;

SEC("struct_ops/sample")
int BPF_PROG(sample, const struct layby_governor_sample *now,
	     struct layby_governor_verdict *verdict)
{
	verdict->open = now->temperature_mc < closed_from_mc;
	return 0;
}

SEC(".struct_ops.link")
struct layby_governor governor = {
	.sample = (void *)sample,
	.name = "minimal",
};
