// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * sensors - power, energy and temperature of the device
 *
 * Owns the sensor block of the control area. Power is constant: idle, plus so
 * much for each busy tile; the block shows its mean over the last period.
 * Must not tick while no slot is enabled.
 */
#include "device.h"

static int32_t temperature_mc(const struct sensors *sensors)
{
	int32_t mc = SENSORS_AMBIENT_MC +
		     (int32_t)sensors->power_mw * SENSORS_MC_PER_MW;

	if (sensors->faults.fixed)
		mc = sensors->faults.fixed_mc;
	return mc + sensors->faults.offset_mc;
}

static void write_values(struct device *device, uint64_t now, uint64_t nj)
{
	struct memory *memory = &device->memory;
	const struct sensors *sensors = &device->sensors;

	memory_write32(memory, LAYBY_VNPU_REG_SENSOR_POWER, sensors->power_mw);
	memory_write32(memory, LAYBY_VNPU_REG_SENSOR_TEMP,
		       (uint32_t)temperature_mc(sensors));
	memory_write32(memory, LAYBY_VNPU_REG_SENSOR_LEVEL, 0);
	memory_write64(memory, LAYBY_VNPU_REG_SENSOR_ENERGY, nj / 1000);
	memory_write64(memory, LAYBY_VNPU_REG_SENSOR_TICKS, now);
}

static void publish(struct device *device, uint64_t now, uint64_t nj)
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
		write_values(device, now, nj);
	memory_write32(memory, LAYBY_VNPU_REG_SENSOR_VALID, !faults->missing);
	memory_write32(memory, LAYBY_VNPU_REG_SENSOR_SEQUENCE, ++*sequence);
}

static void sample(struct device *device)
{
	struct sensors *sensors = &device->sensors;
	uint64_t now = clock_now(&device->clock);
	uint64_t nj = sensors_energy_nj(device, now);

	/* A job that was late is charged after its time: never run backwards. */
	if (nj < sensors->sample_nj)
		nj = sensors->sample_nj;
	if (now > sensors->sample_tick)
		sensors->power_mw = (nj - sensors->sample_nj) /
				    (now - sensors->sample_tick);
	sensors->sample_tick = now;
	sensors->sample_nj = nj;
	publish(device, now, nj);
}

static void period_over(void *owner)
{
	struct device *device = owner;

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

void sensors_power_on(struct sensors *sensors)
{
	timer_cancel(&sensors->timer);
	sensors->sequence = 0;
	sensors->jobs_nj = 0;
	sensors->sample_tick = 0;
	sensors->sample_nj = 0;
	sensors->power_mw = SENSORS_IDLE_MW;
	sensors->faults = (struct sensor_faults){};
}

/* A milliwatt for a microsecond is a nanojoule. */
uint64_t sensors_busy_nj(uint32_t tiles, uint64_t ticks)
{
	return (uint64_t)SENSORS_TILE_MW * tiles * ticks;
}

void sensors_charge(struct sensors *sensors, uint64_t nj)
{
	sensors->jobs_nj += nj;
}

void sensors_start(struct device *device)
{
	if (!device->sensors.timer.armed)
		period_over(device);
}

uint64_t sensors_energy_nj(const struct device *device, uint64_t now)
{
	uint64_t nj = device->sensors.jobs_nj + SENSORS_IDLE_MW * now;

	for (uint32_t i = 0; i < device->config.slots; i++)
		nj += slot_busy_nj(&device->slots[i], now);
	return nj;
}
