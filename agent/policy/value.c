// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Values as people write them, and back: numbers with units, lists of tiles,
 * CAN frames. Must never round: what a policy says is exactly what is meant.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "tool.h"

#define UNITS_MAX		7
#define FRACTION_DIGITS_MAX	18
/* digits that are written behind the point, as a power of ten */
#define DECIMALS_SCALE		1000

/* A unit and what one of it is in the smallest. */
struct unit_size {
	const char *name;
	uint64_t size;
};

/**
 * struct form - how a quantity is written
 * @noun: what it is
 * @example: of it
 * @units: from the largest to the smallest
 * @is_signed: it may be negative
 * @one_unit: the first is always written, the others are only understood
 */
struct form {
	const char *noun;
	const char *example;
	struct unit_size units[UNITS_MAX];
	bool is_signed;
	bool one_unit;
};

#define MIB	(1024ull * 1024)

static const struct form forms[] = {
	[QUANTITY_TEXT] = { "text", "any" },
	[QUANTITY_COUNT] = { "whole number", "16", .units = { { "", 1 } } },
	[QUANTITY_BYTES] = { "size with a unit", "512 KiB or 8 MiB", .units = {
		{ "GiB", 1024 * MIB }, { "MiB", MIB }, { "KiB", 1024 }, { "B", 1 } } },
	[QUANTITY_TIME] = { "time with a unit", "250 us, 100 ms or 1.5 s", .units = {
		{ "h", 3600000000000ull }, { "min", 60000000000ull }, { "s", 1000000000 },
		{ "ms", 1000000 }, { "us", 1000 }, { "ns", 1 } } },
	[QUANTITY_POWER] = { "power with a unit", "800 mW or 20 W", .units = {
		{ "kW", 1000000 }, { "W", 1000 }, { "mW", 1 } } },
	[QUANTITY_TEMPERATURE] = { "temperature with a unit", "95 °C or -10.5 °C",
		.units = { { "°C", 1000 } }, .is_signed = true },
	[QUANTITY_DIFFERENCE] = { "temperature difference with a unit", "1.5 K", .units = {
		{ "K", 1000 }, { "mK", 1 } } },
	[QUANTITY_RESISTANCE] = { "thermal resistance with a unit", "1.25 K/W", .units = {
		{ "K/W", 1000 }, { "mK/W", 1 } } },
	[QUANTITY_CAPACITY] = { "thermal capacity with a unit", "20 J/K", .units = {
		{ "kJ/K", 1000000 }, { "J/K", 1000 }, { "mJ/K", 1 } } },
	[QUANTITY_ENERGY] = { "quantity of energy with a unit", "500 Wh or 20 kWh", .units = {
		{ "kWh", 3600000000000ull }, { "Wh", 3600000000ull }, { "kJ", 1000000000 },
		{ "J", 1000000 }, { "mJ", 1000 }, { "uJ", 1 } } },
	[QUANTITY_SHARE] = { "share", "40 % or 125 permille", .units = {
		{ "%", 10 }, { "permille", 1 } }, .one_unit = true },
	[QUANTITY_TILES] = { "list of tiles", "0-3,5 or none" },
	[QUANTITY_FRAME] = { "CAN identifier",
		"0x3e9 (11 bits) or 0x18fef100 (29 bits, with all eight digits)" },
	[QUANTITY_FILE] = { "file", "owner.pem" },
};

/* What people write for a unit, too. */
static const struct {
	const char *written, *meant;
} aliases[] = {
	{ "µs", "us" }, { "μs", "us" }, { "C", "°C" }, { "‰", "permille" },
};

const char *value_noun(enum quantity quantity)
{
	return forms[quantity].noun;
}

const char *value_example(enum quantity quantity)
{
	return forms[quantity].example;
}

/* --- Numbers with a unit -------------------------------------------------- */

static int find_unit(const struct form *form, const char *name, uint64_t *ret_size)
{
	const struct unit_size *unit;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(aliases); i++) {
		if (!strcmp(aliases[i].written, name))
			name = aliases[i].meant;
	}
	for (unit = form->units; unit->name; unit++) {
		if (!strcmp(unit->name, name)) {
			*ret_size = unit->size;
			return 0;
		}
	}
	return -EINVAL;
}

/* The digits behind the point, as the part of @size that they are. */
static int parse_fraction(const char *digits, size_t count, uint64_t size, uint64_t *ret_part)
{
	unsigned __int128 part = 0;
	uint64_t whole = 1;

	if (count > FRACTION_DIGITS_MAX)
		return -EDOM;
	for (; count; count--) {
		part = part * 10 + (unsigned int)(*digits++ - '0');
		whole *= 10;
	}
	part *= size;
	if (part % whole)
		return -EDOM;
	*ret_part = (uint64_t)(part / whole);
	return 0;
}

/* A number without its sign, as its pieces. */
struct number {
	uint64_t whole;
	const char *fraction;
	size_t fraction_digits;
	const char *unit;
};

static int split_number(const char *text, struct number *number)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	number->whole = strtoull(text, &end, 10);
	if (errno)
		return -ERANGE;
	if (*end == '.') {
		number->fraction = ++end;
		number->fraction_digits = strspn(end, "0123456789");
		if (!number->fraction_digits)
			return -EINVAL;
	}
	end += number->fraction_digits;
	number->unit = end + strspn(end, " \t");
	return 0;
}

static int parse_scaled(const struct form *form, const char *text, uint64_t *ret_value)
{
	bool negative = form->is_signed && *text == '-';
	struct number number = {};
	uint64_t size = 1, part;
	int r;

	r = split_number(text + negative, &number);
	if (r < 0)
		return r;
	/* nothing is nothing in every unit, but not of temperature */
	if ((*number.unit || number.whole || form->is_signed) &&
	    find_unit(form, number.unit, &size) < 0)
		return -EINVAL;
	r = parse_fraction(number.fraction, number.fraction_digits, size, &part);
	if (r < 0)
		return r;
	if (__builtin_mul_overflow(number.whole, size, ret_value) ||
	    __builtin_add_overflow(*ret_value, part, ret_value) ||
	    (form->is_signed && *ret_value > INT64_MAX))
		return -ERANGE;
	if (negative)
		*ret_value = -*ret_value;
	return 0;
}

/* The largest unit that needs no more digits than are written, or the smallest. */
static const struct unit_size *fitting_unit(const struct form *form, uint64_t value)
{
	const struct unit_size *unit = form->units;

	while (unit[1].name && !form->one_unit &&
	       (value < unit->size || (unsigned __int128)value * DECIMALS_SCALE % unit->size))
		unit++;
	return unit;
}

static void format_scaled(const struct form *form, uint64_t value, char *text)
{
	bool negative = form->is_signed && (int64_t)value < 0;
	const struct unit_size *unit;
	uint64_t part;
	int length;

	value = negative ? -value : value;
	unit = fitting_unit(form, value);
	part = (uint64_t)((unsigned __int128)(value % unit->size) * DECIMALS_SCALE / unit->size);
	length = snprintf(text, VALUE_TEXT_MAX, "%s%" PRIu64 ".%03" PRIu64, negative ? "-" : "",
			  value / unit->size, part);
	while (text[length - 1] == '0')
		length--;
	if (text[length - 1] == '.')
		length--;
	snprintf(text + length, VALUE_TEXT_MAX - (size_t)length, "%s%s", *unit->name ? " " : "",
		 unit->name);
}

/* --- Tiles ---------------------------------------------------------------- */

static int parse_tile(const char **text, uint32_t *ret_tile)
{
	unsigned long tile;
	char *end;

	if (!isdigit((unsigned char)**text))
		return -EINVAL;
	tile = strtoul(*text, &end, 10);
	if (tile > 31)
		return -ERANGE;
	*ret_tile = (uint32_t)tile;
	*text = end + strspn(end, " \t");
	return 0;
}

/* "3" or "0-3", which adds to @mask */
static int parse_range(const char **text, uint32_t *mask)
{
	uint32_t first, last;
	int r;

	r = parse_tile(text, &first);
	last = first;
	if (!r && **text == '-') {
		(*text)++;
		*text += strspn(*text, " \t");
		r = parse_tile(text, &last);
	}
	if (!r && last < first)
		r = -EINVAL;
	for (; !r && first <= last; first++)
		*mask |= 1u << first;
	return r;
}

static int parse_tiles(const char *text, uint64_t *ret_value)
{
	uint32_t mask = 0;
	int r;

	*ret_value = 0;
	if (!strcmp(text, "none"))
		return 0;
	for (;;) {
		r = parse_range(&text, &mask);
		if (r || *text != ',')
			break;
		text++;
		text += strspn(text, " \t");
	}
	*ret_value = mask;
	return r ?: *text ? -EINVAL : 0;
}

static void format_tiles(uint32_t mask, char *text)
{
	uint32_t first, last;
	int length = 0;

	snprintf(text, VALUE_TEXT_MAX, "none");
	for (first = 0; first < 32; first = last + 1) {
		last = first;
		if (!(mask >> first & 1))
			continue;
		while (last < 31 && mask >> (last + 1) & 1)
			last++;
		length += snprintf(text + length, VALUE_TEXT_MAX - (size_t)length,
				   first == last ? "%s%u" : "%s%u-%u", length ? "," : "", first,
				   last);
	}
}

/* --- CAN frames ----------------------------------------------------------- */

/* As can-utils have it: eight digits are an identifier of 29 bits. */
static int parse_frame(const char *text, uint64_t *ret_value)
{
	size_t digits;

	if (strncmp(text, "0x", 2))
		return -EINVAL;
	text += 2;
	digits = strspn(text, "0123456789abcdefABCDEF");
	if (!digits || digits > 8 || text[digits] || (digits > 3 && digits < 8))
		return -EINVAL;
	*ret_value = strtoul(text, NULL, 16);
	if (digits == 8 && *ret_value >= LAYBY_POLICY_CAN_EXTENDED)
		return -ERANGE;
	if (digits == 8)
		*ret_value |= LAYBY_POLICY_CAN_EXTENDED;
	return 0;
}

static void format_frame(uint32_t id, char *text)
{
	snprintf(text, VALUE_TEXT_MAX, id & LAYBY_POLICY_CAN_EXTENDED ? "0x%08x" : "0x%03x",
		 id & ~LAYBY_POLICY_CAN_EXTENDED);
}

/* -------------------------------------------------------------------------- */

int value_parse(enum quantity quantity, const char *text, uint64_t *ret_value)
{
	switch (quantity) {
	case QUANTITY_TILES:
		return parse_tiles(text, ret_value);
	case QUANTITY_FRAME:
		return parse_frame(text, ret_value);
	default:
		return parse_scaled(&forms[quantity], text, ret_value);
	}
}

const char *value_format(enum quantity quantity, uint64_t value, char *text)
{
	switch (quantity) {
	case QUANTITY_TILES:
		format_tiles((uint32_t)value, text);
		break;
	case QUANTITY_FRAME:
		format_frame((uint32_t)value, text);
		break;
	default:
		format_scaled(&forms[quantity], value, text);
	}
	return text;
}

bool value_read(struct conf *conf, const struct conf_entry *entry, enum quantity quantity,
		uint64_t *ret_value)
{
	char finest[VALUE_TEXT_MAX];

	switch (value_parse(quantity, entry->value, ret_value)) {
	case 0:
		return true;
	case -EDOM:
		conf_problem(conf, entry->line, "%s=%s is finer than %s", entry->key, entry->value,
			     value_format(quantity, 1, finest));
		return false;
	case -ERANGE:
		conf_problem(conf, entry->line, "%s=%s is too large", entry->key, entry->value);
		return false;
	default:
		conf_problem(conf, entry->line, "%s=%s is not a %s; right is for instance %s",
			     entry->key, entry->value, value_noun(quantity),
			     value_example(quantity));
		return false;
	}
}

int value_width(const char *text, int columns)
{
	for (; *text; text++)
		columns += (*text & 0xc0) == 0x80;
	return columns;
}
