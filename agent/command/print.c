// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Printing: JSON by sd-json, and aligned lines with units for people.
 *
 * If an output of a job goes to stdout, everything here goes to stderr.
 */
#include "command.h"

#include <inttypes.h>
#include <string.h>

const struct field job_fields[] = {
	{ NULL, "id", "Job" },
	{ "State", "state", "State" },
	{ "Result", "result", "Result" },
	{ "Reason", "reason", "Reason" },
	{ "Message", "message", "Message" },
	{ NULL, "runs", "Runs" },
	{ "Level", "level", "Level" },
	{ "EnergyUj", "energy_uj", "Energy", UNIT_UJ },
	{ "QueueUs", "queue_us", "Queued on device", UNIT_US },
	{ "RunUs", "run_us", "Ran", UNIT_US },
	{ "TileUs", "tile_us", "Tile time", UNIT_US },
	{ "WaitUs", "wait_us", "Waited for energy", UNIT_US },
	{ "InputBytes", "input_bytes", "Bytes in" },
	{ "OutputBytes", "output_bytes", "Bytes out" },
	{ "WallUs", "wall_us", "Took", UNIT_US },
	{ "Reclaims", "reclaims", "Taken back" },
	{ NULL, "wall_us_min", "Shortest", UNIT_US },
	{ NULL, "wall_us_max", "Longest", UNIT_US },
	{ "LongestRunUs", "longest_run_us", "Longest allowed", UNIT_US },
	{ "Linger", "linger", "Lingers" },
	{ "Attempts", "attempts", "Tried again" },
	{ "Priority", "priority", "Priority" },
	{}
};

const struct field agent_fields[] = {
	{ "Version", "version", "Agent" },
	{ "JobsQueued", "jobs_queued", "Jobs queued" },
	{ "JobsRunning", "jobs_running", "Jobs running" },
	{ "JobsDone", "jobs_done", "Jobs done" },
	{ "EnergyTodayUj", "energy_today_uj", "Energy today", UNIT_UJ },
	{ "GateOpen", "gate_open", "Gate open" },
	{ "GateReason", "gate_reason", "Gate's reason" },
	{ "GateSinceUs", "gate_since_us", NULL },
	{ "Mode", "mode", "Vehicle" },
	{ "Sealed", "sealed", "Sealed" },
	{ "FaultLatched", "fault_latched", "Fault latched" },
	{ "ConsentId", "consent_id", "Consent" },
	{ "PolicyState", "policy_state", "Policy" },
	{ "PolicyId", "policy_id", "Policy's name" },
	{ "PolicySerial", "policy_serial", "Policy's serial" },
	{ "PolicyDigest", "policy_digest", "Policy's SHA-256" },
	{ "KeyKind", "key_kind", "Key" },
	{}
};

const struct field partition_fields[] = {
	{ "Class", "class", "Partition" },
	{ "Id", "id", "Number" },
	{ "Present", "present", "Present" },
	{ "Error", "error", "Error" },
	{ "Accelerator", "accelerator", "Accelerator" },
	{ "Tiles", "tiles", "Tiles" },
	{ NULL, "accel_tiles", "Tiles in all" },
	{ NULL, "levels", "Levels" },
	{ "WindowBytes", "window_bytes", "Window", UNIT_BYTES },
	{ "WindowFreeBytes", "window_free_bytes", "Window free", UNIT_BYTES },
	{ NULL, "memory_bytes", "Memory in all", UNIT_BYTES },
	{ "LongestRunMaxUs", "longest_run_max_us", "Longest run", UNIT_US },
	{ "QueueDepth", "queue_depth", "Queue depth" },
	{ "Faulted", "faulted", "Faulted" },
	{ NULL, "ticks_hz", "Device clock", UNIT_HZ },
	{ NULL, "abort_bound_ns", "Abort bound", UNIT_NS },
	{ NULL, "reset_bound_ns", "Reset bound", UNIT_NS },
	{ NULL, "tags", "Jobs in flight, max" },
	{ NULL, "jobs_max", "Jobs prepared, max" },
	{ NULL, "buffers_max", "Buffers, max" },
	{}
};

static FILE *out(const struct options *options)
{
	return options_write_to_stdout(options) ? stderr : stdout;
}

/* How a unit is shown to people: in steps of @step from the first on. */
struct scale {
	double step;
	const char *units[6];
	/* what the first one is divided by; 0: by 1 */
	double divisor;
};

static const struct scale scales[] = {
	[UNIT_NONE] = { 1, { "" } },
	[UNIT_BYTES] = { 1024, { " B", " KiB", " MiB", " GiB", " TiB" } },
	[UNIT_NS] = { 1000, { " ns", " us", " ms", " s" } },
	[UNIT_US] = { 1000, { " us", " ms", " s" } },
	[UNIT_UJ] = { 1000, { " uJ", " mJ", " J", " kJ", " MJ" } },
	[UNIT_HZ] = { 1000, { " Hz", " kHz", " MHz", " GHz" } },
	[UNIT_MW] = { 1000, { " mW", " W", " kW" } },
	[UNIT_MDEG] = { 1000, { " °C" }, 1000 },
	[UNIT_PERCENT] = { 1000, { " %" } },
};

static void number_text(enum unit unit, uint64_t n, char *buffer, size_t size)
{
	const struct scale *scale = &scales[unit];
	const char *const *name = scale->units;
	double scaled = (double)n / (scale->divisor ?: 1);

	if (scale->step <= 1) {
		snprintf(buffer, size, "%" PRIu64, n);
		return;
	}
	while (scaled >= scale->step && name[1]) {
		scaled /= scale->step;
		name++;
	}
	/* %g would write 86400 as 8.64e+04 */
	snprintf(buffer, size, scaled < 10000 ? "%.4g%s" : "%.0f%s", scaled,
		 *name);
}

static void negative_text(enum unit unit, int64_t n, char *buffer, size_t size)
{
	*buffer = '-';
	number_text(unit, -(uint64_t)n, buffer + 1, size - 1);
}

/* NULL if the object has no such value, or an empty one. */
const char *field_text(const struct field *field, sd_json_variant *object,
		       char *buffer, size_t size)
{
	sd_json_variant *value = sd_json_variant_by_key(object, field->key);

	if (!value || sd_json_variant_is_array(value))
		return NULL;
	if (sd_json_variant_is_string(value)) {
		snprintf(buffer, size, "%s", sd_json_variant_string(value));
		return *buffer ? buffer : NULL;
	}
	if (sd_json_variant_is_boolean(value))
		snprintf(buffer, size, "%s",
			 sd_json_variant_boolean(value) ? "yes" : "no");
	else if (sd_json_variant_is_unsigned(value))
		number_text(field->unit, sd_json_variant_unsigned(value),
			    buffer, size);
	else
		negative_text(field->unit, sd_json_variant_integer(value),
			      buffer, size);
	return buffer;
}

void print_fields(const struct options *options, const struct field *fields,
		  sd_json_variant *object)
{
	const struct field *field;
	const char *text;
	char buffer[256];

	for (field = fields; field->key; field++) {
		if (!field->label)
			continue;
		text = field_text(field, object, buffer, sizeof(buffer));
		if (text)
			fprintf(out(options), "%19s: %s\n", field->label, text);
	}
}

int print_json(const struct options *options, sd_json_variant *variant)
{
	int r;

	r = sd_json_variant_dump(
		variant, SD_JSON_FORMAT_PRETTY_AUTO | SD_JSON_FORMAT_NEWLINE,
		out(options), NULL);
	return r < 0 ? fail_errno(r, "printing") : EXIT_OK;
}

int print_object(const struct options *options, const struct field *fields,
		 sd_json_variant *object)
{
	if (options->json)
		return print_json(options, object);
	print_fields(options, fields, object);
	return EXIT_OK;
}
