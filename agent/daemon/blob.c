// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Blobs: descriptors of programs, inputs and outputs.
 *
 * Says what may be taken from a submitter, and written for him. Must never block: a submitter may
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

/* --- to write into -------------------------------------------------------- */

static int refuse_target(sd_bus_error *error, const char *problem)
{
	return sd_bus_error_setf(
		error, SD_BUS_ERROR_INVALID_ARGS,
		"the descriptor is %s; pass a pipe, a regular file or a memfd, open for writing",
		problem);
}

static const char *write_problem(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return "not open";
	if (flags & O_PATH)
		return "opened with O_PATH";
	if ((flags & O_ACCMODE) == O_RDONLY)
		return "open for reading only";
	if (flags & O_DIRECT)
		return "opened with O_DIRECT, or a pipe of packets";
	return NULL;
}

/* Of what knows no seals none is told. */
static const char *seal_problem(int fd, uint64_t old_size, uint64_t size)
{
	int seals = fcntl(fd, F_GET_SEALS);

	if (seals < 0)
		return NULL;
	if (seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		return "sealed against writing";
	if (seals & F_SEAL_GROW && old_size < size)
		return "smaller than the output, and sealed against growing";
	return NULL;
}

int blob_check_target(int fd, uint64_t size, bool *ret_is_pipe, sd_bus_error *error)
{
	const char *problem = write_problem(fd);
	struct statx stx;

	if (problem)
		return refuse_target(error, problem);
	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_SIZE, &stx) < 0)
		return sd_bus_error_set_errnof(error, errno,
					       "the descriptor cannot be examined: %m");
	*ret_is_pipe = S_ISFIFO(stx.stx_mode);
	if (!*ret_is_pipe && !S_ISREG(stx.stx_mode))
		return refuse_target(error, type_name(stx.stx_mode));
	problem = seal_problem(fd, stx.stx_size, size);
	return problem ? refuse_target(error, problem) : 0;
}

/* --- ours ----------------------------------------------------------------- */

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
