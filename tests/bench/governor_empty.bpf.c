// SPDX-License-Identifier: GPL-2.0-only
/*
 * The governor that does nothing but open: what calls of it cost is what the kernel
 * asks for calling any.
 */
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include <layby/governor.h>

char LICENSE[] SEC("license") = "GPL";

SEC("struct_ops/sample")
int BPF_PROG(sample, const struct layby_governor_sample *now,
	     struct layby_governor_verdict *verdict)
{
	verdict->open = 1;
	return 0;
}

SEC("struct_ops/admit")
int BPF_PROG(admit, const struct layby_admission *job)
{
	return 0;
}

SEC(".struct_ops.link")
struct layby_governor governor = {
	.sample = (void *)sample,
	.admit = (void *)admit,
	.name = "empty",
};
