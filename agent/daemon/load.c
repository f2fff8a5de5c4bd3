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

static uint64_t data_bytes(const struct store_job *wanted)
{
	const struct store_request *request = &wanted->request;
	uint64_t bytes = 0;
	uint32_t i;

	for (i = 0; i < request->input_count; i++)
		bytes += align_up(wanted->input_sizes[i]);
	for (i = 0; i < request->output_count; i++)
		bytes += align_up(request->output_sizes[i]);
	return bytes;
}

/* Inputs first, outputs behind them. */
static void run_place(struct run *run)
{
	const struct store_request *request = &run->wanted.request;
	uint64_t offset = 0;
	uint32_t i;

	for (i = 0; i < request->input_count; i++) {
		run->inputs[i] = layby_buffer_range(run->data, offset,
						    run->wanted.input_sizes[i]);
		offset += align_up(run->wanted.input_sizes[i]);
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

	r = party_create_buffer(run->party, data_bytes(&run->wanted), 0,
				&run->data, &run->memory);
	if (r < 0)
		return r;
	run_place(run);
	return program_get(run->party, &run->wanted, &run->program);
}

void run_stop_loading(struct run *run)
{
	run->party->load_count--;
	agent_pump_soon(run->party->agent);
}

/* What was taken is no longer there, or is not what it was. */
static void run_load_failed(struct run *run, int result)
{
	char message[96];
	const char *problem = result == -ENODATA || result == -EBADMSG ?
		"what was kept of it is damaged" : strerror(-result);

	if (run->step)
		snprintf(message, sizeof(message), "input %u cannot be read: %s",
			 run->step - 1, problem);
	else
		snprintf(message, sizeof(message), "the program cannot be read: %s", problem);
	run_stop_loading(run);
	run_end_job(run, result, NULL, message, NULL);
	run_destroy(run);
}

static void on_loaded(struct transfer *transfer, int result)
{
	struct run *run = transfer->userdata;

	close_fd(&run->source);
	run->source = -1;
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
	const struct store_request *request = &run->wanted.request;
	struct layby_job_spec spec = {
		.program = layby_buffer_range(run->program->buffer, 0,
					      run->wanted.program_size),
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
	if (is_gone(r)) {
		party_died(run->party);
		run->stalled = true;
		return;
	}
	run_stop_loading(run);
	if (r < 0) {
		run_end_job(run, r, NULL, "the device refused the job", NULL);
		run_destroy(run);
		return;
	}
	run->state = RUN_READY;
}

static void run_load(struct run *run, enum store_role role, uint32_t index, void *memory,
		     uint64_t size)
{
	struct agent *agent = run->party->agent;
	int r;

	run->gate_change = gate_change(agent->gate);
	run->source = store_read(agent->store, run->wanted.number, role, index);
	run->transfer = (struct transfer){
		.fd = run->source,
		.memory = memory,
		.length = size,
		.done = on_loaded,
		.userdata = run,
	};
	r = run->source < 0 ? run->source : mover_start(agent->mover, &run->transfer);
	if (r < 0)
		run_load_failed(run, r);
}

/* Step 0 is the program, step n input n - 1. */
void run_load_next(struct run *run)
{
	const struct store_job *wanted = &run->wanted;
	uint32_t i;

	if (!run->step && run->program->loaded)
		run->step = 1;
	i = run->step - 1;
	if (!run->step)
		run_load(run, STORE_PROGRAM, 0, run->program->memory, wanted->program_size);
	else if (i < wanted->request.input_count)
		run_load(run, STORE_INPUT, i, (char *)run->memory + run->inputs[i].offset,
			 wanted->input_sizes[i]);
	else
		run_loaded(run);
}

/* Before those that are worse: what is ready is submitted in this order. */
static void run_line_up(struct run *run)
{
	struct run *other;

	TAILQ_FOREACH(other, &run->party->runs, entries)
	if (job_comes_before(&run->wanted, &other->wanted)) {
		TAILQ_INSERT_BEFORE(other, run, entries);
		return;
	}
	TAILQ_INSERT_TAIL(&run->party->runs, run, entries);
}

static struct run *run_new(struct job *job)
{
	struct party *party = job->party;
	struct run *run = calloc(1, sizeof(*run));

	if (!run)
		return NULL;
	run->party = party;
	run->job = job;
	run->wanted = job->stored;
	run->source = -1;
	run->cookie = party->next_cookie++;
	memset(run->output_fds, -1, sizeof(run->output_fds));
	run_line_up(run);
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
		run_free(run);
		return r;
	}
	job->run = run;
	run->party->load_count++;
	run_load_next(run);
	return 0;
}
