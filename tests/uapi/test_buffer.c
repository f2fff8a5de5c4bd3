// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Buffers: creating, closing, limits, and that their memory is nobody's between
 * two parties (ISO-4).
 */
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"

static int create_raw(int fd, struct layby_buffer_create *create)
{
	return node_ioctl(fd, DRM_IOCTL_LAYBY_BUFFER_CREATE, create);
}

static void test_create(void **state)
{
	struct layby_buffer_create create = { .size = PAGE + 1 };
	int fd = (int)must(node_open(NODE_SECOND));

	must(create_raw(fd, &create));
	assert_int_equal(create.size, 2 * PAGE);
	assert_int_not_equal(create.handle, 0);
	must(buffer_close(fd, create.handle));
	must_give(buffer_close(fd, create.handle), -EINVAL);
	close(fd);
}

/* A refused call leaves its struct and the party's count as they were. */
static void check_create(struct layby_buffer_create create, int want)
{
	struct layby_buffer_create copy = create;
	struct layby_party_info info = {};
	int fd = (int)must(node_open(NODE_SECOND));

	must_give(create_raw(fd, &create), want);
	assert_memory_equal(&create, &copy, sizeof(copy));
	must(node_query(fd, LAYBY_QUERY_PARTY, &info, sizeof(info)));
	assert_int_equal(info.buffers, 0);
	close(fd);
}

static void test_create_bad(void **state)
{
	check_create((struct layby_buffer_create){ .size = 0 }, -EINVAL);
	check_create((struct layby_buffer_create){ .size = PAGE, .flags = 2 }, -EINVAL);
	check_create((struct layby_buffer_create){ .size = PAGE, .flags = 1U << 31 },
		     -EINVAL);
	check_create((struct layby_buffer_create){ .size = PAGE, .handle = 1 }, -EINVAL);
}

static void test_create_too_big(void **state)
{
	struct layby_partition_info info = {};
	int fd = (int)must(node_open(NODE_SECOND));

	must(node_query(fd, LAYBY_QUERY_PARTITION, &info, sizeof(info)));
	close(fd);
	check_create((struct layby_buffer_create){ .size = info.window_bytes + 1 }, -ENOSPC);
	check_create((struct layby_buffer_create){ .size = UINT64_MAX }, -ENOSPC);
	check_create((struct layby_buffer_create){ .size = UINT64_MAX - PAGE }, -ENOSPC);
	check_create((struct layby_buffer_create){ .size = 1ULL << 63 }, -ENOSPC);
}

/* One party takes the whole window; the next byte is refused to anybody. */
static void test_window_full(void **state)
{
	int a = (int)must(node_open(NODE_SECOND));
	int b = (int)must(node_open(NODE_SECOND));
	int driving = (int)must(node_open(LAYBY_CLASS_DRIVING));
	uint64_t all = (uint64_t)must(window_free(a));
	uint32_t handle, other;

	must(buffer_create(a, all, 0, &handle));
	assert_int_equal(window_free(b), 0);
	must_give(buffer_create(a, 1, 0, &other), -ENOSPC);
	must_give(buffer_create(b, 1, 0, &other), -ENOSPC);
	must(buffer_create(driving, 1, 0, &other));
	must(buffer_close(a, handle));
	must(buffer_create(b, 1, 0, &other));
	close(a);
	close(b);
	close(driving);
}

static void test_buffers_limit(void **state)
{
	struct layby_party_info info = {};
	uint32_t handle = 0, i;
	int fd, other;

	fd = (int)must(node_open(NODE_SECOND));
	other = (int)must(node_open(NODE_SECOND));
	must(node_query(fd, LAYBY_QUERY_PARTY, &info, sizeof(info)));
	for (i = 0; i < info.buffers_max; i++)
		must(buffer_create(fd, 1, 0, &handle));
	must_give(buffer_create(fd, 1, 0, &handle), -EDQUOT);
	must(buffer_create(other, 1, 0, &(uint32_t){ 0 }));
	must(buffer_close(fd, handle));
	must(buffer_create(fd, 1, 0, &handle));
	must_give(buffer_create(fd, 1, 0, &handle), -EDQUOT);
	close(fd);
	close(other);
	fd = (int)must(node_open(NODE_SECOND));
	assert_true(window_becomes_free(fd, 2 << 20));
	close(fd);
}

static void *map_all(int fd, size_t *ret_size)
{
	uint32_t handle = 0;
	void *memory;

	*ret_size = (size_t)must(window_free(fd));
	must(buffer_create(fd, *ret_size, 0, &handle));
	memory = buffer_map(fd, handle, *ret_size);
	assert_non_null(memory);
	return memory;
}

static bool is_zero(const void *memory, size_t size)
{
	const uint64_t *word = memory;
	size_t i;

	for (i = 0; i < size / sizeof(*word); i++)
		if (word[i])
			return false;
	return true;
}

/* How a party can leave its memory to the next one. */
static void check_cleared(void (*leave)(int fd, void *memory, size_t size))
{
	int fd = (int)must(node_open(NODE_SECOND));
	size_t size = 0, next_size = 0;
	void *memory = map_all(fd, &size);

	assert_true(is_zero(memory, size));
	memset(memory, 0xa5, size);
	leave(fd, memory, size);

	fd = (int)must(node_open(NODE_SECOND));
	assert_true(window_becomes_free(fd, (int64_t)size));
	memory = map_all(fd, &next_size);
	assert_int_equal(next_size, size);
	assert_true(is_zero(memory, size));
	munmap(memory, size);
	close(fd);
}

static void leave_by_close(int fd, void *memory, size_t size)
{
	munmap(memory, size);
	close(fd);
}

static void leave_by_unmap_last(int fd, void *memory, size_t size)
{
	close(fd);
	munmap(memory, size);
}

static void leave_by_handle(int fd, void *memory, size_t size)
{
	must(buffer_close(fd, 1));
	munmap(memory, size);
	close(fd);
}

static void test_cleared(void **state)
{
	check_cleared(leave_by_close);
	check_cleared(leave_by_unmap_last);
	check_cleared(leave_by_handle);
}

/* A handle is closed, a mapping is there: the memory is not given away. */
static void test_mapped_is_kept(void **state)
{
	int fd = (int)must(node_open(NODE_SECOND));
	int other = (int)must(node_open(NODE_SECOND));
	struct layby_party_info info = {};
	uint32_t handle;
	size_t size = 0;
	char *memory = map_all(fd, &size);

	memory[0] = 1;
	must(buffer_close(fd, 1));
	must_give(buffer_create(other, 1, 0, &handle), -ENOSPC);
	must(node_query(fd, LAYBY_QUERY_PARTY, &info, sizeof(info)));
	assert_int_equal(info.buffers, 1);
	assert_int_equal(memory[0], 1);
	munmap(memory, size);
	must(buffer_create(other, 1, 0, &handle));
	close(fd);
	close(other);
}

/* A prepared job keeps what it names. */
static void test_prepared_is_kept(void **state)
{
	struct party party;
	int64_t before;

	must(party_open(&party, NODE_SECOND));
	before = must(window_free(party.fd));
	must(party_prepare(&party, LONG_RUN));
	must(buffer_close(party.fd, party.buffer[0]));
	must(buffer_close(party.fd, party.buffer[1]));
	must(buffer_close(party.fd, party.buffer[2]));
	assert_int_equal(window_free(party.fd), before - 3 * (int64_t)PAGE);
	must(job_unprepare(party.fd, 0));
	assert_int_equal(window_free(party.fd), before);
	party_close(&party);
}

static void test_map_bad(void **state)
{
	int fd = (int)must(node_open(NODE_SECOND));
	int other = (int)must(node_open(NODE_SECOND));
	struct layby_buffer_map map = { .handle = 1 };
	uint32_t handle = 0;

	must_give(node_ioctl(fd, DRM_IOCTL_LAYBY_BUFFER_MAP, &map), -ENOENT);
	must(buffer_create(other, 1, 0, &handle));
	map.handle = handle;
	must_give(node_ioctl(fd, DRM_IOCTL_LAYBY_BUFFER_MAP, &map), -ENOENT);
	must(buffer_create(fd, 1, 0, &handle));
	map = (struct layby_buffer_map){ .handle = handle, .flags = 1 };
	must_give(node_ioctl(fd, DRM_IOCTL_LAYBY_BUFFER_MAP, &map), -EINVAL);
	map = (struct layby_buffer_map){ .handle = handle, .offset = PAGE };
	must_give(node_ioctl(fd, DRM_IOCTL_LAYBY_BUFFER_MAP, &map), -EINVAL);
	must(buffer_close(fd, handle));
	map = (struct layby_buffer_map){ .handle = handle };
	must_give(node_ioctl(fd, DRM_IOCTL_LAYBY_BUFFER_MAP, &map), -ENOENT);
	close(fd);
	close(other);
}

/* Open files of a partition are bounded, and the other one has its own bound. */
static void test_parties_limit(void **state)
{
	int fd[300], driving, count = 0, ret;

	do {
		ret = node_open(NODE_SECOND);
		if (ret >= 0)
			fd[count++] = ret;
	} while (ret >= 0 && count < 300);
	must_give(ret, -EMFILE);
	assert_int_equal(count, 256);
	driving = (int)must(node_open(LAYBY_CLASS_DRIVING));
	close(driving);
	close(fd[--count]);
	fd[count++] = (int)must(node_open(NODE_SECOND));
	while (count)
		close(fd[--count]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_create),
		cmocka_unit_test(test_create_bad),
		cmocka_unit_test(test_create_too_big),
		cmocka_unit_test(test_window_full),
		cmocka_unit_test(test_buffers_limit),
		cmocka_unit_test(test_cleared),
		cmocka_unit_test(test_mapped_is_kept),
		cmocka_unit_test(test_prepared_is_kept),
		cmocka_unit_test(test_map_bad),
		cmocka_unit_test(test_parties_limit),
	};

	return cmocka_run_group_tests_name("buffer", tests, NULL, NULL);
}
