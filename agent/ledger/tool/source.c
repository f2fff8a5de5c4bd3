// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The agent's database, opened to be read. Must never make one, or leave what keeps the
 * agent from its own.
 */
#include <errno.h>
#include <string.h>

#include "../table.h"
#include "../text.h"
#include "tool.h"

#define DATABASE "queue.db"
#define BUSY_MS 5000

int ledger_fail(const char *path, int r, const char *text)
{
	if (r == -EACCES || r == -EPERM)
		return fail(EXIT_NOT_ALLOWED, "%s: %s: you must be root or the agent's user", path,
			    strerror(-r));
	if (r == -ENOENT)
		return fail(EXIT_USAGE,
			    "%s: %s: has an agent run here? see --state and --db", path,
			    strerror(-r));
	return fail(EXIT_USAGE, "%s: %s", path, *text ? text : strerror(-r));
}

/* SQLite would say of all of it that it is unable to open it. */
static int check_file(const char *path)
{
	return access(path, R_OK) < 0 ? ledger_fail(path, -errno, "") : EXIT_OK;
}

static int open_path(const char *path, sqlite3 **ret_db)
{
	int r = check_file(path);

	if (r != EXIT_OK)
		return r;
	/* by root it gives files that it must make beside it to the owner of the database */
	if (sqlite3_open_v2(path, ret_db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
		return fail(EXIT_USAGE, "%s: %s", path, sqlite3_errmsg(*ret_db));
	sqlite3_busy_timeout(*ret_db, BUSY_MS);
	/* what is in the file may be anybody's */
	sqlite3_db_config(*ret_db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(*ret_db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	return EXIT_OK;
}

int ledger_database_open(const struct ledger_options *options, sqlite3 **ret_db, char **ret_path)
{
	int r;

	if (options->database)
		r = asprintf(ret_path, "%s", options->database);
	else
		r = asprintf(ret_path, "%s/" DATABASE, options->state);
	if (r < 0) {
		*ret_path = NULL;
		return fail(EXIT_USAGE, "ledger: %s", strerror(ENOMEM));
	}
	return open_path(*ret_path, ret_db);
}

int ledger_database_begin(sqlite3 *db, const char *path, struct ledger_head *head)
{
	char text[LEDGER_TEXT_MAX] = "";
	int r;

	if (sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
		return fail(EXIT_USAGE, "%s: %s", path, sqlite3_errmsg(db));
	r = ledger_head_fetch(db, head, text);
	if (r == 1)
		return EXIT_OK;
	if (r == -EBADMSG)
		return fail(EXIT_FINDINGS, "%s: the head %s: see laybyctl ledger verify", path,
			    text);
	if (r < 0)
		return ledger_fail(path, r, text);
	r = ledger_table_exists(db, ledger_rows.table);
	if (r == 1)
		return fail(EXIT_FINDINGS, "%s: the head is missing: see laybyctl ledger verify",
			    path);
	return r ? ledger_fail(path, r, sqlite3_errmsg(db)) :
		   fail(EXIT_USAGE, "%s: there is no ledger in it", path);
}
