// SPDX-License-Identifier: LGPL-2.1-or-later
/* Stopping a slot, by its driver and by the watchdog, and moving its tiles. */
#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "client.h"

static uint32_t state_of(struct client *client, uint32_t slot)
{
	return client_read32(client, LAYBY_VNPU_SLOT(slot) + LAYBY_VNPU_SLOT_STATE);
}

static void stop(struct client *client, uint32_t slot)
{
	client_write32(client, LAYBY_VNPU_SLOT(slot) + LAYBY_VNPU_SLOT_STOP, 1);
	client_ring(client, LAYBY_VNPU_VECTOR_SLOT(slot));
}

/* Each change of the state raises the slot's vector. */
static bool becomes(struct client *client, uint32_t slot, uint32_t state, int ms)
{
	while (state_of(client, slot) != state) {
		if (!client_wait(client, LAYBY_VNPU_VECTOR_SLOT(slot), ms))
			return state_of(client, slot) == state;
	}
	return true;
}

static struct layby_vnpu_descriptor start_slow(struct client *client, uint32_t slot)
{
	struct layby_vnpu_descriptor slow = client_job(client, slot, "slow",
						       CLIENT_BYTES, CLIENT_BYTES);

	client_submit(client, slot, &slow, 0);
	client_wait_phase(client, slot, "running");
	return slow;
}

static void assert_works(struct client *client, uint32_t slot)
{
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor job = client_add(client, slot);

	assert_int_equal(client_run(client, slot, &job, 3, &completion),
			 LAYBY_VNPU_STATUS_OK);
	assert_true(client_added(client, slot));
}

static uint32_t busy_tiles(struct client *client)
{
	return client_read32(client, LAYBY_VNPU_REG_TILES_BUSY);
}

/* --- Stop ------------------------------------------------------------------- */

static void test_states(void **state)
{
	struct client *client = *state;

	assert_int_equal(state_of(client, 0), LAYBY_VNPU_STATE_DISABLED);
	client_enable(client, 0);
	assert_int_equal(state_of(client, 0), LAYBY_VNPU_STATE_ENABLED);
	assert_int_equal(client_command(client, LAYBY_VNPU_OP_SLOT_DISABLE, 0, 0),
			 LAYBY_VNPU_RESULT_OK);
	assert_int_equal(state_of(client, 0), LAYBY_VNPU_STATE_DISABLED);
	/* Of no effect, and forgotten at the next enable. */
	stop(client, 0);
	assert_false(becomes(client, 0, LAYBY_VNPU_STATE_STOPPED, 50));
	client_enable(client, 0);
	assert_works(client, 0);
}

static void test_stop_idle(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor job;

	client_enable(client, 0);
	assert_works(client, 0);
	stop(client, 0);
	assert_true(becomes(client, 0, LAYBY_VNPU_STATE_STOPPED, 500));
	job = client_add(client, 0);
	client_submit(client, 0, &job, 0);
	client_abort(client, 0, 0);
	assert_false(client_complete(client, 0, &completion, 100));
	assert_int_equal(client_read32(client, LAYBY_VNPU_SLOT(0) +
					       LAYBY_VNPU_SLOT_SQ_HEAD), 1);
	client_enable(client, 0);
	assert_works(client, 0);
}

/* What runs is aborted, what waits is dropped, nothing is written. */
static void test_stop_running(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor slow;
	uint8_t *output = client->memory + CLIENT_WINDOW(0) + CLIENT_OUTPUT;

	client_enable(client, 0);
	memset(output, 0xee, CLIENT_BYTES);
	slow = start_slow(client, 0);
	client_submit(client, 0, &slow, 1);
	client_submit(client, 0, &slow, 2);
	assert_int_equal(busy_tiles(client), 3);
	stop(client, 0);
	assert_true(becomes(client, 0, LAYBY_VNPU_STATE_STOPPED, 500));
	assert_int_equal(busy_tiles(client), 0);
	/* The completion is there before the state. */
	assert_true(client_complete(client, 0, &completion, 0));
	assert_int_equal(le16toh(completion.tag), 0);
	assert_int_equal(le16toh(completion.status), LAYBY_VNPU_STATUS_ABORTED);
	assert_false(client_complete(client, 0, &completion, 100));
	for (uint32_t i = 0; i < CLIENT_BYTES; i++)
		assert_int_equal(output[i], 0xee);
	assert_int_equal(client_status(client, 0, "stops"), 1);
	client_enable(client, 0);
	assert_int_equal(state_of(client, 0), LAYBY_VNPU_STATE_ENABLED);
	assert_works(client, 0);
}

/* A disable between stop and enable is as good, and ends a stop that hangs. */
static void test_stop_disable(void **state)
{
	struct client *client = *state;

	client_enable(client, 0);
	start_slow(client, 0);
	client_fault(client, "LoseAbort", 0);
	stop(client, 0);
	stop(client, 0);
	assert_false(becomes(client, 0, LAYBY_VNPU_STATE_STOPPED, 300));
	assert_int_equal(busy_tiles(client), 3);
	assert_int_equal(client_command(client, LAYBY_VNPU_OP_SLOT_DISABLE, 0, 0),
			 LAYBY_VNPU_RESULT_OK);
	assert_int_equal(state_of(client, 0), LAYBY_VNPU_STATE_DISABLED);
	assert_int_equal(busy_tiles(client), 0);
	client_enable(client, 0);
	assert_works(client, 0);
}

/* A level: a stop that comes before the enable is done still counts. */
static void test_stop_beside_enable(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor job;

	client_write_slot(client, 0);
	client_write32(client, LAYBY_VNPU_SLOT(0) + LAYBY_VNPU_SLOT_STOP, 0x80);
	job = client_add(client, 0);
	client_submit(client, 0, &job, 0);
	assert_int_equal(client_command(client, LAYBY_VNPU_OP_SLOT_ENABLE, 0, 0),
			 LAYBY_VNPU_RESULT_OK);
	assert_int_equal(state_of(client, 0), LAYBY_VNPU_STATE_STOPPED);
	assert_false(client_complete(client, 0, &completion, 100));
	client_enable(client, 0);
	assert_works(client, 0);
}

static void late_abort(struct client *client)
{
	sd_json_variant *parameters;

	sd_json_buildo(&parameters, SD_JSON_BUILD_PAIR_UNSIGNED("slot", 0),
		       SD_JSON_BUILD_PAIR_UNSIGNED("us", 200000));
	sd_json_variant_unref(client_control(client, "LateAbort", parameters));
	sd_json_variant_unref(parameters);
	client_abort(client, 0, 1);
}

/* A job that has begun and is in this phase, or, with NULL, in the first one. */
static void begin_liar(struct client *client, const char *phase)
{
	struct layby_vnpu_descriptor liar;

	client_enable(client, 0);
	liar = client_job(client, 0, "liar", CLIENT_BYTES, CLIENT_BYTES);
	client_submit(client, 0, &liar, 1);
	while (!busy_tiles(client))
		usleep(100);
	if (phase)
		client_wait_phase(client, 0, phase);
}

static void assert_stops(struct client *client)
{
	struct layby_vnpu_completion completion;

	stop(client, 0);
	assert_true(becomes(client, 0, LAYBY_VNPU_STATE_STOPPED, 1000));
	assert_true(client_complete(client, 0, &completion, 0));
	assert_int_equal(le16toh(completion.status), LAYBY_VNPU_STATUS_ABORTED);
	assert_false(client_complete(client, 0, &completion, 20));
	assert_int_equal(busy_tiles(client), 0);
}

/* While a job is looked at, while one is late, hung, or aborted already. */
static void test_stop_phases(void **state)
{
	struct client *client = *state;

	begin_liar(client, NULL);
	assert_stops(client);
	begin_liar(client, "late");
	assert_stops(client);
	client_fault(client, "Hang", 0);
	begin_liar(client, "running");
	assert_stops(client);
	begin_liar(client, "late");
	late_abort(client);
	client_wait_phase(client, 0, "aborting");
	assert_stops(client);
	assert_int_equal(client_status(client, 0, "stops"), 4);
}

/* A full completion ring does not keep the slot from being stopped. */
static void test_stop_full_ring(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	uint64_t base = LAYBY_VNPU_SLOT(0);

	client_enable(client, 0);
	start_slow(client, 0);
	client_write32(client, base + LAYBY_VNPU_SLOT_CQ_HEAD, 12345);
	stop(client, 0);
	assert_true(becomes(client, 0, LAYBY_VNPU_STATE_STOPPED, 500));
	client_write32(client, base + LAYBY_VNPU_SLOT_CQ_HEAD, 0);
	client_ring(client, LAYBY_VNPU_VECTOR_SLOT(0));
	assert_false(client_complete(client, 0, &completion, 100));
	client_enable(client, 0);
	assert_works(client, 0);
}

/* Another slot goes on, also through a stop that is never done. */
static void test_stop_beside(void **state)
{
	struct client *client = *state;

	client_enable(client, 0);
	client_enable(client, 1);
	start_slow(client, 0);
	client_fault(client, "LoseAbort", 0);
	stop(client, 0);
	assert_works(client, 1);
	assert_int_equal(state_of(client, 1), LAYBY_VNPU_STATE_ENABLED);
	assert_int_equal(state_of(client, 0), LAYBY_VNPU_STATE_ENABLED);
}

/* Stopped is not disabled: the programs are still held. */
static void test_stop_keeps_programs(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor job;

	client_enable(client, 0);
	assert_works(client, 0);
	stop(client, 0);
	assert_true(becomes(client, 0, LAYBY_VNPU_STATE_STOPPED, 500));
	client_enable(client, 0);
	job = client_add(client, 0);
	assert_int_equal(client_run(client, 0, &job, 0, &completion),
			 LAYBY_VNPU_STATUS_OK);
	assert_true(client_modelled_wait(client, &completion, 2) < 20000);
}

static void test_stop_reset(void **state)
{
	struct client *client = *state;

	client_enable(client, 0);
	start_slow(client, 0);
	stop(client, 0);
	sd_json_variant_unref(client_control(client, "ResetDevice", NULL));
	assert_int_equal(state_of(client, 0), LAYBY_VNPU_STATE_DISABLED);
	assert_int_equal(busy_tiles(client), 0);
	assert_int_equal(client_read32(client, LAYBY_VNPU_SLOT(0) +
					       LAYBY_VNPU_SLOT_STOP), 0);
	client_enable(client, 0);
	assert_works(client, 0);
}

/* --- How long it takes ------------------------------------------------------- */

static void set_abort_time(struct client *client, sd_json_variant *parameters)
{
	sd_json_variant_unref(client_control(client, "AbortTime", parameters));
	sd_json_variant_unref(parameters);
}

/* The same from now on, also across a reset of the slot; then as declared. */
static void test_abort_time(void **state)
{
	static const uint32_t us[] = { 1, 50000, 150000 };
	struct client *client = *state;
	sd_json_variant *parameters;

	for (size_t i = 0; i < ARRAY_SIZE(us); i++) {
		client_command(client, LAYBY_VNPU_OP_SLOT_DISABLE, 0, 0);
		sd_json_buildo(&parameters, SD_JSON_BUILD_PAIR_UNSIGNED("slot", 0),
			       SD_JSON_BUILD_PAIR_UNSIGNED("us", us[i]));
		set_abort_time(client, parameters);
		client_enable(client, 0);
		start_slow(client, 0);
		stop(client, 0);
		assert_true(becomes(client, 0, LAYBY_VNPU_STATE_STOPPED, 1000));
		assert_in_range(client_last_time(client, "StopTimes", i + 1), us[i], us[i] + 30000);
	}
	sd_json_buildo(&parameters, SD_JSON_BUILD_PAIR_UNSIGNED("slot", 0));
	set_abort_time(client, parameters);
	client_enable(client, 0);
	start_slow(client, 0);
	stop(client, 0);
	assert_true(becomes(client, 0, LAYBY_VNPU_STATE_STOPPED, 1000));
	assert_in_range(client_last_time(client, "StopTimes", 4), 2000, 32000);
}

static void test_abort_never(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	sd_json_variant *parameters;

	sd_json_buildo(&parameters, SD_JSON_BUILD_PAIR_UNSIGNED("slot", 0),
		       SD_JSON_BUILD_PAIR_BOOLEAN("never", true));
	set_abort_time(client, parameters);
	for (int i = 0; i < 2; i++) {
		client_enable(client, 0);
		start_slow(client, 0);
		if (i)
			client_abort(client, 0, 0);
		else
			stop(client, 0);
		assert_false(client_complete(client, 0, &completion, 200));
		assert_int_equal(state_of(client, 0), LAYBY_VNPU_STATE_ENABLED);
		client_command(client, LAYBY_VNPU_OP_SLOT_DISABLE, 0, 0);
	}
	/* Nothing that would have to be aborted. */
	client_enable(client, 0);
	stop(client, 0);
	assert_true(becomes(client, 0, LAYBY_VNPU_STATE_STOPPED, 500));
}

/* --- Tiles -------------------------------------------------------------------- */

static void test_tiles(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor job, slow;

	client_enable(client, 0);
	slow = start_slow(client, 0);
	/* Its start may still be to come. */
	assert_false(client_complete(client, 0, &completion, 100));
	assert_int_equal(client_command(client, LAYBY_VNPU_OP_SLOT_TILES, 0, 0xff),
			 LAYBY_VNPU_RESULT_OK);
	/* What runs keeps its own. */
	assert_int_equal(busy_tiles(client), 3);
	client_submit(client, 0, &slow, 1);
	client_abort(client, 0, 0);
	assert_true(client_complete(client, 0, &completion, 500));
	assert_int_equal(le64toh(completion.energy_uj),
			 2 * 1500 * client_run_ticks(&completion) / 1000);
	client_wait_phase(client, 0, "running");
	assert_int_equal(busy_tiles(client), 0xff);
	client_abort(client, 0, 1);
	assert_true(client_complete(client, 0, &completion, 500));
	job = client_add(client, 0);
	assert_int_equal(client_run(client, 0, &job, 0, &completion),
			 LAYBY_VNPU_STATUS_OK);
	assert_int_equal(client_run_ticks(&completion), 20 + 8000 / (4 * 8));
	assert_int_equal(busy_tiles(client), 0);
}

static void test_bad_tiles(void **state)
{
	struct client *client = *state;

	assert_int_equal(client_command(client, LAYBY_VNPU_OP_SLOT_TILES, 0, 1),
			 LAYBY_VNPU_RESULT_BAD_COMMAND);
	client_enable(client, 0);
	assert_int_equal(client_command(client, LAYBY_VNPU_OP_SLOT_TILES, 0, 0),
			 LAYBY_VNPU_RESULT_BAD_COMMAND);
	assert_int_equal(client_command(client, LAYBY_VNPU_OP_SLOT_TILES, 0, 0x101),
			 LAYBY_VNPU_RESULT_BAD_COMMAND);
	assert_int_equal(client_command(client, LAYBY_VNPU_OP_SLOT_TILES, 0,
					UINT64_C(1) << 32 | 1),
			 LAYBY_VNPU_RESULT_BAD_COMMAND);
	assert_int_equal(client_command(client, LAYBY_VNPU_OP_SLOT_TILES, 4, 1),
			 LAYBY_VNPU_RESULT_BAD_SLOT);
	stop(client, 0);
	assert_true(becomes(client, 0, LAYBY_VNPU_STATE_STOPPED, 500));
	assert_int_equal(client_command(client, LAYBY_VNPU_OP_SLOT_TILES, 0, 1),
			 LAYBY_VNPU_RESULT_BAD_COMMAND);
	/* The tiles are those of before. */
	client_enable(client, 0);
	start_slow(client, 0);
	assert_int_equal(busy_tiles(client), 3);
}

/* --- Watchdog ------------------------------------------------------------------ */

static void enable_watched(struct client *client, uint32_t slot)
{
	client_write_slot(client, slot);
	client_write32(client, LAYBY_VNPU_SLOT(slot) + LAYBY_VNPU_SLOT_FLAGS,
		       LAYBY_VNPU_SLOT_WATCHED);
	assert_int_equal(client_command(client, LAYBY_VNPU_OP_SLOT_ENABLE, slot, 0),
			 LAYBY_VNPU_RESULT_OK);
}

static void watch(struct client *client, uint64_t us)
{
	assert_int_equal(client_command(client, LAYBY_VNPU_OP_WATCHDOG, 0, us),
			 LAYBY_VNPU_RESULT_OK);
}

static uint32_t watchdog_of(struct client *client)
{
	return client_read32(client, LAYBY_VNPU_REG_WATCHDOG);
}

static void test_watchdog(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;

	client_enable(client, 0);
	enable_watched(client, 1);
	assert_int_equal(watchdog_of(client), LAYBY_VNPU_WATCHDOG_OFF);
	start_slow(client, 1);
	watch(client, 200000);
	assert_int_equal(watchdog_of(client), LAYBY_VNPU_WATCHDOG_ARMED);
	for (int i = 0; i < 20; i++) {
		usleep(20000);
		client_ring(client, LAYBY_VNPU_VECTOR_FEED);
	}
	assert_int_equal(state_of(client, 1), LAYBY_VNPU_STATE_ENABLED);
	/* Neither jobs nor commands count as food. */
	usleep(120000);
	assert_works(client, 0);
	assert_true(becomes(client, 1, LAYBY_VNPU_STATE_EXPIRED, 150));
	assert_int_equal(watchdog_of(client), LAYBY_VNPU_WATCHDOG_EXPIRED);
	assert_true(client_complete(client, 1, &completion, 0));
	assert_int_equal(le16toh(completion.status), LAYBY_VNPU_STATUS_ABORTED);
	assert_works(client, 0);
	/* It expires once; armed anew it watches again. */
	enable_watched(client, 1);
	client_ring(client, LAYBY_VNPU_VECTOR_FEED);
	assert_works(client, 1);
	watch(client, 50000);
	assert_true(becomes(client, 1, LAYBY_VNPU_STATE_EXPIRED, 500));
}

static void test_watchdog_off(void **state)
{
	struct client *client = *state;

	enable_watched(client, 0);
	watch(client, 100000);
	watch(client, 0);
	assert_int_equal(watchdog_of(client), LAYBY_VNPU_WATCHDOG_OFF);
	assert_false(becomes(client, 0, LAYBY_VNPU_STATE_EXPIRED, 200));
	watch(client, 100000);
	sd_json_variant_unref(client_control(client, "ResetDevice", NULL));
	assert_int_equal(watchdog_of(client), LAYBY_VNPU_WATCHDOG_OFF);
	enable_watched(client, 0);
	assert_false(becomes(client, 0, LAYBY_VNPU_STATE_EXPIRED, 200));
	assert_int_equal(client_command(client, LAYBY_VNPU_OP_WATCHDOG, 0,
					UINT64_C(1) << 32),
			 LAYBY_VNPU_RESULT_BAD_COMMAND);
}

/* A slot that its driver had stopped stays so. */
static void test_watchdog_stopped(void **state)
{
	struct client *client = *state;

	enable_watched(client, 0);
	stop(client, 0);
	assert_true(becomes(client, 0, LAYBY_VNPU_STATE_STOPPED, 500));
	watch(client, 50000);
	assert_false(becomes(client, 0, LAYBY_VNPU_STATE_EXPIRED, 200));
	assert_int_equal(watchdog_of(client), LAYBY_VNPU_WATCHDOG_EXPIRED);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, client_setup, client_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_states),
		TEST(test_stop_idle),
		TEST(test_stop_running),
		TEST(test_stop_disable),
		TEST(test_stop_beside_enable),
		TEST(test_stop_phases),
		TEST(test_stop_full_ring),
		TEST(test_stop_beside),
		TEST(test_stop_keeps_programs),
		TEST(test_stop_reset),
		TEST(test_abort_time),
		TEST(test_abort_never),
		TEST(test_tiles),
		TEST(test_bad_tiles),
		TEST(test_watchdog),
		TEST(test_watchdog_off),
		TEST(test_watchdog_stopped),
	};

	return cmocka_run_group_tests_name("vnpu stop", tests, NULL, NULL);
}
