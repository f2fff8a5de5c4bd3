// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * path - what one job costs in instructions, beside the kernel's own paths
 *
 * Run under QEMU's -icount shift=0, where the clock advances by one nanosecond
 * for each instruction: the difference of two clock readings is a count, the
 * same to the digit in every run. Prints one flat JSON object, thousand
 * instructions per operation.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include <drm/layby_accel.h>
#include <layby/bench_ioctl.h>

#include "batch.h"

static void *buffer;

static void setup(struct bench *bench, const char *node)
{
	struct iovec memory = { .iov_len = 4096 };
	int ret;

	bench_open(bench, node, bench_file("/dev/nullb0", O_RDONLY | O_DIRECT));
	if (posix_memalign(&buffer, 4096, memory.iov_len))
		bench_die("memory", ENOMEM);
	memory.iov_base = buffer;
	ret = io_uring_register_buffers(&bench->ring, &memory, 1);
	if (ret)
		bench_die("io_uring", -ret);
}

static void fill_nop(struct bench *bench, struct io_uring_sqe *sqe,
		     unsigned int nth, unsigned int batch)
{
	io_uring_prep_nop(sqe);
}

static void fill_read(struct bench *bench, struct io_uring_sqe *sqe,
		      unsigned int nth, unsigned int batch)
{
	io_uring_prep_read_fixed(sqe, FILE_OTHER, buffer, BLOCK, 0, 0);
	sqe->flags |= IOSQE_FIXED_FILE;
}

static double measure(struct bench *bench, fill_t fill, unsigned int batch)
{
	uint64_t start;
	unsigned int i;

	for (i = 0; i < WARM_UP; i++)
		bench_batch(bench, fill, batch);
	start = bench_now_ns();
	for (i = 0; i < ROUNDS; i++)
		bench_batch(bench, fill, batch);
	return (double)(bench_now_ns() - start) / ROUNDS / batch / 1000;
}

static void run_ioctl(struct bench *bench)
{
	struct layby_bench_run run = { .job = bench->job };

	bench_ioctl(bench->node, DRM_IOCTL_LAYBY_BENCH_RUN, &run, "bench run");
	if (run.result)
		bench_die("bench job", -run.result);
}

static double measure_ioctl(struct bench *bench)
{
	uint64_t start;
	unsigned int i;

	for (i = 0; i < WARM_UP; i++)
		run_ioctl(bench);
	start = bench_now_ns();
	for (i = 0; i < ROUNDS; i++)
		run_ioctl(bench);
	return (double)(bench_now_ns() - start) / ROUNDS / 1000;
}

int main(int argc, char **argv)
{
	struct bench bench = {};

	if (argc != 2) {
		fprintf(stderr, "usage: path NODE\n");
		return 2;
	}
	setup(&bench, argv[1]);
	printf("{ \"nop_b1\": %.3f,", measure(&bench, fill_nop, 1));
	printf(" \"nop_b32\": %.3f,", measure(&bench, fill_nop, BATCH));
	printf(" \"null_blk_b1\": %.3f,", measure(&bench, fill_read, 1));
	printf(" \"null_blk_b32\": %.3f,", measure(&bench, fill_read, BATCH));
	printf(" \"job_b1\": %.3f,", measure(&bench, fill_job, 1));
	printf(" \"job_b32\": %.3f,", measure(&bench, fill_job, BATCH));
	printf(" \"ioctl_b1\": %.3f }\n", measure_ioctl(&bench));
	return 0;
}
