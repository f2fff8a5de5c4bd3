// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Loading: a queued job's program and inputs into device memory, one after the
 * other, then the job prepared. Never looks at what it moves.
 */
#include "run.h"

#include <errno.h>
#include <string.h>

static uint64_t align_up(uint64_t n)
{
	return (n + LAYBY_RANGE_ALIGN - 1) & ~(uint64_t)(LAYBY_RANGE_ALIGN - 1);
}

static uint64_t data_bytes(const struct request *request)
{
	uint64_t bytes = 0;
	uint32_t i;

	for (i = 0; i < request->input_count; i++)
		bytes += align_up(request->input_sizes[i]);
	for (i = 0; i < request->output_count; i++)
		bytes += align_up(request->output_sizes[i]);
	return bytes;
}

/* Inputs first, outputs behind them. */
static void run_place(struct run *run)
{
	const struct request *request = &run->request;
	uint64_t offset = 0;
	uint32_t i;

	for (i = 0; i < request->input_count; i++) {
		run->inputs[i] = layby_buffer_range(run->data, offset,
						    request->input_sizes[i]);
		offset += align_up(request->input_sizes[i]);
	}
	for (i = 0; i < request->output_count; i++) {
		run->outputs[i] = layby_buffer_range(run->data, offset,
						     request->output_sizes[i]);
		offset += align_up(request->output_sizes[i]);
	}
}

static int run_allocate(struct run *run)
{
	int r;

	r = party_create_buffer(run->party, data_bytes(&run->request), 0,
				&run->data, &run->memory);
	if (r < 0)
		return r;
	run_place(run);
	return program_get(run->party, &run->request, &run->program);
}

/* The descriptors go along: a transfer may outlive the job. */
static void run_take_request(struct run *run)
{
	struct request *request = &run->job->request;

	request->program = -1;
	memset(request->inputs, -1, sizeof(request->inputs));
}

void run_stop_loading(struct run *run)
{
	run->party->load_count--;
	agent_pump_soon(run->party->agent);
}

static void run_load_failed(struct run *run, int result)
{
	char message[96];

	if (run->step)
		snprintf(message, sizeof(message),
			 "input %u cannot be read: %s", run->step - 1,
			 result == -ENODATA ? "it ends before its size" :
					      strerror(-result));
	else
		snprintf(message, sizeof(message),
			 "the program cannot be read: %s",
			 result == -ENODATA ? "it ends before its size" :
					      strerror(-result));
	run_stop_loading(run);
	run_end_job(run, result, NULL, message);
	run_destroy(run);
}

static void on_loaded(struct transfer *transfer, int result)
{
	struct run *run = transfer->userdata;

	if (!run->job) {
		run_stop_loading(run);
		run_destroy(run);
		return;
	}
	if (run_stalls(run, result))
		return;
	if (result < 0) {
		run_load_failed(run, result);
		return;
	}
	if (!run->step)
		run->program->loaded = true;
	run->step++;
	run_load_next(run);
}

static int run_prepare(struct run *run)
{
	const struct request *request = &run->request;
	struct layby_job_spec spec = {
		.program = layby_buffer_range(run->program->buffer, 0,
					      request->program_size),
		.inputs = run->inputs,
		.input_count = request->input_count,
		.outputs = run->outputs,
		.output_count = request->output_count,
		.longest_run_ns = request->longest_run_us * NSEC_PER_USEC,
		.flags = request->interactive ? LAYBY_JOB_INTERACTIVE : 0,
	};

	return layby_job_prepare(run->party->node, &spec, &run->prepared);
}

static void run_loaded(struct run *run)
{
	int r;

	r = run_prepare(run);
	if (r == -ESTALE) {
		party_died(run->party);
		run->stalled = true;
		return;
	}
	run_stop_loading(run);
	if (r < 0) {
		run_end_job(run, r, NULL, "the device refused the job");
		run_destroy(run);
		return;
	}
	run->state = RUN_READY;
}

static void run_load(struct run *run, int fd, void *memory, uint64_t size)
{
	int r;

	run->gate_change = gate_change(run->party->agent->gate);
	run->transfer = (struct transfer){
		.fd = fd,
		.memory = memory,
		.length = size,
		.done = on_loaded,
		.userdata = run,
	};
	r = mover_start(run->party->agent->mover, &run->transfer);
	if (r < 0)
		run_load_failed(run, r);
}

/* Step 0 is the program, step n input n - 1. */
void run_load_next(struct run *run)
{
	const struct request *request = &run->request;
	uint32_t i;

	if (!run->step && run->program->loaded)
		run->step = 1;
	i = run->step - 1;
	if (!run->step)
		run_load(run, request->program, run->program->memory,
			 request->program_size);
	else if (i < request->input_count)
		run_load(run, request->inputs[i],
			 (char *)run->memory + run->inputs[i].offset,
			 request->input_sizes[i]);
	else
		run_loaded(run);
}

static struct run *run_new(struct job *job)
{
	struct party *party = job->party;
	struct run *run = calloc(1, sizeof(*run));

	if (!run)
		return NULL;
	run->party = party;
	run->job = job;
	run->request = job->request;
	run->cookie = party->next_cookie++;
	memset(run->output_fds, -1, sizeof(run->output_fds));
	TAILQ_INSERT_TAIL(&party->runs, run, entries);
	party->run_count++;
	party->agent->run_count++;
	return run;
}

int run_create(struct job *job)
{
	struct run *run = run_new(job);
	int r;

	if (!run)
		return -ENOMEM;
	r = run_allocate(run);
	if (r < 0) {
		/* the job keeps its descriptors, to be tried again */
		run->request = (struct request){ .program = -1 };
		run_free(run);
		return r;
	}
	run_take_request(run);
	job->run = run;
	run->party->load_count++;
	run_load_next(run);
	return 0;
}
