// SPDX-License-Identifier: GPL-2.0-only
/*
 * The account of a consent. See account.h.
 *
 * Must never give back what was used: no call here lowers a sum but the one that
 * begins a later day.
 */
#include "account.h"
#include "token.h"

#define S_TO_NS		1000000000LL
#define DAY_S		86400LL

static void begin_day(struct layby_account *account, const struct layby_consent_terms *terms,
		      __s64 wall_ns)
{
	__u32 day = layby_token_day(terms, wall_ns);

	if (day > account->day) {
		account->day = day;
		account->used_day_uj = 0;
	}
	account->day_end_ns = ((account->day + 1) * DAY_S - terms->utc_offset_min * 60) * S_TO_NS;
}

void layby_account_begin(struct layby_account *account, const struct layby_consent_terms *terms,
			 __s64 wall_ns)
{
	begin_day(account, terms, wall_ns);
}

void layby_account_look(struct layby_account *account, const struct layby_consent_terms *terms,
			__s64 wall_ns)
{
	if (wall_ns >= account->day_end_ns)
		begin_day(account, terms, wall_ns);
}

static __u64 add(__u64 a, __u64 b)
{
	return a > ~0ULL - b ? ~0ULL : a + b;
}

void layby_account_use(struct layby_account *account, __u64 uj)
{
	account->used_uj = add(account->used_uj, uj);
	account->used_day_uj = add(account->used_day_uj, uj);
}

static __u64 left(__u64 limit, __u64 used)
{
	return used < limit ? limit - used : 0;
}

__u64 layby_account_left(const struct layby_account *account,
			 const struct layby_consent_terms *terms)
{
	__u64 day = left(terms->energy_day_uj, account->used_day_uj);
	__u64 total = left(terms->energy_total_uj, account->used_uj);

	return day < total ? day : total;
}
