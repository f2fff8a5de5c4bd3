// SPDX-License-Identifier: GPL-2.0-only
/* A program that would take the place of another governor's sample(). */
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include <layby/governor.h>

char LICENSE[] SEC("license") = "GPL";

SEC("freplace/sample")
int instead(__u64 *context)
{
	return 0;
}
