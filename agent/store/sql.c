// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The store's statements and how they are run. Holds no policy: what may follow what
 * is decided by those who run them.
 */
#include "sql.h"

#include <errno.h>
#include <string.h>

#include "util.h"

/* How a job is read: read.c's columns, in their order. */
#define JOB_COLUMNS                                                                       \
	"number, uid, key, state, output_sizes, input_count, longest_run_us, rank, "      \
	"retries, due_us, interactive, linger, owner, queued_us, ended_us, attempts, "    \
	"reclaims, result, ran, report, ticks_hz, reason, message FROM job "

static const char *const texts[SQL_COUNT] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	[SQL_SAVE] = "SAVEPOINT operation",
	[SQL_BACK] = "ROLLBACK TO operation",
	[SQL_KEEP] = "RELEASE operation",
	[SQL_JOB_BY_KEY] = "SELECT number, asked FROM job WHERE uid = ? AND key = ?",
	[SQL_JOB_ADD] =
		"INSERT INTO job (uid, key, asked, state, bytes, output_sizes, input_count,\n"
		"longest_run_us, rank, retries, due_us, interactive, linger, owner, queued_us)\n"
		"VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[SQL_JOB_STATE] = "SELECT state, uid, bytes, output_sizes FROM job WHERE number = ?",
	[SQL_JOB_END] =
		"UPDATE job SET state = ?2, ended_us = ?3, attempts = ?4, reclaims = ?5,\n"
		"result = ?6, ran = ?7, report = ?8, ticks_hz = ?9, reason = ?10, message = ?11\n"
		"WHERE number = ?1",
	[SQL_JOB_COUNT] = "UPDATE job SET attempts = ?2, reclaims = ?3 WHERE number = ?1",
	[SQL_JOB_ACCOUNT] = "SELECT uid, queued_us, ended_us, key FROM job WHERE number = ?",
	[SQL_DIGESTS] = "SELECT digest FROM part JOIN content ON content.id = part.content\n"
			"WHERE job = ? AND role = ? ORDER BY place",
	[SQL_JOB_FORGET] = "DELETE FROM job WHERE number = ?",
	[SQL_JOBS_EXPIRED] = "SELECT number FROM job WHERE state <> 0 AND ended_us < ?\n"
			     "ORDER BY ended_us LIMIT ?",
	[SQL_JOBS_OWNED] = "SELECT number FROM job WHERE linger = 0 AND owner = ? LIMIT ?",
	[SQL_PART_ADD] = "INSERT INTO part (job, role, place, content) VALUES (?, ?, ?, ?)",
	[SQL_PARTS_FORGET] = "DELETE FROM part WHERE job = ? RETURNING content",
	[SQL_CONTENT_FIND] = "SELECT id FROM content WHERE digest = ?",
	[SQL_CONTENT_ADD] = "INSERT INTO content (digest, size, bytes) VALUES (?, ?, ?)",
	[SQL_CONTENT_FORGET] =
		"DELETE FROM content WHERE id = ?1\n"
		"AND NOT EXISTS (SELECT 1 FROM part WHERE content = ?1)\n"
		"RETURNING digest, bytes IS NULL",
	[SQL_USAGE_ADD] =
		"INSERT INTO usage (uid, queued, held, bytes, ended) VALUES (?, ?, ?, ?, ?)\n"
		"ON CONFLICT (uid) DO UPDATE SET queued = queued + excluded.queued,\n"
		"held = held + excluded.held, bytes = bytes + excluded.bytes,\n"
		"ended = ended + excluded.ended",
	[SQL_USAGE] = "SELECT held, bytes FROM usage WHERE uid = ?",
	[SQL_SETTING_KEEP] = "INSERT INTO setting (name, value) VALUES (?, ?)\n"
			     "ON CONFLICT (name) DO UPDATE SET value = excluded.value",

	[SQL_GET] = "SELECT " JOB_COLUMNS "WHERE number = ?",
	[SQL_NEXT] = "SELECT " JOB_COLUMNS "WHERE state = 0 AND uid = ?\n"
		     "AND (due_us, rank, number) > (?, ?, ?)\n"
		     "ORDER BY due_us, rank, number LIMIT ?",
	[SQL_PARTS] = "SELECT role, place, size, digest FROM part\n"
		      "JOIN content ON content.id = part.content WHERE job = ?",
	[SQL_LIST] = "SELECT number FROM job WHERE number > ? ORDER BY number LIMIT ?",
	[SQL_LIST_USER] = "SELECT number FROM job WHERE uid = ? AND number > ?\n"
			  "ORDER BY number LIMIT ?",
	/* 4294967295: the sum of all */
	[SQL_USERS] = "SELECT uid FROM usage WHERE queued > 0 AND uid <> 4294967295\n"
		      "ORDER BY uid LIMIT ?",
	[SQL_NEXT_OWNER] = "SELECT owner FROM job WHERE linger = 0 AND owner > ?\n"
			   "ORDER BY owner LIMIT 1",
	[SQL_READ] = "SELECT digest, size, bytes FROM part\n"
		     "JOIN content ON content.id = part.content\n"
		     "WHERE job = ? AND role = ? AND place = ?",
	[SQL_TOTALS] = "SELECT queued, held, bytes, ended FROM usage WHERE uid = ?",
	[SQL_SETTINGS] = "SELECT name, value FROM setting",
};

static int io_errno(sqlite3 *handle)
{
	switch (sqlite3_system_errno(handle)) {
	case ENOSPC:
	case EDQUOT:
		return -ENOSPC;
	case EROFS:
		return -EROFS;
	default:
		return -EIO;
	}
}

int sql_errno(sqlite3 *handle, int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_CANTOPEN:
	case SQLITE_IOERR:
		return io_errno(handle);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EBADMSG;
	default:
		return -EIO;
	}
}

int sql_prepare(struct db *db, enum sql first, enum sql end)
{
	enum sql which;
	int code;

	for (which = first; which < end; which++) {
		code = sqlite3_prepare_v3(db->handle, texts[which], -1, SQLITE_PREPARE_PERSISTENT,
					  &db->statements[which], NULL);
		if (code != SQLITE_OK)
			return sql_errno(db->handle, code);
	}
	return 0;
}

void sql_close(struct db *db)
{
	size_t i;

	for (i = 0; i < SQL_COUNT; i++) {
		sqlite3_finalize(db->statements[i]);
		db->statements[i] = NULL;
	}
	sqlite3_close(db->handle);
	db->handle = NULL;
}

static int bind_one(sqlite3_stmt *statement, int at, const struct sql_value *value)
{
	switch (value->type) {
	case SQL_VALUE_INTEGER:
		return sqlite3_bind_int64(statement, at, value->integer);
	case SQL_VALUE_TEXT:
		return sqlite3_bind_text(statement, at, value->bytes, -1, SQLITE_STATIC);
	case SQL_VALUE_BLOB:
		/* without a pointer it would be NULL */
		return sqlite3_bind_blob64(statement, at, value->bytes ?: "", value->size,
					   SQLITE_STATIC);
	default:
		return sqlite3_bind_null(statement, at);
	}
}

int sql_start(struct db *db, enum sql which, const struct sql_value *values, size_t count,
	      sqlite3_stmt **ret_statement)
{
	sqlite3_stmt *statement = db->statements[which];
	size_t i;
	int code;

	for (i = 0; i < count; i++) {
		code = bind_one(statement, (int)i + 1, &values[i]);
		if (code != SQLITE_OK)
			return sql_errno(db->handle, code);
	}
	*ret_statement = statement;
	return 0;
}

int sql_step(sqlite3_stmt *statement)
{
	int code = sqlite3_step(statement);

	return code == SQLITE_ROW ? 1 : sql_errno(sqlite3_db_handle(statement), code);
}

void sql_end(sqlite3_stmt **statement)
{
	if (!*statement)
		return;
	/* both cannot fail: what they return is the last step's error once more */
	sqlite3_reset(*statement);
	sqlite3_clear_bindings(*statement);
}

int sql_run(struct db *db, enum sql which, const struct sql_value *values, size_t count)
{
	_cleanup_sql_ sqlite3_stmt *statement = NULL;
	int r;

	r = sql_start(db, which, values, count, &statement);
	if (r < 0)
		return r;
	r = sql_step(statement);
	return r < 0 ? r : sqlite3_changes(db->handle);
}

int sql_bytes(sqlite3_stmt *statement, int column, void *ret_bytes, size_t size)
{
	const void *bytes = sqlite3_column_blob(statement, column);
	size_t length = (size_t)sqlite3_column_bytes(statement, column);

	if (length > size)
		return -EBADMSG;
	memset(ret_bytes, 0, size);
	if (length)
		memcpy(ret_bytes, bytes, length);
	return 0;
}
