// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Answers to submissions, and the end of their intakes. Says in words what the store
 * says in numbers.
 */
#include "intake.h"

#include <errno.h>
#include <string.h>

static void intake_refuse(struct intake *intake, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void intake_refuse(struct intake *intake, const char *name, const char *format, ...)
{
	va_list list;
	int r;

	va_start(list, format);
	r = sd_bus_reply_method_errorfv(intake->message, name, format, list);
	va_end(list);
	if (r < 0)
		log_error("answering a submission: %s", strerror(-r));
	intake_destroy(intake);
}

void intake_unreadable(struct intake *intake, int result)
{
	const char *problem = result == -ENODATA ? "it ends before its size" : strerror(-result);

	if (intake->step)
		intake_refuse(intake, SD_BUS_ERROR_INVALID_ARGS, "input %u cannot be read: %s",
			      intake->step - 1, problem);
	else
		intake_refuse(intake, SD_BUS_ERROR_INVALID_ARGS, "the program cannot be read: %s",
			      problem);
}

void intake_cannot_keep(struct intake *intake, int result)
{
	intake_refuse(intake, ERROR_CANNOT_KEEP,
		      "the job cannot be kept on disk (%s): it is not accepted, submit it again later",
		      strerror(-result));
}

static const char *refusal_name(int result)
{
	switch (-result) {
	case EEXIST:
		return ERROR_KEY_USED;
	case EDQUOT:
	case ENOBUFS:
		return SD_BUS_ERROR_LIMITS_EXCEEDED;
	case EINVAL:
		return SD_BUS_ERROR_INVALID_ARGS;
	default:
		return ERROR_CANNOT_KEEP;
	}
}

static void intake_not_accepted(struct intake *intake, int result)
{
	const char *name = refusal_name(result);

	switch (-result) {
	case EEXIST:
		intake_refuse(intake, name,
			      "you have a job of that key with other content: take another key for another job");
		break;
	case EDQUOT:
		intake_refuse(intake, name,
			      "you hold as many jobs or bytes as one user may: release some that ended");
		break;
	case ENOBUFS:
		intake_refuse(intake, name,
			      "the agent holds as many jobs or bytes as it may: try again later");
		break;
	default:
		intake_cannot_keep(intake, result);
		break;
	}
}

/* --- accepted ------------------------------------------------------------- */

static void intake_tell(struct intake *intake, uint64_t number)
{
	struct job *job = intake->party->agent->shown;

	*job = (struct job){ .agent = intake->party->agent };
	if (!store_get(job->agent->store, number, &job->stored))
		job_emit_added(job);
}

static int append_result(sd_bus_message *reply, const struct store_submitted *result)
{
	char path[64];

	if (result->result < 0)
		return sd_bus_message_append(reply, "(so)", refusal_name(result->result), "/");
	job_path(result->number, path);
	return sd_bus_message_append(reply, "(so)", "", path);
}

static int reply_many(const struct intake *intake, const struct store_submitted *results,
		      size_t count)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	size_t i;
	int r;

	r = sd_bus_message_new_method_return(intake->message, &reply);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "(so)");
	for (i = 0; r >= 0 && i < count; i++)
		r = append_result(reply, &results[i]);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : sd_bus_message_send(reply);
}

static int reply_one(const struct intake *intake, const struct store_submitted *result)
{
	char path[64];

	job_path(result->number, path);
	return sd_bus_reply_method_return(intake->message, "o", path);
}

void intake_on_submitted(void *userdata, const struct store_submitted *results, size_t count)
{
	struct intake *intake = userdata;
	size_t i;
	int r;

	if (!intake->request.elements && results->result < 0) {
		intake_not_accepted(intake, results->result);
		return;
	}
	for (i = 0; i < count; i++)
		if (!results[i].result)
			intake_tell(intake, results[i].number);
	r = intake->request.elements ? reply_many(intake, results, count) :
				       reply_one(intake, results);
	if (r < 0)
		log_error("answering a submission: %s", strerror(-r));
	intake->party->more = true;
	intake_destroy(intake);
}
