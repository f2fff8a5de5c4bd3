// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Hours and days in kmod/token.c, for all terms that a token can have and every
 * second: hours begin and end when they do on the owner's clock, and those taken are
 * the first that are not over; days are those of a clock that runs as all do, and
 * such as an account can have.
 *
 * What terms there can be is shown in the proof "token", that seconds() is the second
 * that a clock is in, in "token-window"; here it is any second.
 */
#include <token.c>

#include "proof.h"

#define DAY_MAX		((LAYBY_CONSENT_TIME_MAX_S + 14 * 3600) / DAY_S)

ANY(struct layby_consent_terms, terms);
ANY(__u32, second);
ANY(__u64, number);

/* The second that is asked about, and how far its day has gone. */
static __u32 now, now_of_day;

/* In place of those of token.c: goto-instrument turns the calls. */
__u32 of_day_now(const struct layby_consent_terms *terms, __u32 s)
{
	holds(s == now, "only the day of now is asked for");
	return now_of_day;
}

__u32 second_of(__s64 wall_ns, __u32 low, __u32 high)
{
	given(now >= low && now <= high);
	return now;
}

static struct layby_consent_terms given_terms(void)
{
	struct layby_consent_terms terms = any_terms();

	given(terms.not_before_s >= LAYBY_CONSENT_TIME_MIN_S &&
	      terms.not_after_s <= LAYBY_CONSENT_TIME_MAX_S &&
	      terms.not_before_s <= terms.not_after_s &&
	      terms.not_after_s - terms.not_before_s < LAYBY_CONSENT_LENGTH_MAX_S);
	given(terms.hours_from_min < LAYBY_CONSENT_DAY_MIN && terms.hours_until_min >= 1 &&
	      terms.hours_until_min <= LAYBY_CONSENT_DAY_MIN &&
	      terms.hours_from_min != terms.hours_until_min);
	given(terms.utc_offset_min >= LAYBY_CONSENT_OFFSET_LOW_MIN &&
	      terms.utc_offset_min <= LAYBY_CONSENT_OFFSET_HIGH_MIN);
	return terms;
}

/* Counted from the midnight before now's: the day before now's, and the one after. */
static void prove_hours(const struct layby_consent_terms *terms, __u32 midnight)
{
	__u32 first = terms->hours_from_min * 60, last = terms->hours_until_min * 60, begin, end;

	hours(terms, now, &begin, &end);
	begin -= midnight - DAY_S;
	end -= midnight - DAY_S;
	follows(begin == first || begin == first + DAY_S || begin == first + 2 * DAY_S,
		"hours begin when they do on a day");
	follows(end - begin == (last > first ? last - first : last + DAY_S - first),
		"hours end when they do on a day");
	follows(now_of_day + DAY_S < end, "the hours are not over");
	holds(now_of_day + DAY_S >= end - DAY_S, "those of a day before are over");
	if (begin > now_of_day + DAY_S)
		reached("hours that are to come");
	if (begin == first)
		reached("hours of yesterday");
}

/* A day is a quotient of these: it never falls, as they do not. */
static void prove_day(const struct layby_consent_terms *terms)
{
	__u32 s = any_second();

	holds(layby_token_day(terms, 0) <= DAY_MAX, "a day is one that an account can have");
	given(s <= now && s >= LAYBY_CONSENT_TIME_MIN_S);
	holds(local(terms, s) <= local(terms, now) &&
	      local(terms, now) - local(terms, s) == now - s, "the owner's clock runs as all do");
	reached("a later second");
}

/* What the proof "token-window" takes for granted of it. */
static void prove_take(void)
{
	__u64 lower = any_number(), part = any_number();
	bool more = any_number();
	__u64 rest = lower + (more ? part : 0);

	given(lower < part && rest >= lower);
	holds(take(&rest, part) == more && rest == lower, "a part is taken if it is there");
	if (more)
		reached("a part that is there");
}

int main(void)
{
	struct layby_consent_terms terms = given_terms();
	__u32 midnight = any_second();

	prove_take();
	now_of_day = any_second();
	given(now_of_day < DAY_S && midnight >= LAYBY_CONSENT_TIME_MIN_S - DAY_S &&
	      midnight <= LAYBY_CONSENT_TIME_MAX_S);
	now = midnight + now_of_day;
	if (any_number()) {
		prove_day(&terms);
		return 0;
	}
	given(now >= terms.not_before_s && now <= terms.not_after_s);
	prove_hours(&terms, midnight);
	return 0;
}
