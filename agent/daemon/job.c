// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Jobs: what a submitter sees. A job ends exactly once, and stays with its
 * result until it is released or its submitter is gone.
 */
#include "agent.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * USEC_PER_SEC +
	       (uint64_t)ts.tv_nsec / NSEC_PER_USEC;
}

void job_path(const struct job *job, char ret_path[static 64])
{
	snprintf(ret_path, 64, JOB_PREFIX "/%" PRIu64, job->number);
}

bool job_has_ended(const struct job *job)
{
	return job->state >= JOB_FINISHED;
}

/* Takes over what @request holds. */
int job_create(struct party *party, struct client *client,
	       struct request *request, struct job **ret_job)
{
	struct job *job = calloc(1, sizeof(*job));

	if (!job)
		return -ENOMEM;
	job->party = party;
	job->client = client;
	job->number = ++party->agent->next_job;
	job->request = *request;
	*request = (struct request){ .program = -1 };
	memset(job->outputs, -1, sizeof(job->outputs));
	job->queued_us = now_us();
	TAILQ_INSERT_TAIL(&party->jobs, job, entries);
	party->job_count++;
	party->job_bytes += job->request.bytes;
	party->agent->job_count++;
	*ret_job = job;
	return 0;
}

void job_drop(struct job *job)
{
	struct party *party = job->party;
	uint32_t i;

	if (job->run)
		run_cancel(job->run);
	job_emit_removed(job);
	TAILQ_REMOVE(&party->jobs, job, entries);
	party->job_count--;
	party->job_bytes -= job->request.bytes;
	party->agent->job_count--;
	request_fini(&job->request);
	for (i = 0; i < LAYBY_MAX_OUTPUTS; i++)
		close_fd(&job->outputs[i]);
	free(job->message);
	free(job);
	agent_pump_soon(party->agent);
}

void job_set_running(struct job *job)
{
	if (job->state == JOB_RUNNING)
		return;
	job->state = JOB_RUNNING;
	job_emit_changed(job);
}

void job_set_queued(struct job *job, bool reclaimed)
{
	if (job->state == JOB_QUEUED)
		return;
	job->state = JOB_QUEUED;
	job->reclaims += reclaimed;
	job_emit_changed(job);
}

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

static enum job_state result_state(int result)
{
	if (!result)
		return JOB_FINISHED;
	return result == -ECANCELED ? JOB_CANCELLED : JOB_FAILED;
}

/* @report NULL: it did not run. @message NULL: what @result says. */
void job_end(struct job *job, int result, const struct layby_report *report,
	     const char *message)
{
	job->state = result_state(result);
	job->result = result;
	job->ended_us = now_us();
	if (report)
		job->report = *report;
	snprintf(job->reason, sizeof(job->reason), "%s",
		 report ? layby_reason_name(report->reason) :
			  result_reason(result));
	job->message = strdup(message ?: result_message(result));
	request_fini(&job->request);
	job->party->agent->jobs_done++;
	job_emit_changed(job);
}

/* The job ends now; the device's share of it ends when the device lets go. */
void job_cancel(struct job *job)
{
	struct run *run = job->run;

	if (job_has_ended(job))
		return;
	job->run = NULL;
	if (run)
		run_cancel(run);
	job_end(job, -ECANCELED, NULL, NULL);
}
