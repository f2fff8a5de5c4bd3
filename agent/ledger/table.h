/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ledger's tables: one row, one head at a time, each value that is read checked for
 * its kind and size.
 */
#ifndef LAYBY_AGENT_LEDGER_TABLE_H
#define LAYBY_AGENT_LEDGER_TABLE_H

#include "chain.h"

/* "SELECT" of @layout's columns and @rest; *ret_statement is to be finalized. */
int ledger_select(sqlite3 *db, const struct ledger_layout *layout, const char *rest,
		  sqlite3_stmt **ret_statement);
/*
 * One step: 1 and @object, 0 at the end, or a negative errno; -EBADMSG: a column does not
 * hold what it must, @text says which.
 */
int ledger_fetch(sqlite3_stmt *statement, const struct ledger_layout *layout, void *object,
		 char text[static LEDGER_TEXT_MAX]);

/* 1: there is one; 0: there is none, or no table */
int ledger_head_fetch(sqlite3 *db, struct ledger_head *head, char text[static LEDGER_TEXT_MAX]);
/* The one that has the highest number; likewise. */
#define LEDGER_LAST "ORDER BY number DESC LIMIT 1"
int ledger_last_fetch(sqlite3 *db, struct ledger_record *record,
		      char text[static LEDGER_TEXT_MAX]);

/* 1, 0, or a negative errno */
int ledger_table_exists(sqlite3 *db, const char *name);
/* Of what SQLite said last; -EUCLEAN: the database is broken. */
int ledger_errno(sqlite3 *db);

int ledger_table_make(sqlite3 *db, const struct ledger_layout *layout);
/* To be filled and run by ledger_put(), to be finalized. */
int ledger_insert(sqlite3 *db, const struct ledger_layout *layout, sqlite3_stmt **ret_statement);
int ledger_put(sqlite3_stmt *statement, const struct ledger_layout *layout, const void *object);

#endif
