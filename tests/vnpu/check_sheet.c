// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a driver may rely on: the bounds that the device itself says, held against
 * the truth of many devices.
 */
#include <endian.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "check_model.h"
#include "client.h"
#include "power.h"
#include "reading.h"

#define SEEDS 10000u
#define DEVICES 6u
#define JOBS 5u
/* As cold and as hot as the bounds are said to hold. */
#define COLDEST (-40)
#define HOTTEST 125

/* --- What stands in the registers ------------------------------------------------- */

static void test_registers(void **state)
{
	struct client *client = *state;

	for (uint32_t i = 0; i < SPECIMEN_LEVELS; i++) {
		uint32_t at = LAYBY_VNPU_REG_LEVEL(i) + LAYBY_VNPU_LEVEL_TILE_WORST;

		assert_int_equal(client_read32(client, at), sheet_tile_worst_mw(i));
		assert_int_equal(client_read32(client, LAYBY_VNPU_REG_TILE_LEAST(i)),
				 sheet_tile_least_mw(i));
	}
	assert_int_equal(client_read32(client, LAYBY_VNPU_REG_METER_ERROR), 5);
	assert_int_equal(client_read32(client, LAYBY_VNPU_REG_DIE_RESISTANCE), 650);
	assert_int_equal(client_read32(client, LAYBY_VNPU_REG_SENSOR_ERROR),
			 READING_NOISE_MC + READING_STEP_MC / 2);
}

/* --- A busy tile -------------------------------------------------------------------- */

/* What one more busy tile takes, at a temperature of the die. */
static double tile_mw(const struct specimen *specimen, uint32_t level, double die)
{
	struct power_loads loads = { .idle_level = level };
	struct power power;
	double rest;

	power_on(&power, specimen, NULL);
	power.tick = 1;
	power.thermal.die = die;
	rest = power_mw(&power, &loads, false);
	loads.slot[0] = (struct power_load){ .since = 1, .until = 2, .tiles = 1,
					     .level = level };
	return power_mw(&power, &loads, false) - rest;
}

/* No device is outside the bounds, and the bounds are near the worst of them. */
static void test_tile_bounds(void **state)
{
	for (uint32_t level = 0; level < SPECIMEN_LEVELS; level++) {
		double worst = sheet_tile_worst_mw(level);
		double least = sheet_tile_least_mw(level);
		double highest = 0, lowest = INFINITY;

		for (uint64_t seed = 1; seed <= SEEDS; seed++) {
			const struct specimen specimen = specimen_of(seed);

			highest = fmax(highest, tile_mw(&specimen, level, HOTTEST));
			lowest = fmin(lowest, tile_mw(&specimen, level, COLDEST));
		}
		assert_true(highest <= worst);
		assert_true(highest >= 0.97 * worst);
		assert_true(lowest >= least);
		assert_true(lowest <= 1.03 * least);
	}
}

static void test_die_resistance(void **state)
{
	double most = sheet.die_mk_per_w * 1e6;

	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		most = fmax(most, (double)sheet.die_mk_per_w * specimen_of(seed).die_r_ppm);
	assert_true(most / 1e6 <= sheet_die_worst_mk_per_w());
	assert_true(most / 1e6 >= 0.99 * sheet_die_worst_mk_per_w());
}

/* --- The meter ---------------------------------------------------------------------- */

/* The truth is at most the declared error, and 1 uJ, away from @said. */
static void assert_metered(double truth_uj, uint64_t said)
{
	double error = sheet.meter_most_permille / 1e3;

	assert_true(truth_uj <= said * (1 + error) + 1);
	assert_true(truth_uj >= said * (1 - error) - 1);
}

static void test_meter(void **state)
{
	uint32_t far = 0;

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		const struct specimen specimen = specimen_of(seed);

		for (uint64_t nj = 1; nj < UINT64_C(1) << 50; nj = nj * 7 + seed)
			assert_metered(nj / 1e3, specimen_metered_uj(&specimen, nj));
		assert_int_equal(specimen_metered_uj(&specimen, 0), 0);
		far += fabs(specimen_metered_uj(&specimen, 1000000000) / 1e6 - 1) > 0.0025;
	}
	/* It is evenly distributed: half of them are in the outer half. */
	assert_in_range(far, SEEDS * 2 / 5, SEEDS * 3 / 5);
}

static uint64_t slot_energy(struct client *client)
{
	sd_json_variant *power = client_control(client, "Power", NULL);
	sd_json_variant *slots = sd_json_variant_by_key(power, "slots");
	sd_json_variant *slot = sd_json_variant_by_index(slots, 0);
	uint64_t uj = sd_json_variant_unsigned(sd_json_variant_by_key(slot, "energy"));

	sd_json_variant_unref(power);
	return uj;
}

/* What the completions of a device that runs say, of what its slot used. */
static double metered_part(struct client *client)
{
	struct layby_vnpu_completion completion;
	uint64_t said = 0, truth;

	client_enable(client, 0);
	client_add(client, 0);
	for (uint32_t i = 0; i < JOBS; i++) {
		struct layby_vnpu_descriptor job =
			client_job(client, 0, "add", CLIENT_BYTES, CLIENT_BYTES);

		assert_int_equal(client_run(client, 0, &job, 0, &completion),
				 LAYBY_VNPU_STATUS_OK);
		said += le64toh(completion.energy_uj);
	}
	truth = slot_energy(client);
	/* Rounded for each job, and once for the slot. */
	assert_true(truth <= said * (1 + sheet.meter_most_permille / 1e3) + JOBS);
	assert_true(truth >= said * (1 - sheet.meter_most_permille / 1e3) - 1);
	return (double)said / truth;
}

/* Devices of other seeds err otherwise, none beyond what it declares. */
static void test_meter_runs(void **state)
{
	double lowest = INFINITY, highest = 0;

	for (uint32_t i = 1; i <= DEVICES; i++) {
		char seed[8];
		const char *const extra[] = { "--truth", seed, NULL };
		struct client client;
		double part;

		snprintf(seed, sizeof(seed), "%u", i);
		client_start(&client, extra);
		part = metered_part(&client);
		client_stop(&client);
		lowest = fmin(lowest, part);
		highest = fmax(highest, part);
	}
	assert_true(lowest < 0.998);
	assert_true(highest > 1.001);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_registers, client_setup,
						client_teardown),
		cmocka_unit_test(test_tile_bounds),
		cmocka_unit_test(test_die_resistance),
		cmocka_unit_test(test_meter),
		cmocka_unit_test(test_meter_runs),
	};

	return cmocka_run_group_tests_name("vnpu sheet", tests, NULL, NULL);
}
