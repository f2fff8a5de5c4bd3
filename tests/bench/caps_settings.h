/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The value of the map `settings` of caps.bpf.c: what the bench says, and what the
 * governor was told last.
 */
#ifndef BENCH_CAPS_SETTINGS_H
#define BENCH_CAPS_SETTINGS_H

#define CAPS_SETTINGS "/sys/fs/bpf/layby-settings"

struct caps_settings {
	/* written by the bench; 0 mW: the policy's ceiling */
	__u32 cap_mw;
	__u32 level;
	/* as in struct layby_governor_sample */
	__u64 now_ns;
	__u64 sensor_age_ns;
	__u64 credit_uj;
	__u32 power_mw;
	__s32 temperature_mc;
	__u32 waiting;
	__u32 guest_level;
	__s32 trip_mc;
	__u32 sensor_error_mc;
	/* layby-setup asks for it: such a map cannot be frozen */
	struct bpf_spin_lock lock;
	__u32 pad;
};

#endif /* BENCH_CAPS_SETTINGS_H */
