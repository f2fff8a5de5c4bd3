// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * path - what one job costs in instructions, beside the kernel's own paths
 *
 * Run under QEMU's -icount shift=0, where the clock advances by one nanosecond
 * for each instruction: the difference of two clock readings is a count, the
 * same to the digit in every run. Prints one flat JSON object, thousand
 * instructions per operation.
 *
 * All operations use one kind of ring and a registered file, so that what
 * differs is the path behind it. Must never check results only by time: an
 * operation that fails ends the program.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include <liburing.h>

#include <drm/layby_accel.h>
#include <layby/bench_ioctl.h>

#define ROUNDS	2000u
#define WARM_UP	200u
#define BATCH	32u
#define BLOCK	512u

struct bench {
	struct io_uring ring;
	int node;
	int block;
	void *buffer;
	uint32_t job;
};

enum { FILE_NODE, FILE_BLOCK };

static void die(const char *what, int error)
{
	fprintf(stderr, "path: %s: %s\n", what, strerror(error));
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int open_or_die(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		die(path, errno);
	return fd;
}

static void ioctl_or_die(int fd, unsigned long request, void *arg, const char *what)
{
	if (ioctl(fd, request, arg) < 0)
		die(what, errno);
}

static void prepare_job(struct bench *bench)
{
	struct layby_buffer_create buffer = { .size = 4096 };
	struct layby_range input = { .offset = 1024, .length = BLOCK };
	struct layby_range output = { .offset = 2048, .length = BLOCK };
	struct layby_job_prepare job = {
		.program.length = 1024,
		.inputs = (uintptr_t)&input,
		.outputs = (uintptr_t)&output,
		.input_count = 1,
		.output_count = 1,
		.longest_run_ns = 1000000000,
	};

	ioctl_or_die(bench->node, DRM_IOCTL_LAYBY_BUFFER_CREATE, &buffer, "create buffer");
	job.program.handle = buffer.handle;
	input.handle = buffer.handle;
	output.handle = buffer.handle;
	ioctl_or_die(bench->node, DRM_IOCTL_LAYBY_JOB_PREPARE, &job, "prepare job");
	bench->job = job.job;
}

static void setup(struct bench *bench, const char *node)
{
	struct iovec memory = { .iov_len = 4096 };
	int files[2], ret;

	bench->node = open_or_die(node, O_RDWR);
	bench->block = open_or_die("/dev/nullb0", O_RDONLY | O_DIRECT);
	files[FILE_NODE] = bench->node;
	files[FILE_BLOCK] = bench->block;
	if (posix_memalign(&bench->buffer, 4096, memory.iov_len))
		die("memory", ENOMEM);
	memory.iov_base = bench->buffer;

	ret = io_uring_queue_init(BATCH, &bench->ring,
				  IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
	if (!ret)
		ret = io_uring_register_files(&bench->ring, files, 2);
	if (!ret)
		ret = io_uring_register_buffers(&bench->ring, &memory, 1);
	if (ret)
		die("io_uring", -ret);
	prepare_job(bench);
}

/* --- Operations: fill one SQE, the Nth of a batch of that size ------------- */

typedef void (*fill_t)(struct bench *bench, struct io_uring_sqe *sqe,
		       unsigned int nth, unsigned int batch);

static void fill_nop(struct bench *bench, struct io_uring_sqe *sqe,
		     unsigned int nth, unsigned int batch)
{
	io_uring_prep_nop(sqe);
}

static void fill_read(struct bench *bench, struct io_uring_sqe *sqe,
		      unsigned int nth, unsigned int batch)
{
	io_uring_prep_read_fixed(sqe, FILE_BLOCK, bench->buffer, BLOCK, 0, 0);
	sqe->flags |= IOSQE_FIXED_FILE;
}

static void fill_job(struct bench *bench, struct io_uring_sqe *sqe,
		     unsigned int nth, unsigned int batch)
{
	struct layby_cmd_submit *submit = (void *)sqe->cmd;

	io_uring_prep_rw(IORING_OP_URING_CMD, sqe, FILE_NODE, NULL, 0, 0);
	sqe->flags |= IOSQE_FIXED_FILE;
	sqe->cmd_op = LAYBY_CMD_SUBMIT;
	submit->job = bench->job;
	submit->tag = (uint16_t)nth;
	submit->flags = nth + 1 < batch ? LAYBY_SUBMIT_MORE : 0;
	submit->cookie = nth;
}

static void reap(struct bench *bench, unsigned int batch)
{
	struct io_uring_cqe *cqes[BATCH];
	unsigned int i, n;

	n = io_uring_peek_batch_cqe(&bench->ring, cqes, batch);
	if (n != batch)
		die("fewer completions than submissions", EIO);
	for (i = 0; i < n; i++)
		if (cqes[i]->res < 0)
			die("operation", -cqes[i]->res);
	io_uring_cq_advance(&bench->ring, n);
}

static void run_batch(struct bench *bench, fill_t fill, unsigned int batch)
{
	unsigned int i;
	int ret;

	for (i = 0; i < batch; i++)
		fill(bench, io_uring_get_sqe(&bench->ring), i, batch);
	ret = io_uring_submit_and_wait(&bench->ring, batch);
	if (ret < 0)
		die("submit", -ret);
	reap(bench, batch);
}

static double measure(struct bench *bench, fill_t fill, unsigned int batch)
{
	uint64_t start;
	unsigned int i;

	for (i = 0; i < WARM_UP; i++)
		run_batch(bench, fill, batch);
	start = now_ns();
	for (i = 0; i < ROUNDS; i++)
		run_batch(bench, fill, batch);
	return (double)(now_ns() - start) / ROUNDS / batch / 1000;
}

static void run_ioctl(struct bench *bench)
{
	struct layby_bench_run run = { .job = bench->job };

	ioctl_or_die(bench->node, DRM_IOCTL_LAYBY_BENCH_RUN, &run, "bench run");
	if (run.result)
		die("bench job", -run.result);
}

static double measure_ioctl(struct bench *bench)
{
	uint64_t start;
	unsigned int i;

	for (i = 0; i < WARM_UP; i++)
		run_ioctl(bench);
	start = now_ns();
	for (i = 0; i < ROUNDS; i++)
		run_ioctl(bench);
	return (double)(now_ns() - start) / ROUNDS / 1000;
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
