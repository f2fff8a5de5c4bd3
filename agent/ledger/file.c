// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Small files that are there in whole or not at all.
 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <util.h>

static int write_synced(int fd, const void *bytes, size_t size)
{
	ssize_t n = write(fd, bytes, size);

	if (n < 0)
		return -errno;
	if ((size_t)n != size)
		return -ENOSPC;
	/* an old one that was left may have had another mode */
	if (fchmod(fd, 0600) < 0 || fsync(fd) < 0)
		return -errno;
	return 0;
}

int ledger_file_save(int directory, const char *name, const void *bytes, size_t size,
		     unsigned int flags)
{
	_cleanup_close_ int fd = -1;
	char part[64];
	int r;

	snprintf(part, sizeof(part), "%s.new", name);
	fd = openat(directory, part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = write_synced(fd, bytes, size);
	if (!r && renameat2(directory, part, directory, name, flags) < 0)
		r = -errno;
	if (r < 0) {
		unlinkat(directory, part, 0);
		return r;
	}
	return fsync(directory) < 0 ? -errno : 0;
}
