// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The mover: see mover.h. Owns one ring with an eventfd in the loop.
 *
 * Chunks bound how long one transfer keeps the loop busy when the kernel does
 * it inline. Submissions of one turn of the loop go in one system call.
 */
#include "mover.h"

#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "util.h"

/* One for each run of each party, and some. */
#define MOVER_ENTRIES 1024
/*
 * Above what all parties together may have under way, so that descriptors that
 * never answer cannot take every worker.
 */
#define MOVER_WORKERS 64
#define CHUNK_BYTES (1u << 20)
/* Of what is looked at, in the loop. */
#define CHUNK_BYTES_SEEN (1u << 18)

struct mover {
	struct io_uring ring;
	int event_fd;
	uint32_t in_flight;
	sd_event_source *wake;
	sd_event_source *turn;
};

static void mover_next_chunk(struct mover *mover, struct transfer *t)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&mover->ring);
	unsigned int most = t->seen ? CHUNK_BYTES_SEEN : CHUNK_BYTES;
	uint64_t left = t->length - t->moved;
	unsigned int size = left < most ? (unsigned int)left : most;
	char *at = (char *)t->memory + t->moved;

	if (t->to_fd)
		io_uring_prep_write(sqe, t->fd, at, size, t->moved);
	else
		io_uring_prep_read(sqe, t->fd, at, size, t->moved);
	io_uring_sqe_set_data(sqe, t);
}

static void mover_sync(struct mover *mover, struct transfer *t)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&mover->ring);

	t->syncing = true;
	io_uring_prep_fsync(sqe, t->sync_fd, 0);
	io_uring_sqe_set_data(sqe, t);
}

/* Every transfer has at most one chunk in the ring, so there is always room. */
int mover_start(struct mover *mover, struct transfer *t)
{
	if (mover->in_flight >= MOVER_ENTRIES)
		return -EBUSY;
	mover->in_flight++;
	t->moved = 0;
	t->syncing = false;
	mover_next_chunk(mover, t);
	return sd_event_source_set_enabled(mover->turn, SD_EVENT_ONESHOT);
}

static void mover_finish(struct mover *mover, struct transfer *t, int result)
{
	mover->in_flight--;
	t->done(t, result);
}

static void mover_chunk_moved(struct mover *mover, struct transfer *t, uint32_t size)
{
	if (t->seen)
		t->seen(t, (char *)t->memory + t->moved, size);
	t->moved += size;
	if (t->moved < t->length)
		mover_next_chunk(mover, t);
	else if (t->sync)
		mover_sync(mover, t);
	else
		mover_finish(mover, t, 0);
}

static void mover_synced(struct mover *mover, struct transfer *t, int res)
{
	if (res == -EINTR)
		mover_sync(mover, t);
	else
		mover_finish(mover, t, res);
}

static void mover_chunk_done(struct mover *mover, struct transfer *t, int res)
{
	if (res == -EINTR || res == -EAGAIN)
		res = 0;
	else if (res == 0)
		res = -ENODATA;
	if (res < 0)
		mover_finish(mover, t, res);
	else
		mover_chunk_moved(mover, t, (uint32_t)res);
}

static void mover_reap(struct mover *mover)
{
	struct io_uring_cqe *cqe;
	struct transfer *t;
	int res;

	while (io_uring_peek_cqe(&mover->ring, &cqe) == 0) {
		t = io_uring_cqe_get_data(cqe);
		res = cqe->res;
		io_uring_cqe_seen(&mover->ring, cqe);
		if (t->syncing)
			mover_synced(mover, t, res);
		else
			mover_chunk_done(mover, t, res);
	}
}

static int mover_turn(struct mover *mover)
{
	int r;

	mover_reap(mover);
	if (!io_uring_sq_ready(&mover->ring))
		return 0;
	r = io_uring_submit(&mover->ring);
	if (r < 0 && r != -EINTR && r != -EAGAIN && r != -EBUSY)
		return r;
	return sd_event_source_set_enabled(mover->turn, SD_EVENT_ONESHOT);
}

/* Without the mover nothing goes on: end, and be started anew. */
static int mover_turn_or_exit(struct mover *mover)
{
	int r = mover_turn(mover);

	if (r >= 0)
		return 0;
	log_error("moving bytes by io_uring: %s", strerror(-r));
	return sd_event_exit(sd_event_source_get_event(mover->turn), r);
}

static int on_turn(sd_event_source *source, void *userdata)
{
	return mover_turn_or_exit(userdata);
}

static int on_wake(sd_event_source *source, int fd, uint32_t revents,
		   void *userdata)
{
	uint64_t count;

	if (read(fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return -errno;
	return mover_turn_or_exit(userdata);
}

static int mover_init_ring(struct mover *mover)
{
	struct io_uring_params params = {
		.flags = IORING_SETUP_SINGLE_ISSUER |
			 IORING_SETUP_DEFER_TASKRUN |
			 IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL,
	};
	unsigned int workers[2] = { MOVER_WORKERS, 1 };
	int r;

	r = io_uring_queue_init_params(MOVER_ENTRIES, &mover->ring, &params);
	if (r < 0)
		return r;
	mover->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (mover->event_fd < 0)
		return -errno;
	r = io_uring_register_eventfd(&mover->ring, mover->event_fd);
	if (r < 0)
		return r;
	return io_uring_register_iowq_max_workers(&mover->ring, workers);
}

static int mover_init(struct mover *mover, sd_event *event)
{
	int r;

	r = mover_init_ring(mover);
	if (r < 0)
		return r;
	r = sd_event_add_io(event, &mover->wake, mover->event_fd, EPOLLIN,
			    on_wake, mover);
	if (r < 0)
		return r;
	r = sd_event_add_defer(event, &mover->turn, on_turn, mover);
	if (r < 0)
		return r;
	return sd_event_source_set_enabled(mover->turn, SD_EVENT_OFF);
}

int mover_create(sd_event *event, struct mover **ret_mover)
{
	struct mover *mover = calloc(1, sizeof(*mover));
	int r;

	if (!mover)
		return -ENOMEM;
	mover->event_fd = -1;
	mover->ring.ring_fd = -1;
	r = mover_init(mover, event);
	if (r < 0) {
		mover_destroy(mover);
		return r;
	}
	*ret_mover = mover;
	return 0;
}

/* Transfers under way are abandoned: for the end of the process only. */
void mover_destroy(struct mover *mover)
{
	if (!mover)
		return;
	sd_event_source_disable_unref(mover->turn);
	sd_event_source_disable_unref(mover->wake);
	if (mover->ring.ring_fd >= 0)
		io_uring_queue_exit(&mover->ring);
	if (mover->event_fd >= 0)
		close(mover->event_fd);
	free(mover);
}
