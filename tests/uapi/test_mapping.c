// SPDX-License-Identifier: LGPL-2.1-or-later
/* mmap of buffers and of the report array: what works and what is refused. */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

#define SIZE	(4 * PAGE)

static int fd, other;
static uint32_t handle;
static uint64_t offset;

static int set_up(void **state)
{
	fd = node_open(NODE_SECOND);
	other = node_open(NODE_SECOND);
	return fd < 0 || other < 0 || buffer_create(fd, SIZE, 0, &handle) ||
	       buffer_offset(fd, handle, &offset);
}

static int tear_down(void **state)
{
	close(fd);
	close(other);
	return 0;
}

/* 0 or -errno; what was mapped is unmapped. */
static int try_map(int file, size_t size, int protection, int flags, uint64_t at)
{
	void *memory = mmap(NULL, size, protection, flags, file, (off_t)at);

	if (memory == MAP_FAILED)
		return -errno;
	munmap(memory, size);
	return 0;
}

#define RW (PROT_READ | PROT_WRITE)

static void test_shared(void **state)
{
	char *a = buffer_map(fd, handle, SIZE), *b = buffer_map(fd, handle, SIZE);

	assert_non_null(a);
	assert_non_null(b);
	a[SIZE - 1] = 42;
	assert_int_equal(b[SIZE - 1], 42);
	munmap(a, SIZE);
	munmap(b, SIZE);
	must(try_map(fd, PAGE, RW, MAP_SHARED, offset));
	must(try_map(fd, SIZE, PROT_READ, MAP_SHARED, offset));
}

static void test_private(void **state)
{
	must_give(try_map(fd, SIZE, RW, MAP_PRIVATE, offset), -EINVAL);
	must_give(try_map(fd, SIZE, PROT_READ, MAP_PRIVATE, offset), -EINVAL);
}

static void test_too_long(void **state)
{
	must_give(try_map(fd, SIZE + PAGE, RW, MAP_SHARED, offset), -EINVAL);
	must_give(try_map(fd, 1UL << 40, RW, MAP_SHARED, offset), -EINVAL);
}

static void test_wrong_offset(void **state)
{
	must_give(try_map(fd, PAGE, RW, MAP_SHARED, offset + PAGE), -EINVAL);
	must_give(try_map(fd, PAGE, RW, MAP_SHARED, offset + SIZE), -EINVAL);
	must_give(try_map(fd, PAGE, RW, MAP_SHARED, 0), -EINVAL);
	must_give(try_map(fd, PAGE, RW, MAP_SHARED, 1ULL << 52), -EINVAL);
}

static void test_foreign_offset(void **state)
{
	must_give(try_map(other, SIZE, RW, MAP_SHARED, offset), -EACCES);
	must_give(try_map(other, SIZE, PROT_READ, MAP_SHARED, offset), -EACCES);
}

/* The other partition knows no buffer of this one, not even that it exists. */
static void test_other_partition(void **state)
{
	int driving = (int)must(node_open(LAYBY_CLASS_DRIVING));

	must_give(try_map(driving, SIZE, RW, MAP_SHARED, offset), -EINVAL);
	close(driving);
}

static void test_read_only_file(void **state)
{
	char path[300];
	int file;

	must(node_path(NODE_SECOND, path, sizeof(path)));
	file = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(file >= 0);
	must(buffer_create(file, PAGE, 0, &handle));
	must(buffer_offset(file, handle, &offset));
	must_give(try_map(file, PAGE, RW, MAP_SHARED, offset), -EACCES);
	must(try_map(file, PAGE, PROT_READ, MAP_SHARED, offset));
	close(file);
}

static void test_survives_close(void **state)
{
	char *memory = buffer_map(fd, handle, SIZE);

	assert_non_null(memory);
	memory[0] = 7;
	must(buffer_close(fd, handle));
	assert_int_equal(memory[0], 7);
	memory[PAGE] = 8;
	must_give(try_map(fd, SIZE, RW, MAP_SHARED, offset), -EACCES);
	close(fd);
	assert_int_equal(memory[0], 7);
	assert_int_equal(memory[PAGE], 8);
	munmap(memory, SIZE);
	must(fd = node_open(NODE_SECOND));
}

/* Returns the signal that a child dies of that reads @address, or 0. */
static int child_reads(const volatile char *address)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		/* cmocka has handlers of its own */
		signal(SIGSEGV, SIG_DFL);
		signal(SIGBUS, SIG_DFL);
		_exit(*address & 0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void test_not_inherited(void **state)
{
	struct party party;
	char *memory = buffer_map(fd, handle, SIZE);

	assert_non_null(memory);
	memory[0] = 1;
	assert_int_equal(child_reads(memory), SIGSEGV);
	munmap(memory, SIZE);
	must(party_open(&party, NODE_SECOND));
	assert_int_equal(child_reads((const char *)party.reports), SIGSEGV);
	party_close(&party);
}

/* No pages behind it: whoever wants some is refused, as the header says. */
static void test_no_pages(void **state)
{
	struct iovec vector = { .iov_len = SIZE };
	struct io_uring ring;
	int ends[2];

	vector.iov_base = buffer_map(fd, handle, SIZE);
	assert_non_null(vector.iov_base);
	must(ring_open(&ring, RING_PLAIN));
	must_give(io_uring_register_buffers(&ring, &vector, 1), -EFAULT);
	io_uring_queue_exit(&ring);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(vmsplice(ends[1], &vector, 1, 0), -1);
	assert_int_equal(errno, EFAULT);
	close(ends[0]);
	close(ends[1]);
	munmap(vector.iov_base, SIZE);
}

static void test_cannot_grow(void **state)
{
	char *memory = buffer_map(fd, handle, SIZE), *moved;

	assert_non_null(memory);
	memory[0] = 3;
	assert_ptr_equal(mremap(memory, SIZE, 2 * SIZE, MREMAP_MAYMOVE), MAP_FAILED);
	assert_int_equal(errno, EFAULT);
	/* moving and cutting is fine, and still the same bytes */
	moved = mremap(memory, SIZE, PAGE, 0);
	assert_ptr_equal(moved, memory);
	assert_int_equal(moved[0], 3);
	munmap(memory, PAGE);
}

/* --- The report array -------------------------------------------------------- */

static void test_reports_read_only(void **state)
{
	struct party party;
	uint64_t at;
	size_t size;

	must(party_open(&party, NODE_SECOND));
	at = party.info.report_offset;
	size = party.info.report_bytes;
	must_give(try_map(party.fd, size, RW, MAP_SHARED, at), -EACCES);
	must_give(try_map(party.fd, size, PROT_WRITE, MAP_SHARED, at), -EACCES);
	must_give(try_map(party.fd, size, RW, MAP_PRIVATE, at), -EACCES);
	must_give(try_map(party.fd, size, PROT_READ | PROT_EXEC, MAP_SHARED, at), -EACCES);
	assert_int_equal(mprotect((void *)(uintptr_t)party.reports, size, RW), -1);
	assert_int_equal(errno, EACCES);
	must_give(try_map(party.fd, size + PAGE, PROT_READ, MAP_SHARED, at), -EINVAL);
	must_give(try_map(party.fd, PAGE, PROT_READ, MAP_SHARED, at + size), -EINVAL);
	party_close(&party);
}

static void test_reports_begin_idle(void **state)
{
	static const struct layby_report zero;
	struct party party;
	uint32_t tag;

	must(party_open(&party, NODE_SECOND));
	for (tag = 0; tag < party.info.tags; tag++)
		assert_memory_equal(&party.reports[tag], &zero, sizeof(zero));
	party_close(&party);
}

/* The file is closed, the mapping holds it: what is mapped stays readable. */
static void test_reports_outlive_fd(void **state)
{
	struct io_uring ring;
	struct party party;

	must(party_open_ready(&party, NODE_SECOND, LONG_RUN));
	must(ring_open(&ring, RING_PLAIN));
	ring_job(&ring, party.fd, 5, 99);
	must_give(ring_run_one(&ring), 0);
	io_uring_queue_exit(&ring);
	close(party.fd);
	party.fd = -1;
	assert_int_equal(report_state(&party, 5), LAYBY_REPORT_DONE);
	assert_int_equal(party.reports[5].cookie, 99);
	party_close(&party);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(shared), TEST(private), TEST(too_long), TEST(wrong_offset),
		TEST(foreign_offset), TEST(other_partition), TEST(read_only_file),
		TEST(survives_close), TEST(not_inherited), TEST(no_pages),
		TEST(cannot_grow), TEST(reports_read_only),
		TEST(reports_begin_idle), TEST(reports_outlive_fd),
	};

	return cmocka_run_group_tests_name("mapping", tests, NULL, NULL);
}
