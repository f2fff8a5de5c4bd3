// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * doorbell - how long a job takes beyond what the device says that it ran
 *
 * usage: doorbell NODE PROGRAM
 *
 * One job at a time: from before the submission to after its completion, less
 * the run time in its report. Prints one flat JSON object, microseconds.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <layby.h>

#define JOBS	1000
#define WARM_UP	50
#define BYTES	64

static _Noreturn void die(const char *what, int r)
{
	fprintf(stderr, "doorbell: %s: %s\n", what, strerror(-r));
	exit(1);
}

static struct layby_range load(struct layby_node *node, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct layby_buffer *buffer;
	struct stat st;
	void *data;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		die(path, -errno);
	r = layby_buffer_create(node, (uint64_t)st.st_size, 0, &buffer);
	if (r < 0)
		die("program buffer", r);
	r = layby_buffer_map(buffer, &data);
	if (r < 0)
		die("program buffer", r);
	if (read(fd, data, (size_t)st.st_size) != st.st_size)
		die(path, -EIO);
	close(fd);
	return layby_buffer_range(buffer, 0, (uint64_t)st.st_size);
}

static struct layby_job *prepare(struct layby_node *node, const char *program)
{
	struct layby_range input, output;
	struct layby_job_spec spec = {
		.inputs = &input, .input_count = 1,
		.outputs = &output, .output_count = 1,
		.longest_run_ns = 1000000000,
	};
	struct layby_buffer *buffer;
	struct layby_job *job;
	int r;

	r = layby_buffer_create(node, 4096, 0, &buffer);
	if (r < 0)
		die("buffer", r);
	input = layby_buffer_range(buffer, 0, BYTES);
	output = layby_buffer_range(buffer, 2048, BYTES);
	spec.program = load(node, program);
	r = layby_job_prepare(node, &spec, &job);
	if (r < 0)
		die("prepare", r);
	return job;
}

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double run(struct layby_queue *queue, const struct layby_job *job)
{
	struct layby_completion done;
	double start = now_us();
	int r;

	r = layby_queue_add(queue, job, 0);
	if (r >= 0)
		r = layby_queue_wait(queue, LAYBY_WAIT_FOREVER, &done);
	if (r < 0)
		die("run", r);
	if (done.result < 0)
		die("job", done.result);
	return now_us() - start - (double)done.report.run_ticks;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	static double us[JOBS];
	struct layby_queue *queue;
	struct layby_node *node;
	struct layby_job *job;
	int i, r;

	if (argc != 3) {
		fprintf(stderr, "usage: doorbell NODE PROGRAM\n");
		return 2;
	}
	r = layby_node_open(argv[1], &node);
	if (r < 0)
		die(argv[1], r);
	job = prepare(node, argv[2]);
	r = layby_queue_create(node, 1, LAYBY_QUEUE_SINGLE_ISSUER, &queue);
	if (r < 0)
		die("queue", r);
	for (i = 0; i < WARM_UP; i++)
		run(queue, job);
	for (i = 0; i < JOBS; i++)
		us[i] = run(queue, job);
	qsort(us, JOBS, sizeof(*us), by_value);
	printf("{ \"jobs\": %d, \"p50_us\": %.1f, \"p99_us\": %.1f, \"max_us\": %.1f }\n",
	       JOBS, us[JOBS / 2], us[JOBS * 99 / 100], us[JOBS - 1]);
	return 0;
}
