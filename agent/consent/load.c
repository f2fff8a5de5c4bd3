// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Tokens in files: read, judged by the module's own validator, and what it says
 * in words.
 */
#include <inttypes.h>
#include <string.h>

#include "../policy/tool.h"
#include "tool.h"

#define WORDS_MAX	256

static void range_words(const struct layby_consent_error *err, char *text)
{
	const struct layby_token_field_info *info = layby_token_field_info(err->field);

	if (info->kind == LAYBY_TOKEN_KIND_S32)
		snprintf(text, WORDS_MAX,
			 "%s is %" PRId64 "; right is %" PRId64 " to %" PRId64, info->name,
			 (int64_t)err->found, (int64_t)err->low, (int64_t)err->high);
	else
		snprintf(text, WORDS_MAX,
			 "%s is %" PRIu64 "; right is %" PRIu64 " to %" PRIu64, info->name,
			 (uint64_t)err->found, (uint64_t)err->low, (uint64_t)err->high);
}

static void time_words(const struct layby_consent_error *err, const char *what, char *text)
{
	char found[TIME_TEXT_MAX], low[TIME_TEXT_MAX], high[TIME_TEXT_MAX];

	snprintf(text, WORDS_MAX, "%s: its last second is %s; right is %s to %s", what,
		 time_format(err->found, 0, found), time_format(err->low, 0, low),
		 time_format(err->high, 0, high));
}

static void energy_words(const struct layby_consent_error *err, char *text)
{
	char found[VALUE_TEXT_MAX], high[VALUE_TEXT_MAX];

	value_format(QUANTITY_ENERGY, err->found, found);
	value_format(QUANTITY_ENERGY, err->high, high);
	snprintf(text, WORDS_MAX,
		 "permits more energy a day than in all: %.60s; right is at most %.60s", found,
		 high);
}

static void words(const struct layby_consent_error *err, char *text)
{
	switch (err->rule) {
	case LAYBY_CONSENT_RULE_SIZE:
		snprintf(text, WORDS_MAX, "has %" PRIu64 " bytes; a token has %" PRIu64,
			 (uint64_t)err->found, (uint64_t)err->low);
		break;
	case LAYBY_CONSENT_RULE_MAGIC:
		snprintf(text, WORDS_MAX, "is no consent token: the first bytes are others");
		break;
	case LAYBY_CONSENT_RULE_VERSION:
		snprintf(text, WORDS_MAX, "is of version %" PRIu64 "; known is version %" PRIu64,
			 (uint64_t)err->found, (uint64_t)err->low);
		break;
	case LAYBY_CONSENT_RULE_ID:
		snprintf(text, WORDS_MAX, "the id is all zero; right is any other");
		break;
	case LAYBY_CONSENT_RULE_ORDER:
		time_words(err, "ends before it begins", text);
		break;
	case LAYBY_CONSENT_RULE_LENGTH:
		time_words(err, "holds for longer than 366 days", text);
		break;
	case LAYBY_CONSENT_RULE_ENERGY:
		energy_words(err, text);
		break;
	case LAYBY_CONSENT_RULE_HOURS:
		snprintf(text, WORDS_MAX,
			 "its hours end where they begin; all day is 00:00-24:00");
		break;
	case LAYBY_CONSENT_RULE_NEVER:
		snprintf(text, WORDS_MAX,
			 "its hours do not come between its beginning and its end");
		break;
	default:
		range_words(err, text);
	}
}

int token_judge(const void *bytes, size_t size, const char *name,
		struct layby_consent_terms *terms)
{
	struct layby_consent_error err;
	char text[WORDS_MAX];

	if (!layby_token_validate(bytes, size, terms, &err))
		return EXIT_OK;
	words(&err, text);
	return fail(EXIT_JOB_FAILED, "%s: %s", name, text);
}

int token_read(struct token_file *file, const char *path)
{
	return load_file(path, TOKEN_BYTES_MAX, &file->bytes, &file->size);
}

int token_load(struct token_file *file, const char *path)
{
	int r = token_read(file, path);

	return r == EXIT_OK ? token_judge(file->bytes, file->size, path, &file->terms) : r;
}

void token_fini(struct token_file *file)
{
	free(file->bytes);
}

char *signature_path(const struct consent_options *options, const char *token_path)
{
	size_t length = strlen(token_path);
	char *path;

	if (options->signature)
		return must_strdup(options->signature);
	if (length > 4 && !strcmp(token_path + length - 4, ".bin"))
		length -= 4;
	if (asprintf(&path, "%.*s.p7s", (int)length, token_path) < 0)
		out_of_memory();
	return path;
}
