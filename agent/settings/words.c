// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Settings as people write them: KEY=VALUE. What a value may be is decided by
 * owner/settings.c and by the agent; here words become numbers.
 */
#include "tool.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "../consent/tool.h"
#include "../policy/tool.h"

#define WORD_MAX	256
#define ALL_HOURS	((1u << OWNER_HOURS) - 1)

const char words_help[] =
	"  cap=20W                 most that guest work may draw\n"
	"  quiet=22:00-06:00       quiet hours\n"
	"  quiet-cap=5W            most that it may draw in them (0W: none at all)\n"
	"  charge-min=40%          nothing is lent below that charge\n"
	"  departure=07:30/80%     each day at that time the battery holds that much\n"
	"  energy-day=2kWh         most that is lent a day\n"
	"  price=0.30EUR           of a kilowatt hour; or by hour of the day, as\n"
	"                          price=0-5:0.18EUR,6-23:0.32EUR\n"
	"  utc-offset=+02:00       what local time is; unless it is given, this machine's is\n"
	"                          set with every setting that is about hours or days\n"
	"Each but utc-offset may be \"none\".\n";

static int put(struct owner_change *change, const char *key, const char *name, int64_t value)
{
	const struct owner_number *number = owner_number_find(name);
	char right[OWNER_PROBLEM_MAX];
	int r;

	r = owner_change_number(change, number, value);
	if (r == -EEXIST)
		return fail(EXIT_USAGE, "%s stands there twice", key);
	if (r < 0)
		return fail(EXIT_USAGE, "%s: %s", key, owner_number_right(number, right));
	return EXIT_OK;
}

/* Of what is not signed. */
static int parse_quantity(const char *key, const char *text, enum quantity quantity,
			  uint64_t *ret_value)
{
	int r = value_parse(quantity, text, ret_value);

	if (r < 0 || *ret_value > INT64_MAX)
		return fail(EXIT_USAGE, "%s: \"%s\" is %s; right is a %s as %s, or none", key, text,
			    r == -EINVAL ? "none" : "more, or finer, than can be held",
			    value_noun(quantity), value_example(quantity));
	return EXIT_OK;
}

/* 0 would be no limit at all, which is not what anybody means by it. */
static int parse_limit(const char *key, const char *text, enum quantity quantity,
		       uint64_t *ret_value)
{
	int r = parse_quantity(key, text, quantity, ret_value);

	if (r == EXIT_OK && !*ret_value)
		return fail(EXIT_USAGE,
			    "%s=%s would lend nothing: laybyctl pause does that; %s=none is no limit",
			    key, text, key);
	return r;
}

static int parse_percent(const char *key, const char *text, uint64_t *ret_percent)
{
	uint64_t permille;
	int r = parse_quantity(key, text, QUANTITY_SHARE, &permille);

	if (r == EXIT_OK && permille % 10)
		return fail(EXIT_USAGE, "%s: \"%s\" is no whole percent", key, text);
	*ret_percent = permille / 10;
	return r;
}

static bool is_none(const char *text)
{
	return !strcmp(text, "none");
}

/* --- each of them --------------------------------------------------------- */

static int set_cap(const char *key, const char *text, struct owner_change *change)
{
	uint64_t mw = 0;
	int r = EXIT_OK;

	if (!is_none(text))
		r = parse_limit(key, text, QUANTITY_POWER, &mw);
	return r == EXIT_OK ? put(change, key, "CapMw", (int64_t)mw) : r;
}

static int set_quiet(const char *key, const char *text, struct owner_change *change)
{
	uint32_t from = 0, until = 0;
	int r = EXIT_OK;

	if (!is_none(text))
		r = hours_parse(key, text, &from, &until);
	if (r == EXIT_OK)
		r = put(change, key, "QuietFromMin", from);
	return r == EXIT_OK ? put(change, key, "QuietUntilMin", until) : r;
}

static int set_quiet_cap(const char *key, const char *text, struct owner_change *change)
{
	uint64_t mw = 0;
	int r = EXIT_OK;

	if (!is_none(text))
		r = parse_quantity(key, text, QUANTITY_POWER, &mw);
	return r == EXIT_OK ? put(change, key, "QuietCapMw", (int64_t)mw) : r;
}

static int set_charge_min(const char *key, const char *text, struct owner_change *change)
{
	uint64_t percent = 0;
	int r = EXIT_OK;

	if (!is_none(text))
		r = parse_percent(key, text, &percent);
	return r == EXIT_OK ? put(change, key, "ChargeMinPercent", (int64_t)percent) : r;
}

static int set_departure(const char *key, const char *text, struct owner_change *change)
{
	const char *slash = strchr(text, '/');
	uint64_t percent = 0;
	uint32_t minute = 0;
	int r = EXIT_OK;

	if (!is_none(text)) {
		if (!slash || !minute_parse(text, (size_t)(slash - text), &minute))
			return fail(EXIT_USAGE, "%s: \"%s\" is none; right is 07:30/80%%, or none",
				    key, text);
		r = parse_percent(key, slash + 1, &percent);
	}
	/* midnight is 00:00 here, whichever way it is written */
	if (r == EXIT_OK)
		r = put(change, key, "DepartureMin", minute % OWNER_DAY_MIN);
	return r == EXIT_OK ? put(change, key, "DeparturePercent", (int64_t)percent) : r;
}

static int set_energy_day(const char *key, const char *text, struct owner_change *change)
{
	uint64_t uj = 0;
	int r = EXIT_OK;

	if (!is_none(text))
		r = parse_limit(key, text, QUANTITY_ENERGY, &uj);
	return r == EXIT_OK ? put(change, key, "EnergyDayUj", (int64_t)uj) : r;
}

static int set_utc_offset(const char *key, const char *text, struct owner_change *change)
{
	int32_t minutes;
	int r = offset_parse_of(key, text, &minutes);

	return r == EXIT_OK ? put(change, key, "UtcOffsetMin", minutes) : r;
}

/* --- price ---------------------------------------------------------------- */

/*
 * "0.30EUR". Millionths of a currency are to it as microjoule to joule, so that its
 * number is read as that is, exactly.
 */
static int parse_price(const char *key, const char *text, uint32_t *ret_micro,
		       char currency[static 4])
{
	size_t length = strspn(text, "0123456789.");
	const char *name = text + length + strspn(text + length, " ");
	char joule[WORD_MAX];
	uint64_t micro;
	int r;

	if (strlen(name) != 3)
		return fail(EXIT_USAGE, "%s: \"%s\" is none; right is 0.30EUR, or none", key, text);
	snprintf(joule, sizeof(joule), "%.*s J", (int)length, text);
	r = value_parse(QUANTITY_ENERGY, joule, &micro);
	if (r < 0 || micro > UINT32_MAX)
		return fail(EXIT_USAGE, "%s: \"%s\" is %s; right is 0.30EUR, or none", key, text,
			    r == -EINVAL ? "none" : "more, or finer, than can be held");
	*ret_micro = (uint32_t)micro;
	memcpy(currency, name, 4);
	return EXIT_OK;
}

/* "0-5": as tiles are written */
static int parse_hours(const char *key, const char *text, uint32_t *ret_hours)
{
	uint64_t hours;

	if (value_parse(QUANTITY_TILES, text, &hours) < 0 || !hours || hours & ~(uint64_t)ALL_HOURS)
		return fail(EXIT_USAGE, "%s: \"%s\" are no hours; right is 0-5, of 0 to 23", key,
			    text);
	*ret_hours = (uint32_t)hours;
	return EXIT_OK;
}

static int put_price(const char *key, struct owner_change *change, uint32_t hours, uint32_t micro,
		     const char *currency)
{
	uint32_t hour;

	if (*change->to.currency && strcmp(change->to.currency, currency))
		return fail(EXIT_USAGE, "%s: %s and %s: right is one currency", key,
			    change->to.currency, currency);
	memcpy(change->to.currency, currency, sizeof(change->to.currency));
	for (hour = 0; hour < OWNER_HOURS; hour++)
		if (hours >> hour & 1)
			change->to.price_micro_per_kwh[hour] = micro;
	return EXIT_OK;
}

/* "0-5:0.18EUR" or, for all hours, "0.30EUR"; writes to @part. */
static int set_part(const char *key, char *part, struct owner_change *change, uint32_t *named)
{
	char *colon = strchr(part, ':'), currency[4];
	uint32_t hours = ALL_HOURS, micro = 0;
	int r = EXIT_OK;

	if (colon) {
		*colon = '\0';
		r = parse_hours(key, part, &hours);
	}
	if (r == EXIT_OK)
		r = parse_price(key, colon ? colon + 1 : part, &micro, currency);
	if (r == EXIT_OK && *named & hours)
		r = fail(EXIT_USAGE, "%s: hour %d stands there twice", key,
			 __builtin_ctz(*named & hours));
	if (r != EXIT_OK)
		return r;
	*named |= hours;
	return put_price(key, change, hours, micro, currency);
}

static int set_price(const char *key, const char *text, struct owner_change *change)
{
	char parts[WORD_MAX], *part, *rest = parts;
	uint32_t named = 0;
	int r = EXIT_OK;

	if (change->price)
		return fail(EXIT_USAGE, "%s stands there twice", key);
	change->price = true;
	change->currency = true;
	if (is_none(text))
		return EXIT_OK;
	snprintf(parts, sizeof(parts), "%s", text);
	while (r == EXIT_OK && (part = strsep(&rest, ",")))
		r = set_part(key, part, change, &named);
	if (r == EXIT_OK && named != ALL_HOURS)
		return fail(EXIT_USAGE, "%s: hour %d is missing: right is a price for each of 0-23",
			    key, __builtin_ctz(~named));
	return r;
}

/* --- all of them ---------------------------------------------------------- */

static const struct {
	const char *key;
	int (*set)(const char *key, const char *text, struct owner_change *change);
	/* it is about hours or days */
	bool local;
} settings[] = {
	{ "cap", set_cap, false },
	{ "quiet", set_quiet, true },
	{ "quiet-cap", set_quiet_cap, false },
	{ "charge-min", set_charge_min, false },
	{ "departure", set_departure, true },
	{ "energy-day", set_energy_day, true },
	{ "price", set_price, true },
	{ "utc-offset", set_utc_offset, false },
};

static int set_word(const char *word, struct owner_change *change, bool *local)
{
	size_t length = strcspn(word, "="), i;

	if (!word[length] || strlen(word) >= WORD_MAX)
		return fail(EXIT_USAGE, "\"%s\" is no setting: right is KEY=VALUE, as cap=20W",
			    word);
	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		if (strlen(settings[i].key) != length || strncmp(settings[i].key, word, length))
			continue;
		*local |= settings[i].local;
		return settings[i].set(settings[i].key, word + length + 1, change);
	}
	return fail(EXIT_USAGE, "there is no setting \"%.*s\": see laybyctl settings --help",
		    (int)length, word);
}

int words_parse(char *const words[], size_t count, struct owner_change *change)
{
	const struct owner_number *offset = owner_number_find("UtcOffsetMin");
	bool local = false;
	int32_t minutes;
	int r = EXIT_OK;
	size_t i;

	*change = (struct owner_change){};
	for (i = 0; r == EXIT_OK && i < count; i++)
		r = set_word(words[i], change, &local);
	if (r != EXIT_OK || !local || owner_change_has(change, offset))
		return r;
	r = offset_parse_of("utc-offset", NULL, &minutes);
	return r == EXIT_OK ? put(change, "utc-offset", offset->name, minutes) : r;
}
