/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rings, and the two commands in them. Functions return 0 (or a value) or
 * -errno and print nothing.
 */
#ifndef UAPI_RING_H
#define UAPI_RING_H

#include <stdbool.h>
#include <stdint.h>

#include <liburing.h>
#include <drm/layby_accel.h>

#define RING_ENTRIES	128

/* The ways in which a command can reach the kernel. */
enum ring_mode {
	RING_PLAIN,
	RING_ASYNC,	/* IOSQE_ASYNC: issued by an io-wq worker */
	RING_LINKED,	/* each linked to the next */
	RING_SQPOLL,	/* issued by the ring's kernel thread */
	RING_DEFER,	/* SINGLE_ISSUER | DEFER_TASKRUN, as the agent has it */
	RING_MODES,
};

extern const char *const ring_mode_name[RING_MODES];

/* One completion. */
struct done {
	uint64_t user_data;
	int res;
};

int ring_open(struct io_uring *ring, enum ring_mode mode);

/* A submission of job 0 with @tag; user_data is the cookie. */
struct io_uring_sqe *ring_job(struct io_uring *ring, int fd, uint32_t tag,
			      uint64_t cookie);
struct io_uring_sqe *ring_cancel(struct io_uring *ring, int fd, uint32_t tag,
				 uint64_t cookie, uint64_t user_data);
struct layby_cmd_submit *sqe_submit(struct io_uring_sqe *sqe);
struct layby_cmd_cancel *sqe_cancel(struct io_uring_sqe *sqe);

/* Collect @count completions, 10 s at most (times the kernel's factor). */
int ring_collect(struct io_uring *ring, struct done *done, unsigned int count);
/* Submit everything and collect as many completions: one CQE an SQE. */
int ring_run(struct io_uring *ring, struct done *done, unsigned int count);
/* Submit the one SQE that was filled in: its result. */
int ring_run_one(struct io_uring *ring);
/* Nothing more comes. */
bool ring_is_quiet(struct io_uring *ring);
/* The result of @user_data, or INT32_MIN if it is not there exactly once. */
int done_result(const struct done *done, unsigned int count, uint64_t user_data);

#endif /* UAPI_RING_H */
