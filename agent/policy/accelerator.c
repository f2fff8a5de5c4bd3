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
	{ "ThrottleTemperature", QUANTITY_TEMPERATURE, HW(throttle_mdeg), 4, 1, 200000 },
	{ "SensorError", QUANTITY_DIFFERENCE, HW(sensor_error_mdeg), 4, 0, 100000 },
	{ "DieResistance", QUANTITY_RESISTANCE, HW(die_resistance_mk_per_w), 4, 0, 100000 },
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

/* As the validator takes it, which is of this machine, not of the file. */
static void set_number(struct layby_policy_hw *hw, const struct declared *is, uint64_t value)
{
	uint8_t *member = (uint8_t *)hw + is->offset;

	if (is->bytes == sizeof(__u32))
		*(__u32 *)member = (__u32)value;
	else
		*(__u64 *)member = value;
}

static void take_number(struct accelerator *accelerator, struct conf *conf,
			const struct declared *is, const struct conf_entry *entry)
{
	char low[VALUE_TEXT_MAX], high[VALUE_TEXT_MAX];
	uint64_t value;

	if (!value_read(conf, entry, is->quantity, &value))
		return;
	if (value >= is->low && value <= is->high)
		set_number(&accelerator->hw, is, value);
	else
		conf_problem(conf, entry->line, "%s=%s is out of range; right are %s to %s",
			     entry->key, entry->value, value_format(is->quantity, is->low, low),
			     value_format(is->quantity, is->high, high));
}

static void take_entry(struct accelerator *accelerator, struct conf *conf,
		       const struct conf_entry *entry)
{
	const struct declared *is = find_declared(entry->key);

	if (is)
		take_number(accelerator, conf, is, entry);
	else if (!strcmp(entry->key, "Name") && strlen(entry->value) < sizeof(accelerator->name))
		strcpy(accelerator->name, entry->value);
	else if (!strcmp(entry->key, "Name"))
		conf_problem(conf, entry->line, "Name=%s is longer than %zu characters",
			     entry->value, sizeof(accelerator->name) - 1);
	else
		conf_problem(conf, entry->line,
			     "unknown key %s=; right are Name, Memory, Tiles, Slots, QueueDepth, AbortBound, ResetBound, ThrottleTemperature, SensorError, DieResistance",
			     entry->key);
}

static void check_complete(struct conf *conf)
{
	uint32_t line = conf_section_line(conf, SECTION);
	size_t i;

	if (!conf_find(conf, SECTION, "Name"))
		conf_problem(conf, line, "[" SECTION "] lacks Name=, as the backend calls it");
	for (i = 0; i < ARRAY_SIZE(declared); i++) {
		if (!conf_find(conf, SECTION, declared[i].key))
			conf_problem(conf, line, "[" SECTION "] lacks %s=, a %s, for instance %s",
				     declared[i].key, value_noun(declared[i].quantity),
				     value_example(declared[i].quantity));
	}
}

static void take_conf(struct accelerator *accelerator, struct conf *conf)
{
	size_t i;

	for (i = 0; i < conf->count; i++) {
		if (!strcmp(conf->entries[i].section, SECTION))
			take_entry(accelerator, conf, &conf->entries[i]);
		else if (!i || strcmp(conf->entries[i].section, conf->entries[i - 1].section))
			conf_problem(conf, conf->entries[i].section_line,
				     "unknown section [%s] in the description of an accelerator; right is ["
				     SECTION "]", conf->entries[i].section);
	}
	check_complete(conf);
}

int accelerator_read(struct accelerator *accelerator, const char *path)
{
	struct conf conf;
	int r;

	*accelerator = (struct accelerator){
		.hw = { .serial_floor = 1, .page_bytes = 4096, .name = accelerator->name },
	};
	r = conf_read(&conf, path);
	if (r != EXIT_OK)
		return r;
	take_conf(accelerator, &conf);
	/* declared is the bound of each; a failed abort is followed by all of them */
	accelerator->hw.reset_bound_ns *= LAYBY_POLICY_RESET_OPERATIONS;
	r = conf_report(&conf);
	conf_fini(&conf);
	return r == EXIT_OK ? r : EXIT_USAGE;
}
