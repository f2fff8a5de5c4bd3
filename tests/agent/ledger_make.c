// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ledger_make DIR FIRST-JOB COUNT [PER-COMMIT]: an agent's ledger of jobs that never ran,
 * by the agent's own code. The directory, with key and database, is made if need be.
 * Every third job was cancelled before it ran; energy and times follow from its number.
 */
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <util.h>

#include "../../agent/ledger/ledger.h"

static struct ledger_row row_of(uint64_t job)
{
	struct ledger_row row = {
		.time_us = 1795322643071000 + job * 1000000,
		.queued_us = 1795322640000000,
		.job = job,
		.uid = 1000 + job % 2,
		.state = 3,
		.result = -ECANCELED,
	};

	memset(row.key, (int)job, sizeof(row.key));
	memset(row.program, 0xa5, sizeof(row.program));
	if (job % 3 == 0)
		return row;
	row.state = 1;
	row.result = 0;
	row.ran = 1;
	row.level = 2;
	row.ticks_hz = 1000000;
	row.run_ticks = 5000 * job;
	row.tile_ticks = 4 * row.run_ticks;
	row.energy_uj = 25000000 * job;
	row.input_bytes = 1024;
	row.output_bytes = 40;
	memcpy(row.currency, "EUR", 4);
	row.price_ucent_per_kwh = 31500000;
	memset(row.outputs, (int)~job, sizeof(row.outputs));
	return row;
}

static void run(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		errx(1, "%s: %s", sql, sqlite3_errmsg(db));
}

static void must(int r, const char *what)
{
	if (r < 0)
		errx(1, "%s: %s", what, strerror(-r));
}

static void append(sqlite3 *db, struct ledger *ledger, uint64_t from, uint64_t to)
{
	struct ledger_row row;

	run(db, "BEGIN");
	for (; from < to; from++) {
		row = row_of(from);
		must(ledger_append(ledger, &row), "append");
	}
	must(ledger_sign_head(ledger), "head");
	run(db, "COMMIT");
	must(ledger_anchor(ledger, false), "anchor");
}

int main(int argc, char *argv[])
{
	uint64_t job, end, step;
	char text[LEDGER_TEXT_MAX];
	struct ledger *ledger;
	struct ledger_key *key;
	sqlite3 *db;

	if (argc < 4)
		errx(2, "usage: ledger_make DIR FIRST-JOB COUNT [PER-COMMIT]");
	job = strtoull(argv[2], NULL, 10);
	end = job + strtoull(argv[3], NULL, 10);
	step = argc > 4 ? strtoull(argv[4], NULL, 10) : 64;
	if (mkdir(argv[1], 0700) < 0 && errno != EEXIST)
		err(1, "%s", argv[1]);
	if (ledger_key_load(NULL, argv[1], &key, text) < 0)
		errx(1, "%s", text);
	if (chdir(argv[1]) < 0 || sqlite3_open("queue.db", &db) != SQLITE_OK)
		errx(1, "%s/queue.db cannot be opened", argv[1]);
	run(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
	if (ledger_open(db, key, &ledger, text) < 0)
		errx(1, "%s", text);
	if (*text)
		warnx("%s", text);
	for (; job < end; job += step)
		append(db, ledger, job, job + step < end ? job + step : end);
	must(ledger_anchor(ledger, true), "anchor");
	must(ledger_head_text(ledger, text), "head");
	puts(text);
	ledger_close(ledger);
	sqlite3_close(db);
	ledger_key_free(key);
	return 0;
}
