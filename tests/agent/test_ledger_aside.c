// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A ledger that is not what the key signed last: set aside at the start, kept, told of,
 * and a new one begins.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <util.h>

#include "ledger_fixture.h"

static int setup(void **state)
{
	static struct fixture f;

	fixture_init(&f);
	fixture_open(&f);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	fixture_fini(*state);
	return 0;
}

/* Opened again it must go on with a new ledger, and the old one must be kept. */
static void assert_aside(struct fixture *f, const char *why, const char *what)
{
	char told[128];

	fixture_reopen(f);
	if (!strstr(f->text, why))
		fail_msg("\"%s\" is not in \"%s\"", why, f->text);
	fixture_append(f, 1000, 2);
	fixture_check(f);
	snprintf(told, sizeof(told), "could not go on with it: %s\n", what);
	assert_told(f, told);
	assert_int_equal(f->findings, 1);
	fixture_reopen(f);
	assert_string_equal(f->text, "");
}

static void aside_with(struct fixture *f, const char *sql, const char *why)
{
	fixture_append(f, 1, 4);
	fixture_sql(f, "%s", sql);
	assert_aside(f, why, "ledger_rows_aside_1 and ledger.head.aside-1");
	assert_int_equal(fixture_count(f), 2);
}

static void test_aside(void **state)
{
	static const char *const cases[][2] = {
		{ "DELETE FROM ledger_rows WHERE number > 2", "its last rows are missing" },
		{ "DELETE FROM ledger_rows", "its rows are missing" },
		{ "UPDATE ledger_rows SET uid = 0 WHERE number = 4", "its last row was changed" },
		{ "UPDATE ledger_rows SET uid = -1 WHERE number = 4", "last row cannot be read" },
		{ "UPDATE ledger_rows SET signature = zeroblob(64) WHERE number = 4",
		  "its last row was changed" },
		{ "DELETE FROM ledger_head", "it has rows and no head" },
		{ "UPDATE ledger_head SET count = 3", "its head's signature is wrong" },
		{ "UPDATE ledger_head SET hash = x'00'", "its head cannot be read" },
		{ "ALTER TABLE ledger_rows RENAME COLUMN uid TO user", "last row cannot be read" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		aside_with(*state, cases[i][0], cases[i][1]);
		teardown(state);
		setup(state);
	}
}

static void test_aside_of_another_key(void **state)
{
	struct fixture *f = *state;
	struct ledger_key *first = f->key;
	char path[128];

	fixture_append(f, 1, 4);
	assert_int_equal(unlink(fixture_path(f, LEDGER_KEY_FILE, path)), 0);
	assert_int_equal(ledger_key_load(NULL, f->directory, &f->key, f->text), 0);
	assert_aside(f, "it was signed with another key",
		     "ledger_rows_aside_1 and ledger.head.aside-1");
	ledger_key_free(first);
}

static void copy_back(struct fixture *f)
{
	fixture_sql(f, "DELETE FROM ledger_rows; INSERT INTO ledger_rows SELECT * FROM old_rows;"
		       "DELETE FROM ledger_head; INSERT INTO ledger_head SELECT * FROM old_head");
}

static void test_aside_of_an_older_copy(void **state)
{
	struct fixture *f = *state;

	fixture_append(f, 1, 4);
	fixture_sql(f, "CREATE TABLE old_rows AS SELECT * FROM ledger_rows;"
		       "CREATE TABLE old_head AS SELECT * FROM ledger_head");
	fixture_append(f, 11, 2);
	copy_back(f);
	assert_aside(f, "it is an older copy: its anchor has seen more rows",
		     "ledger_rows_aside_1 and ledger.head.aside-1");
	/* and once more: the first is not written over */
	fixture_append(f, 20, 4);
	fixture_sql(f, "DELETE FROM ledger_head");
	fixture_reopen(f);
	assert_non_null(strstr(f->text, "set aside as number 2"));
	fixture_check(f);
	assert_told(f, "ledger_rows_aside_2 and ledger.head.aside-2");
	assert_int_equal(f->findings, 2);
}

/* The database was set aside by whoever owns it, and made anew. */
static void test_aside_of_the_anchor(void **state)
{
	struct fixture *f = *state;

	fixture_append(f, 1, 4);
	fixture_sql(f, "DROP TABLE ledger_rows; DROP TABLE ledger_head");
	assert_aside(f, "the anchor is of a ledger that is not there", "ledger.head.aside-1");
}

static void test_aside_of_a_bad_anchor(void **state)
{
	struct fixture *f = *state;
	char path[128];
	FILE *file;

	fixture_append(f, 1, 4);
	file = fopen(fixture_path(f, LEDGER_ANCHOR_FILE, path), "w");
	fputs("{ \"id\":", file);
	fclose(file);
	fixture_reopen(f);
	assert_non_null(strstr(f->text, "the ledger's anchor was set aside as number 1"));
	/* the ledger itself is right, and goes on */
	assert_int_equal(fixture_count(f), 4);
	fixture_append(f, 5, 1);
	fixture_check(f);
	assert_told(f, "could not go on with it: ledger.head.aside-1\n");
	assert_int_equal(f->findings, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
		TEST(test_aside),
		TEST(test_aside_of_another_key),
		TEST(test_aside_of_an_older_copy),
		TEST(test_aside_of_the_anchor),
		TEST(test_aside_of_a_bad_anchor),
	};

	return cmocka_run_group_tests_name("ledger_aside", tests, NULL, NULL);
}
