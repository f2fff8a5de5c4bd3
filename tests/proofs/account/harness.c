// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * kmod/account.c, one step from any state of an account: whatever is called with
 * whatever the clock says, what was used is never less, that of a day only on a
 * later day, and giving a token again gives nothing back. As each step keeps
 * this, every number of steps does.
 *
 * Which day it is comes from kmod/token.c. Here it is any day that a token can
 * see at all; that layby_token_day() says no other is shown in "token-hours".
 */
#include <limits.h>

#include <account.h>
#include <token.h>

#include "proof.h"

#define DAY_MAX		((LAYBY_CONSENT_TIME_MAX_S + 14 * 3600) / 86400)

ANY(struct layby_account, account);
ANY(struct layby_consent_terms, terms);
ANY(__u32, day);
ANY(__s64, wall);
ANY(__u64, energy);

static __u32 day_now;

__u32 layby_token_day(const struct layby_consent_terms *terms, __s64 wall_ns)
{
	return day_now;
}

/* What kmod/token.c accepts; shown in the proof "token". */
static void given_terms(const struct layby_consent_terms *terms)
{
	given(terms->utc_offset_min >= LAYBY_CONSENT_OFFSET_LOW_MIN &&
	      terms->utc_offset_min <= LAYBY_CONSENT_OFFSET_HIGH_MIN);
	given(terms->energy_day_uj <= terms->energy_total_uj &&
	      terms->energy_total_uj <= LAYBY_CONSENT_ENERGY_MAX_UJ);
}

static __u64 sum(__u64 a, __u64 b)
{
	unsigned __int128 whole = (unsigned __int128)a + b;

	return whole > ULLONG_MAX ? ULLONG_MAX : whole;
}

static void prove_never_refilled(const struct layby_account *was, const struct layby_account *is)
{
	holds(is->day <= DAY_MAX && is->day >= was->day, "the day never falls");
	holds(is->used_uj >= was->used_uj, "what was used in all never falls");
	holds(is->used_day_uj >= was->used_day_uj || is->day > was->day,
	      "what was used of a day falls on a later day only");
}

static void prove_again(struct layby_account account, const struct layby_consent_terms *terms,
			__s64 wall_ns)
{
	__u64 left_uj;

	layby_account_begin(&account, terms, wall_ns);
	layby_account_use(&account, any_energy());
	left_uj = layby_account_left(&account, terms);
	layby_account_begin(&account, terms, wall_ns);
	holds(layby_account_left(&account, terms) == left_uj,
	      "the token given again on the same day gives nothing back");
	if (account.used_day_uj > 0)
		reached("given again with a part of the day used");
}

/* Neither limit is passed by using what is left, and one would be by using more. */
static void prove_left(const struct layby_account *account,
		       const struct layby_consent_terms *terms)
{
	__u64 left_uj = layby_account_left(account, terms);
	__u64 day = sum(account->used_day_uj, left_uj), total = sum(account->used_uj, left_uj);

	holds(left_uj == 0 || (day <= terms->energy_day_uj && total <= terms->energy_total_uj),
	      "what is left passes no limit");
	holds(day >= terms->energy_day_uj || total >= terms->energy_total_uj,
	      "what is left is all that is left");
	if (left_uj)
		reached("something is left");
}

static void prove_use(const struct layby_account *was, __u64 uj)
{
	struct layby_account is = *was;

	layby_account_use(&is, uj);
	prove_never_refilled(was, &is);
	holds(is.used_uj == sum(was->used_uj, uj) && is.used_day_uj == sum(was->used_day_uj, uj),
	      "all that is used is counted");
	if (is.used_uj == ULLONG_MAX && was->used_uj < ULLONG_MAX / 2)
		reached("stopped at the highest number");
}

int main(void)
{
	struct layby_account was = any_account(), is;
	struct layby_consent_terms terms = any_terms();
	__s64 wall_ns = any_wall();

	day_now = any_day();
	given_terms(&terms);
	given(day_now <= DAY_MAX && was.day <= DAY_MAX);

	is = was;
	layby_account_begin(&is, &terms, wall_ns);
	prove_never_refilled(&was, &is);

	is = was;
	layby_account_look(&is, &terms, wall_ns);
	prove_never_refilled(&was, &is);
	if (is.day > was.day)
		reached("a day begins");

	prove_again(was, &terms, wall_ns);
	prove_left(&was, &terms);
	prove_use(&was, any_energy());
	return 0;
}
