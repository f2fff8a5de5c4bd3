/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What ledger.c, aside.c and anchor.c share.
 */
#ifndef LAYBY_AGENT_LEDGER_INTERNAL_H
#define LAYBY_AGENT_LEDGER_INTERNAL_H

#include "table.h"

/* Names of what was set aside: of a table and of the anchor's file, and a number. */
#define LEDGER_ASIDE_TABLE "%s_aside_%u"
#define LEDGER_ASIDE_FILE LEDGER_ANCHOR_FILE ".aside-%u"

/*
 * @directory: of the anchor; less than 0: the database is in no file, nor is the anchor
 * @is_unsigned: something may have been appended since the last head
 * @anchored_count: of the anchor, as of @anchored_ns, CLOCK_MONOTONIC; only to write less
 */
struct ledger {
	sqlite3 *db;
	const struct ledger_key *key;
	int directory;
	uint8_t id[LEDGER_ID_BYTES];
	sqlite3_stmt *insert;
	sqlite3_stmt *last;
	bool is_unsigned;
	uint64_t anchored_count;
	uint64_t anchored_ns;
};

/* --- aside.c -------------------------------------------------------------------------- */

/*
 * Sets aside what is there and is not what @key signed last. Returns 1 and *head if there
 * is a ledger to go on with, 0 if a new one is to begin.
 */
int ledger_inspect(sqlite3 *db, const struct ledger_key *key, int directory,
		   struct ledger_head *head, char text[static LEDGER_TEXT_MAX]);

/* --- anchor.c ------------------------------------------------------------------------- */

/* Of @db's file; -ENOENT: it has none. */
int ledger_directory_open(sqlite3 *db);
/* 1; 0: there is none; -EBADMSG: there is something else, @text says what */
int ledger_anchor_read(int directory, struct ledger_head *head, char text[static LEDGER_TEXT_MAX]);

#endif
