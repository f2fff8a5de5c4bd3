// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Rows and heads out of the database, and into it.
 *
 * Must never take a value that is not what was put there: SQLite converts and cuts
 * silently, and a value that is cut would hash as if it had not been changed.
 */
#include "table.h"

#include <errno.h>
#include <string.h>
#include <util.h>

#include "text.h"

int ledger_errno(sqlite3 *db)
{
	/* those of a connection with extended codes say more */
	switch (sqlite3_errcode(db) & 0xff) {
	case SQLITE_CONSTRAINT:
		return -EEXIST;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EUCLEAN;
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return -EACCES;
	/* no such column, or table: not made by us */
	case SQLITE_ERROR:
		return -EBADMSG;
	default:
		return -EIO;
	}
}

/* --- Reading -------------------------------------------------------------------------- */

static void put_columns(FILE *sql, const struct ledger_layout *layout)
{
	size_t i;

	for (i = 0; i < layout->stored; i++)
		fprintf(sql, "%s%s", i ? ", " : "", layout->fields[i].name);
}

/* Frees @sql. */
static int prepare(sqlite3 *db, char *sql, sqlite3_stmt **ret_statement)
{
	int r = sqlite3_prepare_v2(db, sql, -1, ret_statement, NULL);

	free(sql);
	return r == SQLITE_OK ? 0 : ledger_errno(db);
}

int ledger_select(sqlite3 *db, const struct ledger_layout *layout, const char *rest,
		  sqlite3_stmt **ret_statement)
{
	char *text = NULL;
	size_t size;
	FILE *sql = open_memstream(&text, &size);

	if (!sql)
		return -ENOMEM;
	fputs("SELECT ", sql);
	put_columns(sql, layout);
	fprintf(sql, " FROM %s %s", layout->table, rest);
	if (fclose(sql)) {
		free(text);
		return -ENOMEM;
	}
	return prepare(db, text, ret_statement);
}

/* The type is asked for first: reading a value as another one changes it. */
static bool get_bytes(sqlite3_stmt *statement, int column, const struct ledger_field *field,
		      void *object)
{
	bool is_text = field->kind == LEDGER_TEXT;
	uint8_t *at = (uint8_t *)object + field->offset;
	const void *bytes;
	size_t size;

	if (sqlite3_column_type(statement, column) != (is_text ? SQLITE_TEXT : SQLITE_BLOB))
		return false;
	bytes = sqlite3_column_blob(statement, column);
	size = (size_t)sqlite3_column_bytes(statement, column);
	if (is_text ? size >= field->size : size != field->size)
		return false;
	memset(at, 0, field->size);
	if (size)
		memcpy(at, bytes, size);
	/* a text's zeros are not part of it: there must be one way to write it */
	return !is_text || strlen((const char *)at) == size;
}

static bool get_column(sqlite3_stmt *statement, int column, const struct ledger_field *field,
		       void *object)
{
	if (field->kind == LEDGER_BYTES || field->kind == LEDGER_TEXT)
		return get_bytes(statement, column, field, object);
	return sqlite3_column_type(statement, column) == SQLITE_INTEGER &&
	       ledger_number_put(field, object,
				 (uint64_t)sqlite3_column_int64(statement, column));
}

int ledger_fetch(sqlite3_stmt *statement, const struct ledger_layout *layout, void *object,
		 char text[static LEDGER_TEXT_MAX])
{
	sqlite3 *db = sqlite3_db_handle(statement);
	int r = sqlite3_step(statement);
	size_t i;

	if (r == SQLITE_DONE)
		return 0;
	if (r != SQLITE_ROW)
		return ledger_say(text, ledger_errno(db), "%s: %s", layout->table,
				  sqlite3_errmsg(db));
	for (i = 0; i < layout->stored; i++)
		if (!get_column(statement, (int)i, &layout->fields[i], object))
			return ledger_say(text, -EBADMSG, "%s is of a wrong kind or size",
					  layout->fields[i].name);
	if (layout == &ledger_rows)
		ledger_record_hash(object, ((struct ledger_record *)object)->hash);
	return 1;
}

int ledger_table_exists(sqlite3 *db, const char *name)
{
	int code = sqlite3_table_column_metadata(db, "main", name, NULL, NULL, NULL, NULL, NULL,
						 NULL);

	if (code == SQLITE_OK)
		return 1;
	return code == SQLITE_ERROR ? 0 : ledger_errno(db);
}

/* The first of what @rest selects; 0: none, or no table */
static int fetch_first(sqlite3 *db, const struct ledger_layout *layout, const char *rest,
		       void *object, char text[static LEDGER_TEXT_MAX])
{
	sqlite3_stmt *statement = NULL;
	int r;

	r = ledger_table_exists(db, layout->table);
	if (!r)
		return 0;
	if (r > 0)
		r = ledger_select(db, layout, rest, &statement);
	if (r < 0)
		return ledger_say(text, r, "%s: %s", layout->table, sqlite3_errmsg(db));
	r = ledger_fetch(statement, layout, object, text);
	if (r == 1 && layout == &ledger_heads && sqlite3_step(statement) == SQLITE_ROW)
		r = ledger_say(text, -EBADMSG, "there is more than one");
	sqlite3_finalize(statement);
	return r;
}

int ledger_head_fetch(sqlite3 *db, struct ledger_head *head, char text[static LEDGER_TEXT_MAX])
{
	return fetch_first(db, &ledger_heads, "", head, text);
}

int ledger_last_fetch(sqlite3 *db, struct ledger_record *record,
		      char text[static LEDGER_TEXT_MAX])
{
	return fetch_first(db, &ledger_rows, LEDGER_LAST, record, text);
}

/* --- Writing -------------------------------------------------------------------------- */

int ledger_table_make(sqlite3 *db, const struct ledger_layout *layout)
{
	static const char *const types[] = {
		[LEDGER_U64] = "INTEGER", [LEDGER_U32] = "INTEGER", [LEDGER_S32] = "INTEGER",
		[LEDGER_BYTES] = "BLOB", [LEDGER_TEXT] = "TEXT",
	};
	const struct ledger_field *field = layout->fields;
	char *text = NULL;
	size_t size, i;
	FILE *sql = open_memstream(&text, &size);
	int r;

	if (!sql)
		return -ENOMEM;
	fprintf(sql, "CREATE TABLE IF NOT EXISTS %s (", layout->table);
	for (i = 0; i < layout->stored; i++, field++)
		fprintf(sql, "%s%s %s %s", i ? ", " : "", field->name, types[field->kind],
			field->constraint ?: "NOT NULL");
	fputs(") STRICT", sql);
	r = fclose(sql) ? -ENOMEM : 0;
	if (!r && sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
		r = ledger_errno(db);
	free(text);
	return r;
}

int ledger_insert(sqlite3 *db, const struct ledger_layout *layout, sqlite3_stmt **ret_statement)
{
	char *text = NULL;
	size_t size, i;
	FILE *sql = open_memstream(&text, &size);

	if (!sql)
		return -ENOMEM;
	fprintf(sql, "INSERT INTO %s (", layout->table);
	put_columns(sql, layout);
	fputs(") VALUES (?", sql);
	for (i = 1; i < layout->stored; i++)
		fputs(", ?", sql);
	fputc(')', sql);
	if (fclose(sql)) {
		free(text);
		return -ENOMEM;
	}
	return prepare(db, text, ret_statement);
}

static void put_column(sqlite3_stmt *statement, int column, const struct ledger_field *field,
		       const void *object)
{
	const void *at = (const uint8_t *)object + field->offset;

	if (field->kind == LEDGER_BYTES)
		sqlite3_bind_blob(statement, column, at, (int)field->size, SQLITE_STATIC);
	else if (field->kind == LEDGER_TEXT)
		sqlite3_bind_text(statement, column, at, (int)strnlen(at, field->size - 1),
				  SQLITE_STATIC);
	else
		sqlite3_bind_int64(statement, column,
				   (sqlite3_int64)ledger_number_get(field, object));
}

int ledger_put(sqlite3_stmt *statement, const struct ledger_layout *layout, const void *object)
{
	size_t i;
	int r;

	for (i = 0; i < layout->stored; i++)
		put_column(statement, (int)i + 1, &layout->fields[i], object);
	r = sqlite3_step(statement) == SQLITE_DONE ? 0 :
						     ledger_errno(sqlite3_db_handle(statement));
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return r;
}
