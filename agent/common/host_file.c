// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reads the files in which the running system describes itself.
 */
#include "host_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "host_root.h"
#include "util.h"

int host_path(const char *path, char full[static PATH_MAX])
{
	int length = snprintf(full, PATH_MAX, "%s%s", host_root(), path);

	return length < PATH_MAX ? 0 : -ENAMETOOLONG;
}

int host_open(const char *path)
{
	char full[PATH_MAX];
	int fd, r = host_path(path, full);

	if (r < 0)
		return r;
	fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return fd < 0 ? -errno : fd;
}

ssize_t host_read(const char *path, void *bytes, size_t size)
{
	_cleanup_close_ int fd = host_open(path);
	ssize_t n;

	if (fd < 0)
		return fd;
	do
		n = read(fd, bytes, size);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

int host_read_line(const char *path, char *text, size_t size)
{
	ssize_t n = host_read(path, text, size - 1);

	if (n < 0)
		return (int)n;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return 0;
}
