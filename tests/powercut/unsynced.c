// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The negative control of the power cuts: linked into a layby-agentd with
 * --wrap=sqlite3_exec, it makes of synchronous FULL what must lose jobs. Never shipped.
 */
#include <sqlite3.h>
#include <string.h>

#define PROMISED "PRAGMA synchronous = FULL;"

int __real_sqlite3_exec(sqlite3 *db, const char *sql,
			int (*callback)(void *, int, char **, char **), void *arg, char **message);
int __wrap_sqlite3_exec(sqlite3 *db, const char *sql,
			int (*callback)(void *, int, char **, char **), void *arg, char **message);

int __wrap_sqlite3_exec(sqlite3 *db, const char *sql,
			int (*callback)(void *, int, char **, char **), void *arg, char **message)
{
	int code = __real_sqlite3_exec(db, sql, callback, arg, message);

	if (code != SQLITE_OK || !strstr(sql, PROMISED))
		return code;
	return __real_sqlite3_exec(db, "PRAGMA synchronous = OFF", NULL, NULL, NULL);
}
