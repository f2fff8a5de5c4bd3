// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A ledger in a directory of its own.
 */
#include "ledger_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void fixture_init(struct fixture *f)
{
	*f = (struct fixture){};
	strcpy(f->directory, "/tmp/ledger-XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	assert_int_equal(ledger_key_load(NULL, f->directory, &f->key, f->text), 0);
	assert_string_equal(f->text, "");
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	return remove(path);
}

void fixture_fini(struct fixture *f)
{
	fixture_close(f);
	ledger_key_free(f->key);
	assert_int_equal(nftw(f->directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}

const char *fixture_path(const struct fixture *f, const char *name, char path[static 128])
{
	snprintf(path, 128, "%s/%s", f->directory, name);
	return path;
}

void fixture_open(struct fixture *f)
{
	char path[128];

	assert_int_equal(sqlite3_open_v2(fixture_path(f, "queue.db", path), &f->db,
					 SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
						 SQLITE_OPEN_EXRESCODE, NULL), SQLITE_OK);
	fixture_sql(f, "PRAGMA journal_mode = WAL");
	/* what is on disk after a crash is not asked here */
	fixture_sql(f, "PRAGMA synchronous = OFF");
	if (ledger_open(f->db, f->key, &f->ledger, f->text) < 0)
		fail_msg("%s", f->text);
}

void fixture_close(struct fixture *f)
{
	ledger_close(f->ledger);
	f->ledger = NULL;
	assert_int_equal(sqlite3_close(f->db), SQLITE_OK);
	f->db = NULL;
}

void fixture_reopen(struct fixture *f)
{
	fixture_close(f);
	fixture_open(f);
}

uint64_t fixture_count(struct fixture *f)
{
	char text[LEDGER_HEAD_TEXT_MAX];

	assert_int_equal(ledger_head_text(f->ledger, text), 0);
	return strtoull(strchr(text, ':') + 1, NULL, 10);
}

struct ledger_row fixture_row(uint64_t job)
{
	struct ledger_row row = {
		.time_us = 1795322643071000 + job * 1000000,
		.job = job,
		.uid = 1000 + job % 3,
		.state = 1,
		.ran = 1,
		.level = 2,
		.currency = "EUR",
		.queued_us = 1795322643071000,
		.run_ticks = 5000 * job,
		.tile_ticks = 20000 * job,
		.ticks_hz = 1000000,
		.energy_uj = 25000 * job,
		.input_bytes = 1024,
		.output_bytes = 40,
		.price_ucent_per_kwh = 31500000,
	};

	memset(row.key, (int)job, sizeof(row.key));
	memset(row.program, 0xa5, sizeof(row.program));
	memset(row.outputs, (int)~job, sizeof(row.outputs));
	return row;
}

void fixture_append(struct fixture *f, uint64_t from, unsigned int count)
{
	struct ledger_row row;

	fixture_sql(f, "BEGIN");
	for (; count; count--, from++) {
		row = fixture_row(from);
		assert_int_equal(ledger_append(f->ledger, &row), 0);
	}
	assert_int_equal(ledger_sign_head(f->ledger), 0);
	fixture_sql(f, "COMMIT");
	assert_int_equal(ledger_anchor(f->ledger, true), 0);
}

void fixture_sql(struct fixture *f, const char *format, ...)
{
	char sql[2048], *error = NULL;
	va_list list;

	va_start(list, format);
	vsnprintf(sql, sizeof(sql), format, list);
	va_end(list);
	if (sqlite3_exec(f->db, sql, NULL, NULL, &error) != SQLITE_OK)
		fail_msg("%s: %s", sql, error);
}

static void keep(void *userdata, uint64_t number, const char *text)
{
	struct fixture *f = userdata;
	size_t length = strlen(f->told);

	snprintf(f->told + length, sizeof(f->told) - length, "%llu: %s\n",
		 (unsigned long long)number, text);
}

void fixture_check_with(struct fixture *f, const uint8_t *public_key, const char *name,
			uint64_t count, const uint8_t *hash)
{
	int directory = open(f->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char text[LEDGER_TEXT_MAX];
	struct ledger_check *check;

	assert_true(directory >= 0);
	strcpy(f->told, "\n");
	assert_int_equal(ledger_check_new(public_key, keep, f, &check), 0);
	if (name)
		ledger_check_point(check, name, count, hash);
	if (ledger_check_database(check, f->db, directory, &f->seen, text) < 0)
		fail_msg("%s", text);
	f->findings = ledger_check_findings(check);
	f->rows = ledger_check_rows(check);
	ledger_check_free(check);
	close(directory);
}

void fixture_check(struct fixture *f)
{
	fixture_check_with(f, ledger_key_public(f->key), NULL, 0, NULL);
}
