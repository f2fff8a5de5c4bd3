// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The owner's settings on disk: a row for each, by its name on the bus.
 *
 * Must never take what is not right for a setting, nor a lost database for an owner
 * who wants nothing.
 */
#include "internal.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "util.h"

static int keep_one(struct store *store, const char *name, struct sql_value value)
{
	int r = sql_run(&store->writer, SQL_SETTING_KEEP, VALUES(TEXT(name), value));

	return r < 0 ? r : 0;
}

static int keep_numbers(struct store *store, const struct owner_settings *set)
{
	size_t i;
	int r;

	for (i = 0; i < OWNER_NUMBERS; i++) {
		r = keep_one(store, owner_numbers[i].name,
			     INTEGER(owner_number_get(set, &owner_numbers[i])));
		if (r < 0)
			return r;
	}
	return 0;
}

int settings_apply(struct store *store, struct operation *operation)
{
	const struct owner_settings *set = &operation->settings;
	uint32_t prices[OWNER_HOURS];
	size_t hour;
	int r;

	for (hour = 0; hour < OWNER_HOURS; hour++)
		prices[hour] = htole32(set->price_micro_per_kwh[hour]);
	r = keep_numbers(store, set);
	if (r >= 0)
		r = keep_one(store, OWNER_CURRENCY, TEXT(set->currency));
	return r < 0 ? r : keep_one(store, OWNER_PRICE, BLOB(prices, sizeof(prices)));
}

/* --- reading -------------------------------------------------------------- */

static int read_number(sqlite3_stmt *row, const struct owner_number *number,
		       struct owner_settings *set)
{
	if (sqlite3_column_type(row, 1) != SQLITE_INTEGER ||
	    owner_number_set(set, number, sqlite3_column_int64(row, 1)) < 0)
		return -EBADMSG;
	return 0;
}

static int read_currency(sqlite3_stmt *row, struct owner_settings *set)
{
	const char *text = (const char *)sqlite3_column_text(row, 1);

	if (!text || strlen(text) >= sizeof(set->currency))
		return -EBADMSG;
	memset(set->currency, 0, sizeof(set->currency));
	strcpy(set->currency, text);
	return 0;
}

static int read_prices(sqlite3_stmt *row, struct owner_settings *set)
{
	size_t hour;
	int r;

	if (sqlite3_column_bytes(row, 1) != sizeof(set->price_micro_per_kwh))
		return -EBADMSG;
	r = sql_bytes(row, 1, set->price_micro_per_kwh, sizeof(set->price_micro_per_kwh));
	for (hour = 0; r >= 0 && hour < OWNER_HOURS; hour++)
		set->price_micro_per_kwh[hour] = le32toh(set->price_micro_per_kwh[hour]);
	return r;
}

/* What a newer agent has added does not stand in this one's way. */
static int read_one(sqlite3_stmt *row, struct owner_settings *set)
{
	const char *name = (const char *)sqlite3_column_text(row, 0) ?: "";
	const struct owner_number *number = owner_number_find(name);

	if (number)
		return read_number(row, number, set);
	if (!strcmp(name, OWNER_CURRENCY))
		return read_currency(row, set);
	if (!strcmp(name, OWNER_PRICE))
		return read_prices(row, set);
	return 0;
}

/* Returns how many rows. */
static int read_all(struct store *store, struct owner_settings *set)
{
	_cleanup_sql_ sqlite3_stmt *row = NULL;
	int count, r;

	r = sql_start(&store->reader, SQL_SETTINGS, NO_VALUES, &row);
	for (count = 0; r >= 0; count++) {
		r = sql_step(row);
		if (r <= 0)
			break;
		r = read_one(row, set);
	}
	return r < 0 ? r : count;
}

int store_settings(struct store *store, struct owner_settings *ret_settings)
{
	struct owner_settings set = {};
	char problem[OWNER_PROBLEM_MAX];
	int r;

	r = read_all(store, &set);
	if (r < 0)
		return r;
	if (!r)
		return corrupt_was_set_aside(store) ? -EBADMSG : -ENOENT;
	if (owner_settings_check(&set, problem) < 0)
		return -EBADMSG;
	*ret_settings = set;
	return 0;
}
