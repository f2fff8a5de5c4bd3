// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * laybyctl policy diff: what a second policy changes of a first, and whether
 * that loosens or tightens. Owns what looser means of each field; that is told
 * to a reviewer and decides nothing.
 */
#include <string.h>

#include "tool.h"

#define SECTION_MAX	64
#define DIFFERENCE_MAX	512

enum effect {
	EFFECT_NONE,
	EFFECT_LOOSER,
	EFFECT_TIGHTER,
};

static const char *const effect_names[] = {
	[EFFECT_NONE] = "", [EFFECT_LOOSER] = "looser", [EFFECT_TIGHTER] = "tighter",
};

/* What a higher number does to the limits on guest work, of the whole accelerator. */
static const enum effect effect_of_more[LAYBY_POLICY_FIELDS] = {
	[FIELD(POWER_MW)] = EFFECT_LOOSER,
	[FIELD(BUCKET_UJ)] = EFFECT_LOOSER,
	[FIELD(TRIP_MDEG)] = EFFECT_LOOSER,
	[FIELD(RESUME_MDEG)] = EFFECT_LOOSER,
	/* to expect more heat, or to store less of it, leaves more room */
	[FIELD(DRIVING_POWER_MW)] = EFFECT_TIGHTER,
	[FIELD(AMBIENT_MDEG)] = EFFECT_TIGHTER,
	[FIELD(RESISTANCE_MK_PER_W)] = EFFECT_TIGHTER,
	[FIELD(CAPACITY_MJ_PER_K)] = EFFECT_LOOSER,
	[FIELD(ABORT_NS)] = EFFECT_LOOSER,
	[FIELD(RECLAIM_NS)] = EFFECT_LOOSER,
	[FIELD(SIGNAL_AGE_NS)] = EFFECT_LOOSER,
	[FIELD(LEASE_AGE_NS)] = EFFECT_LOOSER,
	[FIELD(PARK_HOLD_NS)] = EFFECT_TIGHTER,
	[FIELD(WATCHDOG_NS)] = EFFECT_LOOSER,
	[FIELD(INTERVAL_NS)] = EFFECT_LOOSER,
};

/* The same of a partition, for each class. */
static const enum effect effect_of_more_guest[LAYBY_POLICY_FIELDS] = {
	[FIELD(WINDOW_BYTES)] = EFFECT_LOOSER,
	[FIELD(TILES_PARKED)] = EFFECT_LOOSER,
	[FIELD(QUEUE_DEPTH)] = EFFECT_LOOSER,
	[FIELD(LONGEST_RUN_NS)] = EFFECT_LOOSER,
	[FIELD(BANDWIDTH_PERMILLE)] = EFFECT_LOOSER,
};

static const enum effect effect_of_more_driving[LAYBY_POLICY_FIELDS] = {
	[FIELD(WINDOW_BYTES)] = EFFECT_TIGHTER,
	[FIELD(TILES_DRIVING)] = EFFECT_TIGHTER,
	[FIELD(TILES_PARKED)] = EFFECT_TIGHTER,
	[FIELD(TILES_MIN)] = EFFECT_TIGHTER,
	[FIELD(BANDWIDTH_PERMILLE)] = EFFECT_TIGHTER,
};

/* One difference, as it is told; @key NULL: the whole section. */
struct difference {
	const char *section;
	const char *key;
	const char *before, *after;
	enum effect effect;
	const char *remark;
};

struct report {
	const struct source *before, *after;
	bool json;
	sd_json_variant *list;
	char section[SECTION_MAX];
	uint32_t count[3];
	int r;
};

/* --- Telling -------------------------------------------------------------- */

static void add_json(struct report *report, const struct difference *is)
{
	int r;

	r = sd_json_variant_append_arraybo(
		&report->list, SD_JSON_BUILD_PAIR_STRING("section", is->section),
		SD_JSON_BUILD_PAIR_STRING("key", is->key),
		SD_JSON_BUILD_PAIR_STRING("before", is->before),
		SD_JSON_BUILD_PAIR_STRING("after", is->after),
		SD_JSON_BUILD_PAIR_STRING("effect", effect_names[is->effect]),
		SD_JSON_BUILD_PAIR_STRING("remark", is->remark));
	report->r = report->r < 0 ? report->r : r;
}

static void print_difference(struct report *report, const struct difference *is)
{
	const char *effect = effect_names[is->effect];
	char values[DIFFERENCE_MAX];

	if (strcmp(report->section, is->section)) {
		printf("[%s]\n", is->section);
		snprintf(report->section, sizeof(report->section), "%s", is->section);
	}
	if (is->key)
		snprintf(values, sizeof(values), "%s: %s -> %s", is->key, is->before, is->after);
	else
		snprintf(values, sizeof(values), "%s", is->after);
	if (!*effect && !*is->remark)
		printf("  %s\n", values);
	else
		printf("  %-*s  %s%s%s\n", value_width(values, 44), values, effect,
		       *effect && *is->remark ? ": " : "", is->remark);
}

static void tell(struct report *report, const struct difference *is)
{
	report->count[is->effect]++;
	if (report->json)
		add_json(report, is);
	else
		print_difference(report, is);
}

/* --- What a difference means ---------------------------------------------- */

/* More, less, or neither: 1, -1, 0 */
static int compare_values(const struct key *key, uint64_t before, uint64_t after)
{
	if (key->quantity == QUANTITY_TILES)
		return (before & after) == before ? 1 : (before & after) == after ? -1 : 0;
	if (key->quantity == QUANTITY_TEMPERATURE)
		return (int64_t)after > (int64_t)before ? 1 : -1;
	return after > before ? 1 : -1;
}

static enum effect effect_of(enum effect more, int order)
{
	if (more == EFFECT_NONE || !order)
		return EFFECT_NONE;
	if (order > 0)
		return more;
	return more == EFFECT_LOOSER ? EFFECT_TIGHTER : EFFECT_LOOSER;
}

static const char *remark_on_field(uint32_t field, int order)
{
	switch (field) {
	case FIELD(SERIAL):
		return order < 0 ? "older: a module with a floor above it refuses it" : "";
	case FIELD(RAIL_MW):
		return order < 0 ? "guests may draw less, and end hotter" :
				   "guests may draw more, and end less hot";
	case FIELD(ACCELERATOR):
		return "for another accelerator";
	case FIELD(PARK_CAN_ID):
		return "another control unit must keep sending";
	case FIELD(OWNER_BYTES):
		return "consent signed with the old key is worth nothing";
	default:
		return "";
	}
}

static const char *remark_on_partition(bool guest, enum effect effect)
{
	if (effect == EFFECT_NONE)
		return "";
	if (guest)
		return effect == EFFECT_LOOSER ? "guests get more" : "guests get less";
	return effect == EFFECT_LOOSER ? "driving gets less" : "driving gets more";
}

/* --- The whole accelerator ------------------------------------------------ */

static void diff_text(struct report *report, const struct key *key)
{
	const char *before = blob_get_text(&report->before->blob, key->field);
	const char *after = blob_get_text(&report->after->blob, key->field);

	if (strcmp(before, after))
		tell(report, &(struct difference){ key->section, key->name, before, after,
						   EFFECT_NONE, remark_on_field(key->field, 0) });
}

static void diff_owner(struct report *report, const struct key *key)
{
	char before[SUBJECT_TEXT_MAX], after[SUBJECT_TEXT_MAX];

	if (!X509_cmp(report->before->owner, report->after->owner))
		return;
	certificate_subject(report->before->owner, before, sizeof(before));
	certificate_subject(report->after->owner, after, sizeof(after));
	tell(report, &(struct difference){ key->section, key->name, before, after, EFFECT_NONE,
					   remark_on_field(key->field, 0) });
}

static void diff_number(struct report *report, const struct key *key)
{
	uint64_t before = blob_get(&report->before->blob, NOWHERE, key->field);
	uint64_t after = blob_get(&report->after->blob, NOWHERE, key->field);
	char old[VALUE_TEXT_MAX], new[VALUE_TEXT_MAX];
	int order;

	if (before == after)
		return;
	order = compare_values(key, before, after);
	tell(report, &(struct difference){
		.section = key->section, .key = key->name,
		.before = value_format(key->quantity, before, old),
		.after = value_format(key->quantity, after, new),
		.effect = effect_of(effect_of_more[key->field], order),
		.remark = remark_on_field(key->field, order) });
}

static void diff_head(struct report *report)
{
	size_t i;

	for (i = 0; i < key_count; i++) {
		if (!strcmp(keys[i].section, PARTITION))
			continue;
		if (keys[i].quantity == QUANTITY_TEXT)
			diff_text(report, &keys[i]);
		else if (keys[i].quantity == QUANTITY_FILE)
			diff_owner(report, &keys[i]);
		else
			diff_number(report, &keys[i]);
	}
}

/* --- Partitions ----------------------------------------------------------- */

/* The partition of that name in @blob, or NOWHERE. */
static uint32_t find_partition(const struct blob *blob, const char *name)
{
	uint32_t partition, count = blob_partitions(blob);
	char other[BLOB_NAME_MAX];

	for (partition = 0; partition < count; partition++) {
		if (!strcmp(blob_partition_name(blob, partition, other), name))
			return partition;
	}
	return NOWHERE;
}

static void diff_partition_key(struct report *report, const char *section, const struct key *key,
			       uint32_t old_index, uint32_t new_index)
{
	uint64_t before = blob_get(&report->before->blob, old_index, key->field);
	uint64_t after = blob_get(&report->after->blob, new_index, key->field);
	bool guest = blob_is_guest(&report->after->blob, new_index);
	const enum effect *more = guest ? effect_of_more_guest : effect_of_more_driving;
	char old[VALUE_TEXT_MAX], new[VALUE_TEXT_MAX];
	enum effect effect;

	if (before == after)
		return;
	effect = effect_of(more[key->field], compare_values(key, before, after));
	tell(report, &(struct difference){
		.section = section, .key = key->name, .effect = effect,
		.before = value_format(key->quantity, before, old),
		.after = value_format(key->quantity, after, new),
		.remark = remark_on_partition(guest, effect) });
}

static void diff_partition(struct report *report, uint32_t old_index)
{
	bool guest = blob_is_guest(&report->before->blob, old_index);
	char name[BLOB_NAME_MAX], section[SECTION_MAX];
	uint32_t new_index;
	size_t i;

	blob_partition_name(&report->before->blob, old_index, name);
	snprintf(section, sizeof(section), PARTITION " %s", name);
	new_index = find_partition(&report->after->blob, name);
	if (new_index == NOWHERE) {
		tell(report, &(struct difference){ section, NULL, "there", "is gone",
						   guest ? EFFECT_TIGHTER : EFFECT_NONE, "" });
		return;
	}
	for (i = 0; i < key_count; i++) {
		if (!strcmp(keys[i].section, PARTITION))
			diff_partition_key(report, section, &keys[i], old_index, new_index);
	}
}

static void tell_if_new(struct report *report, uint32_t new_index)
{
	bool guest = blob_is_guest(&report->after->blob, new_index);
	char name[BLOB_NAME_MAX], section[SECTION_MAX];

	blob_partition_name(&report->after->blob, new_index, name);
	if (find_partition(&report->before->blob, name) != NOWHERE)
		return;
	snprintf(section, sizeof(section), PARTITION " %s", name);
	tell(report, &(struct difference){ section, NULL, "not there", "is new",
					   guest ? EFFECT_LOOSER : EFFECT_NONE, "" });
}

static void diff_partitions(struct report *report)
{
	uint32_t partition;

	for (partition = 0; partition < blob_partitions(&report->before->blob); partition++)
		diff_partition(report, partition);
	for (partition = 0; partition < blob_partitions(&report->after->blob); partition++)
		tell_if_new(report, partition);
}

/* -------------------------------------------------------------------------- */

static bool are_same(const struct report *report)
{
	const struct blob *before = &report->before->blob, *after = &report->after->blob;

	return before->size == after->size && !memcmp(before->bytes, after->bytes, before->size);
}

static int report_end(const struct report *report)
{
	const uint32_t *count = report->count;
	uint32_t all = count[EFFECT_NONE] + count[EFFECT_LOOSER] + count[EFFECT_TIGHTER];

	if (report->json)
		return report->r < 0 ? fail_errno(report->r, "printing") :
				       policy_print_json(report->list);
	if (all)
		printf("\n%u difference%s: %u looser, %u tighter\n", all, all == 1 ? "" : "s",
		       count[EFFECT_LOOSER], count[EFFECT_TIGHTER]);
	else
		puts(are_same(report) ? "no difference" :
					"only the order of the partitions differs");
	return EXIT_OK;
}

static int diff_sources(struct report *report)
{
	int r;

	report->r = sd_json_variant_new_array(&report->list, NULL, 0);
	diff_head(report);
	diff_partitions(report);
	r = report_end(report);
	sd_json_variant_unref(report->list);
	if (r != EXIT_OK)
		return EXIT_USAGE;
	return are_same(report) ? EXIT_OK : EXIT_WRONG;
}

int policy_diff(const struct policy_options *options)
{
	_cleanup_(source_fini) struct source before = {}, after = {};
	int r;

	r = source_load(&before, options->path, NULL);
	if (r == EXIT_OK)
		r = source_load(&after, options->other, NULL);
	/* 1 means that they differ, of a policy that is none nothing can be said */
	if (r != EXIT_OK)
		return EXIT_USAGE;
	return diff_sources(&(struct report){ .before = &before, .after = &after,
					      .json = options->json });
}
