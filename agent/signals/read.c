// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * signals.conf to its binary form. Here a key is known or not, and its value can
 * be read or not; whether all of it is right is table.c's.
 *
 * In the file, [Frame NAME] describes a frame and [Signal NAME] one of the
 * signals in it; see tests/vehicle/signals.conf.
 */
#include "tool.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#define FRAME	"Frame "
#define SIGNAL	"Signal "

/* A word among others; its place in the list is its value. */
struct word {
	const char *name;
	uint32_t value;
};

static const struct word formats[] = { { "classic", 0 }, { "fd", 1 }, {} };
static const struct word orders[] = { { "intel", 0 }, { "motorola", 1 }, {} };
static const struct word answers[] = { { "no", 0 }, { "yes", 1 }, {} };
static const struct word protections[] = {
	{ "none", LAYBY_E2E_NONE },
	{ "profile-1", LAYBY_E2E_PROFILE_1 },
	{ "profile-5", LAYBY_E2E_PROFILE_5 },
	{}
};

static const struct word data_id_modes[] = {
	{ "both", LAYBY_E2E_DATA_ID_BOTH },
	{ "alternate", LAYBY_E2E_DATA_ID_ALTERNATE },
	{ "low", LAYBY_E2E_DATA_ID_LOW },
	{ "nibble", LAYBY_E2E_DATA_ID_NIBBLE },
	{}
};

/* A key whose value is a number or a word, and where it goes. */
struct number_key {
	const char *name;
	size_t offset;
	uint32_t size;
	const struct word *words;
	bool required;
};

#define IN_FRAME(member)	offsetof(struct layby_signals_frame, member), \
				sizeof(((struct layby_signals_frame *)0)->member)
#define IN_SIGNAL(member)	offsetof(struct layby_signals_signal, member), \
				sizeof(((struct layby_signals_signal *)0)->member)

static const struct number_key frame_keys[] = {
	{ "Format", IN_FRAME(fd), formats, false },
	{ "Length", IN_FRAME(length), NULL, true },
	{ "Protection", IN_FRAME(e2e), protections, true },
	{ "DataId", IN_FRAME(data_id), NULL, false },
	{ "DataIdMode", IN_FRAME(data_id_mode), data_id_modes, false },
	{ "CrcByte", IN_FRAME(crc_byte), NULL, false },
	{ "CounterBit", IN_FRAME(counter_bit), NULL, false },
	{ "NibbleBit", IN_FRAME(nibble_bit), NULL, false },
	{ "CounterStep", IN_FRAME(counter_step), NULL, false },
	{}
};

static const struct number_key signal_keys[] = {
	{ "Start", IN_SIGNAL(start), NULL, true },
	{ "Length", IN_SIGNAL(length), NULL, true },
	{ "Order", IN_SIGNAL(motorola), orders, false },
	{ "Signed", IN_SIGNAL(is_signed), answers, false },
	{}
};

static int find_word(const struct word *words, const char *name, uint32_t *ret_value)
{
	for (; words->name; words++)
		if (!strcmp(words->name, name)) {
			*ret_value = words->value;
			return 0;
		}
	return -EINVAL;
}

static void list_words(const struct word *words, char *text, size_t size)
{
	size_t at = 0;

	for (; words->name; words++)
		at += (size_t)snprintf(text + at, size - at, "%s%s", at ? ", " : "", words->name);
}

static void put_number(void *at, uint32_t size, uint32_t number)
{
	uint16_t two = htole16((uint16_t)number);
	uint8_t one = (uint8_t)number;

	if (size == 2)
		memcpy(at, &two, 2);
	else
		memcpy(at, &one, 1);
}

static void read_number(struct conf *conf, const struct conf_entry *entry,
			const struct number_key *key, void *into)
{
	uint32_t number, max = key->size == 2 ? UINT16_MAX : UINT8_MAX;
	char words[96];

	if (key->words) {
		list_words(key->words, words, sizeof(words));
		if (find_word(key->words, entry->value, &number)) {
			conf_problem(conf, entry->line, "%s=%s: right is one of: %s", key->name,
				     entry->value, words);
			return;
		}
	} else if (number_parse(entry->value, max, &number)) {
		conf_problem(conf, entry->line, "%s=%s: right is a number from 0 to %u", key->name,
			     entry->value, max);
		return;
	}
	put_number((char *)into + key->offset, key->size, number);
}

static void read_numbers(struct conf *conf, const char *section, const struct number_key *key,
			 void *into)
{
	const struct conf_entry *entry;

	for (; key->name; key++) {
		entry = conf_find(conf, section, key->name);
		if (entry)
			read_number(conf, entry, key, into);
		else if (key->required)
			conf_problem(conf, conf_section_line(conf, section), "[%s] has no %s=",
				     section, key->name);
	}
}

/* --- Frames --------------------------------------------------------------- */

static void read_frame(struct signals_source *source, const char *section)
{
	struct layby_signals_frame *f = &source->table.frame[source->table.frame_count];
	const struct conf_entry *id = conf_find(&source->conf, section, "Id");
	uint64_t can_id;

	if (!id)
		conf_problem(&source->conf, conf_section_line(&source->conf, section),
			     "[%s] has no Id=", section);
	else if (value_read(&source->conf, id, QUANTITY_FRAME, &can_id))
		f->can_id = htole32((uint32_t)can_id);
	read_numbers(&source->conf, section, frame_keys, f);
	if (f->e2e && !conf_find(&source->conf, section, "DataId"))
		conf_problem(&source->conf, conf_section_line(&source->conf, section),
			     "[%s] has no DataId=, which its protection needs", section);
	if (f->e2e == LAYBY_E2E_PROFILE_1 && !conf_find(&source->conf, section, "CounterBit"))
		f->counter_bit = 8;
	if (f->e2e && !conf_find(&source->conf, section, "CounterStep"))
		f->counter_step = 1;
	source->frame_section[source->table.frame_count++] = section;
}

static bool first_of_section(const struct conf *conf, size_t i)
{
	size_t j;

	for (j = 0; j < i; j++)
		if (!strcmp(conf->entries[j].section, conf->entries[i].section))
			return false;
	return true;
}

static void read_frames(struct signals_source *source)
{
	const struct conf *conf = &source->conf;
	size_t i;

	for (i = 0; i < conf->count; i++) {
		const struct conf_entry *entry = &conf->entries[i];

		if (strncmp(entry->section, FRAME, strlen(FRAME)) || !first_of_section(conf, i))
			continue;
		if (source->table.frame_count == LAYBY_SIGNALS_FRAMES_MAX) {
			conf_problem(&source->conf, entry->section_line,
				     "[%s]: there are %u frames already, more cannot be monitored",
				     entry->section, LAYBY_SIGNALS_FRAMES_MAX);
			return;
		}
		read_frame(source, entry->section);
	}
}

/* --- Signals -------------------------------------------------------------- */

static void read_place(struct signals_source *source, const char *section,
		       struct layby_signals_signal *s)
{
	const struct conf_entry *entry = conf_find(&source->conf, section, "Frame");
	uint32_t i;

	if (!entry) {
		conf_problem(&source->conf, conf_section_line(&source->conf, section),
			     "[%s] has no Frame=", section);
		return;
	}
	for (i = 0; i < source->table.frame_count; i++)
		if (!strcmp(source->frame_section[i] + strlen(FRAME), entry->value)) {
			s->frame = (uint8_t)i;
			return;
		}
	conf_problem(&source->conf, entry->line, "Frame=%s: there is no section [Frame %s]",
		     entry->value, entry->value);
}

static void read_ranges(struct conf *conf, const char *section, const char *key,
			struct layby_signals_signal *s, struct layby_signals_range *ranges,
			uint32_t max, uint8_t *ret_count)
{
	const struct conf_entry *entry = conf_find(conf, section, key);
	uint32_t count;

	if (!entry)
		return;
	if (ranges_parse(entry->value, s->is_signed, ranges, max, &count)) {
		conf_problem(conf, entry->line,
			     max == 1 ? "%s=%s: right are raw values as in 0..13, %s" :
			     "%s=%s: right are raw values as in 0, 4..7 (at most 4 parts), %s",
			     key, entry->value, s->is_signed ? "signed" : "not signed");
		return;
	}
	if (ret_count)
		*ret_count = (uint8_t)count;
}

static void read_decimal(struct conf *conf, const char *section, const char *key,
			 int64_t missing, __le64 *ret_micro)
{
	const struct conf_entry *entry = conf_find(conf, section, key);
	int64_t micro = missing;

	if (entry && decimal_parse(entry->value, &micro))
		conf_problem(conf, entry->line,
			     "%s=%s: right is a number as in -0.25, with at most six digits behind the point",
			     key, entry->value);
	*ret_micro = htole64((uint64_t)micro);
}

/* Every raw value that the bits can have. */
static void all_valid(struct layby_signals_signal *s)
{
	uint64_t max;

	if (!s->length || s->length > LAYBY_SIGNALS_BITS_MAX)
		return;
	max = (1ull << (s->length - s->is_signed)) - 1;
	s->valid.low = htole32(s->is_signed ? (uint32_t)(-max - 1) : 0);
	s->valid.high = htole32((uint32_t)max);
}

static void read_signal(struct signals_source *source, uint32_t signal)
{
	struct layby_signals_signal *s = &source->table.signal[signal];
	struct conf *conf = &source->conf;
	char section[sizeof(SIGNAL) + 16];

	snprintf(section, sizeof(section), SIGNAL "%s", signals_name(signal));
	if (!conf_section_line(conf, section))
		return;
	read_place(source, section, s);
	read_numbers(conf, section, signal_keys, s);
	all_valid(s);
	read_ranges(conf, section, "Valid", s, &s->valid, 1, NULL);
	if (signals_yes_key(signal))
		read_ranges(conf, section, signals_yes_key(signal), s, s->yes,
			    LAYBY_SIGNALS_RANGES_MAX, &s->yes_count);
	read_decimal(conf, section, "Factor", 1000000, &s->factor_micro);
	read_decimal(conf, section, "Offset", 0, &s->offset_micro);
	source->table.known |= (uint8_t)(s->length ? 1u << signal : 0);
	if (s->length && s->frame < LAYBY_SIGNALS_FRAMES_MAX)
		source->table.frame[s->frame].signals |= (uint8_t)(1u << signal);
}

/* --- What nobody reads ------------------------------------------------------ */

static bool has_key(const struct number_key *key, const char *name)
{
	for (; key->name; key++)
		if (!strcmp(key->name, name))
			return true;
	return false;
}

static uint32_t find_signal(const char *section)
{
	uint32_t i;

	for (i = 0; i < LAYBY_SIGNALS; i++)
		if (!strcmp(section + strlen(SIGNAL), signals_name(i)))
			return i;
	return SIGNALS_NONE;
}

static bool is_signal_key(uint32_t signal, const char *name)
{
	static const char * const others[] = { "Frame", "Valid", "Factor", "Offset" };
	const char *yes = signals_yes_key(signal);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(others); i++)
		if (!strcmp(others[i], name))
			return true;
	return has_key(signal_keys, name) || (yes && !strcmp(yes, name));
}

static void check_known(struct conf *conf, size_t i)
{
	const struct conf_entry *entry = &conf->entries[i];
	uint32_t signal;

	if (!strncmp(entry->section, FRAME, strlen(FRAME))) {
		if (strcmp(entry->key, "Id") && !has_key(frame_keys, entry->key))
			conf_problem(conf, entry->line,
				     "%s= is no key of a frame; they are Id, Format, Length, Protection, DataId, DataIdMode, CrcByte, CounterBit, NibbleBit and CounterStep",
				     entry->key);
		return;
	}
	signal = strncmp(entry->section, SIGNAL, strlen(SIGNAL)) ? SIGNALS_NONE :
		find_signal(entry->section);
	if (signal == SIGNALS_NONE) {
		if (first_of_section(conf, i))
			conf_problem(conf, entry->section_line,
				     "[%s]: sections are [Frame NAME] and [Signal NAME] with gear, speed, ignition, charging, charge or supply",
				     entry->section);
		return;
	}
	if (!is_signal_key(signal, entry->key))
		conf_problem(conf, entry->line,
			     "%s= is no key of this signal; they are Frame, Start, Length, Order, Signed, Valid, Factor, Offset%s%s",
			     entry->key, signals_yes_key(signal) ? " and " : "",
			     signals_yes_key(signal) ?: "");
}

/* --- The whole -------------------------------------------------------------- */

static void place_problem(struct signals_source *source, const struct signals_error *error)
{
	const struct conf_entry *entry = NULL;
	struct conf *conf = &source->conf;
	char section[128] = "";

	if (error->frame != SIGNALS_NONE)
		snprintf(section, sizeof(section), "%s", source->frame_section[error->frame]);
	else if (error->signal != SIGNALS_NONE)
		snprintf(section, sizeof(section), SIGNAL "%s", signals_name(error->signal));
	if (error->key)
		entry = conf_find(conf, section, error->key);
	conf_problem(conf, entry ? entry->line : conf_section_line(conf, section),
		     "%s%s%s%s%s%s", *section ? "[" : "", section, *section ? "] " : "",
		     error->key ?: "", error->key ? ": " : "", error->text);
}

void signals_read(struct signals_source *source)
{
	struct layby_signals *table = &source->table;
	struct signals_error error;
	uint32_t i;
	size_t n;

	memset(table, 0, sizeof(*table));
	table->magic = htole32(LAYBY_SIGNALS_MAGIC);
	table->version = htole32(LAYBY_SIGNALS_VERSION);
	table->size = htole32(sizeof(*table));
	for (n = 0; n < source->conf.count; n++)
		check_known(&source->conf, n);
	read_frames(source);
	for (i = 0; i < LAYBY_SIGNALS; i++)
		read_signal(source, i);
	if (!source->conf.problem_count && signals_check(table, sizeof(*table), &error))
		place_problem(source, &error);
}
