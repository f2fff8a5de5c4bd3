// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The token that the tests start from.
 */
#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "token_blob.h"

static const struct {
	uint32_t field;
	uint64_t value;
} numbers[] = {
	{ FIELD(MAGIC), LAYBY_CONSENT_MAGIC }, { FIELD(VERSION), LAYBY_CONSENT_VERSION },
	{ FIELD(SERIAL), 7 }, { FIELD(NOT_BEFORE_S), JUNE },
	{ FIELD(NOT_AFTER_S), JUNE + 7 * DAY - 1 },
	{ FIELD(ENERGY_DAY_UJ), 7200000000000 }, { FIELD(ENERGY_TOTAL_UJ), 36000000000000 },
	{ FIELD(HOURS_FROM_MIN), 22 * 60 }, { FIELD(HOURS_UNTIL_MIN), 6 * 60 },
	{ FIELD(UTC_OFFSET_MIN), 120 }, { FIELD(CLASSES), LAYBY_CONSENT_BATCH },
	{ FIELD(FLAGS), LAYBY_CONSENT_ONLY_CHARGING }, { FIELD(CHARGE_MIN_PERCENT), 40 },
};

void token_set(struct layby_consent_token *token, uint32_t field, uint64_t value)
{
	const struct layby_token_field_info *info = layby_token_field_info(field);

	value = htole64(value);
	memcpy((uint8_t *)token + info->offset, &value,
	       info->kind == LAYBY_TOKEN_KIND_U64 ? 8 : 4);
}

void token_init(struct layby_consent_token *token)
{
	size_t i;

	memset(token, 0, sizeof(*token));
	for (i = 0; i < sizeof(token->id); i++)
		token->id[i] = 0xa0 + i;
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		token_set(token, numbers[i].field, numbers[i].value);
}

int token_validate(const void *bytes, size_t size, struct layby_consent_terms *terms,
		   struct layby_consent_error *err)
{
	static const struct layby_consent_terms none;
	uint8_t *copy = malloc(size + 1);
	int ret;

	assert_non_null(copy);
	memcpy(copy + 1, bytes, size);
	memset(terms, 0xcc, sizeof(*terms));
	memset(err, 0xcc, sizeof(*err));
	ret = layby_token_validate(copy + 1, size, terms, err);
	free(copy);
	assert_int_equal(ret, err->rule == RULE(NONE) ? 0 : -22);
	assert_true(err->rule < LAYBY_CONSENT_RULES);
	assert_true(err->field < LAYBY_CONSENT_FIELDS);
	if (ret)
		assert_memory_equal(terms, &none, sizeof(none));
	return ret;
}
