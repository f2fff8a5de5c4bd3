// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Collecting: a finished run's outputs, from device memory into sealed memfds.
 */
#include "run.h"

#include <errno.h>
#include <string.h>

static void run_finish(struct run *run, int result, const char *message)
{
	run_end_job(run, result, &run->report, message, run->output_fds);
	run_destroy(run);
}

static void run_collect_failed(struct run *run, int result)
{
	run_finish(run, result, "the agent has no memory for the outputs");
}

static void on_collected(struct transfer *transfer, int result)
{
	struct run *run = transfer->userdata;

	if (run_stalls(run, result))
		return;
	if (result >= 0)
		result = blob_seal(run->output_fds[run->step]);
	if (result < 0 || !run->job) {
		run_collect_failed(run, result);
		return;
	}
	run->step++;
	run_collect_next(run);
}

static int run_collect_output(struct run *run)
{
	struct layby_range *range = &run->outputs[run->step];
	int fd = run->output_fds[run->step];

	if (fd < 0)
		fd = blob_create(range->length);
	if (fd < 0)
		return fd;
	run->output_fds[run->step] = fd;
	run->gate_change = gate_change(run->party->agent->gate);
	run->transfer = (struct transfer){
		.fd = fd,
		.to_fd = true,
		.memory = (char *)run->memory + range->offset,
		.length = range->length,
		.done = on_collected,
		.userdata = run,
	};
	return mover_start(run->party->agent->mover, &run->transfer);
}

void run_collect_next(struct run *run)
{
	int r;

	if (run->step == run->wanted.request.output_count) {
		run_finish(run, 0, NULL);
		return;
	}
	r = run_collect_output(run);
	if (r < 0)
		run_collect_failed(run, r);
}

void run_collect(struct run *run)
{
	run->state = RUN_COLLECTING;
	run->step = 0;
	run_collect_next(run);
}
