// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Files that decide what root loads into the kernel: nobody but root may have
 * had a hand in them.
 */
#include "root_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "util.h"

static const char *file_open(const char *path, size_t max, int *ret_fd, size_t *ret_size)
{
	struct stat st;

	*ret_fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (*ret_fd < 0 || fstat(*ret_fd, &st) < 0)
		return strerror(errno);
	if (!S_ISREG(st.st_mode) || !st.st_size)
		return "is not a regular file, or empty";
	if (st.st_uid || st.st_mode & (0022))
		return "others than root can write it: it must be root's, mode 0644 or less";
	if ((uint64_t)st.st_size > max)
		return "is too large for what it should be";
	*ret_size = (size_t)st.st_size;
	return NULL;
}

/* One byte more than @size, a NUL, so that text ends. */
static const char *file_read(int fd, char *bytes, size_t size)
{
	size_t at = 0;
	ssize_t n;

	while (at < size) {
		n = read(fd, bytes + at, size - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? strerror(errno) : "changed while it was read";
		at += (size_t)n;
	}
	bytes[size] = '\0';
	return NULL;
}

const char *root_file_load(const char *path, size_t max, void **ret_bytes, size_t *ret_size)
{
	_cleanup_free_ char *bytes = NULL;
	_cleanup_close_ int fd = -1;
	const char *problem;

	problem = file_open(path, max, &fd, ret_size);
	if (problem)
		return problem;
	bytes = malloc(*ret_size + 1);
	if (!bytes)
		return strerror(errno);
	problem = file_read(fd, bytes, *ret_size);
	if (problem)
		return problem;
	*ret_bytes = bytes;
	bytes = NULL;
	return NULL;
}
