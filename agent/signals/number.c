// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Numbers of signals.conf. Must never round: what does not fit is wrong.
 */
#include "tool.h"

#include <ctype.h>
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define DECIMALS	6
#define MICRO		1000000

int number_parse(const char *text, uint32_t max, uint32_t *ret_number)
{
	unsigned long long number;
	char *end;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	number = strtoull(text, &end, strncmp(text, "0x", 2) ? 10 : 16);
	if (errno || *end || number > max)
		return -EINVAL;
	*ret_number = (uint32_t)number;
	return 0;
}

int decimal_parse(const char *text, int64_t *ret_micro)
{
	bool negative = *text == '-';
	uint64_t micro = 0;
	int decimals = -1;

	text += negative;
	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	for (; *text; text++) {
		if (*text == '.' && decimals < 0 && isdigit((unsigned char)text[1])) {
			decimals = 0;
			continue;
		}
		if (!isdigit((unsigned char)*text) || decimals == DECIMALS ||
		    micro > INT64_MAX / 10 - 1)
			return -EINVAL;
		micro = micro * 10 + (uint64_t)(*text - '0');
		decimals += decimals >= 0;
	}
	for (decimals = decimals < 0 ? 0 : decimals; decimals < DECIMALS; decimals++)
		if (__builtin_mul_overflow(micro, 10, &micro) || micro > INT64_MAX)
			return -EINVAL;
	*ret_micro = negative ? -(int64_t)micro : (int64_t)micro;
	return 0;
}

const char *decimal_format(int64_t micro, char *text)
{
	uint64_t size = micro < 0 ? 0 - (uint64_t)micro : (uint64_t)micro;
	size_t length;

	length = (size_t)snprintf(text, NUMBER_TEXT_MAX, "%s%" PRIu64 ".%06" PRIu64,
				  micro < 0 ? "-" : "", size / MICRO, size % MICRO);
	while (text[length - 1] == '0')
		text[--length] = '\0';
	if (text[length - 1] == '.')
		text[--length] = '\0';
	return text;
}

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, " \t");
}

/* One raw value; *@text then points behind it. */
static int parse_raw(const char **text, bool is_signed, int64_t *ret_raw)
{
	const char *digits = *text + (**text == '-');
	long long raw;
	char *end;

	if (!isdigit((unsigned char)*digits))
		return -EINVAL;
	errno = 0;
	raw = strtoll(*text, &end, strncmp(digits, "0x", 2) ? 10 : 16);
	if (errno || raw < (is_signed ? INT32_MIN : 0) ||
	    raw > (is_signed ? INT32_MAX : (int64_t)UINT32_MAX))
		return -EINVAL;
	*ret_raw = raw;
	*text = end;
	return 0;
}

static int parse_range(const char **text, bool is_signed, struct layby_signals_range *ret_range)
{
	int64_t low, high;

	if (parse_raw(text, is_signed, &low))
		return -EINVAL;
	high = low;
	if (!strncmp(*text, "..", 2)) {
		*text += 2;
		if (parse_raw(text, is_signed, &high))
			return -EINVAL;
	}
	ret_range->low = htole32((uint32_t)low);
	ret_range->high = htole32((uint32_t)high);
	return 0;
}

int ranges_parse(const char *text, bool is_signed, struct layby_signals_range *ranges,
		 uint32_t max, uint32_t *ret_count)
{
	uint32_t count = 0;

	for (;;) {
		text = skip_blanks(text);
		if (count == max || parse_range(&text, is_signed, &ranges[count]))
			return -EINVAL;
		count++;
		text = skip_blanks(text);
		if (!*text)
			break;
		if (*text++ != ',')
			return -EINVAL;
	}
	*ret_count = count;
	return 0;
}

static int64_t raw_value(__le32 value, bool is_signed)
{
	return is_signed ? (int64_t)(int32_t)le32toh(value) : (int64_t)le32toh(value);
}

const char *ranges_format(const struct layby_signals_range *ranges, uint32_t count,
			  bool is_signed, char *text)
{
	size_t at = 0;
	uint32_t i;

	*text = '\0';
	for (i = 0; i < count; i++) {
		int64_t low = raw_value(ranges[i].low, is_signed);
		int64_t high = raw_value(ranges[i].high, is_signed);

		at += (size_t)snprintf(text + at, NUMBER_TEXT_MAX - at, "%s%" PRId64,
				       i ? ", " : "", low);
		if (high != low)
			at += (size_t)snprintf(text + at, NUMBER_TEXT_MAX - at, "..%" PRId64,
					       high);
	}
	return text;
}
