// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Collecting a batch: the outputs of a job that finished get their names when they are
 * whole; then the agent may forget it. Of one that failed it is said why.
 */
#include <errno.h>
#include <string.h>

#include "batch.h"

/* Less than 0: the agent's, with @error; else an exit code */
static int write_output(struct batch *batch, const struct item *item, uint32_t index,
			sd_bus_error *error)
{
	_reply_ *reply = NULL;
	char part[PATH_MAX];
	int fd, r;

	r = sd_bus_call_method(batch->bus, AGENT, item->job, JOB, "GetResult", error, &reply, "u",
			       index);
	if (r >= 0)
		r = sd_bus_message_read(reply, "h", &fd);
	if (r < 0)
		return r;
	item_output(batch, item, index, true, part);
	return file_write_fd(part, fd);
}

static int write_outputs(struct batch *batch, const struct item *item, sd_bus_error *error)
{
	char part[PATH_MAX], path[PATH_MAX];
	uint32_t i;
	int r = EXIT_OK;

	for (i = 0; i < batch->options->size_count && r == EXIT_OK; i++)
		r = write_output(batch, item, i, error);
	for (i = 0; i < batch->options->size_count && r == EXIT_OK; i++) {
		item_output(batch, item, i, true, part);
		item_output(batch, item, i, false, path);
		if (rename(part, path) < 0)
			r = fail_errno(-errno, path);
	}
	return r;
}

/* It is ours, and ends with our connection if this does not reach the agent. */
static void release(struct batch *batch, const struct item *item)
{
	sd_bus_call_method_async(batch->bus, NULL, AGENT, item->job, JOB, "Release", NULL, NULL,
				 NULL);
}

static const char *string_of(sd_json_variant *object, const char *key)
{
	sd_json_variant *value = sd_json_variant_by_key(object, key);

	return value && sd_json_variant_is_string(value) ? sd_json_variant_string(value) : "";
}

static void say_failed(const struct item *item, sd_json_variant *object)
{
	const char *reason = string_of(object, "reason"), *message = string_of(object, "message");

	progress_clear();
	fail(EXIT_JOB_FAILED, "%s: %s%s%s", item->path, *reason ? reason : agent_job_state(object),
	     *message ? ": " : "", message);
}

/* As write_outputs() */
static int item_ended(struct batch *batch, struct item *item, sd_json_variant *object,
		      sd_bus_error *error)
{
	sd_json_variant *energy = sd_json_variant_by_key(object, "energy_uj");
	bool finished = !strcmp(agent_job_state(object), "finished");
	int r = finished ? write_outputs(batch, item, error) : EXIT_OK;

	if (r != EXIT_OK)
		return r;
	if (finished)
		batch->finished++;
	else
		batch->failed++;
	if (!finished)
		say_failed(item, object);
	if (energy && sd_json_variant_is_unsigned(energy))
		batch->energy_uj += sd_json_variant_unsigned(energy);
	release(batch, item);
	batch->full = false;
	return EXIT_OK;
}

static int read_job(struct batch *batch, const struct item *item, sd_bus_error *error,
		    sd_json_variant **ret_object)
{
	_reply_ *reply = NULL;
	int r;

	r = sd_bus_call_method(batch->bus, AGENT, item->job, PROPERTIES, "GetAll", error, &reply,
			       "s", JOB);
	if (r >= 0)
		r = read_properties(reply, job_fields, ret_object);
	return r < 0 ? r : EXIT_OK;
}

/* @ret_ended: and the agent need not hold it any longer */
static int look(struct batch *batch, struct item *item, bool *ret_ended)
{
	_error_ error = SD_BUS_ERROR_NULL;
	_json_ *object = NULL;
	int r;

	item->changed = false;
	r = read_job(batch, item, &error, &object);
	if (r == EXIT_OK && agent_job_has_ended(object)) {
		r = item_ended(batch, item, object, &error);
		*ret_ended = r == EXIT_OK;
	}
	if (r < 0 && batch_agent_is_missing(batch, &error))
		return EXIT_OK;
	if (r < 0)
		return fail_bus(r, &error, item->path);
	batch->missing = 0;
	return r;
}

int batch_collect(struct batch *batch)
{
	size_t i = 0;
	bool ended;
	int r = EXIT_OK;

	while (r == EXIT_OK && i < batch->held_count) {
		ended = false;
		if (batch->held[i]->changed)
			r = look(batch, batch->held[i], &ended);
		if (ended)
			batch->held[i] = batch->held[--batch->held_count];
		else
			i++;
		progress_show(batch);
		if (batch->missing)
			break;
	}
	return r;
}
