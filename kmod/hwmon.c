// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sensors for people: an hwmon device beside each accelerator, as `sensors` and every
 * exporter read it.
 *
 *   temp1    the hottest place; max: guest work ends there; crit: the device throttles
 *   power1   the whole device, as measured last
 *   power2   guest work: mean of what its jobs used between two readings; cap: in
 *            force now, read only; cap_max: the policy's ceiling
 *   energy1  the whole device since it is layby's; energy2 driving's jobs, energy3
 *            guest jobs
 *
 * Owns nothing but the names: the values are energy.c's. Registered when the slots
 * are in service, and gone, with all its readers, before the backend's operations
 * end. Readers are in their own context, and may sleep in energy.c's lock, which
 * nothing of driving or reclaim takes. Unknown is -ENODATA.
 *
 * energy1 and energy2 are root's to read: what is computed can be told from a fine
 * energy counter (Lipp et al.: PLATYPUS, Software-based Power Side-Channel Attacks on
 * x86, IEEE S&P 2021), and driving's work follows from the device's. What everybody
 * may read of the device is coarse and new only once a second.
 */
#include <linux/err.h>
#include <linux/hwmon.h>
#include <linux/math.h>
#include <linux/units.h>

#include "energy.h"
#include "firmware.h"
#include "keeper.h"
#include "layby.h"

/* Of what everybody may read. */
#define LAYBY_HWMON_STEP_MDEG	1000
#define LAYBY_HWMON_STEP_MW	100

enum { LAYBY_POWER_DEVICE, LAYBY_POWER_GUEST };
enum { LAYBY_ENERGY_DEVICE, LAYBY_ENERGY_DRIVING, LAYBY_ENERGY_GUEST };

/* Each once: `sensors -j` makes keys of them. */
static const char *const layby_power_labels[] = {
	[LAYBY_POWER_DEVICE] = "device",
	[LAYBY_POWER_GUEST] = "guest",
};

static const char *const layby_energy_labels[] = {
	[LAYBY_ENERGY_DEVICE] = "device energy",
	[LAYBY_ENERGY_DRIVING] = "driving energy",
	[LAYBY_ENERGY_GUEST] = "guest energy",
};

/* --- What there is --------------------------------------------------------- */

/* Guests are there if a policy says so. */
static umode_t layby_hwmon_guest(const struct layby_accel *accel)
{
	return accel->policy ? 0444 : 0;
}

static umode_t layby_hwmon_temp_mode(const struct layby_accel *accel, u32 attr)
{
	switch (attr) {
	case hwmon_temp_max:
		return layby_hwmon_guest(accel);
	case hwmon_temp_crit:
		return accel->hw.throttle_mdeg ? 0444 : 0;
	default:
		return 0444;
	}
}

static umode_t layby_hwmon_energy_mode(const struct layby_accel *accel, u32 attr, int channel)
{
	if (channel == LAYBY_ENERGY_GUEST)
		return layby_hwmon_guest(accel);
	return attr == hwmon_energy_input ? 0400 : 0444;
}

static umode_t layby_hwmon_is_visible(const void *data, enum hwmon_sensor_types type,
				      u32 attr, int channel)
{
	const struct layby_accel *accel = data;

	switch (type) {
	case hwmon_chip:
		return 0444;
	case hwmon_temp:
		return layby_hwmon_temp_mode(accel, attr);
	case hwmon_power:
		return channel == LAYBY_POWER_GUEST ? layby_hwmon_guest(accel) : 0444;
	case hwmon_energy:
		return layby_hwmon_energy_mode(accel, attr, channel);
	default:
		return 0;
	}
}

/* --- Reading --------------------------------------------------------------- */

static long layby_hwmon_uj(u64 uj)
{
	return min_t(u64, uj, LONG_MAX);
}

static long layby_hwmon_uw(u32 mw)
{
	return min_t(u64, (u64)mw * MICROWATT_PER_MILLIWATT, LONG_MAX);
}

static long layby_hwmon_trip_mdeg(void)
{
	struct layby_keeper_state state;

	layby_keeper_state(&state);
	return state.in.trip_mc;
}

static int layby_hwmon_temp(struct layby_accel *accel, u32 attr, long *val)
{
	struct layby_energy energy;

	switch (attr) {
	case hwmon_temp_input:
		layby_energy_read(accel, &energy);
		*val = DIV_ROUND_CLOSEST(energy.sensors.temperature_mdeg,
					 LAYBY_HWMON_STEP_MDEG) * LAYBY_HWMON_STEP_MDEG;
		return energy.known ? 0 : -ENODATA;
	case hwmon_temp_max:
		*val = layby_hwmon_trip_mdeg();
		return 0;
	case hwmon_temp_crit:
		*val = accel->hw.throttle_mdeg;
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

static int layby_hwmon_power(struct layby_accel *accel, u32 attr, long *val)
{
	struct layby_energy energy;

	switch (attr) {
	case hwmon_power_input:
		layby_energy_read(accel, &energy);
		*val = layby_hwmon_uw(DIV_ROUND_CLOSEST(energy.sensors.power_mw,
							LAYBY_HWMON_STEP_MW) *
				      LAYBY_HWMON_STEP_MW);
		return energy.known ? 0 : -ENODATA;
	case hwmon_power_average:
		layby_energy_read(accel, &energy);
		*val = layby_hwmon_uw(energy.guest_mw);
		return 0;
	case hwmon_power_cap:
		*val = layby_hwmon_uw(READ_ONCE(accel->cap_mw));
		return 0;
	case hwmon_power_cap_max:
		*val = layby_hwmon_uw(accel->policy->power_mw);
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

static int layby_hwmon_energy(struct layby_accel *accel, int channel, long *val)
{
	struct layby_energy energy;

	layby_energy_read(accel, &energy);
	switch (channel) {
	case LAYBY_ENERGY_DEVICE:
		*val = layby_hwmon_uj(energy.device_uj);
		return energy.known ? 0 : -ENODATA;
	case LAYBY_ENERGY_DRIVING:
		*val = layby_hwmon_uj(energy.driving_uj);
		return 0;
	default:
		*val = layby_hwmon_uj(energy.guest_uj);
		return 0;
	}
}

static int layby_hwmon_read(struct device *dev, enum hwmon_sensor_types type, u32 attr,
			    int channel, long *val)
{
	struct layby_accel *accel = dev_get_drvdata(dev);

	switch (type) {
	case hwmon_chip:
		*val = LAYBY_ENERGY_PERIOD_NS / NSEC_PER_MSEC;
		return 0;
	case hwmon_temp:
		return layby_hwmon_temp(accel, attr, val);
	case hwmon_power:
		return layby_hwmon_power(accel, attr, val);
	case hwmon_energy:
		return layby_hwmon_energy(accel, channel, val);
	default:
		return -EOPNOTSUPP;
	}
}

static int layby_hwmon_read_string(struct device *dev, enum hwmon_sensor_types type,
				   u32 attr, int channel, const char **str)
{
	switch (type) {
	case hwmon_temp:
		*str = "die";
		return 0;
	case hwmon_power:
		*str = layby_power_labels[channel];
		return 0;
	case hwmon_energy:
		*str = layby_energy_labels[channel];
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

/* --- The device ------------------------------------------------------------ */

static const struct hwmon_ops layby_hwmon_ops = {
	.is_visible = layby_hwmon_is_visible,
	.read = layby_hwmon_read,
	.read_string = layby_hwmon_read_string,
};

static const struct hwmon_channel_info *const layby_hwmon_channels[] = {
	HWMON_CHANNEL_INFO(chip, HWMON_C_UPDATE_INTERVAL),
	HWMON_CHANNEL_INFO(temp, HWMON_T_INPUT | HWMON_T_MAX | HWMON_T_CRIT | HWMON_T_LABEL),
	HWMON_CHANNEL_INFO(power, HWMON_P_INPUT | HWMON_P_LABEL,
			   HWMON_P_AVERAGE | HWMON_P_CAP | HWMON_P_CAP_MAX | HWMON_P_LABEL),
	HWMON_CHANNEL_INFO(energy, HWMON_E_INPUT | HWMON_E_LABEL,
			   HWMON_E_INPUT | HWMON_E_LABEL,
			   HWMON_E_INPUT | HWMON_E_LABEL),
	NULL
};

static const struct hwmon_chip_info layby_hwmon_chip = {
	.ops = &layby_hwmon_ops,
	.info = layby_hwmon_channels,
};

void layby_hwmon_add(struct layby_accel *accel)
{
	struct device *hwmon;

	hwmon = hwmon_device_register_with_info(accel->hw.dev, "layby", accel,
						&layby_hwmon_chip, NULL);
	if (IS_ERR(hwmon)) {
		dev_warn(accel->hw.dev, "layby: no sensors for people: %ld\n", PTR_ERR(hwmon));
		return;
	}
	accel->hwmon = hwmon;
}

void layby_hwmon_remove(struct layby_accel *accel)
{
	if (accel->hwmon)
		hwmon_device_unregister(accel->hwmon);
	accel->hwmon = NULL;
}
