// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Fields of a JSON object, put one after the other. After an error nothing more is
 * put, and the error stays: it is asked for once, at the end.
 *
 * Every text of a report goes through here. Must never let one pass that a
 * terminal takes for an order.
 */
#include <string.h>
#include <time.h>

#include "audit.h"

#define NSEC_PER_SEC	1000000000

static void put_value(struct object *object, const char *key, sd_json_variant *value)
{
	if (object->error >= 0)
		object->error = sd_json_variant_set_field(&object->json, key, value);
}

/* Takes @value, which @r says whether it was made. */
static void put_made(struct object *object, const char *key, int r, sd_json_variant *value)
{
	if (r >= 0)
		put_value(object, key, value);
	else if (object->error >= 0)
		object->error = r;
	sd_json_variant_unref(value);
}

static void put_null(struct object *object, const char *key)
{
	sd_json_variant *value = NULL;
	int r = sd_json_variant_new_null(&value);

	put_made(object, key, r, value);
}

static void make_printable(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

void put_text(struct object *object, const char *key, const char *text)
{
	_cleanup_free_ char *printable = NULL;
	sd_json_variant *value = NULL;
	int r;

	if (!text || !*text) {
		put_null(object, key);
		return;
	}
	printable = must_strdup(text);
	make_printable(printable);
	r = sd_json_variant_new_string(&value, printable);
	put_made(object, key, r, value);
}

void put_unsigned(struct object *object, const char *key, bool is, uint64_t number)
{
	sd_json_variant *value = NULL;
	int r = is ? sd_json_variant_new_unsigned(&value, number) :
		     sd_json_variant_new_null(&value);

	put_made(object, key, r, value);
}

void put_signed(struct object *object, const char *key, bool is, int64_t number)
{
	sd_json_variant *value = NULL;
	int r = is ? sd_json_variant_new_integer(&value, number) :
		     sd_json_variant_new_null(&value);

	put_made(object, key, r, value);
}

void put_bool(struct object *object, const char *key, bool is, bool yes)
{
	sd_json_variant *value = NULL;
	int r = is ? sd_json_variant_new_boolean(&value, yes) :
		     sd_json_variant_new_null(&value);

	put_made(object, key, r, value);
}

void put_hex(struct object *object, const char *key, bool is, const uint8_t *bytes, size_t size)
{
	sd_json_variant *value = NULL;
	int r = is ? sd_json_variant_new_hex(&value, bytes, size) :
		     sd_json_variant_new_null(&value);

	put_made(object, key, r, value);
}

void put_utc(struct object *object, const char *key, bool is, int64_t wall_ns)
{
	time_t s = (time_t)(wall_ns / NSEC_PER_SEC);
	char text[32] = "";
	struct tm tm;

	if (is && gmtime_r(&s, &tm))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	put_text(object, key, text);
}

void put_object(struct object *object, const char *key, struct object value)
{
	put_made(object, key, value.error, value.json);
}

void append_object(struct object *array, struct object value)
{
	if (array->error >= 0)
		array->error = value.error;
	if (array->error >= 0)
		array->error = sd_json_variant_append_array(&array->json, value.json);
	sd_json_variant_unref(value.json);
}
