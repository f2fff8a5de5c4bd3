// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reading what was lent: what the last commit says, from the event loop. See read.c.
 */
#include "internal.h"

#include <errno.h>
#include <string.h>

#include "util.h"

#define NIGHT_COLUMNS 13

static uint64_t get(sqlite3_stmt *row, int column)
{
	return (uint64_t)sqlite3_column_int64(row, column);
}

/* The columns of sql.c's NIGHT_COLUMNS. */
struct night night_read(sqlite3_stmt *row)
{
	return (struct night){
		.number = get(row, 0),
		.begin_us = get(row, 1),
		.end_us = get(row, 2),
		.heard_us = get(row, 3),
		.parked_us = get(row, 4),
		.parked_ns = get(row, 5),
		.was_open = get(row, 6),
		.is_open = get(row, 7),
		.stop_us = get(row, 8),
		.stop_reason = (uint32_t)get(row, 9),
		.was_faulty = get(row, 10),
		.charge_from = (uint8_t)get(row, 11),
		.charge_to = (uint8_t)get(row, 12),
	};
}

int store_energy_today(struct store *store, uint64_t *ret_uj)
{
	const struct notes *notes = &store->notes;
	struct owner_settings terms = lent_terms(store);
	_cleanup_sql_ sqlite3_stmt *row = NULL;
	uint64_t today = lent_day(&terms, now_us(CLOCK_REALTIME));
	int r;

	/* while it is being written it may count twice: too much is better than too little */
	*ret_uj = notes->next_spent.energy_uj + notes->sent_spent.energy_uj;
	r = sql_start(&store->reader, SQL_TODAY, NO_VALUES, &row);
	if (r >= 0)
		r = sql_step(row);
	if (r > 0 && get(row, 0) >= today)
		*ret_uj += get(row, 1);
	return r < 0 ? r : 0;
}

/* --- Nights ----------------------------------------------------------------- */

struct range {
	uint64_t first;
	uint64_t last;
};

static void take_last(const struct night *night, struct store_lent *lent)
{
	lent->end_us = night->end_us;
	lent->is_open = night->is_open;
	lent->charge_to = night->charge_to;
}

/* Rows come with the last one first. */
static void take_night(const struct night *night, struct store_lent *lent)
{
	if (!lent->nights++)
		take_last(night, lent);
	lent->begin_us = night->begin_us;
	lent->charge_from = night->charge_from;
	lent->was_open |= night->was_open;
	lent->was_faulty |= night->was_faulty;
	if (!lent->stop_us) {
		lent->stop_us = night->stop_us;
		lent->stop_reason = night->stop_reason;
	}
}

static int read_nights(struct store *store, uint64_t since_us, struct store_lent *lent,
		       struct range *ret_range)
{
	_cleanup_sql_ sqlite3_stmt *row = NULL;
	struct night night;
	int r;

	r = sql_start(&store->reader, SQL_NIGHTS,
		      VALUES(INTEGER(since_us), INTEGER(since_us ? STORE_SPANS_MAX : 1)), &row);
	while (r >= 0 && (r = sql_step(row)) > 0) {
		night = night_read(row);
		take_night(&night, lent);
		lent->energy_uj += get(row, NIGHT_COLUMNS);
		lent->run_us += get(row, NIGHT_COLUMNS + 1);
		lent->tile_us += get(row, NIGHT_COLUMNS + 2);
		lent->jobs += get(row, NIGHT_COLUMNS + 3);
		ret_range->first = night.number;
		if (lent->nights == 1)
			ret_range->last = night.number;
	}
	return r;
}

static int read_parties(struct store *store, const struct range *range, struct store_lent *lent)
{
	_cleanup_sql_ sqlite3_stmt *row = NULL;
	int r;

	r = sql_start(&store->reader, SQL_PARTIES,
		      VALUES(INTEGER(SPAN_NIGHT), INTEGER(range->first), INTEGER(range->last)),
		      &row);
	while (r >= 0 && (r = sql_step(row)) > 0)
		lent->parties++;
	return r;
}

static int read_costs(struct store *store, const struct range *range, struct store_lent *lent)
{
	_cleanup_sql_ sqlite3_stmt *row = NULL;
	int r;

	r = sql_start(&store->reader, SQL_COSTS,
		      VALUES(INTEGER(SPAN_NIGHT), INTEGER(range->first), INTEGER(range->last),
			     INTEGER(STORE_CURRENCIES_MAX)),
		      &row);
	while (r >= 0 && (r = sql_step(row)) > 0) {
		struct store_cost *cost = &lent->costs[lent->cost_count++];

		snprintf(cost->currency, sizeof(cost->currency), "%s",
			 (const char *)sqlite3_column_text(row, 0) ?: "");
		cost->ucent = get(row, 1);
	}
	return r;
}

/* --- What held it back ------------------------------------------------------ */

#define REASONS (LAYBY_GATE_OPEN + 1)

static uint32_t longest(const uint64_t held_us[static REASONS])
{
	uint32_t reason, found = 0;

	for (reason = 1; reason < REASONS; reason++)
		if (held_us[reason] > held_us[found])
			found = reason;
	return found;
}

/* Of the rows, which come with the last one first, each lasts until the next. */
static int read_held(struct store *store, struct store_lent *lent)
{
	uint64_t until_us = lent->end_us ?: now_us(CLOCK_REALTIME);
	_cleanup_sql_ sqlite3_stmt *row = NULL;
	uint64_t held_us[REASONS] = {};
	int r;

	r = sql_start(&store->reader, SQL_CHANGES, NO_VALUES, &row);
	while (r >= 0 && (r = sql_step(row)) > 0) {
		uint64_t at_us = get(row, 0), reason = get(row, 2);
		uint64_t from_us = at_us > lent->begin_us ? at_us : lent->begin_us;

		/* one more, so that the only one counts that has just begun */
		if (reason && reason < REASONS && from_us <= until_us)
			held_us[reason] += until_us - from_us + 1;
		if (at_us <= lent->begin_us)
			break;
		until_us = from_us < until_us ? from_us : until_us;
	}
	lent->held_reason = longest(held_us);
	return r < 0 ? r : 0;
}

int store_lent(struct store *store, uint64_t since_us, struct store_lent *ret_lent)
{
	struct store_lent lent = { .charge_from = STORE_CHARGE_UNKNOWN,
				   .charge_to = STORE_CHARGE_UNKNOWN };
	struct range range = {};
	int r;

	r = read_nights(store, since_us, &lent, &range);
	if (r >= 0 && lent.nights)
		r = read_parties(store, &range, &lent);
	if (r >= 0 && lent.nights)
		r = read_costs(store, &range, &lent);
	if (r >= 0 && lent.nights && !lent.was_open)
		r = read_held(store, &lent);
	if (r >= 0)
		*ret_lent = lent;
	return r < 0 ? r : 0;
}
