// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a job can reach: exactly its ranges. And what its program is: exactly the
 * bytes in the window.
 */
#include "check.h"
#include "control.h"
#include "work.h"

#define FILL 0xa5

static struct work work, other;

static int tear_down(void **state)
{
	work_close(&work);
	work_close(&other);
	return 0;
}

/* tests/policy/isolation.conf */
#define DRIVING_PERMILLE 600
#define GUEST_PERMILLE 400

/* Windows, tiles and shares as the slots' registers really have them. */
static void check_slots(const struct device_status *status)
{
	const struct slot_status *driving = &status->slot[DRIVING_SLOT];
	const struct slot_status *guest = &status->slot[GUEST_SLOT];
	unsigned int i;

	for (i = 0; i < 2; i++) {
		const struct slot_status *slot = &status->slot[i];

		assert_true(slot->enabled);
		assert_int_equal(slot->window_base % PAGE, 0);
		assert_int_equal(slot->window_bytes % PAGE, 0);
		assert_true(slot->window_bytes > 0);
		assert_true(slot->window_base >= 1 << 20);
		assert_true(slot->window_base + slot->window_bytes <=
			    status->memory_bytes);
		assert_true(slot->tiles);
	}
	assert_true(driving->window_base + driving->window_bytes <= guest->window_base ||
		    guest->window_base + guest->window_bytes <= driving->window_base);
	assert_int_equal(driving->tiles & guest->tiles, 0);
	assert_int_equal(driving->tiles | guest->tiles, (1u << status->tiles) - 1);
	assert_int_equal(driving->bandwidth, DRIVING_PERMILLE);
	assert_int_equal(guest->bandwidth, GUEST_PERMILLE);
	for (i = 2; i < CONTROL_SLOTS; i++)
		assert_false(status->slot[i].enabled);
}

static void test_windows(void **state)
{
	struct layby_partition_info info;
	struct device_status status;

	must(control_status(&status));
	check_slots(&status);
	must(work_open(&work, LAYBY_CLASS_DRIVING));
	must(node_query(work.party.fd, LAYBY_QUERY_PARTITION, &info, sizeof(info)));
	assert_int_equal(info.window_bytes, status.slot[DRIVING_SLOT].window_bytes);
	assert_int_equal(info.tiles,
			 __builtin_popcount(status.slot[DRIVING_SLOT].tiles));
}

/* The device's view of the three ranges, and the client's of the same memory. */
static void check_range(const struct reach *reach, const uint8_t *seen, uint64_t length,
			bool write, const struct slot_status *slot)
{
	uint8_t bytes[2048];

	assert_int_equal(reach->length, length);
	assert_int_equal(reach->write, write);
	assert_true(reach->address >= slot->window_base);
	assert_true(reach->address + length <= slot->window_base + slot->window_bytes);
	must(control_read(reach->address, bytes, (uint32_t)length));
	assert_memory_equal(bytes, seen, length);
}

static void check_reached(uint32_t class, uint32_t slot)
{
	struct device_status status;
	struct reach reach[8];

	must(work_start(&work, class, "add"));
	work_fill(&work, 7);
	must_give(work_run(&work), 0);
	must(control_status(&status));
	must_give(control_reached(slot, reach, 8), 3);
	check_range(&reach[0], work.program.map, work.program.size, false,
		    &status.slot[slot]);
	check_range(&reach[1], work.input.map, VECTOR_BYTES, false, &status.slot[slot]);
	check_range(&reach[2], work.output.map, VECTOR_BYTES, true, &status.slot[slot]);
}

static void test_reached_driving(void **state)
{
	check_reached(LAYBY_CLASS_DRIVING, DRIVING_SLOT);
}

static void test_reached_guest(void **state)
{
	check_reached(LAYBY_CLASS_GUEST, GUEST_SLOT);
}

/* An output in the midst of a buffer leaves what is on both sides of it. */
static void test_neighbours(void **state)
{
	const size_t size = 3 * PAGE, at = PAGE - 64;
	struct layby_range input;
	struct buffer buffer;

	must(work_start(&work, LAYBY_CLASS_GUEST, "add"));
	must(buffer_make(work.party.fd, size, &buffer));
	memset(buffer.map, FILL, size);
	work_fill(&work, 1);
	input = buffer_range(&work.input, 0, VECTOR_BYTES);
	work.job = (uint32_t)must(work_prepare(&work,
			buffer_range(&work.program, 0, work.program.size), &input,
			buffer_range(&buffer, at, VECTOR_BYTES), LONG_RUN));
	must_give(work_run(&work), 0);
	assert_true(vector_is_right(buffer.map + at, 1));
	assert_true(all_bytes(buffer.map, FILL, at));
	assert_true(all_bytes(buffer.map + at + VECTOR_BYTES, FILL,
			      size - at - VECTOR_BYTES));
	must(buffer_drop(work.party.fd, &buffer));
}

static void fill_rest(struct work *filler, struct buffer *buffer)
{
	size_t size = (size_t)must(window_free(filler->party.fd));

	must(buffer_make(filler->party.fd, size, buffer));
	memset(buffer->map, FILL, buffer->size);
}

/* Another party has all the rest of both windows: no byte of it changes. */
static void check_rest(uint32_t class)
{
	struct buffer rest[2];
	struct work guest;
	int i;

	must(work_start(&work, class, "add"));
	must(work_open(&other, LAYBY_CLASS_DRIVING));
	must(work_open(&guest, LAYBY_CLASS_GUEST));
	fill_rest(&other, &rest[0]);
	fill_rest(&guest, &rest[1]);
	for (i = 0; i < 8; i++) {
		work_fill(&work, (float)i);
		must_give(work_run(&work), 0);
		assert_true(work_is_right(&work, (float)i));
	}
	assert_true(all_bytes(rest[0].map, FILL, rest[0].size));
	assert_true(all_bytes(rest[1].map, FILL, rest[1].size));
	must(buffer_drop(other.party.fd, &rest[0]));
	must(buffer_drop(guest.party.fd, &rest[1]));
	work_close(&guest);
}

static void test_rest_driving(void **state)
{
	check_rest(LAYBY_CLASS_DRIVING);
}

static void test_rest_guest(void **state)
{
	check_rest(LAYBY_CLASS_GUEST);
}

/* --- One byte of the program ------------------------------------------------- */

/* The bytes of w[200] = 200.0f = 0x43480000. */
static size_t find_weight(void)
{
	const float weights[2] = { 200, 201 };
	uint8_t *at = memmem(work.program.map, work.program.size, weights,
			     sizeof(weights));

	assert_non_null(at);
	return (size_t)(at - work.program.map) + 2;
}

static void start_right(void)
{
	must(work_start(&work, LAYBY_CLASS_GUEST, "add"));
	work_fill(&work, 2);
	must_give(work_run(&work), 0);
	assert_true(work_is_right(&work, 2));
}

/* A weight: the outputs change. Put back: they are right again. */
static void test_flip_weight(void **state)
{
	size_t weight;

	start_right();
	weight = find_weight();
	work.program.map[weight] ^= 0xff;
	must_give(work_run(&work), 0);
	assert_false(work_is_right(&work, 2));
	work.program.map[weight] ^= 0xff;
	must_give(work_run(&work), 0);
	assert_true(work_is_right(&work, 2));
}

/* A memory error in the window itself, behind everybody's back. */
static void test_flip_in_window(void **state)
{
	struct device_status status;
	struct reach reach[8];
	uint64_t offset;

	start_right();
	must(control_status(&status));
	must_give(control_reached(GUEST_SLOT, reach, 8), 3);
	offset = reach[0].address - status.slot[GUEST_SLOT].window_base;
	must(control_flip_byte(GUEST_SLOT, offset + find_weight()));
	must_give(work_run(&work), 0);
	assert_false(work_is_right(&work, 2));
}

/* Any byte: the outputs change, the job fails, or it is a name that says nothing. */
static void test_flip_head(void **state)
{
	unsigned int at, failed = 0;
	int ret;

	start_right();
	for (at = 0; at < 32; at++) {
		memset(work.output.map, FILL, VECTOR_BYTES);
		work.program.map[at] ^= 0xff;
		ret = work_run(&work);
		work.program.map[at] ^= 0xff;
		if (ret == -ENOEXEC) {
			assert_true(all_bytes(work.output.map, FILL, VECTOR_BYTES));
			failed++;
		} else {
			must_give(ret, 0);
		}
	}
	assert_true(failed > 0);
	must_give(work_run(&work), 0);
	assert_true(work_is_right(&work, 2));
}

#define TEST(name) cmocka_unit_test_teardown(test_##name, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(windows), TEST(reached_driving), TEST(reached_guest),
		TEST(neighbours), TEST(rest_driving), TEST(rest_guest),
		TEST(flip_weight), TEST(flip_in_window), TEST(flip_head),
	};

	return cmocka_run_group_tests_name("reach", tests, NULL, NULL);
}
