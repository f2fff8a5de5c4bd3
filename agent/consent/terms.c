// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A token from what stands on the command line. What a token may say is decided
 * by kmod/token.c; here texts become numbers.
 */
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <systemd/sd-id128.h>
#include <time.h>

#include "../policy/tool.h"
#include "tool.h"

static const char *const class_names[] = { "batch", "interactive" };

const char *class_name(uint32_t class_number)
{
	return class_number < ARRAY_SIZE(class_names) ? class_names[class_number] : NULL;
}

static int parse_number(const char *option, const char *text, uint64_t *ret_number)
{
	if (value_parse(QUANTITY_COUNT, text, ret_number) < 0)
		return fail(EXIT_USAGE, "%s: \"%s\" is no whole number", option, text);
	return EXIT_OK;
}

static int parse_energy(const char *option, const char *text, __le64 *energy_uj)
{
	uint64_t uj;
	int r = value_parse(QUANTITY_ENERGY, text, &uj);

	if (r < 0)
		return fail(EXIT_USAGE, "%s: \"%s\" is %s; right is an energy as %s", option, text,
			    r == -EINVAL ? "none" : "more, or finer, than can be held",
			    value_example(QUANTITY_ENERGY));
	*energy_uj = htole64(uj);
	return EXIT_OK;
}

static int set_energy(const struct consent_options *options, struct layby_consent_token *token)
{
	int r;

	if (!options->energy_total)
		return fail(EXIT_USAGE, "--energy-total is missing: as 20 kWh");
	r = parse_energy("--energy-total", options->energy_total, &token->energy_total_uj);
	token->energy_day_uj = token->energy_total_uj;
	if (r == EXIT_OK && options->energy_day)
		r = parse_energy("--energy-day", options->energy_day, &token->energy_day_uj);
	return r;
}

static int set_time(const struct consent_options *options, struct layby_consent_token *token)
{
	uint64_t from_s, until_s;
	int32_t offset_min;
	int r;

	if (!options->until)
		return fail(EXIT_USAGE, "--until is missing: as 2026-12-31 or +30d");
	r = offset_parse(options->utc_offset, &offset_min);
	if (r == EXIT_OK)
		r = from_parse(options->from, offset_min, &from_s);
	if (r == EXIT_OK)
		r = until_parse(options->until, offset_min, from_s, &until_s);
	if (r != EXIT_OK)
		return r;
	token->utc_offset_min = htole32((uint32_t)offset_min);
	token->not_before_s = htole64(from_s);
	token->not_after_s = htole64(until_s);
	return EXIT_OK;
}

static int set_hours(const struct consent_options *options, struct layby_consent_token *token)
{
	uint32_t from_min, until_min;
	int r;

	r = hours_parse("--hours", options->hours ?: "00:00-24:00", &from_min, &until_min);
	if (r == EXIT_OK) {
		token->hours_from_min = htole32(from_min);
		token->hours_until_min = htole32(until_min);
	}
	return r;
}

static int add_class(const char *name, size_t length, uint32_t *classes)
{
	uint32_t i;

	for (i = 0; i < ARRAY_SIZE(class_names); i++) {
		if (strlen(class_names[i]) == length && !strncmp(class_names[i], name, length)) {
			*classes |= 1u << i;
			return EXIT_OK;
		}
	}
	return fail(EXIT_USAGE, "--classes: \"%.*s\" is none; right are batch and interactive",
		    (int)length, name);
}

static int set_classes(const struct consent_options *options, struct layby_consent_token *token)
{
	const char *text = options->classes ?: "batch,interactive";
	uint32_t classes = 0;
	size_t length;
	int r;

	do {
		length = strcspn(text, ",");
		r = add_class(text, length, &classes);
		text += length;
	} while (r == EXIT_OK && *text++ == ',');
	token->classes = htole32(classes);
	return r;
}

static int set_charge(const struct consent_options *options, struct layby_consent_token *token)
{
	uint64_t percent = 0;
	int r = EXIT_OK;

	if (options->charge_min)
		r = parse_number("--min-charge", options->charge_min, &percent);
	if (r == EXIT_OK && percent > 100)
		r = fail(EXIT_USAGE, "--min-charge: %llu is above 100 percent",
			 (unsigned long long)percent);
	token->charge_min_percent = htole32((uint32_t)percent);
	token->flags = htole32(options->only_charging ? LAYBY_CONSENT_ONLY_CHARGING : 0);
	return r;
}

static int set_name(const struct consent_options *options, struct layby_consent_token *token)
{
	struct timespec now;
	uint64_t serial;
	sd_id128_t id;
	int r = EXIT_OK;

	clock_gettime(CLOCK_REALTIME, &now);
	serial = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	if (options->serial)
		r = parse_number("--serial", options->serial, &serial);
	if (r != EXIT_OK)
		return r;
	if (options->id ? sd_id128_from_string(options->id, &id) : sd_id128_randomize(&id))
		return fail(EXIT_USAGE, "--id: \"%s\" is none; right are 32 hexadecimal digits",
			    options->id ?: "random");
	token->serial = htole64(serial);
	memcpy(token->id, id.bytes, sizeof(token->id));
	return EXIT_OK;
}

int token_make(const struct consent_options *options, struct layby_consent_token *token)
{
	static int (*const set[])(const struct consent_options *options,
				  struct layby_consent_token *token) = {
		set_name, set_time, set_hours, set_energy, set_classes, set_charge,
	};
	int r = EXIT_OK;
	size_t i;

	*token = (struct layby_consent_token){
		.magic = htole32(LAYBY_CONSENT_MAGIC),
		.version = htole32(LAYBY_CONSENT_VERSION),
	};
	for (i = 0; i < ARRAY_SIZE(set) && r == EXIT_OK; i++)
		r = set[i](options, token);
	return r;
}
