// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * laybyctl ledger export: the head, then each row, one JSON object a line; all of one
 * state of the database.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "../json.h"
#include "../table.h"
#include "tool.h"

static int write_line(FILE *file, const struct ledger_layout *layout, const void *object)
{
	_json_ sd_json_variant *json = NULL;
	int r;

	r = ledger_json_make(layout, object, &json);
	if (r >= 0)
		r = sd_json_variant_dump(json, SD_JSON_FORMAT_NEWLINE, file, NULL);
	return r < 0 ? fail(EXIT_USAGE, "ledger: %s", strerror(-r)) : EXIT_OK;
}

/* One that cannot be read is missing from the copy, which verify will say of it. */
static int write_rows(FILE *file, sqlite3_stmt *statement)
{
	struct ledger_record record = {};
	char text[LEDGER_TEXT_MAX];
	int r, result = EXIT_OK;

	while ((r = ledger_fetch(statement, &ledger_rows, &record, text))) {
		if (r == -EBADMSG) {
			result = fail(EXIT_FINDINGS,
				      "row %" PRIu64 " is left out: %s: see laybyctl ledger verify",
				      record.row.number, text);
			continue;
		}
		if (r < 0)
			return fail(EXIT_USAGE, "ledger: %s", text);
		r = write_line(file, &ledger_rows, &record);
		if (r != EXIT_OK)
			return r;
	}
	return result;
}

static int write_all(sqlite3 *db, FILE *file, const struct ledger_head *head)
{
	_statement_ sqlite3_stmt *statement = NULL;
	int r;

	r = write_line(file, &ledger_heads, head);
	if (r != EXIT_OK)
		return r;
	if (ledger_select(db, &ledger_rows, "ORDER BY number", &statement) < 0)
		return fail(EXIT_FINDINGS, "ledger: %s", sqlite3_errmsg(db));
	return write_rows(file, statement);
}

static int open_part(const char *path, const char *part, FILE **ret_file)
{
	struct stat st;
	int fd;

	/* it would be gone, and a file in its place */
	if (!stat(path, &st) && !S_ISREG(st.st_mode))
		return fail(EXIT_USAGE, "%s: is not a regular file: without one it goes to stdout",
			    path);
	/* for whom jobs were is not everybody's business */
	fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	*ret_file = fd < 0 ? NULL : fdopen(fd, "w");
	return *ret_file ? EXIT_OK : fail(EXIT_USAGE, "%s: %s", part, strerror(errno));
}

/* Under its name when all of it is on disk. @result: of writing it */
static int finish_part(FILE *file, const char *path, const char *part, int result)
{
	bool is_wrong = fflush(file) || ferror(file) || fsync(fileno(file));
	int error = errno;

	if (fclose(file) && !is_wrong) {
		is_wrong = true;
		error = errno;
	}
	if (is_wrong && result != EXIT_USAGE)
		result = fail(EXIT_USAGE, "%s: %s", part, strerror(error));
	if (result != EXIT_USAGE && rename(part, path) < 0)
		result = fail(EXIT_USAGE, "%s: %s", path, strerror(errno));
	if (result == EXIT_USAGE)
		unlink(part);
	return result;
}

static int write_file(sqlite3 *db, const char *path, const struct ledger_head *head)
{
	_cleanup_free_ char *part = NULL;
	FILE *file = NULL;
	int r;

	if (asprintf(&part, "%s.part", path) < 0)
		return fail(EXIT_USAGE, "ledger: %s", strerror(ENOMEM));
	r = open_part(path, part, &file);
	return r == EXIT_OK ? finish_part(file, path, part, write_all(db, file, head)) : r;
}

int ledger_export(const struct ledger_options *options)
{
	_database_ sqlite3 *db = NULL;
	struct ledger_head head;
	int r;

	r = ledger_database_begin(options, &db, &head);
	if (r != EXIT_OK)
		return r;
	if (options->file && strcmp(options->file, "-"))
		return write_file(db, options->file, &head);
	return write_all(db, stdout, &head);
}
