// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * sensors - what the driver is told of power, energy and temperature
 *
 * Owns the sensor block of the control area. The truth is in power.c, what is
 * read of it in reading.c; power is its mean over the last period. Must not
 * tick while no slot is enabled.
 */
#include <math.h>

#include "device.h"

static int32_t falsified_mc(const struct sensors *sensors, int32_t mc)
{
	if (sensors->faults.fixed)
		mc = sensors->faults.fixed_mc;
	return mc + sensors->faults.offset_mc;
}

static void write_values(struct device *device, const struct reading *reading)
{
	struct memory *memory = &device->memory;
	int32_t mc = falsified_mc(&device->sensors, reading->temperature_mc);

	memory_write32(memory, LAYBY_VNPU_REG_SENSOR_POWER, reading->power_mw);
	memory_write32(memory, LAYBY_VNPU_REG_SENSOR_TEMP, (uint32_t)mc);
	memory_write32(memory, LAYBY_VNPU_REG_SENSOR_LEVEL,
		       levels_highest(device));
	memory_write64(memory, LAYBY_VNPU_REG_SENSOR_ENERGY, reading->energy_uj);
	memory_write64(memory, LAYBY_VNPU_REG_SENSOR_TICKS, reading->tick);
}

static void publish(struct device *device, const struct reading *reading)
{
	struct memory *memory = &device->memory;
	const struct sensor_faults *faults = &device->sensors.faults;
	uint32_t *sequence = &device->sensors.sequence;

	if (faults->stale)
		return;
	memory_write32(memory, LAYBY_VNPU_REG_SENSOR_SEQUENCE, ++*sequence);
	/* The odd sequence must be seen before any new value. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!faults->missing)
		write_values(device, reading);
	memory_write32(memory, LAYBY_VNPU_REG_SENSOR_VALID, !faults->missing);
	memory_write32(memory, LAYBY_VNPU_REG_SENSOR_SEQUENCE, ++*sequence);
}

/* The data sheet knows no time constant: there it is that of the mean power. */
static double temperature(const struct device *device)
{
	const struct thermal *thermal = &device->power.thermal;

	if (device->power.specimen.seed)
		return thermal->die;
	return thermal_steady(thermal, device->sensors.power_mw / 1e3);
}

static void sample(struct device *device)
{
	struct sensors *sensors = &device->sensors;
	const struct power *power = &device->power;
	double nj = power_total_nj(power);
	struct reading reading;

	if (power->tick > sensors->sample_tick)
		sensors->power_mw = (nj - sensors->sample_nj) /
				    (power->tick - sensors->sample_tick);
	sensors->sample_tick = power->tick;
	sensors->sample_nj = nj;
	reading = (struct reading){
		.tick = power->tick,
		.power_mw = sensors->power_mw,
		.temperature_mc = lround(temperature(device) * 1e3),
		.energy_uj = nj / 1e3,
	};
	readings_take(&sensors->readings, &reading);
	reading = readings_at(&sensors->readings, power->tick);
	publish(device, &reading);
}

static void period_over(void *owner)
{
	struct device *device = owner;

	levels_feel(device);
	sample(device);
	if (device_slots_enabled(device))
		timer_arm(&device->sensors.timer,
			  device->sensors.sample_tick + SENSORS_PERIOD_TICKS);
}

int sensors_init(struct sensors *sensors, struct device *device)
{
	return timer_init(&sensors->timer, device->event, &device->clock,
			  period_over, device);
}

void sensors_fini(struct sensors *sensors)
{
	timer_fini(&sensors->timer);
}

void sensors_power_on(struct sensors *sensors, uint64_t seed)
{
	timer_cancel(&sensors->timer);
	sensors->sequence = 0;
	sensors->sample_tick = 0;
	sensors->sample_nj = 0;
	sensors->power_mw = 0;
	readings_power_on(&sensors->readings, seed);
	sensors->faults = (struct sensor_faults){};
}

void sensors_start(struct device *device)
{
	if (device->sensors.timer.armed)
		return;
	readings_forget(&device->sensors.readings);
	period_over(device);
}
