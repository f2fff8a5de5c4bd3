// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The store's files: contents by their digest, who may read them, what a crash left, a
 * disk that is full, read-only or broken, a database that is not one.
 */
#include "store_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/internal.h"
#include "util.h"

#define UID 1000
#define LARGE 100000

/* --- contents --------------------------------------------------------------------- */

static int end_and_release(struct store_fixture *f, uint64_t number)
{
	assert_int_equal(end_as(f, number, STORE_FAILED, 0), 0);
	return release(f, number);
}

static void check_size(struct store_fixture *f, size_t size)
{
	struct job_bytes bytes;
	struct store_new job = new_job(&bytes, UID, size, size);
	uint64_t number;

	assert_int_equal(submit(f, &job, &number), 0);
	assert_int_equal(compare(f->store, number, STORE_INPUT, 0, bytes.input, size), 0);
	assert_int_equal(count_files(f, "content"), size > STORE_INLINE_MAX);
	assert_int_equal(end_and_release(f, number), 0);
	assert_int_equal(count_files(f, "content"), 0);
	job_bytes_fini(&bytes);
}

static void test_sizes(void **state)
{
	static const size_t sizes[] = { 1, STORE_INLINE_MAX - 1, STORE_INLINE_MAX,
					STORE_INLINE_MAX + 1, LARGE, 3000000 };
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		check_size(*state, sizes[i]);
}

static int memfd_of(const void *bytes, size_t size)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
	return fd;
}

static void check_memfd(struct store_fixture *f, size_t size)
{
	struct job_bytes bytes;
	struct store_new job = new_job(&bytes, UID, 1, size);
	int fd = memfd_of(bytes.input, size);
	uint64_t number;

	job.inputs[0] = (struct store_content){ NULL, fd, size };
	assert_int_equal(submit(f, &job, &number), 0);
	close(fd);
	assert_int_equal(compare(f->store, number, STORE_INPUT, 0, bytes.input, size), 0);
	assert_int_equal(end_and_release(f, number), 0);
	job_bytes_fini(&bytes);
}

static void test_memfds(void **state)
{
	check_memfd(*state, 100);
	check_memfd(*state, LARGE);
}

static void check_short(struct store_fixture *f, size_t size)
{
	struct job_bytes bytes;
	struct store_new job = new_job(&bytes, UID, 1, size);
	int fd = memfd_of(bytes.input, size - 1);
	uint64_t number;

	job.inputs[0] = (struct store_content){ NULL, fd, size };
	assert_int_equal(submit(f, &job, &number), -EINVAL);
	close(fd);
	assert_int_equal(count_files(f, "content"), 0);
	job_bytes_fini(&bytes);
}

static void test_a_content_that_is_too_short(void **state)
{
	check_short(*state, 100);
	check_short(*state, LARGE);
}

static ino_t inode_of_input(struct store_fixture *f, uint64_t number)
{
	int fd = store_read(f->store, number, STORE_INPUT, 0);
	struct stat st;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	close(fd);
	return st.st_ino;
}

static void test_an_unnamed_file_is_taken_as_it_is(void **state)
{
	struct store_fixture *f = *state;
	int fd = store_file(f->store, LARGE);
	struct job_bytes bytes;
	struct store_new job = new_job(&bytes, UID, 1, LARGE);
	struct stat st;
	uint64_t number;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, LARGE);
	assert_true(st.st_blocks * 512 >= LARGE);
	assert_int_equal(pwrite(fd, bytes.input, LARGE, 0), LARGE);
	job.inputs[0] = (struct store_content){ NULL, fd, LARGE };
	assert_int_equal(submit(f, &job, &number), 0);
	assert_int_equal(inode_of_input(f, number), st.st_ino);
	assert_int_equal(compare(f->store, number, STORE_INPUT, 0, bytes.input, LARGE), 0);
	/* it lost its name, and cannot get one again */
	assert_int_equal(end_and_release(f, number), 0);
	assert_int_equal(submit(f, &job, &number), 0);
	assert_int_equal(compare(f->store, number, STORE_INPUT, 0, bytes.input, LARGE), 0);
	close(fd);
	job_bytes_fini(&bytes);
}

static void test_a_file_without_end(void **state)
{
	struct store_fixture *f = *state;

	assert_int_equal(store_file(f->store, UINT64_MAX), -EFBIG);
}

static void test_large_contents_are_shared(void **state)
{
	struct store_fixture *f = *state;
	struct job_bytes bytes;
	struct store_new job = new_job(&bytes, UID, 1, LARGE);
	uint64_t a, b;

	assert_int_equal(submit(f, &job, &a), 0);
	key_of(2, job.request.key);
	assert_int_equal(submit(f, &job, &b), 0);
	assert_int_equal(count_files(f, "content"), 1);
	assert_int_equal(end_and_release(f, a), 0);
	assert_int_equal(count_files(f, "content"), 1);
	assert_int_equal(compare(f->store, b, STORE_INPUT, 0, bytes.input, LARGE), 0);
	assert_int_equal(end_and_release(f, b), 0);
	assert_int_equal(count_files(f, "content"), 0);
	job_bytes_fini(&bytes);
}

static void ignore_done(void *userdata, int result)
{
	assert_int_equal(result, 0);
}

/* Forgotten and submitted again, often in one transaction. */
static void test_a_content_that_goes_and_comes(void **state)
{
	struct store_fixture *f = *state;
	struct job_bytes bytes;
	struct store_new job = new_job(&bytes, UID, 1, LARGE);
	uint64_t number;
	int i;

	assert_int_equal(submit(f, &job, &number), 0);
	for (i = 0; i < 30; i++) {
		assert_int_equal(end_as(f, number, STORE_FAILED, 0), 0);
		assert_int_equal(store_release(f->store, number, ignore_done, NULL), 0);
		assert_int_equal(submit(f, &job, &number), 0);
		assert_int_equal(compare(f->store, number, STORE_INPUT, 0, bytes.input, LARGE), 0);
		assert_int_equal(count_files(f, "content"), 1);
	}
	job_bytes_fini(&bytes);
}

/* --- what is on the disk ---------------------------------------------------------- */

static unsigned int mode_of(const struct store_fixture *f, const char *name)
{
	struct stat st;

	assert_int_equal(stat(path_of(f, name), &st), 0);
	return st.st_mode & 07777;
}

static void name_of(const void *bytes, size_t size, char ret_name[static CONTENT_NAME_SIZE + 8])
{
	struct blob blob = { .data = (void *)bytes, .fd = -1, .size = size };
	static struct store store;

	assert_int_equal(blob_hash(&store, &blob), 0);
	strcpy(ret_name, "content/");
	content_name(blob.digest, ret_name + 8);
}

static void test_nobody_else_may_look(void **state)
{
	static const char *const files[] = { "queue.db", "queue.db-wal", "queue.db-shm", "lock",
					     "reserve" };
	struct store_fixture *f = *state;
	char name[CONTENT_NAME_SIZE + 8];
	struct job_bytes bytes;
	struct store_new job = new_job(&bytes, UID, 1, LARGE);
	mode_t before = umask(0);
	uint64_t number;
	size_t i;

	fixture_close(f);
	assert_int_equal(chmod(f->dir, 0755), 0);
	assert_int_equal(chmod(path_of(f, "queue.db"), 0644), 0);
	assert_int_equal(fixture_open(f), 0);
	assert_int_equal(submit(f, &job, &number), 0);
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		assert_int_equal(mode_of(f, files[i]), 0600);
	assert_int_equal(mode_of(f, ""), 0700);
	assert_int_equal(mode_of(f, "content"), 0700);
	name_of(bytes.input, LARGE, name);
	assert_int_equal(mode_of(f, name), 0600);
	umask(before);
	job_bytes_fini(&bytes);
}

static void test_a_second_agent_is_refused(void **state)
{
	struct store_fixture *f = *state;
	struct store *second = NULL;

	assert_int_equal(store_open(f->dir, f->event, &f->limits, &second), -EBUSY);
	assert_null(second);
	submit_simple(f, UID, 1);
	fixture_reopen(f);
}

static void write_file(const struct store_fixture *f, const char *name, const void *bytes,
		       size_t size)
{
	int fd = open(path_of(f, name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
}

static void test_what_a_crash_left_is_removed(void **state)
{
	struct store_fixture *f = *state;
	char name[CONTENT_NAME_SIZE + 8];
	struct job_bytes bytes;
	struct store_new job = new_job(&bytes, UID, 1, LARGE);
	uint64_t number;

	assert_int_equal(submit(f, &job, &number), 0);
	fixture_close(f);
	name_of("other", 5, name);
	write_file(f, name, "other", 5);
	write_file(f, "content/replacing", "x", 1);
	write_file(f, "content/00", "x", 1);
	assert_int_equal(fixture_open(f), 0);
	assert_int_equal(count_files(f, "content"), 1);
	assert_int_equal(compare(f->store, number, STORE_INPUT, 0, bytes.input, LARGE), 0);
	job_bytes_fini(&bytes);
}

static void test_a_file_whose_name_is_taken(void **state)
{
	struct store_fixture *f = *state;
	char name[CONTENT_NAME_SIZE + 8];
	struct job_bytes bytes;
	struct store_new job = new_job(&bytes, UID, 1, LARGE);
	uint64_t number;

	name_of(bytes.input, LARGE, name);
	write_file(f, name, "not that", 8);
	assert_int_equal(submit(f, &job, &number), 0);
	assert_int_equal(compare(f->store, number, STORE_INPUT, 0, bytes.input, LARGE), 0);
	assert_int_equal(count_files(f, "content"), 1);
	job_bytes_fini(&bytes);
}

static void test_damaged_contents_are_not_given_out(void **state)
{
	struct store_fixture *f = *state;
	char name[CONTENT_NAME_SIZE + 8];
	struct job_bytes bytes;
	struct store_new job = new_job(&bytes, UID, 1, LARGE);
	uint64_t number;

	assert_int_equal(submit(f, &job, &number), 0);
	name_of(bytes.input, LARGE, name);
	assert_int_equal(truncate(path_of(f, name), LARGE - 1), 0);
	assert_int_equal(store_read(f->store, number, STORE_INPUT, 0), -EBADMSG);
	assert_int_equal(unlink(path_of(f, name)), 0);
	assert_int_equal(store_read(f->store, number, STORE_INPUT, 0), -EBADMSG);
	run_sql(f, "UPDATE content SET bytes = zeroblob(size) WHERE bytes IS NOT NULL");
	assert_int_equal(store_read(f->store, number, STORE_PROGRAM, 0), -EBADMSG);
	job_bytes_fini(&bytes);
}

/* --- a disk that does not take it ------------------------------------------------- */

static void mount_small(struct store_fixture *f, const char *options)
{
	fixture_close(f);
	assert_int_equal(mount("layby-test", f->dir, "tmpfs", 0, options), 0);
	assert_int_equal(fixture_open(f), 0);
}

static void unmount(struct store_fixture *f)
{
	fixture_close(f);
	assert_int_equal(umount2(f->dir, MNT_DETACH), 0);
}

static int submit_sized(struct store_fixture *f, uint64_t seed, size_t size)
{
	struct job_bytes bytes;
	struct store_new job = new_job(&bytes, UID, seed, size);
	uint64_t number;
	int r;

	r = submit(f, &job, &number);
	job_bytes_fini(&bytes);
	return r;
}

/* Returns how many were taken. All of them, and nothing else, must be there. */
static uint64_t fill_up(struct store_fixture *f, size_t size, uint64_t first)
{
	uint64_t count = first;
	uint8_t *input = malloc(size);
	struct store_totals totals;
	int r;

	while ((r = submit_sized(f, count, size)) == 0)
		count++;
	assert_int_equal(r, -ENOSPC);
	assert_int_equal(submit_sized(f, count, size), -ENOSPC);
	assert_int_equal(store_totals(f->store, UID, &totals), 0);
	assert_int_equal(totals.held, count - first);
	for (r = (int)first; r < (int)count; r++) {
		fill(input, size, (uint64_t)r);
		assert_int_equal(compare(f->store, (uint64_t)r + 1, STORE_INPUT, 0, input, size),
				 0);
	}
	free(input);
	return count;
}

/* With a file of somebody else's: nothing at all is left. */
static void fill_rest(struct store_fixture *f)
{
	static const char zeroes[4096];
	int fd = open(path_of(f, "others"), O_WRONLY | O_CREAT, 0600);

	assert_true(fd >= 0);
	while (write(fd, zeroes, sizeof(zeroes)) > 0)
		;
	assert_int_equal(errno, ENOSPC);
	close(fd);
}

static void check_full_disk(struct store_fixture *f, size_t size)
{
	uint64_t number, count, ended;

	mount_small(f, "size=16m");
	count = fill_up(f, size, 0);
	assert_true(count > 10);
	/* an end is small, and there may just be room for it, or not */
	for (ended = 0; ended < count; ended++)
		if (end_as(f, ended + 1, STORE_FAILED, 0))
			break;
	fill_rest(f);
	assert_int_equal(submit_sized(f, count, size), -ENOSPC);
	for (number = 1; number <= ended; number++)
		assert_int_equal(release(f, number), 0);
	assert_true(ended > 0);
	assert_int_equal(unlink(path_of(f, "others")), 0);
	for (number = ended + 1; number <= count; number++)
		assert_int_equal(end_and_release(f, number), 0);
	assert_int_equal(count_files(f, "content"), 0);
	assert_int_equal(submit_sized(f, 1, size), 0);
	fixture_reopen(f);
	assert_int_equal(submit_sized(f, 1, size), 1);
	unmount(f);
}

static void test_full_of_rows(void **state)
{
	check_full_disk(*state, 8000);
}

static void test_full_of_files(void **state)
{
	check_full_disk(*state, LARGE);
}

static void test_expire_on_a_full_disk(void **state)
{
	struct store_fixture *f = *state;
	struct store_totals totals;
	uint64_t number, queued;
	int r;

	f->limits.retention_us = 1;
	mount_small(f, "size=16m");
	for (number = 1; number < 400; number++) {
		assert_int_equal(submit_sized(f, number, 8000), 0);
		assert_int_equal(end_as(f, number, STORE_FAILED, 0), 0);
	}
	fill_rest(f);
	/* the WAL has room of its own for some */
	for (queued = 0; (r = submit_sized(f, 1000 + queued, 8000)) == 0; queued++)
		;
	assert_int_equal(r, -ENOSPC);
	assert_int_equal(expire(f, now_us(CLOCK_REALTIME) + USEC_PER_SEC), 0);
	assert_int_equal(store_totals(f->store, UID, &totals), 0);
	assert_int_equal(totals.held, queued);
	assert_int_equal(unlink(path_of(f, "others")), 0);
	assert_int_equal(submit_sized(f, number, 8000), 0);
	unmount(f);
}

static void test_a_start_on_a_full_disk(void **state)
{
	struct store_fixture *f = *state;

	mount_small(f, "size=16m");
	assert_int_equal(submit_sized(f, 1, 8000), 0);
	assert_int_equal(end_as(f, 1, STORE_FAILED, 0), 0);
	fixture_close(f);
	fill_rest(f);
	assert_int_equal(fixture_open(f), 0);
	assert_int_equal(submit_sized(f, 2, 8000), -ENOSPC);
	assert_int_equal(release(f, 1), 0);
	unmount(f);
}

static void test_a_disk_too_small(void **state)
{
	struct store_fixture *f = *state;

	fixture_close(f);
	assert_int_equal(mount("layby-test", f->dir, "tmpfs", 0, "size=16k"), 0);
	assert_int_equal(fixture_open(f), -ENOSPC);
	assert_null(f->store);
	unmount(f);
}

static void test_read_only(void **state)
{
	struct store_fixture *f = *state;

	submit_simple(f, UID, 1);
	fixture_close(f);
	assert_int_equal(mount(f->dir, f->dir, NULL, MS_BIND, NULL), 0);
	assert_int_equal(mount(NULL, f->dir, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL), 0);
	assert_int_equal(fixture_open(f), -EROFS);
	assert_int_equal(umount2(f->dir, MNT_DETACH), 0);
	assert_int_equal(fixture_open(f), 0);
	assert_int_equal(submit_sized(f, 1, 64), 1);
}

/* SQLite's own way to have a system call answered by somebody else. */
static int injected;

static ssize_t failing_write(int fd, const void *bytes, size_t size, off_t offset)
{
	errno = injected;
	return -1;
}

static void inject(int error)
{
	static const char *const calls[] = { "write", "pwrite", "pwrite64" };
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
	size_t i;

	injected = error;
	for (i = 0; i < 3; i++)
		vfs->xSetSystemCall(vfs, calls[i],
				    error ? (sqlite3_syscall_ptr)failing_write : NULL);
}

static void test_errors_of_the_disk(void **state)
{
	static const int errors[][2] = {
		{ EIO, -EIO }, { EROFS, -EROFS }, { ENOSPC, -ENOSPC }, { EDQUOT, -ENOSPC },
	};
	struct store_fixture *f = *state;
	uint64_t queued = submit_simple(f, UID, 1);
	struct store_totals totals;
	uint64_t i;

	for (i = 0; i < 4; i++) {
		inject(errors[i][0]);
		assert_int_equal(submit_sized(f, 10 + i, LARGE), errors[i][1]);
		assert_int_equal(end_as(f, queued, STORE_FAILED, 0), errors[i][1]);
		inject(0);
		assert_int_equal(store_totals(f->store, UID, &totals), 0);
		assert_int_equal(totals.queued, i + 1);
		assert_int_equal(count_files(f, "content"), i);
		assert_int_equal(submit_sized(f, 10 + i, LARGE), 0);
	}
	assert_int_equal(end_as(f, queued, STORE_FAILED, 0), 0);
}

/* --- a database that is not one --------------------------------------------------- */

static void check_set_aside(struct store_fixture *f, unsigned int number)
{
	struct store_totals totals;
	char name[64];

	assert_int_equal(fixture_open(f), 0);
	snprintf(name, sizeof(name), "queue.db.corrupt-%u", number);
	assert_int_equal(access(path_of(f, name), F_OK), 0);
	snprintf(name, sizeof(name), "queue.db.corrupt-%u", number + 1);
	assert_int_equal(access(path_of(f, name), F_OK), -1);
	assert_int_equal(store_totals(f->store, UINT32_MAX, &totals), 0);
	assert_int_equal(totals.held, 0);
	assert_int_equal(submit_simple(f, UID, 1), 1);
	assert_int_equal(submit_sized(f, 2, LARGE), 0);
}

static void overwrite(const struct store_fixture *f, off_t offset, const void *bytes, size_t size)
{
	int fd = open(path_of(f, "queue.db"), O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, size, offset), size);
	close(fd);
}

static void test_broken_databases_are_set_aside(void **state)
{
	struct store_fixture *f = *state;
	uint8_t noise[5000];
	unsigned int n = 1;

	fill(noise, sizeof(noise), 1);
	submit_sized(f, 1, LARGE);
	fixture_close(f);
	write_file(f, "queue.db", noise, sizeof(noise));
	check_set_aside(f, n++);
	assert_int_equal(count_files(f, "content.corrupt-1"), 1);
	fixture_close(f);
	overwrite(f, 0, noise, 10);
	check_set_aside(f, n++);
	fixture_close(f);
	assert_int_equal(truncate(path_of(f, "queue.db"), 20000), 0);
	check_set_aside(f, n++);
	fixture_close(f);
	overwrite(f, 4096, noise, 4096);
	check_set_aside(f, n++);
	fixture_close(f);
	overwrite(f, 18, "\x09", 1);
	check_set_aside(f, n++);
	fixture_close(f);
	run_sql(f, "PRAGMA application_id = 7");
	check_set_aside(f, n++);
	fixture_close(f);
	assert_int_equal(unlink(path_of(f, "queue.db")), 0);
	run_sql(f, "CREATE TABLE job (number)");
	check_set_aside(f, n++);
	fixture_close(f);
	run_sql(f, "PRAGMA user_version = 0");
	check_set_aside(f, n++);
}

static uint8_t *read_whole(const struct store_fixture *f, const char *name, size_t *ret_size)
{
	int fd = open(path_of(f, name), O_RDONLY);
	struct stat st;
	uint8_t *bytes;

	assert_int_equal(fstat(fd, &st), 0);
	bytes = malloc((size_t)st.st_size);
	assert_int_equal(read(fd, bytes, (size_t)st.st_size), st.st_size);
	close(fd);
	*ret_size = (size_t)st.st_size;
	return bytes;
}

static void test_a_newer_version_is_left_alone(void **state)
{
	struct store_fixture *f = *state;
	uint8_t *before, *after;
	size_t size, size_after;

	submit_simple(f, UID, 1);
	fixture_close(f);
	run_sql(f, "PRAGMA user_version = 2");
	before = read_whole(f, "queue.db", &size);
	assert_int_equal(fixture_open(f), -EPROTO);
	after = read_whole(f, "queue.db", &size_after);
	assert_int_equal(size, size_after);
	assert_memory_equal(before, after, size);
	assert_int_equal(access(path_of(f, "queue.db.corrupt-1"), F_OK), -1);
	free(before);
	free(after);
	run_sql(f, "PRAGMA user_version = 1");
	assert_int_equal(fixture_open(f), 0);
	assert_int_equal(submit_sized(f, 1, 64), 1);
}

/* So that there are pages of all kinds, also those that go on with a row. */
#define LOST_SIZE 6000
#define LOST_JOBS 30

/* Whatever page is lost: the store opens, and gives out no bytes but the right ones. */
static void check_lost_page(struct store_fixture *f, const uint8_t *whole, size_t size, off_t page)
{
	uint8_t noise[4096], input[LOST_SIZE];
	uint64_t number;
	int r;

	write_file(f, "queue.db", whole, size);
	fill(noise, sizeof(noise), (uint64_t)page);
	overwrite(f, page * 4096, noise, sizeof(noise));
	assert_int_equal(fixture_open(f), 0);
	for (number = 1; number <= LOST_JOBS; number++) {
		fill(input, sizeof(input), number);
		r = compare(f->store, number, STORE_INPUT, 0, input, sizeof(input));
		assert_true(r == 0 || r == -EBADMSG || r == -ENOENT);
	}
	fixture_close(f);
}

static void test_any_page_may_be_lost(void **state)
{
	struct store_fixture *f = *state;
	uint64_t seed;
	uint8_t *whole;
	size_t size;
	off_t page;

	for (seed = 1; seed <= LOST_JOBS; seed++)
		assert_int_equal(submit_sized(f, seed, LOST_SIZE), 0);
	fixture_close(f);
	whole = read_whole(f, "queue.db", &size);
	for (page = 0; page < (off_t)size / 4096; page++)
		check_lost_page(f, whole, size, page);
	free(whole);
	unlink(path_of(f, "queue.db"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_sizes),
		TEST(test_memfds),
		TEST(test_a_content_that_is_too_short),
		TEST(test_an_unnamed_file_is_taken_as_it_is),
		TEST(test_a_file_without_end),
		TEST(test_large_contents_are_shared),
		TEST(test_a_content_that_goes_and_comes),
		TEST(test_nobody_else_may_look),
		TEST(test_a_second_agent_is_refused),
		TEST(test_what_a_crash_left_is_removed),
		TEST(test_a_file_whose_name_is_taken),
		TEST(test_damaged_contents_are_not_given_out),
		TEST(test_full_of_rows),
		TEST(test_full_of_files),
		TEST(test_expire_on_a_full_disk),
		TEST(test_a_start_on_a_full_disk),
		TEST(test_a_disk_too_small),
		TEST(test_read_only),
		TEST(test_errors_of_the_disk),
		TEST(test_broken_databases_are_set_aside),
		TEST(test_a_newer_version_is_left_alone),
		TEST(test_any_page_may_be_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
