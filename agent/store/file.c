// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Files of content/: written without a name, made durable, and only then named by their
 * SHA-256. A file that has a name is whole.
 */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>

#include "util.h"

/* A name for the moment in which a file takes the place of another of its content. */
#define REPLACING "replacing"

void content_name(const uint8_t digest[static STORE_DIGEST_BYTES],
		  char ret_name[static CONTENT_NAME_SIZE])
{
	sodium_bin2hex(ret_name, CONTENT_NAME_SIZE, digest, STORE_DIGEST_BYTES);
}

int content_digest(const char *name, uint8_t ret_digest[static STORE_DIGEST_BYTES])
{
	size_t length = strlen(name), bytes;

	if (length != CONTENT_NAME_SIZE - 1 ||
	    sodium_hex2bin(ret_digest, STORE_DIGEST_BYTES, name, length, NULL, &bytes, NULL) ||
	    bytes != STORE_DIGEST_BYTES)
		return -EINVAL;
	return 0;
}

/* As much as there is for one call, at least a byte. -EINVAL: it is shorter than it said. */
ssize_t blob_read(const struct blob *blob, uint64_t offset, void *buffer, size_t size)
{
	uint64_t left = blob->size - offset;
	ssize_t n;

	if (size > left)
		size = left;
	if (blob->data) {
		memcpy(buffer, (const uint8_t *)blob->data + offset, size);
		return (ssize_t)size;
	}
	do
		n = pread(blob->fd, buffer, size, (off_t)offset);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return n ?: -EINVAL;
}

static int make_unnamed(struct store *store, uint64_t size)
{
	int fd, r;

	fd = openat(store->content_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = size ? posix_fallocate(fd, 0, (off_t)size) : 0;
	if (!r)
		return fd;
	close(fd);
	return r == EDQUOT ? -ENOSPC : -r;
}

int store_file(struct store *store, uint64_t size)
{
	return size > INT64_MAX ? -EFBIG : make_unnamed(store, size);
}

static int write_all(int fd, const uint8_t *bytes, size_t size, uint64_t offset)
{
	ssize_t n;

	while (size) {
		n = pwrite(fd, bytes, size, (off_t)offset);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n <= 0)
			continue;
		bytes += n;
		size -= (size_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

/* What is written is hashed, not what was read before. -EINVAL: it has changed. */
static int copy(struct store *store, const struct blob *blob, int fd)
{
	uint8_t digest[STORE_DIGEST_BYTES];
	crypto_hash_sha256_state state;
	uint64_t done = 0;
	ssize_t n;
	int r;

	crypto_hash_sha256_init(&state);
	while (done < blob->size) {
		n = blob_read(blob, done, store->buffer, sizeof(store->buffer));
		if (n < 0)
			return (int)n;
		crypto_hash_sha256_update(&state, store->buffer, (size_t)n);
		r = write_all(fd, store->buffer, (size_t)n, done);
		if (r < 0)
			return r;
		done += (uint64_t)n;
	}
	crypto_hash_sha256_final(&state, digest);
	return memcmp(digest, blob->digest, sizeof(digest)) ? -EINVAL : 0;
}

/* Its name may be taken: by a file that is to be deleted after this transaction. */
static int link_as(struct store *store, int fd, const char *name)
{
	char path[sizeof("/proc/self/fd/") + 3 * sizeof(int)];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!linkat(AT_FDCWD, path, store->content_fd, name, AT_SYMLINK_FOLLOW))
		return 0;
	if (errno != EEXIST)
		return -errno;
	if (unlinkat(store->content_fd, REPLACING, 0) < 0 && errno != ENOENT)
		return -errno;
	if (linkat(AT_FDCWD, path, store->content_fd, REPLACING, AT_SYMLINK_FOLLOW) < 0 ||
	    renameat(store->content_fd, REPLACING, store->content_fd, name) < 0)
		return -errno;
	return 0;
}

static int sync_and_link(struct store *store, int fd, const char *name)
{
	if (fsync(fd) < 0)
		return -errno;
	return link_as(store, fd, name);
}

/* One of store_file() is taken as it is. */
static bool is_ours(const struct store *store, const struct blob *blob)
{
	struct stat content, st;

	return blob->fd >= 0 && !fstat(store->content_fd, &content) && !fstat(blob->fd, &st) &&
	       st.st_dev == content.st_dev && !st.st_nlink && (uint64_t)st.st_size == blob->size;
}

static int file_errno(int r)
{
	return r == -EDQUOT ? -ENOSPC : r;
}

int file_keep(struct store *store, struct blob *blob)
{
	char name[CONTENT_NAME_SIZE];
	_cleanup_close_ int fd = -1;
	int r;

	content_name(blob->digest, name);
	if (is_ours(store, blob)) {
		r = sync_and_link(store, blob->fd, name);
		/* once it had a name, the kernel does not give it another */
		if (r != -ENOENT)
			return file_errno(r);
	}
	fd = make_unnamed(store, blob->size);
	if (fd < 0)
		return fd;
	r = copy(store, blob, fd);
	return file_errno(r < 0 ? r : sync_and_link(store, fd, name));
}
