// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * D-Bus properties as JSON: only those that a table names, under its keys.
 */
#include "command.h"

#include <errno.h>
#include <string.h>

static const struct field *find_field(const struct field *fields,
				      const char *bus)
{
	for (; fields->key; fields++)
		if (fields->bus && !strcmp(fields->bus, bus))
			return fields;
	return NULL;
}

static int read_basic(sd_bus_message *m, char type, sd_json_variant **ret_value)
{
	union {
		const char *string;
		int boolean;
		int32_t integer;
		uint32_t number;
		uint64_t large;
	} value;
	int r;

	r = sd_bus_message_read_basic(m, type, &value);
	if (r < 0)
		return r;
	switch (type) {
	case 's':
		return sd_json_variant_new_string(ret_value, value.string);
	case 'b':
		return sd_json_variant_new_boolean(ret_value, value.boolean);
	case 'i':
		return sd_json_variant_new_integer(ret_value, value.integer);
	case 'u':
		return sd_json_variant_new_unsigned(ret_value, value.number);
	case 't':
		return sd_json_variant_new_unsigned(ret_value, value.large);
	default:
		return -EBADMSG;
	}
}

static int read_variant(sd_bus_message *m, const char *key,
			sd_json_variant **object)
{
	_cleanup_(sd_json_variant_unrefp) sd_json_variant *value = NULL;
	const char *type;
	int r;

	r = sd_bus_message_peek_type(m, NULL, &type);
	if (r < 0)
		return r;
	if (strlen(type) != 1 || !strchr("sbiut", *type))
		return sd_bus_message_skip(m, "v");
	r = sd_bus_message_enter_container(m, 'v', type);
	if (r < 0)
		return r;
	r = read_basic(m, *type, &value);
	if (r < 0)
		return r;
	r = sd_bus_message_exit_container(m);
	return r < 0 ? r : sd_json_variant_set_field(object, key, value);
}

static int read_property(sd_bus_message *m, const struct field *fields,
			 sd_json_variant **object)
{
	const struct field *field;
	const char *name;
	int r;

	r = sd_bus_message_read(m, "s", &name);
	if (r < 0)
		return r;
	field = find_field(fields, name);
	r = field ? read_variant(m, field->key, object) :
		    sd_bus_message_skip(m, "v");
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

int read_properties(sd_bus_message *m, const struct field *fields,
		    sd_json_variant **object)
{
	int r;

	r = sd_bus_message_enter_container(m, 'a', "{sv}");
	if (r < 0)
		return r;
	while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		r = read_property(m, fields, object);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : sd_bus_message_exit_container(m);
}
