// SPDX-License-Identifier: GPL-2.0-only
/*
 * Energy: what the device used, and who of it. See energy.h.
 *
 * Owns the accounts of an accelerator: jobs are accounted for where they retire, the
 * whole device by its own count, and what is left is idle. The device's count may
 * begin anywhere and begin anew: only what it grows by counts.
 *
 * In the asker's own time and context, which may be anybody's: never under a lock
 * that driving or reclaim takes, and never oftener than LAYBY_ENERGY_PERIOD_NS on the
 * device. Askers are programs, so they are frozen before any device sleeps; both ways
 * to ask (hwmon.c, control_parts.c) are closed before a backend's operations end.
 */
#include <linux/ktime.h>
#include <linux/math64.h>

#include "energy.h"
#include "layby.h"

static u64 layby_energy_of(const struct layby_accel *accel, u32 class)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < accel->partition_count; i++)
		if (accel->partition[i]->class == class)
			sum += atomic64_read(&accel->partition[i]->used.energy_uj);
	return sum;
}

/* A millijoule in a second is a milliwatt. */
static u32 layby_energy_mean_mw(u64 uj, u64 ns)
{
	return min_t(u64, mul_u64_u64_div_u64(uj, NSEC_PER_MSEC, max_t(u64, ns, 1)), U32_MAX);
}

static void layby_energy_jobs(struct layby_accel *accel, u64 now_ns)
{
	struct layby_energy_meter *meter = &accel->meter;
	struct layby_energy *energy = &meter->last;
	u64 before_uj = energy->guest_uj;

	energy->driving_uj = layby_energy_of(accel, LAYBY_CLASS_DRIVING);
	energy->guest_uj = layby_energy_of(accel, LAYBY_CLASS_GUEST);
	if (meter->at_ns)
		energy->guest_mw = layby_energy_mean_mw(energy->guest_uj - before_uj,
							now_ns - meter->at_ns);
}

/* Its first count stands for what the jobs of before it have used. */
static void layby_energy_device(struct layby_energy_meter *meter,
				const struct layby_hw_sensors *sensors, u64 now_ns)
{
	struct layby_energy *energy = &meter->last;
	u64 jobs_uj = energy->driving_uj + energy->guest_uj;

	if (!meter->begun)
		energy->device_uj = jobs_uj;
	else if (sensors->energy_uj > energy->sensors.energy_uj)
		energy->device_uj += sensors->energy_uj - energy->sensors.energy_uj;
	if (!meter->begun || sensors->sample != energy->sensors.sample)
		meter->fresh_ns = now_ns;
	meter->begun = true;
	energy->sensors = *sensors;
	/* The device's count is older than the last job's end. */
	energy->idle_uj = energy->device_uj > jobs_uj ? energy->device_uj - jobs_uj : 0;
}

static void layby_energy_look(struct layby_accel *accel, u64 now_ns)
{
	const struct layby_hw *hw = &accel->hw;
	struct layby_energy_meter *meter = &accel->meter;
	struct layby_hw_sensors sensors = {};

	layby_energy_jobs(accel, now_ns);
	meter->last.known = !hw->ops->sensors(hw->priv, &sensors);
	if (meter->last.known) {
		layby_energy_device(meter, &sensors, now_ns);
		meter->last.known = now_ns - meter->fresh_ns <= LAYBY_ENERGY_AGE_NS;
	}
	meter->at_ns = now_ns;
}

void layby_energy_read(struct layby_accel *accel, struct layby_energy *energy)
{
	struct layby_energy_meter *meter = &accel->meter;
	u64 now_ns;

	mutex_lock(&meter->lock);
	now_ns = ktime_get_ns();
	if (!meter->at_ns || now_ns - meter->at_ns >= LAYBY_ENERGY_PERIOD_NS)
		layby_energy_look(accel, now_ns);
	*energy = meter->last;
	mutex_unlock(&meter->lock);
}

void layby_energy_init(struct layby_accel *accel)
{
	mutex_init(&accel->meter.lock);
}
