// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The validator's errors in words: what is wrong, and what would be right. It
 * decides nothing: what was found and what is allowed come with the error.
 */
#include <inttypes.h>
#include <string.h>

#include "tool.h"

/* What the sentences are made of. */
struct words {
	const struct blob *blob;
	const struct layby_policy_hw *hw;
	const struct layby_policy_error *err;
	const char *key;
	enum quantity quantity;
	char found[VALUE_TEXT_MAX], low[VALUE_TEXT_MAX], high[VALUE_TEXT_MAX];
	char partition[BLOB_NAME_MAX], other[BLOB_NAME_MAX];
	char *text;
};

static void say(struct words *w, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void say(struct words *w, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(w->text, PROBLEM_TEXT_MAX, format, list);
	va_end(list);
}

static const char *value_of(const struct words *w, uint32_t field, char *text)
{
	return value_format(key_of_field(field)->quantity, blob_get(w->blob, NOWHERE, field), text);
}

/* --- The file ------------------------------------------------------------- */

static void say_file(struct words *w)
{
	const struct layby_policy_error *err = w->err;

	switch (err->rule) {
	case RULE(SIZE):
		say(w, "%s bytes are no policy; right are %s to %s", w->found, w->low, w->high);
		break;
	case RULE(MAGIC):
		say(w, "is no compiled policy; right is what laybyctl policy compile writes");
		break;
	case RULE(VERSION):
		say(w, "has version %s of the form; this laybyctl knows %s", w->found, w->low);
		break;
	case RULE(PAD):
		say(w, "byte %u means nothing and is %s; right is 0", err->offset, w->found);
		break;
	case RULE(TEXT_LENGTH):
		say(w, "%s has %s characters; right are %s to %s", w->key, w->found, w->low,
		    w->high);
		break;
	case RULE(TEXT_CHARACTER):
		say(w, "%s has a character that is not printable ASCII: 0x%02x", w->key,
		    (unsigned int)err->found);
		break;
	case RULE(LAYOUT):
		say(w,
		    "%s is %s, and so the file is cut, or not one that laybyctl wrote; right is %s",
		    w->key, w->found, w->low);
		break;
	default:
		if (err->high == UINT64_MAX)
			say(w, "%s is %s; right are %s and more", w->key, w->found, w->low);
		else
			say(w, "%s is %s; right are %s to %s", w->key, w->found, w->low, w->high);
	}
}

/* --- The accelerator ------------------------------------------------------ */

static void say_accelerator(struct words *w)
{
	switch (w->err->rule) {
	case RULE(ACCELERATOR):
		say(w, "is for the accelerator %s; this one is called %s",
		    blob_get_text(w->blob, FIELD(ACCELERATOR)), w->hw->name);
		break;
	case RULE(SERIAL_FLOOR):
		say(w, "Serial is %s, older than the floor; right are %s and more", w->found,
		    w->low);
		break;
	case RULE(SLOTS):
		say(w, "%s partitions, but the accelerator has slots for %s; right are at most %s",
		    w->found, w->high, w->high);
		break;
	case RULE(NO_DRIVING):
		say(w, "no partition is of class driving; right is at least [Partition driving.0]");
		break;
	default:
		say(w, "ParkedFrame is %s; right are 0x001 to 0x7ff, or 0x00000000 to 0x1fffffff",
		    w->found);
	}
}

/* --- Ceilings and bounds -------------------------------------------------- */

static void say_ceiling(struct words *w)
{
	char a[VALUE_TEXT_MAX], b[VALUE_TEXT_MAX], c[VALUE_TEXT_MAX];

	switch (w->err->rule) {
	case RULE(RESUME):
		say(w,
		    "ResumeTemperature is %s and TripTemperature %s: it would open again while it is too hot; right are at most %s",
		    w->found, value_of(w, FIELD(TRIP_MDEG), a), w->high);
		break;
	case RULE(RAIL):
		say(w,
		    "Rail is %s, less than Power %s and DrivingPower %s together; right are at least %s",
		    w->found, value_of(w, FIELD(POWER_MW), a),
		    value_of(w, FIELD(DRIVING_POWER_MW), b), w->low);
		break;
	default:
		say(w,
		    "DrivingPower %s at Ambient %s with ThermalResistance %s would heat it to TripTemperature or more without any guest; right is a TripTemperature above %.3f °C",
		    value_of(w, FIELD(DRIVING_POWER_MW), a), value_of(w, FIELD(AMBIENT_MDEG), b),
		    value_of(w, FIELD(RESISTANCE_MK_PER_W), c),
		    (double)((int64_t)w->err->low - 1) / 1e6);
	}
}

static void say_headroom(struct words *w)
{
	char limit[VALUE_TEXT_MAX], rail[VALUE_TEXT_MAX], throttle[VALUE_TEXT_MAX];
	bool none = (int64_t)w->err->high < (int64_t)w->err->low;

	say(w,
	    "ResumeTemperature is %s, but guest work must end at %s so that all that Rail %s gives does not make the accelerator throttle at %s; right %s%s",
	    w->found, value_format(QUANTITY_TEMPERATURE, blob_guest_limit(w->blob, w->hw), limit),
	    value_of(w, FIELD(RAIL_MW), rail),
	    value_format(QUANTITY_TEMPERATURE, (uint64_t)(int64_t)w->hw->throttle_mdeg, throttle),
	    none ? "is a smaller Rail, into which Power and DrivingPower fit" : "are at most ",
	    none ? "" : w->high);
}

static void say_bound(struct words *w)
{
	char signal[VALUE_TEXT_MAX], lease[VALUE_TEXT_MAX], reclaim[VALUE_TEXT_MAX];
	char abort[VALUE_TEXT_MAX], reset[VALUE_TEXT_MAX];

	switch (w->err->rule) {
	case RULE(ABORT):
		say(w,
		    "Abort is %s, but the accelerator may take %s for an abort; right are %s to %s",
		    w->found, w->low, w->low, w->high);
		break;
	case RULE(RECLAIM):
		say(w,
		    "Reclaim is %s, but an abort without an answer takes %s and what follows it (level, reset, clear, enable, tiles) up to %s; right are at least %s",
		    w->found, value_of(w, FIELD(ABORT_NS), abort),
		    value_format(QUANTITY_TIME, w->hw->reset_bound_ns, reset), w->low);
		break;
	default:
		say(w,
		    "Interval is %s, but detection (the larger of SignalAge %s and LeaseAge %s) and Reclaim %s take %s; right are at least %s, or shorter ages",
		    w->found, value_of(w, FIELD(SIGNAL_AGE_NS), signal),
		    value_of(w, FIELD(LEASE_AGE_NS), lease),
		    value_of(w, FIELD(RECLAIM_NS), reclaim), w->low, w->low);
	}
}

/* --- Partitions ----------------------------------------------------------- */

static void say_window(struct words *w)
{
	switch (w->err->rule) {
	case RULE(ID_TAKEN):
		say(w, "there are two partitions %s", w->partition);
		break;
	case RULE(WINDOW_ALIGN):
		say(w, "%s: %s is %s, which is not page-aligned; right are %s or %s", w->partition,
		    w->key, w->found, w->low, w->high);
		break;
	case RULE(WINDOW_OUTSIDE):
		say(w, "%s: %s is %s, outside the accelerator's memory; right are %s to %s",
		    w->partition, w->key, w->found, w->low, w->high);
		break;
	default:
		say(w,
		    "%s: the window at %s overlaps that of %s, which ends at %s; right are %s and more",
		    w->partition, w->found, w->other, w->low, w->low);
	}
}

static void say_tiles(struct words *w)
{
	switch (w->err->rule) {
	case RULE(TILES_OUTSIDE):
		say(w, "%s: %s is %s; the accelerator has %s", w->partition, w->key, w->found,
		    w->high);
		break;
	case RULE(TILES_OVERLAP):
		say(w, "%s: %s is %s, of which %s has some in the same mode; right are of %s only",
		    w->partition, w->key, w->found, w->other, w->high);
		break;
	case RULE(TILES_MINIMUM):
		if (w->err->field == FIELD(TILES_MIN))
			say(w, "%s: TilesMin is %s; right are %s to %s", w->partition, w->found,
			    w->low, w->high);
		else
			say(w, "%s: %s has %s tiles, fewer than TilesMin; right are at least %s",
			    w->partition, w->key, w->found, w->low);
		break;
	case RULE(TILES_ALL):
		say(w, "in mode driving %s are used for driving; right are all: %s", w->found,
		    w->low);
		break;
	case RULE(TILES_GUEST):
		say(w,
		    "%s: %s is %s; a guest has nothing in mode driving: right is %s, or no such line",
		    w->partition, w->key, w->found, w->high);
		break;
	case RULE(TILES_NONE):
		say(w, "%s: TilesParked is none; right is at least one of %s", w->partition,
		    w->high);
		break;
	default:
		say(w,
		    "%s: TilesParked is %s; parking takes tiles away and gives none: right are of TilesDriving, %s",
		    w->partition, w->found, w->high);
	}
}

static void say_share(struct words *w)
{
	if (w->err->rule == RULE(QUEUE_DEPTH))
		say(w, "%s: QueueDepth is %s; the accelerator's rings hold %s", w->partition,
		    w->found, w->high);
	else if (w->err->high < w->err->low)
		say(w, "%s: Bandwidth is %s; the partitions before it leave nothing of 100 %%",
		    w->partition, w->found);
	else
		say(w, "%s: Bandwidth is %s; the partitions before it leave %s", w->partition,
		    w->found, w->high);
}

/* -------------------------------------------------------------------------- */

static void say_rule(struct words *w)
{
	switch (w->err->rule) {
	case RULE(ACCELERATOR) ... RULE(NO_DRIVING):
	case RULE(CAN_ID):
		say_accelerator(w);
		break;
	case RULE(ID_TAKEN) ... RULE(WINDOW_OVERLAP):
		say_window(w);
		break;
	case RULE(TILES_OUTSIDE) ... RULE(TILES_MOVED):
		say_tiles(w);
		break;
	case RULE(QUEUE_DEPTH):
	case RULE(BANDWIDTH_SUM):
		say_share(w);
		break;
	case RULE(RESUME) ... RULE(HEAT):
		say_ceiling(w);
		break;
	case RULE(HEADROOM):
		say_headroom(w);
		break;
	case RULE(ABORT) ... RULE(INTERVAL):
		say_bound(w);
		break;
	default:
		say_file(w);
	}
}

/* The partitions are there once the file as such is right. */
static void name_partitions(struct words *w)
{
	if (w->err->rule < RULE(ACCELERATOR) || w->err->partition == NOWHERE)
		return;
	blob_partition_name(w->blob, w->err->partition, w->partition);
	if (w->err->other != NOWHERE)
		blob_partition_name(w->blob, w->err->other, w->other);
}

void problem_text(const struct source *source, const struct layby_policy_hw *hw,
		  const struct layby_policy_error *err, char *text)
{
	const struct key *key = key_of_field(err->field);
	struct words words = {
		.blob = &source->blob, .hw = hw, .err = err, .text = text,
		.key = key ? key->name : layby_policy_fields[err->field].name,
		.quantity = key ? key->quantity : QUANTITY_COUNT,
	};

	/* numbers of these are lengths, bytes or counts, whatever the field is */
	if (key && (key->quantity == QUANTITY_TEXT || key->quantity == QUANTITY_FILE ||
		    err->rule == RULE(PAD) || err->rule == RULE(TILES_MINIMUM)))
		words.quantity = QUANTITY_COUNT;
	value_format(words.quantity, err->found, words.found);
	value_format(words.quantity, err->low, words.low);
	value_format(words.quantity, err->high, words.high);
	name_partitions(&words);
	say_rule(&words);
}
