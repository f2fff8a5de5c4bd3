// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Times as people write them, and back. A token knows one offset from UTC and no
 * daylight saving: its local time is that of the offset, all the year.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "tool.h"

#define DAY_S	86400

static const char *const time_forms[] = {
	"%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M",
};

static const struct {
	const char *name;
	uint64_t s;
} spans[] = {
	{ "d", DAY_S }, { "h", 3600 }, { "min", 60 }, { "s", 1 },
};

/* All of the text, and a time that there is: no 31 February. */
static bool read_form(const char *text, const char *form, uint64_t *ret_s)
{
	struct tm tm = {}, same;
	const char *end = strptime(text, form, &tm);
	time_t s;

	if (!end || *end)
		return false;
	same = tm;
	s = timegm(&same);
	if (s < 0 || same.tm_mday != tm.tm_mday || same.tm_hour != tm.tm_hour ||
	    same.tm_min != tm.tm_min || same.tm_sec != tm.tm_sec)
		return false;
	*ret_s = (uint64_t)s;
	return true;
}

static bool read_count(const char *text, uint64_t *ret_s)
{
	unsigned long long number;
	char *end;
	size_t i;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	number = strtoull(text, &end, 10);
	for (i = 0; i < ARRAY_SIZE(spans); i++) {
		if (!strcmp(end, spans[i].name) && !errno && number <= UINT32_MAX) {
			*ret_s = number * spans[i].s;
			return true;
		}
	}
	return false;
}

static bool read_span(const char *text, char sign, uint64_t *ret_s)
{
	return *text == sign && read_count(text + 1, ret_s);
}

int span_parse(const char *option, const char *text, uint64_t *ret_s)
{
	if (!read_count(text, ret_s) || !*ret_s)
		return fail(EXIT_USAGE, "%s: \"%s\" is no time; right is 90min, 2h or 3d", option,
			    text);
	return EXIT_OK;
}

/*
 * Seconds since 1970 of a text; *ret_whole is how many seconds it names: one, or
 * a day. With the sign a span is counted from @from_s, '+' or '-'.
 */
static int read_time(const char *option, const char *text, char sign, int32_t offset_min,
		     uint64_t from_s, uint64_t *ret_s, uint64_t *ret_whole)
{
	uint64_t s;
	size_t i;

	*ret_whole = 0;
	if (read_span(text, sign, &s)) {
		*ret_s = sign == '+' ? from_s + s : from_s > s ? from_s - s : 0;
		return EXIT_OK;
	}
	for (i = 0; i < ARRAY_SIZE(time_forms); i++) {
		if (read_form(text, time_forms[i], &s))
			break;
	}
	if (i == ARRAY_SIZE(time_forms)) {
		if (!read_form(text, "%Y-%m-%d", &s))
			return fail(EXIT_USAGE,
				    "%s: \"%s\" is no time; right is 2026-12-31, \"2026-12-31 18:00\" or %c30d",
				    option, text, sign);
		*ret_whole = DAY_S;
	}
	*ret_s = s - (uint64_t)(offset_min * 60);
	return EXIT_OK;
}

int from_parse(const char *text, int32_t offset_min, uint64_t *ret_s)
{
	uint64_t now = (uint64_t)time(NULL), whole;

	if (!text || !strcmp(text, "now")) {
		*ret_s = now;
		return EXIT_OK;
	}
	return read_time("--from", text, '+', offset_min, now, ret_s, &whole);
}

int until_parse(const char *text, int32_t offset_min, uint64_t from_s, uint64_t *ret_s)
{
	uint64_t whole;
	int r;

	r = read_time("--until", text, '+', offset_min, from_s, ret_s, &whole);
	if (r == EXIT_OK)
		*ret_s += whole - 1;
	return r;
}

int since_parse(const char *text, int32_t offset_min, uint64_t *ret_s)
{
	uint64_t whole;

	return read_time("--since", text, '-', offset_min, (uint64_t)time(NULL), ret_s, &whole);
}

int offset_parse_of(const char *option, const char *text, int32_t *ret_offset_min)
{
	time_t now = time(NULL);
	const char *end;
	struct tm tm;

	if (!text) {
		localtime_r(&now, &tm);
	} else {
		end = strptime(text, "%z", &tm);
		if (!end || *end || tm.tm_gmtoff % 60 ||
		    tm.tm_gmtoff < LAYBY_CONSENT_OFFSET_LOW_MIN * 60 ||
		    tm.tm_gmtoff > LAYBY_CONSENT_OFFSET_HIGH_MIN * 60)
			return fail(EXIT_USAGE,
				    "%s: \"%s\" is none; right is -12:00 to +14:00, as +02:00",
				    option, text);
	}
	*ret_offset_min = (int32_t)(tm.tm_gmtoff / 60);
	return EXIT_OK;
}

int offset_parse(const char *text, int32_t *ret_offset_min)
{
	return offset_parse_of("--utc-offset", text, ret_offset_min);
}

bool minute_parse(const char *text, size_t length, uint32_t *ret_minute)
{
	char part[6] = "";
	struct tm tm = {};
	const char *end;

	if (length != 5)
		return false;
	memcpy(part, text, length);
	if (!strcmp(part, "24:00")) {
		*ret_minute = LAYBY_CONSENT_DAY_MIN;
		return true;
	}
	end = strptime(part, "%H:%M", &tm);
	*ret_minute = (uint32_t)(tm.tm_hour * 60 + tm.tm_min);
	return end && !*end;
}

int hours_parse(const char *option, const char *text, uint32_t *ret_from_min,
		uint32_t *ret_until_min)
{
	const char *dash = strchr(text, '-');

	if (!dash || !minute_parse(text, (size_t)(dash - text), ret_from_min) ||
	    !minute_parse(dash + 1, strlen(dash + 1), ret_until_min) ||
	    *ret_from_min == LAYBY_CONSENT_DAY_MIN)
		return fail(EXIT_USAGE,
			    "%s: \"%s\" are none; right is 22:00-06:00, or 00:00-24:00 for all day",
			    option, text);
	/* midnight is the end of a day, not its beginning */
	if (!*ret_until_min)
		*ret_until_min = LAYBY_CONSENT_DAY_MIN;
	return EXIT_OK;
}

const char *offset_format(int32_t offset_min, char *text)
{
	uint32_t minutes = (uint32_t)(offset_min < 0 ? -offset_min : offset_min);

	if (!offset_min)
		snprintf(text, TIME_TEXT_MAX, "UTC");
	else
		snprintf(text, TIME_TEXT_MAX, "UTC%c%02u:%02u", offset_min < 0 ? '-' : '+',
			 minutes / 60 % 100, minutes % 60);
	return text;
}

const char *time_format(uint64_t s, int32_t offset_min, char *text)
{
	time_t local = (time_t)s + offset_min * 60;
	char offset[TIME_TEXT_MAX];
	struct tm tm;
	size_t length;

	length = strftime(text, TIME_TEXT_MAX, "%Y-%m-%d %H:%M:%S ", gmtime_r(&local, &tm));
	snprintf(text + length, TIME_TEXT_MAX - length, "%s", offset_format(offset_min, offset));
	return text;
}
