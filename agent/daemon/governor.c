// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The governor's settings: see governor.h.
 *
 * Keeps nothing open and remembers nothing: layby-setup may make another map, and who
 * is root may write this one.
 */
#include "governor.h"

#include <errno.h>
#include <layby/governor_settings.h>
#include <time.h>

#include "bpf_value.h"
#include "util.h"

static void fill(const struct owner_settings *set, const struct owner_plan *plan,
		 struct layby_governor_settings *ret_value)
{
	*ret_value = (struct layby_governor_settings){
		.cap_mw = set->cap_mw,
		.quiet_cap_mw = set->quiet_cap_mw,
		.quiet_from_min = set->quiet_from_min,
		.quiet_until_min = set->quiet_until_min,
		.utc_offset_min = set->utc_offset_min,
		.battery_min_percent = plan->battery_min_percent,
		.paused = plan->paused,
	};
}

/* But for when they were written; never written is not the same as no restriction. */
static bool same(const struct layby_governor_settings *a, const struct layby_governor_settings *b)
{
	return a->written_ns && a->cap_mw == b->cap_mw && a->quiet_cap_mw == b->quiet_cap_mw &&
	       a->job_energy_mj == b->job_energy_mj && a->quiet_from_min == b->quiet_from_min &&
	       a->quiet_until_min == b->quiet_until_min &&
	       a->utc_offset_min == b->utc_offset_min &&
	       a->battery_min_percent == b->battery_min_percent && a->paused == b->paused;
}

int governor_tell(const struct owner_settings *set, const struct owner_plan *plan)
{
	struct layby_governor_settings has, wanted;
	_cleanup_close_ int fd = -1;
	int r;

	fd = bpf_value_open(LAYBY_SETTINGS_PIN, sizeof(has));
	if (fd < 0)
		return fd;
	r = bpf_value_read(fd, &has);
	if (r < 0)
		return r;
	fill(set, plan, &wanted);
	if (same(&has, &wanted))
		return 0;
	wanted.written_ns = now_us(CLOCK_MONOTONIC) * NSEC_PER_USEC;
	return bpf_value_write(fd, &wanted);
}
