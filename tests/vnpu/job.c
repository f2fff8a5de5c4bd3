// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * job - one descriptor: is it in order, what it reaches, in and out of memory
 *
 * Must never use a byte of a descriptor that was not read into our own copy,
 * nor reach memory that job_check_reach() has not found inside the window.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "job.h"

static void decode_range(struct reach *reach,
			 const struct layby_vnpu_range *range, bool write)
{
	reach->address = le64toh(range->address);
	reach->length = le64toh(range->length);
	reach->write = write;
}

static bool pads_zero(const struct layby_vnpu_descriptor *descriptor)
{
	return !descriptor->pad && !descriptor->pad2[0] &&
	       !descriptor->pad2[1] && !descriptor->pad3[0] &&
	       !descriptor->pad3[1];
}

static bool counts_good(const struct layby_vnpu_descriptor *descriptor)
{
	return descriptor->input_count <= LAYBY_VNPU_INPUTS &&
	       descriptor->output_count >= 1 &&
	       descriptor->output_count <= LAYBY_VNPU_OUTPUTS;
}

static void decode_ranges(struct job *job,
			  const struct layby_vnpu_descriptor *descriptor)
{
	struct reach *reach = job->reach;

	decode_range(reach++, &descriptor->program, false);
	for (uint32_t i = 0; i < job->input_count; i++)
		decode_range(reach++, &descriptor->input[i], false);
	for (uint32_t i = 0; i < job->output_count; i++)
		decode_range(reach++, &descriptor->output[i], true);
}

void job_decode(struct job *job,
		const struct layby_vnpu_descriptor *descriptor,
		const struct job_limits *limits)
{
	*job = (struct job){
		.tag = le16toh(descriptor->tag),
		.flags = descriptor->flags,
		.party = le64toh(descriptor->party),
		.status = LAYBY_VNPU_STATUS_BAD_DESCRIPTOR,
		.transfer = -1,
	};
	if (job->tag >= limits->entries || !pads_zero(descriptor) ||
	    !counts_good(descriptor) ||
	    (job->flags & ~LAYBY_VNPU_JOB_CLEAR_TILES))
		return;
	job->input_count = descriptor->input_count;
	job->output_count = descriptor->output_count;
	decode_ranges(job, descriptor);
	for (uint32_t i = 0; i < job_reaches(job); i++) {
		if (!job->reach[i].length)
			return;
	}
	job->status = LAYBY_VNPU_STATUS_OK;
}

uint32_t job_reaches(const struct job *job)
{
	return 1 + job->input_count + job->output_count;
}

uint16_t job_check_reach(const struct job *job, const struct job_limits *limits)
{
	for (uint32_t i = 0; i < job_reaches(job); i++) {
		if (!range_inside(limits->window_base, limits->window_bytes,
				  job->reach[i].address, job->reach[i].length))
			return LAYBY_VNPU_STATUS_ACCESS;
	}
	return LAYBY_VNPU_STATUS_OK;
}

static int put(int fd, const void *from, uint64_t length, uint64_t at)
{
	while (length) {
		ssize_t n = pwrite(fd, from, length, at);

		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		from = (const uint8_t *)from + n;
		at += n;
		length -= n;
	}
	return 0;
}

static int get(int fd, void *to, uint64_t length, uint64_t at)
{
	while (length) {
		ssize_t n = pread(fd, to, length, at);

		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		to = (uint8_t *)to + n;
		at += n;
		length -= n;
	}
	return 0;
}

static int put_reach(const struct job *job, const struct memory *memory,
		     const struct reach *reach, uint64_t at)
{
	const void *from = memory_at(memory, reach->address, reach->length);

	return from ? put(job->transfer, from, reach->length, at) : -EFAULT;
}

static void fill_request(struct job *job)
{
	struct compute_request *request = &job->request;
	const struct reach *reach = job->reach;

	request->input_count = job->input_count;
	request->output_count = job->output_count;
	request->program_bytes = (reach++)->length;
	for (uint32_t i = 0; i < job->input_count; i++)
		request->input_bytes[i] = (reach++)->length;
	for (uint32_t i = 0; i < job->output_count; i++)
		request->output_bytes[i] = (reach++)->length;
}

/* Only a program in which the name stands can have such an input. */
static bool names_tile_memory(const struct job *job, const struct memory *memory)
{
	const struct reach *program = &job->reach[0];
	const void *at = memory_at(memory, program->address, program->length);

	return at && memmem(at, program->length, COMPUTE_TILE_MEMORY,
			    strlen(COMPUTE_TILE_MEMORY));
}

static int gather_inputs(const struct job *job, const struct memory *memory,
			 const struct compute_layout *layout)
{
	int r = put_reach(job, memory, &job->reach[0], 0);

	for (uint32_t i = 0; r >= 0 && i < job->input_count; i++)
		r = put_reach(job, memory, &job->reach[1 + i], layout->input[i]);
	return r;
}

int job_gather(struct job *job, const struct memory *memory,
	       const struct tiles *tiles, uint32_t mask)
{
	static uint8_t local[LAYBY_VNPU_MAX_TILES * TILE_LOCAL_BYTES];
	struct compute_layout layout;
	int r;

	fill_request(job);
	if (names_tile_memory(job, memory))
		job->request.tile_bytes = tiles_bytes(mask);
	layout = compute_layout(&job->request);
	job->transfer = memory_fd("vnpu-transfer", layout.total);
	if (job->transfer < 0)
		return job->transfer;
	r = gather_inputs(job, memory, &layout);
	if (r >= 0 && job->request.tile_bytes) {
		tiles_read(tiles, mask, local);
		r = put(job->transfer, local, job->request.tile_bytes,
			layout.tile);
	}
	return r;
}

int job_commit(const struct job *job, const struct memory *memory)
{
	struct compute_layout layout = compute_layout(&job->request);
	const struct reach *reach = &job->reach[1 + job->input_count];
	int r = 0;

	for (uint32_t i = 0; r >= 0 && i < job->output_count; i++, reach++) {
		void *to = memory_at(memory, reach->address, reach->length);

		r = to ? get(job->transfer, to, reach->length,
			     layout.output[i]) : -EFAULT;
	}
	return r;
}

static uint64_t leave_part(const struct job *job, struct tiles *tiles,
			   uint32_t mask, uint64_t offset, uint64_t from,
			   uint64_t length)
{
	static uint8_t part[LAYBY_VNPU_MAX_TILES * TILE_LOCAL_BYTES];
	uint64_t room = tiles_bytes(mask);

	if (offset >= room)
		return offset;
	if (length > room - offset)
		length = room - offset;
	if (get(job->transfer, part, length, from) < 0)
		return offset;
	tiles_leave(tiles, mask, offset, part, length);
	return offset + length;
}

void job_leave(const struct job *job, struct tiles *tiles, uint32_t mask,
	       bool outputs)
{
	struct compute_layout layout = compute_layout(&job->request);
	uint64_t at = 0;

	for (uint32_t i = 0; i < job->input_count; i++)
		at = leave_part(job, tiles, mask, at, layout.input[i],
				job->request.input_bytes[i]);
	for (uint32_t i = 0; outputs && i < job->output_count; i++)
		at = leave_part(job, tiles, mask, at, layout.output[i],
				job->request.output_bytes[i]);
}

void job_release(struct job *job)
{
	if (job->transfer >= 0)
		close(job->transfer);
	job->transfer = -1;
}
