// SPDX-License-Identifier: LGPL-2.1-or-later
/* Rings and commands, see ring.h. */
#include <errno.h>
#include <string.h>

#include "node.h"
#include "ring.h"

const char *const ring_mode_name[RING_MODES] = {
	[RING_PLAIN] = "plain",
	[RING_ASYNC] = "async",
	[RING_LINKED] = "linked",
	[RING_SQPOLL] = "sqpoll",
	[RING_DEFER] = "defer",
};

int ring_open(struct io_uring *ring, enum ring_mode mode)
{
	struct io_uring_params params = {};

	if (mode == RING_SQPOLL) {
		params.flags = IORING_SETUP_SQPOLL;
		params.sq_thread_idle = 50;
	} else if (mode == RING_DEFER) {
		params.flags = IORING_SETUP_SINGLE_ISSUER |
			       IORING_SETUP_DEFER_TASKRUN;
	}
	return io_uring_queue_init_params(RING_ENTRIES, ring, &params);
}

static struct io_uring_sqe *ring_command(struct io_uring *ring, int fd,
					 uint32_t command, uint64_t user_data)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (!sqe && io_uring_sqring_wait(ring) >= 0)
		sqe = io_uring_get_sqe(ring);
	if (!sqe)
		return NULL;
	io_uring_prep_rw(IORING_OP_URING_CMD, sqe, fd, NULL, 0, 0);
	sqe->cmd_op = command;
	sqe->user_data = user_data;
	memset(sqe->cmd, 0, 16);
	return sqe;
}

struct layby_cmd_submit *sqe_submit(struct io_uring_sqe *sqe)
{
	return (struct layby_cmd_submit *)sqe->cmd;
}

struct layby_cmd_cancel *sqe_cancel(struct io_uring_sqe *sqe)
{
	return (struct layby_cmd_cancel *)sqe->cmd;
}

struct io_uring_sqe *ring_job(struct io_uring *ring, int fd, uint32_t tag,
			      uint64_t cookie)
{
	struct io_uring_sqe *sqe = ring_command(ring, fd, LAYBY_CMD_SUBMIT, cookie);

	if (sqe)
		*sqe_submit(sqe) = (struct layby_cmd_submit){
			.tag = (uint16_t)tag, .cookie = cookie,
		};
	return sqe;
}

struct io_uring_sqe *ring_cancel(struct io_uring *ring, int fd, uint32_t tag,
				 uint64_t cookie, uint64_t user_data)
{
	struct io_uring_sqe *sqe = ring_command(ring, fd, LAYBY_CMD_CANCEL, user_data);

	if (sqe)
		*sqe_cancel(sqe) = (struct layby_cmd_cancel){
			.tag = tag, .cookie = cookie,
		};
	return sqe;
}

int ring_collect(struct io_uring *ring, struct done *done, unsigned int count)
{
	struct __kernel_timespec wait = { .tv_sec = 10 * time_factor() };
	struct io_uring_cqe *cqe;
	unsigned int i;
	int ret;

	for (i = 0; i < count; i++) {
		do {
			ret = io_uring_wait_cqe_timeout(ring, &cqe, &wait);
		} while (ret == -EINTR);
		if (ret)
			return ret;
		done[i] = (struct done){ cqe->user_data, cqe->res };
		io_uring_cqe_seen(ring, cqe);
	}
	return 0;
}

int ring_run(struct io_uring *ring, struct done *done, unsigned int count)
{
	int ret = io_uring_submit(ring);

	return ret < 0 ? ret : ring_collect(ring, done, count);
}

int ring_run_one(struct io_uring *ring)
{
	struct done done;
	int ret = ring_run(ring, &done, 1);

	return ret ? ret : done.res;
}

bool ring_is_quiet(struct io_uring *ring)
{
	struct __kernel_timespec wait = { .tv_nsec = 5000000 };
	struct io_uring_cqe *cqe;

	return io_uring_wait_cqe_timeout(ring, &cqe, &wait) == -ETIME;
}

int done_result(const struct done *done, unsigned int count, uint64_t user_data)
{
	int result = INT32_MIN;
	unsigned int i, found = 0;

	for (i = 0; i < count; i++) {
		if (done[i].user_data != user_data)
			continue;
		result = done[i].res;
		found++;
	}
	return found == 1 ? result : INT32_MIN;
}
