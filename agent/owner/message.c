// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The owner's settings in messages: see message.h.
 */
#include "message.h"

#include <errno.h>
#include <string.h>

#define invalid(error, ...) sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, __VA_ARGS__)

/* --- reading -------------------------------------------------------------- */

static int wrong_number(const struct owner_number *number, sd_bus_error *error)
{
	char right[OWNER_PROBLEM_MAX];

	return invalid(error, "%s", owner_number_right(number, right));
}

/* -ERANGE: does not fit */
static int read_value(sd_bus_message *m, const struct owner_number *number, int64_t *ret_value)
{
	const char type[] = { number->type, '\0' };
	union {
		uint32_t u;
		int32_t i;
		uint64_t t;
	} value;
	int r;

	r = sd_bus_message_read(m, "v", type, &value);
	if (r < 0)
		return r;
	if (number->type == 't' && value.t > INT64_MAX)
		return -ERANGE;
	*ret_value = number->type == 'u' ? value.u :
		     number->type == 'i' ? value.i : (int64_t)value.t;
	return 0;
}

static int read_number(sd_bus_message *m, const struct owner_number *number,
		       struct owner_change *change, sd_bus_error *error)
{
	int64_t value;
	int r;

	if (number == OWNER_PAUSE)
		return invalid(error, "%s is no setting: there are Pause and Resume", number->name);
	r = read_value(m, number, &value);
	if (r >= 0)
		r = owner_change_number(change, number, value);
	if (r == -EEXIST)
		return invalid(error, "%s stands there twice", number->name);
	return r < 0 ? wrong_number(number, error) : 0;
}

static int read_currency(sd_bus_message *m, struct owner_change *change, sd_bus_error *error)
{
	const char *text;

	if (change->currency)
		return invalid(error, OWNER_CURRENCY " stands there twice");
	if (sd_bus_message_read(m, "v", "s", &text) < 0 || (strlen(text) != 3 && *text))
		return invalid(error, OWNER_CURRENCY
			       " must be of type s, three capital letters, or empty");
	memset(change->to.currency, 0, sizeof(change->to.currency));
	strcpy(change->to.currency, text);
	change->currency = true;
	return 0;
}

static int read_price(sd_bus_message *m, struct owner_change *change, sd_bus_error *error)
{
	size_t size = 0;
	const void *prices;
	int r;

	if (change->price)
		return invalid(error, OWNER_PRICE " stands there twice");
	r = sd_bus_message_enter_container(m, 'v', "au");
	if (r > 0)
		r = sd_bus_message_read_array(m, 'u', &prices, &size);
	if (r < 0 || size != sizeof(change->to.price_micro_per_kwh))
		return invalid(error, OWNER_PRICE
			       " must be of type au, 24 numbers: of each hour of the day, in millionths of the currency");
	memcpy(change->to.price_micro_per_kwh, prices, size);
	change->price = true;
	r = sd_bus_message_exit_container(m);
	return r < 0 ? r : 0;
}

static int fail_unknown(const char *name, sd_bus_error *error)
{
	char names[OWNER_NUMBERS * 24] = "";
	size_t i;

	for (i = 0; i + 1 < OWNER_NUMBERS; i++) {
		strcat(names, owner_numbers[i].name);
		strcat(names, ", ");
	}
	return invalid(error, "unknown setting \"%s\": there are %s" OWNER_CURRENCY " and "
		       OWNER_PRICE, name, names);
}

static int read_setting(sd_bus_message *m, const char *name, struct owner_change *change,
			sd_bus_error *error)
{
	const struct owner_number *number = owner_number_find(name);

	if (number)
		return read_number(m, number, change, error);
	if (!strcmp(name, OWNER_CURRENCY))
		return read_currency(m, change, error);
	if (!strcmp(name, OWNER_PRICE))
		return read_price(m, change, error);
	return fail_unknown(name, error);
}

int owner_change_read(sd_bus_message *m, struct owner_change *ret_change, sd_bus_error *error)
{
	struct owner_change change = {};
	const char *name;
	int r;

	r = sd_bus_message_enter_container(m, 'a', "{sv}");
	if (r < 0)
		return r;
	while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		r = sd_bus_message_read(m, "s", &name);
		if (r >= 0)
			r = read_setting(m, name, &change, error);
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
		if (r < 0)
			return r;
	}
	if (r >= 0)
		r = sd_bus_message_exit_container(m);
	if (r >= 0)
		*ret_change = change;
	return r;
}

/* --- writing -------------------------------------------------------------- */

static int append_number(sd_bus_message *m, const struct owner_settings *set,
			 const struct owner_number *number)
{
	int64_t value = owner_number_get(set, number);

	switch (number->type) {
	case 't':
		return sd_bus_message_append(m, "{sv}", number->name, "t", (uint64_t)value);
	case 'i':
		return sd_bus_message_append(m, "{sv}", number->name, "i", (int32_t)value);
	default:
		return sd_bus_message_append(m, "{sv}", number->name, "u", (uint32_t)value);
	}
}

static int append_price(sd_bus_message *m, const struct owner_settings *set)
{
	int r;

	r = sd_bus_message_open_container(m, 'e', "sv");
	if (r >= 0)
		r = sd_bus_message_append(m, "s", OWNER_PRICE);
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'v', "au");
	if (r >= 0)
		r = sd_bus_message_append_array(m, 'u', set->price_micro_per_kwh,
						sizeof(set->price_micro_per_kwh));
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

int owner_change_append(sd_bus_message *m, const struct owner_change *change)
{
	size_t i;
	int r;

	r = sd_bus_message_open_container(m, 'a', "{sv}");
	for (i = 0; r >= 0 && i < OWNER_NUMBERS; i++)
		if (owner_change_has(change, &owner_numbers[i]))
			r = append_number(m, &change->to, &owner_numbers[i]);
	if (r >= 0 && change->currency)
		r = sd_bus_message_append(m, "{sv}", OWNER_CURRENCY, "s", change->to.currency);
	if (r >= 0 && change->price)
		r = append_price(m, &change->to);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

struct owner_change owner_change_all(const struct owner_settings *set)
{
	return (struct owner_change){
		.to = *set,
		.numbers = (1u << (OWNER_NUMBERS - 1)) - 1,
		.currency = true,
		.price = true,
	};
}
