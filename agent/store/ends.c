// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Ends: a job's outcome and its outputs, and what is counted until then.
 */
#include "internal.h"

#include <errno.h>

#include "util.h"

/*
 * Everything that is to be on disk with a job's end is written here, with the
 * transaction open: its outcome, what the user holds, its row in the ledger.
 */
static int write_end(struct store *store, uint64_t number, const struct held *held,
		     const struct store_outcome *outcome)
{
	int r;

	r = state_end(store, number, held, outcome);
	return r < 0 ? r : account_add(store, number, outcome);
}

static int cancel(struct store *store, uint64_t number, const struct held *held)
{
	static const struct store_outcome cancelled = {
		.state = STORE_CANCELLED,
		.result = -ECANCELED,
		.message = "its submitter left the bus",
	};

	return write_end(store, number, held, &cancelled);
}

static int add_output(struct store *store, uint64_t number, size_t place, struct blob *blob)
{
	int64_t content;
	int r;

	r = blob_hash(store, blob);
	if (r < 0)
		return r;
	r = content_keep(store, blob, &content);
	if (r < 0)
		return r;
	r = sql_run(&store->writer, SQL_PART_ADD,
		    VALUES(INTEGER(number), INTEGER(STORE_OUTPUT), INTEGER(place),
			   INTEGER(content)));
	return r < 0 ? r : 0;
}

/* As declared, none missing. */
static bool outputs_fit(const struct held *held, const struct operation *operation)
{
	size_t i;

	for (i = 0; i < LAYBY_MAX_OUTPUTS; i++) {
		uint64_t size = i < operation->blob_count ? operation->blobs[i].size : 0;

		if (size != held->output_sizes[i])
			return false;
	}
	return true;
}

static int add_outputs(struct store *store, const struct held *held, struct operation *operation)
{
	size_t i;
	int r;

	if (!outputs_fit(held, operation))
		return -EINVAL;
	for (i = 0; i < operation->blob_count; i++) {
		r = add_output(store, operation->number, i, &operation->blobs[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

int end_apply(struct store *store, struct operation *operation)
{
	struct held held;
	int r;

	r = state_get(store, operation->number, &held);
	if (r < 0)
		return r;
	r = state_check(held.state, operation->outcome.state);
	if (r < 0)
		return r;
	if (operation->outcome.state == STORE_FINISHED) {
		r = add_outputs(store, &held, operation);
		if (r < 0)
			return r;
	}
	return write_end(store, operation->number, &held, &operation->outcome);
}

int count_apply(struct store *store, struct operation *operation)
{
	struct held held;
	int r;

	r = state_get(store, operation->number, &held);
	if (r < 0)
		return r;
	if (held.state != STORE_QUEUED)
		return -EALREADY;
	r = sql_run(&store->writer, SQL_JOB_COUNT,
		    VALUES(INTEGER(operation->number), INTEGER(operation->outcome.attempts),
			   INTEGER(operation->outcome.reclaims)));
	return r < 0 ? r : 0;
}

int end_disowned(struct store *store, uint64_t number)
{
	struct held held;
	int r;

	r = state_get(store, number, &held);
	if (r < 0)
		return r;
	return held.state == STORE_QUEUED ? cancel(store, number, &held) : 0;
}
