// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * thermal - how warm the die and its cooler are
 *
 *   heat -> (die) -- die_r -- (cooler) -- cooler_r * cooling -- ambient
 *             |                   |
 *           die_c              cooler_c
 *
 * With x the two temperatures this is x' = A x + b, and A and b are constant as
 * long as the heat's terms are: then
 *
 *   x(t)                = x + t phi1(tA) (A x + b)
 *   integral of x, to t = t x + t^2 phi2(tA) (A x + b)
 *
 * with phi1(z) = (e^z - 1) / z and phi2(z) = (e^z - 1 - z) / z^2 (Hochbruck and
 * Ostermann: Exponential integrators, Acta Numerica 2010). It is exact, however
 * long the step. The eigenvalues of A are real and differ, as the product of
 * the terms that couple the nodes is above zero; so f(tA) is the line through
 * both (Lagrange, Sylvester). One of them is above zero when leakage gains more
 * by a kelvin than the cooler takes away by it: it then heats up without end.
 */
#include <math.h>

#include "thermal.h"

struct pair {
	double die;
	double cooler;
};

struct matrix {
	double die_die;
	double die_cooler;
	double cooler_die;
	double cooler_cooler;
};

/* Below it the formula's difference loses more digits than the series leaves out. */
#define SMALL 1e-3

static double phi1(double z)
{
	return fabs(z) < 1e-12 ? 1 + z / 2 : expm1(z) / z;
}

static double phi2(double z)
{
	if (fabs(z) < SMALL)
		return 0.5 + z / 6 + z * z / 24 + z * z * z / 120;
	return (expm1(z) - z) / (z * z);
}

static struct pair times(const struct matrix *m, struct pair x)
{
	return (struct pair){
		m->die_die * x.die + m->die_cooler * x.cooler,
		m->cooler_die * x.die + m->cooler_cooler * x.cooler,
	};
}

/* f(tA) v */
static struct pair apply(double (*f)(double), const struct matrix *a, double t,
			 struct pair v)
{
	double middle = (a->die_die + a->cooler_cooler) / 2;
	double half = (a->die_die - a->cooler_cooler) / 2;
	double root = sqrt(half * half + a->die_cooler * a->cooler_die);
	double low = middle - root, high = middle + root;
	double at_low = f(t * low), slope = (f(t * high) - at_low) / (high - low);
	struct pair av = times(a, v);

	return (struct pair){
		at_low * v.die + slope * (av.die - low * v.die),
		at_low * v.cooler + slope * (av.cooler - low * v.cooler),
	};
}

static double cooler_r(const struct thermal *thermal)
{
	return thermal->cooler_r * thermal->cooling;
}

static struct matrix network(const struct thermal *thermal, double watt_per_k)
{
	double in = 1 / thermal->die_r, out = 1 / cooler_r(thermal);

	return (struct matrix){
		.die_die = (watt_per_k - in) / thermal->die_c,
		.die_cooler = in / thermal->die_c,
		.cooler_die = in / thermal->cooler_c,
		.cooler_cooler = -(in + out) / thermal->cooler_c,
	};
}

/* A x + b: how fast both change now, kelvin a second. */
static struct pair slope_of(const struct thermal *thermal, const struct matrix *a,
			    double watt)
{
	struct pair slope = times(a, (struct pair){ thermal->die, thermal->cooler });

	slope.die += watt / thermal->die_c;
	slope.cooler += thermal->ambient / (cooler_r(thermal) * thermal->cooler_c);
	return slope;
}

/* No capacity, and no leakage then. */
static double follow(struct thermal *thermal, double watt, double seconds)
{
	thermal->cooler = thermal->ambient + cooler_r(thermal) * watt;
	thermal->die = thermal_steady(thermal, watt);
	return thermal->die * seconds;
}

double thermal_advance(struct thermal *thermal, struct thermal_heat heat,
		       double seconds)
{
	struct pair slope, step, area;
	struct matrix a;
	double integral;

	if (!thermal->die_c)
		return follow(thermal, heat.watt, seconds);
	a = network(thermal, heat.watt_per_k);
	slope = slope_of(thermal, &a, heat.watt);
	step = apply(phi1, &a, seconds, slope);
	area = apply(phi2, &a, seconds, slope);
	integral = seconds * (thermal->die + seconds * area.die);
	thermal->die += seconds * step.die;
	thermal->cooler += seconds * step.cooler;
	return integral;
}

double thermal_steady(const struct thermal *thermal, double watt)
{
	return thermal->ambient + (thermal->die_r + cooler_r(thermal)) * watt;
}

static double milli(uint32_t number, uint32_t ppm)
{
	return number / 1e3 * (ppm / (double)SPECIMEN_WHOLE_PPM);
}

void thermal_power_on(struct thermal *thermal, const struct specimen *specimen)
{
	double ambient = sheet.ambient_mc / 1e3;

	*thermal = (struct thermal){
		.die_r = milli(sheet.die_mk_per_w, specimen->die_r_ppm),
		.cooler_r = milli(sheet.cooler_mk_per_w, specimen->cooler_r_ppm),
		.die_c = milli(sheet.die_mj_per_k, specimen->die_c_ppm),
		.cooler_c = milli(sheet.cooler_mj_per_k, specimen->cooler_c_ppm),
		.cooling = 1,
		.ambient = ambient,
		.die = ambient,
		.cooler = ambient,
	};
}
