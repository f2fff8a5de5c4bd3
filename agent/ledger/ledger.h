/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ledger: a row for each job that has ended, chained by hashes and signed with the
 * vehicle's key (docs/ledger.md).
 *
 * It lives in the database of whoever appends to it, so that a job and its row are in one
 * transaction: a job has one row, whatever dies (ISO-10). It keeps no state of the chain
 * in memory, so a transaction that is rolled back, in whole or to a savepoint, needs no
 * word to it. One thread at a time; that of the database's connection.
 *
 *	BEGIN
 *		ledger_append() for each job that ends
 *		ledger_sign_head() once
 *	COMMIT
 *	ledger_anchor()
 *
 * What it finds at its start and is not the ledger that its key signed last is set aside
 * and kept, and a new one begins: an agent that is not to blame goes on.
 *
 * Functions that return int: 0 or a negative errno. Those with @text leave a sentence
 * there, to be logged: what is wrong, if they fail; what was found, or nothing, if not.
 */
#ifndef LAYBY_AGENT_LEDGER_H
#define LAYBY_AGENT_LEDGER_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LEDGER_DIGEST_BYTES 32
#define LEDGER_PUBLIC_BYTES 32
#define LEDGER_KEY_BYTES 16
#define LEDGER_TEXT_MAX 512

/* Beside the database. */
#define LEDGER_ANCHOR_FILE "ledger.head"
/* In the state directory. */
#define LEDGER_KEY_FILE "ledger.key"
/* In the directory of systemd's credentials; goes first. */
#define LEDGER_KEY_CREDENTIAL "layby.ledger-key"

/**
 * struct ledger_row - what a job was, what it cost, for whom
 * @number: of the row, 1 and up without a gap; ledger_append() sets it
 * @time_us: when the job ended, CLOCK_REALTIME
 * @job: its number, unique in a ledger
 * @key: the client's for it
 * @uid: for whom
 * @state: enum store_state: 1 finished, 2 failed, 3 cancelled
 * @result: 0 or a negative errno
 * @ran: 1: there was a report, and all from @reason to @output_bytes is its; 0: they are 0
 * @reason: enum layby_reason
 * @gate_reason: of a reclaim: enum layby_gate_reason
 * @level: performance level
 * @attempts: of those before that may have been the job's own fault
 * @reclaims: how often it was taken off the device
 * @currency: of the price, ISO 4217; empty: there was no price
 * @queued_us: when it was accepted, CLOCK_REALTIME
 * @queue_ticks: from the device's fetch to the start, of @ticks_hz
 * @run_ticks: from start to end
 * @tile_ticks: @run_ticks of each tile together
 * @ticks_hz: device ticks a second
 * @wait_ns: how long the energy budget, or a reset, let it wait
 * @energy_uj: energy, as the device meters it
 * @input_bytes: of its inputs together
 * @output_bytes: of its outputs together
 * @price_ucent_per_kwh: in force when it ended, in millionths of the currency's minor unit
 * @cost_ucent: of @energy_uj at that price, likewise; ledger_append() sets it
 * @program: SHA-256 of the program
 * @outputs: ledger_digest_of() the outputs; zero if there are none
 */
struct ledger_row {
	uint64_t number;
	uint64_t time_us;
	uint64_t job;
	uint8_t key[LEDGER_KEY_BYTES];
	uint32_t uid;
	uint32_t state;
	int32_t result;
	uint32_t ran;
	uint32_t reason;
	uint32_t gate_reason;
	uint32_t level;
	uint32_t attempts;
	uint32_t reclaims;
	char currency[4];
	uint64_t queued_us;
	uint64_t queue_ticks;
	uint64_t run_ticks;
	uint64_t tile_ticks;
	uint64_t ticks_hz;
	uint64_t wait_ns;
	uint64_t energy_uj;
	uint64_t input_bytes;
	uint64_t output_bytes;
	uint64_t price_ucent_per_kwh;
	uint64_t cost_ucent;
	uint8_t program[LEDGER_DIGEST_BYTES];
	uint8_t outputs[LEDGER_DIGEST_BYTES];
};

/* Of several contents, by the SHA-256 of each: SHA-256 of those, one after the other. */
void ledger_digest_of(const uint8_t digests[][LEDGER_DIGEST_BYTES], size_t count,
		      uint8_t ret_digest[static LEDGER_DIGEST_BYTES]);

/* --- key.c -------------------------------------------------------------------------- */

/* Its secret part is in memory that is locked if it may be, and cleared when freed. */
struct ledger_key;

/*
 * The credential of the directory @credentials (NULL: there is none), else the file in the
 * directory @state; made there if there is none. -EPERM, -EBADMSG: it is not as it must
 * be; else what the file system says.
 */
int ledger_key_load(const char *credentials, const char *state, struct ledger_key **ret_key,
		    char text[static LEDGER_TEXT_MAX]);
/* The file of @state alone, which is not made: -ENOENT. */
int ledger_key_read(const char *state, struct ledger_key **ret_key,
		    char text[static LEDGER_TEXT_MAX]);
const uint8_t *ledger_key_public(const struct ledger_key *key);
void ledger_key_free(struct ledger_key *key);

/* --- ledger.c ----------------------------------------------------------------------- */

struct ledger;

/*
 * The ledger in @db, made if there is none; its anchor is in the directory of @db's file.
 * @key must stay. May be called inside a transaction, then it is part of that.
 */
int ledger_open(sqlite3 *db, const struct ledger_key *key, struct ledger **ret_ledger,
		char text[static LEDGER_TEXT_MAX]);
/* Before @db is closed; does not write. */
void ledger_close(struct ledger *ledger);

/*
 * -EEXIST: the job has a row; -EINVAL: its currency; -EBADMSG: the database is broken;
 * -ENOSPC, -EROFS, -EIO ... of SQLite.
 */
int ledger_append(struct ledger *ledger, const struct ledger_row *row);
/* Before each commit; does nothing if nothing was appended. */
int ledger_sign_head(struct ledger *ledger);

/* "HASH:COUNT" of what @db holds, as `laybyctl ledger verify --head` takes it. */
#define LEDGER_HEAD_TEXT_MAX 96
int ledger_head_text(struct ledger *ledger, char text[static LEDGER_HEAD_TEXT_MAX]);

/* --- anchor.c ----------------------------------------------------------------------- */

/*
 * Behind each commit: the head goes into the anchor's file, if it is another than that
 * there, and if @idle (nothing waits to be committed) or the last one is a second old.
 * -EBUSY: inside a transaction.
 */
int ledger_anchor(struct ledger *ledger, bool idle);

#endif
