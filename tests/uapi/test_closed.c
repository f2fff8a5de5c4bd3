// SPDX-License-Identifier: LGPL-2.1-or-later
/* A guest partition whose gate is closed: what still works, and what does not. */
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"

static struct party guest;

static int set_up(void **state)
{
	return party_open_ready(&guest, LAYBY_CLASS_GUEST, LONG_RUN);
}

static int tear_down(void **state)
{
	party_close(&guest);
	return 0;
}

/* -ESHUTDOWN, whichever way the command comes, and nothing is queued. */
static void test_submit(void **state)
{
	struct layby_partition_info info;
	enum ring_mode mode;
	struct io_uring ring;

	for (mode = 0; mode < RING_MODES; mode++) {
		must(ring_open(&ring, mode));
		ring_job(&ring, guest.fd, 0, 7);
		must_give(ring_run_one(&ring), -ESHUTDOWN);
		assert_true(ring_is_quiet(&ring));
		io_uring_queue_exit(&ring);
	}
	assert_int_equal(report_state(&guest, 0), LAYBY_REPORT_IDLE);
	must(job_unprepare(guest.fd, 0));
	must(node_query(guest.fd, LAYBY_QUERY_PARTITION, &info, sizeof(info)));
	assert_int_equal(info.tiles, 0);
}

static void test_cancel(void **state)
{
	struct io_uring ring;

	must(ring_open(&ring, RING_PLAIN));
	ring_cancel(&ring, guest.fd, 0, 7, 1);
	must_give(ring_run_one(&ring), -ENOENT);
	io_uring_queue_exit(&ring);
}

static sigjmp_buf jump;

static void on_signal(int number)
{
	siglongjmp(jump, number);
}

/* The signal that touching @memory gave, or 0. A mapping is not inherited. */
static int touch(const char *memory)
{
	struct sigaction action = { .sa_handler = on_signal }, old;
	volatile char byte;
	int number;

	sigaction(SIGBUS, &action, &old);
	number = sigsetjmp(jump, 1);
	if (!number)
		byte = *(const volatile char *)memory;
	(void)byte;
	sigaction(SIGBUS, &old, NULL);
	return number;
}

/* Only touching a mapping tells; the kernel's own copying fails, and lives. */
static void test_mapping(void **state)
{
	char *memory = buffer_map(guest.fd, guest.buffer[0], PAGE);
	int pipes[2];

	assert_non_null(memory);
	assert_int_equal(touch(memory), SIGBUS);
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(write(pipes[1], memory, 1), -1);
	assert_int_equal(errno, EFAULT);
	assert_int_equal(write(pipes[1], "x", 1), 1);
	assert_int_equal(read(pipes[0], memory, 1), -1);
	assert_int_equal(errno, EFAULT);
	close(pipes[0]);
	close(pipes[1]);
	munmap(memory, PAGE);
}

/* Without policy there would be no node; without the gate no time has passed. */
static void test_driving_goes_on(void **state)
{
	struct party driving;
	struct io_uring ring;

	must(party_open_ready(&driving, LAYBY_CLASS_DRIVING, LONG_RUN));
	must(ring_open(&ring, RING_PLAIN));
	ring_job(&ring, driving.fd, 0, 7);
	must(ring_run_one(&ring));
	io_uring_queue_exit(&ring);
	party_close(&driving);
}

int main(void)
{
	const struct CMUnitTest closed[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)
		TEST(submit), TEST(cancel), TEST(mapping), TEST(driving_goes_on),
	};

	return cmocka_run_group_tests(closed, NULL, NULL);
}
