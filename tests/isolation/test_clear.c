// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Window memory as it really stands, read from behind: cleared when a buffer is
 * freed, and when the module takes the window over.
 */
#include <signal.h>
#include <sys/mman.h>

#include "check.h"
#include "control.h"
#include "pci.h"
#include "work.h"

#define FILL 0xc7
#define SIZE 8192

static struct work work;
static struct buffer buffer;
static uint8_t bytes[SIZE];

static int set_up(void **state)
{
	return work_start(&work, LAYBY_CLASS_GUEST, "add");
}

static int tear_down(void **state)
{
	work_close(&work);
	return 0;
}

/* A filled buffer and where it is: a job that reads it tells. */
static uint64_t make_filled(void)
{
	struct layby_range input;
	struct reach reach[8];

	must(buffer_make(work.party.fd, SIZE, &buffer));
	memset(buffer.map, FILL, SIZE);
	input = buffer_range(&buffer, 0, VECTOR_BYTES);
	work.job = (uint32_t)must(work_prepare(&work,
			buffer_range(&work.program, 0, work.program.size), &input,
			buffer_range(&work.output, 0, VECTOR_BYTES), LONG_RUN));
	must_give(work_run(&work), 0);
	must_give(control_reached(GUEST_SLOT, reach, 8), 3);
	return reach[1].address;
}

static void check_memory(uint64_t address, uint8_t byte)
{
	must(control_read(address, bytes, SIZE));
	assert_true(all_bytes(bytes, byte, SIZE));
}

/* Handle, mapping and prepared job each keep it; then it is cleared. */
static void test_freed(void **state)
{
	uint64_t address = make_filled();

	check_memory(address, FILL);
	must(buffer_close(work.party.fd, buffer.handle));
	check_memory(address, FILL);
	must(job_unprepare(work.party.fd, work.job));
	check_memory(address, FILL);
	munmap(buffer.map, SIZE);
	check_memory(address, 0);
}

static void test_party_closed(void **state)
{
	uint64_t address = make_filled();

	munmap(buffer.map, SIZE);
	check_memory(address, FILL);
	work_close(&work);
	check_memory(address, 0);
}

static int fill_and_wait(void *arg)
{
	if (work_start(&work, LAYBY_CLASS_GUEST, "add"))
		return 1;
	if (buffer_make(work.party.fd, SIZE, &buffer))
		return 2;
	memset(buffer.map, FILL, SIZE);
	child_ready();
	sleep_ms(60000);
	return 3;
}

/* The next buffer of that place reads zero, and has its place. */
static void test_killed(void **state)
{
	struct layby_partition_info info;
	struct buffer whole;
	pid_t child;
	size_t size;

	work_close(&work);
	child = (pid_t)must(child_start(fill_and_wait, NULL));
	must(kill(child, SIGKILL) ? -errno : 0);
	must_give(child_wait(child), -SIGKILL);
	must(work_open(&work, LAYBY_CLASS_GUEST));
	must(node_query(work.party.fd, LAYBY_QUERY_PARTITION, &info, sizeof(info)));
	size = info.window_bytes;
	assert_true(window_becomes_free(work.party.fd, (int64_t)size));
	must(buffer_make(work.party.fd, size, &whole));
	assert_true(all_bytes(whole.map, 0, size));
	must(buffer_drop(work.party.fd, &whole));
}

/*
 * Unloading with a buffer still held leaves its bytes: nobody is there to clear
 * them. Loading does.
 */
static void test_loaded(void **state)
{
	struct device_status before, after;
	uint64_t address = make_filled();

	must(control_status(&before));
	must(vnpu_unbind());
	check_memory(address, FILL);
	munmap(buffer.map, SIZE);
	work_close(&work);
	check_memory(address, FILL);
	must(vnpu_bind());
	check_memory(address, 0);
	must(control_status(&after));
	assert_int_equal(after.slot[GUEST_SLOT].window_base,
			 before.slot[GUEST_SLOT].window_base);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(freed), TEST(party_closed), TEST(killed), TEST(loaded),
	};

	return cmocka_run_group_tests_name("clear", tests, NULL, NULL);
}
