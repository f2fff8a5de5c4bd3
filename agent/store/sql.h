/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The store's statements: all of them, prepared once for a connection's life.
 * Data reaches SQLite as bound values only.
 */
#ifndef LAYBY_AGENT_STORE_SQL_H
#define LAYBY_AGENT_STORE_SQL_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

enum sql {
	/* the writer's */
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_SAVE,
	SQL_BACK,
	SQL_KEEP,
	SQL_JOB_BY_KEY,
	SQL_JOB_ADD,
	SQL_JOB_STATE,
	SQL_JOB_END,
	SQL_JOB_COUNT,
	SQL_JOB_ACCOUNT,
	SQL_DIGESTS,
	SQL_JOB_FORGET,
	SQL_JOBS_EXPIRED,
	SQL_JOBS_OWNED,
	SQL_PART_ADD,
	SQL_PARTS_FORGET,
	SQL_CONTENT_FIND,
	SQL_CONTENT_ADD,
	SQL_CONTENT_FORGET,
	SQL_USAGE_ADD,
	SQL_USAGE,
	SQL_SETTING_KEEP,
	SQL_DAY_LAST,
	SQL_DAY_ADD,
	SQL_DAY_FORGET,
	SQL_NIGHT_LAST,
	SQL_NIGHT_PUT,
	SQL_NIGHT_ADD,
	SQL_NIGHT_FORGET,
	SQL_PARTY_ADD,
	SQL_PARTY_FORGET,
	SQL_COST_ADD,
	SQL_COST_FORGET,
	SQL_CHANGE_LAST,
	SQL_CHANGE_ADD,
	SQL_CHANGE_FORGET,
	/* the reader's, from here on */
	SQL_GET,
	SQL_NEXT,
	SQL_PARTS,
	SQL_LIST,
	SQL_LIST_USER,
	SQL_USERS,
	SQL_NEXT_OWNER,
	SQL_READ,
	SQL_TOTALS,
	SQL_SETTINGS,
	SQL_TODAY,
	SQL_NIGHTS,
	SQL_PARTIES,
	SQL_COSTS,
	SQL_CHANGES,
	SQL_COUNT,
};

#define SQL_FIRST_OF_READER SQL_GET

struct db {
	sqlite3 *handle;
	sqlite3_stmt *statements[SQL_COUNT];
};

struct sql_value {
	enum { SQL_VALUE_NULL, SQL_VALUE_INTEGER, SQL_VALUE_TEXT, SQL_VALUE_BLOB } type;
	int64_t integer;
	const void *bytes;
	size_t size;
};

/* Bit for bit: a uint64_t comes back as it went. */
#define INTEGER(i) ((struct sql_value){ SQL_VALUE_INTEGER, .integer = (int64_t)(i) })
#define TEXT(s) ((struct sql_value){ SQL_VALUE_TEXT, .bytes = (s) })
#define BLOB(p, n) ((struct sql_value){ SQL_VALUE_BLOB, .bytes = (p), .size = (n) })
#define NONE() ((struct sql_value){ SQL_VALUE_NULL })

/* The values of a statement, in the order of its parameters. */
#define VALUES(...)                                                            \
	((const struct sql_value[]){ __VA_ARGS__ }),                           \
		(sizeof((const struct sql_value[]){ __VA_ARGS__ }) /           \
		 sizeof(struct sql_value))
#define NO_VALUES NULL, 0

/* What SQLite says as -errno. */
int sql_errno(sqlite3 *handle, int code);

int sql_prepare(struct db *db, enum sql first, enum sql end);
void sql_close(struct db *db);

/*
 * Begins a statement that gives rows; sql_step(): 1 there is one, 0 no more, or
 * -errno. To be ended with sql_end(), also after an error.
 */
int sql_start(struct db *db, enum sql which, const struct sql_value *values, size_t count,
	      sqlite3_stmt **ret_statement);
int sql_step(sqlite3_stmt *statement);
void sql_end(sqlite3_stmt **statement);
#define _cleanup_sql_ _cleanup_(sql_end)

/* One that gives none. Returns how many rows it changed, or -errno. */
int sql_run(struct db *db, enum sql which, const struct sql_value *values, size_t count);

/* Of the row: up to @size bytes, zeroes behind them. -EBADMSG: there are more. */
int sql_bytes(sqlite3_stmt *statement, int column, void *ret_bytes, size_t size);

#endif
