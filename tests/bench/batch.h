/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * batch - operations in batches on one ring, as the benchmarks of the path have them
 *
 * All use one kind of ring and registered files, so that what differs is the path
 * behind it. Must never take an operation that failed for one: that ends the program.
 */
#ifndef BENCH_BATCH_H
#define BENCH_BATCH_H

#include <stdint.h>

#include <liburing.h>

#define ROUNDS	2000u
#define WARM_UP	200u
#define BATCH	32u
#define BLOCK	512u

enum { FILE_NODE, FILE_OTHER };

/* @node has one prepared job, @job. */
struct bench {
	struct io_uring ring;
	int node;
	uint32_t job;
};

/* Fills one SQE, the @nth of a batch of that size. */
typedef void (*fill_t)(struct bench *bench, struct io_uring_sqe *sqe,
		       unsigned int nth, unsigned int batch);

_Noreturn void bench_die(const char *what, int error);
uint64_t bench_now_ns(void);
int bench_file(const char *path, int flags);
void bench_ioctl(int fd, unsigned long request, void *arg, const char *what);

/* @other: a second registered file, -1: none */
void bench_open(struct bench *bench, const char *node, int other);

void fill_job(struct bench *bench, struct io_uring_sqe *sqe, unsigned int nth,
	      unsigned int batch);
void bench_batch(struct bench *bench, fill_t fill, unsigned int batch);

#endif /* BENCH_BATCH_H */
