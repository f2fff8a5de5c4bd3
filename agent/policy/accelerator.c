// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The description of an accelerator: what its backend declares to the module,
 * as a file, so that a policy can be judged where there is no accelerator.
 */
#include <inttypes.h>
#include <string.h>

#include "tool.h"

#define SECTION		"Accelerator"
#define HW(member)	offsetof(struct layby_policy_hw, member)

/* What is a number in a description; the upper bounds are the module's own. */
static const struct declared {
	const char *key;
	enum quantity quantity;
	size_t offset, bytes;
	uint64_t low, high;
} declared[] = {
	{ "Memory", QUANTITY_BYTES, HW(memory_bytes), 8, 4096, INT64_MAX },
	{ "Tiles", QUANTITY_COUNT, HW(tiles), 4, 2, 32 },
	{ "Slots", QUANTITY_COUNT, HW(slots), 4, 2, 256 },
	{ "QueueDepth", QUANTITY_COUNT, HW(queue_depth), 4, 1, 256 },
	{ "AbortBound", QUANTITY_TIME, HW(abort_bound_ns), 8, 1, 60000000000 },
	{ "ResetBound", QUANTITY_TIME, HW(reset_bound_ns), 8, 1, 60000000000 },
};

static const struct declared *find_declared(const char *key)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(declared); i++) {
		if (!strcmp(declared[i].key, key))
			return &declared[i];
	}
	return NULL;
}

static void take_number(struct accelerator *accelerator, struct conf *conf,
			const struct declared *is, const struct conf_entry *entry)
{
	char low[VALUE_TEXT_MAX], high[VALUE_TEXT_MAX];
	uint64_t value;

	if (!value_read(conf, entry, is->quantity, &value))
		return;
	if (value < is->low || value > is->high)
		conf_problem(conf, entry->line, "%s=%s is out of range; right are %s to %s",
			     entry->key, entry->value, value_format(is->quantity, is->low, low),
			     value_format(is->quantity, is->high, high));
	/* the host of the tool is not the vehicle: little-endian or big, it is a native number */
	if (is->bytes == 4)
		*(__u32 *)((uint8_t *)&accelerator->hw + is->offset) = (__u32)value;
	else
		*(__u64 *)((uint8_t *)&accelerator->hw + is->offset) = value;
}

static void take_entry(struct accelerator *accelerator, struct conf *conf,
		       const struct conf_entry *entry)
{
	const struct declared *is = find_declared(entry->key);
	bool here = !strcmp(entry->section, SECTION);

	if (here && is)
		take_number(accelerator, conf, is, entry);
	else if (here && !strcmp(entry->key, "Name"))
		snprintf(accelerator->name, sizeof(accelerator->name), "%s", entry->value);
	else
		conf_problem(conf, entry->line,
			     "unknown: %s= in [%s]; right are Name, Memory, Tiles, Slots, QueueDepth, AbortBound, ResetBound in ["
			     SECTION "]", entry->key, entry->section);
}

static void check_present(struct conf *conf)
{
	uint32_t line = conf_section_line(conf, SECTION);
	size_t i;

	if (!conf_find(conf, SECTION, "Name"))
		conf_problem(conf, line, "Name= is missing in [" SECTION "]: as the backend calls it");
	for (i = 0; i < ARRAY_SIZE(declared); i++) {
		if (!conf_find(conf, SECTION, declared[i].key))
			conf_problem(conf, line, "%s= is missing in [" SECTION "]: a %s, for instance %s",
				     declared[i].key, value_noun(declared[i].quantity),
				     value_example(declared[i].quantity));
	}
}

int accelerator_read(struct accelerator *accelerator, const char *path)
{
	struct conf conf;
	size_t i;
	int r;

	*accelerator = (struct accelerator){
		.path = path,
		.hw = { .serial_floor = 1, .page_bytes = 4096, .name = accelerator->name },
	};
	r = conf_read(&conf, path);
	if (r != EXIT_OK)
		return r;
	for (i = 0; i < conf.count; i++)
		take_entry(accelerator, &conf, &conf.entries[i]);
	check_present(&conf);
	/* a backend declares one operation; a failed abort is followed by all of them */
	accelerator->hw.reset_bound_ns *= LAYBY_POLICY_RESET_OPERATIONS;
	r = conf_report(&conf);
	conf_fini(&conf);
	return r == EXIT_OK ? r : EXIT_USAGE;
}
