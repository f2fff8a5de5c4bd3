// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Operations: what was asked of the store, copied out of the caller's memory and
 * checked for what would not fit. Runs in the event loop; touches no disk.
 */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "util.h"

static void blob_fini(struct blob *blob)
{
	free(blob->data);
	close_fd(&blob->fd);
}

void operation_destroy(struct operation *operation)
{
	size_t i;

	for (i = 0; i < operation->blob_count; i++)
		blob_fini(&operation->blobs[i]);
	free(operation->blobs);
	free(operation->jobs);
	free(operation->results);
	free(operation);
}

static void operation_destroyp(struct operation **operation)
{
	if (*operation)
		operation_destroy(*operation);
}

#define _cleanup_operation_ _cleanup_(operation_destroyp)

static int queue_and_forget(struct store *store, struct operation **operation)
{
	struct operation *queued = *operation;

	*operation = NULL;
	return store_queue(store, queued);
}

struct operation *operation_create(enum operation_kind kind, store_done_fn done, void *userdata)
{
	struct operation *operation = calloc(1, sizeof(*operation));

	if (!operation)
		return NULL;
	operation->kind = kind;
	operation->done = done;
	operation->userdata = userdata;
	return operation;
}

static int blob_init(struct blob *blob, const struct store_content *content)
{
	blob->fd = -1;
	blob->size = content->size;
	blob->hashed = content->digest;
	if (content->digest)
		memcpy(blob->digest, content->digest, sizeof(blob->digest));
	if (!content->data && content->size) {
		blob->fd = fcntl(content->fd, F_DUPFD_CLOEXEC, 3);
		return blob->fd < 0 ? -errno : 0;
	}
	blob->data = malloc(content->size ?: 1);
	if (!blob->data)
		return -ENOMEM;
	if (content->size)
		memcpy(blob->data, content->data, content->size);
	return 0;
}

static int add_blob(struct operation *operation, const struct store_content *content,
		    struct blob **ret_blob)
{
	struct blob *blob = &operation->blobs[operation->blob_count];
	int r;

	r = blob_init(blob, content);
	if (r < 0) {
		blob_fini(blob);
		return r;
	}
	operation->blob_count++;
	operation->bytes += blob->data ? blob->size : 0;
	*ret_blob = blob;
	return 0;
}

/* --- store_submit() --------------------------------------------------------------- */

static bool request_fits(const struct store_request *request)
{
	return request->uid != EVERYBODY && request->input_count <= LAYBY_MAX_INPUTS &&
	       request->output_count <= LAYBY_MAX_OUTPUTS && request->priority <= 9 &&
	       request->deadline_us < INT64_MAX &&
	       strnlen(request->owner, STORE_OWNER_MAX) < STORE_OWNER_MAX;
}

static bool sizes_fit(const struct store_new *job)
{
	uint64_t sum = job->program.size;
	uint32_t i;

	for (i = 0; i < job->request.input_count; i++)
		if (__builtin_add_overflow(sum, job->inputs[i].size, &sum))
			return false;
	for (i = 0; i < job->request.output_count; i++)
		if (!job->request.output_sizes[i] ||
		    __builtin_add_overflow(sum, job->request.output_sizes[i], &sum))
			return false;
	return sum <= INT64_MAX;
}

static bool same_content(const struct store_content *a, const struct store_content *b)
{
	return a->size == b->size && a->data == b->data && (a->data || a->fd == b->fd);
}

/* A vector's jobs mostly have one program: it is copied and hashed once. */
static int take_part(struct operation *operation, size_t at, size_t part,
		     const struct store_content *content, const struct store_content *before)
{
	struct blob **blob = &operation->jobs[at].parts[part];

	if (before && same_content(content, before)) {
		*blob = operation->jobs[at - 1].parts[part];
		return 0;
	}
	return add_blob(operation, content, blob);
}

static int take_job(struct operation *operation, size_t at, const struct store_new *job)
{
	const struct store_new *before = at ? job - 1 : NULL;
	uint32_t i;
	int r;

	if (!request_fits(&job->request) || !sizes_fit(job))
		return -EINVAL;
	operation->jobs[at].request = job->request;
	r = take_part(operation, at, 0, &job->program, before ? &before->program : NULL);
	if (r < 0)
		return r;
	for (i = 0; i < job->request.input_count; i++) {
		if (before && i >= before->request.input_count)
			before = NULL;
		r = take_part(operation, at, 1 + i, &job->inputs[i],
			      before ? &before->inputs[i] : NULL);
		if (r < 0)
			return r;
	}
	return 0;
}

static int take_jobs(struct operation *operation, const struct store_new *jobs, size_t count)
{
	size_t i;
	int r;

	operation->jobs = calloc(count ?: 1, sizeof(*operation->jobs));
	operation->results = calloc(count ?: 1, sizeof(*operation->results));
	operation->blobs = calloc(count ?: 1, (1 + LAYBY_MAX_INPUTS) * sizeof(*operation->blobs));
	if (!operation->jobs || !operation->results || !operation->blobs)
		return -ENOMEM;
	operation->job_count = count;
	for (i = 0; i < count; i++) {
		r = take_job(operation, i, &jobs[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

int store_submit(struct store *store, const struct store_new *jobs, size_t count,
		 store_submitted_fn done, void *userdata)
{
	_cleanup_operation_ struct operation *operation =
		operation_create(OPERATION_SUBMIT, NULL, userdata);
	int r;

	if (!operation)
		return -ENOMEM;
	operation->submitted = done;
	r = take_jobs(operation, jobs, count);
	return r < 0 ? r : queue_and_forget(store, &operation);
}

/* --- the others ------------------------------------------------------------------- */

static int take_outputs(struct operation *operation, const struct store_outcome *outcome)
{
	struct blob *blob;
	int i, r;

	operation->blobs = calloc(LAYBY_MAX_OUTPUTS, sizeof(*operation->blobs));
	if (!operation->blobs)
		return -ENOMEM;
	for (i = 0; i < LAYBY_MAX_OUTPUTS && outcome->outputs[i].size; i++) {
		r = add_blob(operation, &outcome->outputs[i], &blob);
		if (r < 0)
			return r;
	}
	return 0;
}

int store_end(struct store *store, uint64_t number, const struct store_outcome *outcome,
	      store_done_fn done, void *userdata)
{
	_cleanup_operation_ struct operation *operation =
		operation_create(OPERATION_END, done, userdata);
	int r;

	if (!operation)
		return -ENOMEM;
	operation->number = number;
	operation->outcome = *outcome;
	if (outcome->state == STORE_FINISHED) {
		r = take_outputs(operation, outcome);
		if (r < 0)
			return r;
	}
	return queue_and_forget(store, &operation);
}

int store_count(struct store *store, uint64_t number, uint32_t attempts, uint32_t reclaims,
		store_done_fn done, void *userdata)
{
	struct operation *operation = operation_create(OPERATION_COUNT, done, userdata);

	if (!operation)
		return -ENOMEM;
	operation->number = number;
	operation->outcome.attempts = attempts;
	operation->outcome.reclaims = reclaims;
	return store_queue(store, operation);
}

int store_keep_settings(struct store *store, const struct owner_settings *settings,
			store_done_fn done, void *userdata)
{
	struct operation *operation = operation_create(OPERATION_SETTINGS, done, userdata);

	if (!operation)
		return -ENOMEM;
	operation->settings = *settings;
	return store_queue(store, operation);
}

int store_release(struct store *store, uint64_t number, store_done_fn done, void *userdata)
{
	struct operation *operation = operation_create(OPERATION_RELEASE, done, userdata);

	if (!operation)
		return -ENOMEM;
	operation->number = number;
	return store_queue(store, operation);
}

int store_disown(struct store *store, const char *owner, store_done_fn done, void *userdata)
{
	_cleanup_operation_ struct operation *operation =
		operation_create(OPERATION_DISOWN, done, userdata);

	if (!operation)
		return -ENOMEM;
	if (strlen(owner) >= STORE_OWNER_MAX)
		return -EINVAL;
	strcpy(operation->owner, owner);
	return queue_and_forget(store, &operation);
}

int store_expire(struct store *store, uint64_t now_us, store_done_fn done, void *userdata)
{
	struct operation *operation = operation_create(OPERATION_EXPIRE, done, userdata);

	if (!operation)
		return -ENOMEM;
	operation->now_us = now_us;
	return store_queue(store, operation);
}
