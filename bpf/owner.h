/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What owner and batteries allow: the settings, the quiet hours, the state of charge
 * and the 12 V battery.
 *
 * Pure. Must never take a value for good that is unknown or too old, unless a knob
 * says so, nor settings that are nonsense for none.
 */
#ifndef LAYBY_OWNER_H
#define LAYBY_OWNER_H

#include <layby/governor.h>
#include <layby/governor_settings.h>

#include "reckon.h"

#define LAYBY_NS_PER_MIN	(60 * LAYBY_NS_PER_S)

/* A clock that was never set is before it: 2020, as in consent.h. */
#define LAYBY_OWNER_WALL_MIN_NS	(1577836800LL * (__s64)LAYBY_NS_PER_S)

/**
 * struct layby_owner_knobs - set before loading
 * @settings_age_max_ns: settings that are older, or were never written, stop guest
 *                       work; 0: they hold until they are written again
 * @signal_age_max_ns: what the vehicle said longer ago is unknown
 * @charge_min_percent: of the traction battery, not below it, 0 to 100; 0: only what
 *                      the owner says
 * @charge_apart_percent: so far above it guest work goes on, 0 to 20
 * @charge_unknown_open: 1: an unknown charge does not count as a low one
 * @battery_min_mv: of the 12 V battery, not below it; 0: it is not looked at
 * @battery_apart_mv: so far above it guest work goes on
 * @battery_unknown_open: 1: an unknown voltage does not count as a low one
 */
struct layby_owner_knobs {
	__u64 settings_age_max_ns;
	__u64 signal_age_max_ns;
	__u32 charge_min_percent;
	__u32 charge_apart_percent;
	__u32 charge_unknown_open;
	__u32 battery_min_mv;
	__u32 battery_apart_mv;
	__u32 battery_unknown_open;
};

/**
 * struct layby_owner - what is known; all zero is how it begins
 * @charge_low: and not yet well above
 * @battery_low: likewise
 */
struct layby_owner {
	__u32 charge_low;
	__u32 battery_low;
};

/* The agent may write at any time: each member is read once. */
#define LAYBY_READ(member)	(*(const volatile __typeof__(member) *)&(member))

/* Member by member: the lock must not be read. */
static inline void layby_settings_read(struct layby_governor_settings *to,
				       const struct layby_governor_settings *from)
{
	to->written_ns = LAYBY_READ(from->written_ns);
	to->cap_mw = LAYBY_READ(from->cap_mw);
	to->quiet_cap_mw = LAYBY_READ(from->quiet_cap_mw);
	to->job_energy_mj = LAYBY_READ(from->job_energy_mj);
	to->quiet_from_min = LAYBY_READ(from->quiet_from_min);
	to->quiet_until_min = LAYBY_READ(from->quiet_until_min);
	to->utc_offset_min = LAYBY_READ(from->utc_offset_min);
	to->battery_min_percent = LAYBY_READ(from->battery_min_percent);
	to->paused = LAYBY_READ(from->paused);
}

static inline bool layby_settings_none(const struct layby_governor_settings *set)
{
	return !set->cap_mw && !set->quiet_cap_mw && !set->job_energy_mj &&
	       !set->quiet_from_min && !set->quiet_until_min && !set->utc_offset_min &&
	       !set->battery_min_percent && !set->paused;
}

static inline bool layby_settings_right(const struct layby_governor_settings *set)
{
	return set->quiet_from_min < LAYBY_SETTINGS_DAY_MIN &&
	       set->quiet_until_min <= LAYBY_SETTINGS_DAY_MIN &&
	       (set->quiet_until_min || !set->quiet_from_min) &&
	       set->utc_offset_min <= LAYBY_SETTINGS_OFFSET_MAX_MIN &&
	       set->utc_offset_min >= -LAYBY_SETTINGS_OFFSET_MAX_MIN &&
	       set->battery_min_percent <= 100 && set->paused <= 1;
}

/* Written a moment after the sample was taken is not yet nonsense. */
static inline bool layby_settings_allow(const struct layby_governor_settings *set,
					const struct layby_owner_knobs *knobs, __u64 now_ns)
{
	__u64 age_ns = now_ns > set->written_ns ? now_ns - set->written_ns : 0;

	if (set->written_ns > now_ns + LAYBY_NS_PER_S)
		return 0;
	if (knobs->settings_age_max_ns &&
	    (!set->written_ns || age_ns > knobs->settings_age_max_ns))
		return 0;
	if (!set->written_ns)
		return layby_settings_none(set);
	return layby_settings_right(set) && !set->paused;
}

/* With a clock that was never set, the whole day is quiet. */
static inline bool layby_owner_quiet(const struct layby_governor_settings *set, __s64 wall_ns)
{
	__u32 from = set->quiet_from_min, until = set->quiet_until_min, minute;

	if (!until)
		return 0;
	if (wall_ns < LAYBY_OWNER_WALL_MIN_NS)
		return 1;
	minute = (__u32)(((__u64)wall_ns / LAYBY_NS_PER_MIN + LAYBY_SETTINGS_DAY_MIN +
			  (__u64)(__s64)set->utc_offset_min) % LAYBY_SETTINGS_DAY_MIN);
	if (until > from)
		return minute >= from && minute < until;
	return minute >= from || minute < until;
}

static inline bool layby_owner_charged(struct layby_owner *owner,
				       const struct layby_owner_knobs *knobs,
				       const struct layby_governor_settings *set,
				       const struct layby_governor_sample *now)
{
	__u32 percent = now->charge_percent, min = knobs->charge_min_percent;

	if (set->battery_min_percent > min)
		min = set->battery_min_percent;
	if (!min)
		return 1;
	if (percent > 100 || now->charge_age_ns > knobs->signal_age_max_ns)
		return knobs->charge_unknown_open && !owner->charge_low;
	if (percent < min)
		owner->charge_low = 1;
	else if (percent >= layby_lower(min + knobs->charge_apart_percent, 100))
		owner->charge_low = 0;
	return !owner->charge_low;
}

static inline bool layby_owner_battery(struct layby_owner *owner,
				       const struct layby_owner_knobs *knobs,
				       const struct layby_governor_sample *now)
{
	__u32 mv = now->battery_mv;

	if (!knobs->battery_min_mv)
		return 1;
	if (!mv || now->battery_age_ns > knobs->signal_age_max_ns)
		return knobs->battery_unknown_open && !owner->battery_low;
	if (mv < knobs->battery_min_mv)
		owner->battery_low = 1;
	else if (mv >= knobs->battery_min_mv + knobs->battery_apart_mv)
		owner->battery_low = 0;
	return !owner->battery_low;
}

#endif /* LAYBY_OWNER_H */
