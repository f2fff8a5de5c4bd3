// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Levels, true power and heat of a device that runs. Times are not measured: each
 * bound follows from ticks and energy as the device itself says them.
 */
#include <endian.h>
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "client.h"
#include "specimen.h"

/* --- What the tests ask ---------------------------------------------------------- */

static int64_t number(sd_json_variant *object, const char *name)
{
	sd_json_variant *value = sd_json_variant_by_key(object, name);

	if (!value)
		fail_msg("no «%s» in the answer", name);
	return sd_json_variant_integer(value);
}

static int64_t truth(struct client *client, const char *name)
{
	sd_json_variant *power = client_control(client, "Power", NULL);
	int64_t value = number(power, name);

	sd_json_variant_unref(power);
	return value;
}

static int64_t slot_truth(struct client *client, uint32_t slot, const char *name)
{
	sd_json_variant *power = client_control(client, "Power", NULL);
	sd_json_variant *slots = sd_json_variant_by_key(power, "slots");
	int64_t value = number(sd_json_variant_by_index(slots, slot), name);

	sd_json_variant_unref(power);
	return value;
}

/* It comes to be within 5 s, however busy the host. */
static void wait_truth(struct client *client, const char *name, int64_t value)
{
	for (int i = 0; truth(client, name) != value; i++) {
		if (i == 500)
			fail_msg("%s is never %lld", name, (long long)value);
		usleep(10000);
	}
}

static void call(struct client *client, const char *method,
		 const char *name, int64_t value)
{
	sd_json_variant *parameters = NULL;

	sd_json_buildo(&parameters, SD_JSON_BUILD_PAIR_INTEGER(name, value));
	sd_json_variant_unref(client_control(client, method, parameters));
	sd_json_variant_unref(parameters);
}

static void soak(struct client *client, int32_t mdeg)
{
	sd_json_variant *parameters = NULL;

	sd_json_buildo(&parameters, SD_JSON_BUILD_PAIR_INTEGER("die", mdeg),
		       SD_JSON_BUILD_PAIR_INTEGER("cooler", mdeg));
	sd_json_variant_unref(client_control(client, "Soak", parameters));
	sd_json_variant_unref(parameters);
}

static void set_level(struct client *client, uint32_t slot, uint32_t level)
{
	assert_int_equal(client_command(client, LAYBY_VNPU_OP_SLOT_LEVEL, slot, level),
			 LAYBY_VNPU_RESULT_OK);
}

static struct layby_vnpu_descriptor like_add(struct client *client, uint32_t slot,
					     const char *model)
{
	client_add(client, slot);
	return client_job(client, slot, model, CLIENT_BYTES, CLIENT_BYTES);
}

static struct layby_vnpu_completion run(struct client *client, uint32_t slot,
					const char *model)
{
	struct layby_vnpu_descriptor job = like_add(client, slot, model);
	struct layby_vnpu_completion completion;

	assert_int_equal(client_run(client, slot, &job, 0, &completion),
			 LAYBY_VNPU_STATUS_OK);
	assert_true(client_added(client, slot));
	return completion;
}

/* A job of 10 s at the highest level; it is past its start. */
static void start_slow(struct client *client, uint32_t slot)
{
	struct layby_vnpu_descriptor slow = like_add(client, slot, "slow");
	int64_t before = slot_truth(client, slot, "energy");

	client_submit(client, slot, &slow, 0);
	for (int i = 0; slot_truth(client, slot, "energy") == before; i++) {
		if (i == 500)
			fail_msg("slot %u never starts", slot);
		usleep(10000);
	}
}

static struct layby_vnpu_completion end_slow(struct client *client, uint32_t slot)
{
	struct layby_vnpu_completion completion;

	client_abort(client, slot, 0);
	assert_true(client_complete(client, slot, &completion, 5000));
	assert_int_equal(le16toh(completion.status), LAYBY_VNPU_STATUS_ABORTED);
	return completion;
}

/* --- Levels ------------------------------------------------------------------------- */

static void test_table(void **state)
{
	struct client *client = *state;

	for (uint32_t i = 0; i < SPECIMEN_LEVELS; i++) {
		uint32_t at = LAYBY_VNPU_REG_LEVEL(i);

		assert_int_equal(client_read32(client, at + LAYBY_VNPU_LEVEL_SPEED),
				 sheet.level[i].speed_permille);
		assert_int_equal(client_read32(client, at + LAYBY_VNPU_LEVEL_TILE_POWER),
				 sheet.level[i].tile_mw);
		assert_int_equal(client_read32(client, at + LAYBY_VNPU_LEVEL_IDLE_POWER),
				 sheet.level[i].idle_mw);
	}
	assert_int_equal(sheet.level[SPECIMEN_HIGHEST].speed_permille, 1000);
	assert_int_equal(client_read32(client, LAYBY_VNPU_REG_RAIL), 30000);
	assert_int_equal(client_read32(client, LAYBY_VNPU_REG_THROTTLE), 105000);
}

/* Ticks and energy of a job at each level, to the digit. */
static void test_each_level(void **state)
{
	struct client *client = *state;

	client_enable(client, 0);
	for (uint32_t i = SPECIMEN_LEVELS; i-- > 0;) {
		const struct sheet_level *level = &sheet.level[i];
		struct layby_vnpu_completion completion;
		uint64_t ticks = 20 + (1000 * 1000 + level->speed_permille - 1) /
				      level->speed_permille;

		set_level(client, 0, i);
		completion = run(client, 0, "add");
		assert_int_equal(client_run_ticks(&completion), ticks);
		assert_int_equal(le64toh(completion.energy_uj),
				 (2 * level->tile_mw * ticks + 500) / 1000);
		assert_int_equal(le32toh(completion.level), i);
	}
	/* What waits for the memory does so at any level. */
	assert_int_equal(client_run_ticks(&(struct layby_vnpu_completion[]){
				run(client, 0, "hog") }[0]), 400020);
}

/* The level stays through stop, disable and enable; other slots have their own. */
static void test_level_stays(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;

	set_level(client, 0, 1);
	client_enable(client, 0);
	client_enable(client, 1);
	completion = run(client, 0, "add");
	assert_int_equal(le32toh(completion.level), 1);
	client_command(client, LAYBY_VNPU_OP_SLOT_DISABLE, 0, 0);
	client_enable(client, 0);
	completion = run(client, 0, "add");
	assert_int_equal(le32toh(completion.level), 1);
	completion = run(client, 1, "add");
	assert_int_equal(le32toh(completion.level), 3);
	sd_json_variant_unref(client_control(client, "ResetDevice", NULL));
	client->command_tail = client_read32(client, LAYBY_VNPU_REG_COMMAND_HEAD);
	client_enable(client, 0);
	completion = run(client, 0, "add");
	assert_int_equal(le32toh(completion.level), 3);
}

static void test_limit(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	sd_json_variant *power;
	int64_t ticks;

	client_enable(client, 0);
	assert_int_equal(truth(client, "power"), 2000);
	assert_int_equal(client_command(client, LAYBY_VNPU_OP_LEVEL_LIMIT, 0, 1),
			 LAYBY_VNPU_RESULT_OK);
	completion = run(client, 0, "add");
	assert_int_equal(le32toh(completion.level), 1);
	assert_int_equal(truth(client, "power"), 1300);
	power = client_control(client, "Power", NULL);
	ticks = number(power, "ticks");
	assert_in_range(number(power, "idleEnergy"), 1300 * ticks / 1000,
			2000 * ticks / 1000);
	sd_json_variant_unref(power);
	set_level(client, 0, 0);
	completion = run(client, 0, "add");
	assert_int_equal(le32toh(completion.level), 0);
	/* The driver's limit is no throttle. */
	assert_int_equal(slot_truth(client, 0, "lowered"), 0);
	assert_int_equal(truth(client, "throttles"), 0);
}

/* Ticks at the lower and at the higher level, from ticks and energy of the job. */
static bool in_the_middle(const struct layby_vnpu_completion *completion,
			  double *low, double *high)
{
	double ticks = client_run_ticks(completion);
	double uj = le64toh(completion->energy_uj);

	*high = (uj * 1000 / 2 - sheet.level[0].tile_mw * ticks) /
		(sheet.level[3].tile_mw - sheet.level[0].tile_mw);
	*low = ticks - *high;
	return *low > 10 && *high > 10;
}

/*
 * 160 ms at the highest level, 400 ms at the lowest, changed in between: the
 * parts of the work add up to the whole, wherever it was.
 */
static void change_midway(struct client *client, uint32_t from, uint32_t to)
{
	double low = 0, high = 0;

	for (int i = 0; i < 20; i++) {
		struct layby_vnpu_descriptor job = like_add(client, 0, "stream");
		struct layby_vnpu_completion completion;

		set_level(client, 0, from);
		client_submit(client, 0, &job, 0);
		client_wait_phase(client, 0, "running");
		usleep(80000);
		set_level(client, 0, to);
		assert_true(client_complete(client, 0, &completion, 5000));
		if (!in_the_middle(&completion, &low, &high))
			continue;
		assert_true(fabs(low / 400020 + high / 160020 - 1) < 1e-4);
		assert_int_equal(le32toh(completion.level), 3);
		return;
	}
	fail_msg("no change comes in the middle: %g and %g ticks", low, high);
}

static int setup_slow(void **state)
{
	static const char *const extra[] = { "--speed", "1", NULL };
	static struct client client;

	client_start(&client, extra);
	*state = &client;
	return 0;
}

static void test_change_midway(void **state)
{
	struct client *client = *state;

	client_enable(client, 0);
	change_midway(client, 0, 3);
	change_midway(client, 3, 0);
	/* It is the driver who did it. */
	assert_int_equal(slot_truth(client, 0, "lowered"), 0);
}

/* --- Rail and heat -------------------------------------------------------------------- */

static int setup_weak(void **state)
{
	static const char *const extra[] = { "--rail", "7000", NULL };
	static struct client client;

	client_start(&client, extra);
	*state = &client;
	return 0;
}

/* Two tiles each: one slot needs 5 W of the 7 W, two need 8 W. */
static void test_rail(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;

	client_enable(client, 0);
	client_enable(client, 1);
	start_slow(client, 0);
	assert_int_equal(truth(client, "rail"), 0);
	start_slow(client, 1);
	assert_int_equal(truth(client, "rail"), 1);
	assert_int_equal(truth(client, "railDrops"), 1);
	assert_int_equal(slot_truth(client, 0, "level"), 2);
	assert_int_equal(truth(client, "power"), 1600 + 4 * 1000);
	completion = end_slow(client, 1);
	assert_int_equal(le32toh(completion.level), 2);
	assert_int_equal(le64toh(completion.energy_uj),
			 2 * client_run_ticks(&completion));
	assert_int_equal(truth(client, "rail"), 0);
	assert_int_equal(truth(client, "power"), 2000 + 2 * 1500);
	assert_in_range(slot_truth(client, 0, "lowered"), 1, 10000000);
	completion = end_slow(client, 0);
	assert_int_equal(le32toh(completion.level), 3);
	start_slow(client, 1);
	assert_int_equal(truth(client, "railDrops"), 1);
	/* Nothing is as low as the lowest level and a tile. */
	set_level(client, 0, 0);
	assert_int_equal(truth(client, "rail"), 0);
	start_slow(client, 0);
	assert_int_equal(truth(client, "rail"), 0);
}

static int setup_specimen(void **state)
{
	static const char *const extra[] = { "--truth", "7", NULL };
	static struct client client;

	client_start(&client, extra);
	*state = &client;
	return 0;
}

/* Kept hot until it has done all that it can. */
static void overheat(struct client *client)
{
	for (int i = 0; truth(client, "heat") < SPECIMEN_HIGHEST; i++) {
		if (i == 500)
			fail_msg("it never throttles");
		soak(client, 140000);
		usleep(10000);
	}
	/* So that it stays so for a while. */
	soak(client, 150000);
}

/* Far above the trip it saves itself, whoever works; cool again it is as before. */
static void test_throttle(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;

	client_enable(client, 0);
	client_enable(client, 1);
	start_slow(client, 0);
	soak(client, 104000);
	usleep(250000);
	assert_int_equal(truth(client, "throttles"), 0);
	overheat(client);
	assert_int_equal(truth(client, "throttles"), 3);
	assert_int_equal(slot_truth(client, 0, "level"), 0);
	assert_int_equal(client_read32(client, LAYBY_VNPU_REG_SENSOR_LEVEL), 0);
	completion = run(client, 1, "add");
	assert_int_equal(le32toh(completion.level), 0);
	soak(client, 94000);
	wait_truth(client, "heat", 0);
	assert_int_equal(truth(client, "throttles"), 3);
	assert_int_equal(slot_truth(client, 0, "level"), 3);
	assert_in_range(slot_truth(client, 0, "lowered"), 1, 10000000);
	completion = end_slow(client, 0);
	assert_int_equal(le32toh(completion.level), 3);
}

/* Truth 0: 25 °C and 2 K/W at once, of which 1.5 are the cooler's. */
static void test_surroundings(void **state)
{
	struct client *client = *state;

	client_enable(client, 0);
	assert_int_equal(truth(client, "die"), 29000);
	call(client, "Ambient", "mdeg", -10000);
	usleep(1000);
	assert_int_equal(truth(client, "die"), -10000 + 2 * 2000);
	call(client, "Cooling", "permille", 3000);
	usleep(1000);
	assert_int_equal(truth(client, "die"), -10000 + 5 * 2000);
	assert_int_equal(truth(client, "cooler"), -10000 + 9000);
	for (int i = 0; i < 500 && client_read32(client, LAYBY_VNPU_REG_SENSOR_TEMP); i++)
		usleep(10000);
	assert_int_equal(client_read32(client, LAYBY_VNPU_REG_SENSOR_TEMP), 0);
	client_disconnect(client);
	client_connect(client);
	client_enable(client, 0);
	assert_int_equal(client_read32(client, LAYBY_VNPU_REG_SENSOR_TEMP), 29000);
}

/* --- The specimen --------------------------------------------------------------------- */

static int64_t hidden(struct client *client, const char *name)
{
	sd_json_variant *specimen = client_control(client, "Specimen", NULL);
	int64_t value = number(specimen, name);

	sd_json_variant_unref(specimen);
	return value;
}

/* What the device answers is drawn as check_power.c has it. */
static void test_specimen(void **state)
{
	const struct specimen right = specimen_of(7);
	struct client *client = *state;

	assert_int_equal(hidden(client, "seed"), 7);
	assert_int_equal(hidden(client, "idle"), right.idle_ppm);
	assert_int_equal(hidden(client, "leakage"), right.leak_ppm);
	assert_int_equal(hidden(client, "dieResistance"), right.die_r_ppm);
	assert_int_equal(hidden(client, "coolerResistance"), right.cooler_r_ppm);
	assert_int_equal(hidden(client, "dieCapacity"), right.die_c_ppm);
	assert_int_equal(hidden(client, "coolerCapacity"), right.cooler_c_ppm);
	assert_int_equal(hidden(client, "meter"), right.meter_ppm);
}

/* Jobs and idle are the total; the receipts are the slot's, by a meter that errs. */
static void test_accounts(void **state)
{
	const struct specimen specimen = specimen_of(7);
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	int64_t sum = 0, ticks = 0, busy;
	sd_json_variant *power;
	double tiles;

	client_enable(client, 0);
	for (int i = 0; i < 20; i++) {
		completion = run(client, 0, "add");
		sum += le64toh(completion.energy_uj);
		ticks += client_run_ticks(&completion);
	}
	busy = slot_truth(client, 0, "energy");
	/* Each receipt is rounded to the nearest. */
	assert_in_range(busy * SPECIMEN_WHOLE_PPM,
			(sum - 11) * specimen.meter_ppm,
			(sum + 11) * specimen.meter_ppm);
	tiles = 2 * 1500.0 * specimen.tile_ppm[3] / SPECIMEN_WHOLE_PPM * ticks / 1000;
	/* And leakage: 40 mW a tile, at most 1.3 times, and 5 K of warmth. */
	assert_in_range(busy, tiles, tiles + 2 * 40 * 1.3 * 1.07 * ticks / 1000);
	assert_true(busy > tiles + 2 * 40 * 0.7 * ticks / 1000);
	power = client_control(client, "Power", NULL);
	assert_in_range(number(power, "energy") - number(power, "idleEnergy") - busy,
			0, 2);
	sd_json_variant_unref(power);
}

/* Points begin with the power-on, come with each job and end with what is. */
static void test_history(void **state)
{
	struct client *client = *state;
	sd_json_variant *parameters = NULL, *reply, *points, *last, *energy;
	int64_t count;

	client_enable(client, 0);
	for (int i = 0; i < 5; i++)
		run(client, 0, "add");
	sd_json_buildo(&parameters, SD_JSON_BUILD_PAIR_UNSIGNED("from", 0));
	reply = client_control(client, "History", parameters);
	count = number(reply, "count");
	assert_in_range(count, 10, 500);
	assert_int_equal(number(reply, "first"), 0);
	points = sd_json_variant_by_key(reply, "points");
	assert_int_equal(sd_json_variant_elements(points), count);
	assert_int_equal(number(sd_json_variant_by_index(points, 0), "ticks"), 0);
	last = sd_json_variant_by_index(points, count - 1);
	energy = sd_json_variant_by_index(sd_json_variant_by_key(last, "energy"), 0);
	assert_int_equal(sd_json_variant_integer(energy),
			 slot_truth(client, 0, "energy"));
	sd_json_variant_unref(reply);
	sd_json_variant_unref(parameters);
	parameters = NULL;
	sd_json_buildo(&parameters, SD_JSON_BUILD_PAIR_UNSIGNED("from", UINT32_MAX));
	reply = client_control(client, "History", parameters);
	points = sd_json_variant_by_key(reply, "points");
	assert_int_equal(sd_json_variant_elements(points), 0);
	sd_json_variant_unref(reply);
	sd_json_variant_unref(parameters);
}

/* What the driver reads: coarse, and of 200 ms ago. */
static void test_readings(void **state)
{
	struct client *client = *state;
	uint64_t now, then, energy;
	uint32_t before;

	client_enable(client, 0);
	before = client_read32(client, LAYBY_VNPU_REG_SENSOR_SEQUENCE);
	for (int i = 0; i < 500; i++) {
		if (client_read32(client, LAYBY_VNPU_REG_SENSOR_SEQUENCE) - before >= 10)
			break;
		usleep(10000);
	}
	do {
		before = client_read32(client, LAYBY_VNPU_REG_SENSOR_SEQUENCE);
		then = client_read64(client, LAYBY_VNPU_REG_SENSOR_TICKS);
		energy = client_read64(client, LAYBY_VNPU_REG_SENSOR_ENERGY);
	} while (before & 1 ||
		 client_read32(client, LAYBY_VNPU_REG_SENSOR_SEQUENCE) != before);
	now = truth(client, "ticks");
	assert_true(then + 200000 <= now);
	assert_int_equal(client_read32(client, LAYBY_VNPU_REG_SENSOR_POWER) % 100, 0);
	assert_int_equal((int32_t)client_read32(client, LAYBY_VNPU_REG_SENSOR_TEMP) %
			 1000, 0);
	assert_int_equal(energy % 1000, 0);
	/* Nothing has run: the truth was about this from the first tick on. */
	assert_in_range(energy + 1000, 2000 * 0.8 * then / 1000,
			2100 * 1.2 * then / 1000 + 1000);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, client_setup, client_teardown)
#define TEST_WITH(name, setup) \
	cmocka_unit_test_setup_teardown(name, setup, client_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_table),
		TEST(test_each_level),
		TEST(test_level_stays),
		TEST(test_limit),
		TEST_WITH(test_change_midway, setup_slow),
		TEST_WITH(test_rail, setup_weak),
		TEST_WITH(test_throttle, setup_specimen),
		TEST(test_surroundings),
		TEST_WITH(test_specimen, setup_specimen),
		TEST_WITH(test_accounts, setup_specimen),
		TEST_WITH(test_history, setup_specimen),
		TEST_WITH(test_readings, setup_specimen),
	};

	return cmocka_run_group_tests_name("vnpu levels", tests, NULL, NULL);
}
