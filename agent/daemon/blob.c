// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Blobs: descriptors of programs, inputs and outputs.
 *
 * Says what may be taken from a submitter. Must never block: a submitter may
 * hand over a file of a file system that it serves itself, so attributes are
 * asked for without going to that file system.
 */
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define SEALS_OF_CONTENT (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW)

static const char *type_name(unsigned int mode)
{
	switch (mode & S_IFMT) {
	case S_IFIFO:
		return "a pipe";
	case S_IFDIR:
		return "a directory";
	case S_IFSOCK:
		return "a socket";
	case S_IFCHR:
	case S_IFBLK:
		return "a device";
	default:
		return "not a file";
	}
}

static int refuse(sd_bus_error *error, const char *what, unsigned int number,
		  const char *problem)
{
	return sd_bus_error_setf(
		error, SD_BUS_ERROR_INVALID_ARGS,
		"%s %u is %s; pass a non-empty regular file or memfd, open for reading",
		what, number, problem);
}

static const char *access_problem(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return "not an open descriptor";
	if (flags & O_PATH)
		return "opened with O_PATH";
	if ((flags & O_ACCMODE) == O_WRONLY)
		return "open for writing only";
	if (flags & O_DIRECT)
		return "opened with O_DIRECT, which device memory cannot take";
	return NULL;
}

int blob_check(int fd, const char *what, unsigned int number,
	       uint64_t *ret_size, sd_bus_error *error)
{
	const char *problem = access_problem(fd);
	struct statx stx;

	if (problem)
		return refuse(error, what, number, problem);
	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
		  STATX_TYPE | STATX_SIZE, &stx) < 0)
		return sd_bus_error_set_errnof(error, errno,
					       "%s %u cannot be examined: %m",
					       what, number);
	if (!S_ISREG(stx.stx_mode))
		return refuse(error, what, number, type_name(stx.stx_mode));
	if (!stx.stx_size)
		return refuse(error, what, number, "empty");
	*ret_size = stx.stx_size;
	return 0;
}

int blob_create(uint64_t size)
{
	int fd, r;

	fd = memfd_create("layby-output",
			  MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)size) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	return fd;
}

int blob_seal(int fd)
{
	return fcntl(fd, F_ADD_SEALS, SEALS_OF_CONTENT | F_SEAL_SEAL) < 0 ?
		       -errno :
		       0;
}
