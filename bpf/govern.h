/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What bpf/governor.bpf.c decides, without eBPF: the same file goes into the program
 * and into tests/unit/test_govern.c.
 *
 * Everything must agree: owner and batteries (owner.h), heat (heat.h). The cap is the
 * lowest of the policy's ceiling, the owner's and the one for heat; it falls at once
 * and rises slowly. The level is what uses it up (pace.h).
 *
 * Pure: a function of knobs, settings, sample and its own state, which the caller
 * keeps, all zero at first. Must never open on anything that is unknown or old, unless
 * a knob says so.
 */
#ifndef LAYBY_GOVERN_H
#define LAYBY_GOVERN_H

#include <layby/consent.h>

#include "heat.h"
#include "owner.h"
#include "pace.h"

/* Asked after longer than this, everything that was measured is old. */
#define LAYBY_GOVERN_GAP_NS	LAYBY_NS_PER_S

/**
 * struct layby_govern_knobs - set before loading
 * @heat: see there
 * @owner: see there
 * @pace: see there
 * @rise_mw_s: the cap rises by no more than so much a second, 1 to 1000000
 * @job_energy_uj: most that a job may use at its worst; ~0: any, also if unknown
 */
struct layby_govern_knobs {
	struct layby_heat_knobs heat;
	struct layby_owner_knobs owner;
	struct layby_pace_knobs pace;
	__u64 job_energy_uj;
	__u32 rise_mw_s;
};

/* What suits the virtual accelerator, and the tests' car. */
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
		.charge_min_percent = 20,						\
		.charge_apart_percent = 2,						\
		.battery_min_mv = 11800,						\
		.battery_apart_mv = 200,						\
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

/**
 * struct layby_govern - what the governor keeps; all zero: it was never asked
 * @heat: see there
 * @owner: see there
 * @pace: see there
 * @asked_ns: CLOCK_MONOTONIC of the last sample
 * @job_energy_uj: most that a job may use now; 0: none is admitted
 * @cap_mw: last said
 * @quiet: it is quiet now
 */
struct layby_govern {
	struct layby_heat heat;
	struct layby_owner owner;
	struct layby_pace pace;
	__u64 asked_ns;
	__u64 job_energy_uj;
	__u32 cap_mw;
	__u32 quiet;
};

static inline void layby_govern_begin(struct layby_govern *govern, __u64 now_ns)
{
	govern->heat.readings = 0;
	layby_pace_begin(&govern->pace, now_ns);
	govern->cap_mw = 0;
}

/* Each guard is asked each time: what it keeps must not stand still. */
static inline bool layby_govern_guards(struct layby_govern *govern,
				       const struct layby_govern_knobs *knobs,
				       const struct layby_governor_settings *set,
				       const struct layby_governor_sample *now)
{
	bool warm = layby_heat_see(&govern->heat, &knobs->heat, now);
	bool charged = layby_owner_charged(&govern->owner, &knobs->owner, set, now);
	bool battery = layby_owner_battery(&govern->owner, &knobs->owner, now);

	return warm && charged && battery &&
	       layby_settings_allow(set, &knobs->owner, now->now_ns);
}

static inline __u32 layby_govern_limit_mw(struct layby_govern *govern,
					  const struct layby_govern_knobs *knobs,
					  const struct layby_governor_settings *set,
					  const struct layby_governor_sample *now)
{
	__u32 limit_mw = now->power_ceiling_mw;

	if (limit_mw == LAYBY_NO_CAP_MW)
		return 0;
	limit_mw = layby_heat_cap_mw(&govern->heat, &knobs->heat, now, limit_mw);
	if (set->cap_mw)
		limit_mw = layby_lower(limit_mw, set->cap_mw);
	if (govern->quiet)
		limit_mw = layby_lower(limit_mw, set->quiet_cap_mw);
	return limit_mw;
}

/* Falls at once; rises from what the lowest level draws. */
static inline __u32 layby_govern_slew_mw(const struct layby_govern *govern,
					 const struct layby_govern_knobs *knobs,
					 __u32 limit_mw, __u64 step_ns)
{
	__u64 cap_mw = govern->cap_mw + step_ns * knobs->rise_mw_s / LAYBY_NS_PER_S;
	__u32 lowest_mw = layby_pace_worst_mw(&govern->pace, 0);

	if (!govern->cap_mw)
		cap_mw = lowest_mw > knobs->rise_mw_s ? knobs->rise_mw_s : lowest_mw;
	if (!cap_mw)
		cap_mw = 1;
	return cap_mw < limit_mw ? (__u32)cap_mw : limit_mw;
}

static inline void layby_govern_close(struct layby_govern *govern, __u64 now_ns)
{
	govern->cap_mw = 0;
	govern->job_energy_uj = 0;
	if (govern->pace.level)
		govern->pace.changed_ns = now_ns;
	govern->pace.level = 0;
}

static inline __u64 layby_govern_job_uj(const struct layby_govern_knobs *knobs,
					const struct layby_governor_settings *set)
{
	__u64 owner_uj = set->job_energy_mj ? set->job_energy_mj * 1000ULL : ~0ULL;

	return owner_uj < knobs->job_energy_uj ? owner_uj : knobs->job_energy_uj;
}

/**
 * layby_govern() - the verdict
 * @govern: what is kept
 * @knobs: what was set before loading
 * @set: the owner's settings, a copy
 * @now: the sample
 * @verdict: as the kernel preset it, with the highest level; cut by it to its limits
 */
static inline void layby_govern(struct layby_govern *govern,
				const struct layby_govern_knobs *knobs,
				const struct layby_governor_settings *set,
				const struct layby_governor_sample *now,
				struct layby_governor_verdict *verdict)
{
	__u64 now_ns = now->now_ns, step_ns = now_ns - govern->asked_ns;
	__u32 limit_mw = 0;

	if (!govern->asked_ns || step_ns > LAYBY_GOVERN_GAP_NS)
		layby_govern_begin(govern, now_ns);
	govern->asked_ns = now_ns;
	govern->quiet = layby_owner_quiet(set, now->wall_ns);
	govern->pace.highest = verdict->level;
	layby_pace_see(&govern->pace, &knobs->pace, now);
	if (layby_govern_guards(govern, knobs, set, now))
		limit_mw = layby_govern_limit_mw(govern, knobs, set, now);
	if (limit_mw) {
		govern->cap_mw = layby_govern_slew_mw(govern, knobs, limit_mw, step_ns);
		govern->job_energy_uj = layby_govern_job_uj(knobs, set);
		layby_pace_level(&govern->pace, &knobs->pace, now, step_ns,
				 govern->cap_mw);
	} else {
		layby_govern_close(govern, now_ns);
	}
	verdict->cap_mw = govern->cap_mw;
	verdict->level = govern->pace.level;
	verdict->open = !!limit_mw;
}

/**
 * layby_govern_admit() - may this job be accepted?
 * @govern: as layby_govern() left it, or is just leaving it
 * @job: the job
 *
 * Nothing is admitted before the first verdict. In quiet hours only what somebody
 * waits for is.
 */
static inline bool layby_govern_admit(const struct layby_govern *govern,
				      const struct layby_admission *job)
{
	if (govern->quiet && job->job_class != LAYBY_CONSENT_INTERACTIVE)
		return 0;
	return govern->job_energy_uj && job->worst_energy_uj <= govern->job_energy_uj;
}

#endif /* LAYBY_GOVERN_H */
