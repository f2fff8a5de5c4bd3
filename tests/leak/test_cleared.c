// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Each clearing is counted when it is done: a buffer's, a tile's, those of a consent
 * that ends; and what a slot that did not obey has written after the clearing is
 * cleared again.
 */
#include <sys/klog.h>
#include <sys/mman.h>

#include "control.h"
#include "scene.h"
#include "work.h"

#define SIZE	(5 * PAGE)

static struct work work, other;

static int start(void **state)
{
	int ret = scene_set_up(state);

	return ret ? ret : gate_order(LAYBY_NL_SEAL);
}

static int tear_down(void **state)
{
	work_close(&work);
	work_close(&other);
	return scene_right(state);
}

static struct gate_cleared cleared(uint32_t class)
{
	struct gate_cleared now;

	must(gate_cleared(class, &now));
	assert_true(now.told);
	return now;
}

static struct gate_cleared since(struct gate_cleared before)
{
	struct gate_cleared now = cleared(LAYBY_CLASS_GUEST);

	now.pieces -= before.pieces;
	now.bytes -= before.bytes;
	now.tiles -= before.tiles;
	return now;
}

static void check_window(struct gate_cleared before, uint64_t pieces, uint64_t bytes)
{
	struct gate_cleared now = since(before);

	assert_int_equal(now.pieces, pieces);
	assert_int_equal(now.bytes, bytes);
}

/* When the partition came, the whole window; tiles that no policy leaves unused. */
static void test_first(void **state)
{
	struct layby_partition_info info;
	uint32_t class;

	for (class = LAYBY_CLASS_DRIVING; class <= LAYBY_CLASS_GUEST; class++) {
		struct gate_cleared now = cleared(class);

		must(work_open(&work, class));
		must(node_query(work.party.fd, LAYBY_QUERY_PARTITION, &info, sizeof(info)));
		assert_true(now.pieces >= 1);
		assert_true(now.bytes >= info.window_bytes);
		assert_true(now.tiles >= 1);
		work_close(&work);
	}
}

/* By its whole pages, when the last one that holds it lets go. */
static void test_freed(void **state)
{
	struct gate_cleared before;
	struct buffer buffer;

	must(work_open(&work, LAYBY_CLASS_GUEST));
	must(buffer_make(work.party.fd, SIZE - 100, &buffer));
	before = cleared(LAYBY_CLASS_GUEST);
	must(buffer_close(work.party.fd, buffer.handle));
	check_window(before, 0, 0);
	munmap(buffer.map, buffer.size);
	check_window(before, 1, SIZE);
}

/* Of driving, too; and only there. */
static void test_freed_driving(void **state)
{
	struct gate_cleared guest = cleared(LAYBY_CLASS_GUEST), before, after;
	struct buffer buffer;

	must(work_open(&work, LAYBY_CLASS_DRIVING));
	must(buffer_make(work.party.fd, SIZE, &buffer));
	before = cleared(LAYBY_CLASS_DRIVING);
	must(buffer_drop(work.party.fd, &buffer));
	after = cleared(LAYBY_CLASS_DRIVING);
	assert_int_equal(after.pieces, before.pieces + 1);
	assert_int_equal(after.bytes, before.bytes + SIZE);
	check_window(guest, 0, 0);
}

static uint64_t tiles_of_run(struct work *who)
{
	struct gate_cleared before = cleared(LAYBY_CLASS_GUEST);

	must_give(work_run(who), 0);
	return since(before).tiles;
}

/* With each change of the party and with nothing else. */
static void test_party(void **state)
{
	must_open();
	must(work_start(&work, LAYBY_CLASS_GUEST, "add"));
	must(work_start(&other, LAYBY_CLASS_GUEST, "add"));
	assert_int_equal(tiles_of_run(&work), 1);
	assert_int_equal(tiles_of_run(&work), 0);
	assert_int_equal(tiles_of_run(&other), 1);
	assert_int_equal(tiles_of_run(&other), 0);
	assert_int_equal(tiles_of_run(&work), 1);
}

/* When they leave the guest, and when they come to it. */
static void test_reclaim(void **state)
{
	struct gate_cleared before;

	must_open();
	before = cleared(LAYBY_CLASS_GUEST);
	must(car("gear no"));
	must_close(LAYBY_GATE_DRIVING);
	assert_int_equal(since(before).tiles, 1);
	must(car("gear yes"));
	must_open();
	assert_int_equal(since(before).tiles, 2);
	check_window(before, 0, 0);
}

static bool tiles_are_cleared(void *arg)
{
	return since(*(struct gate_cleared *)arg).tiles;
}

static void test_reset(void **state)
{
	struct gate_cleared before;

	must_open();
	must(work_start(&work, LAYBY_CLASS_GUEST, "add"));
	must_give(work_run(&work), 0);
	before = cleared(LAYBY_CLASS_GUEST);
	must(control_device("ResetDevice"));
	assert_true(eventually(tiles_are_cleared, &before));
	check_window(before, 0, 0);
}

/* Every buffer of every party, when the call returns; again when it is freed. */
static void test_withdrawn(void **state)
{
	struct gate_cleared before;
	struct buffer mine, yours;

	must_open();
	must(work_open(&work, LAYBY_CLASS_GUEST));
	must(work_open(&other, LAYBY_CLASS_GUEST));
	must(buffer_make(work.party.fd, SIZE, &mine));
	must(buffer_make(other.party.fd, PAGE, &yours));
	before = cleared(LAYBY_CLASS_GUEST);
	must(park("withdraw"));
	check_window(before, 2, SIZE + PAGE);
	assert_int_equal(since(before).tiles, 1);
	must(buffer_drop(work.party.fd, &mine));
	check_window(before, 3, 2 * SIZE + PAGE);
	must(buffer_drop(other.party.fd, &yours));
	must(token_give(""));
	must_open();
}

/* --- A slot that does not obey ---------------------------------------------------- */

static uint64_t output_address(void)
{
	struct reach reach[3];

	must_give(control_reached(GUEST_SLOT, reach, 3), 3);
	return reach[2].address;
}

static bool has_written(void *arg)
{
	uint8_t bytes[VECTOR_BYTES];

	return !control_read(*(uint64_t *)arg, bytes, VECTOR_BYTES) &&
	       !all_bytes(bytes, 0, VECTOR_BYTES);
}

/* Nothing else tells that reclaim has given up, and is not still at it. */
static bool is_given_up(void *arg)
{
	enum { READ_ALL = 3 };
	static char log[1 << 16];
	int length = klogctl(READ_ALL, log, sizeof(log) - 1);

	log[length > 0 ? length : 0] = 0;
	return strstr(log, "fenced with its tiles");
}

/* The device stops dead under a job that is done but for its output. */
static uint64_t die_under_job(void)
{
	uint64_t address;

	must_open();
	must(work_start_slow(&work, LAYBY_CLASS_GUEST, 1000000));
	work_fill(&work, 3);
	must_give(work_run(&work), 0);
	address = output_address();
	memset(work.output.map, 0, VECTOR_BYTES);
	must(work_submit(&work, 1));
	assert_true(slot_becomes(GUEST_SLOT, "running"));
	sleep_ms(700);
	must(control_device("Die"));
	return address;
}

/*
 * No sensor any more, so the gate closes; neither the stop is answered, nor the reset:
 * the slot is fenced, and what its job had is freed. Then the device goes on where it
 * stopped, and first of all ends the job.
 */
static void test_written_after(void **state)
{
	uint64_t address = die_under_job();
	struct gate_cleared before;

	assert_true(eventually(is_given_up, NULL));
	must_give(work_wait(&work), -EIO);
	work_close(&work);
	assert_false(has_written(&address));
	must(control_device("Revive"));
	assert_true(eventually(has_written, &address));
	before = cleared(LAYBY_CLASS_GUEST);
	must(gate_order(LAYBY_NL_CLEAR_FAULT));
	must_open();
	assert_false(has_written(&address));
	assert_true(since(before).bytes > 0);
}

#define TEST(name) cmocka_unit_test_teardown(test_##name, tear_down)

int main(void)
{
	const struct CMUnitTest cleared[] = {
		TEST(first), TEST(freed), TEST(freed_driving), TEST(party), TEST(reclaim),
		TEST(reset), TEST(withdrawn), TEST(written_after),
	};

	return cmocka_run_group_tests(cleared, start, scene_tear_down);
}
