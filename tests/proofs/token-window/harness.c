// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * seconds() and interval() in kmod/token.c. For every wall clock the second is the one
 * that the clock is in, or the nearest of those asked for; the interval is the hours
 * cut to the token's time, or all of that. So no second of it is outside of the hours,
 * and none inside of them is passed over. From seconds to the nanoseconds that
 * layby_token_window() returns it is a multiplication.
 *
 * A clock is put together here of a second and the nanoseconds since that began,
 * bit by bit; each clock that is not before 1970 is one of these. Then each step of
 * the division takes just the bit that was put in last. Hours are any here; which
 * they are is shown in the proof "token-hours".
 */
#include <limits.h>

#include <token.c>

#include "proof.h"

#define BITS	34
#define LAST	((1ULL << BITS) - 1)

ANY(__u64, second);
ANY(__u32, end);
ANY(__s64, wall);
ANY(struct layby_consent_terms, terms);

/* In place of hours(), likewise: the first that are not over. */
static __u32 begin, end;

void hours_of(const struct layby_consent_terms *terms, __u32 s, __u32 *from, __u32 *until)
{
	*from = begin;
	*until = end;
}

/* The second, and the clock of its lowest bits: none, one, two and so on. */
static __u64 second, clock_ns[BITS + 1];
static __u32 bits;

/*
 * In place of take(): goto-instrument turns the calls. That it does so, given what
 * is asserted here, is shown in the proof "token-hours".
 */
bool take_bit(__u64 *rest, __u64 part)
{
	bits--;
	holds(part == S_TO_NS << bits && clock_ns[bits] < part &&
	      *rest == clock_ns[bits] + (second >> bits & 1 ? part : 0),
	      "a step has the lower bits left and its own");
	*rest = clock_ns[bits];
	return second >> bits & 1;
}

static void put_together(__u64 ns)
{
	__u32 i;

	clock_ns[0] = ns;
	for (i = 0; i < BITS; i++) {
		follows(clock_ns[i] < S_TO_NS << i, "the lower bits come to less than the next");
		clock_ns[i + 1] = clock_ns[i] + (second >> i & 1 ? S_TO_NS << i : 0);
	}
}

static __u64 nearest(__u64 s, __u32 low, __u32 high)
{
	return s <= low ? low : s >= high ? high : s;
}

static void prove_from_1970(__u32 low, __u32 high)
{
	__u64 ns = any_second();

	second = any_second();
	bits = BITS;
	given(second <= LAST && ns < S_TO_NS);
	put_together(ns);
	given(clock_ns[BITS] <= LLONG_MAX);
	holds(seconds(clock_ns[BITS], low, high) == nearest(second, low, high),
	      "it is the second that the clock is in, or the nearest");
	if (second > low && second < high)
		reached("a second between the ends");
	if (second > UINT_MAX)
		reached("the last years of a wall clock");
}

static void prove_before_1970(__u32 low, __u32 high)
{
	__s64 wall_ns = any_wall();

	given(wall_ns < 0);
	second = 0;
	bits = BITS;
	put_together(0);
	holds(seconds(wall_ns, low, high) == low, "before 1970 it is the first");
	reached("a clock before 1970");
}

static void prove_interval(void)
{
	const struct layby_consent_terms terms = any_terms();
	__u32 now = any_end(), from, until;
	bool is;

	begin = any_end();
	end = any_end();
	given(now >= terms.not_before_s && now <= terms.not_after_s && end > now && end > begin);
	is = interval(&terms, now, &from, &until);
	if (all_day(&terms)) {
		holds(is && from == terms.not_before_s && until == terms.not_after_s,
		      "all day is the token's time");
		return;
	}
	holds(is == (begin <= terms.not_after_s), "there are hours unless they come too late");
	if (!is) {
		reached("hours that come too late");
		return;
	}
	holds(from <= until && from >= terms.not_before_s && until <= terms.not_after_s,
	      "an interval is in the token's time");
	holds((from == begin || (from == terms.not_before_s && from > begin)) &&
	      (until == end - 1 || (until == terms.not_after_s && until < end - 1)),
	      "an interval is the hours, cut to the token's time");
}

int main(void)
{
	__u32 low = any_end(), high = any_end();

	prove_interval();
	given(low <= high);
	if (any_end())
		prove_from_1970(low, high);
	else
		prove_before_1970(low, high);
	return 0;
}
