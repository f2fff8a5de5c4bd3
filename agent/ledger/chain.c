// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The chain as bytes. docs/ledger.md describes them byte by byte: what is changed here
 * needs a new version there.
 */
#include "chain.h"

#include <endian.h>
#include <sodium.h>
#include <string.h>
#include <util.h>

#define UJ_PER_KWH 3600000000000ull

_Static_assert(crypto_hash_sha256_BYTES == LEDGER_DIGEST_BYTES, "");
_Static_assert(crypto_sign_BYTES == LEDGER_SIGNATURE_BYTES, "");
_Static_assert(crypto_sign_PUBLICKEYBYTES == LEDGER_PUBLIC_BYTES, "");
_Static_assert(crypto_sign_SECRETKEYBYTES == LEDGER_SECRET_BYTES, "");
_Static_assert(crypto_sign_SEEDBYTES == LEDGER_SEED_BYTES, "");

#define FIELD(type, member, kind, ...) \
	{ #member, kind, offsetof(struct type, member), sizeof(((struct type *)NULL)->member), \
	  ##__VA_ARGS__ }
#define ROW(member, kind, ...) FIELD(ledger_row, member, kind, ##__VA_ARGS__)

static const struct ledger_field row_fields[] = {
	ROW(number, LEDGER_U64, "PRIMARY KEY"),
	ROW(time_us, LEDGER_U64),
	ROW(job, LEDGER_U64, "UNIQUE"),
	ROW(key, LEDGER_BYTES),
	ROW(uid, LEDGER_U32),
	ROW(state, LEDGER_U32),
	ROW(result, LEDGER_S32),
	ROW(ran, LEDGER_U32),
	ROW(reason, LEDGER_U32),
	ROW(gate_reason, LEDGER_U32),
	ROW(level, LEDGER_U32),
	ROW(attempts, LEDGER_U32),
	ROW(reclaims, LEDGER_U32),
	ROW(currency, LEDGER_TEXT),
	ROW(queued_us, LEDGER_U64),
	ROW(queue_ticks, LEDGER_U64),
	ROW(run_ticks, LEDGER_U64),
	ROW(tile_ticks, LEDGER_U64),
	ROW(ticks_hz, LEDGER_U64),
	ROW(wait_ns, LEDGER_U64),
	ROW(energy_uj, LEDGER_U64),
	ROW(input_bytes, LEDGER_U64),
	ROW(output_bytes, LEDGER_U64),
	ROW(price_ucent_per_kwh, LEDGER_U64),
	ROW(cost_ucent, LEDGER_U64),
	ROW(program, LEDGER_BYTES),
	ROW(outputs, LEDGER_BYTES),
	FIELD(ledger_record, previous, LEDGER_BYTES),
	FIELD(ledger_record, signature, LEDGER_BYTES),
	FIELD(ledger_record, hash, LEDGER_BYTES),
};

static const struct ledger_field head_fields[] = {
	FIELD(ledger_head, id, LEDGER_BYTES),
	FIELD(ledger_head, public_key, LEDGER_BYTES),
	FIELD(ledger_head, count, LEDGER_U64),
	FIELD(ledger_head, time_us, LEDGER_U64),
	FIELD(ledger_head, hash, LEDGER_BYTES),
	FIELD(ledger_head, signature, LEDGER_BYTES),
};

_Static_assert(!offsetof(struct ledger_record, row), "fields of both have one base");

const struct ledger_layout ledger_rows = {
	.table = "ledger_rows",
	.magic = "LYBL",
	.context = "layby ledger row",
	.fields = row_fields,
	.encoded = ARRAY_SIZE(row_fields) - 3,
	.stored = ARRAY_SIZE(row_fields) - 1,
	.count = ARRAY_SIZE(row_fields),
};

const struct ledger_layout ledger_heads = {
	.table = "ledger_head",
	.magic = "LYBH",
	.context = "layby ledger head",
	.fields = head_fields,
	.encoded = ARRAY_SIZE(head_fields) - 1,
	.stored = ARRAY_SIZE(head_fields),
	.count = ARRAY_SIZE(head_fields),
};

/* --- Numbers and bytes ---------------------------------------------------------------- */

uint64_t ledger_number_get(const struct ledger_field *field, const void *object)
{
	const void *at = (const uint8_t *)object + field->offset;

	switch (field->kind) {
	case LEDGER_U64:
		return *(const uint64_t *)at;
	case LEDGER_S32:
		return (uint64_t)(int64_t)*(const int32_t *)at;
	default:
		return *(const uint32_t *)at;
	}
}

bool ledger_number_put(const struct ledger_field *field, void *object, uint64_t number)
{
	void *at = (uint8_t *)object + field->offset;

	switch (field->kind) {
	case LEDGER_U64:
		*(uint64_t *)at = number;
		break;
	case LEDGER_S32:
		*(int32_t *)at = (int32_t)number;
		break;
	default:
		*(uint32_t *)at = (uint32_t)number;
	}
	return ledger_number_get(field, object) == number;
}

static uint8_t *put_field(uint8_t *out, const struct ledger_field *field, const void *object)
{
	uint64_t number;

	if (field->kind == LEDGER_BYTES || field->kind == LEDGER_TEXT) {
		memcpy(out, (const uint8_t *)object + field->offset, field->size);
	} else {
		number = htole64(ledger_number_get(field, object));
		memcpy(out, &number, field->size);
	}
	return out + field->size;
}

size_t ledger_encode(const struct ledger_layout *layout, const void *object,
		     uint8_t out[static LEDGER_ENCODED_MAX])
{
	uint32_t version = htole32(LEDGER_VERSION);
	uint8_t *at = out;
	size_t i;

	at = mempcpy(at, layout->magic, 4);
	at = mempcpy(at, &version, sizeof(version));
	for (i = 0; i < layout->encoded; i++)
		at = put_field(at, &layout->fields[i], object);
	return (size_t)(at - out);
}

char *ledger_hex(const uint8_t *bytes, size_t size, char *text)
{
	return sodium_bin2hex(text, 2 * size + 1, bytes, size);
}

bool ledger_unhex(const char *text, uint8_t *bytes, size_t size)
{
	size_t got;

	return strlen(text) == 2 * size &&
	       !sodium_hex2bin(bytes, size, text, 2 * size, NULL, &got, NULL) && got == size;
}

/* --- Hashes and signatures -------------------------------------------------------------- */

static void put_context(const struct ledger_layout *layout,
			uint8_t out[static LEDGER_CONTEXT_BYTES])
{
	memset(out, 0, LEDGER_CONTEXT_BYTES);
	memcpy(out, layout->context, strlen(layout->context));
}

void ledger_genesis(const struct ledger_head *head, uint8_t ret_hash[static LEDGER_DIGEST_BYTES])
{
	uint8_t bytes[LEDGER_CONTEXT_BYTES + LEDGER_PUBLIC_BYTES + LEDGER_ID_BYTES] =
		"layby ledger genesis";

	memcpy(bytes + LEDGER_CONTEXT_BYTES, head->public_key, LEDGER_PUBLIC_BYTES);
	memcpy(bytes + LEDGER_CONTEXT_BYTES + LEDGER_PUBLIC_BYTES, head->id, LEDGER_ID_BYTES);
	crypto_hash_sha256(ret_hash, bytes, sizeof(bytes));
}

void ledger_record_hash(const struct ledger_record *record,
			uint8_t ret_hash[static LEDGER_DIGEST_BYTES])
{
	uint8_t bytes[LEDGER_DIGEST_BYTES + LEDGER_ENCODED_MAX];
	size_t size;

	memcpy(bytes, record->previous, LEDGER_DIGEST_BYTES);
	size = ledger_encode(&ledger_rows, record, bytes + LEDGER_DIGEST_BYTES);
	crypto_hash_sha256(ret_hash, bytes, LEDGER_DIGEST_BYTES + size);
}

static void record_message(const uint8_t hash[static LEDGER_DIGEST_BYTES],
			   uint8_t out[static LEDGER_CONTEXT_BYTES + LEDGER_DIGEST_BYTES])
{
	put_context(&ledger_rows, out);
	memcpy(out + LEDGER_CONTEXT_BYTES, hash, LEDGER_DIGEST_BYTES);
}

void ledger_record_sign(struct ledger_record *record,
			const uint8_t secret[static LEDGER_SECRET_BYTES])
{
	uint8_t message[LEDGER_CONTEXT_BYTES + LEDGER_DIGEST_BYTES];

	ledger_record_hash(record, record->hash);
	record_message(record->hash, message);
	crypto_sign_detached(record->signature, NULL, message, sizeof(message), secret);
}

bool ledger_record_verify(const struct ledger_record *record,
			  const uint8_t public[static LEDGER_PUBLIC_BYTES])
{
	uint8_t message[LEDGER_CONTEXT_BYTES + LEDGER_DIGEST_BYTES];
	uint8_t hash[LEDGER_DIGEST_BYTES];

	ledger_record_hash(record, hash);
	record_message(hash, message);
	return !crypto_sign_verify_detached(record->signature, message, sizeof(message), public);
}

static size_t head_message(const struct ledger_head *head,
			   uint8_t out[static LEDGER_CONTEXT_BYTES + LEDGER_ENCODED_MAX])
{
	put_context(&ledger_heads, out);
	return LEDGER_CONTEXT_BYTES +
	       ledger_encode(&ledger_heads, head, out + LEDGER_CONTEXT_BYTES);
}

void ledger_head_sign(struct ledger_head *head, const uint8_t secret[static LEDGER_SECRET_BYTES])
{
	uint8_t message[LEDGER_CONTEXT_BYTES + LEDGER_ENCODED_MAX];
	size_t size = head_message(head, message);

	crypto_sign_detached(head->signature, NULL, message, size, secret);
}

bool ledger_head_verify(const struct ledger_head *head)
{
	uint8_t message[LEDGER_CONTEXT_BYTES + LEDGER_ENCODED_MAX];
	size_t size = head_message(head, message);

	return !crypto_sign_verify_detached(head->signature, message, size, head->public_key);
}

void ledger_digest_of(const uint8_t digests[][LEDGER_DIGEST_BYTES], size_t count,
		      uint8_t ret_digest[static LEDGER_DIGEST_BYTES])
{
	if (count)
		crypto_hash_sha256(ret_digest, digests[0], count * LEDGER_DIGEST_BYTES);
	else
		memset(ret_digest, 0, LEDGER_DIGEST_BYTES);
}

uint64_t ledger_cost_ucent(uint64_t energy_uj, uint64_t price_ucent_per_kwh)
{
	unsigned __int128 cost = (unsigned __int128)energy_uj * price_ucent_per_kwh;

	cost = (cost + UJ_PER_KWH / 2) / UJ_PER_KWH;
	return cost > UINT64_MAX ? UINT64_MAX : (uint64_t)cost;
}
