// SPDX-License-Identifier: LGPL-2.1-or-later
/* example PROGRAM INPUT OUTPUT-BYTES > OUTPUT: one job on the guest partition */
#include <layby.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void check(int r, const char *what)
{
	if (r < 0)
		errx(1, "%s: %s", what, strerror(-r));
}

static struct layby_range load(struct layby_node *node, const char *path)
{
	struct layby_buffer *buffer;
	struct stat st;
	void *data;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	check(fd < 0 || fstat(fd, &st) < 0 ? -errno : 0, path);
	check(layby_buffer_create(node, st.st_size, 0, &buffer), path);
	check(layby_buffer_map(buffer, &data), path);
	check(read(fd, data, st.st_size) != st.st_size ? -EIO : 0, path);
	return layby_buffer_range(buffer, 0, st.st_size);
}

int main(int argc, char *argv[])
{
	size_t size = argc == 4 ? strtoul(argv[3], NULL, 0) : 0;
	struct layby_node *node;
	struct layby_queue *queue;
	struct layby_buffer *output;
	struct layby_job *job;
	struct layby_completion done;
	void *data;

	if (!size)
		errx(2, "usage: example PROGRAM INPUT OUTPUT-BYTES");
	check(layby_node_open("guest", &node), "guest partition");
	check(layby_queue_create(node, 1, 0, &queue), "queue");
	check(layby_buffer_create(node, size, 0, &output), "output");
	check(layby_buffer_map(output, &data), "output");
	struct layby_range input = load(node, argv[2]);
	struct layby_range range = layby_buffer_range(output, 0, size);
	struct layby_job_spec spec = {
		.program = load(node, argv[1]),
		.inputs = &input, .input_count = 1,
		.outputs = &range, .output_count = 1,
		.longest_run_ns = 1000000000,
	};
	check(layby_job_prepare(node, &spec, &job), "prepare");
	check(layby_queue_add(queue, job, 0), "submit");
	check(layby_queue_wait(queue, LAYBY_WAIT_FOREVER, &done), "wait");
	check(done.result, "job");
	return write(STDOUT_FILENO, data, size) == (ssize_t)size ? 0 : 1;
}
