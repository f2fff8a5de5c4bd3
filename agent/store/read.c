// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reading: what the last commit says, from the event loop, by a connection that can
 * write nothing. Each answer is short; none waits for the store's thread.
 */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <sodium.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "util.h"

/* --- jobs ------------------------------------------------------------------------- */

static uint64_t get_integer(sqlite3_stmt *row, int column)
{
	return (uint64_t)sqlite3_column_int64(row, column);
}

static void get_text(sqlite3_stmt *row, int column, char *ret_text, size_t size)
{
	snprintf(ret_text, size, "%s", (const char *)sqlite3_column_text(row, column) ?: "");
}

/* The columns of sql.c's JOB_COLUMNS. */
static int get_request(sqlite3_stmt *row, struct store_request *ret_request)
{
	uint64_t due_us = get_integer(row, 9);
	int r;

	ret_request->uid = (uid_t)get_integer(row, 1);
	r = sql_bytes(row, 2, ret_request->key, sizeof(ret_request->key));
	if (r < 0)
		return r;
	r = sql_bytes(row, 4, ret_request->output_sizes, sizeof(ret_request->output_sizes));
	if (r < 0)
		return r;
	ret_request->output_count =
		(uint32_t)((size_t)sqlite3_column_bytes(row, 4) / sizeof(uint64_t));
	ret_request->input_count = (uint32_t)get_integer(row, 5);
	ret_request->longest_run_us = get_integer(row, 6);
	ret_request->priority = (uint32_t)-sqlite3_column_int64(row, 7);
	ret_request->retries = (uint32_t)get_integer(row, 8);
	ret_request->deadline_us = due_us == INT64_MAX ? 0 : due_us;
	ret_request->interactive = get_integer(row, 10);
	ret_request->linger = get_integer(row, 11);
	get_text(row, 12, ret_request->owner, sizeof(ret_request->owner));
	return 0;
}

static int get_job(sqlite3_stmt *row, struct store_job *ret_job)
{
	*ret_job = (struct store_job){
		.number = get_integer(row, 0),
		.state = (enum store_state)get_integer(row, 3),
		.queued_us = get_integer(row, 13),
		.ended_us = get_integer(row, 14),
		.attempts = (uint32_t)get_integer(row, 15),
		.reclaims = (uint32_t)get_integer(row, 16),
		.result = (int)sqlite3_column_int64(row, 17),
		.ran = get_integer(row, 18),
		.ticks_hz = get_integer(row, 20),
	};
	get_text(row, 21, ret_job->reason, sizeof(ret_job->reason));
	get_text(row, 22, ret_job->message, sizeof(ret_job->message));
	if (sql_bytes(row, 19, &ret_job->report, sizeof(ret_job->report)) < 0)
		return -EBADMSG;
	return get_request(row, &ret_job->request);
}

static int get_part(sqlite3_stmt *row, struct store_job *job)
{
	uint64_t place = get_integer(row, 1), size = get_integer(row, 2);

	switch ((enum store_role)get_integer(row, 0)) {
	case STORE_PROGRAM:
		job->program_size = size;
		return sql_bytes(row, 3, job->program_digest, sizeof(job->program_digest));
	case STORE_INPUT:
		if (place >= LAYBY_MAX_INPUTS)
			return -EBADMSG;
		job->input_sizes[place] = size;
		return 0;
	default:
		return 0;
	}
}

static int get_parts(struct store *store, struct store_job *job)
{
	_cleanup_sql_ sqlite3_stmt *row = NULL;
	int r;

	r = sql_start(&store->reader, SQL_PARTS, VALUES(INTEGER(job->number)), &row);
	if (r < 0)
		return r;
	while ((r = sql_step(row)) > 0) {
		r = get_part(row, job);
		if (r < 0)
			return r;
	}
	return r;
}

static int get_row(struct store *store, uint64_t number, struct store_job *ret_job)
{
	_cleanup_sql_ sqlite3_stmt *row = NULL;
	int r;

	r = sql_start(&store->reader, SQL_GET, VALUES(INTEGER(number)), &row);
	if (r < 0)
		return r;
	r = sql_step(row);
	if (r <= 0)
		return r ?: -ENOENT;
	return get_job(row, ret_job);
}

int store_get(struct store *store, uint64_t number, struct store_job *ret_job)
{
	struct store_job job;
	int r;

	r = get_row(store, number, &job);
	if (r < 0)
		return r;
	r = get_parts(store, &job);
	if (r < 0)
		return r;
	*ret_job = job;
	return 0;
}

static int next_row(struct store *store, sqlite3_stmt *row, struct store_job *ret_job)
{
	int r;

	r = sql_step(row);
	if (r <= 0)
		return r;
	r = get_job(row, ret_job);
	if (r < 0)
		return r;
	r = get_parts(store, ret_job);
	return r < 0 ? r : 1;
}

int store_next(struct store *store, uid_t uid, const struct store_job *after,
	       struct store_job *ret_jobs, size_t max)
{
	_cleanup_sql_ sqlite3_stmt *row = NULL;
	size_t count = 0;
	int r;

	r = sql_start(&store->reader, SQL_NEXT,
		      VALUES(INTEGER(uid),
			     INTEGER(after ? after->request.deadline_us ?: INT64_MAX : 0),
			     INTEGER(after ? -(int64_t)after->request.priority : INT64_MIN),
			     INTEGER(after ? after->number : 0), INTEGER(max)),
		      &row);
	if (r < 0)
		return r;
	while (count < max && (r = next_row(store, row, &ret_jobs[count])) > 0)
		count++;
	return r < 0 ? r : (int)count;
}

static int list(sqlite3_stmt *row, uint64_t *ret_numbers, size_t max)
{
	size_t count = 0;
	int r = 0;

	while (count < max && (r = sql_step(row)) > 0)
		ret_numbers[count++] = get_integer(row, 0);
	return r < 0 ? r : (int)count;
}

int store_list(struct store *store, uid_t uid, uint64_t after, uint64_t *ret_numbers, size_t max)
{
	_cleanup_sql_ sqlite3_stmt *row = NULL;
	int r;

	if (uid == EVERYBODY)
		r = sql_start(&store->reader, SQL_LIST, VALUES(INTEGER(after), INTEGER(max)),
			      &row);
	else
		r = sql_start(&store->reader, SQL_LIST_USER,
			      VALUES(INTEGER(uid), INTEGER(after), INTEGER(max)), &row);
	return r < 0 ? r : list(row, ret_numbers, max);
}

int store_users(struct store *store, uid_t *ret_uids, size_t max)
{
	_cleanup_sql_ sqlite3_stmt *row = NULL;
	size_t count = 0;
	int r;

	r = sql_start(&store->reader, SQL_USERS, VALUES(INTEGER(max)), &row);
	if (r < 0)
		return r;
	while (count < max && (r = sql_step(row)) > 0)
		ret_uids[count++] = (uid_t)get_integer(row, 0);
	return r < 0 ? r : (int)count;
}

int store_next_owner(struct store *store, const char *after, char ret_owner[static STORE_OWNER_MAX])
{
	_cleanup_sql_ sqlite3_stmt *row = NULL;
	int r;

	r = sql_start(&store->reader, SQL_NEXT_OWNER, VALUES(TEXT(after)), &row);
	if (r < 0)
		return r;
	r = sql_step(row);
	if (r <= 0)
		return r ?: -ENOENT;
	get_text(row, 0, ret_owner, STORE_OWNER_MAX);
	return 0;
}

int store_totals(struct store *store, uid_t uid, struct store_totals *ret_totals)
{
	_cleanup_sql_ sqlite3_stmt *row = NULL;
	int r;

	r = sql_start(&store->reader, SQL_TOTALS, VALUES(INTEGER(uid)), &row);
	if (r < 0)
		return r;
	r = sql_step(row);
	if (r < 0)
		return r;
	*ret_totals = (struct store_totals){};
	if (r)
		*ret_totals = (struct store_totals){
			.queued = get_integer(row, 0),
			.held = get_integer(row, 1),
			.bytes = get_integer(row, 2),
			.ended = get_integer(row, 3),
		};
	return 0;
}

/* --- contents --------------------------------------------------------------------- */

static int write_whole(int fd, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;
	ssize_t n;

	while (size) {
		n = write(fd, at, size);
		if (n < 0)
			return -errno;
		at += n;
		size -= (size_t)n;
	}
	return 0;
}

/* Returns a memfd that nobody can change any more. */
static int make_sealed(const void *bytes, size_t size)
{
	int fd, r;

	fd = memfd_create("layby-content", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
	if (fd < 0)
		return -errno;
	r = write_whole(fd, bytes, size);
	if (r >= 0 && fcntl(fd, F_ADD_SEALS,
			    F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		r = -errno;
	if (r >= 0)
		return fd;
	close(fd);
	return r;
}

static int read_inline(sqlite3_stmt *row, const uint8_t *digest, uint64_t size)
{
	const void *bytes = sqlite3_column_blob(row, 2);
	size_t length = (size_t)sqlite3_column_bytes(row, 2);
	uint8_t now[STORE_DIGEST_BYTES];

	crypto_hash_sha256(now, bytes ?: "", length);
	if (length != size || memcmp(now, digest, sizeof(now)))
		return -EBADMSG;
	return make_sealed(bytes, length);
}

static int read_file(struct store *store, const uint8_t *digest, uint64_t size)
{
	char name[CONTENT_NAME_SIZE];
	struct stat st;
	int fd;

	content_name(digest, name);
	fd = openat(store->content_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -EBADMSG : -errno;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && (uint64_t)st.st_size == size)
		return fd;
	close(fd);
	return -EBADMSG;
}

/* While @row stands the store may forget the file, but then it says so after that. */
static int read_row(struct store *store, sqlite3_stmt *row)
{
	uint8_t digest[STORE_DIGEST_BYTES];
	int r;

	r = sql_bytes(row, 0, digest, sizeof(digest));
	if (r < 0)
		return r;
	if (sqlite3_column_type(row, 2) == SQLITE_NULL)
		return read_file(store, digest, get_integer(row, 1));
	return read_inline(row, digest, get_integer(row, 1));
}

static int read_once(struct store *store, uint64_t number, enum store_role role, uint32_t index)
{
	_cleanup_sql_ sqlite3_stmt *row = NULL;
	int r;

	r = sql_start(&store->reader, SQL_READ,
		      VALUES(INTEGER(number), INTEGER(role), INTEGER(index)), &row);
	if (r < 0)
		return r;
	r = sql_step(row);
	return r <= 0 ? r ?: -ENOENT : read_row(store, row);
}

int store_read(struct store *store, uint64_t number, enum store_role role, uint32_t index)
{
	int r;

	r = read_once(store, number, role, index);
	/* a file that is gone: the job may have been forgotten just now */
	return r == -EBADMSG ? read_once(store, number, role, index) : r;
}
