// SPDX-License-Identifier: GPL-2.0-only
/* A governor that says what the test tells it to, and keeps what it was told. */
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include <layby/governor.h>

char LICENSE[] SEC("license") = "GPL";

/* Instructions from the test. */
__u32 cap_mw;
__u32 level;
__u8 open;
__s32 result;
__u64 longest_admitted_ns;

/* What was seen. */
__u64 samples;
__u64 period_ns;
__u64 sensor_age_ns;
__u64 energy_uj;
__u32 power_mw;
__s32 temperature_mc;
__s32 slope_mc_s;
__u64 span_ns;
__u32 device_level;
__u32 levels;
__u32 ceiling_mw;
__u32 rail_mw;
__s32 trip_mc;
__s32 resume_mc;
__u32 mode;
__u64 signal_age_ns;
__u32 charging;
__u32 charge_percent;
__u32 ignition;
__u32 battery_mv;
__u64 charge_age_ns;
__u64 ignition_age_ns;
__u64 battery_age_ns;
__u64 lease_age_ns;
__u64 settings_age_ns;
__u64 consent_energy_uj;
__u64 driving_age_ns;
__u32 guest_jobs;
__u32 guest_depth;
__u32 guest_tiles;
__u32 before_cap_mw;
__u32 before_level;
__u32 before_open;

static void keep(const struct layby_governor_sample *now)
{
	period_ns = now->period_ns;
	sensor_age_ns = now->sensor_age_ns;
	energy_uj = now->energy_uj;
	power_mw = now->power_mw;
	temperature_mc = now->temperature_mc;
	slope_mc_s = now->temperature_slope_mc_s;
	span_ns = now->temperature_span_ns;
	device_level = now->level;
	levels = now->levels;
	ceiling_mw = now->power_ceiling_mw;
	rail_mw = now->rail_mw;
	trip_mc = now->trip_mc;
	resume_mc = now->resume_mc;
	mode = now->mode;
	signal_age_ns = now->signal_age_ns;
	charging = now->charging;
	charge_percent = now->charge_percent;
	ignition = now->ignition;
	battery_mv = now->battery_mv;
	charge_age_ns = now->charge_age_ns;
	ignition_age_ns = now->ignition_age_ns;
	battery_age_ns = now->battery_age_ns;
	lease_age_ns = now->lease_age_ns;
	settings_age_ns = now->settings_age_ns;
	consent_energy_uj = now->consent_energy_uj;
	driving_age_ns = now->driving.age_ns;
	guest_jobs = now->guest.jobs;
	guest_depth = now->guest.queue_depth;
	guest_tiles = now->guest.tiles;
}

SEC("struct_ops/sample")
int BPF_PROG(sample, const struct layby_governor_sample *now,
	     struct layby_governor_verdict *verdict)
{
	keep(now);
	before_cap_mw = verdict->cap_mw;
	before_level = verdict->level;
	before_open = verdict->open;
	verdict->cap_mw = cap_mw;
	verdict->level = level;
	verdict->open = open;
	samples++;
	return result;
}

SEC("struct_ops/admit")
int BPF_PROG(admit, const struct layby_admission *job)
{
	return job->longest_run_ns > longest_admitted_ns;
}

SEC(".struct_ops.link")
struct layby_governor probe = {
	.sample = (void *)sample,
	.admit = (void *)admit,
	.name = "probe",
};

/* The same without admit(). */
SEC(".struct_ops.link")
struct layby_governor plain = {
	.sample = (void *)sample,
	.name = "plain",
};
