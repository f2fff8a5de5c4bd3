// SPDX-License-Identifier: GPL-2.0-only
/*
 * The governor as it is, but for a car that tells nothing of its 12 V battery, and whose
 * charge may be anything: what closes is the owner.
 */
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "../../bpf/govern.h"

#undef LAYBY_GOVERN_KNOBS
#define LAYBY_GOVERN_KNOBS {								\
	.heat = {									\
		.smooth_ns = 800 * LAYBY_NS_PER_MS,					\
		.ahead_ns = 1500 * LAYBY_NS_PER_MS,					\
		.age_max_ns = LAYBY_NS_PER_S,						\
		.margin_mc = 2000,							\
		.band_mc = 6000,							\
		.cool_mc = 3000,							\
		.step_permille = 40,							\
		.readings_min = 3,							\
	},										\
	.owner = {									\
		.signal_age_max_ns = 10 * LAYBY_NS_PER_S,				\
	},										\
	.pace = {									\
		.hold_ns = 2 * LAYBY_NS_PER_S,						\
		.smooth_ns = LAYBY_NS_PER_S,						\
		.busy_permille = 900,							\
		.credit_permille = 750,							\
		.apart_permille = 50,							\
	},										\
	.job_energy_uj = ~0ULL,								\
	.rise_mw_s = 2000,								\
}

#include "../../bpf/governor.bpf.c"
