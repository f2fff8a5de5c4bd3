// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * States: which may follow which, and the one place that writes them (ISO-10). Only
 * the store's thread comes here, inside a transaction.
 */
#include "internal.h"

#include <errno.h>

#include "util.h"

#define ENDINGS (1u << STORE_FINISHED | 1u << STORE_FAILED | 1u << STORE_CANCELLED)

/* For each state those that may follow it. None follows an ending: it is forgotten. */
static const unsigned int followers[] = {
	[STORE_QUEUED] = ENDINGS,
	[STORE_FINISHED] = 0,
	[STORE_FAILED] = 0,
	[STORE_CANCELLED] = 0,
};

int state_check(enum store_state from, enum store_state to)
{
	if (from >= ARRAY_SIZE(followers) || to >= ARRAY_SIZE(followers))
		return -EINVAL;
	if (!followers[from])
		return -EALREADY;
	return followers[from] & 1u << to ? 0 : -EINVAL;
}

int state_get(struct store *store, uint64_t number, struct held *ret_held)
{
	_cleanup_sql_ sqlite3_stmt *row = NULL;
	int r;

	r = sql_start(&store->writer, SQL_JOB_STATE, VALUES(INTEGER(number)), &row);
	if (r < 0)
		return r;
	r = sql_step(row);
	if (r <= 0)
		return r ?: -ENOENT;
	ret_held->state = (enum store_state)sqlite3_column_int(row, 0);
	ret_held->uid = (uid_t)sqlite3_column_int64(row, 1);
	ret_held->bytes = (uint64_t)sqlite3_column_int64(row, 2);
	return sql_bytes(row, 3, ret_held->output_sizes, sizeof(ret_held->output_sizes));
}

static int write_end(struct store *store, uint64_t number, const struct store_outcome *outcome)
{
	int r;

	r = sql_run(&store->writer, SQL_JOB_END,
		    VALUES(INTEGER(number), INTEGER(outcome->state),
			   INTEGER(now_us(CLOCK_REALTIME)), INTEGER(outcome->attempts),
			   INTEGER(outcome->reclaims),
			   INTEGER(outcome->result), INTEGER(outcome->ran),
			   BLOB(&outcome->report, sizeof(outcome->report)),
			   INTEGER(outcome->ticks_hz), TEXT(outcome->reason),
			   TEXT(outcome->message)));
	return r < 0 ? r : 0;
}

int state_end(struct store *store, uint64_t number, const struct held *held,
	      const struct store_outcome *outcome)
{
	int r;

	r = state_check(held->state, outcome->state);
	if (r < 0)
		return r;
	r = write_end(store, number, outcome);
	if (r < 0)
		return r;
	return usage_add(store, held->uid, &(struct usage){ .queued = -1, .ended = 1 });
}
