/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one validator of consent tokens, and what a token says about time; for
 * the module, the tools and the tests. What it says is about bytes only: whether
 * they are signed is consent.c's.
 */
#ifndef LAYBY_TOKEN_H
#define LAYBY_TOKEN_H

#include <layby/consent.h>
#ifndef __KERNEL__
#include <stdbool.h>
#endif

/** enum layby_token_kind - how a field is stored, little-endian */
enum layby_token_kind {
	LAYBY_TOKEN_KIND_U32,
	LAYBY_TOKEN_KIND_S32,
	LAYBY_TOKEN_KIND_U64,
	LAYBY_TOKEN_KIND_ID,
};

/**
 * struct layby_token_field_info - a field as the validator knows it
 * @name: name of the member, which says the unit, too
 * @offset: in struct layby_consent_token
 * @kind: enum layby_token_kind
 * @rule: that is broken outside the range, enum layby_consent_rule
 * @low: lowest value that is right, sign-extended
 * @high: highest one
 */
struct layby_token_field_info {
	const char *name;
	__u32 offset;
	__u32 kind;
	__u32 rule;
	__u64 low;
	__u64 high;
};

/**
 * layby_token_validate() - is this a token, and what does it permit?
 * @blob: any bytes, any alignment; nobody may be writing to it
 * @size: bytes at @blob, any number; nothing outside is read
 * @terms: what it permits; all zero if it is not right
 * @err: the first rule that is broken; LAYBY_CONSENT_RULE_NONE on success
 *
 * Any context, bounded time.
 *
 * Return: 0 or -EINVAL.
 */
int layby_token_validate(const void *blob, size_t size, struct layby_consent_terms *terms,
			 struct layby_consent_error *err);

/**
 * layby_token_window() - when do the terms permit, now or next?
 * @terms: of a token that was found right
 * @wall_ns: wall clock, nanoseconds since 1970, any value
 * @from_ns: first instant of the interval that @wall_ns is in, or of the first
 *           one after it
 * @until_ns: last instant of that interval
 *
 * Without such an interval *@from_ns is behind *@until_ns, so that no instant is
 * between them. An interval is as long as it can be: it ends with the hours of a
 * day, unless they are the whole day. Any context; some hundred instructions, so
 * keep the interval until the clock leaves it.
 *
 * Return: whether there is one.
 */
bool layby_token_window(const struct layby_consent_terms *terms, __s64 wall_ns,
			__s64 *from_ns, __s64 *until_ns);

/**
 * layby_token_day() - which day is it, for the energy of a day?
 * @terms: of a token that was found right
 * @wall_ns: wall clock, nanoseconds since 1970, any value
 *
 * Days begin at 00:00 at the token's offset from UTC. Any context.
 *
 * Return: days since 1970; never falls while @wall_ns grows.
 */
__u32 layby_token_day(const struct layby_consent_terms *terms, __s64 wall_ns);

/* NULL for a number that there is not. */
const struct layby_token_field_info *layby_token_field_info(__u32 field);
const char *layby_token_rule_name(__u32 rule);

#endif /* LAYBY_TOKEN_H */
