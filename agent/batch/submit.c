// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Submitting a batch: small inputs in vectors, each of which is one commit on the
 * agent's disk, larger ones by themselves. What finds no room, or no answer, is
 * submitted again under its key, when one of ours has ended or a second later.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>

#include "batch.h"

/* As the interface has them: org.layby.Agent1.xml */
#define VECTOR_MAX 64
#define VECTOR_INPUT_MAX 16384
#define ERROR_LAYBY "org.layby.Error."

/* In a row; a second each: an agent that is started anew is back long before */
#define MISSING_MAX 30

/* The next that goes, and whether there is room for it */
static struct item *peek(struct batch *batch)
{
	if (batch->held_count == HELD_MAX)
		return NULL;
	if (batch->again_count)
		return batch->again[batch->again_count - 1];
	return batch->next < batch->count ? &batch->items[batch->next] : NULL;
}

static void take(struct batch *batch)
{
	if (batch->again_count)
		batch->again_count--;
	else
		batch->next++;
}

bool batch_has_to_submit(const struct batch *batch)
{
	return batch->again_count || batch->next < batch->count;
}

static void hold(struct batch *batch, struct item *item, const char *job)
{
	snprintf(item->job, sizeof(item->job), "%s", job);
	/* it may have ended before we could hear of it */
	item->changed = true;
	batch->held[batch->held_count++] = item;
}

static void put_back(struct batch *batch, struct item *item)
{
	batch->again[batch->again_count++] = item;
}

static void item_fails(struct batch *batch, const struct item *item, const char *why)
{
	batch->failed++;
	progress_clear();
	fail(EXIT_JOB_FAILED, "%s: %s", item->path, why);
}

bool batch_agent_is_missing(struct batch *batch, const sd_bus_error *error)
{
	return sd_bus_error_has_names(error, SD_BUS_ERROR_NO_REPLY, SD_BUS_ERROR_SERVICE_UNKNOWN,
				      SD_BUS_ERROR_NAME_HAS_NO_OWNER, SD_BUS_ERROR_TIMEOUT) &&
	       ++batch->missing < MISSING_MAX;
}

static bool is_full(const char *name)
{
	return !strcmp(name, SD_BUS_ERROR_LIMITS_EXCEEDED) ||
	       !strcmp(name, ERROR_LAYBY "CannotKeep");
}

/* With nothing of ours held no room will come of itself. */
static int no_room(struct batch *batch, const char *message)
{
	batch->full = true;
	return batch->held_count ? EXIT_OK : fail(EXIT_JOB_FAILED, "submit: %s", message);
}

/* --- By itself ---------------------------------------------------------------- */

static int refused(struct batch *batch, struct item *item, int r, const sd_bus_error *error)
{
	if (batch_agent_is_missing(batch, error)) {
		put_back(batch, item);
		batch->full = true;
		return EXIT_OK;
	}
	if (sd_bus_error_is_set(error) && is_full(error->name)) {
		put_back(batch, item);
		return no_room(batch, error->message);
	}
	if (!sd_bus_error_has_name(error, SD_BUS_ERROR_INVALID_ARGS))
		return fail_bus(r, error, item->path);
	item_fails(batch, item, error->message);
	return EXIT_OK;
}

static int submit_one(struct batch *batch, struct item *item)
{
	struct options options = *batch->options;
	_error_ error = SD_BUS_ERROR_NULL;
	_reply_ *message = NULL, *reply = NULL;
	const char *job;
	int r;

	options.inputs[0] = item->path;
	options.input_count = 1;
	options.has_key = true;
	memcpy(options.key, item->key, sizeof(item->key));
	r = agent_submit_message(batch->bus, &options, false, &message);
	if (r != EXIT_OK)
		return r;
	r = sd_bus_call(batch->bus, message, 0, &error, &reply);
	if (r < 0)
		return refused(batch, item, r, &error);
	batch->missing = 0;
	r = sd_bus_message_read(reply, "o", &job);
	if (r < 0)
		return fail_errno(r, "submit");
	hold(batch, item, job);
	return EXIT_OK;
}

/* --- In a vector -------------------------------------------------------------- */

struct vector {
	struct item *items[VECTOR_MAX];
	size_t count;
	/* memfd, their bytes one behind the other */
	int data;
};

static int vector_add(struct vector *vector, struct item *item)
{
	_cleanup_close_ int fd = -1;
	uint64_t size;
	ssize_t n;

	fd = file_open_input(item->path, &size);
	if (fd < 0)
		return EXIT_USAGE;
	n = sendfile(vector->data, fd, NULL, item->size);
	if (n < 0)
		return fail_errno(-errno, item->path);
	if (size != item->size || (uint64_t)n != item->size)
		return fail(EXIT_USAGE, "%s: has changed meanwhile", item->path);
	vector->items[vector->count++] = item;
	return EXIT_OK;
}

static int append_jobs(sd_bus_message *m, const struct vector *vector)
{
	size_t i;
	int r;

	r = sd_bus_message_open_container(m, 'a', "(ayat)");
	for (i = 0; i < vector->count && r >= 0; i++) {
		r = sd_bus_message_open_container(m, 'r', "ayat");
		if (r >= 0)
			r = sd_bus_message_append_array(m, 'y', vector->items[i]->key,
							sizeof(vector->items[i]->key));
		if (r >= 0)
			r = sd_bus_message_append(m, "at", 1, vector->items[i]->size);
		if (r >= 0)
			r = sd_bus_message_close_container(m);
	}
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_vector(const struct batch *batch, const struct vector *vector, int program,
			 sd_bus_message *m)
{
	const struct options *options = batch->options;
	int r;

	r = sd_bus_message_append(m, "hh", program, vector->data);
	if (r >= 0)
		r = append_jobs(m, vector);
	if (r >= 0)
		r = sd_bus_message_append_array(m, 't', options->output_sizes,
						options->size_count * sizeof(uint64_t));
	if (r >= 0)
		r = sd_bus_message_append(m, "t", options->longest_ms * 1000);
	return r < 0 ? r : agent_append_options(m, options, false);
}

/* The name of the error, or ""; and the job */
static int take_answer(struct batch *batch, struct item *item, const char *error, const char *job)
{
	if (!*error) {
		hold(batch, item, job);
		return EXIT_OK;
	}
	if (!is_full(error)) {
		item_fails(batch, item, error);
		return EXIT_OK;
	}
	put_back(batch, item);
	return no_room(batch, "the agent has no room for a single job: see laybyctl jobs");
}

static int take_answers(struct batch *batch, const struct vector *vector, sd_bus_message *reply)
{
	const char *error, *job;
	size_t i;
	int r;

	r = sd_bus_message_enter_container(reply, 'a', "(so)");
	for (i = 0; i < vector->count && r >= 0; i++) {
		r = sd_bus_message_read(reply, "(so)", &error, &job);
		if (r > 0 && take_answer(batch, vector->items[i], error, job) != EXIT_OK)
			return EXIT_JOB_FAILED;
	}
	return r < 0 ? fail_errno(r, "submit") : EXIT_OK;
}

/* Refused as a whole: then each for itself, which also says what is wrong with which. */
static int submit_each(struct batch *batch, const struct vector *vector)
{
	size_t i;
	int r = EXIT_OK;

	for (i = 0; i < vector->count && r == EXIT_OK; i++)
		if (batch->full)
			put_back(batch, vector->items[i]);
		else
			r = submit_one(batch, vector->items[i]);
	return r;
}

static int vector_send(struct batch *batch, const struct vector *vector)
{
	_error_ error = SD_BUS_ERROR_NULL;
	_reply_ *message = NULL, *reply = NULL;
	_cleanup_close_ int program = -1;
	uint64_t size;
	int r;

	program = file_open_input(batch->options->program, &size);
	if (program < 0)
		return EXIT_USAGE;
	r = sd_bus_message_new_method_call(batch->bus, &message, AGENT, AGENT_PATH, AGENT,
					   "SubmitJobs");
	if (r >= 0)
		r = append_vector(batch, vector, program, message);
	if (r < 0)
		return fail_errno(r, "submit");
	if (sd_bus_call(batch->bus, message, 0, &error, &reply) < 0)
		return submit_each(batch, vector);
	batch->missing = 0;
	return take_answers(batch, vector, reply);
}

static int submit_vector(struct batch *batch)
{
	_cleanup_close_ int data = memfd_create("layby-batch", MFD_CLOEXEC);
	struct vector vector = { .data = data };
	struct item *item;
	int r = EXIT_OK;

	if (data < 0)
		return fail_errno(-errno, "memfd");
	while (r == EXIT_OK && vector.count < VECTOR_MAX &&
	       batch->held_count + vector.count < HELD_MAX && (item = peek(batch)) &&
	       item->size <= VECTOR_INPUT_MAX) {
		take(batch);
		r = vector_add(&vector, item);
	}
	return r == EXIT_OK ? vector_send(batch, &vector) : r;
}

/* ----------------------------------------------------------------------------- */

int batch_submit(struct batch *batch)
{
	struct item *item;
	int r = EXIT_OK;

	while (r == EXIT_OK && !batch->full && (item = peek(batch))) {
		if (item->size <= VECTOR_INPUT_MAX) {
			r = submit_vector(batch);
		} else {
			take(batch);
			r = submit_one(batch, item);
		}
		progress_show(batch);
	}
	return r;
}
