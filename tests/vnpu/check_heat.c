// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The thermal model by itself: held against the network's closed form and against
 * a method of small steps, neither of which it uses.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "check_model.h"
#include "thermal.h"

static struct thermal thermal_typical(void)
{
	struct specimen specimen = typical();
	struct thermal thermal;

	thermal_power_on(&thermal, &specimen);
	return thermal;
}

/*
 * The die's step response as the inverse transform of the network's impedance,
 * Z(s) = (R1 + R2 + s R1 R2 C2) / (1 + s (R1 C1 + R2 C1 + R2 C2) + s^2 R1 R2 C1 C2)
 */
static double closed_form(const struct thermal *of, double watt, double t)
{
	double r2 = of->cooler_r * of->cooling;
	double a = of->die_r * r2 * of->die_c * of->cooler_c;
	double b = of->die_r * of->die_c + r2 * of->die_c + r2 * of->cooler_c;
	double root = sqrt(b * b - 4 * a), kelvin = of->die_r + r2;

	for (int sign = -1; sign <= 1; sign += 2) {
		double s = (-b + sign * root) / (2 * a);
		double above = of->die_r + r2 + s * of->die_r * r2 * of->cooler_c;

		kelvin += above / (s * (2 * a * s + b)) * exp(s * t);
	}
	return of->ambient + watt * kelvin;
}

static void test_step_response(void **state)
{
	static const double seconds[] = { 1e-6, 1e-3, 0.1, 1, 5, 20, 100, 1000 };
	const struct thermal_heat heat = { .watt = 14 };

	for (uint64_t seed = 0; seed < 20; seed++) {
		struct specimen specimen = seed ? specimen_of(seed) : typical();
		struct thermal start;

		thermal_power_on(&start, &specimen);
		start.cooling = 1 + seed / 4.0;
		for (size_t i = 0; i < sizeof(seconds) / sizeof(*seconds); i++) {
			struct thermal thermal = start;

			thermal_advance(&thermal, heat, seconds[i]);
			assert_near(thermal.die,
				    closed_form(&start, 14, seconds[i]), 1e-9);
		}
	}
}

static void test_steady(void **state)
{
	struct thermal thermal = thermal_typical();
	const struct thermal_heat heat = { .watt = 14 };

	thermal_advance(&thermal, heat, 3600);
	/* 25 °C and 2 K/W */
	assert_near(thermal.die, 53, 1e-9);
	assert_near(thermal_steady(&thermal, 14), 53, 1e-9);
	assert_near(thermal.cooler, 46, 1e-9);
	thermal.cooling = 3;
	thermal_advance(&thermal, heat, 36000);
	assert_near(thermal.die, 25 + 14 * 5, 1e-9);
	thermal.ambient = -40;
	thermal_advance(&thermal, heat, 36000);
	assert_near(thermal.die, -40 + 14 * 5, 1e-9);
}

/* Time constants are seconds. */
static void test_seconds(void **state)
{
	struct thermal thermal = thermal_typical();
	const struct thermal_heat heat = { .watt = 14 };

	thermal_advance(&thermal, heat, 0.1);
	assert_true(thermal.die < 25 + 1);
	thermal_advance(&thermal, heat, 2.9);
	assert_true(thermal.die > 25 + 6 && thermal.die < 25 + 14);
	thermal_advance(&thermal, heat, 60);
	assert_true(thermal.die > 25 + 27);
}

/* The fourth-order Runge-Kutta method on the two equations as they are. */
struct nodes {
	double die;
	double cooler;
	double area;
};

static struct nodes change(const struct thermal *of, struct thermal_heat heat,
			   struct nodes x)
{
	double across = (x.die - x.cooler) / of->die_r;
	double out = (x.cooler - of->ambient) / (of->cooler_r * of->cooling);

	return (struct nodes){
		(heat.watt + heat.watt_per_k * x.die - across) / of->die_c,
		(across - out) / of->cooler_c,
		x.die,
	};
}

static struct nodes plus(struct nodes x, struct nodes by, double times)
{
	return (struct nodes){ x.die + times * by.die,
			       x.cooler + times * by.cooler,
			       x.area + times * by.area };
}

static struct nodes runge_kutta(const struct thermal *of, struct thermal_heat heat,
				double seconds, unsigned int steps)
{
	struct nodes x = { of->die, of->cooler, 0 };
	double h = seconds / steps;

	for (unsigned int i = 0; i < steps; i++) {
		struct nodes a = change(of, heat, x);
		struct nodes b = change(of, heat, plus(x, a, h / 2));
		struct nodes c = change(of, heat, plus(x, b, h / 2));
		struct nodes d = change(of, heat, plus(x, c, h));

		x = plus(x, a, h / 6);
		x = plus(x, b, h / 3);
		x = plus(x, c, h / 3);
		x = plus(x, d, h / 6);
	}
	return x;
}

/* Heat that grows with the temperature: less, just and more than is led away. */
static void test_feedback(void **state)
{
	static const double watt_per_k[] = { 0.01, 0.1, 0.499, 0.5, 0.501, 0.7 };

	for (size_t i = 0; i < sizeof(watt_per_k) / sizeof(*watt_per_k); i++) {
		struct thermal_heat heat = { 5, watt_per_k[i] };
		struct thermal thermal = thermal_typical();
		struct nodes right;
		double area;

		thermal.cooler = 60;
		thermal.die = 70;
		right = runge_kutta(&thermal, heat, 10, 10000);
		area = thermal_advance(&thermal, heat, 10);
		assert_near(thermal.die, right.die, 1e-8);
		assert_near(thermal.cooler, right.cooler, 1e-8);
		assert_near(area, right.area, 1e-7);
	}
}

static void test_steps_add_up(void **state)
{
	const struct thermal_heat heat = { 7, 0.02 };
	struct thermal once = thermal_typical(), often = once;
	double area = 0, whole;

	for (int i = 0; i < 100000; i++)
		area += thermal_advance(&often, heat, 1e-4);
	whole = thermal_advance(&once, heat, 10);
	assert_near(often.die, once.die, 1e-8);
	assert_near(often.cooler, once.cooler, 1e-8);
	assert_near(area, whole, 1e-7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_step_response),
		cmocka_unit_test(test_steady),
		cmocka_unit_test(test_seconds),
		cmocka_unit_test(test_feedback),
		cmocka_unit_test(test_steps_add_up),
	};

	return cmocka_run_group_tests_name("vnpu heat", tests, NULL, NULL);
}
