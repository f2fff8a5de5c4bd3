// SPDX-License-Identifier: GPL-2.0-only
/*
 * The consent token: are these bytes a token, and when does it permit?
 *
 * Owns every rule that a token must keep; there is no other validator. Pure:
 * types and nothing else of the kernel, so that the same file is tested and used
 * by the tools on any host. It reads bytes, not structs: alignment and byte order
 * of the machine do not matter.
 *
 * Must never read outside the token, whose size is checked before all else. Must
 * never calculate with a time that is not in the years 2020 to 2099: those fit 32
 * bits in seconds, and a day before or after them does, too. No 64-bit division,
 * which 32-bit kernels have not.
 */
#ifdef __KERNEL__
#include <linux/errno.h>
#else
#include <errno.h>
#endif

#include "token.h"

#define S_TO_NS		1000000000ULL
/* A wall clock has no more seconds than bits up to this one */
#define SECONDS_BIT_LAST	0x200000000ULL
#define DAY_S		86400u
#define NEVER_FROM	0x7fffffffffffffffLL
#define NEVER_UNTIL	(-NEVER_FROM - 1)

#define U32		LAYBY_TOKEN_KIND_U32
#define S32		LAYBY_TOKEN_KIND_S32
#define U64		LAYBY_TOKEN_KIND_U64
#define ID		LAYBY_TOKEN_KIND_ID
#define AT(member)	offsetof(struct layby_consent_token, member)
#define RULE(name)	LAYBY_CONSENT_RULE_##name
#define FIELD(name)	LAYBY_CONSENT_FIELD_##name

static const struct layby_token_field_info fields[LAYBY_CONSENT_FIELDS] = {
	[FIELD(MAGIC)] = { "magic", AT(magic), U32, RULE(MAGIC),
		LAYBY_CONSENT_MAGIC, LAYBY_CONSENT_MAGIC },
	[FIELD(VERSION)] = { "version", AT(version), U32, RULE(VERSION),
		LAYBY_CONSENT_VERSION, LAYBY_CONSENT_VERSION },
	[FIELD(ID)] = { "id", AT(id), ID, RULE(ID), 0, 0 },
	[FIELD(SERIAL)] = { "serial", AT(serial), U64, RULE(RANGE), 1, ~0ULL },
	[FIELD(NOT_BEFORE_S)] = { "not_before_s", AT(not_before_s), U64, RULE(RANGE),
		LAYBY_CONSENT_TIME_MIN_S, LAYBY_CONSENT_TIME_MAX_S },
	[FIELD(NOT_AFTER_S)] = { "not_after_s", AT(not_after_s), U64, RULE(RANGE),
		LAYBY_CONSENT_TIME_MIN_S, LAYBY_CONSENT_TIME_MAX_S },
	[FIELD(ENERGY_DAY_UJ)] = { "energy_day_uj", AT(energy_day_uj), U64, RULE(RANGE),
		1, LAYBY_CONSENT_ENERGY_MAX_UJ },
	[FIELD(ENERGY_TOTAL_UJ)] = { "energy_total_uj", AT(energy_total_uj), U64, RULE(RANGE),
		1, LAYBY_CONSENT_ENERGY_MAX_UJ },
	[FIELD(HOURS_FROM_MIN)] = { "hours_from_min", AT(hours_from_min), U32, RULE(RANGE),
		0, LAYBY_CONSENT_DAY_MIN - 1 },
	[FIELD(HOURS_UNTIL_MIN)] = { "hours_until_min", AT(hours_until_min), U32, RULE(RANGE),
		1, LAYBY_CONSENT_DAY_MIN },
	[FIELD(UTC_OFFSET_MIN)] = { "utc_offset_min", AT(utc_offset_min), S32, RULE(RANGE),
		LAYBY_CONSENT_OFFSET_LOW_MIN, LAYBY_CONSENT_OFFSET_HIGH_MIN },
	[FIELD(CLASSES)] = { "classes", AT(classes), U32, RULE(RANGE), 1, LAYBY_CONSENT_CLASSES },
	[FIELD(FLAGS)] = { "flags", AT(flags), U32, RULE(RANGE), 0, LAYBY_CONSENT_FLAGS },
	[FIELD(CHARGE_MIN_PERCENT)] = { "charge_min_percent", AT(charge_min_percent), U32,
		RULE(RANGE), 0, 100 },
};

static const char *const rule_names[LAYBY_CONSENT_RULES] = {
	[RULE(NONE)] = "none",
	[RULE(SIZE)] = "size",
	[RULE(MAGIC)] = "magic",
	[RULE(VERSION)] = "version",
	[RULE(ID)] = "id",
	[RULE(RANGE)] = "range",
	[RULE(ORDER)] = "order",
	[RULE(LENGTH)] = "length",
	[RULE(ENERGY)] = "energy",
	[RULE(HOURS)] = "hours",
	[RULE(NEVER)] = "never",
};

const struct layby_token_field_info *layby_token_field_info(__u32 field)
{
	return field < LAYBY_CONSENT_FIELDS ? &fields[field] : NULL;
}

const char *layby_token_rule_name(__u32 rule)
{
	return rule < LAYBY_CONSENT_RULES ? rule_names[rule] : NULL;
}

/* --- Times ---------------------------------------------------------------- */

/* Takes @part off @rest if it is in it. */
static bool take(__u64 *rest, __u64 part)
{
	if (*rest < part)
		return false;
	*rest -= part;
	return true;
}

/* The second that @wall_ns is in, or the nearest of @low to @high. Long division. */
static __u32 seconds(__s64 wall_ns, __u32 low, __u32 high)
{
	__u64 rest = wall_ns > 0 ? wall_ns : 0, s = 0, bit;

	for (bit = SECONDS_BIT_LAST; bit; bit >>= 1) {
		if (take(&rest, bit * S_TO_NS))
			s |= bit;
	}
	if (s < low)
		return low;
	return s < high ? s : high;
}

/* Seconds since 1970 as a clock on the owner's wall shows them. */
static __u32 local(const struct layby_consent_terms *terms, __u32 s)
{
	return s + terms->utc_offset_min * 60;
}

/* Seconds since midnight there. */
static __u32 of_day(const struct layby_consent_terms *terms, __u32 s)
{
	return local(terms, s) % DAY_S;
}

static bool all_day(const struct layby_consent_terms *terms)
{
	return !terms->hours_from_min && terms->hours_until_min == LAYBY_CONSENT_DAY_MIN;
}

/*
 * The hours that @s is in, or the next ones: first second, first one after. The
 * hours of yesterday may not be over yet, those of today may.
 */
static void hours(const struct layby_consent_terms *terms, __u32 s, __u32 *from, __u32 *end)
{
	__u32 first = terms->hours_from_min * 60, last = terms->hours_until_min * 60;
	__u32 length = last - first + (last <= first ? DAY_S : 0);
	__u32 begin = s - of_day(terms, s) - DAY_S + first;

	while (begin + length <= s)
		begin += DAY_S;
	*from = begin;
	*end = begin + length;
}

/* In seconds, for an @s in which the terms hold: as layby_token_window(), both inclusive. */
static bool interval(const struct layby_consent_terms *terms, __u32 s, __u32 *from, __u32 *until)
{
	__u32 begin, end;

	*from = terms->not_before_s;
	*until = terms->not_after_s;
	if (all_day(terms))
		return true;
	hours(terms, s, &begin, &end);
	if (begin > *until)
		return false;
	*from = begin > *from ? begin : *from;
	*until = end <= *until ? end - 1 : *until;
	return true;
}

bool layby_token_window(const struct layby_consent_terms *terms, __s64 wall_ns,
			__s64 *from_ns, __s64 *until_ns)
{
	__u32 first = terms->not_before_s, last = terms->not_after_s, from, until;

	*from_ns = NEVER_FROM;
	*until_ns = NEVER_UNTIL;
	if (wall_ns >= (__s64)((last + 1ULL) * S_TO_NS) ||
	    !interval(terms, seconds(wall_ns, first, last), &from, &until))
		return false;
	*from_ns = from * S_TO_NS;
	*until_ns = (until + 1ULL) * S_TO_NS - 1;
	return true;
}

__u32 layby_token_day(const struct layby_consent_terms *terms, __s64 wall_ns)
{
	return local(terms, seconds(wall_ns, LAYBY_CONSENT_TIME_MIN_S,
				    LAYBY_CONSENT_TIME_MAX_S)) / DAY_S;
}

/* --- Rules ---------------------------------------------------------------- */

/* A number, sign-extended if it is signed. */
static __u64 get(const __u8 *blob, __u32 field)
{
	const __u8 *bytes = blob + fields[field].offset;
	__u32 i = fields[field].kind == U64 ? 8 : 4;
	__u64 value = 0;

	while (i--)
		value = value << 8 | bytes[i];
	return fields[field].kind == S32 ? (__u64)(__s64)(__s32)value : value;
}

static int refuse(struct layby_consent_error *err, __u32 rule, __u32 field, __u64 found,
		  __u64 low, __u64 high)
{
	*err = (struct layby_consent_error){ rule, field, found, low, high };
	return -EINVAL;
}

static int check_id(const __u8 *blob, struct layby_consent_error *err)
{
	__u32 i;

	for (i = 0; i < LAYBY_CONSENT_ID_BYTES; i++) {
		if (blob[AT(id) + i])
			return 0;
	}
	return refuse(err, RULE(ID), FIELD(ID), 0, 0, 0);
}

static int check_field(const __u8 *blob, __u32 field, struct layby_consent_error *err)
{
	const struct layby_token_field_info *is = &fields[field];
	/* moves the smallest negative number to 0, the order stays */
	__u64 bias = is->kind == S32 ? 1ULL << 63 : 0;
	__u64 value;

	if (is->kind == ID)
		return check_id(blob, err);
	value = get(blob, field);
	if ((value ^ bias) >= (is->low ^ bias) && (value ^ bias) <= (is->high ^ bias))
		return 0;
	return refuse(err, is->rule, field, value, is->low, is->high);
}

static int check_fields(const __u8 *blob, struct layby_consent_error *err)
{
	__u32 field;
	int ret = 0;

	for (field = 0; field < LAYBY_CONSENT_FIELDS && !ret; field++)
		ret = check_field(blob, field, err);
	return ret;
}

/* All in range by now. */
static void read_terms(const __u8 *blob, struct layby_consent_terms *terms)
{
	__u32 i;

	for (i = 0; i < LAYBY_CONSENT_ID_BYTES; i++)
		terms->id[i] = blob[AT(id) + i];
	terms->serial = get(blob, FIELD(SERIAL));
	terms->energy_day_uj = get(blob, FIELD(ENERGY_DAY_UJ));
	terms->energy_total_uj = get(blob, FIELD(ENERGY_TOTAL_UJ));
	terms->not_before_s = get(blob, FIELD(NOT_BEFORE_S));
	terms->not_after_s = get(blob, FIELD(NOT_AFTER_S));
	terms->hours_from_min = get(blob, FIELD(HOURS_FROM_MIN));
	terms->hours_until_min = get(blob, FIELD(HOURS_UNTIL_MIN));
	terms->utc_offset_min = get(blob, FIELD(UTC_OFFSET_MIN));
	terms->classes = get(blob, FIELD(CLASSES));
	terms->only_charging = !!(get(blob, FIELD(FLAGS)) & LAYBY_CONSENT_ONLY_CHARGING);
	terms->charge_min_percent = get(blob, FIELD(CHARGE_MIN_PERCENT));
}

static int check_time(const struct layby_consent_terms *terms, struct layby_consent_error *err)
{
	__u64 first = terms->not_before_s, last = terms->not_after_s;
	__u64 latest = first + LAYBY_CONSENT_LENGTH_MAX_S - 1;

	if (latest > LAYBY_CONSENT_TIME_MAX_S)
		latest = LAYBY_CONSENT_TIME_MAX_S;
	if (last < first)
		return refuse(err, RULE(ORDER), FIELD(NOT_AFTER_S), last, first, latest);
	if (last > latest)
		return refuse(err, RULE(LENGTH), FIELD(NOT_AFTER_S), last, first, latest);
	return 0;
}

static int check_hours(const struct layby_consent_terms *terms, struct layby_consent_error *err)
{
	__s64 from, until;

	if (terms->hours_until_min == terms->hours_from_min)
		return refuse(err, RULE(HOURS), FIELD(HOURS_UNTIL_MIN), terms->hours_until_min,
			      1, LAYBY_CONSENT_DAY_MIN);
	if (!layby_token_window(terms, 0, &from, &until))
		return refuse(err, RULE(NEVER), FIELD(HOURS_FROM_MIN), terms->hours_from_min, 0, 0);
	return 0;
}

static int check_energy(const struct layby_consent_terms *terms, struct layby_consent_error *err)
{
	if (terms->energy_day_uj <= terms->energy_total_uj)
		return 0;
	return refuse(err, RULE(ENERGY), FIELD(ENERGY_DAY_UJ), terms->energy_day_uj, 1,
		      terms->energy_total_uj);
}

int layby_token_validate(const void *blob, size_t size, struct layby_consent_terms *terms,
			 struct layby_consent_error *err)
{
	int ret;

	*terms = (struct layby_consent_terms){};
	*err = (struct layby_consent_error){};
	if (size != sizeof(struct layby_consent_token))
		return refuse(err, RULE(SIZE), FIELD(MAGIC), size,
			      sizeof(struct layby_consent_token),
			      sizeof(struct layby_consent_token));
	ret = check_fields(blob, err);
	if (ret)
		return ret;
	read_terms(blob, terms);
	ret = check_time(terms, err) ?: check_hours(terms, err) ?: check_energy(terms, err);
	if (ret)
		*terms = (struct layby_consent_terms){};
	return ret;
}
