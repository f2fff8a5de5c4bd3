// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * policy.conf to its binary form. Owns what a policy.conf may say where; what a
 * policy may say is the validator's, of which only the ranges of single fields
 * are looked up here, so that each is told with its line.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "tool.h"

/* What is known while a policy.conf is gone through. */
struct compilation {
	struct source *source;
	struct conf *conf;
	/* sections of the partitions, in the order of the file */
	const char *partitions[LAYBY_POLICY_PARTITIONS_MAX];
	uint32_t partition_count;
	uint8_t *owner;
	size_t owner_size;
};

static uint32_t *line_of(struct source *source, uint32_t partition, uint32_t field)
{
	uint32_t index = partition == NOWHERE ? LAYBY_POLICY_PARTITIONS_MAX : partition;

	return &source->line[index][field];
}

/* --- One value ------------------------------------------------------------ */

static bool in_range(const struct layby_policy_field_info *info, uint64_t value)
{
	/* moves the smallest negative number to 0, the order stays */
	uint64_t bias = info->kind == LAYBY_POLICY_KIND_S32 ? 1ull << 63 : 0;

	return (value ^ bias) >= (info->low ^ bias) && (value ^ bias) <= (info->high ^ bias);
}

static void set_number(struct compilation *c, uint32_t partition, const struct key *key,
		       const struct conf_entry *entry)
{
	const struct layby_policy_field_info *info = &layby_policy_fields[key->field];
	char low[VALUE_TEXT_MAX], high[VALUE_TEXT_MAX];
	uint64_t value;

	if (!value_read(c->conf, entry, key->quantity, &value))
		return;
	if (in_range(info, value))
		blob_set(&c->source->blob, partition, key->field, value);
	else if (info->high == UINT64_MAX)
		conf_problem(c->conf, entry->line, "%s=%s is out of range; right are %s and more",
			     key->name, entry->value, value_format(key->quantity, info->low, low));
	else
		conf_problem(c->conf, entry->line, "%s=%s is out of range; right are %s to %s",
			     key->name, entry->value, value_format(key->quantity, info->low, low),
			     value_format(key->quantity, info->high, high));
}

static void set_text(struct compilation *c, const struct key *key, const struct conf_entry *entry)
{
	const struct layby_policy_field_info *info = &layby_policy_fields[key->field];
	size_t length = strlen(entry->value);

	if (!length)
		conf_problem(c->conf, entry->line, "%s= is empty", key->name);
	else if (length >= info->low && length <= info->high)
		blob_set_text(&c->source->blob, key->field, entry->value);
	else
		conf_problem(c->conf, entry->line,
			     "%s= has %zu characters; right are %" PRIu64 " to %" PRIu64,
			     key->name, length, (uint64_t)info->low, (uint64_t)info->high);
}

/* A path that does not begin with "/" starts where the policy.conf lies. */
static char *path_beside(const char *conf, const char *path)
{
	const char *slash = strrchr(conf, '/');
	char *joined;

	if (*path == '/' || !slash)
		return must_strdup(path);
	if (asprintf(&joined, "%.*s/%s", (int)(slash - conf), conf, path) < 0)
		out_of_memory();
	return joined;
}

/* NULL, or what is wrong */
static const char *read_owner(struct compilation *c, const char *path)
{
	_cleanup_free_ uint8_t *bytes = NULL;
	const char *wrong;
	X509 *certificate;
	size_t size;

	wrong = load_file_quietly(path, CERTIFICATE_BYTES_MAX, &bytes, &size);
	if (!wrong)
		wrong = certificate_parse(bytes, size, &certificate);
	if (wrong)
		return wrong;
	certificate_to_der(certificate, &c->owner, &c->owner_size);
	X509_free(certificate);
	return NULL;
}

static void set_owner(struct compilation *c, const struct key *key,
		      const struct conf_entry *entry)
{
	_cleanup_free_ char *path = path_beside(c->conf->path, entry->value);
	uint64_t high = layby_policy_fields[key->field].high;
	const char *wrong;

	wrong = read_owner(c, path);
	if (wrong)
		conf_problem(c->conf, entry->line, "%s=%s: %s", key->name, entry->value, wrong);
	else if (c->owner_size > high)
		conf_problem(c->conf, entry->line,
			     "%s=%s has %zu bytes; right are at most %" PRIu64, key->name,
			     entry->value, c->owner_size, high);
}

static void set_value(struct compilation *c, uint32_t partition, const struct key *key,
		      const struct conf_entry *entry)
{
	*line_of(c->source, partition, key->field) = entry->line;
	switch (key->quantity) {
	case QUANTITY_TEXT:
		set_text(c, key, entry);
		break;
	case QUANTITY_FILE:
		set_owner(c, key, entry);
		break;
	default:
		set_number(c, partition, key, entry);
	}
}

/* --- Sections ------------------------------------------------------------- */

/* "Partition driving.0": its class and number, or false */
static bool parse_partition(const char *section, uint32_t *ret_class, uint32_t *ret_id)
{
	const char *name = section + strlen(PARTITION " ");
	uint32_t partition_class;
	size_t length;

	for (partition_class = LAYBY_CLASS_DRIVING; partition_class <= LAYBY_CLASS_GUEST;
	     partition_class++) {
		length = strlen(layby_class_name(partition_class));
		if (strncmp(name, layby_class_name(partition_class), length) ||
		    name[length] != '.' || !isdigit((unsigned char)name[length + 1]) ||
		    name[length + 2])
			continue;
		*ret_class = partition_class;
		*ret_id = (uint32_t)(name[length + 1] - '0');
		return *ret_id <= layby_policy_fields[FIELD(PARTITION_ID)].high;
	}
	return false;
}

static void add_partition(struct compilation *c, const struct conf_entry *entry)
{
	uint32_t id_max = (uint32_t)layby_policy_fields[FIELD(PARTITION_ID)].high;
	uint32_t partition = c->partition_count, partition_class, id;

	if (!parse_partition(entry->section, &partition_class, &id)) {
		conf_problem(c->conf, entry->section_line,
			     "unknown section [%s]; right are [Partition driving.0] to [Partition driving.%u] and [Partition guest.0] to [Partition guest.%u]",
			     entry->section, id_max, id_max);
		return;
	}
	if (partition == LAYBY_POLICY_PARTITIONS_MAX) {
		conf_problem(c->conf, entry->section_line,
			     "[%s]: one too many; right are at most %u partitions",
			     entry->section, LAYBY_POLICY_PARTITIONS_MAX);
		return;
	}
	c->partitions[c->partition_count++] = entry->section;
	blob_set(&c->source->blob, partition, FIELD(PARTITION_CLASS), partition_class);
	blob_set(&c->source->blob, partition, FIELD(PARTITION_ID), id);
	*line_of(c->source, partition, FIELD(PARTITION_CLASS)) = entry->section_line;
	*line_of(c->source, partition, FIELD(PARTITION_ID)) = entry->section_line;
}

static bool is_partition(const char *section)
{
	return !strncmp(section, PARTITION " ", strlen(PARTITION " "));
}

/* Index of the partition that the section is of; NOWHERE: of none. */
static uint32_t find_partition(const struct compilation *c, const char *section)
{
	uint32_t i;

	for (i = 0; i < c->partition_count; i++) {
		if (!strcmp(c->partitions[i], section))
			return i;
	}
	return NOWHERE;
}

static const struct key *find_key(const char *section, const char *name)
{
	size_t i;

	for (i = 0; i < key_count; i++) {
		if (!strcmp(keys[i].section, section) && (!name || !strcmp(keys[i].name, name)))
			return &keys[i];
	}
	return NULL;
}

/* "Abort, Reclaim, SignalAge"; @text has VALUE_TEXT_MAX bytes */
static const char *key_names(const char *section, char *text)
{
	size_t i, length = 0;

	for (i = 0; i < key_count; i++) {
		if (!strcmp(keys[i].section, section))
			length += (size_t)snprintf(text + length, VALUE_TEXT_MAX - length, "%s%s",
						   length ? ", " : "", keys[i].name);
	}
	return text;
}

/* --- Going through the file ----------------------------------------------- */

static bool is_first_of_section(const struct conf *conf, size_t index)
{
	return !index || strcmp(conf->entries[index].section, conf->entries[index - 1].section);
}

static void check_section(struct compilation *c, size_t index)
{
	const struct conf_entry *entry = &c->conf->entries[index];

	if (!is_first_of_section(c->conf, index))
		return;
	if (!*entry->section)
		conf_problem(c->conf, entry->line, "%s= stands before the first [Section]",
			     entry->key);
	else if (is_partition(entry->section) && find_partition(c, entry->section) == NOWHERE)
		add_partition(c, entry);
	else if (!is_partition(entry->section) && !find_key(entry->section, NULL))
		conf_problem(c->conf, entry->section_line,
			     "unknown section [%s]; right are [Policy], [Accelerator], [Ceilings], [Bounds], [Signals], [Owner], [Partition driving.0], [Partition guest.0]",
			     entry->section);
}

static void take_entry(struct compilation *c, size_t index)
{
	const struct conf_entry *entry = &c->conf->entries[index];
	bool of_partition = is_partition(entry->section);
	const char *section = of_partition ? PARTITION : entry->section;
	const struct key *key = find_key(section, entry->key);
	char names[VALUE_TEXT_MAX];
	uint32_t partition;

	check_section(c, index);
	partition = find_partition(c, entry->section);
	/* of an unknown section nothing more is said */
	if (of_partition ? partition == NOWHERE : !find_key(section, NULL))
		return;
	if (key)
		set_value(c, partition, key, entry);
	else
		conf_problem(c->conf, entry->line, "unknown key %s= in [%s]; right are %s",
			     entry->key, entry->section, key_names(section, names));
}

/* --- What is missing ------------------------------------------------------ */

static bool is_missing(struct compilation *c, uint32_t partition, const struct key *key)
{
	const char *section = partition == NOWHERE ? key->section : c->partitions[partition];

	return !conf_find(c->conf, section, key->name) &&
	       !(key->guest_optional && blob_is_guest(&c->source->blob, partition));
}

/* All that one section lacks, in one line. */
static void check_complete(struct compilation *c, uint32_t partition, const char *table)
{
	const char *section = partition == NOWHERE ? table : c->partitions[partition];
	uint32_t line = conf_section_line(c->conf, section);
	char missing[VALUE_TEXT_MAX] = "";
	size_t i, length = 0;

	for (i = 0; i < key_count; i++) {
		if (!strcmp(keys[i].section, table) && is_missing(c, partition, &keys[i]))
			length += (size_t)snprintf(missing + length, sizeof(missing) - length,
						   "%s%s=", length ? ", " : "", keys[i].name);
	}
	if (length && line)
		conf_problem(c->conf, line, "[%s] lacks %s", section, missing);
	else if (length)
		conf_problem(c->conf, line, "[%s] is missing, with %s", section, missing);
}

static void check_all_complete(struct compilation *c)
{
	char names[VALUE_TEXT_MAX];
	uint32_t partition;
	size_t i;

	for (i = 0; i < key_count; i++) {
		if ((!i || strcmp(keys[i].section, keys[i - 1].section)) &&
		    strcmp(keys[i].section, PARTITION))
			check_complete(c, NOWHERE, keys[i].section);
	}
	for (partition = 0; partition < c->partition_count; partition++)
		check_complete(c, partition, PARTITION);
	if (!c->partition_count)
		conf_problem(c->conf, 0, "[%s driving.0] is missing, with %s", PARTITION,
			     key_names(PARTITION, names));
}

void source_compile(struct source *source)
{
	struct compilation c = { .source = source, .conf = &source->conf };
	size_t i;

	for (i = 0; i < c.conf->count; i++)
		take_entry(&c, i);
	check_all_complete(&c);
	if (!c.conf->problem_count)
		blob_finish(&source->blob, c.partition_count, c.owner, c.owner_size);
	free(c.owner);
}

uint32_t source_line(const struct source *source, uint32_t partition, uint32_t field)
{
	uint32_t index = partition == NOWHERE ? LAYBY_POLICY_PARTITIONS_MAX : partition;
	uint32_t line = source->line[index][field];

	/* not written, as a guest's tiles in mode driving: its section */
	if (!line && partition != NOWHERE)
		line = source->line[partition][FIELD(PARTITION_CLASS)];
	/* of all partitions together: the first that drives */
	if (!line && field >= LAYBY_POLICY_FIELD_PARTITION && partition == NOWHERE) {
		for (index = 0; index < LAYBY_POLICY_PARTITIONS_MAX && !line; index++)
			line = source->line[index][field];
	}
	return line;
}
