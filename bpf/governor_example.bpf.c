// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a vehicle maker writes a governor of its own; copy it and change it. This one
 * lends the accelerator only while the car charges: all of the ceiling while that is
 * well, half of it when the battery is nearly full or the accelerator is warm, and no
 * job that may run for more than ten seconds. docs/governor.md says what else there is.
 */
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include <layby/governor.h>

char LICENSE[] SEC("license") = "GPL";

/* Set before loading. Millidegree Celsius; per cent; nanoseconds, twice. */
const volatile __s32 warm_mc = 70000;
const volatile __u32 nearly_full_percent = 90;
const volatile __u64 longest_run_ns = 10000000000;
const volatile __u64 signal_age_max_ns = 5000000000;

enum { CHARGING_YES = 2, PERCENT_UNKNOWN = 255 };

/* What is unknown or old must never open: look at the age of what you use. */
static bool charges(const struct layby_governor_sample *now)
{
	return now->charging == CHARGING_YES && now->charging_age_ns <= signal_age_max_ns;
}

static bool should_spare(const struct layby_governor_sample *now)
{
	return now->temperature_mc >= warm_mc || now->charge_percent == PERCENT_UNKNOWN ||
	       now->charge_age_ns > signal_age_max_ns ||
	       now->charge_percent >= nearly_full_percent;
}

SEC("struct_ops/sample")
int BPF_PROG(sample, const struct layby_governor_sample *now,
	     struct layby_governor_verdict *verdict)
{
	verdict->open = charges(now);
	if (should_spare(now))
		verdict->cap_mw = now->power_ceiling_mw / 2;
	return 0;
}

SEC("struct_ops/admit")
int BPF_PROG(admit, const struct layby_admission *job)
{
	return job->longest_run_ns > longest_run_ns;
}

SEC(".struct_ops.link")
struct layby_governor governor = { .sample = (void *)sample, .admit = (void *)admit,
				   .name = "example" };
