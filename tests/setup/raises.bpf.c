// SPDX-License-Identifier: GPL-2.0-only
/* A governor that the kernel refuses: it writes what it is told. */
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include <layby/governor.h>

char LICENSE[] SEC("license") = "GPL";

SEC("struct_ops/sample")
int BPF_PROG(sample, struct layby_governor_sample *now,
	     struct layby_governor_verdict *verdict)
{
	now->power_ceiling_mw = LAYBY_NO_CAP_MW;
	verdict->open = 1;
	return 0;
}

SEC(".struct_ops.link")
struct layby_governor raises = {
	.sample = (void *)sample,
	.name = "raises",
};
