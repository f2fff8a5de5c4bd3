// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Sums of what was lent, by day and by night, in the transaction of what they are of.
 * Only the store's thread comes here, but for the terms.
 *
 * Must never lower a sum, whatever the wall clock does.
 */
#include "internal.h"

#include <errno.h>
#include <string.h>

#include "ledger/chain.h"
#include "util.h"

#define DAY_S 86400
#define HOUR_S 3600

/* More than that at once is no reading of a meter; the sums' end is in sql.c. */
#define USE_MOST (1ull << 52)

/*
 * They came later than the rest: an agent that does not know them leaves them alone.
 * night.number has no gaps, span is a day or a night's number.
 */
static const char tables[] =
	"CREATE TABLE IF NOT EXISTS day (day INTEGER PRIMARY KEY, energy_uj INTEGER NOT NULL,\n"
	" run_us INTEGER NOT NULL, tile_us INTEGER NOT NULL, jobs INTEGER NOT NULL);\n"
	"CREATE TABLE IF NOT EXISTS night (number INTEGER PRIMARY KEY,\n"
	" begin_us INTEGER NOT NULL, end_us INTEGER NOT NULL, heard_us INTEGER NOT NULL,\n"
	" parked_us INTEGER NOT NULL, parked_ns INTEGER NOT NULL, was_open INTEGER NOT NULL,\n"
	" is_open INTEGER NOT NULL, stop_us INTEGER NOT NULL, stop_reason INTEGER NOT NULL,\n"
	" was_faulty INTEGER NOT NULL, charge_from INTEGER NOT NULL,\n"
	" charge_to INTEGER NOT NULL, energy_uj INTEGER NOT NULL DEFAULT 0,\n"
	" run_us INTEGER NOT NULL DEFAULT 0, tile_us INTEGER NOT NULL DEFAULT 0,\n"
	" jobs INTEGER NOT NULL DEFAULT 0);\n"
	"CREATE TABLE IF NOT EXISTS span_party (kind INTEGER, span INTEGER, uid INTEGER,\n"
	" PRIMARY KEY (kind, uid, span)) WITHOUT ROWID;\n"
	"CREATE TABLE IF NOT EXISTS span_cost (kind INTEGER, span INTEGER, currency TEXT,\n"
	" ucent INTEGER NOT NULL, PRIMARY KEY (kind, currency, span)) WITHOUT ROWID;\n"
	"CREATE TABLE IF NOT EXISTS gate_change (number INTEGER PRIMARY KEY,\n"
	" at_us INTEGER NOT NULL, open INTEGER NOT NULL, reason INTEGER NOT NULL,\n"
	" charge INTEGER NOT NULL, energy_uj INTEGER);";

int lent_open(struct store *store)
{
	sqlite3 *handle = store->writer.handle;

	return sql_errno(handle, sqlite3_exec(handle, tables, NULL, NULL, NULL));
}

/* --- The owner's terms ------------------------------------------------------ */

void store_set_terms(struct store *store, const struct owner_settings *settings)
{
	pthread_mutex_lock(&store->lock);
	store->terms = *settings;
	pthread_mutex_unlock(&store->lock);
}

struct owner_settings lent_terms(struct store *store)
{
	struct owner_settings terms;

	pthread_mutex_lock(&store->lock);
	terms = store->terms;
	pthread_mutex_unlock(&store->lock);
	return terms;
}

/* Since 1970, of the owner's clock. */
static uint64_t local_s(const struct owner_settings *terms, uint64_t at_us)
{
	int64_t s = (int64_t)(at_us / USEC_PER_SEC) + terms->utc_offset_min * 60;

	return s > 0 ? (uint64_t)s : 0;
}

uint32_t lent_day(const struct owner_settings *terms, uint64_t at_us)
{
	return (uint32_t)(local_s(terms, at_us) / DAY_S);
}

static uint64_t price_ucent(const struct owner_settings *terms, uint64_t at_us)
{
	/* a millionth is a hundred of what the ledger counts in */
	return 100ull * terms->price_micro_per_kwh[local_s(terms, at_us) % DAY_S / HOUR_S];
}

void lent_price(struct store *store, struct ledger_row *row)
{
	struct owner_settings terms = lent_terms(store);

	if (!*terms.currency)
		return;
	memcpy(row->currency, terms.currency, sizeof(row->currency));
	row->price_ucent_per_kwh = price_ucent(&terms, row->time_us);
}

/* --- Adding ----------------------------------------------------------------- */

static uint64_t most(uint64_t value)
{
	return value < USE_MOST ? value : USE_MOST;
}

uint64_t lent_us(uint64_t ticks, uint64_t ticks_hz)
{
	unsigned __int128 us = (unsigned __int128)ticks * USEC_PER_SEC;

	us = ticks_hz ? us / ticks_hz : 0;
	return us < USE_MOST ? (uint64_t)us : USE_MOST;
}

/* The first column of the only row; 0: there is none. */
static int ask_number(struct store *store, enum sql which, uint64_t *ret_number)
{
	_cleanup_sql_ sqlite3_stmt *row = NULL;
	int r;

	*ret_number = 0;
	r = sql_start(&store->writer, which, NO_VALUES, &row);
	if (r >= 0)
		r = sql_step(row);
	if (r > 0)
		*ret_number = (uint64_t)sqlite3_column_int64(row, 0);
	return r < 0 ? r : 0;
}

static int run_two(struct store *store, enum sql which, uint64_t a, uint64_t b)
{
	int r = sql_run(&store->writer, which, VALUES(INTEGER(a), INTEGER(b)));

	return r < 0 ? r : 0;
}

int lent_forget(struct store *store, enum span_kind kind, uint64_t last)
{
	uint64_t old = last > STORE_SPANS_MAX ? last - STORE_SPANS_MAX : 0;
	int r;

	r = sql_run(&store->writer, kind == SPAN_NIGHT ? SQL_NIGHT_FORGET : SQL_DAY_FORGET,
		    VALUES(INTEGER(old)));
	if (r >= 0)
		r = run_two(store, SQL_PARTY_FORGET, kind, old);
	return r < 0 ? r : run_two(store, SQL_COST_FORGET, kind, old);
}

static int add_day(struct store *store, const struct use *use, uint64_t today, uint64_t *ret_day)
{
	uint64_t last;
	int r;

	r = ask_number(store, SQL_DAY_LAST, &last);
	if (r < 0)
		return r;
	/* it begins once */
	*ret_day = today > last ? today : last;
	r = sql_run(&store->writer, SQL_DAY_ADD,
		    VALUES(INTEGER(*ret_day), INTEGER(use->energy_uj), INTEGER(use->run_us),
			   INTEGER(use->tile_us), INTEGER(use->jobs)));
	if (r < 0)
		return r;
	return today > last ? lent_forget(store, SPAN_DAY, today) : 0;
}

/* 0 in *@ret_number: there never was one. */
static int add_night(struct store *store, const struct use *use, uint64_t *ret_number)
{
	_cleanup_sql_ sqlite3_stmt *row = NULL;
	int r;

	*ret_number = 0;
	r = sql_start(&store->writer, SQL_NIGHT_ADD,
		      VALUES(INTEGER(use->energy_uj), INTEGER(use->run_us),
			     INTEGER(use->tile_us), INTEGER(use->jobs)),
		      &row);
	if (r >= 0)
		r = sql_step(row);
	if (r > 0)
		*ret_number = (uint64_t)sqlite3_column_int64(row, 0);
	/* to its end: it changes the table in its last step */
	while (r > 0)
		r = sql_step(row);
	return r;
}

struct price {
	const char *currency;
	uint64_t ucent;
	uid_t uid;
};

static int add_price(struct store *store, enum span_kind kind, uint64_t span,
		     const struct price *price)
{
	int r = 0;

	if (price->uid != EVERYBODY)
		r = sql_run(&store->writer, SQL_PARTY_ADD,
			    VALUES(INTEGER(kind), INTEGER(span), INTEGER(price->uid)));
	if (r >= 0 && *price->currency)
		r = sql_run(&store->writer, SQL_COST_ADD,
			    VALUES(INTEGER(kind), INTEGER(span), TEXT(price->currency),
				   INTEGER(most(price->ucent))));
	return r < 0 ? r : 0;
}

int lent_add(struct store *store, const struct use *use, uid_t uid, uint64_t at_us)
{
	struct owner_settings terms = lent_terms(store);
	struct use less = { most(use->energy_uj), most(use->run_us), most(use->tile_us),
			    use->jobs };
	struct price price = { terms.currency, 0, uid };
	uint64_t day, night;
	int r;

	price.ucent = ledger_cost_ucent(use->energy_uj, price_ucent(&terms, at_us));
	r = add_day(store, &less, lent_day(&terms, at_us), &day);
	if (r >= 0)
		r = add_price(store, SPAN_DAY, day, &price);
	if (r >= 0)
		r = add_night(store, &less, &night);
	if (r < 0 || !night)
		return r;
	return add_price(store, SPAN_NIGHT, night, &price);
}

/* What never ran used nothing, and is not counted. */
int lent_add_row(struct store *store, const struct ledger_row *row)
{
	const struct use use = {
		.energy_uj = row->energy_uj,
		.run_us = lent_us(row->run_ticks, row->ticks_hz),
		.tile_us = lent_us(row->tile_ticks, row->ticks_hz),
		.jobs = 1,
	};

	return row->ran ? lent_add(store, &use, row->uid, row->time_us) : 0;
}
