// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Loading and unloading: both modules are refused while anything of a node is
 * in use, and the driving node is there at once.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"

/* delete_module says -EAGAIN where rmmod says «in use». */
static void check_refused(void)
{
	must_give(module_unload("layby_null"), -EAGAIN);
	must_give(module_unload("layby"), -EAGAIN);
}

static void check_reload(void)
{
	struct party party;
	struct io_uring ring;

	must_give(module_unload_patiently("layby_null"), 0);
	must_give(module_unload_patiently("layby"), 0);
	must_give(node_open(NODE_SECOND), -ENOENT);
	must(module_load("layby", ""));
	must(module_load("layby_null", ""));
	must(party_open_ready(&party, NODE_SECOND, LONG_RUN));
	must(ring_open(&ring, RING_PLAIN));
	ring_job(&ring, party.fd, 0, 1);
	must_give(ring_run_one(&ring), 0);
	io_uring_queue_exit(&ring);
	party_close(&party);
}

static void test_open_file(void **state)
{
	int fd = (int)must(node_open(NODE_SECOND));

	check_refused();
	close(fd);
	fd = (int)must(node_open(LAYBY_CLASS_DRIVING));
	check_refused();
	close(fd);
	check_reload();
}

static void test_mapped_buffer(void **state)
{
	int fd = (int)must(node_open(NODE_SECOND));
	uint32_t handle = 0;
	void *memory;

	must(buffer_create(fd, PAGE, 0, &handle));
	memory = buffer_map(fd, handle, PAGE);
	assert_non_null(memory);
	close(fd);
	check_refused();
	*(volatile char *)memory = 1;
	munmap(memory, PAGE);
	check_reload();
}

static void test_mapped_reports(void **state)
{
	struct party party;

	must(party_open(&party, NODE_SECOND));
	close(party.fd);
	party.fd = -1;
	check_refused();
	assert_int_equal(report_state(&party, 0), LAYBY_REPORT_IDLE);
	party_close(&party);
	check_reload();
}

static void test_job_in_ring(void **state)
{
	struct party party;
	struct io_uring ring;

	must(party_open_ready(&party, NODE_SECOND, LONG_RUN));
	must(ring_open(&ring, RING_PLAIN));
	must(null_set("hang", 1));
	ring_job(&ring, party.fd, 0, 1);
	must(io_uring_submit(&ring));
	party_close(&party);
	check_refused();
	io_uring_queue_exit(&ring);
	must(null_behave());
	check_reload();
}

/* File and ring are gone; the slot's reset must still come by. */
static void test_job_on_hardware(void **state)
{
	struct party party;
	struct io_uring ring;

	must(party_open_ready(&party, NODE_SECOND, LONG_RUN));
	must(ring_open(&ring, RING_PLAIN));
	must(null_set("hang", 1));
	must(null_set("lose_abort", 1));
	ring_job(&ring, party.fd, 0, 1);
	must(io_uring_submit(&ring));
	party_close(&party);
	io_uring_queue_exit(&ring);
	check_reload();
}

/* layby alone is held by its backend. */
static void test_backend_holds(void **state)
{
	must_give(module_unload("layby"), -EAGAIN);
	check_reload();
}

static atomic_bool stop;

static void *open_and_close(void *arg)
{
	int fd;

	while (!atomic_load(&stop)) {
		fd = node_open(NODE_SECOND);
		if (fd >= 0) {
			window_free(fd);
			close(fd);
		}
	}
	return NULL;
}

/* Somebody opens the node all the time; unloading gets its turn or does not. */
static void test_race_with_open(void **state)
{
	uint64_t end = now_ns() + SECOND;
	unsigned int rounds = 0;
	pthread_t thread;

	atomic_store(&stop, false);
	assert_int_equal(pthread_create(&thread, NULL, open_and_close, NULL), 0);
	while (now_ns() < end) {
		if (module_unload("layby_null"))
			continue;
		must(module_load("layby_null", ""));
		rounds++;
	}
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
	print_message("# note: unloaded %u times beside a thread that opens\n", rounds);
	check_reload();
}

/* A description that the core refuses leaves nothing behind. */
static void test_bad_depth(void **state)
{
	must_give(module_unload_patiently("layby_null"), 0);
	must_give(module_load("layby_null", "depth=0"), -EINVAL);
	must_give(module_load("layby_null", "depth=257"), -EINVAL);
	must_give(node_open(NODE_SECOND), -ENOENT);
	must(module_load("layby_null", "depth=1"));
	check_reload();
}

static bool driving_is_usable(void)
{
	struct layby_accel_info info;
	int fd = node_open(LAYBY_CLASS_DRIVING), ret;

	if (fd < 0)
		return false;
	ret = node_query(fd, LAYBY_QUERY_ACCEL, &info, sizeof(info));
	close(fd);
	return !ret;
}

/*
 * From the first module's loading to the driving node's first answer. The files
 * are in memory: a disk is not what is measured.
 */
static uint64_t time_to_driving(void)
{
	size_t core_size = 0, null_size = 0;
	void *core = NULL, *null = NULL;
	uint64_t start, end;

	must(module_read("layby", &core, &core_size));
	must(module_read("layby_null", &null, &null_size));
	must_give(module_unload_patiently("layby_null"), 0);
	must_give(module_unload_patiently("layby"), 0);
	start = now_ns();
	end = start + 10 * SECOND * time_factor();
	must(module_load_read(core, core_size, ""));
	must(module_load_read(null, null_size, ""));
	while (!driving_is_usable())
		if (now_ns() > end)
			fail_msg("the driving node did not come");
	end = now_ns();
	free(core);
	free(null);
	return end - start;
}

/* It comes by itself. How fast is bench-path's to say, on a machine that counts. */
static void test_driving_at_once(void **state)
{
	print_message("# note: driving node usable after %.1f ms\n",
		      (double)time_to_driving() / MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open_file),
		cmocka_unit_test(test_mapped_buffer),
		cmocka_unit_test(test_mapped_reports),
		cmocka_unit_test(test_job_in_ring),
		cmocka_unit_test(test_job_on_hardware),
		cmocka_unit_test(test_backend_holds),
		cmocka_unit_test(test_race_with_open),
		cmocka_unit_test(test_bad_depth),
		cmocka_unit_test(test_driving_at_once),
	};

	return cmocka_run_group_tests_name("unload", tests, NULL, NULL);
}
