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

/* Of days and nights: with what they may be in all, sums of them fit. */
#define SPAN_MOST "9007199254740992"
#define ADD_ONE(name, from) name " = min(" name " + " from ", " SPAN_MOST ")"
#define USE_COLUMNS "energy_uj, run_us, tile_us, jobs"
#define NIGHT_COLUMNS                                                                \
	"number, begin_us, end_us, heard_us, parked_us, parked_ns, was_open, is_open, "    \
	"stop_us, stop_reason, was_faulty, charge_from, charge_to"

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
	[SQL_DAY_LAST] = "SELECT max(day) FROM day",
	[SQL_DAY_ADD] = "INSERT INTO day (day, " USE_COLUMNS ") VALUES (?, ?, ?, ?, ?)\n"
			"ON CONFLICT (day) DO UPDATE SET "
			ADD_ONE("energy_uj", "excluded.energy_uj") ", "
			ADD_ONE("run_us", "excluded.run_us") ", "
			ADD_ONE("tile_us", "excluded.tile_us") ", "
			ADD_ONE("jobs", "excluded.jobs"),
	[SQL_DAY_FORGET] = "DELETE FROM day WHERE day <= ?",
	[SQL_NIGHT_LAST] = "SELECT " NIGHT_COLUMNS " FROM night\n"
			   "WHERE number = (SELECT max(number) FROM night)",
	[SQL_NIGHT_PUT] =
		"INSERT INTO night (" NIGHT_COLUMNS ")\n"
		"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)\n"
		"ON CONFLICT (number) DO UPDATE SET end_us = excluded.end_us,\n"
		"heard_us = excluded.heard_us, parked_us = excluded.parked_us,\n"
		"parked_ns = excluded.parked_ns, was_open = excluded.was_open,\n"
		"is_open = excluded.is_open, stop_us = excluded.stop_us,\n"
		"stop_reason = excluded.stop_reason, was_faulty = excluded.was_faulty,\n"
		"charge_from = excluded.charge_from, charge_to = excluded.charge_to",
	[SQL_NIGHT_ADD] = "UPDATE night SET " ADD_ONE("energy_uj", "?") ", "
			  ADD_ONE("run_us", "?") ", " ADD_ONE("tile_us", "?") ", "
			  ADD_ONE("jobs", "?") "\n"
			  "WHERE number = (SELECT max(number) FROM night) RETURNING number",
	[SQL_NIGHT_FORGET] = "DELETE FROM night WHERE number <= ?",
	[SQL_PARTY_ADD] = "INSERT OR IGNORE INTO span_party (kind, span, uid) VALUES (?, ?, ?)",
	[SQL_PARTY_FORGET] = "DELETE FROM span_party WHERE kind = ? AND span <= ?",
	[SQL_COST_ADD] = "INSERT INTO span_cost (kind, span, currency, ucent) VALUES (?, ?, ?, ?)\n"
			 "ON CONFLICT (kind, currency, span) DO UPDATE SET\n"
			 "ucent = min(ucent + excluded.ucent, " SPAN_MOST ")",
	[SQL_COST_FORGET] = "DELETE FROM span_cost WHERE kind = ? AND span <= ?",
	[SQL_CHANGE_LAST] = "SELECT number, reason FROM gate_change\n"
			    "WHERE number = (SELECT max(number) FROM gate_change)",
	[SQL_CHANGE_ADD] =
		"INSERT INTO gate_change (number, at_us, open, reason, charge, energy_uj)\n"
		"VALUES (?, ?, ?, ?, ?, (SELECT energy_uj FROM night\n"
		"WHERE number = (SELECT max(number) FROM night)))",
	[SQL_CHANGE_FORGET] = "DELETE FROM gate_change WHERE number <= ?",

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
	[SQL_TODAY] = "SELECT day, energy_uj FROM day WHERE day = (SELECT max(day) FROM day)",
	[SQL_NIGHTS] = "SELECT " NIGHT_COLUMNS ", " USE_COLUMNS " FROM night\n"
		       "WHERE end_us = 0 OR end_us > ? ORDER BY number DESC LIMIT ?",
	[SQL_PARTIES] = "SELECT uid FROM span_party WHERE kind = ? AND span BETWEEN ? AND ?\n"
			"GROUP BY uid",
	[SQL_COSTS] = "SELECT currency, sum(ucent) FROM span_cost\n"
		      "WHERE kind = ? AND span BETWEEN ? AND ?\n"
		      "GROUP BY currency LIMIT ?",
	[SQL_CHANGES] = "SELECT at_us, open, reason FROM gate_change ORDER BY number DESC",
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
