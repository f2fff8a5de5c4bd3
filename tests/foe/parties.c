// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Through the nodes: what is another party's, what is driving's, and the ways that
 * the DRM core has for handing memory on.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <drm.h>

#include "foe.h"

/* Of others, where it has a handle and a job that are no number of mine */
static uint32_t others_handle(void)
{
	static uint32_t handle;

	/* mine has three */
	while (handle <= 3)
		if (buffer_create(others.party.fd, PAGE, 0, &handle))
			return 0;
	return handle;
}

/* --- The lease ------------------------------------------------------------------ */

static int second_lease(const char *with)
{
	struct layby_lease args = {};

	return node_ioctl(mine.party.fd, DRM_IOCTL_LAYBY_LEASE, &args);
}

static int child_renew(void)
{
	return ioctl(lease_fd(), LAYBY_LEASE_RENEW) ? -errno : 0;
}

static int renew_elsewhere(const char *with)
{
	return in_child(child_renew);
}

/* --- Another party's ---------------------------------------------------------------- */

static int map(uint64_t offset, int protection)
{
	void *memory = mmap(NULL, PAGE, protection, MAP_SHARED, mine.party.fd, (off_t)offset);

	return memory == MAP_FAILED ? -errno : munmap(memory, PAGE);
}

static int map_others(const char *with)
{
	uint64_t offset = 0;
	int r = buffer_offset(others.party.fd, others.input.handle, &offset);

	return r ? r : map(offset, PROT_READ);
}

static int map_nobodys(const char *with)
{
	return map(PAGE, PROT_READ);
}

static int map_reports(const char *with)
{
	return map(mine.party.info.report_offset, PROT_READ | PROT_WRITE);
}

static int handle_map(const char *with)
{
	uint64_t offset;

	return buffer_offset(mine.party.fd, others_handle(), &offset);
}

static int handle_close(const char *with)
{
	return buffer_close(mine.party.fd, others_handle());
}

static int prepare(struct layby_range output, uint64_t longest_run_ns)
{
	int job = work_prepare(&mine, buffer_range(&mine.program, 0, mine.program.size), NULL,
			       output, longest_run_ns);

	return job < 0 ? job : job_unprepare(mine.party.fd, (uint32_t)job);
}

static int job_on_others(const char *with)
{
	return prepare((struct layby_range){ .handle = others_handle(), .length = PAGE },
		       LONG_RUN);
}

static int job_outside(const char *with)
{
	return prepare(buffer_range(&mine.output, 0, mine.output.size + PAGE), LONG_RUN);
}

static int job_too_long(const char *with)
{
	return prepare(buffer_range(&mine.output, 0, VECTOR_BYTES), LONG_RUN + 1);
}

static int job_submit_others(const char *with)
{
	int job = work_prepare(&others, buffer_range(&others.program, 0, others.program.size),
			       NULL, buffer_range(&others.output, 0, VECTOR_BYTES), LONG_RUN);
	struct io_uring_sqe *sqe;

	if (job < 0)
		return job;
	sqe = ring_job(&mine.ring, mine.party.fd, 1, 1);
	sqe_submit(sqe)->job = (uint32_t)job;
	return ring_run_one(&mine.ring);
}

/* It goes on to its end. */
static int job_cancel_others(const char *with)
{
	int r = work_submit(&others, 0), end;

	if (r)
		return r;
	ring_cancel(&mine.ring, mine.party.fd, 0, 0, 1000);
	r = ring_run_one(&mine.ring);
	end = work_wait(&others);
	return end && end != -ECANCELED ? end : r;
}

/* --- Descriptors -------------------------------------------------------------------- */

static int send_fd(int sock, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = "", byte = 0;
	struct iovec data = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	*head = (struct cmsghdr){
		.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
		.cmsg_len = CMSG_LEN(sizeof(int)),
	};
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	return sendmsg(sock, &message, 0) < 0 ? -errno : 0;
}

static int receive_fd(int sock)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec data = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	int fd = -EBADMSG;

	if (recvmsg(sock, &message, MSG_CMSG_CLOEXEC) < 0)
		return -errno;
	if (CMSG_FIRSTHDR(&message))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

/* Another party's file is that party, whoever has it. */
static int party_passed(const char *with)
{
	struct layby_party_info info;
	int ends[2], fd, r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return -errno;
	r = send_fd(ends[0], others.party.fd);
	fd = r ? r : receive_fd(ends[1]);
	close(ends[0]);
	close(ends[1]);
	if (fd < 0)
		return fd;
	r = node_query(fd, LAYBY_QUERY_PARTY, &info, sizeof(info));
	close(fd);
	return r ? r : info.buffers > 3 ? 0 : -EBADMSG;
}

/* --- The DRM core ------------------------------------------------------------------- */

static int core_flink(const char *with)
{
	struct drm_gem_flink args = { .handle = mine.input.handle };

	return node_ioctl(mine.party.fd, DRM_IOCTL_GEM_FLINK, &args);
}

static int core_open(const char *with)
{
	struct drm_gem_open args = { .name = 1 };

	return node_ioctl(mine.party.fd, DRM_IOCTL_GEM_OPEN, &args);
}

static int core_export(const char *with)
{
	struct drm_prime_handle args = { .handle = mine.input.handle, .flags = DRM_CLOEXEC };

	return node_ioctl(mine.party.fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &args);
}

static int core_import(const char *with)
{
	struct drm_prime_handle args = { .fd = others.party.fd };

	return node_ioctl(mine.party.fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &args);
}

static int core_master(const char *with)
{
	return node_ioctl(mine.party.fd, DRM_IOCTL_SET_MASTER, NULL);
}

/* --- Driving ------------------------------------------------------------------------- */

static int driving_open(const char *with)
{
	int fd = node_open(LAYBY_CLASS_DRIVING);

	return fd < 0 ? fd : closed(fd);
}

static int driving_node(const char *with)
{
	struct stat info;
	char path[300];
	int r = node_path(LAYBY_CLASS_DRIVING, path, sizeof(path));

	if (r)
		return r;
	if (stat(path, &info))
		return -errno;
	return mknod("/tmp/foe-node", S_IFCHR | 0600, info.st_rdev) ? -errno : 0;
}

static int driving_mode(const char *with)
{
	char path[300];
	int r = node_path(LAYBY_CLASS_DRIVING, path, sizeof(path));

	return r ? r : chmod(path, 0666) ? -errno : 0;
}

const struct attempt parties[] = {
	{ "a second lease", second_lease, NULL, EBUSY, EBUSY },
	{ "renew the lease in another process", renew_elsewhere, NULL, EPERM, EPERM },
	{ "map another party's buffer at its offset", map_others, NULL, EACCES, EACCES },
	{ "map what is nobody's", map_nobodys, NULL, EINVAL, EINVAL },
	{ "map its reports for writing", map_reports, NULL, EACCES, EACCES },
	{ "ask for the offset of another party's handle", handle_map, NULL, ENOENT, ENOENT },
	{ "close another party's handle", handle_close, NULL, EINVAL, EINVAL },
	{ "a job that writes into another party's buffer", job_on_others, NULL, ENOENT, ENOENT },
	{ "a job that writes past its buffer", job_outside, NULL, EINVAL, EINVAL },
	{ "a job of longer than the policy lets it", job_too_long, NULL, EINVAL, EINVAL },
	{ "submit another party's job", job_submit_others, NULL, ENOENT, ENOENT },
	{ "cancel another party's job", job_cancel_others, NULL, ENOENT, ENOENT },
	{ "be another party, with its descriptor", party_passed },
	{ "name a buffer for others (GEM_FLINK)", core_flink, NULL, EOPNOTSUPP, EOPNOTSUPP },
	{ "open a buffer by its name (GEM_OPEN)", core_open, NULL, EOPNOTSUPP, EOPNOTSUPP },
	{ "export a buffer (PRIME)", core_export, NULL, EOPNOTSUPP, EOPNOTSUPP },
	{ "import a buffer (PRIME)", core_import, NULL, EOPNOTSUPP, EOPNOTSUPP },
	{ "be the node's master", core_master, NULL, EOPNOTSUPP, EOPNOTSUPP },
	{ "open driving's node", driving_open, NULL, EACCES, EACCES },
	{ "open driving's node to all", driving_mode, NULL, EPERM, EPERM },
	{ "make a node for driving's number", driving_node, NULL, EPERM, EPERM },
	{}
};
