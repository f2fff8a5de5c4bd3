/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of `laybyctl consent` share. A function that returns an exit
 * code has said on stderr why, if it is not 0.
 */
#ifndef LAYBY_CONSENT_TOOL_H
#define LAYBY_CONSENT_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <layby/consent.h>

#include "../../kmod/token.h"
#include "../command/command.h"

/* Longer than any token and signature that the kernel looks at */
#define TOKEN_BYTES_MAX		512
#define SIGNATURE_BYTES_MAX	4096

/**
 * struct consent_options - the command line, as it stands there; NULL: not given
 */
struct consent_options {
	const char *path;
	const char *output;
	const char *key;
	const char *certificate;
	const char *signature;
	const char *partition;
	const char *id;
	const char *serial;
	const char *from;
	const char *until;
	const char *hours;
	const char *utc_offset;
	const char *energy_day;
	const char *energy_total;
	const char *classes;
	const char *charge_min;
	bool only_charging;
	bool json;
};

/* verbs.c calls these: sign.c, show.c, check.c, carry.c */
int consent_sign(const struct consent_options *options);
int consent_show(const struct consent_options *options);
int consent_check(const struct consent_options *options);
int consent_give(const struct consent_options *options);
int consent_withdraw(const struct consent_options *options);

/* --- time.c --------------------------------------------------------------- */

#define TIME_TEXT_MAX	40

/* "2h" */
int span_parse(const char *option, const char *text, uint64_t *ret_s);
/* "+02:00" or "Z"; NULL: this machine's own, now. */
int offset_parse(const char *text, int32_t *ret_offset_min);
/* The same of another option than --utc-offset */
int offset_parse_of(const char *option, const char *text, int32_t *ret_offset_min);
/* "22:00-06:00", "00:00-24:00" */
int hours_parse(const char *option, const char *text, uint32_t *ret_from_min,
		uint32_t *ret_until_min);
/* "07:30", of that length; "24:00" is the end of the day */
bool minute_parse(const char *text, size_t length, uint32_t *ret_minute);
/* The first second of a time, a date, "now" or "+3d"; at the offset. */
int from_parse(const char *text, int32_t offset_min, uint64_t *ret_s);
/* The last second before a time, or of a date; "+3d" is counted from @from_s. */
int until_parse(const char *text, int32_t offset_min, uint64_t from_s, uint64_t *ret_s);

/* The first second of a time or a date; "-3d" is counted from now. */
int since_parse(const char *text, int32_t offset_min, uint64_t *ret_s);

/* "2026-06-15 22:00:00 UTC+02:00", of TIME_TEXT_MAX bytes. Return @text. */
const char *time_format(uint64_t s, int32_t offset_min, char *text);
/* "UTC+02:00" */
const char *offset_format(int32_t offset_min, char *text);

/* --- terms.c: a token from the command line ------------------------------- */

int token_make(const struct consent_options *options, struct layby_consent_token *token);
/* "batch", "interactive"; NULL for a number that there is not. */
const char *class_name(uint32_t class_number);

/* --- load.c: a token from a file, judged ---------------------------------- */

struct token_file {
	uint8_t *bytes;
	size_t size;
	struct layby_consent_terms terms;
};

/* Reads it; whether it is right is not asked. */
int token_read(struct token_file *file, const char *path);
/* Reads and judges it. */
int token_load(struct token_file *file, const char *path);
void token_fini(struct token_file *file);
/* Of validated or made bytes; @name is what they are called. */
int token_judge(const void *bytes, size_t size, const char *name,
		struct layby_consent_terms *terms);
/* The signature's file: as asked for, or beside the token; to be freed. */
char *signature_path(const struct consent_options *options, const char *token_path);

/* --- show.c --------------------------------------------------------------- */

int terms_print(const struct layby_consent_terms *terms, bool json);

#endif
