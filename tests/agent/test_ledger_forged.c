// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Forgeries, each by its SQL on an untouched ledger: found, and named by its row. With no
 * forgery nothing is found.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../agent/ledger/table.h"
#include "ledger_fixture.h"

#define ROWS 12

static int setup(void **state)
{
	static struct fixture f;

	fixture_init(&f);
	fixture_open(&f);
	fixture_append(&f, 101, ROWS / 2);
	fixture_append(&f, 101 + ROWS / 2, ROWS - ROWS / 2);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	fixture_fini(*state);
	return 0;
}

/* A forger is not held by what the table forbids. */
static void drop_constraints(struct fixture *f)
{
	fixture_sql(f, "CREATE TABLE loose AS SELECT * FROM ledger_rows;"
		       "DROP TABLE ledger_rows; ALTER TABLE loose RENAME TO ledger_rows");
}

static void test_untouched(void **state)
{
	struct fixture *f = *state;
	uint8_t hash[LEDGER_DIGEST_BYTES];

	fixture_check(f);
	assert_right(f);
	assert_int_equal(f->rows, ROWS);
	assert_true(f->seen.has_head && f->seen.has_anchor);
	assert_int_equal(f->seen.anchor.count, ROWS);
	memcpy(hash, f->seen.head.hash, sizeof(hash));
	fixture_check_with(f, NULL, "you", ROWS, hash);
	assert_right(f);
	/* what was known before more came is right for ever */
	fixture_append(f, 200, 3);
	fixture_check_with(f, NULL, "you", ROWS, hash);
	assert_right(f);
	assert_int_equal(f->rows, ROWS + 3);
	/* a table without its constraints is the same ledger */
	drop_constraints(f);
	fixture_check(f);
	assert_right(f);
}

/* @told: two lines of it; @count: how many lines there must be */
static const struct forgery {
	const char *sql;
	const char *told[2];
	uint64_t count;
} forgeries[] = {
	{ "UPDATE ledger_rows SET energy_uj = 1 WHERE number = 5", { "5: changed or forged" }, 1 },
	{ "UPDATE ledger_rows SET uid = 0 WHERE number = 1", { "1: changed or forged" }, 1 },
	{ "UPDATE ledger_rows SET cost_ucent = 0 WHERE number = 12", { "12: changed or" }, 1 },
	{ "UPDATE ledger_rows SET currency = '' WHERE number = 3", { "3: changed or forged" }, 1 },
	{ "UPDATE ledger_rows SET result = -5 WHERE number IN (3, 4)",
	  { "3: changed or forged", "4: changed or forged" }, 2 },
	{ "UPDATE ledger_rows SET previous = zeroblob(32) WHERE number = 6",
	  { "6: changed or forged" }, 1 },
	{ "UPDATE ledger_rows SET signature = zeroblob(64) WHERE number = 6",
	  { "6: changed or forged" }, 1 },
	{ "CREATE TABLE one AS SELECT signature FROM ledger_rows WHERE number = 7;"
	  "UPDATE ledger_rows SET signature = (SELECT signature FROM one) WHERE number = 6",
	  { "6: changed or forged" }, 1 },
	/* what does not fit into its field must not be cut to what was there */
	{ "UPDATE ledger_rows SET uid = uid + 4294967296 WHERE number = 5",
	  { "5: changed: uid is of a wrong" }, 1 },
	{ "UPDATE ledger_rows SET program = zeroblob(33) WHERE number = 5",
	  { "5: changed: program is of a wrong" }, 1 },
	{ "UPDATE ledger_rows SET currency = 'EUROS' WHERE number = 5",
	  { "5: changed: currency is of a wrong" }, 1 },
	{ "UPDATE ledger_rows SET currency = 'EU' || char(0) WHERE number = 5",
	  { "5: changed: currency is of a wrong" }, 1 },
	{ "DELETE FROM ledger_rows WHERE number = 5", { "5: missing\n" }, 1 },
	{ "DELETE FROM ledger_rows WHERE number = 1", { "1: missing\n" }, 1 },
	{ "DELETE FROM ledger_rows WHERE number BETWEEN 4 AND 7",
	  { "4: missing, with all up to row 7\n" }, 1 },
	{ "DELETE FROM ledger_rows WHERE number > 9",
	  { "10: missing, with all up to row 12: the tail was cut, the head has seen 12" }, 1 },
	{ "DELETE FROM ledger_rows WHERE number = 12", { "12: missing: the tail was cut" }, 1 },
	{ "DELETE FROM ledger_rows", { "1: missing, with all up to row 12: the tail" }, 1 },
	{ "DROP TABLE ledger_rows", { "1: missing, with all up to row 12: the tail" }, 1 },
	/* the rows behind move up */
	{ "DELETE FROM ledger_rows WHERE number = 5;"
	  "UPDATE ledger_rows SET number = number - 1 WHERE number > 5",
	  { "5: re-ordered: it was signed as row 6", "12: missing: the tail" }, 8 },
	{ "UPDATE ledger_rows SET number = 99 WHERE number = 5;"
	  "UPDATE ledger_rows SET number = 5 WHERE number = 6;"
	  "UPDATE ledger_rows SET number = 6 WHERE number = 99",
	  { "5: re-ordered: it was signed as row 6", "6: re-ordered: it was signed as row 5" },
	  2 },
	{ "UPDATE ledger_rows SET number = 500 WHERE number = 5",
	  { "5: missing", "500: re-ordered: it was signed as row 5" }, 2 },
	{ "CREATE TABLE more AS SELECT * FROM ledger_rows WHERE number = 12;"
	  "UPDATE more SET number = 13, job = 999;"
	  "INSERT INTO ledger_rows SELECT * FROM more", { "13: changed or forged" }, 1 },
	{ "UPDATE ledger_head SET count = 11", { "0: the head was changed" }, 1 },
	{ "UPDATE ledger_head SET hash = zeroblob(32)", { "0: the head was changed" }, 1 },
	{ "UPDATE ledger_head SET signature = zeroblob(64)", { "0: the head was changed" }, 1 },
	{ "DELETE FROM ledger_head", { "0: the head is missing" }, 1 },
	{ "DROP TABLE ledger_head", { "0: the head is missing" }, 1 },
	{ "INSERT INTO ledger_head SELECT * FROM ledger_head",
	  { "0: the head there is more than one" }, 1 },
};

static void test_forgeries(void **state)
{
	struct fixture *f = *state;
	size_t i, j;

	for (i = 0; i < sizeof(forgeries) / sizeof(forgeries[0]); i++) {
		fixture_sql(f, "%s", forgeries[i].sql);
		fixture_check(f);
		for (j = 0; j < 2 && forgeries[i].told[j]; j++)
			assert_told(f, forgeries[i].told[j]);
		if (f->findings != forgeries[i].count)
			fail_msg("%s: %llu found:\n%s", forgeries[i].sql,
				 (unsigned long long)f->findings, f->told);
		teardown(state);
		setup(state);
	}
	fixture_check(f);
	assert_right(f);
}

static void test_twice(void **state)
{
	struct fixture *f = *state;

	drop_constraints(f);
	fixture_sql(f, "INSERT INTO ledger_rows SELECT * FROM ledger_rows WHERE number = 5");
	fixture_check(f);
	assert_told(f, "5: stands there twice");
	assert_int_equal(f->findings, 1);
}

/* Signed by the vehicle, but not what an agent writes: one that has gone wrong. */
static void test_wrong_cost(void **state)
{
	struct ledger_record record = { .row = fixture_row(120) };
	struct fixture *f = *state;
	sqlite3_stmt *insert;

	fixture_check(f);
	record.row.number = ROWS + 1;
	record.row.cost_ucent = 1 + ledger_cost_ucent(record.row.energy_uj,
						      record.row.price_ucent_per_kwh);
	memcpy(record.previous, f->seen.head.hash, sizeof(record.previous));
	ledger_record_sign(&record, ledger_key_secret(f->key));
	assert_int_equal(ledger_insert(f->db, &ledger_rows, &insert), 0);
	assert_int_equal(ledger_put(insert, &ledger_rows, &record), 0);
	sqlite3_finalize(insert);
	fixture_append(f, 121, 1);
	fixture_check(f);
	assert_told(f, "13: is signed, but its cost is not that of its energy and price");
	assert_int_equal(f->findings, 1);
}

static void test_signed_nonsense(void **state)
{
	struct fixture *f = *state;

	drop_constraints(f);
	fixture_append(f, 103, 1);
	fixture_check(f);
	assert_told(f, "13: is of job 103, of which row 3 is, too");
	assert_int_equal(f->findings, 1);
}

/* --- The end ------------------------------------------------------------------------ */

static void keep_copy(struct fixture *f)
{
	fixture_sql(f, "CREATE TABLE old_rows AS SELECT * FROM ledger_rows;"
		       "CREATE TABLE old_head AS SELECT * FROM ledger_head");
}

static void bring_copy_back(struct fixture *f)
{
	fixture_sql(f, "DELETE FROM ledger_rows; INSERT INTO ledger_rows SELECT * FROM old_rows;"
		       "DELETE FROM ledger_head; INSERT INTO ledger_head SELECT * FROM old_head");
}

static void test_older_copy(void **state)
{
	uint8_t hash[LEDGER_DIGEST_BYTES];
	struct fixture *f = *state;
	char path[128];

	keep_copy(f);
	fixture_append(f, 300, 4);
	fixture_check(f);
	memcpy(hash, f->seen.head.hash, sizeof(hash));
	bring_copy_back(f);
	fixture_check(f);
	assert_told(f, "13: missing, with all up to row 16: the tail was cut, the anchor has seen");
	assert_int_equal(f->findings, 1);
	/* with no anchor only who has the head knows */
	assert_int_equal(unlink(fixture_path(f, LEDGER_ANCHOR_FILE, path)), 0);
	fixture_check(f);
	assert_right(f);
	assert_false(f->seen.has_anchor);
	fixture_check_with(f, NULL, "what you noted", 16, hash);
	assert_told(f, "the tail was cut, what you noted has seen 16 rows");
}

/* An agent that went on with an older copy has told another history. */
static void test_other_history(void **state)
{
	uint8_t hash[LEDGER_DIGEST_BYTES];
	struct fixture *f = *state;

	keep_copy(f);
	fixture_append(f, 300, 2);
	fixture_check(f);
	memcpy(hash, f->seen.head.hash, sizeof(hash));
	fixture_sql(f, "CREATE TABLE other AS SELECT * FROM ledger_rows WHERE number = 13");
	bring_copy_back(f);
	fixture_append(f, 400, 4);
	fixture_check_with(f, NULL, "what you noted", 14, hash);
	assert_told(f, "14: is not the one that what you noted has seen");
	assert_int_equal(f->findings, 1);
	fixture_sql(f, "DELETE FROM ledger_rows WHERE number = 13;"
		       "INSERT INTO ledger_rows SELECT * FROM other");
	fixture_check(f);
	assert_told(f, "14: does not follow row 13");
	assert_int_equal(f->findings, 1);
}

/* An older head alone hides no row. */
static void test_older_head(void **state)
{
	struct fixture *f = *state;

	keep_copy(f);
	fixture_append(f, 300, 1);
	fixture_sql(f, "DELETE FROM ledger_head; INSERT INTO ledger_head SELECT * FROM old_head");
	fixture_check(f);
	assert_told(f, "13: stands behind the head, which says 12");
	assert_int_equal(f->findings, 1);
}

static void test_anchor(void **state)
{
	struct fixture *f = *state;
	char path[128];
	FILE *file;

	file = fopen(fixture_path(f, LEDGER_ANCHOR_FILE, path), "r+");
	assert_non_null(file);
	/* of the id */
	fseek(file, 8, SEEK_SET);
	fputc('x', file);
	fclose(file);
	fixture_check(f);
	assert_told(f, "0: the anchor \"id\" is of a wrong kind or size");
	file = fopen(path, "w");
	fputs("{}\n", file);
	fclose(file);
	fixture_check(f);
	assert_told(f, "0: the anchor has keys too many or too few");
	assert_int_equal(f->findings, 1);
}

/* --- Another key, another ledger -------------------------------------------------------- */

static void test_other_key(void **state)
{
	struct fixture *f = *state, other;
	char words[128], hex[65];

	fixture_init(&other);
	fixture_open(&other);
	fixture_append(&other, 101, ROWS);
	fixture_check(&other);
	assert_right(&other);
	fixture_check_with(&other, ledger_key_public(f->key), NULL, 0, NULL);
	snprintf(words, sizeof(words), "0: foreign key: it is signed with %s",
		 ledger_hex(ledger_key_public(other.key), 32, hex));
	assert_told(&other, words);
	assert_int_equal(other.findings, 1);
	/* one row of it between ours, at the same place */
	fixture_sql(f, "ATTACH '%s/queue.db' AS other", other.directory);
	fixture_sql(f, "DELETE FROM ledger_rows WHERE number = 4;"
		       "INSERT INTO ledger_rows SELECT * FROM other.ledger_rows WHERE number = 4");
	fixture_check(f);
	assert_told(f, "4: changed or forged");
	assert_int_equal(f->findings, 1);
	fixture_sql(f, "DETACH other");
	fixture_fini(&other);
}

static void test_other_ledger_of_the_key(void **state)
{
	struct fixture *f = *state, other;
	struct ledger_key *own;

	fixture_init(&other);
	own = other.key;
	other.key = f->key;
	fixture_open(&other);
	fixture_append(&other, 101, ROWS);
	fixture_sql(f, "ATTACH '%s/queue.db' AS other", other.directory);
	fixture_sql(f, "DELETE FROM ledger_rows WHERE number = 1;"
		       "INSERT INTO ledger_rows SELECT * FROM other.ledger_rows WHERE number = 1");
	fixture_check(f);
	assert_told(f, "1: is of another ledger of the same key");
	assert_told(f, "2: does not follow row 1");
	/* all of it: the anchor knows */
	fixture_sql(f, "DELETE FROM ledger_rows; DELETE FROM ledger_head;"
		       "INSERT INTO ledger_rows SELECT * FROM other.ledger_rows;"
		       "INSERT INTO ledger_head SELECT * FROM other.ledger_head");
	fixture_check(f);
	assert_told(f, "0: the anchor is of another ledger, which had 12 rows");
	assert_int_equal(f->findings, 1);
	fixture_sql(f, "DETACH other");
	other.key = own;
	fixture_fini(&other);
}

/* --- Any bit ------------------------------------------------------------------------ */

/* Of column @name of row @number of @table: its bit @bit, counted as many as it has. */
static void flip(struct fixture *f, const char *table, const char *name, int number,
		 unsigned int bit)
{
	sqlite3_stmt *statement;
	uint8_t bytes[64];
	char sql[256];
	int size;

	snprintf(sql, sizeof(sql), "SELECT %s FROM %s WHERE rowid = %d", name, table, number);
	assert_int_equal(sqlite3_prepare_v2(f->db, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	size = sqlite3_column_bytes(statement, 0);
	if (sqlite3_column_type(statement, 0) == SQLITE_INTEGER) {
		snprintf(sql, sizeof(sql), "UPDATE %s SET %s = %lld WHERE rowid = %d", table, name,
			 sqlite3_column_int64(statement, 0) ^ (long long)(1ull << bit % 64),
			 number);
	} else {
		assert_in_range(size, 1, sizeof(bytes));
		memcpy(bytes, sqlite3_column_blob(statement, 0), (size_t)size);
		bytes[bit / 8 % size] ^= 1 << bit % 8;
		snprintf(sql, sizeof(sql), "UPDATE %s SET %s = CAST(? AS %s) WHERE rowid = %d",
			 table, name,
			 sqlite3_column_type(statement, 0) == SQLITE_TEXT ? "TEXT" : "BLOB",
			 number);
	}
	sqlite3_finalize(statement);
	assert_int_equal(sqlite3_prepare_v2(f->db, sql, -1, &statement, NULL), SQLITE_OK);
	if (sqlite3_bind_parameter_count(statement))
		sqlite3_bind_blob(statement, 1, bytes, size, SQLITE_TRANSIENT);
	assert_int_equal(sqlite3_step(statement), SQLITE_DONE);
	sqlite3_finalize(statement);
}

static void make_whole(struct fixture *f)
{
	fixture_sql(f, "DELETE FROM ledger_rows; INSERT INTO ledger_rows SELECT * FROM whole");
}

/* 20 of each column; each found at its row. Only a number's has more to tell: that it is gone. */
static void test_any_bit(void **state)
{
	const char *const text = getenv("SEED");
	unsigned int seed = text ? (unsigned int)atoi(text) : 1, i, bit;
	struct fixture *f = *state;
	const char *name;
	char words[32];
	int number;

	srand(seed);
	drop_constraints(f);
	fixture_sql(f, "CREATE TABLE whole AS SELECT * FROM ledger_rows");
	for (i = 0; i < 20 * ledger_rows.stored; i++) {
		name = ledger_rows.fields[i % ledger_rows.stored].name;
		number = rand() % ROWS + 1;
		bit = (unsigned int)rand();
		make_whole(f);
		flip(f, "ledger_rows", name, number, bit);
		fixture_check(f);
		snprintf(words, sizeof(words), "\n%d: ", number);
		if (!f->findings || (i % ledger_rows.stored && f->findings != 1) ||
		    !strstr(f->told, words))
			fail_msg("seed %u: bit %u of %s of row %d: %s", seed, bit, name, number,
				 f->told);
	}
	make_whole(f);
	fixture_check(f);
	assert_right(f);
}

static void test_any_bit_of_the_head(void **state)
{
	struct fixture *f = *state;
	const char *name;
	unsigned int i;

	fixture_sql(f, "CREATE TABLE whole AS SELECT * FROM ledger_head");
	srand(1);
	for (i = 0; i < 10 * ledger_heads.stored; i++) {
		name = ledger_heads.fields[i % ledger_heads.stored].name;
		fixture_sql(f, "DELETE FROM ledger_head;"
			       "INSERT INTO ledger_head SELECT * FROM whole");
		flip(f, "ledger_head", name, 1, (unsigned int)rand());
		fixture_check(f);
		assert_told(f, "\n0: the head was changed");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
		TEST(test_untouched),
		TEST(test_forgeries),
		TEST(test_twice),
		TEST(test_wrong_cost),
		TEST(test_signed_nonsense),
		TEST(test_older_copy),
		TEST(test_other_history),
		TEST(test_older_head),
		TEST(test_anchor),
		TEST(test_other_key),
		TEST(test_other_ledger_of_the_key),
		TEST(test_any_bit),
		TEST(test_any_bit_of_the_head),
	};

	return cmocka_run_group_tests_name("ledger_forged", tests, NULL, NULL);
}
