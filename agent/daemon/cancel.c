// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Cancelling jobs of others, which polkit must allow. Owns what is being asked.
 *
 * To whom it does not allow it there is no such job, as for every other call.
 */
#include "agent.h"
#include "polkit.h"

#include <errno.h>
#include <string.h>

#define ASKED_MAX 16

struct cancel {
	LIST_ENTRY(cancel) entries;
	struct agent *agent;
	sd_bus_message *message;
	struct polkit *asked;
	uint64_t number;
};

static void cancel_free(struct cancel *cancel)
{
	LIST_REMOVE(cancel, entries);
	cancel->agent->cancel_count--;
	polkit_cancel(cancel->asked);
	sd_bus_message_unref(cancel->message);
	free(cancel);
}

void cancels_destroy(struct agent *agent)
{
	struct cancel *cancel;

	while ((cancel = LIST_FIRST(&agent->cancels)))
		cancel_free(cancel);
}

/* In the words of sd-bus. */
static int no_such_job(sd_bus_message *m)
{
	return sd_bus_reply_method_errorf(m, SD_BUS_ERROR_UNKNOWN_OBJECT, "Unknown object '%s'.",
					  sd_bus_message_get_path(m));
}

/* It may have been released meanwhile. */
static void on_allowed(void *userdata, const sd_bus_error *error)
{
	struct cancel *cancel = userdata;
	struct job *job = NULL;
	int r;

	cancel->asked = NULL;
	if (!sd_bus_error_is_set(error))
		job = job_find(cancel->agent, cancel->number);
	r = job ? job_cancel_for(job, cancel->message) : no_such_job(cancel->message);
	if (r < 0)
		r = sd_bus_reply_method_errno(cancel->message, r, NULL);
	if (r < 0)
		log_error("answering a call: %s", strerror(-r));
	cancel_free(cancel);
}

static struct cancel *cancel_new(const struct job *job, sd_bus_message *m)
{
	struct cancel *cancel = calloc(1, sizeof(*cancel));

	if (!cancel)
		return NULL;
	*cancel = (struct cancel){
		.agent = job->agent,
		.message = sd_bus_message_ref(m),
		.number = job->stored.number,
	};
	LIST_INSERT_HEAD(&job->agent->cancels, cancel, entries);
	job->agent->cancel_count++;
	return cancel;
}

int cancel_ask(struct job *job, sd_bus_message *m, sd_bus_error *error)
{
	struct cancel *cancel;
	int r;

	if (job->agent->cancel_count >= ASKED_MAX)
		return sd_bus_error_setf(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
					 "polkit is being asked %d questions: try again later",
					 ASKED_MAX);
	cancel = cancel_new(job, m);
	if (!cancel)
		return -ENOMEM;
	r = polkit_ask(m, POLKIT_MANAGE_JOBS, on_allowed, cancel, &cancel->asked);
	if (r < 0)
		cancel_free(cancel);
	return r < 0 ? r : 1;
}
