// SPDX-License-Identifier: LGPL-2.1-or-later
/* What slots share: the memory's bandwidth. And what the sensors say. */
#include <endian.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "client.h"

static void enable_share(struct client *client, uint32_t slot, uint32_t permille)
{
	client_write_slot(client, slot);
	client_write32(client, LAYBY_VNPU_SLOT(slot) + LAYBY_VNPU_SLOT_BANDWIDTH,
		       permille);
	assert_int_equal(client_command(client, LAYBY_VNPU_OP_SLOT_ENABLE, slot, 0),
			 LAYBY_VNPU_RESULT_OK);
}

static struct layby_vnpu_descriptor like_add(struct client *client, uint32_t slot,
					     const char *model)
{
	client_add(client, slot);
	return client_job(client, slot, model, CLIENT_BYTES, CLIENT_BYTES);
}

/* Ticks of one run of "stream" on slot 0, which is right. */
static uint64_t stream_ticks(struct client *client)
{
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor job = like_add(client, 0, "stream");

	assert_int_equal(client_run(client, 0, &job, 0, &completion),
			 LAYBY_VNPU_STATUS_OK);
	assert_true(client_added(client, 0));
	return client_run_ticks(&completion);
}

/* All of the memory's bandwidth for 10 s. */
static void start_flood(struct client *client, uint32_t slot)
{
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor flood = like_add(client, slot, "flood");

	client_submit(client, slot, &flood, 0);
	client_wait_phase(client, slot, "running");
	/* Its start may still be to come. */
	assert_false(client_complete(client, slot, &completion, 50));
}

/* 320000 operations on two tiles at 4 a tick, and 20 */
#define ALONE 40020u
/* 3.2 GB at 8000 bytes a tick, and 20 */
#define HOG_ALONE 400020u

static void test_alone(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor job;

	client_enable(client, 0);
	client_enable(client, 1);
	assert_int_equal(stream_ticks(client), ALONE);
	/* A run cannot be faster than the memory. */
	job = like_add(client, 1, "hog");
	assert_int_equal(client_run(client, 1, &job, 0, &completion),
			 LAYBY_VNPU_STATUS_OK);
	assert_int_equal(client_run_ticks(&completion), HOG_ALONE);
	assert_int_equal(stream_ticks(client), ALONE);
}

/* A quarter of the bandwidth beside all of it: 1.25 times as long, each time. */
static void test_hog(void **state)
{
	struct client *client = *state;

	client_enable(client, 0);
	client_enable(client, 1);
	assert_int_equal(stream_ticks(client), ALONE);
	start_flood(client, 1);
	for (int i = 0; i < 3; i++)
		assert_in_range(stream_ticks(client), 50000, 50050);
}

/* Four times the same: all are stretched alike, whoever was first. */
static void test_stretch_others(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor job;

	for (uint32_t slot = 0; slot < 2; slot++)
		client_enable(client, slot);
	/* So that the program is there in time. */
	assert_int_equal(stream_ticks(client), ALONE);
	job = like_add(client, 1, "hog");
	client_submit(client, 1, &job, 0);
	client_wait_phase(client, 1, "running");
	assert_false(client_complete(client, 1, &completion, 50));
	assert_in_range(stream_ticks(client), 50000, 50050);
	assert_true(client_complete(client, 1, &completion, 2000));
	assert_int_equal(le16toh(completion.status), LAYBY_VNPU_STATUS_OK);
	/* While both ran the hog lost a fifth, the rest it ran alone. */
	assert_in_range(client_run_ticks(&completion), HOG_ALONE + 9990,
			HOG_ALONE + 10030);
}

static void test_share(void **state)
{
	struct client *client = *state;

	enable_share(client, 0, 300);
	client_enable(client, 1);
	start_flood(client, 1);
	for (int i = 0; i < 3; i++)
		assert_int_equal(stream_ticks(client), ALONE);
	/* What it does not use is the others', and what they leave is its own. */
	client_command(client, LAYBY_VNPU_OP_SLOT_DISABLE, 0, 0);
	enable_share(client, 0, 1);
	client_command(client, LAYBY_VNPU_OP_SLOT_DISABLE, 1, 0);
	assert_int_equal(stream_ticks(client), ALONE);
}

/* A share that is too small: so much is sure, the rest is shared out. */
static void test_small_share(void **state)
{
	struct client *client = *state;

	enable_share(client, 0, 125);
	client_enable(client, 1);
	start_flood(client, 1);
	/*
	 * Of 8000 bytes a tick 1000 are sure; 9000 - 1 are wanted of the other
	 * 7000, of which it wants 999: 1000 + 777 of its 1999.
	 */
	assert_in_range(stream_ticks(client), 44950, 45050);
}

/* Promises beyond what there is are cut; both shares count alike. */
static void test_shares_beyond(void **state)
{
	struct client *client = *state;

	enable_share(client, 0, 1000);
	enable_share(client, 1, 1000);
	start_flood(client, 1);
	assert_in_range(stream_ticks(client), 50000, 50050);
}

/* Who ends, is aborted, hangs or is reset does not use the memory any more. */
static void test_release(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;

	client_enable(client, 0);
	client_enable(client, 1);
	start_flood(client, 1);
	client_fault(client, "Hang", 1);
	assert_int_equal(stream_ticks(client), ALONE);
	client_command(client, LAYBY_VNPU_OP_SLOT_DISABLE, 1, 0);
	client_enable(client, 1);
	start_flood(client, 1);
	client_abort(client, 1, 0);
	assert_true(client_complete(client, 1, &completion, 500));
	assert_int_equal(stream_ticks(client), ALONE);
	start_flood(client, 1);
	client_command(client, LAYBY_VNPU_OP_SLOT_DISABLE, 1, 0);
	assert_int_equal(stream_ticks(client), ALONE);
}

static void test_bad_bytes(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor job;

	client_enable(client, 0);
	client_enable(client, 1);
	job = like_add(client, 1, "odd");
	assert_int_equal(client_run(client, 1, &job, 0, &completion),
			 LAYBY_VNPU_STATUS_BAD_PROGRAM);
	/* It never ends, and takes no more than there is. */
	job = like_add(client, 1, "boundless");
	client_submit(client, 1, &job, 0);
	client_wait_phase(client, 1, "running");
	assert_false(client_complete(client, 1, &completion, 50));
	assert_in_range(stream_ticks(client), 50000, 50050);
	client_abort(client, 1, 0);
	assert_true(client_complete(client, 1, &completion, 500));
	assert_int_equal(le16toh(completion.status), LAYBY_VNPU_STATUS_ABORTED);
}

/* --- Sensors -------------------------------------------------------------------- */

static uint32_t sensor(struct client *client, uint32_t reg)
{
	return client_read32(client, reg);
}

/* A reading that was begun after the call. */
static bool next_reading(struct client *client)
{
	uint32_t before = sensor(client, LAYBY_VNPU_REG_SENSOR_SEQUENCE);

	for (int i = 0; i < 50; i++) {
		if (sensor(client, LAYBY_VNPU_REG_SENSOR_SEQUENCE) - before >= 2)
			return true;
		usleep(10000);
	}
	return false;
}

static void set_mdeg(struct client *client, const char *method, int32_t mdeg)
{
	sd_json_variant *parameters;

	sd_json_buildo(&parameters, SD_JSON_BUILD_PAIR_INTEGER("mdeg", mdeg));
	sd_json_variant_unref(client_control(client, method, parameters));
	sd_json_variant_unref(parameters);
}

static void test_temperature(void **state)
{
	struct client *client = *state;

	assert_int_equal(sensor(client, LAYBY_VNPU_REG_SENSOR_VALID), 0);
	client_enable(client, 0);
	assert_int_equal(sensor(client, LAYBY_VNPU_REG_SENSOR_VALID), 1);
	assert_int_equal(sensor(client, LAYBY_VNPU_REG_SENSOR_TEMP), 29000);
	set_mdeg(client, "Overheat", 70000);
	assert_true(next_reading(client));
	assert_int_equal(sensor(client, LAYBY_VNPU_REG_SENSOR_TEMP), 99000);
	set_mdeg(client, "SetTemperature", -40000);
	set_mdeg(client, "Overheat", 0);
	assert_true(next_reading(client));
	assert_int_equal(sensor(client, LAYBY_VNPU_REG_SENSOR_TEMP),
			 (uint32_t)-40000);
	sd_json_variant_unref(client_control(client, "HealSensors", NULL));
	assert_true(next_reading(client));
	assert_int_equal(sensor(client, LAYBY_VNPU_REG_SENSOR_TEMP), 29000);
}

static void test_missing_sensor(void **state)
{
	struct client *client = *state;

	client_enable(client, 0);
	sd_json_variant_unref(client_control(client, "MissingSensor", NULL));
	assert_true(next_reading(client));
	assert_int_equal(sensor(client, LAYBY_VNPU_REG_SENSOR_VALID), 0);
	sd_json_variant_unref(client_control(client, "HealSensors", NULL));
	assert_true(next_reading(client));
	assert_int_equal(sensor(client, LAYBY_VNPU_REG_SENSOR_VALID), 1);
}

static void test_stale_sensor(void **state)
{
	struct client *client = *state;

	client_enable(client, 0);
	sd_json_variant_unref(client_control(client, "StaleSensor", NULL));
	assert_false(next_reading(client));
	assert_int_equal(sensor(client, LAYBY_VNPU_REG_SENSOR_VALID), 1);
	sd_json_variant_unref(client_control(client, "HealSensors", NULL));
	assert_true(next_reading(client));
}

/* --- Interrupts ------------------------------------------------------------------ */

static void storm(struct client *client, uint32_t count, uint32_t us)
{
	sd_json_variant *parameters;

	sd_json_buildo(&parameters, SD_JSON_BUILD_PAIR_UNSIGNED("slot", 0),
		       SD_JSON_BUILD_PAIR_UNSIGNED("count", count),
		       SD_JSON_BUILD_PAIR_UNSIGNED("us", us));
	sd_json_variant_unref(client_control(client, "Storm", parameters));
	sd_json_variant_unref(parameters);
}

/* Until there were so many, or none comes for a while. */
static uint64_t interrupts(struct client *client, uint64_t enough)
{
	uint64_t sum = 0, count;

	do {
		count = client_wait(client, LAYBY_VNPU_VECTOR_SLOT(0), sum < enough ? 5000 : 100);
		sum += count;
	} while (count);
	return sum;
}

static void test_storm(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor job;

	client_enable(client, 0);
	storm(client, 50, 2000);
	assert_int_equal(interrupts(client, 50), 50);
	storm(client, UINT32_MAX, 100);
	job = like_add(client, 0, "add");
	assert_int_equal(client_run(client, 0, &job, 0, &completion),
			 LAYBY_VNPU_STATUS_OK);
	assert_true(client_wait(client, LAYBY_VNPU_VECTOR_SLOT(0), 100));
	storm(client, 0, 1);
	client_wait(client, LAYBY_VNPU_VECTOR_SLOT(0), 0);
	assert_int_equal(interrupts(client, 0), 0);
}

/* Calls that make no sense are refused. */
static void test_bad_calls(void **state)
{
	static const char *const calls[][2] = {
		{ "Storm", "{\"slot\":0,\"count\":1,\"us\":0}" },
		{ "Storm", "{\"slot\":9,\"count\":1,\"us\":1}" },
		{ "Storm", "{\"slot\":0,\"count\":-1,\"us\":1}" },
		{ "AbortTime", "{\"slot\":4}" },
		{ "AbortTime", "{\"slot\":0,\"us\":-1}" },
		{ "AbortTime", "{\"slot\":0,\"us\":4294967296}" },
		{ "AbortTime", "{\"slot\":0,\"never\":1}" },
		{ "Overheat", "{}" },
		{ "Overheat", "{\"mdeg\":2147483647}" },
		{ "SetTemperature", "{\"mdeg\":-1000001}" },
		{ "SetTemperature", "{\"mdeg\":\"hot\"}" },
		{ "StopTimes", "{\"slot\":4}" },
		{ "StaleSensor", "{\"slot\":0}" },
		{ "Ambient", "{\"mdeg\":150001}" },
		{ "Ambient", "{}" },
		{ "Cooling", "{\"permille\":99}" },
		{ "Cooling", "{\"permille\":-1000}" },
		{ "Cooling", "{\"permille\":100001}" },
		{ "Soak", "{\"die\":90000}" },
		/* There is nothing that holds heat without --truth. */
		{ "Soak", "{\"die\":90000,\"cooler\":90000}" },
		{ "Power", "{\"slot\":0}" },
		{ "History", "{}" },
		{ "History", "{\"from\":-1}" },
	};
	struct client *client = *state;

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		sd_json_variant *parameters = NULL, *reply = NULL;
		const char *error = NULL;
		sd_varlink *link = NULL;
		char method[64];

		snprintf(method, sizeof(method), "org.layby.VNPU1.%s", calls[i][0]);
		assert_return_code(sd_json_parse(calls[i][1], 0, &parameters, NULL,
						 NULL), 0);
		assert_return_code(sd_varlink_connect_address(&link,
							      client->control), 0);
		sd_varlink_call(link, method, parameters, &reply, &error);
		if (!error)
			fail_msg("%s %s is accepted", calls[i][0], calls[i][1]);
		sd_varlink_close_unref(link);
		sd_json_variant_unref(parameters);
	}
	client_enable(client, 0);
	assert_int_equal(stream_ticks(client), ALONE);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, client_setup, client_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_alone),
		TEST(test_hog),
		TEST(test_stretch_others),
		TEST(test_share),
		TEST(test_small_share),
		TEST(test_shares_beyond),
		TEST(test_release),
		TEST(test_bad_bytes),
		TEST(test_temperature),
		TEST(test_missing_sensor),
		TEST(test_stale_sensor),
		TEST(test_storm),
		TEST(test_bad_calls),
	};

	return cmocka_run_group_tests_name("vnpu sharing", tests, NULL, NULL);
}
