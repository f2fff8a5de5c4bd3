// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * laybyctl ledger verify: a database with its anchor, or what export wrote.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <string.h>

#include "../../policy/tool.h"
#include "../json.h"
#include "tool.h"

/* A row has a tenth of that. */
#define LINE_MAX_BYTES 65536

/*
 * What somebody holds against it.
 * @key: whose it must be, if @has_key
 * @count, @hash: a head from elsewhere, if @has_head
 */
struct wanted {
	bool has_key;
	uint8_t key[LEDGER_PUBLIC_BYTES];
	bool has_head;
	uint64_t count;
	uint8_t hash[LEDGER_DIGEST_BYTES];
};

static void free_judge(struct judge **judge)
{
	judge_free(*judge);
}

static void free_file_key(struct ledger_key **key)
{
	ledger_key_free(*key);
}

/* --- What is asked for ------------------------------------------------------------------ */

static int parse_head(const char *text, struct wanted *wanted)
{
	const char *colon = strchr(text, ':');
	char hash[2 * LEDGER_DIGEST_BYTES + 1] = "";

	if (colon && (size_t)(colon - text) < sizeof(hash))
		memcpy(hash, text, (size_t)(colon - text));
	if (!colon || !ledger_unhex(hash, wanted->hash, sizeof(wanted->hash)) ||
	    value_parse(QUANTITY_COUNT, colon + 1, &wanted->count) < 0)
		return fail(EXIT_USAGE,
			    "--head: \"%s\" is none; right are 64 hexadecimal digits, a colon and how many rows",
			    text);
	wanted->has_head = true;
	return EXIT_OK;
}

/* The agent's own, if it has no credential and we may: then nobody need know it. */
static void read_key_file(const char *state, struct wanted *wanted)
{
	_cleanup_(free_file_key) struct ledger_key *key = NULL;
	char text[LEDGER_TEXT_MAX];

	if (ledger_key_read(state, &key, text) < 0)
		return;
	memcpy(wanted->key, ledger_key_public(key), sizeof(wanted->key));
	wanted->has_key = true;
}

static int read_wanted(const struct ledger_options *options, struct wanted *wanted)
{
	if (options->key && !ledger_unhex(options->key, wanted->key, sizeof(wanted->key)))
		return fail(EXIT_USAGE, "--key: \"%s\" is none; right are 64 hexadecimal digits",
			    options->key);
	wanted->has_key = options->key;
	if (!options->key && !options->file && !options->database)
		read_key_file(options->state, wanted);
	return options->head ? parse_head(options->head, wanted) : EXIT_OK;
}

/* --- A database ------------------------------------------------------------------------- */

static int open_directory_of(const char *path)
{
	_cleanup_free_ char *copy = strdup(path);

	return copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
}

/* An older anchor is right; that it is gone is not, where the agent has its own. */
static void note_anchor(const struct ledger_options *options, struct judge *judge,
			struct ledger_check *check, const struct ledger_seen *seen)
{
	if (!seen->has_head)
		return;
	if (seen->has_anchor && seen->anchor.count < seen->head.count)
		judge_note(judge,
			   "the anchor has seen %" PRIu64 " of %" PRIu64
			   " rows: right if the agent died, or works just now",
			   seen->anchor.count, seen->head.count);
	if (seen->has_anchor || seen->is_anchor_broken)
		return;
	if (options->database)
		judge_note(judge,
			   "no anchor is beside it: an older copy cannot be told without --head");
	else if (seen->head.count)
		ledger_check_tell(check, 0, "its anchor, " LEDGER_ANCHOR_FILE ", is missing");
}

static int verify_database(const struct ledger_options *options, struct judge *judge,
			   struct ledger_check *check)
{
	_cleanup_free_ char *path = NULL;
	char text[LEDGER_TEXT_MAX] = "";
	_database_ sqlite3 *db = NULL;
	_cleanup_close_ int directory = -1;
	struct ledger_seen seen;
	int r;

	r = ledger_database_open(options, &db, &path);
	if (r != EXIT_OK)
		return r;
	directory = open_directory_of(path);
	if (directory < 0)
		return fail(EXIT_USAGE, "%s: its directory: %s", path, strerror(errno));
	r = ledger_check_database(check, db, directory, &seen, text);
	if (r < 0)
		return ledger_fail(path, r, text);
	note_anchor(options, judge, check, &seen);
	return judge_end(judge, seen.has_head ? &seen.head : NULL);
}

/* --- What export wrote ------------------------------------------------------------------ */

struct lines {
	FILE *file;
	char *line;
	size_t room;
	uint64_t number;
};

static void lines_fini(struct lines *lines)
{
	if (lines->file)
		fclose(lines->file);
	free(lines->line);
}

/* 1, 0 at the end, or a negative errno. A line with a zero in it is cut there, and so wrong. */
static int next_line(struct lines *lines)
{
	ssize_t n;

	errno = 0;
	n = getline(&lines->line, &lines->room, lines->file);
	if (n < 0)
		return ferror(lines->file) || errno ? -(errno ?: EIO) : 0;
	lines->number++;
	if (n > LINE_MAX_BYTES)
		lines->line[0] = 0;
	return 1;
}

static int verify_lines(struct ledger_check *check, struct lines *lines)
{
	char text[LEDGER_TEXT_MAX], wrong[LEDGER_TEXT_MAX + 64];
	struct ledger_record record;
	int r;

	while ((r = next_line(lines)) > 0) {
		memset(&record, 0, sizeof(record));
		r = ledger_json_parse(&ledger_rows, lines->line, &record, text);
		if (r < 0 && r != -EBADMSG)
			return r;
		snprintf(wrong, sizeof(wrong), "line %" PRIu64 " of the file %s", lines->number,
			 text);
		r = ledger_check_row(check, &record, r < 0 ? wrong : NULL);
		if (r < 0)
			return r;
	}
	return r;
}

static int verify_file(const struct ledger_options *options, struct judge *judge,
		       struct ledger_check *check)
{
	_cleanup_(lines_fini) struct lines lines = { .file = fopen(options->file, "re") };
	char text[LEDGER_TEXT_MAX] = "";
	struct ledger_head head;
	int r, found;

	if (!lines.file)
		return fail(EXIT_USAGE, "%s: %s", options->file, strerror(errno));
	r = next_line(&lines);
	if (!r)
		return fail(EXIT_USAGE, "%s: is empty", options->file);
	found = r < 0 ? r : ledger_json_parse(&ledger_heads, lines.line, &head, text);
	if (found < 0 && found != -EBADMSG)
		return fail(EXIT_USAGE, "%s: %s", options->file, strerror(-found));
	ledger_check_head(check, found < 0 ? NULL : &head, text);
	r = verify_lines(check, &lines);
	if (r < 0)
		return fail(EXIT_USAGE, "%s: %s", options->file, strerror(-r));
	ledger_check_finish(check);
	return judge_end(judge, found < 0 ? NULL : &head);
}

int ledger_verify(const struct ledger_options *options)
{
	_cleanup_(free_judge) struct judge *judge = NULL;
	struct ledger_check *check;
	struct wanted wanted = {};
	int r;

	if (options->file && options->database)
		return fail(EXIT_USAGE, "ledger verify: either --db or FILE");
	r = read_wanted(options, &wanted);
	if (r == EXIT_OK)
		r = judge_new(options, wanted.has_key ? wanted.key : NULL, &judge, &check);
	if (r != EXIT_OK)
		return r;
	if (wanted.has_head)
		ledger_check_point(check, "the head of --head", wanted.count, wanted.hash);
	if (!wanted.has_key)
		judge_note(judge,
			   "the key is the one that it names: hold the vehicle's against it by --key");
	return options->file ? verify_file(options, judge, check) :
			       verify_database(options, judge, check);
}
