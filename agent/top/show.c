// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A frame as text: why first, then how much, then who.
 */
#include <string.h>

#include "top.h"

#define BAR_COLUMNS	20

/* A number of @object with its unit, or "-"; good until the eighth call from now. */
static const char *shown(sd_json_variant *object, const char *key, enum unit unit)
{
	static char texts[8][CELL_TEXT_MAX];
	static size_t next;
	const struct field field = { NULL, key, "", unit };

	next = (next + 1) % ARRAY_SIZE(texts);
	return cell_text(&field, object, texts[next]);
}

static uint64_t number(sd_json_variant *object, const char *key)
{
	sd_json_variant *value = sd_json_variant_by_key(object, key);

	return value && sd_json_variant_is_unsigned(value) ? sd_json_variant_unsigned(value) : 0;
}

static void write_gate(FILE *file, sd_json_variant *gate)
{
	fprintf(file, "%s\n(%s for %s)\n\n", report_text(gate, "sentence"),
		report_text(gate, "reason"), shown(gate, "for_us", UNIT_US));
	fprintf(file, "%12s  %s, heard %s ago\n", "Vehicle", report_text(gate, "mode"),
		shown(gate, "signal_age_us", UNIT_US));
	fprintf(file, "%12s  %s left\n", "Consent", shown(gate, "consent_left_uj", UNIT_UJ));
}

static void write_bar(FILE *file, uint64_t part, uint64_t whole)
{
	uint64_t filled = whole ? part * BAR_COLUMNS / whole : 0;

	if (filled > BAR_COLUMNS)
		filled = BAR_COLUMNS;
	fprintf(file, "  |%.*s%.*s|\n", (int)filled, "####################",
		(int)(BAR_COLUMNS - filled), "--------------------");
}

static void write_power(FILE *file, sd_json_variant *is)
{
	fprintf(file, "%12s  %s of %s, ceiling %s", "Guests draw",
		shown(is, "guests_power_mw", UNIT_MW), shown(is, "cap_mw", UNIT_MW),
		shown(is, "ceiling_mw", UNIT_MW));
	write_bar(file, number(is, "guests_power_mw"), number(is, "cap_mw"));
	fprintf(file, "%12s  %s of %s, %s charged, %s jobs wait", "Credit",
		shown(is, "credit_uj", UNIT_UJ), shown(is, "bucket_uj", UNIT_UJ),
		shown(is, "charged_uj", UNIT_UJ), shown(is, "waiting", UNIT_NONE));
	write_bar(file, number(is, "credit_uj"), number(is, "bucket_uj"));
	fprintf(file, "%12s  %s, guests end at %s; level %s\n", "Temperature",
		shown(is, "temperature_mdeg", UNIT_MDEG), shown(is, "trip_mdeg", UNIT_MDEG),
		shown(is, "level", UNIT_NONE));
	fprintf(file, "%12s  %s used, %s jobs ended since the last frame\n", "Guests",
		shown(is, "guests_energy_uj", UNIT_UJ), shown(is, "guests_jobs_ended", UNIT_NONE));
}

static void write_reclaims(FILE *file, sd_json_variant *reclaims)
{
	fprintf(file, "%12s  %s, the longest %s, %s over the bound\n", "Reclaims",
		shown(reclaims, "count", UNIT_NONE), shown(reclaims, "worst_us", UNIT_US),
		shown(reclaims, "late", UNIT_NONE));
}

static void write_agent(FILE *file, sd_json_variant *frame)
{
	sd_json_variant *agent = sd_json_variant_by_key(frame, "agent");

	if (sd_json_variant_is_null(agent))
		fprintf(file, "%12s  %s\n", "Agent", report_text(frame, "agent_error"));
	else
		fprintf(file, "%12s  %s jobs queued, %s running, %s done, %s today\n", "Agent",
			shown(agent, "jobs_queued", UNIT_NONE),
			shown(agent, "jobs_running", UNIT_NONE),
			shown(agent, "jobs_done", UNIT_NONE),
			shown(agent, "energy_today_uj", UNIT_UJ));
}

static const struct field columns[] = {
	{ NULL, "name", "Partition" },
	{ NULL, "tiles", "Tiles" },
	{ NULL, "enabled", "Takes jobs" },
	{ NULL, "faulted", "Fenced" },
	{ NULL, "parties", "Open" },
	{ NULL, "queue_depth", "Queue" },
	{ NULL, "jobs", "Jobs" },
	{ NULL, "energy_uj", "Energy", UNIT_UJ },
	{}
};

void frame_write(FILE *file, sd_json_variant *frame)
{
	fprintf(file, "layby top, %s\n\n", report_text(frame, "time_utc"));
	if (!sd_json_variant_boolean(sd_json_variant_by_key(frame, "module"))) {
		fputs("The layby module is not loaded.\n\n", file);
		write_agent(file, frame);
		return;
	}
	write_gate(file, sd_json_variant_by_key(frame, "gate"));
	write_power(file, sd_json_variant_by_key(frame, "accelerator"));
	write_reclaims(file, sd_json_variant_by_key(frame, "reclaims"));
	write_agent(file, frame);
	fputc('\n', file);
	report_table(file, columns, sd_json_variant_by_key(frame, "partitions"));
}
