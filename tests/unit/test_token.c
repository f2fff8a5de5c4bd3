// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Is a right token accepted and read as it stands, and each rule kept by itself,
 * with the error that it must give? And anything else than a token refused?
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "token_blob.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))
#define WEEK_END	(JUNE + 7 * DAY - 1)
#define YEAR_END	(JUNE + LAYBY_CONSENT_LENGTH_MAX_S - 1)

/* What is changed, which rule that breaks, where, and what would be right. */
struct breach {
	uint32_t field;
	uint64_t value;
	uint32_t rule, at;
	uint64_t low, high;
};

static const struct breach breaches[] = {
	{ FIELD(MAGIC), 0x5042594c, RULE(MAGIC), FIELD(MAGIC), 0x4342594c, 0x4342594c },
	{ FIELD(VERSION), 2, RULE(VERSION), FIELD(VERSION), 1, 1 },
	{ FIELD(SERIAL), 0, RULE(RANGE), FIELD(SERIAL), 1, ~0ULL },
	{ FIELD(NOT_BEFORE_S), WEEK_END + 1, RULE(ORDER), FIELD(NOT_AFTER_S), WEEK_END + 1,
	  WEEK_END + LAYBY_CONSENT_LENGTH_MAX_S },
	{ FIELD(NOT_BEFORE_S), JUNE | 1ULL << 32, RULE(RANGE), FIELD(NOT_BEFORE_S),
	  LAYBY_CONSENT_TIME_MIN_S, LAYBY_CONSENT_TIME_MAX_S },
	{ FIELD(NOT_AFTER_S), JUNE - 1, RULE(ORDER), FIELD(NOT_AFTER_S), JUNE, YEAR_END },
	{ FIELD(NOT_AFTER_S), YEAR_END + 1, RULE(LENGTH), FIELD(NOT_AFTER_S), JUNE, YEAR_END },
	{ FIELD(NOT_AFTER_S), LAYBY_CONSENT_TIME_MAX_S, RULE(LENGTH), FIELD(NOT_AFTER_S), JUNE,
	  YEAR_END },
	{ FIELD(ENERGY_DAY_UJ), 36000000000001, RULE(ENERGY), FIELD(ENERGY_DAY_UJ), 1,
	  36000000000000 },
	{ FIELD(ENERGY_TOTAL_UJ), 7199999999999, RULE(ENERGY), FIELD(ENERGY_DAY_UJ), 1,
	  7199999999999 },
	{ FIELD(HOURS_FROM_MIN), 360, RULE(HOURS), FIELD(HOURS_UNTIL_MIN), 1, 1440 },
	{ FIELD(CLASSES), 4, RULE(RANGE), FIELD(CLASSES), 1, 3 },
	{ FIELD(FLAGS), 3, RULE(RANGE), FIELD(FLAGS), 0, 1 },
	{ FIELD(FLAGS), 1U << 31, RULE(RANGE), FIELD(FLAGS), 0, 1 },
};

static void assert_error(const struct layby_consent_token *token, const struct breach *want)
{
	struct layby_consent_terms terms;
	struct layby_consent_error err;

	assert_int_equal(token_validate(token, sizeof(*token), &terms, &err), -EINVAL);
	if (err.rule != want->rule)
		print_error("rule %s at %s\n", layby_token_rule_name(err.rule),
			    layby_token_field_info(err.field)->name);
	assert_int_equal(err.rule, want->rule);
	assert_int_equal(err.field, want->at);
	assert_int_equal(err.low, want->low);
	assert_int_equal(err.high, want->high);
}

static void test_breaches(void **state)
{
	struct layby_consent_token token;
	size_t i;

	for (i = 0; i < COUNT(breaches); i++) {
		token_init(&token);
		token_set(&token, breaches[i].field, breaches[i].value);
		assert_error(&token, &breaches[i]);
	}
}

/* Noon to 13:00 at two hours east, and it ends a second before. */
static void test_never(void **state)
{
	static const struct breach want = { .rule = RULE(NEVER), .at = FIELD(HOURS_FROM_MIN) };
	struct layby_consent_terms terms;
	struct layby_consent_error err;
	struct layby_consent_token token;

	token_init(&token);
	token_set(&token, FIELD(HOURS_FROM_MIN), 720);
	token_set(&token, FIELD(HOURS_UNTIL_MIN), 780);
	token_set(&token, FIELD(NOT_AFTER_S), JUNE + 10 * 3600 - 1);
	assert_error(&token, &want);
	token_set(&token, FIELD(NOT_AFTER_S), JUNE + 10 * 3600);
	assert_int_equal(token_validate(&token, sizeof(token), &terms, &err), 0);
}

static void test_no_id(void **state)
{
	static const struct breach want = { .rule = RULE(ID), .at = FIELD(ID) };
	struct layby_consent_terms terms;
	struct layby_consent_error err;
	struct layby_consent_token token;
	size_t i;

	token_init(&token);
	memset(token.id, 0, sizeof(token.id));
	assert_error(&token, &want);
	for (i = 0; i < sizeof(token.id); i++) {
		token.id[i] = 1;
		assert_int_equal(token_validate(&token, sizeof(token), &terms, &err), 0);
		token.id[i] = 0;
	}
}

/* Each number just outside its range is refused, and nothing else is said. */
static void test_ranges(void **state)
{
	const struct layby_token_field_info *info;
	struct layby_consent_token token;
	struct breach want;
	uint32_t field;
	uint64_t top;

	for (field = 0; field < LAYBY_CONSENT_FIELDS; field++) {
		info = layby_token_field_info(field);
		if (info->kind == LAYBY_TOKEN_KIND_ID)
			continue;
		want = (struct breach){ .rule = info->rule, .at = field, .low = info->low,
					.high = info->high };
		top = info->kind == LAYBY_TOKEN_KIND_U64 ? ~0ULL : ~0U;
		token_init(&token);
		if (info->low) {
			token_set(&token, field, info->low - 1);
			assert_error(&token, &want);
		}
		if (info->high != top) {
			token_set(&token, field, info->high + 1);
			assert_error(&token, &want);
		}
	}
	assert_null(layby_token_field_info(LAYBY_CONSENT_FIELDS));
}

/* At the very limit a token is right. */
static void test_limits(void **state)
{
	static const struct { uint32_t field; uint64_t value; } limits[] = {
		{ FIELD(SERIAL), 1 }, { FIELD(SERIAL), ~0ULL },
		{ FIELD(NOT_BEFORE_S), WEEK_END }, { FIELD(NOT_AFTER_S), YEAR_END },
		{ FIELD(NOT_AFTER_S), JUNE }, { FIELD(ENERGY_DAY_UJ), 36000000000000 },
		{ FIELD(ENERGY_DAY_UJ), 1 },
		{ FIELD(ENERGY_TOTAL_UJ), LAYBY_CONSENT_ENERGY_MAX_UJ },
		{ FIELD(HOURS_FROM_MIN), 0 }, { FIELD(HOURS_FROM_MIN), 1439 },
		{ FIELD(HOURS_UNTIL_MIN), 1 }, { FIELD(HOURS_UNTIL_MIN), 1440 },
		{ FIELD(UTC_OFFSET_MIN), -720ULL }, { FIELD(UTC_OFFSET_MIN), 840 },
		{ FIELD(CLASSES), 3 }, { FIELD(FLAGS), 0 }, { FIELD(CHARGE_MIN_PERCENT), 100 },
	};
	struct layby_consent_terms terms;
	struct layby_consent_error err;
	struct layby_consent_token token;
	size_t i;

	for (i = 0; i < COUNT(limits); i++) {
		token_init(&token);
		token_set(&token, limits[i].field, limits[i].value);
		if (limits[i].field == FIELD(NOT_BEFORE_S) || limits[i].value == JUNE)
			token_set(&token, FIELD(HOURS_FROM_MIN), 0);
		if (token_validate(&token, sizeof(token), &terms, &err))
			fail_msg("limit %zu: rule %s", i, layby_token_rule_name(err.rule));
	}
}

static void test_terms(void **state)
{
	static const struct layby_consent_terms want = {
		.id = { 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7,
			0xa8, 0xa9, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf },
		.serial = 7, .energy_day_uj = 7200000000000, .energy_total_uj = 36000000000000,
		.not_before_s = JUNE, .not_after_s = WEEK_END,
		.hours_from_min = 1320, .hours_until_min = 360, .utc_offset_min = -330,
		.classes = LAYBY_CONSENT_BATCH, .only_charging = 1,
		.charge_min_percent = 40,
	};
	struct layby_consent_terms terms;
	struct layby_consent_error err;
	struct layby_consent_token token;

	token_init(&token);
	token_set(&token, FIELD(UTC_OFFSET_MIN), -330);
	assert_int_equal(token_validate(&token, sizeof(token), &terms, &err), 0);
	assert_memory_equal(&terms, &want, sizeof(want));
}

/* The table covers every byte, each once; every rule has a name of its own. */
static void test_tables(void **state)
{
	uint8_t covered[sizeof(struct layby_consent_token)] = {};
	const struct layby_token_field_info *info;
	uint32_t i, other, bytes;

	for (i = 0; i < LAYBY_CONSENT_FIELDS; i++) {
		info = layby_token_field_info(i);
		bytes = info->kind == LAYBY_TOKEN_KIND_ID ? LAYBY_CONSENT_ID_BYTES :
			info->kind == LAYBY_TOKEN_KIND_U64 ? 8 : 4;
		while (bytes--)
			covered[info->offset + bytes]++;
	}
	for (i = 0; i < sizeof(covered); i++)
		assert_int_equal(covered[i], 1);
	for (i = 0; i < LAYBY_CONSENT_RULES; i++) {
		for (other = 0; other < i; other++)
			assert_string_not_equal(layby_token_rule_name(i),
						layby_token_rule_name(other));
	}
	assert_null(layby_token_rule_name(LAYBY_CONSENT_RULES));
}

/* --- Anything at all ------------------------------------------------------ */

static void test_sizes(void **state)
{
	uint8_t bytes[4 * sizeof(struct layby_consent_token)] = {};
	struct layby_consent_terms terms;
	struct layby_consent_error err;
	struct layby_consent_token token;
	size_t size;

	token_init(&token);
	memcpy(bytes, &token, sizeof(token));
	for (size = 0; size <= sizeof(bytes); size++) {
		if (size == sizeof(token))
			continue;
		assert_int_equal(token_validate(bytes, size, &terms, &err), -EINVAL);
		assert_int_equal(err.rule, RULE(SIZE));
		assert_int_equal(err.found, size);
	}
	/* one that wraps to the right size in 32 bits: nothing is read */
	assert_int_equal(layby_token_validate(NULL, (1ULL << 32) + sizeof(token), &terms, &err),
			 -EINVAL);
}

static uint64_t random_u64(void)
{
	return (uint64_t)mrand48() << 32 ^ (uint32_t)mrand48();
}

/* Mostly one that is right by itself. */
static void random_number(struct layby_consent_token *token)
{
	uint32_t field = random_u64() % LAYBY_CONSENT_FIELDS;
	const struct layby_token_field_info *info = layby_token_field_info(field);
	uint64_t values = info->high - info->low + 2;

	if (info->kind == LAYBY_TOKEN_KIND_ID)
		return;
	if (random_u64() % 3 && values)
		token_set(token, field, info->low + random_u64() % values);
	else
		token_set(token, field, random_u64() >> random_u64() % 64);
}

/* What the module relies on, of any token that was accepted. */
static void assert_safe(const struct layby_consent_terms *terms)
{
	int64_t from, until;

	assert_in_range(terms->not_before_s, LAYBY_CONSENT_TIME_MIN_S, terms->not_after_s);
	assert_in_range(terms->not_after_s, 0, LAYBY_CONSENT_TIME_MAX_S);
	assert_true(terms->not_after_s - terms->not_before_s < 366 * DAY);
	assert_in_range(terms->energy_day_uj, 1, terms->energy_total_uj);
	assert_true(terms->classes && !(terms->classes & ~3U));
	assert_true(terms->only_charging <= 1 && terms->charge_min_percent <= 100);
	assert_true(layby_token_window(terms, 0, (__s64 *)&from, (__s64 *)&until));
	assert_true(from >= terms->not_before_s * 1000000000LL && until > from);
	assert_true(until < (terms->not_after_s + 1LL) * 1000000000LL);
}

static void test_flips(void **state)
{
	struct layby_consent_terms terms;
	struct layby_consent_error err;
	struct layby_consent_token token;
	uint8_t *bytes = (uint8_t *)&token;
	unsigned int flip, accepted = 0;
	size_t i;

	token_init(&token);
	for (i = 0; i < sizeof(token); i++) {
		for (flip = 1; flip < 256; flip++) {
			bytes[i] ^= flip;
			if (!token_validate(bytes, sizeof(token), &terms, &err)) {
				assert_true(i >= offsetof(struct layby_consent_token, id));
				assert_safe(&terms);
				accepted++;
			}
			bytes[i] ^= flip;
		}
	}
	/* id and serial are free, and much of the energy */
	assert_in_range(accepted, 24 * 255, 60 * 255);
}

static void test_random(void **state)
{
	struct layby_consent_terms terms;
	struct layby_consent_error err;
	struct layby_consent_token token;
	uint8_t *bytes = (uint8_t *)&token;
	unsigned int round, changes, accepted = 0;
	size_t i;

	srand48(3);
	for (round = 0; round < 200000; round++) {
		token_init(&token);
		for (changes = random_u64() % 4; changes; changes--)
			random_number(&token);
		for (i = 0; round % 10 == 0 && i < sizeof(token); i++)
			bytes[i] = random_u64();
		if (token_validate(bytes, sizeof(token), &terms, &err))
			continue;
		assert_safe(&terms);
		accepted++;
	}
	assert_in_range(accepted, 20000, 160000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_breaches),
		cmocka_unit_test(test_never),
		cmocka_unit_test(test_no_id),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_terms),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_flips),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests_name("token", tests, NULL, NULL);
}
