// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Runs: what a job is for the device.
 *
 *   LOADING -> READY -> IN_FLIGHT -> COLLECTING -> freed
 *                            \-> DRAINING (device still holds it) -> freed
 *
 * A run whose job was cancelled or dropped has no job any more and goes on
 * only until the mover and the device have let go of its memory.
 */
#include "agent.h"
#include "run.h"

#include <errno.h>
#include <string.h>
#include <time.h>

/* Nothing of it may be under way any more. */
void run_free(struct run *run)
{
	struct party *party = run->party;
	uint32_t i;
	int r;

	r = layby_buffer_destroy(run->data);
	if (r < 0)
		log_error("freeing a buffer: %s", strerror(-r));
	if (run->program)
		program_put(run->program);
	request_fini(&run->request);
	for (i = 0; i < LAYBY_MAX_OUTPUTS; i++)
		close_fd(&run->output_fds[i]);
	TAILQ_REMOVE(&party->runs, run, entries);
	party->run_count--;
	party->agent->run_count--;
	free(run);
}

void run_end_job(struct run *run, int result, const struct layby_report *report,
		 const char *message)
{
	struct job *job = run->job;

	if (!job)
		return;
	run->job = NULL;
	job->run = NULL;
	job_end(job, result, report, message);
}

/* --- running -------------------------------------------------------------- */

static int run_submit(struct run *run)
{
	int tag;

	tag = layby_queue_add(run->party->queue, run->prepared, run->cookie);
	if (tag < 0)
		return tag;
	run->tag = (uint32_t)tag;
	run->state = RUN_IN_FLIGHT;
	if (run->job)
		job_set_running(run->job);
	return 0;
}

/* -EBUSY: the device takes no more for now. */
int run_start_ready(struct party *party)
{
	struct run *run;
	int r;

	TAILQ_FOREACH(run, &party->runs, entries)
	{
		if (run->state != RUN_READY)
			continue;
		r = run_submit(run);
		if (r == -EBUSY)
			break;
		if (r < 0)
			return r;
	}
	return layby_queue_flush(party->queue);
}

/* The device queue was full: nothing happened, it goes in line again. */
static void run_put_back(struct run *run)
{
	run->state = RUN_READY;
	agent_retry_soon(run->party->agent);
}

static struct run *run_find(struct party *party, uint64_t cookie)
{
	struct run *run;

	TAILQ_FOREACH(run, &party->runs, entries)
	if (run->cookie == cookie)
		return run;
	return NULL;
}

void run_completed(struct party *party,
		   const struct layby_completion *completion)
{
	struct run *run = run_find(party, completion->cookie);

	if (!run)
		return;
	if (completion->result == -EBUSY && run->job) {
		run_put_back(run);
		return;
	}
	run->report = completion->report;
	if (completion->result == 0 && run->job) {
		run_collect(run);
		return;
	}
	run_end_job(run, completion->result,
		    completion->has_report ? &run->report : NULL, NULL);
	run_destroy(run);
}

void run_cancel(struct run *run)
{
	int r = 0;

	run->job = NULL;
	switch (run->state) {
	case RUN_READY:
		run_destroy(run);
		break;
	case RUN_IN_FLIGHT:
		r = layby_queue_cancel(run->party->queue, run->tag,
				       run->cookie);
		break;
	case RUN_LOADING:
	case RUN_COLLECTING:
	case RUN_DRAINING:
		break;
	}
	if (r < 0)
		log_error(
			"cancel of a job in flight: %s; it ends when its longest run is over",
			strerror(-r));
}

/* --- the end -------------------------------------------------------------- */

/* True if the device still holds it: then it waits in line to be asked again. */
static bool run_is_held(struct run *run)
{
	int r;

	r = layby_job_unprepare(run->prepared);
	if (r == -EBUSY) {
		run->state = RUN_DRAINING;
		agent_retry_soon(run->party->agent);
		return true;
	}
	if (r < 0)
		log_error("unprepare: %s", strerror(-r));
	run->prepared = NULL;
	return false;
}

void run_destroy(struct run *run)
{
	struct agent *agent = run->party->agent;

	if (run_is_held(run))
		return;
	run_free(run);
	agent_pump_soon(agent);
}

void run_collect_drained(struct party *party)
{
	struct run *run = TAILQ_FIRST(&party->runs);
	struct run *next;

	for (; run; run = next) {
		next = TAILQ_NEXT(run, entries);
		if (run->state == RUN_DRAINING)
			run_destroy(run);
	}
}

/* The node closes next, and with it the device lets go of everything. */
void runs_destroy(struct party *party)
{
	struct run *run;

	while ((run = TAILQ_FIRST(&party->runs)))
		run_free(run);
	programs_evict(party);
}
