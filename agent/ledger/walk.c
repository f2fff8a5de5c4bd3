// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * All of a database, given to a check. Only reads.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <util.h>

#include "check.h"
#include "internal.h"
#include "text.h"

static void check_anchor(struct ledger_check *check, const struct ledger_seen *seen)
{
	const struct ledger_head *anchor = &seen->anchor;

	if (!ledger_head_verify(anchor))
		ledger_check_tell(check, 0, "the anchor was changed: its signature does not fit");
	else if (seen->has_head &&
		 memcmp(anchor->public_key, seen->head.public_key, LEDGER_PUBLIC_BYTES))
		ledger_check_tell(check, 0, "the anchor is signed with another key");
	else if (seen->has_head && memcmp(anchor->id, seen->head.id, LEDGER_ID_BYTES))
		ledger_check_tell(check, 0, "the anchor is of another ledger, which had %llu rows",
				  (unsigned long long)anchor->count);
	else
		ledger_check_point(check, "the anchor", anchor->count, anchor->hash);
}

/* Read before the rows: what is written meanwhile cannot make it newer than they are. */
static int read_anchor(struct ledger_check *check, int directory, struct ledger_seen *seen,
		       char text[static LEDGER_TEXT_MAX])
{
	int r = directory < 0 ? 0 : ledger_anchor_read(directory, &seen->anchor, text);

	seen->has_anchor = r == 1;
	seen->is_anchor_broken = r == -EBADMSG;
	if (seen->is_anchor_broken)
		ledger_check_tell(check, 0, "the anchor %s", text);
	return seen->is_anchor_broken || r >= 0 ? 0 : r;
}

static int walk_head(struct ledger_check *check, sqlite3 *db, struct ledger_seen *seen,
		     char text[static LEDGER_TEXT_MAX])
{
	int r = ledger_head_fetch(db, &seen->head, text);

	if (r < 0 && r != -EBADMSG)
		return r;
	seen->has_head = r == 1;
	if (!r) {
		r = ledger_table_exists(db, ledger_rows.table);
		if (r <= 0)
			return ledger_say(text, r ?: -ENODATA, "%s",
					  r ? sqlite3_errmsg(db) : "there is no ledger in it");
		snprintf(text, LEDGER_TEXT_MAX, "is missing");
	}
	ledger_check_head(check, seen->has_head ? &seen->head : NULL, text);
	return 0;
}

static int step_rows(struct ledger_check *check, sqlite3_stmt *statement,
		     char text[static LEDGER_TEXT_MAX])
{
	struct ledger_record record;
	int r, added;

	do {
		memset(&record, 0, sizeof(record));
		r = ledger_fetch(statement, &ledger_rows, &record, text);
		if (!r || (r < 0 && r != -EBADMSG))
			return r;
		added = ledger_check_row(check, &record, r < 0 ? text : NULL);
	} while (!added);
	return ledger_say(text, added, "out of memory");
}

static int walk_rows(struct ledger_check *check, sqlite3 *db, char text[static LEDGER_TEXT_MAX])
{
	sqlite3_stmt *statement = NULL;
	int r;

	r = ledger_table_exists(db, ledger_rows.table);
	if (!r)
		return 0;
	if (r > 0)
		r = ledger_select(db, &ledger_rows, "ORDER BY number", &statement);
	if (r < 0)
		return ledger_say(text, r, "%s: %s", ledger_rows.table, sqlite3_errmsg(db));
	r = step_rows(check, statement, text);
	sqlite3_finalize(statement);
	return r;
}

/* Tables, file, or both of that number; 0: there is neither. */
static int look_aside(struct ledger_check *check, sqlite3 *db, int directory, unsigned int number)
{
	char rows[64], heads[64], file[64];
	int is_rows, is_heads;
	bool is_file;

	snprintf(rows, sizeof(rows), LEDGER_ASIDE_TABLE, ledger_rows.table, number);
	snprintf(heads, sizeof(heads), LEDGER_ASIDE_TABLE, ledger_heads.table, number);
	snprintf(file, sizeof(file), LEDGER_ASIDE_FILE, number);
	is_rows = ledger_table_exists(db, rows);
	is_heads = ledger_table_exists(db, heads);
	if (is_rows < 0 || is_heads < 0)
		return is_rows < 0 ? is_rows : is_heads;
	is_file = directory >= 0 && !faccessat(directory, file, F_OK, AT_SYMLINK_NOFOLLOW);
	if (!is_rows && !is_heads && !is_file)
		return 0;
	ledger_check_tell(check, 0, "set aside by the agent, which could not go on with it: %s%s%s",
			  is_rows ? rows : is_heads ? heads : "",
			  (is_rows || is_heads) && is_file ? " and " : "", is_file ? file : "");
	return 1;
}

static int walk_aside(struct ledger_check *check, sqlite3 *db, int directory, char *text)
{
	unsigned int number = 1;
	int r;

	do {
		r = look_aside(check, db, directory, number++);
	} while (r > 0);
	return r < 0 ? ledger_say(text, r, "%s", sqlite3_errmsg(db)) : 0;
}

static int walk(struct ledger_check *check, sqlite3 *db, struct ledger_seen *seen,
		char text[static LEDGER_TEXT_MAX])
{
	int r = walk_head(check, db, seen, text);

	if (r < 0)
		return r;
	if (seen->has_anchor)
		check_anchor(check, seen);
	return walk_rows(check, db, text);
}

int ledger_check_database(struct ledger_check *check, sqlite3 *db, int directory,
			  struct ledger_seen *ret_seen, char text[static LEDGER_TEXT_MAX])
{
	int r;

	*ret_seen = (struct ledger_seen){};
	*text = 0;
	r = read_anchor(check, directory, ret_seen, text);
	if (r < 0)
		return r;
	/* one state of the database, whatever is written meanwhile */
	if (sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
		return ledger_say(text, ledger_errno(db), "%s", sqlite3_errmsg(db));
	r = walk(check, db, ret_seen, text);
	if (!r)
		r = walk_aside(check, db, directory, text);
	if (!r)
		ledger_check_finish(check);
	sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return r;
}
