// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a job may name. See prepare.h.
 *
 * Owns every rule about the numbers of a preparation and of a command; job.c asks
 * it and owns handles, buffers and memory, uring.c reads each number once. Must
 * never add two numbers from userspace before it is known that the sum is one.
 */
#include "prepare.h"

bool layby_prepare_sane(const struct layby_job_prepare *args, __u64 longest_run_ns)
{
	return !(args->flags & ~LAYBY_JOB_INTERACTIVE) && !args->job &&
	       args->input_count <= LAYBY_MAX_INPUTS && args->output_count &&
	       args->output_count <= LAYBY_MAX_OUTPUTS && args->longest_run_ns &&
	       args->longest_run_ns <= longest_run_ns;
}

bool layby_prepare_place(const struct layby_range *range, __u64 address, __u64 size,
			 struct layby_hw_range *hw)
{
	if (range->pad || !range->length || range->offset % LAYBY_RANGE_ALIGN ||
	    range->offset > size || range->length > size - range->offset)
		return false;
	hw->address = address + range->offset;
	hw->length = range->length;
	return true;
}

static bool overlap(const struct layby_hw_range *a, const struct layby_hw_range *b)
{
	return a->address < b->address + b->length &&
	       b->address < a->address + a->length;
}

static bool overlap_any(const struct layby_hw_range *range,
			const struct layby_hw_range *others, __u32 count)
{
	__u32 i;

	for (i = 0; i < count; i++) {
		if (overlap(range, &others[i]))
			return true;
	}
	return false;
}

bool layby_prepare_apart(const struct layby_hw_job *job)
{
	const struct layby_hw_range *output;
	__u32 i;

	for (i = 0; i < job->output_count; i++) {
		output = &job->output[i];
		if (overlap(output, &job->program) ||
		    overlap_any(output, job->input, job->input_count) ||
		    overlap_any(output, job->output, i))
			return false;
	}
	return true;
}

bool layby_submit_sane(const struct layby_cmd_submit *submit)
{
	return !(submit->flags & ~LAYBY_SUBMIT_MORE) && submit->tag < LAYBY_PARTY_TAGS;
}

bool layby_cancel_sane(const struct layby_cmd_cancel *cancel)
{
	return !cancel->flags && cancel->tag < LAYBY_PARTY_TAGS;
}
