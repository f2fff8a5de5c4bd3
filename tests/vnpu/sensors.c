// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * sensors - power, energy and temperature of the device
 *
 * Owns the sensor block of the control area. Power is constant: idle, plus so
 * much for each busy tile; the block shows its mean over the last period.
 * Must not tick while no slot is enabled.
 */
#include "device.h"

static void publish(struct device *device, uint64_t now, uint64_t nj)
{
	struct memory *memory = &device->memory;
	uint32_t mw = device->sensors.power_mw;
	uint32_t *sequence = &device->sensors.sequence;
	int32_t mc = SENSORS_AMBIENT_MC + (int32_t)mw * SENSORS_MC_PER_MW;

	memory_write32(memory, LAYBY_VNPU_REG_SENSOR_SEQUENCE, ++*sequence);
	/* The odd sequence must be seen before any new value. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	memory_write32(memory, LAYBY_VNPU_REG_SENSOR_POWER, mw);
	memory_write32(memory, LAYBY_VNPU_REG_SENSOR_TEMP, (uint32_t)mc);
	memory_write32(memory, LAYBY_VNPU_REG_SENSOR_LEVEL, 0);
	memory_write64(memory, LAYBY_VNPU_REG_SENSOR_ENERGY, nj / 1000);
	memory_write64(memory, LAYBY_VNPU_REG_SENSOR_TICKS, now);
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
