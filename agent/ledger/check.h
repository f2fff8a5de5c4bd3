/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Is a ledger whole? Rows are given one after the other, as they stand; what is wrong is
 * told as it is found, the rest at the end.
 */
#ifndef LAYBY_AGENT_LEDGER_CHECK_H
#define LAYBY_AGENT_LEDGER_CHECK_H

#include "chain.h"

struct ledger_check;

/* @number: of the row, 0: of none */
typedef void (*ledger_tell_fn)(void *userdata, uint64_t number, const char *text);

/* @public_key: whose it must be; NULL: the one that its head names */
int ledger_check_new(const uint8_t *public_key, ledger_tell_fn tell, void *userdata,
		     struct ledger_check **ret_check);
void ledger_check_free(struct ledger_check *check);

/* Before the rows: the head; or NULL, and what is wrong with it. */
void ledger_check_head(struct ledger_check *check, const struct ledger_head *head,
		       const char *wrong);
/*
 * Before the rows: what somebody else knows, that row @count has @hash. @name: who; must
 * stay, as "the anchor". Three at most.
 */
void ledger_check_point(struct ledger_check *check, const char *name, uint64_t count,
			const uint8_t hash[static LEDGER_DIGEST_BYTES]);
/*
 * Then the rows, each with all fields of its layout. @wrong: it could not be read; then
 * only its number is looked at, 0 if that is not known.
 */
int ledger_check_row(struct ledger_check *check, const struct ledger_record *record,
		     const char *wrong);
/* Tells the rest. */
void ledger_check_finish(struct ledger_check *check);
/* Of another kind, to be told and counted with the rest. */
__attribute__((format(printf, 3, 4))) void ledger_check_tell(struct ledger_check *check,
							      uint64_t number,
							      const char *format, ...);

uint64_t ledger_check_findings(const struct ledger_check *check);
uint64_t ledger_check_rows(const struct ledger_check *check);

/* --- walk.c: all of a database ---------------------------------------------------------- */

/* @has_head, @has_anchor: there is one that could be read */
struct ledger_seen {
	bool has_head;
	bool has_anchor;
	bool is_anchor_broken;
	struct ledger_head head;
	struct ledger_head anchor;
};

/*
 * Head, anchor, rows, and what was set aside; then ledger_check_finish(). @directory:
 * of the anchor; less than 0: there is none. Errors are those of the database, with
 * @text; -ENODATA: there is no ledger in it.
 */
int ledger_check_database(struct ledger_check *check, sqlite3 *db, int directory,
			  struct ledger_seen *ret_seen, char text[static LEDGER_TEXT_MAX]);

#endif
