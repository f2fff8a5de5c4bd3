// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Rows and heads as JSON. Must never take a value that is another one when it is written
 * back: it would be checked as what it was.
 */
#include "json.h"

#include <errno.h>
#include <string.h>
#include <util.h>

#include "text.h"

#define FIELDS_MAX 32

static bool is_bytes(const struct ledger_field *field)
{
	return field->kind == LEDGER_BYTES || field->kind == LEDGER_TEXT;
}

static int make_value(const struct ledger_field *field, const void *object, sd_json_variant **ret)
{
	const uint8_t *at = (const uint8_t *)object + field->offset;

	switch (field->kind) {
	case LEDGER_BYTES:
		return sd_json_variant_new_hex(ret, at, field->size);
	case LEDGER_TEXT:
		return sd_json_variant_new_stringn(ret, (const char *)at,
						   strnlen((const char *)at, field->size));
	case LEDGER_S32:
		return sd_json_variant_new_integer(ret, (int64_t)ledger_number_get(field, object));
	default:
		return sd_json_variant_new_unsigned(ret, ledger_number_get(field, object));
	}
}

int ledger_json_make(const struct ledger_layout *layout, const void *object,
		     sd_json_variant **ret_json)
{
	sd_json_variant *pairs[2 * FIELDS_MAX] = {};
	size_t i;
	int r = 0;

	for (i = 0; i < layout->count && r >= 0; i++) {
		r = sd_json_variant_new_string(&pairs[2 * i], layout->fields[i].name);
		if (r >= 0)
			r = make_value(&layout->fields[i], object, &pairs[2 * i + 1]);
	}
	if (r >= 0)
		r = sd_json_variant_new_object(ret_json, pairs, 2 * layout->count);
	for (i = 0; i < ARRAY_SIZE(pairs); i++)
		sd_json_variant_unref(pairs[i]);
	return r < 0 ? r : 0;
}

/* --- Reading -------------------------------------------------------------------------- */

static bool read_bytes(const struct ledger_field *field, sd_json_variant *value, void *object)
{
	uint8_t *at = (uint8_t *)object + field->offset;
	const char *string;
	size_t size;

	if (!sd_json_variant_is_string(value))
		return false;
	string = sd_json_variant_string(value);
	if (field->kind == LEDGER_BYTES)
		return ledger_unhex(string, at, field->size);
	size = strlen(string);
	if (size >= field->size)
		return false;
	memset(mempcpy(at, string, size), 0, field->size - size);
	return true;
}

static bool read_number(const struct ledger_field *field, sd_json_variant *value, void *object)
{
	if (field->kind == LEDGER_S32)
		return sd_json_variant_is_integer(value) &&
		       ledger_number_put(field, object, (uint64_t)sd_json_variant_integer(value));
	return sd_json_variant_is_unsigned(value) &&
	       ledger_number_put(field, object, sd_json_variant_unsigned(value));
}

/* As many keys as fields, and each field's: so none stands twice, and none is foreign. */
int ledger_json_read(const struct ledger_layout *layout, sd_json_variant *json, void *object,
		     char text[static LEDGER_TEXT_MAX])
{
	const struct ledger_field *field;
	sd_json_variant *value;

	if (!sd_json_variant_is_object(json))
		return ledger_say(text, -EBADMSG, "is not a JSON object");
	if (sd_json_variant_elements(json) != 2 * layout->count)
		return ledger_say(text, -EBADMSG, "has keys too many or too few: right are %zu",
				  layout->count);
	for (field = layout->fields; field < layout->fields + layout->count; field++) {
		value = sd_json_variant_by_key(json, field->name);
		if (!value)
			return ledger_say(text, -EBADMSG, "has no \"%s\"", field->name);
		if (!(is_bytes(field) ? read_bytes(field, value, object) :
					read_number(field, value, object)))
			return ledger_say(text, -EBADMSG, "\"%s\" is of a wrong kind or size",
					  field->name);
	}
	return 0;
}

int ledger_json_parse(const struct ledger_layout *layout, const char *line, void *object,
		      char text[static LEDGER_TEXT_MAX])
{
	_cleanup_(sd_json_variant_unrefp) sd_json_variant *json = NULL;
	int r;

	r = sd_json_parse(line, 0, &json, NULL, NULL);
	if (r == -ENOMEM)
		return ledger_say(text, r, "out of memory");
	if (r < 0)
		return ledger_say(text, -EBADMSG, "is not JSON");
	return ledger_json_read(layout, json, object, text);
}
