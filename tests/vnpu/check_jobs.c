// SPDX-License-Identifier: LGPL-2.1-or-later
/* Does the device do what its manual says, for a driver that keeps to it? */
#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "client.h"

static void test_identity(void **state)
{
	struct client *client = *state;

	assert_int_equal(client_read32(client, LAYBY_VNPU_REG_MAGIC),
			 LAYBY_VNPU_MAGIC);
	assert_int_equal(client_read32(client, LAYBY_VNPU_REG_VERSION),
			 LAYBY_VNPU_VERSION);
	assert_int_equal(client_read64(client, LAYBY_VNPU_REG_MEMORY_BYTES),
			 client->bytes);
	assert_int_equal(client_read32(client, LAYBY_VNPU_REG_TILES), 8);
	assert_int_equal(client_read32(client, LAYBY_VNPU_REG_SLOTS), 4);
	assert_int_equal(client_read64(client, LAYBY_VNPU_REG_TICKS_HZ), 1000000);
	assert_int_equal(client_read32(client, LAYBY_VNPU_REG_GENERATION), 1);
	assert_int_equal(client_read32(client, LAYBY_VNPU_REG_LEVELS), 4);
	assert_int_equal(client_read32(client, LAYBY_VNPU_REG_ABORT_BOUND), 24000);
	assert_int_equal(client_read32(client, LAYBY_VNPU_REG_RESET_BOUND), 30000);
}

static void test_good_job(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor job;

	client_enable(client, 0);
	job = client_add(client, 0);
	assert_int_equal(client_run(client, 0, &job, 3, &completion),
			 LAYBY_VNPU_STATUS_OK);
	assert_true(client_added(client, 0));
	/* 8000 operations on two tiles at 4 a tile and tick, and 20 */
	assert_int_equal(client_run_ticks(&completion), 1020);
	assert_true(le64toh(completion.fetch_ticks) <
		    le64toh(completion.start_ticks));
	/* 1500 mW a tile */
	assert_int_equal(le64toh(completion.energy_uj), 2 * 1500 * 1020 / 1000);
}

/* More jobs than the rings have entries: phases turn over, twice. */
static void test_many_jobs(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor job;

	client_enable(client, 1);
	job = client_add(client, 1);
	for (uint32_t i = 0; i < 3 * CLIENT_ENTRIES; i++) {
		memset(client->memory + CLIENT_WINDOW(1) + CLIENT_OUTPUT, 0,
		       CLIENT_BYTES);
		assert_int_equal(client_run(client, 1, &job, i % CLIENT_ENTRIES,
					    &completion),
				 LAYBY_VNPU_STATUS_OK);
		assert_true(client_added(client, 1));
		assert_int_equal(client_run_ticks(&completion), 1020);
	}
	assert_int_equal(client_status(client, 1, "jobs"), 3 * CLIENT_ENTRIES);
}

/* Jobs of a slot run in order and one at a time. */
static void test_order(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor job;
	uint64_t end = 0;

	client_enable(client, 0);
	job = client_add(client, 0);
	for (uint32_t i = 0; i < CLIENT_ENTRIES; i++)
		client_submit(client, 0, &job, CLIENT_ENTRIES - 1 - i);
	for (uint32_t i = 0; i < CLIENT_ENTRIES; i++) {
		assert_true(client_complete(client, 0, &completion, 3000));
		assert_int_equal(le16toh(completion.tag), CLIENT_ENTRIES - 1 - i);
		assert_true(le64toh(completion.start_ticks) >= end);
		end = le64toh(completion.end_ticks);
	}
}

/* Slots run beside each other. */
static void test_parallel(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor slow, job;

	client_enable(client, 0);
	client_enable(client, 1);
	slow = client_job(client, 0, "slow", CLIENT_BYTES, CLIENT_BYTES);
	client_submit(client, 0, &slow, 0);
	job = client_add(client, 1);
	assert_int_equal(client_run(client, 1, &job, 0, &completion),
			 LAYBY_VNPU_STATUS_OK);
	assert_false(client_complete(client, 0, &completion, 0));
}

/* A program whose length is free, one that says nothing about its cost. */
static void test_programs(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor job;
	uint8_t *window = client->memory + CLIENT_WINDOW(0);

	client_enable(client, 0);
	memset(window + CLIENT_INPUT, 0x5a, 1000);
	job = client_job(client, 0, "echo", 777, 777);
	assert_int_equal(client_run(client, 0, &job, 0, &completion),
			 LAYBY_VNPU_STATUS_OK);
	assert_memory_equal(window + CLIENT_INPUT, window + CLIENT_OUTPUT, 777);
	assert_int_equal(window[CLIENT_OUTPUT + 777], 0);
	job = client_job(client, 0, "costless", CLIENT_BYTES, CLIENT_BYTES);
	assert_int_equal(client_run(client, 0, &job, 0, &completion),
			 LAYBY_VNPU_STATUS_OK);
	assert_int_equal(client_run_ticks(&completion),
			 20 + (le64toh(job.program.length) / 2 + 7) / 8);
}

static void test_abort_running(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor slow, job;
	uint8_t *output = client->memory + CLIENT_WINDOW(0) + CLIENT_OUTPUT;

	client_enable(client, 0);
	slow = client_job(client, 0, "slow", CLIENT_BYTES, CLIENT_BYTES);
	memset(output, 0xee, CLIENT_BYTES);
	client_submit(client, 0, &slow, 4);
	client_wait_phase(client, 0, "running");
	assert_false(client_complete(client, 0, &completion, 200));
	client_abort(client, 0, 4);
	assert_true(client_complete(client, 0, &completion, 500));
	assert_int_equal(le16toh(completion.tag), 4);
	assert_int_equal(le16toh(completion.status), LAYBY_VNPU_STATUS_ABORTED);
	assert_true(client_run_ticks(&completion) > 100000);
	assert_true(client_run_ticks(&completion) < 1000000);
	/* What was not committed was not written. */
	for (uint32_t i = 0; i < CLIENT_BYTES; i++)
		assert_int_equal(output[i], 0xee);
	job = client_add(client, 0);
	assert_int_equal(client_run(client, 0, &job, 4, &completion),
			 LAYBY_VNPU_STATUS_OK);
	assert_true(client_added(client, 0));
}

static void test_abort_queued(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor slow, job;

	client_enable(client, 0);
	slow = client_job(client, 0, "slow", CLIENT_BYTES, CLIENT_BYTES);
	client_submit(client, 0, &slow, 0);
	client_submit(client, 0, &slow, 1);
	client_submit(client, 0, &slow, 2);
	client_abort(client, 0, 1);
	assert_true(client_complete(client, 0, &completion, 500));
	assert_int_equal(le16toh(completion.tag), 1);
	assert_int_equal(le16toh(completion.status), LAYBY_VNPU_STATUS_ABORTED);
	assert_int_equal(le64toh(completion.start_ticks), 0);
	/* The tags of no job, a finished one and a bad one: nothing happens. */
	client_abort(client, 0, 5);
	client_abort(client, 0, 1);
	client_abort(client, 0, 0xffff);
	assert_false(client_complete(client, 0, &completion, 100));
	client_abort(client, 0, 0);
	assert_true(client_complete(client, 0, &completion, 500));
	assert_int_equal(le16toh(completion.tag), 0);
	client_abort(client, 0, 2);
	assert_true(client_complete(client, 0, &completion, 500));
	assert_int_equal(le16toh(completion.tag), 2);
	job = client_add(client, 0);
	assert_int_equal(client_run(client, 0, &job, 1, &completion),
			 LAYBY_VNPU_STATUS_OK);
}

/* An abort takes its modelled time whatever the computation does. */
static void test_abort_liar(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor liar, job;

	client_enable(client, 0);
	liar = client_job(client, 0, "liar", CLIENT_BYTES, CLIENT_BYTES);
	client_submit(client, 0, &liar, 0);
	client_wait_phase(client, 0, "late");
	assert_false(client_complete(client, 0, &completion, 100));
	assert_int_equal(client_status(client, 0, "late"), 1);
	client_abort(client, 0, 0);
	assert_true(client_complete(client, 0, &completion, 500));
	assert_int_equal(le16toh(completion.status), LAYBY_VNPU_STATUS_ABORTED);
	job = client_add(client, 0);
	assert_int_equal(client_run(client, 0, &job, 0, &completion),
			 LAYBY_VNPU_STATUS_OK);
	assert_true(client_added(client, 0));
}

static void test_endless(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor job;

	client_enable(client, 0);
	job = client_job(client, 0, "endless", CLIENT_BYTES, CLIENT_BYTES);
	client_submit(client, 0, &job, 0);
	client_wait_phase(client, 0, "running");
	assert_false(client_complete(client, 0, &completion, 200));
	client_abort(client, 0, 0);
	assert_true(client_complete(client, 0, &completion, 500));
	assert_int_equal(le16toh(completion.status), LAYBY_VNPU_STATUS_ABORTED);
}

/* --- Tile memory --------------------------------------------------------------- */

/* One party leaves a pattern, another one runs a program that reads the tiles. */
static bool leaks(struct client *client, uint8_t flags, bool command)
{
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor job;
	uint8_t *window = client->memory + CLIENT_WINDOW(0);

	memset(window + CLIENT_INPUT, 0xa5, 4096);
	job = client_job(client, 0, "echo", 4096, 4096);
	assert_int_equal(client_run(client, 0, &job, 0, &completion),
			 LAYBY_VNPU_STATUS_OK);
	memset(window + CLIENT_OUTPUT, 0, 4096);
	if (command)
		assert_int_equal(client_command(client,
						LAYBY_VNPU_OP_CLEAR_TILES, 0, 3),
				 LAYBY_VNPU_RESULT_OK);
	job = client_job(client, 0, "leak", 0, 4096);
	job.party = htole64(2);
	job.flags = flags;
	assert_int_equal(client_run(client, 0, &job, 0, &completion),
			 LAYBY_VNPU_STATUS_OK);
	return memchr(window + CLIENT_OUTPUT, 0xa5, 4096);
}

static void test_tile_memory(void **state)
{
	struct client *client = *state;

	client_enable(client, 0);
	assert_true(leaks(client, 0, false));
	assert_false(leaks(client, LAYBY_VNPU_JOB_CLEAR_TILES, false));
	assert_false(leaks(client, 0, true));
	assert_true(leaks(client, 0, false));
}

/* Neither a reset of the slot nor one of the device clears the tiles. */
static void test_tile_memory_stays(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor job;
	uint8_t *window = client->memory + CLIENT_WINDOW(0);

	client_enable(client, 0);
	memset(window + CLIENT_INPUT, 0xa5, 4096);
	job = client_job(client, 0, "echo", 4096, 4096);
	assert_int_equal(client_run(client, 0, &job, 0, &completion),
			 LAYBY_VNPU_STATUS_OK);
	assert_int_equal(client_command(client, LAYBY_VNPU_OP_SLOT_DISABLE, 0, 0),
			 LAYBY_VNPU_RESULT_OK);
	sd_json_variant_unref(client_control(client, "ResetDevice", NULL));
	client_enable(client, 0);
	job = client_job(client, 0, "leak", 0, 4096);
	assert_int_equal(client_run(client, 0, &job, 0, &completion),
			 LAYBY_VNPU_STATUS_OK);
	for (uint32_t i = 0; i < 4096; i++)
		assert_int_equal(window[CLIENT_OUTPUT + i], 0xa5);
}

/* What an aborted job had taken in is left too. */
static void test_tile_memory_aborted(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor job;
	uint8_t *window = client->memory + CLIENT_WINDOW(0);

	client_enable(client, 0);
	memset(window + CLIENT_INPUT, 0xa5, CLIENT_BYTES);
	job = client_job(client, 0, "slow", CLIENT_BYTES, CLIENT_BYTES);
	client_submit(client, 0, &job, 0);
	client_wait_phase(client, 0, "running");
	assert_false(client_complete(client, 0, &completion, 200));
	client_abort(client, 0, 0);
	assert_true(client_complete(client, 0, &completion, 500));
	job = client_job(client, 0, "leak", 0, 4096);
	assert_int_equal(client_run(client, 0, &job, 0, &completion),
			 LAYBY_VNPU_STATUS_OK);
	assert_int_equal(window[CLIENT_OUTPUT], 0xa5);
	assert_int_equal(window[CLIENT_OUTPUT + CLIENT_BYTES - 1], 0xa5);
}

/* --- Commands, sensors, connections ---------------------------------------------- */

static void test_disable(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor slow, job;

	client_enable(client, 0);
	slow = client_job(client, 0, "slow", CLIENT_BYTES, CLIENT_BYTES);
	client_submit(client, 0, &slow, 0);
	client_submit(client, 0, &slow, 1);
	assert_false(client_complete(client, 0, &completion, 100));
	assert_int_equal(client_command(client, LAYBY_VNPU_OP_SLOT_DISABLE, 0, 0),
			 LAYBY_VNPU_RESULT_OK);
	assert_false(client_complete(client, 0, &completion, 100));
	assert_int_equal(client_status(client, 0, "workers"), 0);
	client_enable(client, 0);
	job = client_add(client, 0);
	assert_int_equal(client_run(client, 0, &job, 0, &completion),
			 LAYBY_VNPU_STATUS_OK);
	assert_true(client_added(client, 0));
}

static void test_sensors(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor slow;
	uint32_t power;

	client_enable(client, 0);
	assert_int_equal(client_read32(client, LAYBY_VNPU_REG_SENSOR_POWER), 2000);
	slow = client_job(client, 0, "slow", CLIENT_BYTES, CLIENT_BYTES);
	client_submit(client, 0, &slow, 0);
	client_wait_phase(client, 0, "running");
	assert_false(client_complete(client, 0, &completion, 500));
	power = client_read32(client, LAYBY_VNPU_REG_SENSOR_POWER);
	assert_in_range(power, 4950, 5050);
	assert_in_range(client_read32(client, LAYBY_VNPU_REG_SENSOR_TEMP),
			34900, 35100);
	assert_int_equal(client_read32(client, LAYBY_VNPU_REG_SENSOR_SEQUENCE) & 1,
			 0);
	assert_true(client_read64(client, LAYBY_VNPU_REG_SENSOR_ENERGY) > 1000000);
}

/* The next client finds a device that was just switched on. */
static void test_reconnect(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor job;

	client_enable(client, 0);
	job = client_add(client, 0);
	assert_int_equal(client_run(client, 0, &job, 0, &completion),
			 LAYBY_VNPU_STATUS_OK);
	client_disconnect(client);
	client_connect(client);
	assert_int_equal(client_read32(client, LAYBY_VNPU_REG_GENERATION), 1);
	assert_int_equal(client_read32(client, LAYBY_VNPU_REG_COMMAND_HEAD), 0);
	for (uint64_t i = 0; i < CLIENT_BYTES; i++)
		assert_int_equal(client->memory[CLIENT_WINDOW(0) + CLIENT_OUTPUT + i],
				 0);
	client_enable(client, 0);
	job = client_add(client, 0);
	assert_int_equal(client_run(client, 0, &job, 0, &completion),
			 LAYBY_VNPU_STATUS_OK);
}

/* A party's programs never run in a process of another party. */
static void test_parties(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor job;

	client_enable(client, 0);
	job = client_add(client, 0);
	for (uint32_t i = 1; i <= 6; i++) {
		job.party = htole64(i);
		assert_int_equal(client_run(client, 0, &job, 0, &completion),
				 LAYBY_VNPU_STATUS_OK);
		/* Only so many parties' programs are held. */
		assert_int_equal(client_status(client, 0, "workers"),
				 i < 4 ? i : 4);
	}
}

/* What the host adds is known, so that what is left is the model's. */
static void test_delays(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor job;
	uint64_t load;

	client_enable(client, 0);
	job = client_add(client, 0);
	assert_int_equal(client_run(client, 0, &job, 0, &completion),
			 LAYBY_VNPU_STATUS_OK);
	load = 100 + 20000 + le64toh(job.program.length) / 100;
	assert_in_range(client_modelled_wait(client, &completion, 1), load, load + 50);
	for (uint64_t count = 2; count < 20; count++) {
		assert_int_equal(client_run(client, 0, &job, 0, &completion),
				 LAYBY_VNPU_STATUS_OK);
		assert_in_range(client_modelled_wait(client, &completion, count), 100, 150);
	}
}

/* Loading a program is modelled, once. */
static void test_load_time(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor job;

	client_enable(client, 0);
	job = client_add(client, 0);
	assert_int_equal(client_run(client, 0, &job, 0, &completion),
			 LAYBY_VNPU_STATUS_OK);
	assert_true(client_modelled_wait(client, &completion, 1) >= 20000);
	assert_int_equal(client_run(client, 0, &job, 0, &completion),
			 LAYBY_VNPU_STATUS_OK);
	assert_true(client_modelled_wait(client, &completion, 2) < 20000);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, client_setup, client_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_identity),
		TEST(test_good_job),
		TEST(test_many_jobs),
		TEST(test_order),
		TEST(test_parallel),
		TEST(test_programs),
		TEST(test_abort_running),
		TEST(test_abort_queued),
		TEST(test_abort_liar),
		TEST(test_endless),
		TEST(test_tile_memory),
		TEST(test_tile_memory_stays),
		TEST(test_tile_memory_aborted),
		TEST(test_disable),
		TEST(test_sensors),
		TEST(test_reconnect),
		TEST(test_parties),
		TEST(test_load_time),
		TEST(test_delays),
	};

	return cmocka_run_group_tests_name("vnpu jobs", tests, NULL, NULL);
}
