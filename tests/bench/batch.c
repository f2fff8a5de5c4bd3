// SPDX-License-Identifier: LGPL-2.1-or-later
/* Operations in batches, see batch.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include <drm/layby_accel.h>

#include "batch.h"

_Noreturn void bench_die(const char *what, int error)
{
	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(error));
	exit(1);
}

uint64_t bench_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

int bench_file(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		bench_die(path, errno);
	return fd;
}

void bench_ioctl(int fd, unsigned long request, void *arg, const char *what)
{
	if (ioctl(fd, request, arg) < 0)
		bench_die(what, errno);
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

	bench_ioctl(bench->node, DRM_IOCTL_LAYBY_BUFFER_CREATE, &buffer, "create buffer");
	job.program.handle = buffer.handle;
	input.handle = buffer.handle;
	output.handle = buffer.handle;
	bench_ioctl(bench->node, DRM_IOCTL_LAYBY_JOB_PREPARE, &job, "prepare job");
	bench->job = job.job;
}

void bench_open(struct bench *bench, const char *node, int other)
{
	int files[2], ret;

	bench->node = bench_file(node, O_RDWR);
	files[FILE_NODE] = bench->node;
	files[FILE_OTHER] = other;
	ret = io_uring_queue_init(BATCH, &bench->ring,
				  IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
	if (!ret)
		ret = io_uring_register_files(&bench->ring, files, 2);
	if (ret)
		bench_die("io_uring", -ret);
	prepare_job(bench);
}

void fill_job(struct bench *bench, struct io_uring_sqe *sqe, unsigned int nth,
	      unsigned int batch)
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
		bench_die("fewer completions than submissions", EIO);
	for (i = 0; i < n; i++)
		if (cqes[i]->res < 0)
			bench_die("operation", -cqes[i]->res);
	io_uring_cq_advance(&bench->ring, n);
}

void bench_batch(struct bench *bench, fill_t fill, unsigned int batch)
{
	unsigned int i;
	int ret;

	for (i = 0; i < batch; i++)
		fill(bench, io_uring_get_sqe(&bench->ring), i, batch);
	ret = io_uring_submit_and_wait(&bench->ring, batch);
	if (ret < 0)
		bench_die("submit", -ret);
	reap(bench, batch);
}
