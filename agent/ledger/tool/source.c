// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The agent's database, opened to be read. Must never make one, or leave what keeps the
 * agent from its own.
 */
#include <errno.h>
#include <libgen.h>
#include <string.h>
#include <sys/stat.h>

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

static int open_database(const char *path, sqlite3 **ret_db)
{
	if (sqlite3_open_v2(path, ret_db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
		return fail(EXIT_USAGE, "%s: %s", path, sqlite3_errmsg(*ret_db));
	sqlite3_busy_timeout(*ret_db, BUSY_MS);
	/* what is in the file may be anybody's */
	sqlite3_db_config(*ret_db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(*ret_db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	/* opens what else there is, or makes it: -wal, -shm */
	if (sqlite3_exec(*ret_db, "SELECT 1 FROM sqlite_schema", NULL, NULL, NULL) != SQLITE_OK)
		return fail(EXIT_USAGE, "%s: %s", path, sqlite3_errmsg(*ret_db));
	return EXIT_OK;
}

/* Effective; root only. */
static int become(uid_t uid, gid_t gid)
{
	/* only as root may the group be changed, too */
	if (seteuid(0) < 0 || setegid(gid) < 0 || seteuid(uid) < 0)
		return fail(EXIT_USAGE, "ledger: user %u: %s", uid, strerror(errno));
	return EXIT_OK;
}

/*
 * Root opens it as whom the directory belongs to: that user may have put anything there,
 * and what is made there must be the user's.
 */
static int open_as_owner(const char *path, const char *directory, sqlite3 **ret_db)
{
	gid_t gid = getegid();
	struct stat st;
	int r, back;

	if (geteuid())
		return open_database(path, ret_db);
	if (stat(directory, &st) < 0)
		return ledger_fail(directory, -errno, "");
	r = become(st.st_uid, st.st_gid);
	if (r == EXIT_OK)
		r = open_database(path, ret_db);
	back = become(0, gid);
	return r == EXIT_OK ? back : r;
}

static int open_path(const char *path, sqlite3 **ret_db)
{
	_cleanup_free_ char *copy = strdup(path);
	int r = check_file(path);

	if (r != EXIT_OK)
		return r;
	if (!copy)
		return fail(EXIT_USAGE, "ledger: %s", strerror(ENOMEM));
	return open_as_owner(path, dirname(copy), ret_db);
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

static int fetch_head(sqlite3 *db, const char *path, struct ledger_head *head)
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

int ledger_database_begin(const struct ledger_options *options, sqlite3 **ret_db,
			  struct ledger_head *head)
{
	_cleanup_free_ char *path = NULL;
	int r = ledger_database_open(options, ret_db, &path);

	return r == EXIT_OK ? fetch_head(*ret_db, path, head) : r;
}
