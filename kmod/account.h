/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The account of a consent: what energy guest work has used of it, today and
 * since the boot. Pure: the caller locks, and says what time it is.
 */
#ifndef LAYBY_ACCOUNT_H
#define LAYBY_ACCOUNT_H

#include <layby/consent.h>

/**
 * struct layby_account - what was used under one id
 * @id: of all tokens that share it
 * @used_uj: in all, microjoule
 * @used_day_uj: on @day
 * @day: see layby_token_day(); never falls, whatever the wall clock does
 * @day_end_ns: wall clock, first instant after @day
 */
struct layby_account {
	__u8 id[LAYBY_CONSENT_ID_BYTES];
	__u64 used_uj;
	__u64 used_day_uj;
	__u32 day;
	__s64 day_end_ns;
};

/**
 * layby_account_begin() - from now on these terms hold
 * @account: zero but for its id, or as it was left
 * @terms: of a token with the same id
 * @wall_ns: wall clock
 *
 * What was used stays used.
 */
void layby_account_begin(struct layby_account *account, const struct layby_consent_terms *terms,
			 __s64 wall_ns);

/**
 * layby_account_look() - begin a new day if it is one
 *
 * Before each of the next two. A few instructions on the same day. A day begins
 * once: setting the clock back and forth gives nothing back.
 */
void layby_account_look(struct layby_account *account, const struct layby_consent_terms *terms,
			__s64 wall_ns);

/* Stops at the highest number. */
void layby_account_use(struct layby_account *account, __u64 uj);

/* What may still be used now, microjoule. */
__u64 layby_account_left(const struct layby_account *account,
			 const struct layby_consent_terms *terms);

#endif /* LAYBY_ACCOUNT_H */
