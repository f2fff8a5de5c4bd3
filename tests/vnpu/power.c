// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * power - what the device truly uses, and who of it
 *
 * Between two ticks at which a load begins or ends power is constant but for
 * leakage, which is linear in the die's temperature: over the range that a die
 * works in that is within a few percent of the exponential law (Liu, Dick,
 * Shang, Yang: Accurate temperature-dependent integrated circuit leakage power
 * estimation is easy, DATE 2007), and it lets energy and temperature be worked
 * out exactly from one such tick to the next. Nothing is sampled. Must never
 * look at a clock.
 */
#include "power.h"

#define TICKS_PER_S 1e6

void power_on(struct power *power, const struct specimen *specimen,
	      struct history *history)
{
	*power = (struct power){ .specimen = *specimen, .history = history };
	thermal_power_on(&power->thermal, specimen);
	if (history)
		history_forget(history);
}

static double ppm(uint32_t number)
{
	return number / (double)SPECIMEN_WHOLE_PPM;
}

/* What one load or the rest uses: constant, and leaked at the reference. */
struct part {
	double mw;
	double leak_mw;
};

static struct part tiles_part(const struct power *power,
			      const struct power_load *load)
{
	const struct sheet_level *level = &sheet.level[load->level];

	return (struct part){
		load->tiles * level->tile_mw *
			ppm(power->specimen.tile_ppm[load->level]),
		load->tiles * level->leak_mw * ppm(power->specimen.leak_ppm),
	};
}

static struct part idle_part(const struct power *power, uint32_t level)
{
	return (struct part){
		sheet.level[level].idle_mw * ppm(power->specimen.idle_ppm),
		sheet.idle_leak_mw * ppm(power->specimen.leak_ppm),
	};
}

static bool runs(const struct power_load *load, uint64_t tick)
{
	return load->since && load->since <= tick && tick < load->until;
}

/* --- Working out ------------------------------------------------------------ */

static uint64_t earlier(uint64_t at, uint64_t after, uint64_t until)
{
	return at > after && at < until ? at : until;
}

/* The next tick at which a load begins or ends, @until at the latest. */
static uint64_t next_event(const struct power_loads *loads, uint64_t tick,
			   uint64_t until)
{
	for (uint32_t i = 0; i < LAYBY_VNPU_MAX_SLOTS; i++) {
		const struct power_load *load = &loads->slot[i];

		if (!load->since)
			continue;
		until = earlier(load->since, tick, until);
		until = earlier(load->until, tick, until);
	}
	return until;
}

static double part_nj(const struct part *part, double ticks, double leak_ticks)
{
	return part->mw * ticks + part->leak_mw * leak_ticks;
}

/*
 * The temperatures go on; returns for how many ticks the leakage at the
 * reference would have to flow for what really leaked.
 */
static double warm(struct thermal *thermal, const struct part *all, double ticks)
{
	double per_k = ppm(sheet.leak_ppm_per_k);
	double reference = sheet.reference_mc / 1e3;
	struct thermal_heat heat = {
		.watt = (all->mw + all->leak_mw * (1 - per_k * reference)) / 1e3,
		.watt_per_k = all->leak_mw * per_k / 1e3,
	};
	double seconds = ticks / TICKS_PER_S;
	double above = thermal_advance(thermal, heat, seconds) -
		       reference * seconds;

	return ticks + per_k * above * TICKS_PER_S;
}

/* Before the time goes on in which these are what is used. */
static void note(struct power *power, const struct part *idle,
		 const struct part *slot)
{
	struct history_point point = {
		.tick = power->tick,
		.idle_nj = power->idle_nj,
		.die = power->thermal.die,
	};
	bool changes = power->last_mw[LAYBY_VNPU_MAX_SLOTS] != idle->mw;

	power->last_mw[LAYBY_VNPU_MAX_SLOTS] = idle->mw;
	for (uint32_t i = 0; i < LAYBY_VNPU_MAX_SLOTS; i++) {
		changes |= power->last_mw[i] != slot[i].mw;
		power->last_mw[i] = slot[i].mw;
		point.slot_nj[i] = power->slot_nj[i];
	}
	history_note(power->history, &point, changes);
}

static void step(struct power *power, const struct power_loads *loads,
		 uint64_t next)
{
	struct part slot[LAYBY_VNPU_MAX_SLOTS] = {};
	struct part idle = idle_part(power, loads->idle_level), all = idle;
	double ticks = next - power->tick, leak_ticks;

	for (uint32_t i = 0; i < LAYBY_VNPU_MAX_SLOTS; i++) {
		if (!runs(&loads->slot[i], power->tick))
			continue;
		slot[i] = tiles_part(power, &loads->slot[i]);
		all.mw += slot[i].mw;
		all.leak_mw += slot[i].leak_mw;
		if (loads->slot[i].lowered)
			power->lowered_ticks[i] += next - power->tick;
	}
	note(power, &idle, slot);
	leak_ticks = warm(&power->thermal, &all, ticks);
	power->idle_nj += part_nj(&idle, ticks, leak_ticks);
	for (uint32_t i = 0; i < LAYBY_VNPU_MAX_SLOTS; i++)
		power->slot_nj[i] += part_nj(&slot[i], ticks, leak_ticks);
	power->tick = next;
}

void power_advance(struct power *power, const struct power_loads *loads,
		   uint64_t tick)
{
	while (power->tick < tick)
		step(power, loads, next_event(loads, power->tick, tick));
}

/* --- What it is now --------------------------------------------------------- */

double power_total_nj(const struct power *power)
{
	double nj = power->idle_nj;

	for (uint32_t i = 0; i < LAYBY_VNPU_MAX_SLOTS; i++)
		nj += power->slot_nj[i];
	return nj;
}

double power_mw(const struct power *power, const struct power_loads *loads,
		bool planned)
{
	struct part all = idle_part(power, loads->idle_level);
	double above = power->thermal.die - sheet.reference_mc / 1e3;

	for (uint32_t i = 0; i < LAYBY_VNPU_MAX_SLOTS; i++) {
		const struct power_load *load = &loads->slot[i];
		struct part part = tiles_part(power, load);
		bool waits = planned && load->since > power->tick;

		if (!waits && !runs(load, power->tick))
			continue;
		all.mw += part.mw;
		all.leak_mw += part.leak_mw;
	}
	return all.mw + all.leak_mw * (1 + ppm(sheet.leak_ppm_per_k) * above);
}
