// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Runs: what a job is for the device.
 *
 *   LOADING -> READY -> IN_FLIGHT -> COLLECTING -> freed
 *                            \-> DRAINING (device still holds it) -> freed
 *
 * When the gate closes, what is in flight becomes READY again, and what is
 * being copied is *stalled*: it begins its step again when the gate is open.
 *
 * A run whose job was cancelled or dropped has no job any more and goes on
 * only until the mover and the device have let go of its memory.
 */
#include "agent.h"
#include "night.h"
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
	close_fd(&run->source);
	for (i = 0; i < LAYBY_MAX_OUTPUTS; i++)
		close_fd(&run->output_fds[i]);
	TAILQ_REMOVE(&party->runs, run, entries);
	party->run_count--;
	party->agent->run_count--;
	free(run);
}

void run_end_job(struct run *run, int result, const struct layby_report *report,
		 const char *message, int *outputs)
{
	struct job *job = run->job;

	if (!job)
		return;
	run->job = NULL;
	job->run = NULL;
	job_end(job, result, report, message, outputs);
}

/* --- the gate ------------------------------------------------------------- */

/* A number that has not changed means that the gate is not why. */
static bool gate_explains(struct run *run)
{
	struct gate *gate = run->party->agent->gate;

	gate_refresh(gate);
	return gate_is_closed(gate) || gate_change(gate) != run->gate_change ||
	       gate_epoch(gate) != run->party->epoch;
}

/*
 * Copying to and from device memory ends with EFAULT while the gate is closed.
 * It may have closed and opened again before we hear of either, so the kernel
 * is asked.
 */
bool run_stalls(struct run *run, int result)
{
	if (result != -EFAULT || !run->job || !gate_explains(run))
		return false;
	run->stalled = true;
	agent_pump_soon(run->party->agent);
	return true;
}

void runs_resume(struct party *party)
{
	struct run *run = TAILQ_FIRST(&party->runs);
	struct run *next;

	for (; run; run = next) {
		next = TAILQ_NEXT(run, entries);
		if (!run->stalled)
			continue;
		run->stalled = false;
		if (run->state == RUN_LOADING)
			run_load_next(run);
		else
			run_collect_next(run);
	}
}

/* The job is as before it was started. */
static void run_give_back(struct run *run)
{
	struct job *job = run->job;

	if (!job)
		return;
	job->run = NULL;
	run->job = NULL;
	job_set_queued(job, true);
}

static bool run_has_let_go(const struct run *run)
{
	switch (run->state) {
	case RUN_LOADING:
	case RUN_COLLECTING:
		return run->stalled;
	case RUN_READY:
		return true;
	case RUN_IN_FLIGHT:
	case RUN_DRAINING:
		break;
	}
	return false;
}

void runs_requeue(struct party *party)
{
	struct run *run = TAILQ_FIRST(&party->runs);
	struct run *next;

	for (; run; run = next) {
		next = TAILQ_NEXT(run, entries);
		if (!run_has_let_go(run))
			continue;
		if (run->state == RUN_LOADING)
			run_stop_loading(run);
		run_give_back(run);
		run_destroy(run);
	}
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

/* Its deadline may have passed while it was ready. */
static bool run_is_missed(struct run *run)
{
	struct job *job = run->job;

	if (!job || !job_is_too_late(job))
		return false;
	job->run = NULL;
	run->job = NULL;
	job_miss(job);
	run_destroy(run);
	return true;
}

/* -EBUSY: the device takes no more for now. */
int run_start_ready(struct party *party)
{
	struct run *run = TAILQ_FIRST(&party->runs);
	struct run *next;
	int r;

	for (; run; run = next) {
		next = TAILQ_NEXT(run, entries);
		if (run->state != RUN_READY || run_is_missed(run))
			continue;
		r = run_submit(run);
		if (r == -EBUSY)
			break;
		if (r < 0)
			return r;
	}
	return layby_queue_flush(party->queue);
}

/* Nothing happened to it on the device, or all of it was undone. */
static void run_put_back(struct run *run, bool reclaimed)
{
	run->state = RUN_READY;
	job_set_queued(run->job, reclaimed);
	agent_retry_soon(run->party->agent);
}

/* Did not come to its end, and may be submitted again as it is? */
static bool run_is_put_back(struct run *run,
			    const struct layby_completion *completion)
{
	bool reclaimed = layby_taken_back(completion);

	switch (completion->result) {
	case -ECANCELED:
		if (!reclaimed)
			return false;
		break;
	case -ESTALE:
		party_died(run->party);
		break;
	case -ESHUTDOWN:
		/* it closed, and we have not heard of it */
		gate_refresh(run->party->agent->gate);
		break;
	case -EBUSY:
		break;
	default:
		return false;
	}
	run_put_back(run, reclaimed);
	return true;
}

/* Could it be its own fault, and may it be otherwise next time? */
static bool is_worth_another(int result)
{
	return result == -EIO || result == -ETIME || result == -ENODEV;
}

/* A device that has gone is nobody's fault. */
static bool run_is_tried_again(struct run *run, int result)
{
	struct job *job = run->job;
	int r;

	if (!job || !is_worth_another(result))
		return false;
	if (result == -ENODEV)
		return true;
	if (job->stored.attempts >= job->stored.request.retries)
		return false;
	job->stored.attempts++;
	r = store_count(job->agent->store, job->stored.number, job->stored.attempts,
			job->stored.reclaims, NULL, NULL);
	if (r < 0)
		journal_job_problem(job->agent->journal, &job->stored,
				    "its attempts cannot be kept: %s", strerror(-r));
	return true;
}

static void run_failed(struct run *run, const struct layby_completion *completion)
{
	const struct layby_report *report = completion->has_report ? &completion->report : NULL;
	int result = completion->result;
	/* it may have ended without this */
	bool ends = run->job;

	if (!run_is_tried_again(run, result)) {
		run_end_job(run, result, report, NULL, NULL);
		if (!ends)
			night_spend(run->party, completion);
		return;
	}
	night_spend(run->party, completion);
	if (result == -ENODEV)
		party_died(run->party);
	else
		journal_job_tried_again(run->party->agent->journal, &run->job->stored,
					report ? layby_reason_name(report->reason) :
						 layby_reason_name(LAYBY_REASON_DEVICE_FAILED));
	run_give_back(run);
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
	if (run->job && run_is_put_back(run, completion)) {
		night_spend(party, completion);
		return;
	}
	run->report = completion->report;
	if (completion->result == 0 && run->job) {
		run_collect(run);
		return;
	}
	run_failed(run, completion);
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
		if (run->stalled) {
			run_stop_loading(run);
			run_destroy(run);
		}
		break;
	case RUN_COLLECTING:
		if (run->stalled)
			run_destroy(run);
		break;
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
	/* of a dead node it is gone already */
	if (r < 0 && r != -ESTALE)
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
