/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A stand-in for the kernel below liblayby, by link-time wrapping.
 *
 * A test hands over a table of the calls that it expects, with the bytes that
 * must arrive and the bytes or the errno to answer. Any other call fails the
 * test. The ring is plain memory: what was submitted is kept for the test to
 * look at, and the test posts the completions.
 */
#ifndef LAYBY_TESTS_KERNEL_H
#define LAYBY_TESTS_KERNEL_H

#include <layby.h>
#include <liburing.h>
#include <stdbool.h>
#include <stdint.h>

#define KERNEL_FD 1000
#define KERNEL_TAGS 4

/* One expected system call. */
struct call {
	enum { OPEN = 1, CLOSE, IOCTL, MMAP, MUNMAP } kind;
	/* OPEN */
	const char *path;
	/* IOCTL: the argument must hold @in, then is overwritten with @out */
	unsigned long request;
	const void *in;
	const void *out;
	/* IOCTL query: topic asked for, and what is written to its address */
	uint32_t topic;
	const void *info;
	size_t info_size;
	/* IOCTL version: the driver's name */
	const char *name;
	/* MMAP */
	uint64_t offset;
	uint64_t length;
	void *memory;
	/* not 0: the call fails with it */
	int error;
};

void kernel_expect(const struct call *calls, size_t count);
#define EXPECT(...)                                                        \
	do {                                                               \
		static const struct call calls_[] = { __VA_ARGS__ };       \
		kernel_expect(calls_, sizeof(calls_) / sizeof(calls_[0])); \
	} while (0)
/* Fails the test if an expected call did not come. */
void kernel_check_done(void);

extern struct layby_report kernel_reports[KERNEL_TAGS];
/* A node of KERNEL_TAGS tags, opened through the usual calls. */
struct layby_node *kernel_open_node(void);
void kernel_close_node(struct layby_node *node);
/* A job of it with this index. */
struct layby_job *kernel_prepare_job(struct layby_node *node, uint32_t index);
void kernel_unprepare_job(struct layby_job *job);

struct kernel_ring {
	int setup_error;
	int submit_error;
	int eventfd_error;
	struct io_uring_params params;
	unsigned int entries;
	/* what was submitted, oldest first */
	struct io_uring_sqe seen[64];
	unsigned int seen_count;
	unsigned int enters;
	bool exited;
	int event_fd;
};

extern struct kernel_ring kernel_ring;
void kernel_ring_reset(void);
void kernel_post(uint64_t user_data, int result);
void kernel_finish(uint32_t tag, int result, uint64_t cookie);

#endif
