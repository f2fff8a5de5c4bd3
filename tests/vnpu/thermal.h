/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * thermal - how warm the die and its cooler are
 *
 * A pure model: it never looks at a clock. docs/accelerator.md has the network.
 */
#ifndef VNPU_THERMAL_H
#define VNPU_THERMAL_H

#include "specimen.h"

/* kelvin a watt, joule a kelvin, degree Celsius */
struct thermal {
	double die_r; /* die to cooler */
	double cooler_r; /* cooler to surroundings, when cooled as it should be */
	double die_c; /* 0, with cooler_c: temperatures follow at once */
	double cooler_c;
	double cooling; /* cooler_r is so many times as much */
	double ambient;
	double die;
	double cooler;
};

/* The power that goes into the die: watt + watt_per_k * its temperature. */
struct thermal_heat {
	double watt;
	double watt_per_k;
};

/* At ambient temperature everywhere. */
void thermal_power_on(struct thermal *thermal, const struct specimen *specimen);
/*
 * Go on for @seconds of constant @heat, exactly. Returns the integral of the
 * die's temperature over that time, in kelvin seconds above 0 degree Celsius.
 */
double thermal_advance(struct thermal *thermal, struct thermal_heat heat,
		       double seconds);
/* The die's temperature after constant @watt for ever. */
double thermal_steady(const struct thermal *thermal, double watt);

#endif
