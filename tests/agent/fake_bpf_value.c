// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The pinned map without a kernel: the file $FAKE_LAYBY_SETTINGS, whose bytes are the
 * value. Without the file, or the variable, none is pinned.
 */
#include <bpf_value.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static size_t value_size;

int bpf_value_open(const char *path, size_t size)
{
	const char *file = getenv("FAKE_LAYBY_SETTINGS");
	struct stat st;
	int fd;

	if (!file)
		return -ENOENT;
	fd = open(file, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		abort();
	if ((size_t)st.st_size != size) {
		close(fd);
		return -EMEDIUMTYPE;
	}
	value_size = size;
	return fd;
}

int bpf_value_read(int fd, void *ret_value)
{
	return pread(fd, ret_value, value_size, 0) == (ssize_t)value_size ? 0 : -EIO;
}

int bpf_value_write(int fd, const void *value)
{
	return pwrite(fd, value, value_size, 0) == (ssize_t)value_size ? 0 : -EIO;
}
