/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The chain as bytes: what of a row and of a head is hashed and signed, and in which
 * order. Tables of fields say it once, for bytes, database and JSON.
 *
 * Pure: no file, no database, no clock.
 */
#ifndef LAYBY_AGENT_LEDGER_CHAIN_H
#define LAYBY_AGENT_LEDGER_CHAIN_H

#include "ledger.h"

#define LEDGER_ID_BYTES 16
#define LEDGER_SEED_BYTES 32
#define LEDGER_SECRET_BYTES 64
#define LEDGER_SIGNATURE_BYTES 64
/* What goes before that which is signed. */
#define LEDGER_CONTEXT_BYTES 32
#define LEDGER_VERSION 1

/*
 * A row with its place in the chain.
 * @previous: hash of the row before; of the first one ledger_genesis()
 * @hash: SHA-256 of @previous and the encoded row
 * @signature: of @hash
 */
struct ledger_record {
	struct ledger_row row;
	uint8_t previous[LEDGER_DIGEST_BYTES];
	uint8_t signature[LEDGER_SIGNATURE_BYTES];
	uint8_t hash[LEDGER_DIGEST_BYTES];
};

/*
 * Where the chain ends.
 * @id: of the ledger, random
 * @public_key: of the key that signs it
 * @count: rows, and so the number of the last one
 * @time_us: when it was signed, CLOCK_REALTIME
 * @hash: of the last row; of none ledger_genesis()
 * @signature: of all that, encoded
 */
struct ledger_head {
	uint8_t id[LEDGER_ID_BYTES];
	uint8_t public_key[LEDGER_PUBLIC_BYTES];
	uint64_t count;
	uint64_t time_us;
	uint8_t hash[LEDGER_DIGEST_BYTES];
	uint8_t signature[LEDGER_SIGNATURE_BYTES];
};

enum ledger_kind {
	LEDGER_U64,
	LEDGER_U32,
	LEDGER_S32,
	LEDGER_BYTES,
	/* zeros behind it, one at least */
	LEDGER_TEXT,
};

/* @constraint: on its column */
struct ledger_field {
	const char *name;
	enum ledger_kind kind;
	size_t offset;
	size_t size;
	const char *constraint;
};

/*
 * Of a row, or of a head.
 * @table: in the database
 * @magic: first bytes of what is encoded; the version follows
 * @context: of its signatures
 * @encoded: so many fields are hashed, in this order
 * @stored: so many are in the database; all of them are in JSON
 */
struct ledger_layout {
	const char *table;
	const char *magic;
	const char *context;
	const struct ledger_field *fields;
	size_t encoded;
	size_t stored;
	size_t count;
};

extern const struct ledger_layout ledger_rows;
extern const struct ledger_layout ledger_heads;

#define LEDGER_ENCODED_MAX 512

/* Returns how many bytes. */
size_t ledger_encode(const struct ledger_layout *layout, const void *object,
		     uint8_t out[static LEDGER_ENCODED_MAX]);

/* A field's number, as it is and as 64 bits; false: too large or small for it. */
uint64_t ledger_number_get(const struct ledger_field *field, const void *object);
bool ledger_number_put(const struct ledger_field *field, void *object, uint64_t number);

void ledger_genesis(const struct ledger_head *head, uint8_t ret_hash[static LEDGER_DIGEST_BYTES]);

/* By @record's row and previous. */
void ledger_record_hash(const struct ledger_record *record,
			uint8_t ret_hash[static LEDGER_DIGEST_BYTES]);
void ledger_record_sign(struct ledger_record *record,
			const uint8_t secret[static LEDGER_SECRET_BYTES]);
bool ledger_record_verify(const struct ledger_record *record,
			  const uint8_t public[static LEDGER_PUBLIC_BYTES]);

void ledger_head_sign(struct ledger_head *head, const uint8_t secret[static LEDGER_SECRET_BYTES]);
/* With the key that it names. */
bool ledger_head_verify(const struct ledger_head *head);

/* Rounded to the nearest; UINT64_MAX if it is more than that. */
uint64_t ledger_cost_ucent(uint64_t energy_uj, uint64_t price_ucent_per_kwh);

/* @text has room for 2 * @size + 1. */
char *ledger_hex(const uint8_t *bytes, size_t size, char *text);
/* Exactly @size bytes, in either case. */
bool ledger_unhex(const char *text, uint8_t *bytes, size_t size);

/* key.c */
const uint8_t *ledger_key_secret(const struct ledger_key *key);

#endif
