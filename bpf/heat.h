/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How much power the temperature allows, now and soon.
 *
 * Readings are late, noisy and coarse, so a filter follows temperature and slope
 * together (a g-h filter, critically damped: h = g^2 / (2 - g); Brookner, Tracking
 * and Kalman Filtering Made Easy, 1998). From both comes what the temperature will be
 * a while from now; the cap falls in proportion as that nears the limit, and guest
 * work stops when it is there: before the kernel's own trip, which holds beside this.
 *
 * Pure. Must never allow more because it does not know: no readings yet, or old ones,
 * allow nothing.
 */
#ifndef LAYBY_HEAT_H
#define LAYBY_HEAT_H

#include <layby/governor.h>

#include "reckon.h"

/* No accelerator works outside of it: what is read there is not believed. */
#define LAYBY_HEAT_COLDEST_MC	(-60000)
#define LAYBY_HEAT_HOTTEST_MC	200000

/* Faster than any silicon heats up or cools down: millidegree a second. */
#define LAYBY_HEAT_SLOPE_MAX	100000

/**
 * struct layby_heat_knobs - set before loading
 * @smooth_ns: time within which what was read fades, 0 to 10 s. Longer: less noise,
 *             later
 * @ahead_ns: how far to look ahead, beside the age of the reading, 0 to 30 s
 * @age_max_ns: a reading that is older is none; the kernel's own bound is 1 s
 * @margin_mc: below the kernel's trip less the sensors' error, 0 to 50000
 * @band_mc: over so much below that limit the cap falls to nothing, 1 to 100000
 * @cool_mc: so far below the limit guest work goes on after it was hot, 0 to @band_mc
 * @step_permille: of the ceiling, changes of the cap that are not worth it, 0 to 200
 * @readings_min: new readings before anything is known, 1 to 20
 */
struct layby_heat_knobs {
	__u64 smooth_ns;
	__u64 ahead_ns;
	__u64 age_max_ns;
	__s32 margin_mc;
	__s32 band_mc;
	__s32 cool_mc;
	__u32 step_permille;
	__u32 readings_min;
};

/**
 * struct layby_heat - what is known of the temperature; all zero: nothing
 * @at_ns: CLOCK_MONOTONIC, when the last reading came
 * @temperature_mc: then, by the filter
 * @slope_mc_s: likewise
 * @readings: that it has taken in
 * @cap_mw: that it allows, moved in steps that are worth it
 * @hot: it was at the limit and is not cool yet
 */
struct layby_heat {
	__u64 at_ns;
	__s32 temperature_mc;
	__s32 slope_mc_s;
	__u32 readings;
	__u32 cap_mw;
	__u32 hot;
};

static inline void layby_heat_begin(struct layby_heat *heat, __u64 at_ns, __s32 mc)
{
	heat->at_ns = at_ns;
	heat->temperature_mc = mc;
	heat->slope_mc_s = 0;
	heat->readings = 1;
	heat->cap_mw = 0;
}

static inline void layby_heat_follow(struct layby_heat *heat, const struct layby_heat_knobs *knobs,
				     __u64 at_ns, __s32 mc)
{
	__u64 step_ns = at_ns - heat->at_ns;
	__u32 g = layby_weight(step_ns, knobs->smooth_ns);
	__u32 h = g * g / (2 * LAYBY_PERMILLE - g);
	__s64 expected, off;

	expected = heat->temperature_mc + layby_scale(heat->slope_mc_s, step_ns, LAYBY_NS_PER_S);
	off = mc - expected;
	heat->temperature_mc = (__s32)(expected + layby_scale(off, g, LAYBY_PERMILLE));
	heat->slope_mc_s = (__s32)layby_within(heat->slope_mc_s +
			layby_scale(off, h * LAYBY_NS_PER_MS, step_ns),
			-LAYBY_HEAT_SLOPE_MAX, LAYBY_HEAT_SLOPE_MAX);
	heat->at_ns = at_ns;
	if (heat->readings < LAYBY_PERMILLE)
		heat->readings++;
}

/* Return: the temperature is known. Each sample that is asked about must be seen here. */
static inline bool layby_heat_see(struct layby_heat *heat, const struct layby_heat_knobs *knobs,
				  const struct layby_governor_sample *now)
{
	__s32 mc = now->temperature_mc;
	__u64 age_ns = now->sensor_age_ns, at_ns = now->now_ns - age_ns;

	if (age_ns > knobs->age_max_ns || age_ns > now->now_ns ||
	    mc < LAYBY_HEAT_COLDEST_MC || mc > LAYBY_HEAT_HOTTEST_MC) {
		heat->readings = 0;
		return 0;
	}
	if (!heat->readings || at_ns < heat->at_ns || at_ns - heat->at_ns > knobs->age_max_ns)
		layby_heat_begin(heat, at_ns, mc);
	else if (at_ns > heat->at_ns)
		layby_heat_follow(heat, knobs, at_ns, mc);
	return heat->readings >= knobs->readings_min;
}

/* What it will be; while it falls, as it is. */
static inline __s64 layby_heat_soon_mc(const struct layby_heat *heat,
				       const struct layby_heat_knobs *knobs, __u64 now_ns)
{
	__u64 ahead_ms = (knobs->ahead_ns + (now_ns - heat->at_ns)) / LAYBY_NS_PER_MS;

	if (heat->slope_mc_s <= 0)
		return heat->temperature_mc;
	return heat->temperature_mc + layby_scale(heat->slope_mc_s, ahead_ms, LAYBY_PERMILLE);
}

static inline __s64 layby_heat_room_mc(const struct layby_heat *heat,
				       const struct layby_heat_knobs *knobs,
				       const struct layby_governor_sample *now)
{
	return (__s64)now->trip_mc - now->sensor_error_mc - knobs->margin_mc -
	       layby_heat_soon_mc(heat, knobs, now->now_ns);
}

/**
 * layby_heat_cap_mw() - most that the temperature allows, 0: nothing
 * @heat: in which layby_heat_see() has found the temperature known
 * @knobs: see there
 * @now: the sample
 * @ceiling_mw: allowed when it is cool
 */
static inline __u32 layby_heat_cap_mw(struct layby_heat *heat,
				      const struct layby_heat_knobs *knobs,
				      const struct layby_governor_sample *now, __u32 ceiling_mw)
{
	__u64 step_mw = (__u64)ceiling_mw * knobs->step_permille / LAYBY_PERMILLE;
	__s64 room_mc = layby_heat_room_mc(heat, knobs, now);
	__u32 cap_mw;

	if (room_mc <= 0)
		heat->hot = 1;
	else if (room_mc >= knobs->cool_mc)
		heat->hot = 0;
	if (heat->hot) {
		heat->cap_mw = 0;
		return 0;
	}
	room_mc = layby_within(room_mc, 0, knobs->band_mc);
	cap_mw = (__u32)layby_scale(room_mc, ceiling_mw, (__u64)knobs->band_mc);
	if (room_mc == knobs->band_mc || cap_mw > heat->cap_mw + step_mw ||
	    cap_mw + step_mw < heat->cap_mw)
		heat->cap_mw = cap_mw;
	return heat->cap_mw;
}

#endif /* LAYBY_HEAT_H */
