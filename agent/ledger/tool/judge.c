// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a check found, for people or as JSON. Must never say "right" without having been
 * told that there is a head.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "tool.h"

/* A ledger of another key, say, has one for each of its rows. */
#define FINDINGS_SHOWN 100
/* One more than there can be: it ends as a list of strings does. */
#define NOTES_MAX 4

struct finding {
	uint64_t row;
	char *text;
};

struct judge {
	bool json;
	struct ledger_check *check;
	struct finding findings[FINDINGS_SHOWN];
	size_t finding_count;
	char *notes[NOTES_MAX];
	size_t note_count;
	bool is_out_of_memory;
};

static void keep_finding(void *userdata, uint64_t row, const char *text)
{
	struct judge *judge = userdata;
	struct finding *finding = &judge->findings[judge->finding_count];

	if (judge->finding_count == FINDINGS_SHOWN)
		return;
	finding->row = row;
	finding->text = strdup(text);
	if (!finding->text)
		judge->is_out_of_memory = true;
	else
		judge->finding_count++;
}

int judge_new(const struct ledger_options *options, const uint8_t *public_key,
	      struct judge **ret_judge, struct ledger_check **ret_check)
{
	struct judge *judge = calloc(1, sizeof(*judge));

	if (!judge || ledger_check_new(public_key, keep_finding, judge, &judge->check) < 0) {
		free(judge);
		return fail(EXIT_USAGE, "ledger: %s", strerror(ENOMEM));
	}
	judge->json = options->json;
	*ret_judge = judge;
	*ret_check = judge->check;
	return EXIT_OK;
}

void judge_free(struct judge *judge)
{
	size_t i;

	if (!judge)
		return;
	for (i = 0; i < judge->finding_count; i++)
		free(judge->findings[i].text);
	for (i = 0; i < judge->note_count; i++)
		free(judge->notes[i]);
	ledger_check_free(judge->check);
	free(judge);
}

void judge_note(struct judge *judge, const char *format, ...)
{
	char **note = &judge->notes[judge->note_count];
	va_list list;
	int r;

	va_start(list, format);
	r = vasprintf(note, format, list);
	va_end(list);
	if (r < 0)
		judge->is_out_of_memory = true;
	else
		judge->note_count++;
}

/* --- For people ----------------------------------------------------------------------- */

static void print_text(const struct judge *judge, const struct ledger_head *head)
{
	char id[2 * LEDGER_ID_BYTES + 1], key[2 * LEDGER_PUBLIC_BYTES + 1];
	uint64_t findings = ledger_check_findings(judge->check);
	const struct finding *finding;
	size_t i;

	if (head)
		printf("Ledger %s, %" PRIu64 " rows, signed with\n%s\n",
		       ledger_hex(head->id, sizeof(head->id), id),
		       ledger_check_rows(judge->check),
		       ledger_hex(head->public_key, sizeof(head->public_key), key));
	for (i = 0; i < judge->finding_count; i++) {
		finding = &judge->findings[i];
		if (finding->row)
			printf("row %" PRIu64 ": %s\n", finding->row, finding->text);
		else
			printf("ledger: %s\n", finding->text);
	}
	if (findings > judge->finding_count)
		printf("and %" PRIu64 " more\n", findings - judge->finding_count);
	for (i = 0; i < judge->note_count; i++)
		printf("Note: %s\n", judge->notes[i]);
	if (findings)
		printf("%" PRIu64 " found: it is not as it was signed\n", findings);
	else
		puts("Nothing found: no row was changed, dropped or re-ordered");
}

/* --- For programs --------------------------------------------------------------------- */

static int findings_json(const struct judge *judge, sd_json_variant **ret)
{
	_json_ sd_json_variant *one = NULL;
	size_t i;
	int r;

	r = sd_json_variant_new_array(ret, NULL, 0);
	for (i = 0; i < judge->finding_count && r >= 0; i++) {
		one = sd_json_variant_unref(one);
		r = sd_json_buildo(&one,
				   SD_JSON_BUILD_PAIR_UNSIGNED("row", judge->findings[i].row),
				   SD_JSON_BUILD_PAIR_STRING("text", judge->findings[i].text));
		if (r >= 0)
			r = sd_json_variant_append_array(ret, one);
	}
	return r;
}

static int head_json(const struct ledger_head *head, sd_json_variant **ret)
{
	return head ? sd_json_buildo(ret,
				     SD_JSON_BUILD_PAIR_HEX("id", head->id, sizeof(head->id)),
				     SD_JSON_BUILD_PAIR_HEX("public_key", head->public_key,
							    sizeof(head->public_key)),
				     SD_JSON_BUILD_PAIR_UNSIGNED("count", head->count),
				     SD_JSON_BUILD_PAIR_HEX("hash", head->hash,
							    sizeof(head->hash))) :
		      sd_json_variant_new_null(ret);
}

static int print_json_of(const struct judge *judge, const struct ledger_head *head)
{
	_json_ sd_json_variant *findings = NULL, *end = NULL, *all = NULL;
	uint64_t count = ledger_check_findings(judge->check);
	int r;

	r = findings_json(judge, &findings);
	if (r >= 0)
		r = head_json(head, &end);
	if (r >= 0)
		r = sd_json_buildo(
			&all, SD_JSON_BUILD_PAIR_BOOLEAN("right", !count),
			SD_JSON_BUILD_PAIR_UNSIGNED("rows", ledger_check_rows(judge->check)),
			SD_JSON_BUILD_PAIR_VARIANT("head", end),
			SD_JSON_BUILD_PAIR_UNSIGNED("finding_count", count),
			SD_JSON_BUILD_PAIR_VARIANT("findings", findings),
			SD_JSON_BUILD_PAIR_STRV("notes", (char **)judge->notes));
	if (r >= 0)
		r = sd_json_variant_dump(all,
					 SD_JSON_FORMAT_PRETTY_AUTO | SD_JSON_FORMAT_NEWLINE |
						 SD_JSON_FORMAT_EMPTY_ARRAY,
					 stdout, NULL);
	return r < 0 ? fail(EXIT_USAGE, "ledger: %s", strerror(-r)) : EXIT_OK;
}

int judge_end(struct judge *judge, const struct ledger_head *head)
{
	int r = EXIT_OK;

	if (judge->is_out_of_memory)
		return fail(EXIT_USAGE, "ledger: %s", strerror(ENOMEM));
	if (judge->json)
		r = print_json_of(judge, head);
	else
		print_text(judge, head);
	if (r == EXIT_OK && (!head || ledger_check_findings(judge->check)))
		r = EXIT_FINDINGS;
	return r;
}
