/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * specimen - the data sheet, and how far this one device is from it
 */
#ifndef VNPU_SPECIMEN_H
#define VNPU_SPECIMEN_H

#include <stdint.h>

#include "layby/vnpu_regs.h"

#define SPECIMEN_LEVELS LAYBY_VNPU_MAX_LEVELS
/* The level at power-on. */
#define SPECIMEN_HIGHEST (SPECIMEN_LEVELS - 1)
/* What a deviation of none is. */
#define SPECIMEN_WHOLE_PPM 1000000u

/* A performance level. */
struct sheet_level {
	uint32_t speed_permille; /* of the highest level's */
	uint32_t tile_mw; /* of a busy tile, leakage not included */
	uint32_t idle_mw; /* of the rest, busy or not */
	uint32_t leak_mw; /* leakage of a busy tile at reference_mc, typical */
};

/* The one table of constants; docs/accelerator.md prints it. */
struct sheet {
	struct sheet_level level[SPECIMEN_LEVELS];
	uint32_t idle_leak_mw; /* leakage of the rest at reference_mc, typical */
	uint32_t leak_ppm_per_k; /* how much more it is for each kelvin */
	int32_t reference_mc;
	int32_t ambient_mc;
	uint32_t die_mk_per_w; /* die to cooler */
	uint32_t cooler_mk_per_w; /* cooler to surroundings */
	uint32_t die_mj_per_k;
	uint32_t cooler_mj_per_k;
	int32_t throttle_mc; /* of the die: from here on levels fall */
	int32_t release_mc; /* below it they are back */
	/* how far a device may be from all this */
	uint32_t power_most_ppm; /* all of a level's power, of one device */
	uint32_t level_most_ppm; /* of it: one level beside the others */
	uint32_t thermal_most_ppm; /* each resistance, capacity and leakage */
	uint32_t meter_most_permille; /* a job's energy, as it is said, from the truth */
};

extern const struct sheet sheet;

/* What the sheet's numbers are multiplied with. Nobody but a test may know. */
struct specimen {
	uint64_t seed; /* 0: as the sheet says, without leakage */
	uint32_t tile_ppm[SPECIMEN_LEVELS];
	uint32_t idle_ppm;
	uint32_t leak_ppm;
	uint32_t die_r_ppm;
	uint32_t cooler_r_ppm;
	uint32_t die_c_ppm; /* both 0: temperatures follow at once */
	uint32_t cooler_c_ppm;
	uint32_t meter_ppm; /* the truth, of what is said of a job's energy */
};

struct specimen specimen_of(uint64_t seed);

/*
 * What its meter says of @nj: the truth is within meter_most_permille of it, and 1 uJ.
 * Rounded to the nearest: rounded down, the last microjoule would err, too, and the
 * truth be a little further above.
 */
uint64_t specimen_metered_uj(const struct specimen *specimen, uint64_t nj);

/* The bounds that the sheet promises, from its own deviations. */
uint32_t sheet_tile_worst_mw(uint32_t level);
uint32_t sheet_tile_least_mw(uint32_t level);
uint32_t sheet_die_worst_mk_per_w(void);

/*
 * SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number
 * generators, OOPSLA 2014): the next number of the sequence of a seed.
 */
uint64_t specimen_random(uint64_t *state);
/* From -@most to @most, both included. */
int32_t specimen_draw(uint64_t *state, uint32_t most);

#endif
