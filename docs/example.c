// SPDX-License-Identifier: LGPL-2.1-or-later
/* example PROGRAM INPUT OUTPUT-BYTES > OUTPUT: one job on the guest partition */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <layby.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROOM 262144 /* bytes for each: program, input, output */

static void check(int r, const char *what)
{
	if (r < 0)
		errx(1, "%s: %s", what, strerror(-r));
}

static size_t load(const char *path, void *to)
{
	int fd = open(path, O_RDONLY);
	ssize_t size = fd < 0 ? -1 : read(fd, to, ROOM);

	check(size < 0 ? -errno : size == ROOM ? -EFBIG : 0, path);
	return size;
}

int main(int argc, char *argv[])
{
	struct layby_node *node;
	struct layby_buffer *buffer;
	struct layby_queue *queue;
	struct layby_job *job;
	struct layby_completion done;
	void *data;

	if (argc != 4)
		errx(2, "usage: example PROGRAM INPUT OUTPUT-BYTES");
	check(layby_node_open("guest", &node), "guest partition");
	check(layby_buffer_create(node, 3 * ROOM, 0, &buffer), "buffer");
	check(layby_buffer_map(buffer, &data), "buffer");
	struct layby_range input = layby_buffer_range(buffer, ROOM, load(argv[2], data + ROOM));
	struct layby_range output = layby_buffer_range(buffer, 2 * ROOM, strtoul(argv[3], NULL, 0));
	struct layby_job_spec spec = {
		.program = layby_buffer_range(buffer, 0, load(argv[1], data)),
		.inputs = &input, .input_count = 1, .outputs = &output, .output_count = 1,
		.longest_run_ns = 10 * 1000000000ull,
	};
	check(layby_job_prepare(node, &spec, &job), "prepare");
	check(layby_queue_create(node, 1, 0, &queue), "queue");
	check(layby_queue_add(queue, job, 0), "submit");
	check(layby_queue_wait(queue, LAYBY_WAIT_FOREVER, &done), "wait");
	check(done.result, "job");
	return write(1, data + 2 * ROOM, output.length) != (ssize_t)output.length;
}
