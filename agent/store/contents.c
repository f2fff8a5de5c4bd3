// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Contents: bytes, by their SHA-256, once for all jobs that name them. Small ones stand
 * in the database, large ones are files, which are on disk before the transaction that
 * names them is, and are deleted after the one that forgets them.
 *
 * So a file may be there that nobody names, for a moment or until the next start; never
 * the other way round. Nothing is kept in memory but the names of one batch.
 */
#include "internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>

#include "util.h"

static int doubt(struct store *store, const uint8_t *digest)
{
	struct doubts *doubts = &store->doubts;
	size_t room = doubts->room ? 2 * doubts->room : 16;
	void *digests;

	if (doubts->count == doubts->room) {
		digests = reallocarray(doubts->digests, room, STORE_DIGEST_BYTES);
		if (!digests)
			return -ENOMEM;
		doubts->digests = digests;
		doubts->room = room;
	}
	memcpy(doubts->digests[doubts->count++], digest, STORE_DIGEST_BYTES);
	return 0;
}

/* What goes into the database is read once: its bytes are those of its digest. */
static int load(struct blob *blob)
{
	uint64_t done = 0;
	uint8_t *data;
	ssize_t n;

	data = malloc(blob->size);
	if (!data)
		return -ENOMEM;
	while (done < blob->size) {
		n = blob_read(blob, done, data + done, blob->size - done);
		if (n < 0) {
			free(data);
			return (int)n;
		}
		done += (uint64_t)n;
	}
	blob->data = data;
	return 0;
}

static int hash(struct store *store, struct blob *blob)
{
	crypto_hash_sha256_state state;
	uint64_t done = 0;
	ssize_t n;

	crypto_hash_sha256_init(&state);
	while (done < blob->size) {
		n = blob_read(blob, done, store->buffer, sizeof(store->buffer));
		if (n < 0)
			return (int)n;
		crypto_hash_sha256_update(&state, store->buffer, (size_t)n);
		done += (uint64_t)n;
	}
	crypto_hash_sha256_final(&state, blob->digest);
	return 0;
}

int blob_hash(struct store *store, struct blob *blob)
{
	int r;

	if (blob->hashed)
		return 0;
	if (!blob->data && blob->size <= STORE_INLINE_MAX) {
		r = load(blob);
		if (r < 0)
			return r;
	}
	r = hash(store, blob);
	blob->hashed = !r;
	return r;
}

/* Returns 1 if it is there. */
static int find(struct store *store, const uint8_t *digest, int64_t *ret_id)
{
	_cleanup_sql_ sqlite3_stmt *row = NULL;
	int r;

	r = sql_start(&store->writer, SQL_CONTENT_FIND, VALUES(BLOB(digest, STORE_DIGEST_BYTES)),
		      &row);
	if (r < 0)
		return r;
	r = sql_step(row);
	if (r > 0)
		*ret_id = sqlite3_column_int64(row, 0);
	return r;
}

static int add(struct store *store, const struct blob *blob, struct sql_value bytes,
	       int64_t *ret_id)
{
	int r;

	r = sql_run(&store->writer, SQL_CONTENT_ADD,
		    VALUES(BLOB(blob->digest, STORE_DIGEST_BYTES), INTEGER(blob->size), bytes));
	if (r < 0)
		return r;
	*ret_id = sqlite3_last_insert_rowid(store->writer.handle);
	return 0;
}

static int keep_file(struct store *store, struct blob *blob, int64_t *ret_id)
{
	int r;

	r = doubt(store, blob->digest);
	if (r < 0)
		return r;
	store->linked = true;
	r = file_keep(store, blob);
	return r < 0 ? r : add(store, blob, NONE(), ret_id);
}

int content_keep(struct store *store, struct blob *blob, int64_t *ret_id)
{
	int r;

	r = find(store, blob->digest, ret_id);
	if (r)
		return r < 0 ? r : 0;
	if (blob->size <= STORE_INLINE_MAX)
		return add(store, blob, BLOB(blob->data, blob->size), ret_id);
	return keep_file(store, blob, ret_id);
}

int content_forget(struct store *store, int64_t id)
{
	_cleanup_sql_ sqlite3_stmt *row = NULL;
	uint8_t digest[STORE_DIGEST_BYTES];
	int r;

	r = sql_start(&store->writer, SQL_CONTENT_FORGET, VALUES(INTEGER(id)), &row);
	if (r < 0)
		return r;
	r = sql_step(row);
	if (r <= 0 || !sqlite3_column_int(row, 1))
		return r < 0 ? r : 0;
	r = sql_bytes(row, 0, digest, sizeof(digest));
	return r < 0 ? r : doubt(store, digest);
}

int contents_sync(struct store *store)
{
	if (!store->linked)
		return 0;
	if (fsync(store->content_fd) < 0)
		return -errno;
	store->linked = false;
	return 0;
}

/* What cannot be settled now is at the next start. */
static void settle(struct store *store, const uint8_t *digest)
{
	char name[CONTENT_NAME_SIZE];
	int64_t id;
	int r;

	content_name(digest, name);
	r = find(store, digest, &id);
	if (!r && unlinkat(store->content_fd, name, 0) < 0 && errno != ENOENT)
		r = -errno;
	if (r < 0)
		log_error("store: " CONTENTS "/%s is not deleted before the next start: %s", name,
			  strerror(-r));
}

void contents_settle(struct store *store)
{
	size_t i;

	for (i = 0; i < store->doubts.count; i++)
		settle(store, store->doubts.digests[i]);
	store->doubts.count = 0;
}

/* Of a start that follows a crash: files that were to be named, or forgotten. */
static int remove_unnamed(struct store *store, const char *name)
{
	uint8_t digest[STORE_DIGEST_BYTES];
	int64_t id;
	int r;

	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return 0;
	r = content_digest(name, digest);
	if (r >= 0)
		r = find(store, digest, &id);
	else
		r = 0;
	if (r)
		return r < 0 ? r : 0;
	return unlinkat(store->content_fd, name, 0) < 0 ? -errno : 0;
}

static int remove_all_unnamed(struct store *store, DIR *directory)
{
	struct dirent *entry;
	int r;

	while (errno = 0, (entry = readdir(directory))) {
		r = remove_unnamed(store, entry->d_name);
		if (r < 0)
			return r;
	}
	return -errno;
}

int contents_open(struct store *store)
{
	DIR *directory;
	int fd, r;

	r = directory_open(store->directory_fd, CONTENTS, &store->content_fd);
	if (r < 0)
		return r;
	fd = openat(store->content_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	directory = fdopendir(fd);
	if (!directory) {
		r = -errno;
		close(fd);
		return r;
	}
	r = remove_all_unnamed(store, directory);
	closedir(directory);
	return r;
}
