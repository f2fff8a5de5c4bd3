// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Batches: everything that waits becomes one transaction, and nothing of it is told
 * before it is on disk (ISO-10). Each operation stands in a savepoint of its own; if
 * the transaction fails, all of them have failed.
 *
 * On a full disk ends, the owner's settings, and what forgets, are tried again, without
 * submissions, in the room that was kept back.
 */
#include "internal.h"

#include <errno.h>
#include <string.h>

#include "util.h"

static int (*const applies[])(struct store *store, struct operation *operation) = {
	[OPERATION_SUBMIT] = submit_apply,   [OPERATION_END] = end_apply,
	[OPERATION_COUNT] = count_apply,     [OPERATION_RELEASE] = release_apply,
	[OPERATION_DISOWN] = disown_apply,   [OPERATION_EXPIRE] = expire_apply,
	[OPERATION_SETTINGS] = settings_apply,
	[OPERATION_NOTE] = note_apply,
};

/* SQLite gives up the whole transaction after some errors. */
static bool transaction_is_gone(struct store *store)
{
	return sqlite3_get_autocommit(store->writer.handle);
}

int batch_savepoint_end(struct store *store, int result)
{
	int r = 0;

	if (transaction_is_gone(store))
		return result < 0 ? result : -EIO;
	if (result < 0)
		r = sql_run(&store->writer, SQL_BACK, NO_VALUES);
	if (r >= 0)
		r = sql_run(&store->writer, SQL_KEEP, NO_VALUES);
	return r < 0 ? r : 0;
}

static int apply(struct store *store, struct operation *operation)
{
	int r;

	operation->unfinished = false;
	if (operation->kind == OPERATION_SUBMIT)
		return submit_apply(store, operation);
	r = sql_run(&store->writer, SQL_SAVE, NO_VALUES);
	if (r < 0)
		return r;
	operation->result = applies[operation->kind](store, operation);
	return batch_savepoint_end(store, operation->result);
}

/* What must be left of the reserve when the operation is done. */
static off_t leaves(const struct operation *operation)
{
	switch (operation->kind) {
	case OPERATION_RELEASE:
	case OPERATION_DISOWN:
	case OPERATION_EXPIRE:
		return 0;
	case OPERATION_END:
	case OPERATION_COUNT:
	case OPERATION_SETTINGS:
		return RESERVE_BYTES / 2;
	default:
		return RESERVE_BYTES;
	}
}

static int apply_all(struct store *store, struct operations *operations)
{
	struct operation *operation;
	int r;

	STAILQ_FOREACH(operation, operations, entries) {
		if (store->scarce && !operation->again)
			continue;
		r = apply(store, operation);
		if (r < 0)
			return r;
	}
	r = contents_sync(store);
	if (r < 0)
		return r;
	r = account_sign(store);
	return r < 0 ? r : sql_run(&store->writer, SQL_COMMIT, NO_VALUES);
}

static void undo(struct store *store, int why)
{
	if (why != -ENOSPC)
		log_error("store: a transaction failed, nothing of it is kept: %s: %s",
			  strerror(-why), sqlite3_errmsg(store->writer.handle));
	/* its own failure leaves nothing to do: the next BEGIN will fail */
	if (!transaction_is_gone(store))
		sql_run(&store->writer, SQL_ROLLBACK, NO_VALUES);
}

static int transact(struct store *store, struct operations *operations)
{
	int r;

	r = sql_run(&store->writer, SQL_BEGIN, NO_VALUES);
	if (r < 0)
		return r;
	r = apply_all(store, operations);
	if (r < 0)
		undo(store, r);
	contents_settle(store);
	return r < 0 ? r : 0;
}

static void fail(struct operation *operation, int result)
{
	size_t i;

	operation->result = result;
	operation->unfinished = false;
	for (i = 0; i < operation->job_count; i++)
		operation->results[i] = (struct store_submitted){ .result = result };
}

static void fail_all(struct store *store, struct operations *operations, int result)
{
	struct operation *operation;

	STAILQ_FOREACH(operation, operations, entries)
		if (!store->scarce || operation->again)
			fail(operation, result);
}

/* The same once more, of those that found no room and may use some of the reserve. */
static void transact_scarce(struct store *store, struct operations *operations, off_t left)
{
	int r;

	reserve_shrink(store, left);
	store->scarce = true;
	r = transact(store, operations);
	if (r < 0)
		fail_all(store, operations, r);
	store->scarce = false;
}

static bool want_room(struct operations *operations, off_t left)
{
	struct operation *operation;
	bool some = false;

	STAILQ_FOREACH(operation, operations, entries) {
		operation->again = operation->result == -ENOSPC && leaves(operation) <= left;
		some |= operation->again;
	}
	return some;
}

void batch_run(struct store *store, struct operations *operations)
{
	off_t left;
	int r;

	reserve_fill(store);
	r = transact(store, operations);
	if (r < 0)
		fail_all(store, operations, r);
	for (left = RESERVE_BYTES / 2; left >= 0; left -= RESERVE_BYTES / 2)
		if (want_room(operations, left))
			transact_scarce(store, operations, left);
}

static int checkpoint(struct store *store, int mode)
{
	int code;

	code = sqlite3_wal_checkpoint_v2(store->writer.handle, NULL, mode, NULL, NULL);
	return sql_errno(store->writer.handle, code);
}

/*
 * Not part of a transaction's time, and its failure loses nothing: the WAL is what
 * counts, and grows until there is room. While room is short it gives back its own.
 */
void batch_checkpoint(struct store *store)
{
	int r;

	if (store->wal_pages < CHECKPOINT_PAGES && reserve_is_whole(store))
		return;
	store->wal_pages = 0;
	r = checkpoint(store, reserve_is_whole(store) ? SQLITE_CHECKPOINT_PASSIVE :
							      SQLITE_CHECKPOINT_TRUNCATE);
	if (r == -ENOSPC && reserve_is_whole(store)) {
		reserve_shrink(store, RESERVE_BYTES / 2);
		r = checkpoint(store, SQLITE_CHECKPOINT_TRUNCATE);
	}
	if (r < 0)
		log_error("store: moving the WAL into the database: %s", strerror(-r));
}
