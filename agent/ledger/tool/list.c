// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * laybyctl ledger list and key: for people, and for programs.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "../../consent/tool.h"
#include "../../policy/tool.h"
#include "../json.h"
#include "../table.h"
#include "tool.h"

/* What is put into the row's signature, and says nothing to who reads a list. */
static char *const unlisted[] = { (char *)"previous", (char *)"signature", (char *)"hash", NULL };

/* Rows as they are listed, and their sum. */
struct listing {
	const struct ledger_options *options;
	sd_json_variant **json;
	size_t json_count;
	size_t max;
	size_t count;
	uint64_t energy_uj;
	bool is_partial;
};

/* --- One row -------------------------------------------------------------------------- */

static const char *state_name(uint32_t state)
{
	static const char *const names[] = { "queued", "finished", "failed", "cancelled" };

	return state < ARRAY_SIZE(names) ? names[state] : "unknown";
}

/* Millionths of a hundredth; a currency that is not given costs nothing. */
static const char *cost_text(const struct ledger_row *row, char text[static 48])
{
	if (!*row->currency)
		return "-";
	snprintf(text, 48, "%" PRIu64 ".%08" PRIu64 " %s", row->cost_ucent / 100000000,
		 row->cost_ucent % 100000000, row->currency);
	return text;
}

static const char *local_time(uint64_t us, char text[static 32])
{
	time_t s = (time_t)(us / USEC_PER_SEC);
	struct tm tm;

	if (!localtime_r(&s, &tm))
		return "?";
	strftime(text, 32, "%Y-%m-%d %H:%M:%S", &tm);
	return text;
}

static void print_row(const struct ledger_row *row)
{
	char when[32], cost[48];

	printf("%8" PRIu64 "  %-19s  %8" PRIu64 "  %8u  %-9s  %-14s  %14" PRIu64 "  %12" PRIu64
	       "  %s\n",
	       row->number, local_time(row->time_us, when), row->job, row->uid,
	       state_name(row->state), row->ran ? layby_reason_name(row->reason) : "-",
	       row->energy_uj, ticks_to_us(row->run_ticks, row->ticks_hz), cost_text(row, cost));
}

static int row_json(const struct ledger_record *record, sd_json_variant **ret_json)
{
	_json_ sd_json_variant *json = NULL;
	int r;

	r = ledger_json_make(&ledger_rows, record, &json);
	if (r >= 0)
		r = sd_json_variant_filter(&json, (char **)unlisted);
	if (r >= 0)
		r = sd_json_variant_set_field_string(&json, "state",
						     state_name(record->row.state));
	if (r >= 0)
		r = sd_json_variant_set_field_string(&json, "reason",
						     record->row.ran ?
							     layby_reason_name(record->row.reason) :
							     "");
	if (r < 0)
		return r;
	*ret_json = json;
	json = NULL;
	return 0;
}

static int keep_json(struct listing *listing, const struct ledger_record *record)
{
	int r;

	if (listing->json_count == listing->max) {
		listing->max = listing->max ? 2 * listing->max : 256;
		listing->json = must_realloc(listing->json,
					     listing->max * sizeof(*listing->json));
	}
	r = row_json(record, &listing->json[listing->json_count]);
	listing->json_count += !r;
	return r;
}

/* --- All rows ------------------------------------------------------------------------- */

/* The last ones, the oldest of them first. */
static int select_rows(const struct ledger_options *options, sqlite3 *db,
		       sqlite3_stmt **ret_statement)
{
	uint64_t since_s = 0, since_us, limit = INT64_MAX;
	int32_t offset_min;
	char rest[256];
	int r;

	r = offset_parse(NULL, &offset_min);
	if (r == EXIT_OK && options->since)
		r = since_parse(options->since, offset_min, &since_s);
	if (r != EXIT_OK)
		return r;
	if (options->limit && (value_parse(QUANTITY_COUNT, options->limit, &limit) < 0 || !limit ||
			       limit > INT64_MAX))
		return fail(EXIT_USAGE, "--limit: \"%s\" is not a number from 1", options->limit);
	since_us = since_s * USEC_PER_SEC;
	snprintf(rest, sizeof(rest),
		 "WHERE number IN (SELECT number FROM ledger_rows WHERE time_us >= %" PRIu64
		 " ORDER BY number DESC LIMIT %" PRIu64 ") ORDER BY number",
		 since_us, limit);
	if (ledger_select(db, &ledger_rows, rest, ret_statement) < 0)
		return fail(EXIT_USAGE, "ledger: %s", sqlite3_errmsg(db));
	return EXIT_OK;
}

static int list_row(struct listing *listing, const struct ledger_record *record)
{
	int r = 0;

	if (listing->options->json)
		r = keep_json(listing, record);
	else
		print_row(&record->row);
	listing->count++;
	listing->energy_uj += record->row.energy_uj;
	return r < 0 ? fail(EXIT_USAGE, "ledger: %s", strerror(-r)) : EXIT_OK;
}

/* One that cannot be read does not hide the others. */
static int list_rows(struct listing *listing, sqlite3_stmt *statement)
{
	struct ledger_record record = {};
	char text[LEDGER_TEXT_MAX];
	int r;

	while ((r = ledger_fetch(statement, &ledger_rows, &record, text))) {
		if (r == -EBADMSG) {
			fail(EXIT_FINDINGS, "row %" PRIu64 ": %s: see laybyctl ledger verify",
			     record.row.number, text);
			listing->is_partial = true;
			continue;
		}
		if (r < 0)
			return fail(EXIT_USAGE, "ledger: %s", text);
		r = list_row(listing, &record);
		if (r != EXIT_OK)
			return r;
	}
	return EXIT_OK;
}

static int print_listing(const struct listing *listing)
{
	_json_ sd_json_variant *array = NULL;
	int r;

	if (!listing->options->json) {
		printf("%zu jobs, %.6f kWh\n", listing->count, (double)listing->energy_uj / 3.6e12);
		return EXIT_OK;
	}
	r = sd_json_variant_new_array(&array, listing->json, listing->json_count);
	if (r >= 0)
		r = sd_json_variant_dump(array,
					 SD_JSON_FORMAT_PRETTY_AUTO | SD_JSON_FORMAT_NEWLINE |
						 SD_JSON_FORMAT_EMPTY_ARRAY,
					 stdout, NULL);
	return r < 0 ? fail(EXIT_USAGE, "ledger: %s", strerror(-r)) : EXIT_OK;
}

static void listing_fini(struct listing *listing)
{
	size_t i;

	for (i = 0; i < listing->json_count; i++)
		sd_json_variant_unref(listing->json[i]);
	free(listing->json);
}

static int list(struct listing *listing, sqlite3_stmt *statement)
{
	int r;

	if (!listing->options->json)
		printf("%8s  %-19s  %8s  %8s  %-9s  %-14s  %14s  %12s  %s\n", "ROW", "ENDED", "JOB",
		       "USER", "STATE", "REASON", "ENERGY [uJ]", "RAN [us]", "COST");
	r = list_rows(listing, statement);
	if (r == EXIT_OK)
		r = print_listing(listing);
	if (r != EXIT_OK)
		return r;
	return listing->is_partial ? EXIT_FINDINGS : EXIT_OK;
}

int ledger_list(const struct ledger_options *options)
{
	_cleanup_(listing_fini) struct listing listing = { .options = options };
	_database_ sqlite3 *db = NULL;
	_statement_ sqlite3_stmt *statement = NULL;
	struct ledger_head head;
	int r;

	r = ledger_database_begin(options, &db, &head);
	if (r == EXIT_OK)
		r = select_rows(options, db, &statement);
	return r == EXIT_OK ? list(&listing, statement) : r;
}

int ledger_show_key(const struct ledger_options *options)
{
	char hex[2 * LEDGER_PUBLIC_BYTES + 1];
	_database_ sqlite3 *db = NULL;
	struct ledger_head head;
	int r;

	r = ledger_database_begin(options, &db, &head);
	if (r == EXIT_OK)
		puts(ledger_hex(head.public_key, sizeof(head.public_key), hex));
	return r;
}
