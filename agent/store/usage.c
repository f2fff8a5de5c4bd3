// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Usage: what each user, and all together, hold. Counted in the transaction that
 * changes it, so that a limit costs one row and not a look at every job.
 */
#include "internal.h"

#include <errno.h>

#include "util.h"

static int add_to(struct store *store, uid_t uid, const struct usage *more)
{
	int r;

	r = sql_run(&store->writer, SQL_USAGE_ADD,
		    VALUES(INTEGER(uid), INTEGER(more->queued), INTEGER(more->held),
			   INTEGER(more->bytes), INTEGER(more->ended)));
	return r < 0 ? r : 0;
}

int usage_add(struct store *store, uid_t uid, const struct usage *more)
{
	int r;

	r = add_to(store, uid, more);
	return r < 0 ? r : add_to(store, EVERYBODY, more);
}

static bool over(uint64_t held, uint64_t more, uint64_t limit)
{
	return limit && (more > limit || held > limit - more);
}

static int check_one(struct store *store, uid_t uid, uint64_t jobs, uint64_t bytes_more,
		     uint64_t bytes, int refusal)
{
	_cleanup_sql_ sqlite3_stmt *row = NULL;
	uint64_t held = 0, held_bytes = 0;
	int r;

	r = sql_start(&store->writer, SQL_USAGE, VALUES(INTEGER(uid)), &row);
	if (r < 0)
		return r;
	r = sql_step(row);
	if (r < 0)
		return r;
	if (r) {
		held = (uint64_t)sqlite3_column_int64(row, 0);
		held_bytes = (uint64_t)sqlite3_column_int64(row, 1);
	}
	/* no limit: still, the sum must fit */
	if (over(held, 1, jobs) || over(held_bytes, bytes_more, bytes ?: INT64_MAX))
		return refusal;
	return 0;
}

int usage_check(struct store *store, uid_t uid, uint64_t bytes)
{
	const struct store_limits *limits = &store->limits;
	int r;

	r = check_one(store, uid, limits->user_jobs, bytes, limits->user_bytes, -EDQUOT);
	if (r < 0)
		return r;
	return check_one(store, EVERYBODY, limits->jobs, bytes, limits->bytes, -ENOBUFS);
}
