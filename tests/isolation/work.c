// SPDX-License-Identifier: LGPL-2.1-or-later
/* Parties with real programs, see work.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gate.h"
#include "work.h"

#define MODELS		"/layby/build/models"
#define OPERATIONS	"layby.operations"
/* slow.onnx: 160000000 operations; four tiles do 16 a microsecond */
#define SLOW_DIGITS	9
#define OPERATIONS_PER_US 16

/* --- Models ----------------------------------------------------------------- */

static int model_read_fd(int fd, struct model *model)
{
	struct stat info;

	if (fstat(fd, &info))
		return -errno;
	model->size = (size_t)info.st_size;
	model->bytes = malloc(model->size);
	if (!model->bytes)
		return -ENOMEM;
	if (read(fd, model->bytes, model->size) == (ssize_t)model->size)
		return 0;
	model_free(model);
	return -EIO;
}

int model_read(const char *name, struct model *ret_model)
{
	char path[256];
	int fd, ret;

	if (strchr(name, '/'))
		snprintf(path, sizeof(path), "%s", name);
	else
		snprintf(path, sizeof(path), MODELS "/%s.onnx", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = model_read_fd(fd, ret_model);
	close(fd);
	return ret;
}

void model_free(struct model *model)
{
	free(model->bytes);
	model->bytes = NULL;
}

/* Behind the key: a protobuf tag, the value's length, its digits. */
int model_set_us(struct model *model, uint64_t us)
{
	char digits[32];
	uint8_t *value;

	value = memmem(model->bytes, model->size, OPERATIONS, strlen(OPERATIONS));
	if (!value)
		return -EINVAL;
	value += strlen(OPERATIONS) + 1;
	if (*value++ != SLOW_DIGITS)
		return -EINVAL;
	snprintf(digits, sizeof(digits), "%0*llu", SLOW_DIGITS,
		 (unsigned long long)us * OPERATIONS_PER_US);
	if (strlen(digits) != SLOW_DIGITS)
		return -ERANGE;
	memcpy(value, digits, SLOW_DIGITS);
	return 0;
}

/* --- Buffers ---------------------------------------------------------------- */

int buffer_make(int fd, size_t size, struct buffer *ret_buffer)
{
	struct buffer buffer = { .size = size };
	int ret;

	ret = buffer_create(fd, size, 0, &buffer.handle);
	if (ret)
		return ret;
	buffer.map = buffer_map(fd, buffer.handle, size);
	if (!buffer.map) {
		ret = -errno;
		buffer_close(fd, buffer.handle);
		return ret;
	}
	*ret_buffer = buffer;
	return 0;
}

int buffer_drop(int fd, struct buffer *buffer)
{
	if (buffer->map)
		munmap(buffer->map, buffer->size);
	buffer->map = NULL;
	return buffer_close(fd, buffer->handle);
}

struct layby_range buffer_range(const struct buffer *buffer, uint64_t offset,
				uint64_t length)
{
	return (struct layby_range){
		.handle = buffer->handle, .offset = offset, .length = length,
	};
}

bool all_bytes(const void *memory, uint8_t byte, size_t size)
{
	const uint8_t *bytes = memory;

	return !size || (bytes[0] == byte && !memcmp(bytes, bytes + 1, size - 1));
}

/* --- Parties ---------------------------------------------------------------- */

/* After a device came back, the gate opens by itself; after a fault, never. */
static int gate_await(uint32_t class)
{
	struct gate_state gate;
	int ret = class == LAYBY_CLASS_GUEST ? gate_state(&gate) : 0;

	if (ret || class != LAYBY_CLASS_GUEST || gate.fault)
		return ret;
	return gate_opens() ? 0 : -ESHUTDOWN;
}

int work_open(struct work *work, uint32_t class)
{
	int ret;

	memset(work, 0, sizeof(*work));
	ret = gate_await(class);
	if (!ret)
		ret = party_open(&work->party, class);
	if (ret)
		return ret;
	ret = ring_open(&work->ring, RING_PLAIN);
	if (ret)
		party_close(&work->party);
	return ret;
}

static void buffer_unmap(struct buffer *buffer)
{
	if (buffer->map)
		munmap(buffer->map, buffer->size);
	buffer->map = NULL;
}

/* The ring last: its end stops what is in flight. */
void work_close(struct work *work)
{
	buffer_unmap(&work->program);
	buffer_unmap(&work->input);
	buffer_unmap(&work->output);
	if (work->party.fd > 0) {
		party_close(&work->party);
		io_uring_queue_exit(&work->ring);
	}
	memset(work, 0, sizeof(*work));
}

int work_prepare(struct work *work, struct layby_range program,
		 const struct layby_range *input, struct layby_range output,
		 uint64_t longest_run_ns)
{
	struct layby_job_prepare prepare = {
		.program = program,
		.inputs = (uintptr_t)input, .input_count = input ? 1 : 0,
		.outputs = (uintptr_t)&output, .output_count = 1,
		.longest_run_ns = longest_run_ns,
	};
	int ret;

	ret = node_ioctl(work->party.fd, DRM_IOCTL_LAYBY_JOB_PREPARE, &prepare);
	return ret ? ret : (int)prepare.job;
}

int work_load(struct work *work, const struct model *model, size_t input,
	      size_t output, uint64_t longest_run_ns)
{
	struct layby_range range;
	int fd = work->party.fd;
	int ret;

	ret = buffer_make(fd, model->size, &work->program);
	if (!ret && input)
		ret = buffer_make(fd, input, &work->input);
	if (!ret)
		ret = buffer_make(fd, output, &work->output);
	if (ret)
		return ret;
	memcpy(work->program.map, model->bytes, model->size);
	range = buffer_range(&work->input, 0, input);
	ret = work_prepare(work, buffer_range(&work->program, 0, model->size),
			   input ? &range : NULL,
			   buffer_range(&work->output, 0, output), longest_run_ns);
	if (ret < 0)
		return ret;
	work->job = (uint32_t)ret;
	return 0;
}

static int work_open_load(struct work *work, uint32_t class,
			  const struct model *model, bool leak, uint64_t longest_run_ns)
{
	int ret;

	ret = work_open(work, class);
	if (ret)
		return ret;
	ret = work_load(work, model, leak ? 0 : VECTOR_BYTES,
			leak ? LEAK_BYTES : VECTOR_BYTES, longest_run_ns);
	if (ret)
		work_close(work);
	return ret;
}

int work_start_bounded(struct work *work, uint32_t class, const char *name,
		       uint64_t longest_run_ns)
{
	struct model model;
	int ret;

	ret = model_read(name, &model);
	if (ret)
		return ret;
	ret = work_open_load(work, class, &model, !strcmp(name, "leak"),
			     longest_run_ns);
	model_free(&model);
	return ret;
}

int work_start(struct work *work, uint32_t class, const char *name)
{
	return work_start_bounded(work, class, name, LONG_RUN);
}

int work_start_slow(struct work *work, uint32_t class, uint64_t us)
{
	struct model model;
	int ret;

	ret = model_read("slow", &model);
	if (ret)
		return ret;
	ret = model_set_us(&model, us);
	if (!ret)
		ret = work_open_load(work, class, &model, false, LONG_RUN);
	model_free(&model);
	return ret;
}

/* --- Jobs ------------------------------------------------------------------- */

int work_submit(struct work *work, uint32_t tag)
{
	struct io_uring_sqe *sqe = ring_job(&work->ring, work->party.fd, tag, tag);
	int ret;

	if (!sqe)
		return -EBUSY;
	sqe_submit(sqe)->job = work->job;
	ret = io_uring_submit(&work->ring);
	return ret < 0 ? ret : 0;
}

int work_wait(struct work *work)
{
	struct done done;
	int ret = ring_collect(&work->ring, &done, 1);

	return ret ? ret : done.res;
}

int work_wait_all(struct work *work, unsigned int count)
{
	int ret = 0;

	while (!ret && count--)
		ret = work_wait(work);
	return ret;
}

int work_run(struct work *work)
{
	int ret = work_submit(work, 0);

	return ret ? ret : work_wait(work);
}

int work_cancel(struct work *work, uint32_t tag)
{
	struct done done[2];
	int ret;

	ring_cancel(&work->ring, work->party.fd, tag, tag, 1000);
	ret = ring_run(&work->ring, done, 2);
	if (ret)
		return ret;
	ret = done_result(done, 2, 1000);
	return ret ? ret : done_result(done, 2, tag);
}

const struct layby_report *work_report(const struct work *work, uint32_t tag)
{
	return &work->party.reports[tag];
}

/* --- Vectors ---------------------------------------------------------------- */

void vector_fill(void *memory, float seed)
{
	float *x = memory;
	int i;

	for (i = 0; i < VECTOR; i++)
		x[i] = seed + (float)i / 2;
}

bool vector_is_right(const void *memory, float seed)
{
	const float *y = memory;
	int i;

	for (i = 0; i < VECTOR; i++)
		if (y[i] != seed + (float)i / 2 + (float)i)
			return false;
	return true;
}

void work_fill(struct work *work, float seed)
{
	vector_fill(work->input.map, seed);
}

bool work_is_right(const struct work *work, float seed)
{
	return vector_is_right(work->output.map, seed);
}

int work_once(uint32_t class)
{
	struct work work;
	int ret = work_start(&work, class, "add");

	if (ret)
		return ret;
	work_fill(&work, 5);
	ret = work_run(&work);
	if (!ret && !work_is_right(&work, 5))
		ret = -EBADMSG;
	work_close(&work);
	return ret;
}
