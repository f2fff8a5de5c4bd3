// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Appending. What is in the database is asked each time, so that no rollback can leave
 * a chain in memory that is on no disk.
 */
#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <time.h>
#include <util.h>

#include "internal.h"
#include "text.h"

/* Ours, where -EBADMSG is a value of ours that cannot be read, and theirs. */
static int broken(int r)
{
	return r == -EUCLEAN ? -EBADMSG : r;
}

/* Where the chain ends, not signed. */
static int head_now(struct ledger *ledger, struct ledger_head *head)
{
	struct ledger_record last;
	char text[LEDGER_TEXT_MAX];
	int r;

	*head = (struct ledger_head){};
	memcpy(head->id, ledger->id, sizeof(head->id));
	memcpy(head->public_key, ledger_key_public(ledger->key), sizeof(head->public_key));
	r = ledger_fetch(ledger->last, &ledger_rows, &last, text);
	sqlite3_reset(ledger->last);
	if (r < 0)
		return r;
	if (!r) {
		ledger_genesis(head, head->hash);
		return 0;
	}
	head->count = last.row.number;
	memcpy(head->hash, last.hash, sizeof(head->hash));
	return 0;
}

/* Three capital letters, or none. */
static bool is_currency(const char text[4])
{
	size_t i, letters = 0;

	for (i = 0; i < 3; i++)
		letters += text[i] >= 'A' && text[i] <= 'Z';
	return letters == 3 ? !text[3] : !memcmp(text, "\0\0\0", 4);
}

int ledger_append(struct ledger *ledger, const struct ledger_row *row)
{
	struct ledger_record record = { .row = *row };
	struct ledger_head head;
	int r;

	if (!is_currency(row->currency))
		return -EINVAL;
	r = head_now(ledger, &head);
	if (r < 0)
		return broken(r);
	record.row.number = head.count + 1;
	record.row.cost_ucent = ledger_cost_ucent(row->energy_uj, row->price_ucent_per_kwh);
	memcpy(record.previous, head.hash, sizeof(record.previous));
	ledger_record_sign(&record, ledger_key_secret(ledger->key));
	ledger->is_unsigned = true;
	return broken(ledger_put(ledger->insert, &ledger_rows, &record));
}

static int write_head(struct ledger *ledger)
{
	sqlite3_stmt *insert = NULL;
	struct ledger_head head;
	int r;

	r = head_now(ledger, &head);
	if (r < 0)
		return r;
	head.time_us = now_us(CLOCK_REALTIME);
	ledger_head_sign(&head, ledger_key_secret(ledger->key));
	if (sqlite3_exec(ledger->db, "DELETE FROM ledger_head", NULL, NULL, NULL) != SQLITE_OK)
		return ledger_errno(ledger->db);
	r = ledger_insert(ledger->db, &ledger_heads, &insert);
	if (!r)
		r = ledger_put(insert, &ledger_heads, &head);
	sqlite3_finalize(insert);
	return r;
}

int ledger_sign_head(struct ledger *ledger)
{
	int r = ledger->is_unsigned ? write_head(ledger) : 0;

	if (!r)
		ledger->is_unsigned = false;
	return broken(r);
}

int ledger_head_text(struct ledger *ledger, char text[static LEDGER_HEAD_TEXT_MAX])
{
	char hash[2 * LEDGER_DIGEST_BYTES + 1];
	struct ledger_head head;
	int r = head_now(ledger, &head);

	if (r < 0)
		return broken(r);
	snprintf(text, LEDGER_HEAD_TEXT_MAX, "%s:%llu",
		 ledger_hex(head.hash, sizeof(head.hash), hash), (unsigned long long)head.count);
	return 0;
}

/* --- Opening -------------------------------------------------------------------------- */

static int make_tables(sqlite3 *db)
{
	int r = ledger_table_make(db, &ledger_rows);

	return r < 0 ? r : ledger_table_make(db, &ledger_heads);
}

static int prepare(struct ledger *ledger)
{
	int r = ledger_select(ledger->db, &ledger_rows, LEDGER_LAST, &ledger->last);

	return r < 0 ? r : ledger_insert(ledger->db, &ledger_rows, &ledger->insert);
}

/* @head: NULL: of a new one */
static int begin(struct ledger *ledger, const struct ledger_head *head)
{
	int r = head ? 0 : make_tables(ledger->db);

	if (!r)
		r = prepare(ledger);
	if (r < 0)
		return r;
	if (!head) {
		randombytes_buf(ledger->id, sizeof(ledger->id));
		return write_head(ledger);
	}
	memcpy(ledger->id, head->id, sizeof(ledger->id));
	return 0;
}

static int open_tables(struct ledger *ledger, char text[static LEDGER_TEXT_MAX])
{
	struct ledger_head head;
	int r;

	r = ledger_inspect(ledger->db, ledger->key, ledger->directory, &head, text);
	if (r < 0)
		return r;
	r = begin(ledger, r ? &head : NULL);
	return r < 0 ? ledger_say(text, r, "ledger: %s", sqlite3_errmsg(ledger->db)) : 0;
}

/* All of it or nothing, inside a transaction of the caller's or not. */
static int open_in_savepoint(struct ledger *ledger, char text[static LEDGER_TEXT_MAX])
{
	sqlite3 *db = ledger->db;
	int r;

	if (sqlite3_exec(db, "SAVEPOINT ledger_open", NULL, NULL, NULL) != SQLITE_OK)
		return ledger_say(text, ledger_errno(db), "ledger: %s", sqlite3_errmsg(db));
	r = open_tables(ledger, text);
	if (r < 0)
		sqlite3_exec(db, "ROLLBACK TO ledger_open", NULL, NULL, NULL);
	if (sqlite3_exec(db, "RELEASE ledger_open", NULL, NULL, NULL) != SQLITE_OK && !r)
		r = ledger_say(text, ledger_errno(db), "ledger: %s", sqlite3_errmsg(db));
	return r;
}

int ledger_open(sqlite3 *db, const struct ledger_key *key, struct ledger **ret_ledger,
		char text[static LEDGER_TEXT_MAX])
{
	struct ledger *ledger = calloc(1, sizeof(*ledger));
	int r;

	*text = 0;
	if (!ledger)
		return ledger_say(text, -ENOMEM, "out of memory");
	ledger->db = db;
	ledger->key = key;
	ledger->directory = ledger_directory_open(db);
	if (ledger->directory < 0 && ledger->directory != -ENOENT)
		r = ledger_say(text, ledger->directory, "%s: its directory: %s",
			       sqlite3_db_filename(db, "main"), strerror(-ledger->directory));
	else
		r = open_in_savepoint(ledger, text);
	if (r < 0)
		ledger_close(ledger);
	else
		*ret_ledger = ledger;
	return broken(r);
}

void ledger_close(struct ledger *ledger)
{
	if (!ledger)
		return;
	sqlite3_finalize(ledger->insert);
	sqlite3_finalize(ledger->last);
	close_fd(&ledger->directory);
	free(ledger);
}
