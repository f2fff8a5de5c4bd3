// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ISO-4 and ISO-6 of kmod/prepare.c: a job is accepted only with ranges that lie
 * inside the buffers that it names, and outputs that overlap nothing, for every
 * job and every place of the buffers in device memory.
 *
 * First that a range is placed inside its buffer: it ends at most where the buffer
 * does, so its end is a number, too. Then, for all ranges whose end is a number,
 * that they are apart, byte by byte.
 */
#include <limits.h>

#include <prepare.h>

#include "proof.h"

ANY(struct layby_job_prepare, args);
ANY(struct layby_hw_job, job);
ANY(struct layby_hw_range, hw_range);
ANY(struct layby_range, range);
ANY(__u64, number);
ANY(__u32, index);

static void prove_sane(void)
{
	struct layby_job_prepare args = any_args();
	__u64 longest_run_ns = any_number();

	if (!layby_prepare_sane(&args, longest_run_ns))
		return;
	reached("a call is sane");
	holds(args.input_count <= LAYBY_MAX_INPUTS, "inputs are within their array");
	holds(args.output_count && args.output_count <= LAYBY_MAX_OUTPUTS,
	      "outputs are within their array");
	holds(args.longest_run_ns && args.longest_run_ns <= longest_run_ns,
	      "no job runs for longer than the partition's may");
	holds(!(args.flags & ~LAYBY_JOB_INTERACTIVE) && !args.job, "no unknown flag is accepted");
}

/* The buffer lies in a window, which ends inside the device's memory. */
static void prove_place(void)
{
	const struct layby_range range = any_range();
	struct layby_hw_range hw = any_hw_range();
	const struct layby_hw_range was = hw;
	__u64 address = any_number(), size = any_number();

	given(size <= ULLONG_MAX - address);
	if (!layby_prepare_place(&range, address, size, &hw)) {
		holds(hw.address == was.address && hw.length == was.length,
		      "a range that is refused is not given");
		return;
	}
	reached("a range is placed");
	holds(hw.length && hw.length == range.length && !range.pad, "no range is empty");
	holds(range.offset % LAYBY_RANGE_ALIGN == 0, "every range is aligned");
	holds(hw.address == address + range.offset && range.offset <= size &&
	      hw.length <= size - range.offset, "every range is inside its buffer");
}

static bool has(const struct layby_hw_range *range, __u64 byte)
{
	return byte >= range->address && byte < range->address + range->length;
}

static bool is_number(const struct layby_hw_range *range)
{
	return range->length && range->length <= ULLONG_MAX - range->address;
}

static void given_placed(const struct layby_hw_job *job)
{
	__u32 i;

	given(job->input_count <= LAYBY_MAX_INPUTS && job->output_count <= LAYBY_MAX_OUTPUTS);
	given(is_number(&job->program));
	for (i = 0; i < LAYBY_MAX_INPUTS; i++)
		given(is_number(&job->input[i]));
	for (i = 0; i < LAYBY_MAX_OUTPUTS; i++)
		given(is_number(&job->output[i]));
}

static void prove_apart(void)
{
	struct layby_hw_job job = any_job();
	__u32 out = any_index(), in = any_index(), other = any_index();
	__u64 byte = any_number();

	given_placed(&job);
	if (!layby_prepare_apart(&job))
		return;
	if (job.input_count == LAYBY_MAX_INPUTS && job.output_count == LAYBY_MAX_OUTPUTS)
		reached("the largest job is apart");
	given(out < job.output_count && has(&job.output[out], byte));
	holds(!has(&job.program, byte), "no output overlaps the program");
	if (in < job.input_count)
		holds(!has(&job.input[in], byte), "no output overlaps an input");
	if (other < job.output_count && other != out)
		holds(!has(&job.output[other], byte), "no output overlaps another");
}

int main(void)
{
	prove_sane();
	prove_place();
	prove_apart();
	return 0;
}
