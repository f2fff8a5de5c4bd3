// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The ledger as the agent uses it: bytes, key, appending, what a rollback leaves, the
 * anchor.
 */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <util.h>

#include "../../agent/ledger/json.h"
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

/* --- Bytes -------------------------------------------------------------------------- */

/* As docs/ledger.md has it; test_ledger_verbs has the rest of that page. */
static void test_encoded(void **state)
{
	struct ledger_row row = fixture_row(7);
	uint8_t bytes[LEDGER_ENCODED_MAX];

	row.number = 0x0102030405060708;
	row.result = -2;
	assert_int_equal(ledger_encode(&ledger_rows, &row, bytes), 240);
	assert_memory_equal(bytes, "LYBL\1\0\0\0\10\7\6\5\4\3\2\1", 16);
	assert_memory_equal(bytes + 56, "\xfe\xff\xff\xff", 4);
	assert_memory_equal(bytes + 84, "EUR", 4);
}

static void test_cost(void **state)
{
	/* 1 kWh at 31.5 cent */
	assert_int_equal(ledger_cost_ucent(3600000000000, 31500000), 31500000);
	assert_int_equal(ledger_cost_ucent(0, 31500000), 0);
	assert_int_equal(ledger_cost_ucent(3600000000000, 0), 0);
	/* half a millionth, and less */
	assert_int_equal(ledger_cost_ucent(1800000000000, 1), 1);
	assert_int_equal(ledger_cost_ucent(1799999999999, 1), 0);
	assert_true(ledger_cost_ucent(UINT64_MAX, UINT64_MAX) == UINT64_MAX);
}

static void test_digest_of(void **state)
{
	uint8_t two[2][LEDGER_DIGEST_BYTES], digest[LEDGER_DIGEST_BYTES], right[64] = {};

	memset(two, 0x11, sizeof(two));
	ledger_digest_of(two, 0, digest);
	assert_memory_equal(digest, right, sizeof(digest));
	ledger_digest_of(two, 2, digest);
	crypto_hash_sha256(right, two[0], sizeof(two));
	assert_memory_equal(digest, right, sizeof(digest));
}

/* --- The key ------------------------------------------------------------------------ */

static void write_key(const char *path, mode_t mode, size_t size)
{
	uint8_t bytes[64] = { 1, 2, 3 };
	int fd;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, mode), 0);
	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
}

static void test_key_is_made_once(void **state)
{
	struct fixture *f = *state;
	struct ledger_key *again;
	char path[128];
	struct stat st;

	assert_int_equal(stat(fixture_path(f, LEDGER_KEY_FILE, path), &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	assert_int_equal(st.st_size, 32);
	assert_int_equal(ledger_key_load(NULL, f->directory, &again, f->text), 0);
	assert_memory_equal(ledger_key_public(again), ledger_key_public(f->key), 32);
	ledger_key_free(again);
	assert_int_equal(ledger_key_read(f->directory, &again, f->text), 0);
	assert_memory_equal(ledger_key_public(again), ledger_key_public(f->key), 32);
	ledger_key_free(again);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(ledger_key_read(f->directory, &again, f->text), -ENOENT);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(ledger_key_load(NULL, f->directory, &again, f->text), 0);
	assert_memory_not_equal(ledger_key_public(again), ledger_key_public(f->key), 32);
	ledger_key_free(again);
}

static void refused(struct fixture *f, int r, const char *words)
{
	struct ledger_key *key;

	assert_int_equal(ledger_key_load(NULL, f->directory, &key, f->text), r);
	if (!strstr(f->text, words))
		fail_msg("\"%s\" is not in \"%s\"", words, f->text);
}

static void test_key_is_refused(void **state)
{
	struct fixture *f = *state;
	char path[128], target[128];
	struct ledger_key *key;

	fixture_path(f, LEDGER_KEY_FILE, path);
	write_key(path, 0640, 32);
	refused(f, -EPERM, "ledger.key: has mode 0640");
	write_key(path, 0604, 32);
	refused(f, -EPERM, "chmod 0600");
	write_key(path, 0600, 31);
	refused(f, -EBADMSG, "has 31 bytes; a ledger's key has 32");
	write_key(path, 0600, 33);
	refused(f, -EBADMSG, "has 33 bytes");
	write_key(path, 0600, 0);
	refused(f, -EBADMSG, "has 0 bytes");
	assert_int_equal(rename(path, fixture_path(f, "elsewhere", target)), 0);
	assert_int_equal(symlink(target, path), 0);
	refused(f, -ELOOP, "ledger.key: ");
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	refused(f, -EBADMSG, "is not a regular file");
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(ledger_key_load(NULL, "/nowhere", &key, f->text), -ENOENT);
	assert_string_equal(f->text, "/nowhere: No such file or directory");
}

/* Root could read it, and so does laybyctl; an agent must not sign with it. */
static void test_key_of_another(void **state)
{
	struct fixture *f = *state;
	struct ledger_key *key;
	char path[128];

	if (geteuid())
		skip();
	assert_int_equal(chown(fixture_path(f, LEDGER_KEY_FILE, path), 1, 1), 0);
	refused(f, -EPERM, "belongs to user 1, and must to 0");
	assert_int_equal(ledger_key_read(f->directory, &key, f->text), 0);
	ledger_key_free(key);
}

static void test_credential_goes_first(void **state)
{
	struct ledger_key *key, *again;
	struct fixture *f = *state;
	char path[128];

	/* systemd's are readable for the unit's user, and belong to root */
	write_key(fixture_path(f, LEDGER_KEY_CREDENTIAL, path), 0440, 32);
	assert_int_equal(ledger_key_load(f->directory, f->directory, &key, f->text), 0);
	assert_memory_not_equal(ledger_key_public(key), ledger_key_public(f->key), 32);
	write_key(path, 0440, 16);
	assert_int_equal(ledger_key_load(f->directory, f->directory, &again, f->text), -EBADMSG);
	assert_int_equal(unlink(path), 0);
	ledger_key_free(key);
	assert_int_equal(ledger_key_load(f->directory, f->directory, &key, f->text), 0);
	assert_memory_equal(ledger_key_public(key), ledger_key_public(f->key), 32);
	ledger_key_free(key);
}

/* --- Appending ---------------------------------------------------------------------- */

static void test_empty(void **state)
{
	struct fixture *f = *state;

	fixture_check(f);
	assert_right(f);
	assert_int_equal(f->rows, 0);
	assert_int_equal(ledger_anchor(f->ledger, true), 0);
	fixture_check(f);
	assert_right(f);
	assert_true(f->seen.has_anchor);
	fixture_reopen(f);
	assert_string_equal(f->text, "");
}

static void test_one_row_a_job(void **state)
{
	struct ledger_row row = fixture_row(5);
	struct fixture *f = *state;

	fixture_append(f, 5, 1);
	fixture_sql(f, "BEGIN");
	assert_int_equal(ledger_append(f->ledger, &row), -EEXIST);
	/* the transaction goes on */
	row = fixture_row(6);
	assert_int_equal(ledger_append(f->ledger, &row), 0);
	assert_int_equal(ledger_sign_head(f->ledger), 0);
	fixture_sql(f, "COMMIT");
	fixture_check(f);
	assert_right(f);
	assert_int_equal(f->rows, 2);
}

static void test_rollback(void **state)
{
	struct ledger_row row = fixture_row(50);
	struct fixture *f = *state;

	fixture_append(f, 1, 3);
	fixture_sql(f, "BEGIN");
	assert_int_equal(ledger_append(f->ledger, &row), 0);
	assert_int_equal(ledger_sign_head(f->ledger), 0);
	assert_int_equal(ledger_anchor(f->ledger, true), -EBUSY);
	fixture_sql(f, "ROLLBACK");
	assert_int_equal(ledger_anchor(f->ledger, true), 0);
	assert_int_equal(fixture_count(f), 3);
	fixture_check(f);
	assert_right(f);
	assert_int_equal(f->seen.anchor.count, 3);
	fixture_sql(f, "BEGIN");
	assert_int_equal(ledger_append(f->ledger, &row), 0);
	fixture_sql(f, "SAVEPOINT one");
	row.job++;
	assert_int_equal(ledger_append(f->ledger, &row), 0);
	fixture_sql(f, "ROLLBACK TO one");
	row.job++;
	assert_int_equal(ledger_append(f->ledger, &row), 0);
	assert_int_equal(ledger_sign_head(f->ledger), 0);
	fixture_sql(f, "COMMIT");
	fixture_check(f);
	assert_right(f);
	assert_int_equal(f->rows, 5);
}

static void test_disk_full(void **state)
{
	struct fixture *f = *state;
	struct ledger_row row;
	uint64_t job = 100;
	int r = 0;

	fixture_append(f, 1, 2);
	fixture_sql(f, "PRAGMA max_page_count = 20; BEGIN");
	while (!r && job < 2000) {
		row = fixture_row(job++);
		r = ledger_append(f->ledger, &row);
	}
	assert_int_equal(r, -ENOSPC);
	/* SQLite has ended it, or we do */
	sqlite3_exec(f->db, "ROLLBACK", NULL, NULL, NULL);
	fixture_sql(f, "PRAGMA max_page_count = 100000");
	fixture_append(f, 3, 2);
	fixture_check(f);
	assert_right(f);
	assert_int_equal(f->rows, 4);
}

static void test_cost_is_the_ledgers(void **state)
{
	struct ledger_row row = fixture_row(1);
	struct fixture *f = *state;
	sqlite3_stmt *statement;

	row.number = 77;
	row.cost_ucent = 1;
	row.energy_uj = 3600000000000;
	assert_int_equal(ledger_append(f->ledger, &row), 0);
	assert_int_equal(ledger_sign_head(f->ledger), 0);
	sqlite3_prepare_v2(f->db, "SELECT number, cost_ucent FROM ledger_rows", -1, &statement,
			   NULL);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int64(statement, 0), 1);
	assert_int_equal(sqlite3_column_int64(statement, 1), 31500000);
	sqlite3_finalize(statement);
	fixture_check(f);
	assert_right(f);
}

static void test_extremes(void **state)
{
	struct ledger_row row;
	struct fixture *f = *state;

	memset(&row, 0xff, sizeof(row));
	row.price_ucent_per_kwh = 0;
	memcpy(row.currency, "EUR", 4);
	assert_int_equal(ledger_append(f->ledger, &row), 0);
	row = (struct ledger_row){ .result = INT32_MIN };
	assert_int_equal(ledger_append(f->ledger, &row), 0);
	assert_int_equal(ledger_sign_head(f->ledger), 0);
	fixture_check(f);
	assert_right(f);
	assert_int_equal(f->rows, 2);
}

static void test_currency(void **state)
{
	static const char wrong[][4] = {
		"E", "EU", "eur", "EU1", "EURO", { 'E', 0, 'R', 0 }, { 0, 'U', 'R', 0 },
		"\xc3\xa9U",
	};
	struct fixture *f = *state;
	struct ledger_row row = fixture_row(1);
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		memcpy(row.currency, wrong[i], 4);
		assert_int_equal(ledger_append(f->ledger, &row), -EINVAL);
	}
	memset(row.currency, 0, 4);
	assert_int_equal(ledger_append(f->ledger, &row), 0);
}

/* --- The anchor --------------------------------------------------------------------- */

static void append_quietly(struct fixture *f, uint64_t job)
{
	struct ledger_row row = fixture_row(job);

	fixture_sql(f, "BEGIN");
	assert_int_equal(ledger_append(f->ledger, &row), 0);
	assert_int_equal(ledger_sign_head(f->ledger), 0);
	fixture_sql(f, "COMMIT");
}

static void test_anchor_waits(void **state)
{
	struct fixture *f = *state;

	fixture_append(f, 1, 1);
	fixture_check(f);
	assert_int_equal(f->seen.anchor.count, 1);
	/* the agent died here, or goes on: an older anchor is right */
	append_quietly(f, 2);
	fixture_check(f);
	assert_right(f);
	assert_int_equal(f->seen.anchor.count, 1);
	assert_int_equal(f->seen.head.count, 2);
	fixture_reopen(f);
	assert_string_equal(f->text, "");
	assert_int_equal(ledger_anchor(f->ledger, false), 0);
	fixture_check(f);
	assert_right(f);
	assert_int_equal(f->seen.anchor.count, 2);
}

static void test_in_memory(void **state)
{
	struct fixture *f = *state;
	struct ledger_row row = fixture_row(1);
	struct ledger *ledger;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(ledger_open(db, f->key, &ledger, f->text), 0);
	assert_int_equal(ledger_append(ledger, &row), 0);
	assert_int_equal(ledger_anchor(ledger, true), 0);
	ledger_close(ledger);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void test_head_text(void **state)
{
	char text[LEDGER_HEAD_TEXT_MAX], hex[65];
	struct fixture *f = *state;

	fixture_append(f, 1, 3);
	fixture_check(f);
	ledger_hex(f->seen.head.hash, 32, hex);
	assert_int_equal(ledger_head_text(f->ledger, text), 0);
	assert_memory_equal(text, hex, 64);
	assert_string_equal(text + 64, ":3");
}

/* --- JSON --------------------------------------------------------------------------- */

static void test_json(void **state)
{
	_cleanup_(sd_json_variant_unrefp) sd_json_variant *json = NULL;
	struct ledger_record record = {}, back;
	_cleanup_free_ char *text = NULL;
	char wrong[LEDGER_TEXT_MAX];

	memset(&record.row, 0xff, sizeof(record.row));
	memcpy(record.row.currency, "SEK", 4);
	record.row.result = INT32_MIN;
	memset(record.signature, 0xa0, sizeof(record.signature));
	assert_int_equal(ledger_json_make(&ledger_rows, &record, &json), 0);
	assert_true(sd_json_variant_format(json, 0, &text) > 0);
	memset(&back, 0x55, sizeof(back));
	assert_int_equal(ledger_json_parse(&ledger_rows, text, &back, wrong), 0);
	assert_memory_equal(&back, &record, sizeof(back));
}

#define ID "00112233445566778899aabbccddee"

static void test_json_refuses(void **state)
{
	static const char *const wrong[][2] = {
		{ "", "is not JSON" },
		{ "{", "is not JSON" },
		{ "{} {}", "is not JSON" },
		{ "[1]", "is not a JSON object" },
		{ "{}", "has keys too many or too few: right are 6" },
		{ "{\"id\":1,\"id\":2,\"a\":1,\"b\":1,\"c\":1,\"d\":1}", "\"id\" is of a wrong" },
		{ "{\"id\":\"" ID "ff\",\"x\":2,\"a\":1,\"b\":1,\"c\":1,\"d\":1}",
		  "has no \"public_key\"" },
		{ "{\"id\":\"" ID "fg\",\"x\":2,\"a\":1,\"b\":1,\"c\":1,\"d\":1}",
		  "\"id\" is of a wrong" },
	};
	struct ledger_head head;
	char text[LEDGER_TEXT_MAX];
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(ledger_json_parse(&ledger_heads, wrong[i][0], &head, text),
				 -EBADMSG);
		if (!strstr(text, wrong[i][1]))
			fail_msg("%s: \"%s\"", wrong[i][0], text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
		cmocka_unit_test(test_encoded),
		cmocka_unit_test(test_cost),
		cmocka_unit_test(test_digest_of),
		TEST(test_key_is_made_once),
		TEST(test_key_is_refused),
		TEST(test_key_of_another),
		TEST(test_credential_goes_first),
		TEST(test_empty),
		TEST(test_one_row_a_job),
		TEST(test_rollback),
		TEST(test_disk_full),
		TEST(test_cost_is_the_ledgers),
		TEST(test_extremes),
		TEST(test_currency),
		TEST(test_anchor_waits),
		TEST(test_in_memory),
		TEST(test_head_text),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_refuses),
	};

	return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
