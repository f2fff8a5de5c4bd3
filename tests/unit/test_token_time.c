// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * When does a token permit? Its intervals against an oracle that looks at each
 * second by itself; any wall clock; the numbers of days.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "token_blob.h"

#define S	1000000000LL
/* seconds that the oracle looks at, around a token of up to four days */
#define SPAN	(8 * DAY)
#define BEGIN	(JUNE - 2 * DAY)

static struct layby_consent_terms week(uint32_t from_min, uint32_t until_min, int offset_min)
{
	return (struct layby_consent_terms){
		.not_before_s = JUNE, .not_after_s = JUNE + 7 * DAY - 1,
		.hours_from_min = from_min, .hours_until_min = until_min,
		.utc_offset_min = offset_min,
	};
}

static void assert_window(const struct layby_consent_terms *terms, int64_t wall_ns,
			  int64_t from_ns, int64_t until_ns)
{
	__s64 from = 1, until = 1;

	assert_true(layby_token_window(terms, wall_ns, &from, &until));
	assert_int_equal(from, from_ns);
	assert_int_equal(until, until_ns);
}

static void assert_never(const struct layby_consent_terms *terms, int64_t wall_ns)
{
	__s64 from = 1, until = 1;

	assert_false(layby_token_window(terms, wall_ns, &from, &until));
	assert_true(from > until);
}

/* --- Some that a person can check ----------------------------------------- */

/* 22:00 to 06:00 in Berlin's summer is 20:00 to 04:00 UTC. */
static void test_night(void **state)
{
	struct layby_consent_terms terms = week(1320, 360, 120);
	int64_t june = JUNE * S, hour = 3600 * S;

	/* the night of the day before ends in the token's first hours */
	assert_window(&terms, june, june, june + 4 * hour - 1);
	assert_window(&terms, june + 4 * hour - 1, june, june + 4 * hour - 1);
	assert_window(&terms, june + 4 * hour, june + 20 * hour, june + 28 * hour - 1);
	assert_window(&terms, june + 24 * hour, june + 20 * hour, june + 28 * hour - 1);
	assert_window(&terms, june + 167 * hour, june + 164 * hour, june + 168 * hour - 1);
	assert_never(&terms, june + 168 * hour);
}

static void test_all_day_is_one_interval(void **state)
{
	struct layby_consent_terms terms = week(0, 1440, -720);
	int64_t first = JUNE * S, last = (JUNE + 7LL * DAY) * S - 1;

	assert_window(&terms, INT64_MIN, first, last);
	assert_window(&terms, first + 3 * DAY * S, first, last);
	assert_window(&terms, last, first, last);
	assert_never(&terms, last + 1);
}

static void test_any_clock(void **state)
{
	static const int64_t before[] = { INT64_MIN, INT64_MIN + 1, -1, 0, 1, 4294967296 * S };
	struct layby_consent_terms terms = week(600, 660, 840);
	int64_t first = (JUNE + 20 * 3600LL) * S;
	unsigned int i;

	for (i = 0; i < 5; i++)
		assert_window(&terms, before[i], first, first + 3600 * S - 1);
	assert_never(&terms, before[5]);
	assert_never(&terms, INT64_MAX);
	assert_never(&terms, INT64_MAX - 1);
}

/* The first and the last second that there are, at the ends of the world. */
static void test_ends_of_time(void **state)
{
	struct layby_consent_terms terms = week(0, 1440, -720);

	terms.not_before_s = LAYBY_CONSENT_TIME_MIN_S;
	terms.not_after_s = LAYBY_CONSENT_TIME_MAX_S;
	assert_window(&terms, 0, LAYBY_CONSENT_TIME_MIN_S * S,
		      (LAYBY_CONSENT_TIME_MAX_S + 1LL) * S - 1);
	assert_never(&terms, (LAYBY_CONSENT_TIME_MAX_S + 1LL) * S);
	terms.hours_from_min = 1439;
	assert_never(&terms, (LAYBY_CONSENT_TIME_MAX_S + 1LL) * S - 1);
	assert_window(&terms, (LAYBY_CONSENT_TIME_MAX_S - DAY / 2LL) * S,
		      (LAYBY_CONSENT_TIME_MAX_S + 1 - 43260LL) * S,
		      (LAYBY_CONSENT_TIME_MAX_S + 1 - 43200LL) * S - 1);
}

/* --- Each second by itself ------------------------------------------------ */

static bool permits(const struct layby_consent_terms *terms, int64_t s)
{
	int64_t minute = (s + terms->utc_offset_min * 60) % DAY / 60;
	int64_t from = terms->hours_from_min, until = terms->hours_until_min;

	if (s < terms->not_before_s || s > terms->not_after_s)
		return false;
	if (from < until)
		return minute >= from && minute < until;
	return minute >= from || minute < until;
}

/* By second since BEGIN: the first and the last of the interval, then or next. */
static int64_t first[SPAN + 1], last[SPAN + 1];

static void ask_oracle(const struct layby_consent_terms *terms)
{
	int64_t i, start, end = -1;

	first[SPAN] = -1;
	last[SPAN] = -1;
	for (i = SPAN - 1; i >= 0; i--) {
		if (!permits(terms, BEGIN + i)) {
			first[i] = first[i + 1];
			last[i] = last[i + 1];
			end = -1;
			continue;
		}
		if (end < 0)
			end = i;
		last[i] = end;
		first[i] = i;
	}
	/* all of an interval have the same first */
	for (i = 0, start = -1; i < (int64_t)SPAN; i++) {
		start = !permits(terms, BEGIN + i) ? -1 : start < 0 ? i : start;
		if (start >= 0)
			first[i] = start;
	}
}

static void compare_at(const struct layby_consent_terms *terms, int64_t i)
{
	int64_t wall_ns = (BEGIN + i) * S;

	if (i < 0 || i >= (int64_t)SPAN)
		return;
	if (first[i] < 0) {
		assert_never(terms, wall_ns);
		return;
	}
	assert_window(terms, wall_ns, (BEGIN + first[i]) * S, (BEGIN + last[i] + 1) * S - 1);
	assert_window(terms, wall_ns + S - 1, (BEGIN + first[i]) * S,
		      (BEGIN + last[i] + 1) * S - 1);
}

/* Every minute, and the seconds beside it; and beside where it begins and ends. */
static void compare(const struct layby_consent_terms *terms)
{
	int64_t i, second;

	ask_oracle(terms);
	for (i = 0; i < (int64_t)SPAN; i += 60) {
		for (second = i - 1; second <= i + 1; second++)
			compare_at(terms, second);
	}
	for (i = -2; i <= 2; i++) {
		compare_at(terms, (int64_t)terms->not_before_s - BEGIN + i);
		compare_at(terms, (int64_t)terms->not_after_s - BEGIN + i);
	}
}

static struct layby_consent_terms random_terms(void)
{
	struct layby_consent_terms terms = {
		.not_before_s = JUNE + lrand48() % DAY,
		.hours_from_min = lrand48() % 1440,
		.hours_until_min = 1 + lrand48() % 1440,
		.utc_offset_min = lrand48() % 1561 - 720,
	};

	terms.not_after_s = terms.not_before_s + lrand48() % (4 * DAY);
	return terms;
}

static void test_oracle(void **state)
{
	struct layby_consent_terms terms;
	int round;

	srand48(4);
	for (round = 0; round < 300; round++) {
		terms = random_terms();
		if (terms.hours_from_min != terms.hours_until_min)
			compare(&terms);
	}
}

/* Hours that touch midnight or each other, at each end of the world. */
static void test_oracle_edges(void **state)
{
	static const uint32_t hours[][2] = {
		{ 0, 1440 }, { 0, 1 }, { 1439, 1440 }, { 1439, 1 }, { 1, 1440 }, { 720, 719 },
		{ 720, 721 }, { 0, 720 }, { 720, 1440 },
	};
	static const int offsets[] = { -720, -719, -1, 0, 1, 345, 839, 840 };
	struct layby_consent_terms terms;
	unsigned int i, offset;

	for (i = 0; i < sizeof(hours) / sizeof(hours[0]); i++) {
		for (offset = 0; offset < sizeof(offsets) / sizeof(offsets[0]); offset++) {
			terms = week(hours[i][0], hours[i][1], offsets[offset]);
			terms.not_after_s = JUNE + 2 * DAY + 7;
			compare(&terms);
		}
	}
}

/* --- Days ----------------------------------------------------------------- */

static void test_day(void **state)
{
	struct layby_consent_terms terms = week(0, 1440, 0);
	int64_t minute, offset;
	uint32_t day;

	for (offset = -720; offset <= 840; offset += 13) {
		terms.utc_offset_min = offset;
		for (minute = -1500; minute < 3000; minute++) {
			day = layby_token_day(&terms, (JUNE + minute * 60) * S);
			assert_int_equal(day, (JUNE + (minute + offset) * 60) / DAY);
			assert_int_equal(layby_token_day(&terms, (JUNE + minute * 60 + 60) * S - 1),
					 day);
		}
	}
}

static void test_day_never_falls(void **state)
{
	static const int64_t walls[] = {
		INT64_MIN, -1, 0, LAYBY_CONSENT_TIME_MIN_S * S - 1, LAYBY_CONSENT_TIME_MIN_S * S,
		JUNE * S, LAYBY_CONSENT_TIME_MAX_S * S, 4294967296 * S, INT64_MAX,
	};
	struct layby_consent_terms terms = week(0, 1440, -720);
	uint32_t i, day = 0;

	for (i = 0; i < sizeof(walls) / sizeof(walls[0]); i++) {
		assert_true(layby_token_day(&terms, walls[i]) >= day);
		day = layby_token_day(&terms, walls[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_night),
		cmocka_unit_test(test_all_day_is_one_interval),
		cmocka_unit_test(test_any_clock),
		cmocka_unit_test(test_ends_of_time),
		cmocka_unit_test(test_oracle),
		cmocka_unit_test(test_oracle_edges),
		cmocka_unit_test(test_day),
		cmocka_unit_test(test_day_never_falls),
	};

	return cmocka_run_group_tests_name("token_time", tests, NULL, NULL);
}
