// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The library's own ring.
 *
 * A CQE's user_data is the tag of its job, or CANCEL for a cancel request,
 * whose own outcome says nothing that the job's completion does not. The
 * completion queue has room for everything that can be in flight, so it cannot
 * overflow.
 */
#include "internal.h"

#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Above every tag; UINT64_MAX is liburing's own. */
#define USER_DATA_CANCEL (1ull << 32)

struct slot {
	uint64_t cookie;
	bool in_flight;
};

struct layby_queue {
	struct layby_node *node;
	struct io_uring ring;
	uint32_t entries;
	uint32_t in_flight;
	uint32_t cancels;
	int event_fd;
	/* the newest submission that the kernel has not seen, or NULL */
	struct io_uring_sqe *last;
	struct slot slots[];
};

static int queue_init_ring(struct layby_queue *queue, uint32_t flags)
{
	struct io_uring_params params = {
		.flags = IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE |
			 IORING_SETUP_CLAMP,
		.cq_entries = 2 * queue->entries,
	};

	if (flags & LAYBY_QUEUE_SINGLE_ISSUER)
		params.flags |= IORING_SETUP_SINGLE_ISSUER |
				IORING_SETUP_DEFER_TASKRUN |
				IORING_SETUP_TASKRUN_FLAG;
	return io_uring_queue_init_params(queue->entries, &queue->ring,
					  &params);
}

int layby_queue_create(struct layby_node *node, uint32_t entries,
		       uint32_t flags, struct layby_queue **ret_queue)
{
	struct layby_queue *queue;
	int r;

	if (entries > node->tags || flags & ~LAYBY_QUEUE_SINGLE_ISSUER)
		return -EINVAL;
	queue = calloc(1, sizeof(*queue) + node->tags * sizeof(struct slot));
	if (!queue)
		return -ENOMEM;
	queue->node = node;
	queue->entries = entries ?: node->tags;
	queue->event_fd = -1;
	r = queue_init_ring(queue, flags);
	if (r < 0) {
		free(queue);
		return r;
	}
	*ret_queue = queue;
	return 0;
}

static void queue_put_tags(struct layby_queue *queue)
{
	uint32_t tag;

	for (tag = 0; tag < queue->node->tags; tag++)
		if (queue->slots[tag].in_flight)
			layby_tag_put(queue->node, tag);
}

void layby_queue_destroy(struct layby_queue *queue)
{
	if (!queue)
		return;
	io_uring_queue_exit(&queue->ring);
	queue_put_tags(queue);
	if (queue->event_fd >= 0)
		close(queue->event_fd);
	free(queue);
}

int layby_queue_event_fd(struct layby_queue *queue)
{
	int fd, r;

	if (queue->event_fd >= 0)
		return queue->event_fd;
	fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	r = io_uring_register_eventfd(&queue->ring, fd);
	if (r < 0) {
		close(fd);
		return r;
	}
	return queue->event_fd = fd;
}

int layby_queue_flush(struct layby_queue *queue)
{
	int r;

	queue->last = NULL;
	do
		r = io_uring_submit(&queue->ring);
	while (r == -EINTR);
	return r < 0 ? r : 0;
}

/* A full submission queue is emptied into the kernel, once. */
static int queue_get_sqe(struct layby_queue *queue,
			 struct io_uring_sqe **ret_sqe)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&queue->ring);
	int r;

	if (!sqe) {
		r = layby_queue_flush(queue);
		if (r < 0)
			return r;
		sqe = io_uring_get_sqe(&queue->ring);
	}
	if (!sqe)
		return -EBUSY;
	*ret_sqe = sqe;
	return 0;
}

/* Another one follows: the doorbell may wait for it. */
static void sqe_set_more(struct io_uring_sqe *sqe)
{
	struct layby_cmd_submit *submit = (void *)sqe->cmd;

	submit->flags |= LAYBY_SUBMIT_MORE;
}

static void queue_start(struct layby_queue *queue, const struct layby_job *job,
			uint32_t tag, uint64_t cookie, struct io_uring_sqe *sqe)
{
	layby_job_prep_sqe(job, tag, cookie, 0, sqe);
	io_uring_sqe_set_data64(sqe, tag);
	if (queue->last)
		sqe_set_more(queue->last);
	queue->last = sqe;
	queue->slots[tag] =
		(struct slot){ .cookie = cookie, .in_flight = true };
	queue->in_flight++;
}

int layby_queue_add(struct layby_queue *queue, const struct layby_job *job,
		    uint64_t cookie)
{
	struct io_uring_sqe *sqe;
	int r, tag;

	if (job->node != queue->node)
		return -EXDEV;
	if (queue->in_flight >= queue->entries)
		return -EBUSY;
	tag = layby_tag_get(queue->node);
	if (tag < 0)
		return tag;
	r = queue_get_sqe(queue, &sqe);
	if (r < 0) {
		layby_tag_put(queue->node, (uint32_t)tag);
		return r;
	}
	queue_start(queue, job, (uint32_t)tag, cookie, sqe);
	return tag;
}

int layby_queue_cancel(struct layby_queue *queue, uint32_t tag, uint64_t cookie)
{
	struct io_uring_sqe *sqe;
	int r;

	if (tag >= queue->node->tags || !queue->slots[tag].in_flight ||
	    queue->slots[tag].cookie != cookie)
		return -ENOENT;
	if (queue->cancels >= queue->entries)
		return -EBUSY;
	r = queue_get_sqe(queue, &sqe);
	if (r < 0)
		return r;
	layby_node_prep_cancel_sqe(queue->node, tag, cookie, sqe);
	io_uring_sqe_set_data64(sqe, USER_DATA_CANCEL);
	queue->cancels++;
	return layby_queue_flush(queue);
}

/* These come at once, before the kernel writes anything into a report. */
static bool result_has_no_report(int result)
{
	return result == -EINVAL || result == -ENOENT || result == -EBUSY ||
	       result == -EOPNOTSUPP || result == -ESHUTDOWN ||
	       result == -ESTALE || result == -EACCES || result == -EPERM;
}

/* The cookie tells a report of this run from one that an older run left. */
static bool queue_read_report(struct layby_queue *queue,
			      struct layby_completion *completion)
{
	if (result_has_no_report(completion->result))
		return false;
	if (layby_report_read(queue->node, completion->tag,
			      &completion->report) < 0)
		return false;
	return completion->report.cookie == completion->cookie;
}

static void queue_complete(struct layby_queue *queue, uint32_t tag, int result,
			   struct layby_completion *completion)
{
	struct slot *slot = &queue->slots[tag];

	*completion = (struct layby_completion){
		.cookie = slot->cookie,
		.result = result,
		.tag = tag,
	};
	completion->has_report = queue_read_report(queue, completion);
	slot->in_flight = false;
	queue->in_flight--;
	layby_tag_put(queue->node, tag);
}

/* Returns whether the CQE was a job's. */
static bool queue_take(struct layby_queue *queue, struct io_uring_cqe *cqe,
		       struct layby_completion *completion)
{
	uint64_t data = io_uring_cqe_get_data64(cqe);
	int result = cqe->res;

	io_uring_cqe_seen(&queue->ring, cqe);
	if (data == USER_DATA_CANCEL) {
		queue->cancels--;
		return false;
	}
	queue_complete(queue, (uint32_t)data, result, completion);
	return true;
}

/* One system call both submits and waits. */
static int queue_enter(struct layby_queue *queue, uint64_t timeout_ns,
		       struct io_uring_cqe **cqe)
{
	struct __kernel_timespec ts = {
		.tv_sec = (long long)(timeout_ns / 1000000000u),
		.tv_nsec = (long long)(timeout_ns % 1000000000u),
	};
	int r;

	*cqe = NULL;
	queue->last = NULL;
	r = io_uring_submit_and_wait_timeout(
		&queue->ring, cqe, 1,
		timeout_ns == LAYBY_WAIT_FOREVER ? NULL : &ts, NULL);
	if (*cqe)
		return 0;
	return r >= 0 || r == -ETIME ? -EAGAIN : r;
}

static int queue_next_cqe(struct layby_queue *queue, uint64_t timeout_ns,
			  struct io_uring_cqe **cqe)
{
	int r;

	if (timeout_ns)
		return queue_enter(queue, timeout_ns, cqe);
	r = layby_queue_flush(queue);
	if (r < 0)
		return r;
	return io_uring_peek_cqe(&queue->ring, cqe);
}

int layby_queue_wait(struct layby_queue *queue, uint64_t timeout_ns,
		     struct layby_completion *ret_completion)
{
	struct io_uring_cqe *cqe;
	int r;

	while (queue->in_flight || queue->cancels) {
		r = queue_next_cqe(queue, queue->in_flight ? timeout_ns : 0,
				   &cqe);
		if (r < 0)
			return r == -EAGAIN && !queue->in_flight ? -ENODATA : r;
		if (queue_take(queue, cqe, ret_completion))
			return 0;
	}
	return -ENODATA;
}
