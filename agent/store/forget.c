// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Forgetting: jobs that have ended, with the contents that no other job names. What
 * forgets many does it in steps, so that one transaction stays small.
 */
#include "internal.h"

#include <errno.h>

#include "util.h"

#define PARTS_MAX (1 + LAYBY_MAX_INPUTS + LAYBY_MAX_OUTPUTS)

/* Returns how many contents it named. */
static int forget_parts(struct store *store, uint64_t number, int64_t ret_contents[PARTS_MAX])
{
	_cleanup_sql_ sqlite3_stmt *row = NULL;
	int r, count = 0;

	r = sql_start(&store->writer, SQL_PARTS_FORGET, VALUES(INTEGER(number)), &row);
	if (r < 0)
		return r;
	while ((r = sql_step(row)) > 0) {
		if (count == PARTS_MAX)
			return -EBADMSG;
		ret_contents[count++] = sqlite3_column_int64(row, 0);
	}
	return r < 0 ? r : count;
}

static int forget_contents(struct store *store, uint64_t number)
{
	int64_t contents[PARTS_MAX];
	int i, count, r;

	count = forget_parts(store, number, contents);
	if (count < 0)
		return count;
	for (i = 0; i < count; i++) {
		r = content_forget(store, contents[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

static int forget(struct store *store, uint64_t number)
{
	struct held held;
	int r;

	r = state_get(store, number, &held);
	if (r < 0)
		return r;
	if (held.state == STORE_QUEUED)
		return -EBUSY;
	r = forget_contents(store, number);
	if (r < 0)
		return r;
	r = sql_run(&store->writer, SQL_JOB_FORGET, VALUES(INTEGER(number)));
	if (r < 0)
		return r;
	return usage_add(store, held.uid,
			 &(struct usage){ .held = -1, .bytes = -(int64_t)held.bytes });
}

int release_apply(struct store *store, struct operation *operation)
{
	return forget(store, operation->number);
}

static int step_size(const struct store *store)
{
	return store->scarce ? FORGET_STEP_SCARCE : FORGET_STEP;
}

/* Returns how many. */
static int find(struct store *store, enum sql which, struct sql_value value,
		uint64_t ret_numbers[FORGET_STEP])
{
	_cleanup_sql_ sqlite3_stmt *row = NULL;
	int r, count = 0;

	r = sql_start(&store->writer, which, VALUES(value, INTEGER(step_size(store))), &row);
	if (r < 0)
		return r;
	while ((r = sql_step(row)) > 0)
		ret_numbers[count++] = (uint64_t)sqlite3_column_int64(row, 0);
	return r < 0 ? r : count;
}

int disown_apply(struct store *store, struct operation *operation)
{
	uint64_t numbers[FORGET_STEP];
	int i, count, r;

	count = find(store, SQL_JOBS_OWNED, TEXT(operation->owner), numbers);
	if (count < 0)
		return count;
	for (i = 0; i < count; i++) {
		r = end_disowned(store, numbers[i]);
		if (r < 0)
			return r;
		r = forget(store, numbers[i]);
		if (r < 0)
			return r;
	}
	operation->unfinished = count == step_size(store);
	return 0;
}

int expire_apply(struct store *store, struct operation *operation)
{
	uint64_t retention = store->limits.retention_us;
	uint64_t numbers[FORGET_STEP];
	int i, count, r;

	if (!retention || operation->now_us < retention)
		return 0;
	count = find(store, SQL_JOBS_EXPIRED, INTEGER(operation->now_us - retention), numbers);
	if (count < 0)
		return count;
	for (i = 0; i < count; i++) {
		r = forget(store, numbers[i]);
		if (r < 0)
			return r;
	}
	operation->unfinished = count == step_size(store);
	return 0;
}
