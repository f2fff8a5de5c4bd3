// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Tile-local memory: the device leaves a job's bytes in it and clears nothing of
 * itself. leak.onnx gives what is in there when it starts.
 */
#include "check.h"
#include "control.h"
#include "pci.h"
#include "work.h"

#define SECRET 0x5e
/* docs/accelerator.md; the guest has the lower tiles */
#define TILE_BYTES 65536

static struct work first, second;

static int tear_down(void **state)
{
	work_close(&first);
	work_close(&second);
	return 0;
}

/* A party that leaves its input, and can look itself with the second job. */
static void start_first(uint64_t slow_us)
{
	must(work_start_slow(&first, LAYBY_CLASS_GUEST, slow_us));
	memset(first.input.map, SECRET, VECTOR_BYTES);
}

/* 1 if the party of @work sees the secret, 0 if it sees zeros only. */
static int look(struct work *work)
{
	struct model leak;
	struct buffer program, output;
	int ret;

	must(model_read("leak", &leak));
	must(buffer_make(work->party.fd, leak.size, &program));
	must(buffer_make(work->party.fd, LEAK_BYTES, &output));
	memcpy(program.map, leak.bytes, leak.size);
	memset(output.map, 0xff, LEAK_BYTES);
	work->job = (uint32_t)must(work_prepare(work,
			buffer_range(&program, 0, leak.size), NULL,
			buffer_range(&output, 0, LEAK_BYTES), LONG_RUN));
	must_give(work_run(work), 0);
	ret = -1;
	if (all_bytes(output.map, 0, LEAK_BYTES))
		ret = 0;
	else if (memchr(output.map, SECRET, LEAK_BYTES))
		ret = 1;
	model_free(&leak);
	must(buffer_drop(work->party.fd, &program));
	must(buffer_drop(work->party.fd, &output));
	return ret;
}

static void check_second_sees_nothing(void)
{
	must(work_open(&second, LAYBY_CLASS_GUEST));
	assert_int_equal(look(&second), 0);
}

/* Shows that the others can fail. */
static void test_own_party(void **state)
{
	start_first(1000);
	must_give(work_run(&first), 0);
	assert_int_equal(look(&first), 1);
}

static void test_other_party(void **state)
{
	start_first(1000);
	must_give(work_run(&first), 0);
	check_second_sees_nothing();
}

/* Both are in the queue before the first has run. */
static void test_other_party_queued(void **state)
{
	start_first(100000);
	must(work_submit(&first, 0));
	check_second_sees_nothing();
	must_give(work_wait(&first), 0);
}

/* A job that ends when told, with the secret in the tiles; one to look at them. */
static void start_until_told(void)
{
	must(work_start(&second, LAYBY_CLASS_GUEST, "leak"));
	memset(second.output.map, 0xff, LEAK_BYTES);
	start_first(20000000);
	must(work_submit(&first, 3));
	assert_true(slot_becomes(GUEST_SLOT, "running"));
}

static void check_told(void)
{
	must_give(work_cancel(&first, 3), -ECANCELED);
	must_give(work_wait(&second), 0);
	assert_true(all_bytes(second.output.map, 0, LEAK_BYTES));
}

/*
 * The job that was to have the tiles cleared is cancelled before it starts: the
 * one behind it, of the same party, must not find what it would have cleared.
 */
static void test_clearing_job_cancelled(void **state)
{
	start_until_told();
	must(work_submit(&second, 0));
	must(work_submit(&second, 1));
	must_give(work_cancel(&second, 0), -ECANCELED);
	check_told();
}

/* The same, but the one behind it comes only then. */
static void test_clearing_job_cancelled_before(void **state)
{
	start_until_told();
	must(work_submit(&second, 0));
	must_give(work_cancel(&second, 0), -ECANCELED);
	must(work_submit(&second, 1));
	check_told();
}

static void test_party_closed(void **state)
{
	start_first(1000);
	must_give(work_run(&first), 0);
	work_close(&first);
	check_second_sees_nothing();
}

static void run_and_abort(void)
{
	start_first(20000000);
	must(work_submit(&first, 3));
	assert_true(slot_becomes(GUEST_SLOT, "running"));
	must_give(work_cancel(&first, 3), -ECANCELED);
	assert_true(report_becomes_done(&first.party, 3));
}

/* Shows that the next can fail: the device has left them there. */
static void test_abort_leaves_bytes(void **state)
{
	uint8_t byte;

	run_and_abort();
	must(control_read_tile(0, &byte, 1));
	assert_int_equal(byte, SECRET);
}

static void test_after_abort(void **state)
{
	run_and_abort();
	check_second_sees_nothing();
}

static void run_and_reset(void)
{
	must(control_fault("LoseAbort", GUEST_SLOT));
	run_and_abort();
}

static void test_after_reset(void **state)
{
	run_and_reset();
	check_second_sees_nothing();
}

/* The reset has cleared it, for its own party too. */
static void test_own_party_after_reset(void **state)
{
	run_and_reset();
	assert_int_equal(look(&first), 0);
}

/* Nobody has run since: the guest's first and last tile as they stand. */
static void check_tiles_clear(void)
{
	static uint8_t bytes[TILE_BYTES];
	uint32_t tile;

	for (tile = 0; tile < 4; tile += 3) {
		must(control_read_tile(tile, bytes, TILE_BYTES));
		assert_true(all_bytes(bytes, 0, TILE_BYTES));
	}
}

static void test_reset_clears(void **state)
{
	uint8_t byte;

	start_first(1000);
	must_give(work_run(&first), 0);
	must(control_read_tile(0, &byte, 1));
	assert_int_equal(byte, SECRET);
	work_close(&first);
	run_and_reset();
	assert_true(slot_becomes(GUEST_SLOT, "idle"));
	check_tiles_clear();
}

static void test_load_clears(void **state)
{
	start_first(1000);
	must_give(work_run(&first), 0);
	work_close(&first);
	must(vnpu_reload());
	check_tiles_clear();
}

/* The other slot has other tiles: nothing to see there either. */
static void test_other_slot(void **state)
{
	start_first(1000);
	must_give(work_run(&first), 0);
	must(work_open(&second, LAYBY_CLASS_DRIVING));
	assert_int_equal(look(&second), 0);
	assert_int_equal(look(&first), 1);
}

/* Reloading the backend, with noise and secrets in the tiles. */
static void test_after_reload(void **state)
{
	start_first(1000);
	must_give(work_run(&first), 0);
	work_close(&first);
	must(vnpu_reload());
	check_second_sees_nothing();
}

#define TEST(name) cmocka_unit_test_teardown(test_##name, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(own_party), TEST(other_party), TEST(other_party_queued),
		TEST(party_closed), TEST(abort_leaves_bytes), TEST(after_abort),
		TEST(clearing_job_cancelled), TEST(clearing_job_cancelled_before),
		TEST(own_party_after_reset), TEST(after_reset), TEST(other_slot),
		TEST(after_reload), TEST(reset_clears), TEST(load_clears),
	};

	return cmocka_run_group_tests_name("tile", tests, NULL, NULL);
}
