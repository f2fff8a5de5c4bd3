// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Files named on the command line.
 */
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* Returns a descriptor, or less than 0 after saying what is wrong. */
int file_open_input(const char *path, uint64_t *ret_size)
{
	struct stat st;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0) {
		fail(EXIT_USAGE, "%s: %s", path, strerror(errno));
		close_fd(&fd);
		return -EINVAL;
	}
	if (!S_ISREG(st.st_mode) || !st.st_size) {
		fail(EXIT_USAGE, "%s: must be a regular file that is not empty",
		     path);
		close(fd);
		return -EINVAL;
	}
	*ret_size = (uint64_t)st.st_size;
	return fd;
}

static int open_output(const char *path)
{
	if (!strcmp(path, "-"))
		return fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
}

static int write_all(int fd, const char *data, uint64_t size)
{
	ssize_t n;

	while (size) {
		n = write(fd, data, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		size -= (uint64_t)n;
	}
	return 0;
}

int file_write(const char *path, const void *data, uint64_t size)
{
	_cleanup_close_ int fd = open_output(path);
	int r = fd < 0 ? -errno : write_all(fd, data, size);

	return r < 0 ? fail(EXIT_JOB_FAILED, "%s: %s", path, strerror(-r)) :
		       EXIT_OK;
}

static int copy(int from, int to)
{
	char block[65536];
	off_t offset = 0;
	ssize_t n;
	int r;

	while ((n = pread(from, block, sizeof(block), offset)) > 0) {
		r = write_all(to, block, (uint64_t)n);
		if (r < 0)
			return r;
		offset += n;
	}
	return n < 0 ? -errno : 0;
}

int file_write_fd(const char *path, int from)
{
	_cleanup_close_ int fd = open_output(path);
	int r = fd < 0 ? -errno : copy(from, fd);

	return r < 0 ? fail(EXIT_JOB_FAILED, "%s: %s", path, strerror(-r)) :
		       EXIT_OK;
}

bool options_write_to_stdout(const struct options *options)
{
	uint32_t i;

	for (i = 0; i < options->output_count; i++)
		if (!strcmp(options->outputs[i], "-"))
			return true;
	return false;
}
