// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Accounts: a row in the ledger for each job that ends, in the transaction that ends it,
 * so that it has exactly one, whatever dies (ISO-10). The ledger is in the same database.
 */
#include "internal.h"

#include <errno.h>
#include <string.h>
#include <systemd/sd-journal.h>
#include <time.h>

#include "ledger/ledger.h"
#include "util.h"

/* At the most so often, and only while there is something to commit. */
#define LEDGER_TELL_S 3600

static uint64_t now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec;
}

/*
 * For `laybyctl ledger verify --head`: who keeps the journal elsewhere can tell database
 * and anchor from older ones. Not into stderr, where it is no field. That there is no
 * journal is no fault of the ledger's.
 */
static void tell_journal(struct store *store)
{
	char text[LEDGER_HEAD_TEXT_MAX];

	if (!ledger_head_text(store->ledger, text))
		sd_journal_send("MESSAGE=ledger: its head is %s", text, "PRIORITY=6",
				"LAYBY_LEDGER_HEAD=%s", text, NULL);
	store->told_s = now_s();
}

int account_open(struct store *store)
{
	char text[LEDGER_TEXT_MAX] = "";
	int r;

	r = ledger_key_load(getenv("CREDENTIALS_DIRECTORY"), store->directory, &store->key, text);
	if (r >= 0)
		r = ledger_open(store->writer.handle, store->key, &store->ledger, text);
	if (*text)
		log_error("ledger: %s", text);
	if (r >= 0)
		tell_journal(store);
	return r;
}

void account_close(struct store *store)
{
	if (store->ledger)
		tell_journal(store);
	ledger_close(store->ledger);
	ledger_key_free(store->key);
}

static int read_job(struct store *store, struct ledger_row *row)
{
	_cleanup_sql_ sqlite3_stmt *job = NULL;
	int r;

	r = sql_start(&store->writer, SQL_JOB_ACCOUNT, VALUES(INTEGER(row->job)), &job);
	if (r < 0)
		return r;
	r = sql_step(job);
	if (r <= 0)
		return r ?: -ENOENT;
	row->uid = (uint32_t)sqlite3_column_int64(job, 0);
	row->queued_us = (uint64_t)sqlite3_column_int64(job, 1);
	row->time_us = (uint64_t)sqlite3_column_int64(job, 2);
	return sql_bytes(job, 3, row->key, sizeof(row->key));
}

/* Returns how many. */
static int read_digests(struct store *store, uint64_t number, enum store_role role,
			uint8_t (*digests)[LEDGER_DIGEST_BYTES], int max)
{
	_cleanup_sql_ sqlite3_stmt *part = NULL;
	int count, r;

	r = sql_start(&store->writer, SQL_DIGESTS, VALUES(INTEGER(number), INTEGER(role)), &part);
	for (count = 0; r >= 0 && count < max; count++) {
		r = sql_step(part);
		if (r <= 0)
			break;
		r = sql_bytes(part, 0, digests[count], LEDGER_DIGEST_BYTES);
	}
	return r < 0 ? r : count;
}

static int read_contents(struct store *store, struct ledger_row *row)
{
	uint8_t digests[LAYBY_MAX_OUTPUTS][LEDGER_DIGEST_BYTES];
	int r;

	r = read_digests(store, row->job, STORE_PROGRAM, &row->program, 1);
	if (r < 0)
		return r;
	r = read_digests(store, row->job, STORE_OUTPUT, digests, LAYBY_MAX_OUTPUTS);
	if (r > 0)
		ledger_digest_of(digests, (size_t)r, row->outputs);
	return r < 0 ? r : 0;
}

static void take_report(struct ledger_row *row, const struct store_outcome *outcome)
{
	const struct layby_report *report = &outcome->report;

	row->reason = report->reason;
	row->gate_reason = report->gate_reason;
	row->level = report->level;
	row->queue_ticks = report->queue_ticks;
	row->run_ticks = report->run_ticks;
	row->tile_ticks = report->tile_ticks;
	row->ticks_hz = outcome->ticks_hz;
	row->wait_ns = report->wait_ns;
	row->energy_uj = report->energy_uj;
	row->input_bytes = report->input_bytes;
	row->output_bytes = report->output_bytes;
}

/* Behind everything else of the end, which it repeats. */
int account_add(struct store *store, uint64_t number, const struct store_outcome *outcome)
{
	struct ledger_row row = {
		.job = number,
		.state = outcome->state,
		.result = outcome->result,
		.ran = outcome->ran,
		.attempts = outcome->attempts,
		.reclaims = outcome->reclaims,
	};
	int r;

	if (outcome->ran)
		take_report(&row, outcome);
	r = read_job(store, &row);
	if (r >= 0)
		r = read_contents(store, &row);
	if (r < 0)
		return r;
	lent_price(store, &row);
	r = ledger_append(store->ledger, &row);
	return r < 0 ? r : lent_add_row(store, &row);
}

int account_sign(struct store *store)
{
	return ledger_sign_head(store->ledger);
}

/* What is on disk stays, whether its head could be written down beside it or not. */
void account_settle(struct store *store, bool idle)
{
	int r = ledger_anchor(store->ledger, idle);

	if (r < 0 && r != store->anchor_failed)
		log_error("ledger: its head cannot be written to " LEDGER_ANCHOR_FILE ": %s",
			  strerror(-r));
	store->anchor_failed = r;
	if (now_s() - store->told_s >= LEDGER_TELL_S)
		tell_journal(store);
}
