// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What was lent, by day and by night, and the notes of the gate: on real SQLite, with
 * a clock that is set here, so that days, years and jumps come when they are wanted.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "fake_clock.h"
#include "ledger/check.h"
#include "store/internal.h"
#include "store/lent.h"
#include "store_fixture.h"

#define UID 1000
#define OTHER 1001
#define HOUR_S 3600
#define TICKS_HZ 1000000

/* --- the clock -------------------------------------------------------------------- */

static int64_t utc(int year, int month, int day, int hour, int minute)
{
	struct tm tm = { .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day,
			 .tm_hour = hour, .tm_min = minute };

	return timegm(&tm);
}

/* --- the store -------------------------------------------------------------------- */

static void set_offset(struct store_fixture *f, int minutes)
{
	store_set_terms(f->store, &(struct owner_settings){ .utc_offset_min = (int16_t)minutes });
}

/* A job of @uid that used @uj, and ran for 2 s on 4 tiles. */
static void lend(struct store_fixture *f, uid_t uid, uint64_t uj)
{
	static uint64_t seed;
	struct store_outcome outcome;

	make_outcome(&outcome, STORE_FAILED, NULL);
	outcome.report.energy_uj = uj;
	outcome.report.run_ticks = 2 * TICKS_HZ;
	outcome.report.tile_ticks = 8 * TICKS_HZ;
	outcome.ticks_hz = TICKS_HZ;
	assert_int_equal(end_with(f, submit_simple(f, uid, ++seed), &outcome), 0);
}

static uint64_t today(struct store_fixture *f)
{
	uint64_t uj;

	assert_int_equal(store_energy_today(f->store, &uj), 0);
	return uj;
}

static void on_written(void *userdata, int result)
{
	*(int *)userdata = result;
}

static void write_notes(struct store_fixture *f)
{
	int result = 1, r = store_note_now(f->store, on_written, &result);

	assert_true(r >= 0);
	while (r && result > 0)
		fixture_turn(f);
	assert_int_equal(result, r ? 0 : 1);
}

static struct store_lent lent_since(struct store_fixture *f, uint64_t since_us)
{
	struct store_lent lent;

	write_notes(f);
	assert_int_equal(store_lent(f->store, since_us, &lent), 0);
	return lent;
}

static struct store_lent lent(struct store_fixture *f)
{
	return lent_since(f, 0);
}

static sqlite3 *open_database(struct store_fixture *f)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path_of(f, "queue.db"), &db), SQLITE_OK);
	return db;
}

static int64_t ask(struct store_fixture *f, const char *sql)
{
	sqlite3 *db = open_database(f);
	sqlite3_stmt *statement;
	int64_t number;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	number = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return number;
}

static void order(struct store_fixture *f, const char *sql)
{
	sqlite3 *db = open_database(f);

	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/* --- the gate ---------------------------------------------------------------------- */

static struct store_note now_is(uint32_t reason, uint8_t charge)
{
	bool parked = reason > LAYBY_GATE_DRIVING;

	return (struct store_note){
		.at_us = wall_us(),
		.parked_us = parked ? wall_us() : 0,
		.parked_ns = parked ? (uint64_t)passed_s * 1000000000 + 1 : 0,
		.is_parked = parked,
		.is_driven = reason == LAYBY_GATE_DRIVING,
		.is_open = reason == LAYBY_GATE_OPEN,
		.is_faulty = reason == LAYBY_GATE_FAULT,
		.reason = reason,
		.charge_percent = charge,
	};
}

static void note_only(struct store_fixture *f, uint32_t reason, uint8_t charge)
{
	struct store_note one = now_is(reason, charge);

	assert_int_equal(store_note(f->store, &one, false), 0);
}

static void note(struct store_fixture *f, uint32_t reason, uint8_t charge)
{
	note_only(f, reason, charge);
	while (f->store->notes.sent_count)
		fixture_turn(f);
}

/* --- sums -------------------------------------------------------------------------- */

static void test_no_night(void **state)
{
	struct store_fixture *f = *state;

	wall_s = utc(2026, 11, 22, 12, 0);
	assert_int_equal(lent(f).nights, 0);
	assert_int_equal(today(f), 0);
	lend(f, UID, 5);
	assert_int_equal(lent(f).nights, 0);
	assert_int_equal(today(f), 5);
}

static void test_sums(void **state)
{
	struct store_fixture *f = *state;
	struct store_lent sum;

	wall_s = utc(2026, 11, 22, 20, 0);
	note(f, LAYBY_GATE_PARK_HOLD, 80);
	lend(f, UID, 100);
	lend(f, OTHER, 20);
	lend(f, UID, 3);
	sum = lent(f);
	assert_int_equal(sum.nights, 1);
	assert_int_equal(sum.energy_uj, 123);
	assert_int_equal(sum.run_us, 6000000);
	assert_int_equal(sum.tile_us, 24000000);
	assert_int_equal(sum.jobs, 3);
	assert_int_equal(sum.parties, 2);
	assert_int_equal(sum.cost_count, 0);
	assert_int_equal(today(f), 123);
	fixture_reopen(f);
	assert_int_equal(lent(f).energy_uj, 123);
	assert_int_equal(today(f), 123);
}

/* What never ran is in the ledger, and is not lent. */
static void test_never_ran(void **state)
{
	struct store_fixture *f = *state;
	struct store_outcome outcome;

	wall_s = utc(2026, 11, 22, 20, 0);
	note(f, LAYBY_GATE_OPEN, 80);
	make_outcome(&outcome, STORE_CANCELLED, NULL);
	outcome.ran = false;
	assert_int_equal(end_with(f, submit_simple(f, UID, 900), &outcome), 0);
	assert_int_equal(lent(f).jobs, 0);
	assert_int_equal(lent(f).parties, 0);
	assert_int_equal(ask(f, "SELECT count(*) FROM day"), 0);
}

/* A job that was taken back has used what it used, at once and for good. */
static void test_taken_back(void **state)
{
	struct store_fixture *f = *state;
	const struct layby_report report = { .energy_uj = 40, .run_ticks = TICKS_HZ,
					     .tile_ticks = 4 * TICKS_HZ };

	wall_s = utc(2026, 11, 22, 20, 0);
	note(f, LAYBY_GATE_OPEN, 80);
	write_notes(f);
	store_spend(f->store, &report, TICKS_HZ);
	store_spend(f->store, &report, TICKS_HZ);
	assert_int_equal(today(f), 80);
	assert_int_equal(lent(f).energy_uj, 80);
	assert_int_equal(lent(f).run_us, 2000000);
	assert_int_equal(lent(f).jobs, 0);
	assert_int_equal(today(f), 80);
	store_spend(f->store, &report, TICKS_HZ);
	fixture_reopen(f);
	assert_int_equal(today(f), 120);
}

/* A meter that says nonsense does not break the sums. */
static void test_nonsense(void **state)
{
	struct store_fixture *f = *state;
	int i;

	wall_s = utc(2026, 11, 22, 20, 0);
	note(f, LAYBY_GATE_OPEN, 80);
	for (i = 0; i < 5; i++)
		lend(f, UID, UINT64_MAX);
	assert_int_equal(lent(f).energy_uj, 1ull << 53);
	assert_int_equal(today(f), 1ull << 53);
	assert_int_equal(lent(f).jobs, 5);
}

/* --- days -------------------------------------------------------------------------- */

static void test_local_midnight(void **state)
{
	struct store_fixture *f = *state;

	set_offset(f, 60);
	wall_s = utc(2026, 12, 31, 22, 59);
	lend(f, UID, 7);
	assert_int_equal(today(f), 7);
	pass(60);
	assert_int_equal(today(f), 0);
	lend(f, UID, 2);
	assert_int_equal(today(f), 2);
	assert_int_equal(ask(f, "SELECT max(day) FROM day"), utc(2027, 1, 1, 0, 0) / 86400);
	set_offset(f, -720);
	assert_int_equal(today(f), 2);
	wall_s = utc(2027, 1, 2, 11, 59);
	assert_int_equal(today(f), 2);
	wall_s = utc(2027, 1, 2, 12, 0);
	assert_int_equal(today(f), 0);
}

static void test_clock_back(void **state)
{
	struct store_fixture *f = *state;

	wall_s = utc(2026, 11, 22, 1, 0);
	lend(f, UID, 7);
	wall_s = utc(2026, 11, 21, 23, 0);
	assert_int_equal(today(f), 7);
	lend(f, UID, 1);
	assert_int_equal(today(f), 8);
	wall_s = utc(1970, 1, 1, 0, 0);
	set_offset(f, -720);
	lend(f, UID, 1);
	assert_int_equal(today(f), 9);
	fixture_reopen(f);
	assert_int_equal(today(f), 9);
	assert_int_equal(ask(f, "SELECT count(*) FROM day"), 1);
}

static void test_clock_forward(void **state)
{
	struct store_fixture *f = *state;

	wall_s = utc(2026, 11, 22, 1, 0);
	lend(f, UID, 7);
	wall_s = utc(2027, 11, 22, 1, 0);
	assert_int_equal(today(f), 0);
	lend(f, UID, 3);
	wall_s = utc(2026, 11, 22, 2, 0);
	assert_int_equal(today(f), 3);
	lend(f, UID, 1);
	assert_int_equal(today(f), 4);
	assert_int_equal(ask(f, "SELECT energy_uj FROM day ORDER BY day LIMIT 1"), 7);
}

static void test_days_are_bounded(void **state)
{
	struct store_fixture *f = *state;
	int i;

	wall_s = utc(2026, 1, 1, 12, 0);
	lend(f, UID, 1);
	order(f, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)\n"
		 "INSERT INTO day SELECT day - i, 1, 1, 1, 1 FROM day, n;\n"
		 "INSERT INTO span_party SELECT 0, day, 7 FROM day;\n"
		 "INSERT INTO span_cost SELECT 0, day, 'EUR', 1 FROM day");
	for (i = 0; i < 2; i++) {
		pass(24 * HOUR_S);
		lend(f, UID, 1);
	}
	assert_int_equal(ask(f, "SELECT count(*) FROM day"), STORE_SPANS_MAX);
	assert_true(ask(f, "SELECT count(*) FROM span_party") <= STORE_SPANS_MAX + 1);
	assert_true(ask(f, "SELECT count(*) FROM span_cost") <= STORE_SPANS_MAX + 1);
}

/* --- the price ---------------------------------------------------------------------- */

static void no_finding(void *userdata, uint64_t number, const char *text)
{
	fail_msg("row %llu: %s", (unsigned long long)number, text);
}

static uint64_t verified_rows(struct store_fixture *f)
{
	char text[LEDGER_TEXT_MAX] = "";
	sqlite3 *db = open_database(f);
	struct ledger_check *check;
	struct ledger_seen seen;
	uint64_t rows;

	assert_int_equal(ledger_check_new(NULL, no_finding, NULL, &check), 0);
	assert_int_equal(ledger_check_database(check, db, -1, &seen, text), 0);
	rows = ledger_check_rows(check);
	ledger_check_free(check);
	sqlite3_close(db);
	return rows;
}

/* By the hour in which the job ended; with rows of before, that had no price. */
static void test_price(void **state)
{
	struct store_fixture *f = *state;
	struct owner_settings terms = { .utc_offset_min = 330, .currency = "EUR" };
	struct store_lent sum;

	wall_s = utc(2026, 11, 22, 20, 0);
	note(f, LAYBY_GATE_OPEN, 80);
	lend(f, UID, 3600000000);
	terms.price_micro_per_kwh[1] = 300000;
	terms.price_micro_per_kwh[2] = 180000;
	store_set_terms(f->store, &terms);
	/* 01:59 and 02:00 there */
	wall_s = utc(2026, 11, 22, 20, 29);
	lend(f, UID, 3600000000);
	pass(60);
	lend(f, UID, 3600000000);
	memcpy(terms.currency, "USD", sizeof(terms.currency));
	store_set_terms(f->store, &terms);
	lend(f, UID, 7200000000);
	assert_int_equal(ask(f, "SELECT length(currency) + price_ucent_per_kwh + cost_ucent\n"
				"FROM ledger_rows WHERE number = 1"), 0);
	assert_int_equal(ask(f, "SELECT price_ucent_per_kwh FROM ledger_rows WHERE number = 2"),
			 30000000);
	assert_int_equal(ask(f, "SELECT cost_ucent FROM ledger_rows WHERE number = 2"), 30000);
	assert_int_equal(ask(f, "SELECT cost_ucent FROM ledger_rows WHERE number = 3"), 18000);
	sum = lent(f);
	assert_int_equal(sum.cost_count, 2);
	assert_string_equal(sum.costs[0].currency, "EUR");
	assert_int_equal(sum.costs[0].ucent, 48000);
	assert_string_equal(sum.costs[1].currency, "USD");
	assert_int_equal(sum.costs[1].ucent, 36000);
	assert_int_equal(verified_rows(f), 4);
	fixture_reopen(f);
	assert_int_equal(verified_rows(f), 4);
}

/* --- nights ------------------------------------------------------------------------- */

static void test_night(void **state)
{
	struct store_fixture *f = *state;
	struct store_lent sum;
	uint64_t begin_us;

	wall_s = utc(2026, 11, 22, 20, 0);
	begin_us = wall_us();
	note(f, LAYBY_GATE_DRIVING, 81);
	pass(10);
	begin_us = wall_us();
	note(f, LAYBY_GATE_PARK_HOLD, 80);
	pass(10);
	note(f, LAYBY_GATE_OPEN, 80);
	lend(f, UID, 9);
	sum = lent(f);
	assert_true(sum.is_open && sum.was_open);
	assert_int_equal(sum.stop_us, 0);
	pass(9 * HOUR_S);
	note(f, LAYBY_GATE_HOT, 78);
	pass(60);
	note(f, LAYBY_GATE_OPEN, 77);
	pass(60);
	note(f, LAYBY_GATE_DRIVING, 76);
	sum = lent(f);
	assert_int_equal(sum.nights, 1);
	assert_int_equal(sum.begin_us, begin_us);
	assert_int_equal(sum.end_us, wall_us());
	assert_true(sum.was_open && !sum.is_open);
	assert_int_equal(sum.stop_us, wall_us());
	assert_int_equal(sum.stop_reason, LAYBY_GATE_DRIVING);
	assert_int_equal(sum.charge_from, 80);
	assert_int_equal(sum.charge_to, 76);
	assert_false(sum.was_faulty);
	/* the last completions come behind the gate's news */
	lend(f, UID, 1);
	pass(600);
	note(f, LAYBY_GATE_DRIVING, 60);
	assert_int_equal(lent(f).energy_uj, 10);
	assert_int_equal(lent(f).charge_to, 76);
}

/* The bus sleeps; the agent is started anew; the night goes on. */
static void test_silence(void **state)
{
	struct store_fixture *f = *state;
	struct store_note parked;

	wall_s = utc(2026, 11, 22, 20, 0);
	parked = now_is(LAYBY_GATE_OPEN, 80);
	assert_int_equal(store_note(f->store, &parked, false), 0);
	pass(60);
	note(f, LAYBY_GATE_NO_SIGNAL, STORE_CHARGE_UNKNOWN);
	assert_int_equal(lent(f).end_us, 0);
	assert_int_equal(lent(f).stop_reason, LAYBY_GATE_NO_SIGNAL);
	pass(HOUR_S);
	note(f, LAYBY_GATE_OPEN, 79);
	assert_int_equal(lent(f).nights, 1);
	fixture_reopen(f);
	parked = now_is(LAYBY_GATE_OPEN, 79);
	parked.parked_us -= 1000000;
	parked.at_us += 1000000;
	assert_int_equal(store_note(f->store, &parked, false), 0);
	assert_int_equal(lent_since(f, 1).nights, 1);
	assert_int_equal(lent(f).charge_from, 80);
}

/* While nobody looked the vehicle was driven, or the machine was off. */
static void test_missed(void **state)
{
	struct store_fixture *f = *state;
	uint64_t heard_us;

	wall_s = utc(2026, 11, 22, 20, 0);
	note(f, LAYBY_GATE_OPEN, 80);
	lend(f, UID, 9);
	pass(60);
	heard_us = wall_us();
	note(f, LAYBY_GATE_NO_LEASE, 79);
	fixture_reopen(f);
	pass(HOUR_S);
	note(f, LAYBY_GATE_OPEN, 60);
	lend(f, OTHER, 1);
	assert_int_equal(lent(f).energy_uj, 1);
	assert_int_equal(lent(f).charge_from, 60);
	assert_int_equal(lent_since(f, 1).nights, 2);
	assert_int_equal(lent_since(f, 1).energy_uj, 10);
	assert_int_equal(lent_since(f, 1).parties, 2);
	assert_int_equal(lent_since(f, 1).charge_from, 80);
	assert_int_equal(lent_since(f, 1).charge_to, 60);
	assert_int_equal(lent_since(f, heard_us).nights, 1);
	assert_int_equal(ask(f, "SELECT end_us FROM night WHERE number = 1"), heard_us);
}

/* The same number of nanoseconds since a boot, after another boot */
static void test_by_chance(void **state)
{
	struct store_fixture *f = *state;
	struct store_note parked;

	wall_s = utc(2026, 11, 22, 20, 0);
	parked = now_is(LAYBY_GATE_OPEN, 80);
	assert_int_equal(store_note(f->store, &parked, false), 0);
	fixture_reopen(f);
	pass(HOUR_S);
	parked.parked_us = wall_us();
	parked.at_us = wall_us();
	assert_int_equal(store_note(f->store, &parked, false), 0);
	assert_int_equal(lent_since(f, 1).nights, 2);
}

static void test_fault(void **state)
{
	struct store_fixture *f = *state;

	wall_s = utc(2026, 11, 22, 20, 0);
	note(f, LAYBY_GATE_OPEN, 80);
	pass(60);
	note(f, LAYBY_GATE_FAULT, 80);
	pass(60);
	note(f, LAYBY_GATE_OPEN, 80);
	assert_true(lent(f).was_faulty);
	pass(60);
	note(f, LAYBY_GATE_DRIVING, 80);
	pass(60);
	note(f, LAYBY_GATE_OPEN, 80);
	assert_false(lent(f).was_faulty);
}

static void test_nothing_lent(void **state)
{
	struct store_fixture *f = *state;

	wall_s = utc(2026, 11, 22, 20, 0);
	note(f, LAYBY_GATE_PARK_HOLD, 80);
	pass(10);
	note(f, LAYBY_GATE_NO_CONSENT, 80);
	pass(HOUR_S);
	note(f, LAYBY_GATE_CONSENT_TIME, 80);
	pass(HOUR_S / 2);
	note(f, LAYBY_GATE_DRIVING, 80);
	pass(10 * HOUR_S);
	assert_false(lent(f).was_open);
	assert_int_equal(lent(f).held_reason, LAYBY_GATE_NO_CONSENT);
}

static void test_nights_are_bounded(void **state)
{
	struct store_fixture *f = *state;

	wall_s = utc(2026, 11, 22, 20, 0);
	note(f, LAYBY_GATE_OPEN, 80);
	lend(f, UID, 1);
	pass(60);
	note(f, LAYBY_GATE_DRIVING, 80);
	write_notes(f);
	order(f, "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 500)\n"
		 "INSERT INTO night SELECT i, begin_us, end_us, heard_us, parked_us, parked_ns,\n"
		 "was_open, is_open, stop_us, stop_reason, was_faulty, charge_from, charge_to,\n"
		 "1, 1, 1, 1 FROM night, n;\n"
		 "INSERT INTO span_party SELECT 1, number, 7 FROM night");
	pass(60);
	note(f, LAYBY_GATE_OPEN, 80);
	assert_int_equal(lent_since(f, 1).nights, STORE_SPANS_MAX);
	assert_int_equal(ask(f, "SELECT count(*) FROM night"), STORE_SPANS_MAX);
	assert_int_equal(ask(f, "SELECT count(*) FROM span_party WHERE kind = 1"),
			 STORE_SPANS_MAX - 1);
}

/* --- changes of the gate ------------------------------------------------------------- */

/* It flaps: what is written is little, and the end of it is right. */
static void test_flapping(void **state)
{
	struct store_fixture *f = *state;
	int i;

	wall_s = utc(2026, 11, 22, 20, 0);
	note(f, LAYBY_GATE_PARK_HOLD, 80);
	for (i = 0; i < 1000; i++) {
		note_only(f, LAYBY_GATE_OPEN, 80);
		note_only(f, i ? LAYBY_GATE_GOVERNOR : LAYBY_GATE_FAULT, 80);
	}
	write_notes(f);
	assert_int_equal(ask(f, "SELECT count(*) FROM gate_change"), 2);
	assert_true(lent(f).was_open);
	assert_false(lent(f).is_open);
	assert_int_equal(lent(f).stop_reason, LAYBY_GATE_GOVERNOR);
	assert_true(lent(f).was_faulty);
}

/* Nothing is kept back but what another write would bring, and that of the last second. */
static void test_written_at_once(void **state)
{
	struct store_fixture *f = *state;

	wall_s = utc(2026, 11, 22, 20, 0);
	note(f, LAYBY_GATE_PARK_HOLD, 80);
	pass(2);
	note_only(f, LAYBY_GATE_OPEN, 80);
	assert_int_equal(f->store->notes.sent_count, 1);
	note_only(f, LAYBY_GATE_DRIVING, 80);
	assert_true(f->store->notes.has_next);
	lend(f, UID, 1);
	assert_false(f->store->notes.has_next);
	assert_int_equal(ask(f, "SELECT count(*) FROM gate_change"), 3);
	assert_int_equal(ask(f, "SELECT energy_uj FROM gate_change WHERE number = 3"), 0);
}

/* One that came in the second after another waits, and is not lost for it. */
static void test_drive_is_not_lost(void **state)
{
	struct store_fixture *f = *state;

	wall_s = utc(2026, 11, 22, 20, 0);
	note(f, LAYBY_GATE_OPEN, 80);
	note(f, LAYBY_GATE_DRIVING, 80);
	pass(HOUR_S);
	note(f, LAYBY_GATE_OPEN, 60);
	assert_int_equal(lent_since(f, 1).nights, 2);
	assert_int_equal(ask(f, "SELECT end_us - begin_us FROM night WHERE number = 1"), 0);
}

/* The battery alone is no change of the gate, and no reason to write. */
static void test_battery(void **state)
{
	struct store_fixture *f = *state;
	struct store_note one;

	wall_s = utc(2026, 11, 22, 20, 0);
	note(f, LAYBY_GATE_OPEN, 80);
	pass(60);
	one = now_is(LAYBY_GATE_OPEN, 79);
	assert_int_equal(store_note(f->store, &one, true), 0);
	assert_int_equal(f->store->notes.sent_count, 0);
	fixture_reopen(f);
	assert_int_equal(lent(f).charge_to, 79);
	assert_int_equal(ask(f, "SELECT count(*) FROM gate_change"), 1);
}

static void test_changes_are_bounded(void **state)
{
	struct store_fixture *f = *state;
	int i;

	wall_s = utc(2026, 11, 22, 20, 0);
	note(f, LAYBY_GATE_OPEN, 80);
	write_notes(f);
	order(f, "WITH RECURSIVE\n"
		 "n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)\n"
		 "INSERT INTO gate_change SELECT i, at_us, open, reason, charge, 0\n"
		 "FROM gate_change, n");
	for (i = 0; i < 3; i++) {
		pass(60);
		note(f, i % 2 ? LAYBY_GATE_OPEN : LAYBY_GATE_HOT, 80);
		write_notes(f);
	}
	assert_int_equal(ask(f, "SELECT count(*) FROM gate_change"), STORE_CHANGES_MAX);
	assert_int_equal(ask(f, "SELECT max(number) FROM gate_change"), STORE_CHANGES_MAX + 3);
}

/* A database of before gets what it lacks, and an older agent would go on with it. */
static void test_older_database(void **state)
{
	struct store_fixture *f = *state;

	wall_s = utc(2026, 11, 22, 20, 0);
	lend(f, UID, 5);
	fixture_close(f);
	order(f, "DROP TABLE day; DROP TABLE night; DROP TABLE span_party; DROP TABLE span_cost;\n"
		 "DROP TABLE gate_change");
	assert_int_equal(fixture_open(f), 0);
	assert_int_equal(today(f), 0);
	lend(f, UID, 4);
	assert_int_equal(today(f), 4);
	assert_int_equal(verified_rows(f), 2);
	assert_int_equal(ask(f, "PRAGMA user_version"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_no_night), TEST(test_sums), TEST(test_never_ran),
		TEST(test_taken_back), TEST(test_nonsense),
		TEST(test_local_midnight), TEST(test_clock_back), TEST(test_clock_forward),
		TEST(test_days_are_bounded), TEST(test_price), TEST(test_night),
		TEST(test_silence), TEST(test_missed), TEST(test_by_chance), TEST(test_fault),
		TEST(test_nothing_lent), TEST(test_nights_are_bounded), TEST(test_flapping),
		TEST(test_written_at_once), TEST(test_drive_is_not_lost), TEST(test_battery),
		TEST(test_changes_are_bounded), TEST(test_older_database),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
