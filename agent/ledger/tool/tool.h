/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of `laybyctl ledger` share. It only reads, and beside the agent while that
 * works. A function that returns an exit code has said on stderr why, if it is not 0.
 */
#ifndef LAYBY_LEDGER_TOOL_H
#define LAYBY_LEDGER_TOOL_H

#include "../../command/command.h"
#include "../check.h"

/* Another meaning for the same number, as in laybyctl audit. */
#define EXIT_FINDINGS EXIT_JOB_FAILED

/* struct ledger_options - the command line, as it stands there; NULL: not given */
struct ledger_options {
	const char *state;
	const char *database;
	const char *key;
	const char *head;
	const char *since;
	const char *limit;
	/* what follows the verb */
	const char *file;
	bool json;
};

int ledger_list(const struct ledger_options *options);
int ledger_verify(const struct ledger_options *options);
int ledger_export(const struct ledger_options *options);
int ledger_show_key(const struct ledger_options *options);

/* --- source.c ------------------------------------------------------------------------- */

/* The database, to be read, and its path, to be freed. */
int ledger_database_open(const struct ledger_options *options, sqlite3 **ret_db, char **ret_path);
/* Of what went wrong with it: the exit code that fits. */
int ledger_fail(const char *path, int r, const char *text);
/* Likewise, one state of it until ledger_database_close(). EXIT_FINDINGS: it has no head. */
int ledger_database_begin(const struct ledger_options *options, sqlite3 **ret_db,
			  struct ledger_head *head);

static inline void ledger_database_close(sqlite3 **db)
{
	sqlite3_close(*db);
}

static inline void ledger_statement_free(sqlite3_stmt **statement)
{
	sqlite3_finalize(*statement);
}

#define _database_ _cleanup_(ledger_database_close)
#define _statement_ _cleanup_(ledger_statement_free)
#define _json_ _cleanup_(sd_json_variant_unrefp)

/* --- judge.c: what is found, for people or as JSON ------------------------------------- */

struct judge;

int judge_new(const struct ledger_options *options, const uint8_t *public_key,
	      struct judge **ret_judge, struct ledger_check **ret_check);
/* What is no finding, and should be known. */
__attribute__((format(printf, 2, 3))) void judge_note(struct judge *judge, const char *format,
						       ...);
/* Prints it; @head: NULL: there is none. EXIT_OK or EXIT_FINDINGS. */
int judge_end(struct judge *judge, const struct ledger_head *head);
void judge_free(struct judge *judge);

#endif
