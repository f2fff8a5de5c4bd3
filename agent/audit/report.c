// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The report: one JSON object with all that was found out. Its keys are an
 * interface (docs/audit.md); null is what there is not, or what is not known.
 */
#include <net/if.h>
#include <string.h>

#include <drm/layby_accel.h>

#include "audit.h"

#define FORMAT	1

static bool has(const struct audit *audit, enum part part)
{
	return audit->parts & part;
}

static bool has_policy(const struct audit *audit)
{
	return has(audit, PART_POLICY) && audit->policy.state == LAYBY_POLICY_STATE_IN_FORCE;
}

/* An age, or null; netlink's times are of the moment of its answer. */
static void put_age(struct object *object, const char *key, bool is, uint64_t age_ns)
{
	put_unsigned(object, key, is && age_ns != GATE_NO_AGE, age_ns);
}

/* A moment of CLOCK_MONOTONIC on the wall clock */
static int64_t wall_of(const struct audit *audit, uint64_t monotonic_ns)
{
	return audit->wall_ns - (int64_t)(audit->now_ns - monotonic_ns);
}

/* --- Verdict ---------------------------------------------------------------- */

static const char *verdict_name(const struct verdict *verdict)
{
	static const char *const names[] = {
		[EXIT_OK] = "nothing-found",
		[EXIT_FINDINGS] = "findings",
		[EXIT_CANNOT_TELL] = "cannot-tell",
	};

	return names[verdict_status(verdict)];
}

static void put_verdict(struct object *report, const struct verdict *verdict)
{
	const char *partial = verdict->is_partial ? " What is not known could hide more." : "";
	char text[160];

	switch (verdict_status(verdict)) {
	case EXIT_FINDINGS:
		snprintf(text, sizeof(text), "%zu finding%s: not as it should be in the field.%s",
			 verdict->count, verdict->count == 1 ? "" : "s", partial);
		break;
	case EXIT_CANNOT_TELL:
		snprintf(text, sizeof(text),
			 "Cannot tell: what is not known could hide a finding.");
		break;
	default:
		snprintf(text, sizeof(text), "Nothing found: as it should be in the field.");
	}
	put_text(report, "verdict", verdict_name(verdict));
	put_text(report, "verdict_text", text);
	put_bool(report, "complete", true, !verdict->is_partial);
	put_unsigned(report, "exit_status", true, (uint64_t)verdict_status(verdict));
}

static struct object build_findings(const struct verdict *verdict)
{
	struct object array = {};
	size_t i;

	array.error = sd_json_variant_new_array(&array.json, NULL, 0);
	for (i = 0; i < verdict->count; i++) {
		const struct finding *finding = &verdict->findings[i];
		struct object object = {};

		put_text(&object, "id", finding->id);
		put_text(&object, "text", finding->text);
		put_text(&object, "remedy", finding->remedy);
		append_object(&array, object);
	}
	return array;
}

static struct object build_unknowns(const struct audit *audit)
{
	struct object array = {};
	size_t i;

	array.error = sd_json_variant_new_array(&array.json, NULL, 0);
	for (i = 0; i < audit->unknown_count; i++) {
		struct object object = {};

		put_text(&object, "what", audit->unknowns[i].what);
		put_text(&object, "why", audit->unknowns[i].why);
		put_bool(&object, "could_hide_finding", true, audit->unknowns[i].parts);
		append_object(&array, object);
	}
	return array;
}

/* --- System, policy ---------------------------------------------------------- */

static struct object build_system(const struct audit *audit)
{
	struct object object = {};
	size_t i;

	put_text(&object, "host", audit->uts.nodename);
	put_text(&object, "kernel_release", audit->uts.release);
	put_text(&object, "kernel_version", audit->uts.version);
	put_text(&object, "machine", audit->uts.machine);
	for (i = 0; i < FACTS; i++)
		put_text(&object, audit->facts[i].key,
			 audit->facts[i].is ? audit->facts[i].text : NULL);
	return object;
}

static void put_bounds(struct object *object, bool is, const struct gate_policy *policy)
{
	put_unsigned(object, "reclaim_bound_ns", is, policy->reclaim_ns);
	put_unsigned(object, "abort_bound_ns", is, policy->abort_ns);
	put_unsigned(object, "signal_age_max_ns", is, policy->signal_age_max_ns);
	put_unsigned(object, "lease_age_max_ns", is, policy->lease_age_max_ns);
	put_unsigned(object, "park_hold_ns", is, policy->park_hold_ns);
	put_unsigned(object, "watchdog_ns", is, policy->watchdog_ns);
	put_unsigned(object, "interval_ns", is, policy->interval_ns);
	put_unsigned(object, "power_max_mw", is, policy->power_mw);
	put_signed(object, "trip_mdeg", is, policy->trip_mdeg);
	put_signed(object, "resume_mdeg", is, policy->resume_mdeg);
}

static struct object build_policy(const struct audit *audit)
{
	const struct gate_policy *policy = &audit->policy;
	bool is = has(audit, PART_POLICY);
	struct object object = {};

	put_text(&object, "state", is ? gate_policy_state_name(policy->state) : NULL);
	put_text(&object, "key_kind", is ? gate_key_kind_name(policy->key_kind) : NULL);
	put_unsigned(&object, "serial_floor", is, policy->serial_floor);
	is = has_policy(audit);
	put_text(&object, "id", is ? policy->id : NULL);
	put_unsigned(&object, "serial", is, policy->serial);
	put_text(&object, "vehicle_type", is ? policy->vehicle_type : NULL);
	put_hex(&object, "digest", is, policy->digest, sizeof(policy->digest));
	put_bounds(&object, is, policy);
	return object;
}

static struct object build_file(const struct audit *audit)
{
	const struct policy_file *file = &audit->file;
	struct object object = {};

	put_text(&object, "path", file->path);
	put_text(&object, "digest", file->digest);
	put_bool(&object, "is_in_force", has(audit, PART_FILE) && has(audit, PART_POLICY),
		 file->is_in_force);
	put_text(&object, "author", file->author);
	put_text(&object, "reviewer", file->reviewer);
	put_text(&object, "change", file->change);
	return object;
}

/* --- Gate, consent, governor, frames ----------------------------------------- */

static void put_inputs(struct object *object, bool is, const struct gate_state *state)
{
	bool is_parked = is && state->parked_since_ns;

	put_text(object, "mode", is ? gate_mode_name(state->mode) : NULL);
	put_unsigned(object, "parked_for_ns", is_parked, state->now_ns - state->parked_since_ns);
	put_age(object, "signal_age_ns", is, state->signal_age_ns);
	put_bool(object, "lease_held", is, state->lease_held);
	put_age(object, "lease_age_ns", is, state->lease_age_ns);
	put_age(object, "sensor_age_ns", is, state->sensor_age_ns);
	put_signed(object, "temperature_mdeg", is && state->has_temperature,
		   state->temperature_mdeg);
}

static struct object build_gate(const struct audit *audit)
{
	const struct gate_state *state = &audit->state;
	bool is = has(audit, PART_STATE);
	struct object object = {};
	char text[512];

	gate_sentence(state, text, sizeof(text));
	put_bool(&object, "open", is, state->open);
	put_text(&object, "reason", is ? layby_gate_reason_name(state->reason) : NULL);
	put_text(&object, "sentence", is ? text : NULL);
	put_utc(&object, "since_utc", is, wall_of(audit, state->since_ns));
	put_unsigned(&object, "for_ns", is, state->now_ns - state->since_ns);
	put_unsigned(&object, "changes", is, state->change);
	put_bool(&object, "guests_in", is, state->guests_in);
	put_bool(&object, "sealed", is, state->sealed);
	put_bool(&object, "fault_latched", is, state->fault);
	put_inputs(&object, is, state);
	return object;
}

static struct object build_consent(const struct audit *audit)
{
	const struct gate_state *state = &audit->state;
	bool is = has(audit, PART_STATE);
	struct object object = {};

	put_bool(&object, "held", is, state->has_consent);
	is = is && state->has_consent;
	put_hex(&object, "id", is, state->consent_id, sizeof(state->consent_id));
	put_unsigned(&object, "serial", is, state->consent_serial);
	put_unsigned(&object, "left_uj", is, state->consent_left_uj);
	put_utc(&object, "from_utc", is, state->consent_from_wall_ns);
	put_utc(&object, "until_utc", is, state->consent_until_wall_ns);
	return object;
}

static struct object build_governor(const struct audit *audit)
{
	const struct gate_governor *governor = &audit->governor;
	bool is = has(audit, PART_GOVERNOR);
	struct object object = {};

	put_text(&object, "state", is ? gate_governor_state_name(governor->state) : NULL);
	is = is && governor->state != LAYBY_GOVERNOR_STATE_NONE;
	put_text(&object, "name", is ? governor->name : NULL);
	put_signed(&object, "returned", is, governor->returned);
	put_text(&object, "why", is && *governor->why ? governor->why : NULL);
	put_unsigned(&object, "jobs_refused", is, governor->refused);
	put_age(&object, "verdict_age_ns", is && has(audit, PART_STATE),
		audit->state.governor_age_ns);
	return object;
}

static struct object build_frames(const struct audit *audit)
{
	const struct gate_frames *frames = &audit->frames;
	bool is = has(audit, PART_FRAMES);
	char name[IF_NAMESIZE];
	struct object object = {};
	uint32_t i;

	put_unsigned(&object, "bus_index", is && frames->bus, frames->bus);
	put_text(&object, "bus_name",
		 is && frames->bus ? if_indextoname(frames->bus, name) : NULL);
	for (i = LAYBY_A_FRAMES_ACCEPTED; i <= LAYBY_A_FRAMES_MAX; i++)
		put_unsigned(&object, gate_frames_name(i), is, frames->count[i]);
	return object;
}

/* --- Reclaims ---------------------------------------------------------------- */

static struct object build_buckets(const struct gate_counters *counters, bool is)
{
	struct object array = {};
	uint64_t from_ns = 0;
	size_t i;

	array.error = sd_json_variant_new_array(&array.json, NULL, 0);
	for (i = 0; is && i < counters->bucket_count; i++) {
		const struct gate_bucket *bucket = &counters->buckets[i];
		struct object object = {};

		put_unsigned(&object, "from_ns", true, from_ns);
		put_unsigned(&object, "below_ns", bucket->below_ns != UINT64_MAX,
			     bucket->below_ns);
		put_unsigned(&object, "count", true, bucket->count);
		append_object(&array, object);
		from_ns = bucket->below_ns;
	}
	return array;
}

static struct object build_reclaims(const struct audit *audit)
{
	const struct gate_counters *counters = &audit->counters;
	bool is = has(audit, PART_COUNTERS);
	struct object object = {};

	put_unsigned(&object, "opened", is, counters->opened);
	put_unsigned(&object, "reclaims", is, counters->reclaims);
	put_unsigned(&object, "resets", is, counters->resets);
	put_unsigned(&object, "late", is, counters->late);
	put_unsigned(&object, "bound_ns", has_policy(audit), audit->policy.reclaim_ns);
	put_object(&object, "buckets", build_buckets(counters, is));
	is = is && counters->reclaims;
	put_unsigned(&object, "worst_ns", is, counters->worst_ns);
	put_unsigned(&object, "last_ns", is, counters->last_ns);
	put_utc(&object, "last_utc", is && counters->last_at_ns,
		wall_of(audit, counters->last_at_ns));
	return object;
}

/* --- Accelerators ------------------------------------------------------------- */

struct object report_partition(const struct gate_partition *partition)
{
	char tiles[VALUE_TEXT_MAX], name[64], node[32];
	bool is_told = partition->has_cleared;
	struct object object = {};

	snprintf(name, sizeof(name), "%s.%u", layby_class_name(partition->partition_class),
		 partition->id);
	snprintf(node, sizeof(node), "/dev/accel/accel%u", partition->minor);
	put_text(&object, "name", name);
	put_text(&object, "class", layby_class_name(partition->partition_class));
	put_unsigned(&object, "id", true, partition->id);
	put_text(&object, "node", node);
	put_text(&object, "tiles", value_format(QUANTITY_TILES, partition->tiles, tiles));
	put_unsigned(&object, "tile_mask", true, partition->tiles);
	put_unsigned(&object, "window_bytes", true, partition->window_bytes);
	put_unsigned(&object, "queue_depth", true, partition->queue_depth);
	put_unsigned(&object, "bandwidth_permille", partition->bandwidth_permille,
		     partition->bandwidth_permille);
	put_bool(&object, "enabled", true, partition->enabled);
	put_bool(&object, "faulted", true, partition->faulted);
	put_unsigned(&object, "parties", true, partition->parties);
	put_unsigned(&object, "recoveries", true, partition->recoveries);
	put_unsigned(&object, "window_clearings", is_told, partition->window_clearings);
	put_unsigned(&object, "window_cleared_bytes", is_told, partition->window_cleared_bytes);
	put_unsigned(&object, "tile_clearings", is_told, partition->tile_clearings);
	put_unsigned(&object, "jobs", partition->has_used, partition->jobs);
	put_unsigned(&object, "energy_uj", partition->has_used, partition->energy_uj);
	put_unsigned(&object, "tile_ticks", partition->has_used, partition->tile_ticks);
	return object;
}

/* The partitions from *@i on that are of one accelerator */
static struct object build_accelerator(const struct gate_partitions *partitions, size_t *i)
{
	const char *accel = partitions->list[*i].accel;
	struct object object = {}, array = {};

	for (; *i < partitions->count && !strcmp(partitions->list[*i].accel, accel); ++*i)
		append_object(&array, report_partition(&partitions->list[*i]));
	put_text(&object, "name", accel);
	put_object(&object, "partitions", array);
	return object;
}

/* The kernel tells of one after the other. */
static struct object build_accelerators(const struct audit *audit)
{
	struct object array = {};
	size_t i = 0;

	array.error = sd_json_variant_new_array(&array.json, NULL, 0);
	while (has(audit, PART_PARTITIONS) && i < audit->partitions.count)
		append_object(&array, build_accelerator(&audit->partitions, &i));
	return array;
}

/* -------------------------------------------------------------------------- */

int report_build(const struct audit *audit, const struct verdict *verdict,
		 sd_json_variant **ret_report)
{
	struct object report = {};

	put_unsigned(&report, "format", true, FORMAT);
	put_text(&report, "laybyctl_version", LAYBY_VERSION);
	put_utc(&report, "time_utc", true, audit->wall_ns);
	put_verdict(&report, verdict);
	put_object(&report, "findings", build_findings(verdict));
	put_object(&report, "not_known", build_unknowns(audit));
	put_object(&report, "system", build_system(audit));
	put_object(&report, "policy", build_policy(audit));
	put_object(&report, "policy_file", build_file(audit));
	put_object(&report, "gate", build_gate(audit));
	put_object(&report, "consent", build_consent(audit));
	put_object(&report, "reclaims", build_reclaims(audit));
	put_object(&report, "accelerators", build_accelerators(audit));
	put_object(&report, "governor", build_governor(audit));
	put_object(&report, "frames", build_frames(audit));
	if (report.error >= 0)
		*ret_report = report.json;
	else
		sd_json_variant_unref(report.json);
	return report.error;
}
