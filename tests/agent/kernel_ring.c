// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The stand-in's ring: liburing's structs laid over static memory, so that its
 * inline functions work and nothing reaches a real io_uring.
 */
#include "kernel.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ENTRIES 16

struct kernel_ring kernel_ring;

static struct io_uring_sqe sqes[ENTRIES];
static struct io_uring_cqe cqes[2 * ENTRIES];
static unsigned int sq_head, sq_tail, sq_flags;
static unsigned int cq_head, cq_tail, cq_flags;

void kernel_ring_reset(void)
{
	kernel_ring = (struct kernel_ring){ 0 };
	sq_head = 0;
	sq_tail = 0;
	cq_head = 0;
	cq_tail = 0;
}

static unsigned int power_of_two(unsigned int n)
{
	unsigned int p = 1;

	while (p < n)
		p <<= 1;
	return p;
}

int __wrap_io_uring_queue_init_params(unsigned int entries,
				      struct io_uring *ring,
				      struct io_uring_params *params);
int __wrap_io_uring_queue_init_params(unsigned int entries,
				      struct io_uring *ring,
				      struct io_uring_params *params)
{
	kernel_ring.entries = entries;
	kernel_ring.params = *params;
	if (kernel_ring.setup_error)
		return kernel_ring.setup_error;
	*ring = (struct io_uring){
		.sq = { .khead = &sq_head,
			.ktail = &sq_tail,
			.kflags = &sq_flags,
			.sqes = sqes,
			.ring_entries = power_of_two(entries),
			.ring_mask = power_of_two(entries) - 1 },
		.cq = { .khead = &cq_head,
			.ktail = &cq_tail,
			.kflags = &cq_flags,
			.cqes = cqes,
			.ring_entries = 2 * ENTRIES,
			.ring_mask = 2 * ENTRIES - 1 },
		.ring_fd = -1,
	};
	return 0;
}

void __wrap_io_uring_queue_exit(struct io_uring *ring);
void __wrap_io_uring_queue_exit(struct io_uring *ring)
{
	kernel_ring.exited = true;
}

int __wrap_io_uring_submit(struct io_uring *ring);
int __wrap_io_uring_submit(struct io_uring *ring)
{
	struct io_uring_sq *sq = &ring->sq;
	int count = 0;

	kernel_ring.enters++;
	if (kernel_ring.submit_error)
		return kernel_ring.submit_error;
	for (; sq->sqe_head != sq->sqe_tail; sq->sqe_head++, count++) {
		assert_true(kernel_ring.seen_count < 64);
		kernel_ring.seen[kernel_ring.seen_count++] =
			sq->sqes[sq->sqe_head & sq->ring_mask];
	}
	sq_tail = sq->sqe_head;
	sq_head = sq_tail;
	return count;
}

static struct io_uring_cqe *first_cqe(void)
{
	return cq_head == cq_tail ? NULL : &cqes[cq_head % (2 * ENTRIES)];
}

/* A wait with nothing posted would never end: it is a timeout here. */
int __wrap_io_uring_submit_and_wait_timeout(struct io_uring *ring,
					    struct io_uring_cqe **cqe,
					    unsigned int wait,
					    struct __kernel_timespec *ts,
					    sigset_t *mask);
int __wrap_io_uring_submit_and_wait_timeout(struct io_uring *ring,
					    struct io_uring_cqe **cqe,
					    unsigned int wait,
					    struct __kernel_timespec *ts,
					    sigset_t *mask)
{
	int r = __wrap_io_uring_submit(ring);

	assert_int_equal(wait, 1);
	if (r < 0)
		return r;
	*cqe = first_cqe();
	if (!*cqe)
		assert_non_null(ts);
	return *cqe ? r : -ETIME;
}

int __wrap___io_uring_get_cqe(struct io_uring *ring, struct io_uring_cqe **cqe,
			      unsigned int submit, unsigned int wait,
			      sigset_t *mask);
int __wrap___io_uring_get_cqe(struct io_uring *ring, struct io_uring_cqe **cqe,
			      unsigned int submit, unsigned int wait,
			      sigset_t *mask)
{
	*cqe = first_cqe();
	return *cqe ? 0 : -EAGAIN;
}

int __wrap_io_uring_register_eventfd(struct io_uring *ring, int fd);
int __wrap_io_uring_register_eventfd(struct io_uring *ring, int fd)
{
	kernel_ring.event_fd = fd;
	return kernel_ring.eventfd_error;
}

void kernel_post(uint64_t user_data, int result)
{
	cqes[cq_tail++ % (2 * ENTRIES)] = (struct io_uring_cqe){
		.user_data = user_data,
		.res = result,
	};
}

void kernel_finish(uint32_t tag, int result, uint64_t cookie)
{
	kernel_reports[tag] = (struct layby_report){
		.state = LAYBY_REPORT_DONE,
		.result = result,
		.cookie = cookie,
		.energy_uj = 77,
	};
	kernel_post(tag, result);
}
