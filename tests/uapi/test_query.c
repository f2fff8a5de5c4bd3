// SPDX-License-Identifier: LGPL-2.1-or-later
/* The query call: what is told, and what is not accepted. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"

static void test_accel(void **state)
{
	int fd = (int)must(node_open(LAYBY_CLASS_DRIVING));
	struct layby_accel_info info;

	memset(&info, 0xcc, sizeof(info));
	must(node_query(fd, LAYBY_QUERY_ACCEL, &info, sizeof(info)));
	assert_string_equal(info.name, "null");
	assert_int_equal(info.memory_bytes, 4 << 20);
	assert_int_equal(info.ticks_hz, 1000000);
	assert_int_not_equal(info.abort_bound_ns, 0);
	assert_int_not_equal(info.reset_bound_ns, 0);
	assert_int_equal(info.tiles, 4);
	assert_int_equal(info.levels, 1);
	close(fd);
}

/* tests/policy/null.conf */
static void check_partition(uint32_t node, uint32_t class, uint32_t id, uint64_t window,
			    uint32_t tiles)
{
	struct layby_partition_info info;
	int fd = (int)must(node_open(node));

	memset(&info, 0xcc, sizeof(info));
	must(node_query(fd, LAYBY_QUERY_PARTITION, &info, sizeof(info)));
	assert_int_equal(info.partition_class, class);
	assert_int_equal(info.id, id);
	assert_int_equal(info.window_bytes, window);
	assert_int_equal(info.window_free_bytes, window);
	assert_true(info.longest_run_max_ns >= LONG_RUN);
	assert_int_equal(info.tiles, tiles);
	assert_int_equal(info.queue_depth, 256);
	assert_int_equal(info.faulted, 0);
	assert_int_equal(info.pad, 0);
	close(fd);
}

static void test_partitions(void **state)
{
	check_partition(LAYBY_CLASS_DRIVING, LAYBY_CLASS_DRIVING, 0, 1 << 20, 2);
	check_partition(NODE_SECOND, LAYBY_CLASS_DRIVING, 1, 2 << 20, 2);
	/* The gate is closed. */
	check_partition(LAYBY_CLASS_GUEST, LAYBY_CLASS_GUEST, 0, 1 << 20, 0);
}

static void test_party_counts(void **state)
{
	struct layby_party_info info;
	struct party party;

	must(party_open(&party, NODE_SECOND));
	assert_true(party.info.tags > 0);
	assert_int_equal(party.info.report_bytes % PAGE, 0);
	assert_true(party.info.report_bytes >=
		    party.info.tags * sizeof(struct layby_report));
	assert_int_equal(party.info.buffers, 0);
	assert_int_equal(party.info.jobs, 0);

	must(party_prepare(&party, LONG_RUN));
	must(party_prepare(&party, LONG_RUN));
	memset(&info, 0xcc, sizeof(info));
	must(node_query(party.fd, LAYBY_QUERY_PARTY, &info, sizeof(info)));
	assert_int_equal(info.buffers, 3);
	assert_int_equal(info.jobs, 2);
	assert_int_equal(info.pad, 0);
	party_close(&party);
}

static void test_window_is_counted(void **state)
{
	int fd = (int)must(node_open(NODE_SECOND));
	int64_t before = must(window_free(fd));
	uint32_t handle = 0;

	must(buffer_create(fd, 1, 0, &handle));
	assert_int_equal(window_free(fd), before - (int64_t)PAGE);
	must(buffer_close(fd, handle));
	assert_int_equal(window_free(fd), before);
	close(fd);
}

static void test_size_without_data(void **state)
{
	static const uint32_t known[] = {
		sizeof(struct layby_accel_info),
		sizeof(struct layby_partition_info),
		sizeof(struct layby_party_info),
	};
	int fd = (int)must(node_open(NODE_SECOND));
	uint32_t topic;

	for (topic = 0; topic < 3; topic++) {
		struct layby_query query = { .topic = topic };

		must(node_ioctl(fd, DRM_IOCTL_LAYBY_QUERY, &query));
		assert_int_equal(query.size, known[topic]);
	}
	close(fd);
}

/* An older client gets the beginning and not a byte more. */
static void test_short_struct(void **state)
{
	int fd = (int)must(node_open(NODE_SECOND));
	unsigned char info[sizeof(struct layby_accel_info)];

	memset(info, 0xcc, sizeof(info));
	must(node_query(fd, LAYBY_QUERY_ACCEL, info, 16));
	assert_string_equal((char *)info, "null");
	assert_int_equal(info[16], 0xcc);
	close(fd);
}

/* A newer client sees zeroes where this kernel knows nothing. */
static void test_long_struct(void **state)
{
	int fd = (int)must(node_open(NODE_SECOND));
	unsigned char info[sizeof(struct layby_accel_info) + 33];
	uint32_t size = sizeof(info) - 1, i;
	struct layby_query query = {
		.topic = LAYBY_QUERY_ACCEL, .size = size, .data = (uintptr_t)info,
	};

	memset(info, 0xcc, sizeof(info));
	must(node_ioctl(fd, DRM_IOCTL_LAYBY_QUERY, &query));
	assert_int_equal(query.size, sizeof(struct layby_accel_info));
	for (i = sizeof(struct layby_accel_info); i < size; i++)
		assert_int_equal(info[i], 0);
	assert_int_equal(info[size], 0xcc);
	close(fd);
}

static void test_unknown_topic(void **state)
{
	static const uint32_t topics[] = { 3, 0x80000000, UINT32_MAX };
	int fd = (int)must(node_open(NODE_SECOND));
	struct layby_accel_info info;
	unsigned int i;

	for (i = 0; i < 3; i++)
		must_give(node_query(fd, topics[i], &info, sizeof(info)), -EINVAL);
	close(fd);
}

static void test_bad_address(void **state)
{
	int fd = (int)must(node_open(NODE_SECOND));
	struct layby_query query = {
		.topic = LAYBY_QUERY_ACCEL, .size = 32, .data = 4096,
	};

	must_give(node_ioctl(fd, DRM_IOCTL_LAYBY_QUERY, &query), -EFAULT);
	assert_int_equal(query.size, 32);
	query.data = 0xffff888000000000;
	must_give(node_ioctl(fd, DRM_IOCTL_LAYBY_QUERY, &query), -EFAULT);
	assert_int_equal(query.size, 32);
	close(fd);
}

/* The known part fits the mapping, what must be cleared behind it does not. */
static void test_bad_tail(void **state)
{
	int fd = (int)must(node_open(NODE_SECOND));
	char *memory = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct layby_query query = {
		.topic = LAYBY_QUERY_ACCEL, .size = UINT32_MAX,
		.data = (uintptr_t)memory,
	};

	assert_ptr_not_equal(memory, MAP_FAILED);
	assert_int_equal(munmap(memory + PAGE, PAGE), 0);
	query.size = 2 * PAGE;
	must_give(node_ioctl(fd, DRM_IOCTL_LAYBY_QUERY, &query), -EFAULT);
	munmap(memory, PAGE);
	close(fd);
}

static size_t read_fdinfo(int fd, char *text, size_t size)
{
	char path[64];
	ssize_t length;
	int info;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(info >= 0);
	length = read(info, text, size - 1);
	close(info);
	assert_true(length > 0);
	text[length] = 0;
	return (size_t)length;
}

static void test_fdinfo(void **state)
{
	static const char *const keys[] = {
		"drm-driver:\tlayby\n", "drm-client-id:\t", "drm-engine-tiles:\t0 ns\n",
		"drm-total-window:\t12 KiB\n", "layby-jobs-in-flight:\t1\n",
	};
	struct io_uring ring;
	struct party party;
	char text[2048];
	unsigned int i;

	must(party_open_ready(&party, NODE_SECOND, LONG_RUN));
	must(ring_open(&ring, RING_PLAIN));
	must(null_set("hang", 1));
	ring_job(&ring, party.fd, 0, 1);
	must(io_uring_submit(&ring));

	read_fdinfo(party.fd, text, sizeof(text));
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!strstr(text, keys[i]))
			fail_msg("no «%s» in fdinfo:\n%s", keys[i], text);
	io_uring_queue_exit(&ring);
	must(null_behave());
	party_close(&party);
}

/* Time on the tiles is counted, per party. */
static void test_fdinfo_time(void **state)
{
	struct party party, other;
	struct io_uring ring;
	char text[2048];

	must(party_open_ready(&party, NODE_SECOND, LONG_RUN));
	must(party_open(&other, NODE_SECOND));
	must(ring_open(&ring, RING_PLAIN));
	must(null_set("delay_us", 3000));
	ring_job(&ring, party.fd, 0, 1);
	must_give(ring_run_one(&ring), 0);

	read_fdinfo(party.fd, text, sizeof(text));
	assert_non_null(strstr(text, "drm-engine-tiles:\t3000000 ns\n"));
	read_fdinfo(other.fd, text, sizeof(text));
	assert_non_null(strstr(text, "drm-engine-tiles:\t0 ns\n"));
	must(null_behave());
	io_uring_queue_exit(&ring);
	party_close(&party);
	party_close(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accel),
		cmocka_unit_test(test_partitions),
		cmocka_unit_test(test_party_counts),
		cmocka_unit_test(test_window_is_counted),
		cmocka_unit_test(test_size_without_data),
		cmocka_unit_test(test_short_struct),
		cmocka_unit_test(test_long_struct),
		cmocka_unit_test(test_unknown_topic),
		cmocka_unit_test(test_bad_address),
		cmocka_unit_test(test_bad_tail),
		cmocka_unit_test(test_fdinfo),
		cmocka_unit_test(test_fdinfo_time),
	};

	return cmocka_run_group_tests_name("query", tests, NULL, NULL);
}
