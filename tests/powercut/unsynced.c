// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The negative control of the power cuts: linked into a layby-agentd in front of SQLite's
 * library, it makes of synchronous FULL what must lose jobs. Never shipped.
 */
#include <dlfcn.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define PROMISED "PRAGMA synchronous = FULL;"

int sqlite3_exec(sqlite3 *db, const char *sql, int (*callback)(void *, int, char **, char **),
		 void *arg, char **message)
{
	static __typeof__(&sqlite3_exec) real;
	int code;

	if (!real)
		real = (__typeof__(real))dlsym(RTLD_NEXT, "sqlite3_exec");
	if (!real)
		abort();
	code = real(db, sql, callback, arg, message);
	if (code != SQLITE_OK || !strstr(sql, PROMISED))
		return code;
	return real(db, "PRAGMA synchronous = OFF", NULL, NULL, NULL);
}
