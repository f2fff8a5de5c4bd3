// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * vnpu-worker - the process in which the programs of one party on one slot run
 *
 * Started by vnpud with fd 3, one end of a SOCK_SEQPACKET pair (compute.h), and
 * nothing else open. A program may be hostile: the process never has the
 * device's memory, shuts itself in before it reads the first request, and dies
 * with vnpud.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "confine.h"
#include "session.h"

struct request {
	struct compute_request request;
	uint8_t *transfer;
	uint64_t bytes;
	int fd;
};

static int receive_fd(struct msghdr *message)
{
	struct cmsghdr *control = CMSG_FIRSTHDR(message);
	int fd;

	if (!control || control->cmsg_type != SCM_RIGHTS ||
	    control->cmsg_len != CMSG_LEN(sizeof(fd)))
		return -EBADMSG;
	memcpy(&fd, CMSG_DATA(control), sizeof(fd));
	return fd;
}

/* 0: the device has hung up. The fd stays open until the answer is out: with
 * it the process has no descriptor left to open anything with (confine.c).
 */
static int request_receive(struct request *request)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec part = { &request->request, sizeof(request->request) };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(COMPUTE_SOCKET_FD, &message, MSG_CMSG_CLOEXEC);

	if (n == 0)
		return 0;
	if (n < 0)
		return -errno;
	if (n != sizeof(request->request))
		return -EBADMSG;
	request->fd = receive_fd(&message);
	if (request->fd < 0)
		return request->fd;
	request->bytes = compute_layout(&request->request).total;
	request->transfer = mmap(NULL, request->bytes, PROT_READ | PROT_WRITE,
				 MAP_SHARED, request->fd, 0);
	return request->transfer == MAP_FAILED ? -errno : 1;
}

static void request_release(struct request *request)
{
	munmap(request->transfer, request->bytes);
	close(request->fd);
}

static int reply(struct compute_reply reply)
{
	if (send(COMPUTE_SOCKET_FD, &reply, sizeof(reply), MSG_NOSIGNAL) < 0)
		return -errno;
	return 0;
}

static int serve(struct session **held, struct request *request)
{
	const struct compute_request *wanted = &request->request;
	struct compute_reply loaded = { .kind = COMPUTE_LOADED };
	struct compute_reply done = { .kind = COMPUTE_DONE };
	int r;

	if (!session_holds(*held, request->transfer, wanted->program_bytes)) {
		session_destroy(*held);
		*held = session_create(request->transfer, wanted->program_bytes);
		loaded.fresh = 1;
	}
	if (!*held) {
		loaded.status = LAYBY_VNPU_STATUS_BAD_PROGRAM;
		return reply(loaded);
	}
	loaded.operations = session_operations(*held);
	loaded.bytes = session_bytes(*held, wanted);
	loaded.status = session_check(*held, wanted);
	r = reply(loaded);
	if (r < 0 || loaded.status != LAYBY_VNPU_STATUS_OK)
		return r;
	done.status = session_run(*held, wanted, request->transfer);
	return reply(done);
}

int main(void)
{
	struct session *held = NULL;
	struct request request;
	int r;

	r = confine_before_runtime();
	if (r < 0) {
		fprintf(stderr, "vnpu-worker: start: %s\n", strerror(-r));
		return EXIT_FAILURE;
	}
	r = session_runtime_init();
	if (r < 0) {
		fprintf(stderr, "vnpu-worker: ONNX Runtime: %s\n", strerror(-r));
		return EXIT_FAILURE;
	}
	r = confine_after_runtime();
	if (r < 0) {
		fprintf(stderr, "vnpu-worker: confine: %s\n", strerror(-r));
		return EXIT_FAILURE;
	}
	r = reply((struct compute_reply){ .kind = COMPUTE_READY });
	while (r >= 0 && (r = request_receive(&request)) > 0) {
		r = serve(&held, &request);
		request_release(&request);
		if (r < 0)
			break;
	}
	if (r < 0)
		fprintf(stderr, "vnpu-worker: %s\n", strerror(-r));
	/* No teardown: it would only run a hostile program's leftovers. */
	_exit(r < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}
