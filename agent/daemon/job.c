// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Jobs: those that may run, and those whose end is on its way to the disk. All others
 * are in the store only.
 *
 * A job ends exactly once: first here, then on disk, and then it is told and
 * forgotten here. What cannot be kept, as on a full disk, is tried again; until then
 * the job has not ended for anybody.
 */
#include "agent.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

void job_path(uint64_t number, char ret_path[static 64])
{
	snprintf(ret_path, 64, JOB_PREFIX "/%" PRIu64, number);
}

bool job_has_ended(const struct job *job)
{
	return job->stored.state != STORE_QUEUED;
}

/* May be started. */
bool job_waits(const struct job *job)
{
	return !job->run && !job->outcome && !job_has_ended(job);
}

int job_load(struct party *party, const struct store_job *stored)
{
	struct job *job = calloc(1, sizeof(*job));

	if (!job)
		return -ENOMEM;
	job->agent = party->agent;
	job->party = party;
	job->stored = *stored;
	TAILQ_INSERT_TAIL(&party->jobs, job, entries);
	party->job_count++;
	return 0;
}

bool job_comes_before(const struct store_job *a, const struct store_job *b)
{
	uint64_t of_a = a->request.deadline_us ?: UINT64_MAX;
	uint64_t of_b = b->request.deadline_us ?: UINT64_MAX;

	if (of_a != of_b)
		return of_a < of_b;
	if (a->request.priority != b->request.priority)
		return a->request.priority > b->request.priority;
	return a->number < b->number;
}

static void outcome_free(struct store_outcome *outcome)
{
	size_t i;

	if (!outcome)
		return;
	for (i = 0; i < ARRAY_SIZE(outcome->outputs); i++)
		close_fd(&outcome->outputs[i].fd);
	free(outcome);
}

static void job_forget(struct job *job)
{
	struct party *party = job->party;

	TAILQ_REMOVE(&party->jobs, job, entries);
	party->job_count--;
	outcome_free(job->outcome);
	free(job);
	agent_pump_soon(party->agent);
}

/* For the end of the process: what is not on disk runs again. */
void jobs_destroy(struct party *party)
{
	struct job *job;

	while ((job = TAILQ_FIRST(&party->jobs))) {
		if (job->run)
			run_cancel(job->run);
		job_forget(job);
	}
}

void job_set_running(struct job *job)
{
	if (job->running)
		return;
	job->running = true;
	job_emit_changed(job);
}

void job_set_queued(struct job *job, bool reclaimed)
{
	if (!job->running)
		return;
	job->running = false;
	job->stored.reclaims += reclaimed;
	job_emit_changed(job);
}

/* --- its end -------------------------------------------------------------- */

static const char *result_message(int result)
{
	switch (-result) {
	case 0:
		return "";
	case ECANCELED:
		return "cancelled";
	case ETIME:
		return "ran longer than its declared longest run";
	case ENOEXEC:
		return "not a program, or its inputs and outputs do not fit it";
	case EFAULT:
		return "the device refused a memory access";
	case EIO:
		return "the device failed";
	case EACCES:
		return "the owner's consent does not cover jobs of its class";
	case EPERM:
		return "the governor refuses it";
	case ENODEV:
		return "the accelerator is gone";
	default:
		return strerror(-result);
	}
}

static const char *result_reason(int result)
{
	switch (-result) {
	case ECANCELED:
		return layby_reason_name(LAYBY_REASON_CANCELLED);
	case ENODEV:
		return layby_reason_name(LAYBY_REASON_DEVICE_GONE);
	default:
		return "not run";
	}
}

static enum store_state result_state(int result)
{
	if (!result)
		return STORE_FINISHED;
	return result == -ECANCELED ? STORE_CANCELLED : STORE_FAILED;
}

static void job_tell_end(struct job *job)
{
	if (!store_get(job->agent->store, job->stored.number, &job->stored)) {
		job->running = false;
		job_emit_changed(job);
	}
	job_forget(job);
}

/* One that was released meanwhile, or ended by another way, has ended all the same. */
static void on_kept(void *userdata, int result)
{
	struct job *job = userdata;

	if (!result)
		journal_job_ended(job->agent->journal, &job->stored, job->outcome);
	if (!result || result == -ENOENT || result == -EALREADY) {
		job_tell_end(job);
		return;
	}
	journal_job_problem(job->agent->journal, &job->stored,
			    "its end cannot be kept (%s): trying again", strerror(-result));
	job->unkept = true;
	agent_keep_later(job->agent);
}

static void job_keep(struct job *job)
{
	int r;

	job->unkept = false;
	r = store_end(job->agent->store, job->stored.number, job->outcome, on_kept, job);
	if (r < 0)
		on_kept(job, r);
}

void jobs_keep(struct party *party)
{
	struct job *job;

	TAILQ_FOREACH(job, &party->jobs, entries)
	if (job->unkept)
		job_keep(job);
}

static void outcome_take_outputs(struct store_outcome *outcome, const struct store_request *request,
				 int *outputs)
{
	uint32_t i;

	for (i = 0; i < request->output_count; i++) {
		outcome->outputs[i] = (struct store_content){
			.fd = outputs[i],
			.size = request->output_sizes[i],
		};
		outputs[i] = -1;
	}
}

static struct store_outcome *outcome_new(const struct job *job, int result,
					 const struct layby_report *report, const char *message)
{
	struct store_outcome *outcome = calloc(1, sizeof(*outcome));
	size_t i;

	if (!outcome)
		return NULL;
	for (i = 0; i < ARRAY_SIZE(outcome->outputs); i++)
		outcome->outputs[i].fd = -1;
	outcome->state = result_state(result);
	outcome->result = result;
	outcome->attempts = job->stored.attempts;
	outcome->reclaims = job->stored.reclaims;
	outcome->ticks_hz = job->party->ticks_hz;
	outcome->ran = report;
	if (report)
		outcome->report = *report;
	snprintf(outcome->reason, sizeof(outcome->reason), "%s",
		 report ? layby_reason_name(report->reason) : result_reason(result));
	snprintf(outcome->message, sizeof(outcome->message), "%s",
		 message ?: result_message(result));
	return outcome;
}

/* Without memory for its end it begins again. Return: it has ended. */
bool job_end(struct job *job, int result, const struct layby_report *report,
	     const char *message, int *outputs)
{
	job->outcome = outcome_new(job, result, report, message);
	if (!job->outcome) {
		job_set_queued(job, false);
		return false;
	}
	if (!result && outputs)
		outcome_take_outputs(job->outcome, &job->stored.request, outputs);
	job_keep(job);
	return true;
}

bool job_is_too_late(const struct job *job)
{
	uint64_t deadline_us = job->stored.request.deadline_us;

	return deadline_us && now_us(CLOCK_REALTIME) >= deadline_us;
}

bool job_miss(struct job *job)
{
	return job_end(job, -ETIME, NULL, "its deadline passed before it could begin", NULL);
}

/* The job ends now; the device's share of it ends when the device lets go. */
void job_cancel(struct job *job)
{
	struct run *run = job->run;

	if (job->outcome || job_has_ended(job))
		return;
	job->run = NULL;
	if (run)
		run_cancel(run);
	job_end(job, -ECANCELED, NULL, NULL, NULL);
}
