/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which performance level guest work should have: the lowest at which the cap can be
 * used up, because the lower one is the more frugal one for the same work. At a
 * higher one tiles would only wait for energy in between.
 *
 * The data sheet says what a level draws at worst; how much of it this device truly
 * draws is learnt from what its jobs were metered at. Whatever is chosen here, the
 * kernel charges each job at its worst, so a wrong guess costs frugality, never
 * energy (ISO-8).
 *
 * Pure. Must never rise on what it does not know, nor change sooner than the hold
 * time after the last change, its own or the kernel's.
 */
#ifndef LAYBY_PACE_H
#define LAYBY_PACE_H

#include <layby/governor.h>

#include "reckon.h"

/* What is learnt of the device's true power counts from so much energy on. */
#define LAYBY_PACE_LEARNT_UJ	2000000ULL
/* And is forgotten by half from so much on: leakage changes with heat. */
#define LAYBY_PACE_FORGET_UJ	40000000ULL
/* No device draws less of its worst. */
#define LAYBY_PACE_LEAST	300U

/**
 * struct layby_pace_knobs - set before loading
 * @hold_ns: time between changes, and time within which the cap fades, 100 ms to 60 s;
 *           the kernel's own is 1 s, to rise
 * @smooth_ns: time within which utilisation and credit fade, 0 to 60 s
 * @busy_permille: utilisation above which tiles count as nearly always busy, 1 to 1000
 * @credit_permille: of the bucket, credit and charges above which the cap counts as
 *                   not used up, 0 to 1000
 * @apart_permille: of the cap, so much less or more must a level draw, 0 to 500
 */
struct layby_pace_knobs {
	__u64 hold_ns;
	__u64 smooth_ns;
	__u32 busy_permille;
	__u32 credit_permille;
	__u32 apart_permille;
};

/**
 * struct layby_pace - what is known of the load; all zero: nothing
 * @changed_ns: CLOCK_MONOTONIC, of the last change of @level or @was
 * @seen_ns: of the sample before; 0: there was none
 * @used_uj: guest_used_uj of it
 * @metered_uj: what jobs were metered at
 * @worst_uj: what they would have used at worst
 * @pending_uj: likewise, since a job last ended
 * @level: wanted
 * @highest: that may be wanted
 * @was: the kernel's, in the sample before
 * @busy_permille: smoothed
 * @credit_permille: smoothed
 * @cap_mw: smoothed: a cap that trembles must not move the level
 * @power_mw: the sample's level_power_mw
 */
struct layby_pace {
	__u64 changed_ns;
	__u64 seen_ns;
	__u64 used_uj;
	__u64 metered_uj;
	__u64 worst_uj;
	__u64 pending_uj;
	__u32 level;
	__u32 highest;
	__u32 was;
	__u32 busy_permille;
	__u32 credit_permille;
	__u32 cap_mw;
	__u32 power_mw[LAYBY_GOVERNOR_LEVELS];
};

static inline __u32 layby_pace_worst_mw(const struct layby_pace *pace, __u32 level)
{
	__u32 index = layby_index(level);

	return index < LAYBY_GOVERNOR_LEVELS ? pace->power_mw[index] : 0;
}

/* By what was learnt; nothing yet: as at its worst. */
static inline __u32 layby_pace_true_mw(const struct layby_pace *pace, __u32 level)
{
	__u64 share = LAYBY_PERMILLE;

	if (pace->worst_uj >= LAYBY_PACE_LEARNT_UJ)
		share = pace->metered_uj * LAYBY_PERMILLE / pace->worst_uj;
	share = (__u64)layby_within((__s64)share, LAYBY_PACE_LEAST, LAYBY_PERMILLE);
	return (__u32)(layby_pace_worst_mw(pace, level) * share / LAYBY_PERMILLE);
}

/* At the lowest level, and all learnt anew but the device's power. */
static inline void layby_pace_begin(struct layby_pace *pace, __u64 now_ns)
{
	pace->changed_ns = now_ns;
	pace->seen_ns = 0;
	pace->level = 0;
	pace->was = 0;
	pace->pending_uj = 0;
	pace->busy_permille = 0;
	pace->credit_permille = 0;
	pace->cap_mw = 0;
}

/* Jobs are metered when they end: until one does, nothing is known of what runs. */
static inline void layby_pace_learn(struct layby_pace *pace,
				    const struct layby_governor_sample *now, __u64 step_ns,
				    __u32 busy_permille)
{
	__u64 used_uj = now->guest_used_uj;
	__u32 worst_mw = layby_pace_worst_mw(pace, now->guest_level);

	pace->pending_uj += step_ns / 1000 * worst_mw * busy_permille / 1000000;
	if (used_uj <= pace->used_uj)
		return;
	pace->metered_uj += used_uj - pace->used_uj;
	pace->worst_uj += pace->pending_uj;
	pace->pending_uj = 0;
	if (pace->worst_uj > LAYBY_PACE_FORGET_UJ) {
		pace->worst_uj /= 2;
		pace->metered_uj /= 2;
	}
}

static inline __u32 layby_pace_credit_permille(const struct layby_governor_sample *now)
{
	__u64 bucket_uj = now->bucket_uj, held_uj = now->credit_uj + now->charged_uj;

	if (!bucket_uj)
		return 0;
	return held_uj < bucket_uj ?
	       (__u32)(held_uj / (bucket_uj / LAYBY_PERMILLE + 1)) : LAYBY_PERMILLE;
}

static inline void layby_pace_powers(struct layby_pace *pace,
				     const struct layby_governor_sample *now)
{
	int i;

#pragma GCC unroll 8
	for (i = 0; i < LAYBY_GOVERNOR_LEVELS; i++)
		pace->power_mw[i] = now->level_power_mw[i];
}

/* Each sample must be seen here; what is unknown counts as idle. */
static inline void layby_pace_see(struct layby_pace *pace, const struct layby_pace_knobs *knobs,
				  const struct layby_governor_sample *now)
{
	__u32 busy_permille = now->guest.utilisation_permille, weight;
	__u64 step_ns = now->now_ns - pace->seen_ns;

	if (busy_permille > LAYBY_PERMILLE)
		busy_permille = 0;
	layby_pace_powers(pace, now);
	if (pace->seen_ns && step_ns < LAYBY_NS_PER_S) {
		weight = layby_weight(step_ns, knobs->smooth_ns);
		layby_pace_learn(pace, now, step_ns, busy_permille);
		pace->busy_permille = layby_smooth(pace->busy_permille, busy_permille, weight);
		pace->credit_permille = layby_smooth(pace->credit_permille,
						     layby_pace_credit_permille(now), weight);
	}
	pace->seen_ns = now->now_ns;
	pace->used_uj = now->guest_used_uj;
}

/* The kernel lowers it by itself when the cap falls: then it stays there for a while. */
static inline void layby_pace_obey(struct layby_pace *pace,
				   const struct layby_governor_sample *now)
{
	__u32 level = now->guest_level;

	if (level < pace->was)
		pace->changed_ns = now->now_ns;
	if (level < pace->was && level < pace->level)
		pace->level = level;
	pace->was = level;
}

static inline bool layby_pace_may_rise(const struct layby_pace *pace,
				       const struct layby_pace_knobs *knobs,
				       const struct layby_governor_sample *now, __u32 cap_mw)
{
	__u64 low_mw = layby_lower(pace->cap_mw, cap_mw);
	__u32 level = pace->level;

	return level < pace->highest && layby_pace_worst_mw(pace, level + 1) &&
	       now->guest_level == level && now->level_age_ns >= knobs->hold_ns &&
	       pace->busy_permille >= knobs->busy_permille &&
	       pace->credit_permille >= knobs->credit_permille &&
	       layby_pace_true_mw(pace, level) <
	       low_mw * (LAYBY_PERMILLE - knobs->apart_permille) / LAYBY_PERMILLE;
}

static inline bool layby_pace_should_fall(const struct layby_pace *pace,
					  const struct layby_pace_knobs *knobs)
{
	return pace->level && layby_pace_true_mw(pace, pace->level - 1) >=
	       (__u64)pace->cap_mw * (LAYBY_PERMILLE + knobs->apart_permille) / LAYBY_PERMILLE;
}

/* The level that is wanted under @cap_mw of late, @step_ns after it was last asked. */
static inline __u32 layby_pace_level(struct layby_pace *pace, const struct layby_pace_knobs *knobs,
				     const struct layby_governor_sample *now, __u64 step_ns,
				     __u32 cap_mw)
{
	__u64 now_ns = now->now_ns;

	pace->cap_mw = layby_smooth(pace->cap_mw, cap_mw, layby_weight(step_ns, knobs->hold_ns));
	layby_pace_obey(pace, now);
	if (now_ns - pace->changed_ns < knobs->hold_ns)
		return pace->level;
	if (layby_pace_should_fall(pace, knobs))
		pace->level--;
	else if (layby_pace_may_rise(pace, knobs, now, cap_mw))
		pace->level++;
	else
		return pace->level;
	pace->changed_ns = now_ns;
	return pace->level;
}

#endif /* LAYBY_PACE_H */
