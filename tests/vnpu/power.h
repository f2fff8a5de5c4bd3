/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * power - what the device truly uses, and who of it
 *
 * A pure model on device ticks: it never looks at a clock. docs/accelerator.md
 * gives the formulas.
 */
#ifndef VNPU_POWER_H
#define VNPU_POWER_H

#include <stdbool.h>
#include <stdint.h>

#include "history.h"
#include "specimen.h"
#include "thermal.h"

/* What one slot's tiles do. */
struct power_load {
	uint64_t since; /* tick, may be still to come; 0: nothing */
	uint64_t until; /* tick */
	uint32_t tiles;
	uint32_t level;
	bool lowered; /* the level is lower than the driver set it */
};

struct power_loads {
	struct power_load slot[LAYBY_VNPU_MAX_SLOTS];
	uint32_t idle_level; /* of what is no tile */
};

/* A milliwatt for a microsecond is a nanojoule. */
struct power {
	struct specimen specimen;
	struct thermal thermal;
	uint64_t tick; /* up to here it is worked out */
	double idle_nj;
	double slot_nj[LAYBY_VNPU_MAX_SLOTS];
	uint64_t lowered_ticks[LAYBY_VNPU_MAX_SLOTS]; /* busy at a lowered level */
	struct history *history; /* NULL: none is kept */
	double last_mw[LAYBY_VNPU_MAX_SLOTS + 1]; /* as it was noted there */
};

/* @history: NULL or where changes are noted; it outlives @power. */
void power_on(struct power *power, const struct specimen *specimen,
	      struct history *history);
/*
 * Work out up to @tick; an earlier one changes nothing. @loads: as they have
 * been since the last time, and are to be if they begin or end before @tick.
 */
void power_advance(struct power *power, const struct power_loads *loads,
		   uint64_t tick);
double power_total_nj(const struct power *power);
/*
 * At the die's temperature now. @planned: with the loads that are still to
 * begin.
 */
double power_mw(const struct power *power, const struct power_loads *loads,
		bool planned);

#endif
