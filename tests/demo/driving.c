// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * driving - a camera's function: one image every thirtieth of a second
 *
 * usage: driving PROGRAM IMAGES FOLDER
 *
 * Opens the driving partition through liblayby, as a vehicle function would,
 * and writes to FOLDER, one entry a frame: driving.f32 (ten logits each) and
 * driving.csv (start, monotonic ns; submit to completion, ns; result; tiles that
 * the partition has after it). Ends with SIGTERM.
 * Must never skip a frame that failed: it is written with its error.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <layby.h>

#include "client.h"

#define PERIOD_NS	(1000000000 / 30)
#define LONGEST_RUN_NS	1000000000

static volatile sig_atomic_t end;

static void on_term(int signal)
{
	end = 1;
}

struct driving {
	struct layby_node *node;
	struct layby_queue *queue;
	struct layby_job *job;
	char *input;
	char *output;
	char *images;
	size_t image_count;
};

static char *cut_buffer(struct driving *d, size_t size, struct layby_range *ret_range)
{
	struct layby_buffer *made;
	void *data;
	int r;

	r = layby_buffer_create(d->node, size, 0, &made);
	if (r < 0)
		die("cutting a piece of the window", r);
	r = layby_buffer_map(made, &data);
	if (r < 0)
		die("mapping a buffer", r);
	*ret_range = layby_buffer_range(made, 0, size);
	return data;
}

static void setup(struct driving *d, const char *program_path, const char *images_path)
{
	struct layby_range program, input, output;
	struct layby_job_spec spec = {
		.inputs = &input, .input_count = 1,
		.outputs = &output, .output_count = 1,
		.longest_run_ns = LONGEST_RUN_NS,
	};
	size_t size;
	char *data;
	int r;

	r = layby_node_open("driving", &d->node);
	if (r < 0)
		die("driving node", r);
	data = read_file(program_path, &size);
	memcpy(cut_buffer(d, size, &program), data, size);
	free(data);
	d->images = read_file(images_path, &size);
	d->image_count = size / IMAGE_BYTES;
	d->input = cut_buffer(d, IMAGE_BYTES, &input);
	d->output = cut_buffer(d, LOGITS_BYTES, &output);

	spec.program = program;
	r = layby_job_prepare(d->node, &spec, &d->job);
	if (r >= 0)
		r = layby_queue_create(d->node, 1, LAYBY_QUEUE_SINGLE_ISSUER, &d->queue);
	if (r < 0)
		die("prepare", r);
}

/* Returns the result; the latency is what the function has to wait. */
static int frame(struct driving *d, size_t image, uint64_t *ret_latency_ns)
{
	struct layby_completion done;
	uint64_t start;
	int r;

	memcpy(d->input, d->images + image * IMAGE_BYTES, IMAGE_BYTES);
	start = now_ns();
	r = layby_queue_add(d->queue, d->job, image);
	if (r >= 0)
		r = layby_queue_wait(d->queue, LAYBY_WAIT_FOREVER, &done);
	*ret_latency_ns = now_ns() - start;
	return r < 0 ? r : done.result;
}

static uint32_t count_tiles(const struct driving *d)
{
	struct layby_partition_info info;
	int r;

	r = layby_node_query_partition(d->node, &info);
	if (r < 0)
		die("asking for the tiles", r);
	return info.tiles;
}

static void run(struct driving *d, FILE *csv, FILE *logits)
{
	uint64_t latency_ns, start, next = now_ns();
	size_t i;
	int r;

	for (i = 0; !end; i++) {
		next += PERIOD_NS;
		sleep_until_ns(next);
		start = now_ns();
		r = frame(d, i % d->image_count, &latency_ns);
		fprintf(csv, "%lu,%lu,%d,%u\n", start, latency_ns, r,
			count_tiles(d));
		fwrite(d->output, 1, LOGITS_BYTES, logits);
	}
}

int main(int argc, char **argv)
{
	struct sched_param urgent = { .sched_priority = 20 };
	struct driving d = {};
	FILE *csv, *logits;

	if (argc != 4) {
		fprintf(stderr, "usage: driving PROGRAM IMAGES FOLDER\n");
		return 2;
	}
	signal(SIGTERM, on_term);
	/* As vehicle functions are run; the demonstration starts it with the right. */
	if (sched_setscheduler(0, SCHED_FIFO, &urgent) < 0)
		die("SCHED_FIFO", -errno);
	setup(&d, argv[1], argv[2]);
	if (chdir(argv[3]) < 0)
		die(argv[3], -errno);
	csv = create_file("driving.csv");
	logits = create_file("driving.f32");
	run(&d, csv, logits);
	return fclose(csv) || fclose(logits);
}
