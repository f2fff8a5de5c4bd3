// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What people are shown of a report, in which order and under which names. Both
 * the text and the page are made from this.
 */
#include <inttypes.h>
#include <string.h>

#include "audit.h"

static const struct field system_fields[] = {
	{ NULL, "host", "Host" },
	{ NULL, "kernel_release", "Kernel" },
	{ NULL, "kernel_version", "Kernel's build" },
	{ NULL, "machine", "Machine" },
	{ NULL, "kernel_taint", "Kernel's taint" },
	{ NULL, "lockdown", "Lockdown" },
	{ NULL, "secure_boot", "Secure Boot" },
	{ NULL, "module_signatures_enforced", "Only signed modules" },
	{ NULL, "module_version", "Module's version" },
	{ NULL, "module_srcversion", "Module's srcversion" },
	{ NULL, "module_build_id", "Module's build id" },
	{ NULL, "module_taint", "Module's taint" },
	{}
};

static const struct field policy_fields[] = {
	{ NULL, "state", "State" },
	{ NULL, "key_kind", "Key" },
	{ NULL, "serial_floor", "Serials from" },
	{ NULL, "id", "Name" },
	{ NULL, "serial", "Serial" },
	{ NULL, "vehicle_type", "Vehicle type" },
	{ NULL, "digest", "SHA-256" },
	{ NULL, "reclaim_bound_ns", "Reclaim within", UNIT_NS },
	{ NULL, "abort_bound_ns", "Abort within", UNIT_NS },
	{ NULL, "signal_age_max_ns", "Signals not older than", UNIT_NS },
	{ NULL, "lease_age_max_ns", "Lease not older than", UNIT_NS },
	{ NULL, "park_hold_ns", "Parked counts after", UNIT_NS },
	{ NULL, "watchdog_ns", "Watchdog", UNIT_NS },
	{ NULL, "interval_ns", "Fault-tolerant time", UNIT_NS },
	{ NULL, "power_max_mw", "Guests' power", UNIT_MW },
	{ NULL, "trip_mdeg", "Guests end at", UNIT_MDEG },
	{ NULL, "resume_mdeg", "Guests resume below", UNIT_MDEG },
	{}
};

static const struct field file_fields[] = {
	{ NULL, "path", "File" },
	{ NULL, "digest", "SHA-256" },
	{ NULL, "is_in_force", "Is the one in force" },
	{ NULL, "author", "Author" },
	{ NULL, "reviewer", "Reviewer" },
	{ NULL, "change", "Change request" },
	{}
};

static const struct field gate_fields[] = {
	{ NULL, "open", "Open" },
	{ NULL, "reason", "Reason" },
	{ NULL, "since_utc", "Since" },
	{ NULL, "changes", "Changes" },
	{ NULL, "guests_in", "Guest has tiles" },
	{ NULL, "sealed", "Sealed" },
	{ NULL, "fault_latched", "Fault latched" },
	{ NULL, "mode", "Vehicle" },
	{ NULL, "parked_for_ns", "Parked for", UNIT_NS },
	{ NULL, "signal_age_ns", "Signals' age", UNIT_NS },
	{ NULL, "lease_held", "Lease held" },
	{ NULL, "lease_age_ns", "Lease's age", UNIT_NS },
	{ NULL, "sensor_age_ns", "Sensors' age", UNIT_NS },
	{ NULL, "temperature_mdeg", "Temperature", UNIT_MDEG },
	{}
};

static const struct field consent_fields[] = {
	{ NULL, "held", "Held" },
	{ NULL, "id", "Id" },
	{ NULL, "serial", "Serial" },
	{ NULL, "left_uj", "Energy left", UNIT_UJ },
	{ NULL, "from_utc", "Permits from" },
	{ NULL, "until_utc", "Permits until" },
	{}
};

static const struct field reclaim_fields[] = {
	{ NULL, "opened", "Guests let in" },
	{ NULL, "reclaims", "Reclaims" },
	{ NULL, "resets", "With a reset" },
	{ NULL, "late", "Over the bound" },
	{ NULL, "bound_ns", "The policy's bound", UNIT_NS },
	{ NULL, "worst_ns", "Longest", UNIT_NS },
	{ NULL, "last_ns", "Last", UNIT_NS },
	{ NULL, "last_utc", "Last at" },
	{}
};

static const struct field governor_fields[] = {
	{ NULL, "state", "State" },
	{ NULL, "name", "Name" },
	{ NULL, "returned", "It returned" },
	{ NULL, "why", "It was dropped" },
	{ NULL, "jobs_refused", "Jobs refused" },
	{ NULL, "verdict_age_ns", "Verdict's age", UNIT_NS },
	{}
};

static const struct field frame_fields[] = {
	{ NULL, "bus_name", "Bus" },
	{ NULL, "bus_index", "Bus, interface number" },
	{ NULL, "accepted", "Accepted" },
	{ NULL, "malformed", "Malformed" },
	{ NULL, "crc", "Wrong CRC" },
	{ NULL, "repeated", "Repeated" },
	{ NULL, "sequence", "Out of sequence" },
	{ NULL, "foreign_driving", "Foreign, driving" },
	{ NULL, "unbound", "Before the bus" },
	{ NULL, "namespace", "Other namespace" },
	{ NULL, "interface", "Other interface" },
	{ NULL, "socket", "From this host" },
	{ NULL, "sent", "Sent here, stopped" },
	{}
};

const struct section sections[] = {
	{ "gate", "Gate", gate_fields },
	{ "policy", "Policy in force", policy_fields },
	{ "policy_file", "Policy file", file_fields },
	{ "consent", "Owner's consent", consent_fields },
	{ "reclaims", "Reclaims", reclaim_fields },
	{ "governor", "Governor", governor_fields },
	{ "frames", "Vehicle's frames", frame_fields },
	{ "system", "System and module", system_fields },
};

const size_t section_count = ARRAY_SIZE(sections);

const struct field partition_columns[] = {
	{ NULL, "name", "Partition" },
	{ NULL, "node", "Node" },
	{ NULL, "tiles", "Tiles" },
	{ NULL, "window_bytes", "Window", UNIT_BYTES },
	{ NULL, "queue_depth", "Queue" },
	{ NULL, "parties", "Open" },
	{ NULL, "enabled", "Takes jobs" },
	{ NULL, "faulted", "Fenced" },
	{ NULL, "recoveries", "Resets" },
	{ NULL, "window_cleared_bytes", "Cleared", UNIT_BYTES },
	{ NULL, "tile_clearings", "Tiles cleared" },
	{ NULL, "jobs", "Jobs" },
	{ NULL, "energy_uj", "Energy", UNIT_UJ },
	{}
};

const char *cell_text(const struct field *field, sd_json_variant *object, char *text)
{
	sd_json_variant *value = sd_json_variant_by_key(object, field->key);
	const char *cell = NULL;

	if (value && !sd_json_variant_is_null(value))
		cell = field_text(field, object, text, CELL_TEXT_MAX);
	return cell ?: "-";
}

bool section_is_empty(const struct section *section, sd_json_variant *object)
{
	const struct field *field;

	for (field = section->fields; field->key; field++)
		if (!sd_json_variant_is_null(sd_json_variant_by_key(object, field->key)))
			return false;
	return true;
}

const char *report_text(sd_json_variant *object, const char *key)
{
	sd_json_variant *value = sd_json_variant_by_key(object, key);

	return value && sd_json_variant_is_string(value) ? sd_json_variant_string(value) : "";
}

bool report_has_development_key(sd_json_variant *report)
{
	return !strcmp(report_text(sd_json_variant_by_key(report, "policy"), "key_kind"),
		       gate_key_kind_name(LAYBY_KEY_DEVELOPMENT));
}

/* --- The histogram ----------------------------------------------------------- */

static uint64_t bucket_count(sd_json_variant *bucket)
{
	return sd_json_variant_unsigned(sd_json_variant_by_key(bucket, "count"));
}

static void make_label(sd_json_variant *bucket, char *label, size_t size)
{
	static const struct field from = { NULL, "from_ns", "", UNIT_NS };
	static const struct field below = { NULL, "below_ns", "", UNIT_NS };
	char low[CELL_TEXT_MAX], high[CELL_TEXT_MAX];

	if (sd_json_variant_is_null(sd_json_variant_by_key(bucket, below.key)))
		snprintf(label, size, "%.24s or more", cell_text(&from, bucket, low));
	else
		snprintf(label, size, "%.24s to %.24s", cell_text(&from, bucket, low),
			 cell_text(&below, bucket, high));
}

size_t report_bars(sd_json_variant *report, struct bar bars[static BARS_MAX])
{
	sd_json_variant *buckets, *bucket;
	uint64_t fullest = 1;
	size_t i, count = 0, used = 0;

	buckets = sd_json_variant_by_key(sd_json_variant_by_key(report, "reclaims"), "buckets");
	for (i = 0; i < sd_json_variant_elements(buckets) && count < BARS_MAX; i++) {
		bucket = sd_json_variant_by_index(buckets, i);
		bars[count].count = bucket_count(bucket);
		if (!count && !bars[count].count)
			continue;
		make_label(bucket, bars[count].label, sizeof(bars[count].label));
		if (bars[count].count > fullest)
			fullest = bars[count].count;
		count++;
		if (bars[count - 1].count)
			used = count;
	}
	for (i = 0; i < used; i++)
		bars[i].percent = (uint32_t)((unsigned __int128)bars[i].count * 100 / fullest);
	return used;
}

void report_write(FILE *file, const struct writer *writer, sd_json_variant *report)
{
	size_t i;

	fputs(writer->head, file);
	writer->top(file, report);
	writer->findings(file, sd_json_variant_by_key(report, "findings"));
	writer->unknowns(file, sd_json_variant_by_key(report, "not_known"));
	writer->accelerators(file, sd_json_variant_by_key(report, "accelerators"));
	writer->bars(file, report);
	for (i = 0; i < section_count; i++)
		writer->section(file, &sections[i],
				sd_json_variant_by_key(report, sections[i].key));
	fputs(writer->foot, file);
}
