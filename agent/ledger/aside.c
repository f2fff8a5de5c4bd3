// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What was found at the start: is it the ledger that this key signed last?
 *
 * If not it is kept under another name, tables and anchor, for `laybyctl ledger verify`
 * and whoever wants to know: nothing is ever appended to it, or written over it.
 * Looks at its end only; the rows between are verify's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <util.h>

#include "internal.h"
#include "text.h"

/* Which parts are to be set aside, as a mask. */
enum part {
	PART_TABLES = 1,
	PART_ANCHOR = 2,
};

/*
 * What was found, and what is wrong with it. The first that is said stands.
 * @has_head: there is one, and it is right; @has_anchor: there is one
 */
struct found {
	sqlite3 *db;
	const uint8_t *public;
	struct ledger_head head;
	struct ledger_head anchor;
	bool has_head;
	bool has_anchor;
	unsigned int aside;
	char why[LEDGER_TEXT_MAX / 2];
};

static void blame(struct found *found, unsigned int parts, const char *why)
{
	found->aside |= parts;
	if (!*found->why)
		snprintf(found->why, sizeof(found->why), "%s", why);
}

/* The value that cannot be read is what is wrong; what SQLite cannot do is an error. */
static int tolerate(struct found *found, unsigned int part, int r, const char *why)
{
	if (r != -EBADMSG)
		return r;
	blame(found, part, why);
	return 0;
}

static int check_head(struct found *found)
{
	char text[LEDGER_TEXT_MAX];
	int r;

	r = ledger_head_fetch(found->db, &found->head, text);
	if (r != 1)
		return tolerate(found, PART_TABLES, r, "its head cannot be read");
	if (memcmp(found->head.public_key, found->public, LEDGER_PUBLIC_BYTES)) {
		blame(found, PART_TABLES, "it was signed with another key");
		return 0;
	}
	if (!ledger_head_verify(&found->head)) {
		blame(found, PART_TABLES, "its head's signature is wrong");
		return 0;
	}
	found->has_head = true;
	return 0;
}

static void compare_last(struct found *found, const struct ledger_record *last)
{
	if (!found->has_head)
		blame(found, PART_TABLES, "it has rows and no head");
	else if (last->row.number != found->head.count)
		blame(found, PART_TABLES,
		      last->row.number < found->head.count ? "its last rows are missing" :
							     "it has rows behind its head");
	else if (memcmp(last->hash, found->head.hash, LEDGER_DIGEST_BYTES) ||
		 !ledger_record_verify(last, found->public))
		blame(found, PART_TABLES, "its last row was changed");
}

static int check_last(struct found *found)
{
	struct ledger_record last;
	char text[LEDGER_TEXT_MAX];
	int r;

	r = ledger_last_fetch(found->db, &last, text);
	if (r == 1)
		compare_last(found, &last);
	else if (!r && found->has_head && found->head.count)
		blame(found, PART_TABLES, "its rows are missing");
	return r < 0 ? tolerate(found, PART_TABLES, r, "its last row cannot be read") : 0;
}

/* An older anchor is as it should be: the agent died before it wrote the next one. */
static int compare_anchor(struct found *found)
{
	struct ledger_record record;
	char text[LEDGER_TEXT_MAX], rest[64];
	sqlite3_stmt *statement = NULL;
	int r;

	if (found->anchor.count > found->head.count) {
		blame(found, PART_TABLES | PART_ANCHOR,
		      "it is an older copy: its anchor has seen more rows");
		return 0;
	}
	if (!found->anchor.count)
		return 0;
	snprintf(rest, sizeof(rest), "WHERE number = %lld", (long long)found->anchor.count);
	r = ledger_select(found->db, &ledger_rows, rest, &statement);
	if (!r)
		r = ledger_fetch(statement, &ledger_rows, &record, text);
	sqlite3_finalize(statement);
	if (r < 0 && r != -EBADMSG)
		return r;
	if (r != 1 || memcmp(record.hash, found->anchor.hash, LEDGER_DIGEST_BYTES))
		blame(found, PART_TABLES | PART_ANCHOR, "its anchor has seen other rows");
	return 0;
}

static int check_anchor(struct found *found, int directory)
{
	char text[LEDGER_TEXT_MAX];
	int r;

	if (directory < 0)
		return 0;
	r = ledger_anchor_read(directory, &found->anchor, text);
	found->has_anchor = r != 0;
	if (r != 1)
		return tolerate(found, PART_ANCHOR, r, "its anchor cannot be read");
	if (!ledger_head_verify(&found->anchor)) {
		blame(found, PART_ANCHOR, "its anchor's signature is wrong");
		return 0;
	}
	if (!found->has_head || memcmp(found->anchor.id, found->head.id, LEDGER_ID_BYTES)) {
		blame(found, PART_ANCHOR, "the anchor is of a ledger that is not there");
		return 0;
	}
	return found->aside & PART_TABLES ? 0 : compare_anchor(found);
}

/* --- Setting aside -------------------------------------------------------------------- */

/* 1, 0, or a negative errno */
static int is_taken(sqlite3 *db, int directory, unsigned int number)
{
	const struct ledger_layout *const layouts[] = { &ledger_rows, &ledger_heads };
	char name[64];
	size_t i;
	int r;

	for (i = 0; i < ARRAY_SIZE(layouts); i++) {
		snprintf(name, sizeof(name), LEDGER_ASIDE_TABLE, layouts[i]->table, number);
		r = ledger_table_exists(db, name);
		if (r)
			return r;
	}
	snprintf(name, sizeof(name), LEDGER_ASIDE_FILE, number);
	return directory >= 0 && !faccessat(directory, name, F_OK, AT_SYMLINK_NOFOLLOW);
}

static int rename_table(sqlite3 *db, const char *table, unsigned int number)
{
	int r = ledger_table_exists(db, table);
	char sql[160];

	if (r <= 0)
		return r;
	snprintf(sql, sizeof(sql), "ALTER TABLE %s RENAME TO " LEDGER_ASIDE_TABLE, table, table,
		 number);
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : ledger_errno(db);
}

/* The anchor first: a file does not come back if the transaction does not end. */
static int set_aside(const struct found *found, int directory, unsigned int number)
{
	char name[64];
	int r;

	snprintf(name, sizeof(name), LEDGER_ASIDE_FILE, number);
	if (found->aside & PART_ANCHOR &&
	    (renameat(directory, LEDGER_ANCHOR_FILE, directory, name) < 0 ||
	     fsync(directory) < 0))
		return -errno;
	if (!(found->aside & PART_TABLES))
		return 0;
	r = rename_table(found->db, ledger_rows.table, number);
	return r < 0 ? r : rename_table(found->db, ledger_heads.table, number);
}

static int act(struct found *found, int directory, char text[static LEDGER_TEXT_MAX])
{
	unsigned int number = 0;
	int r;

	do {
		r = is_taken(found->db, directory, ++number);
	} while (r > 0);
	/* an anchor of a ledger that goes: a new ledger must not look as if it were older */
	if (found->aside & PART_TABLES && found->has_anchor)
		found->aside |= PART_ANCHOR;
	if (!r)
		r = set_aside(found, directory, number);
	if (r < 0)
		return ledger_say(text, r, "a ledger cannot be set aside, though %s: %s",
				  found->why, strerror(-r));
	return ledger_say(text, 0,
			  "the ledger%s set aside as number %u, because %s: see laybyctl ledger verify",
			  found->aside & PART_TABLES ? " was" : "'s anchor was", number,
			  found->why);
}

int ledger_inspect(sqlite3 *db, const struct ledger_key *key, int directory,
		   struct ledger_head *head, char text[static LEDGER_TEXT_MAX])
{
	struct found found = { .db = db, .public = ledger_key_public(key) };
	int r;

	r = check_head(&found);
	if (!r)
		r = check_last(&found);
	if (!r)
		r = check_anchor(&found, directory);
	if (r < 0)
		return ledger_say(text, r, "ledger: %s",
				  r == -EUCLEAN ? sqlite3_errmsg(db) : strerror(-r));
	*head = found.head;
	if (found.aside)
		r = act(&found, directory, text);
	if (r < 0)
		return r;
	return found.has_head && !(found.aside & PART_TABLES);
}
