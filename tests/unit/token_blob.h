/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A consent token for tests: one that is right, ways to change it. Fields are
 * changed through the validator's own table.
 */
#ifndef TOKEN_BLOB_H
#define TOKEN_BLOB_H

#include <stddef.h>
#include <stdint.h>

#include <token.h>

#define RULE(name)	LAYBY_CONSENT_RULE_##name
#define FIELD(name)	LAYBY_CONSENT_FIELD_##name
/* 2026-06-15 00:00 UTC */
#define JUNE		1781481600u
#define DAY		86400u

/* Valid for a week from JUNE on, from 22:00 to 06:00 at two hours east. */
void token_init(struct layby_consent_token *token);
void token_set(struct layby_consent_token *token, uint32_t field, uint64_t value);

/* Judge a copy that a sanitizer guards at its last byte, at an odd address. */
int token_validate(const void *bytes, size_t size, struct layby_consent_terms *terms,
		   struct layby_consent_error *err);

#endif /* TOKEN_BLOB_H */
