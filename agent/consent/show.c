// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * consent show: what a token permits, for its owner to read, or as JSON.
 */
#include <inttypes.h>
#include <string.h>
#include <systemd/sd-id128.h>
#include <time.h>

#include "../policy/tool.h"
#include "tool.h"

#define S_TO_NS		1000000000LL
#define HOURS_TEXT_MAX	16

static const char *hours_format(const struct layby_consent_terms *terms, char *text)
{
	snprintf(text, HOURS_TEXT_MAX, "%02u:%02u-%02u:%02u", terms->hours_from_min / 60 % 100,
		 terms->hours_from_min % 60, terms->hours_until_min / 60 % 100,
		 terms->hours_until_min % 60);
	return text;
}

static bool all_day(const struct layby_consent_terms *terms)
{
	return !terms->hours_from_min && terms->hours_until_min == LAYBY_CONSENT_DAY_MIN;
}

static void id_format(const struct layby_consent_terms *terms, char text[SD_ID128_STRING_MAX])
{
	sd_id128_t id;

	memcpy(id.bytes, terms->id, sizeof(id.bytes));
	sd_id128_to_string(id, text);
}

/* --- Sentences -------------------------------------------------------------- */

static void print_name(const struct layby_consent_terms *terms)
{
	char id[SD_ID128_STRING_MAX];

	id_format(terms, id);
	printf("Consent %s, serial %" PRIu64 ".\n", id, (uint64_t)terms->serial);
}

static void print_time(const struct layby_consent_terms *terms)
{
	char from[TIME_TEXT_MAX], until[TIME_TEXT_MAX], hours[HOURS_TEXT_MAX];

	printf("Guest work may run from %s to %s",
	       time_format(terms->not_before_s, terms->utc_offset_min, from),
	       time_format(terms->not_after_s, terms->utc_offset_min, until));
	if (all_day(terms))
		printf(", at any hour.\n");
	else
		printf(", each day in the hours %s%s.\n", hours_format(terms, hours),
		       terms->hours_until_min <= terms->hours_from_min ? " of the next day" : "");
}

static void print_energy(const struct layby_consent_terms *terms)
{
	char day[VALUE_TEXT_MAX], total[VALUE_TEXT_MAX], offset[TIME_TEXT_MAX];

	printf("It may use %s a day and %s in all; a day begins at 00:00 %s.\n",
	       value_format(QUANTITY_ENERGY, terms->energy_day_uj, day),
	       value_format(QUANTITY_ENERGY, terms->energy_total_uj, total),
	       offset_format(terms->utc_offset_min, offset));
}

static void print_classes(const struct layby_consent_terms *terms)
{
	if (terms->classes == LAYBY_CONSENT_BATCH)
		printf("Only work that nobody waits for (batch) may run.\n");
	else if (terms->classes == LAYBY_CONSENT_INTERACTIVE)
		printf("Only work that somebody waits for (interactive) may run.\n");
}

static void print_charge(const struct layby_consent_terms *terms)
{
	if (terms->only_charging)
		printf("The vehicle must be charging.\n");
	if (terms->charge_min_percent)
		printf("The state of charge must be %u %% or more.\n", terms->charge_min_percent);
}

static void print_now(const struct layby_consent_terms *terms)
{
	char from[TIME_TEXT_MAX], until[TIME_TEXT_MAX];
	__s64 now = time(NULL) * S_TO_NS, from_ns, until_ns;

	if (!layby_token_window(terms, now, &from_ns, &until_ns)) {
		printf("It has ended.\n");
		return;
	}
	time_format((uint64_t)(from_ns / S_TO_NS), terms->utc_offset_min, from);
	time_format((uint64_t)(until_ns / S_TO_NS), terms->utc_offset_min, until);
	if (now >= from_ns)
		printf("Now it permits guest work, until %s.\n", until);
	else
		printf("Now it does not permit guest work; it will from %s to %s.\n", from, until);
}

/* --- JSON ------------------------------------------------------------------- */

static int classes_build(const struct layby_consent_terms *terms, sd_json_variant **ret_classes)
{
	uint32_t i;
	int r = 0;

	for (i = 0; class_name(i) && r >= 0; i++) {
		if (terms->classes >> i & 1)
			r = sd_json_variant_append_arrayb(ret_classes,
							  SD_JSON_BUILD_STRING(class_name(i)));
	}
	return r;
}

#define UNSIGNED SD_JSON_BUILD_PAIR_UNSIGNED

static int terms_build(const struct layby_consent_terms *terms, sd_json_variant **ret_object)
{
	_cleanup_(sd_json_variant_unrefp) sd_json_variant *classes = NULL;
	char id[SD_ID128_STRING_MAX], hours[HOURS_TEXT_MAX];
	__s64 from = 0, until = 0;
	bool more;
	int r;

	r = classes_build(terms, &classes);
	if (r < 0)
		return r;
	id_format(terms, id);
	more = layby_token_window(terms, time(NULL) * S_TO_NS, &from, &until);
	return sd_json_buildo(
		ret_object,
		SD_JSON_BUILD_PAIR_STRING("id", id),
		UNSIGNED("serial", terms->serial),
		UNSIGNED("not_before_s", terms->not_before_s),
		UNSIGNED("not_after_s", terms->not_after_s),
		SD_JSON_BUILD_PAIR_STRING("hours", hours_format(terms, hours)),
		SD_JSON_BUILD_PAIR_INTEGER("utc_offset_min", terms->utc_offset_min),
		UNSIGNED("energy_day_uj", terms->energy_day_uj),
		UNSIGNED("energy_total_uj", terms->energy_total_uj),
		SD_JSON_BUILD_PAIR_VARIANT("classes", classes),
		SD_JSON_BUILD_PAIR_BOOLEAN("only_charging", terms->only_charging),
		UNSIGNED("charge_min_percent", terms->charge_min_percent),
		SD_JSON_BUILD_PAIR_BOOLEAN("ended", !more),
		SD_JSON_BUILD_PAIR_CONDITION(more, "from_s",
					     SD_JSON_BUILD_INTEGER(from / S_TO_NS)),
		SD_JSON_BUILD_PAIR_CONDITION(more, "until_s",
					     SD_JSON_BUILD_INTEGER(until / S_TO_NS)));
}

int terms_print(const struct layby_consent_terms *terms, bool json)
{
	_cleanup_(sd_json_variant_unrefp) sd_json_variant *object = NULL;
	const struct options everywhere = { .json = true };
	int r;

	if (json) {
		r = terms_build(terms, &object);
		return r < 0 ? fail_errno(r, "printing") : print_json(&everywhere, object);
	}
	print_name(terms);
	print_time(terms);
	print_energy(terms);
	print_classes(terms);
	print_charge(terms);
	print_now(terms);
	return EXIT_OK;
}

int consent_show(const struct consent_options *options)
{
	_cleanup_(token_fini) struct token_file token = {};
	int r;

	r = token_load(&token, options->path);
	return r == EXIT_OK ? terms_print(&token.terms, options->json) : r;
}
