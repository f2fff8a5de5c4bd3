// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * bandwidth - how runs that share the device's memory slow each other down
 *
 * Between two events (a run starts or ends) each run goes on at one speed, so
 * that a run's end follows from the ticks of the starts alone. Whole numbers
 * only: working out in two steps gives what one step gives. Must never look at
 * a clock.
 */
#include "bandwidth.h"

#define FULL_SPEED (UINT64_C(1) << 16)
#define DEMAND_ONE 256u

typedef uint64_t per_slot[LAYBY_VNPU_MAX_SLOTS];

void bandwidth_power_on(struct bandwidth *bandwidth, uint64_t bytes)
{
	*bandwidth = (struct bandwidth){ .bytes = bytes };
}

uint64_t bandwidth_alone(const struct bandwidth *bandwidth, uint64_t ticks,
			 uint64_t bytes)
{
	uint64_t moving = bytes / bandwidth->bytes +
			  (bytes % bandwidth->bytes != 0);

	return ticks > moving ? ticks : moving;
}

static uint64_t demand_of(uint64_t ticks, uint64_t bytes)
{
	while (bytes > UINT64_MAX / DEMAND_ONE) {
		bytes /= 2;
		ticks /= 2;
	}
	return bytes * DEMAND_ONE / (ticks ? ticks : 1);
}

/* --- Who gets what ---------------------------------------------------------- */

static bool runs(const struct bandwidth *bandwidth, uint32_t slot)
{
	const struct bandwidth_run *run = &bandwidth->run[slot];

	return run->active && run->start <= bandwidth->tick;
}

static uint64_t demand_sum(const struct bandwidth *bandwidth)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < LAYBY_VNPU_MAX_SLOTS; i++)
		sum += runs(bandwidth, i) ? bandwidth->run[i].demand : 0;
	return sum;
}

/* What the shares promise, cut down if they promise more than there is. */
static uint64_t guarantee(const struct bandwidth *bandwidth, uint64_t there_is,
			  per_slot given)
{
	uint64_t sum = 0, cut = 0;

	for (uint32_t i = 0; i < LAYBY_VNPU_MAX_SLOTS; i++) {
		const struct bandwidth_run *run = &bandwidth->run[i];
		uint64_t share = there_is * run->permille /
				 LAYBY_VNPU_BANDWIDTH_WHOLE;

		given[i] = 0;
		if (runs(bandwidth, i))
			given[i] = run->demand < share ? run->demand : share;
		sum += given[i];
	}
	if (sum <= there_is)
		return sum;
	for (uint32_t i = 0; i < LAYBY_VNPU_MAX_SLOTS; i++) {
		given[i] = given[i] * there_is / sum;
		cut += given[i];
	}
	return cut;
}

/* In 1/65536 of what each would do alone. */
static void speeds(const struct bandwidth *bandwidth, per_slot speed)
{
	uint64_t there_is = bandwidth->bytes * DEMAND_ONE;
	uint64_t wanted = demand_sum(bandwidth);
	uint64_t promised;
	per_slot given;

	for (uint32_t i = 0; i < LAYBY_VNPU_MAX_SLOTS; i++)
		speed[i] = FULL_SPEED;
	if (wanted <= there_is)
		return;
	promised = guarantee(bandwidth, there_is, given);
	for (uint32_t i = 0; i < LAYBY_VNPU_MAX_SLOTS; i++) {
		uint64_t demand = bandwidth->run[i].demand;

		if (!runs(bandwidth, i) || !demand)
			continue;
		given[i] += (demand - given[i]) * (there_is - promised) /
			    (wanted - promised);
		speed[i] = given[i] * FULL_SPEED / demand;
		if (!speed[i])
			speed[i] = 1;
	}
}

/* --- Working out ------------------------------------------------------------ */

static uint64_t ticks_left(const struct bandwidth_run *run, uint64_t speed)
{
	return run->left / speed + (run->left % speed != 0);
}

/* The next tick at which somebody's speed may change, @until at the latest. */
static uint64_t next_event(const struct bandwidth *bandwidth,
			   const per_slot speed, uint64_t until)
{
	for (uint32_t i = 0; i < LAYBY_VNPU_MAX_SLOTS; i++) {
		const struct bandwidth_run *run = &bandwidth->run[i];
		uint64_t at = run->start;

		if (!run->active)
			continue;
		if (runs(bandwidth, i))
			at = bandwidth->tick + ticks_left(run, speed[i]);
		if (at < until)
			until = at;
	}
	return until;
}

static void step(struct bandwidth *bandwidth, const per_slot speed, uint64_t next)
{
	uint64_t ticks = next - bandwidth->tick;

	for (uint32_t i = 0; i < LAYBY_VNPU_MAX_SLOTS; i++) {
		struct bandwidth_run *run = &bandwidth->run[i];

		if (!runs(bandwidth, i))
			continue;
		if (ticks_left(run, speed[i]) <= ticks) {
			run->active = false;
			run->end = next;
		} else {
			run->left -= speed[i] * ticks;
		}
	}
	bandwidth->tick = next;
}

void bandwidth_advance(struct bandwidth *bandwidth, uint64_t tick)
{
	per_slot speed;

	while (bandwidth->tick < tick) {
		speeds(bandwidth, speed);
		step(bandwidth, speed, next_event(bandwidth, speed, tick));
	}
}

static uint64_t waited_for(uint64_t ticks)
{
	return ticks < BANDWIDTH_LONGEST_TICKS ? ticks : BANDWIDTH_LONGEST_TICKS;
}

void bandwidth_start(struct bandwidth *bandwidth, uint32_t slot, uint64_t start,
		     uint64_t ticks, uint64_t bytes, uint32_t permille)
{
	bandwidth->run[slot] = (struct bandwidth_run){
		.active = true,
		.start = start,
		.left = waited_for(ticks) * FULL_SPEED,
		.demand = demand_of(ticks, bytes),
		.permille = permille,
	};
}

void bandwidth_rescale(struct bandwidth *bandwidth, uint32_t slot,
		       uint64_t before, uint64_t after, uint64_t bytes)
{
	struct bandwidth_run *run = &bandwidth->run[slot];
	unsigned __int128 left = (unsigned __int128)run->left * after;

	if (!run->active)
		return;
	left = left / before + (left % before != 0);
	if (left > BANDWIDTH_LONGEST_TICKS * FULL_SPEED)
		left = BANDWIDTH_LONGEST_TICKS * FULL_SPEED;
	run->left = left;
	run->demand = demand_of(after, bytes);
}

void bandwidth_stop(struct bandwidth *bandwidth, uint32_t slot)
{
	struct bandwidth_run *run = &bandwidth->run[slot];

	if (run->active)
		run->end = bandwidth->tick;
	run->active = false;
}

uint64_t bandwidth_end(const struct bandwidth *bandwidth, uint32_t slot)
{
	struct bandwidth copy = *bandwidth;
	per_slot speed;

	while (copy.run[slot].active) {
		speeds(&copy, speed);
		step(&copy, speed, next_event(&copy, speed, UINT64_MAX));
	}
	return copy.run[slot].end;
}
