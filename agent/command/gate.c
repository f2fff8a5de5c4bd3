// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * gate: asked of the kernel itself, so that it answers also while no agent
 * runs; and waiting for the gate to open.
 */
#include "gate_json.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#define _link_ _cleanup_(gate_link_closep) struct gate_link
#define _json_ _cleanup_(sd_json_variant_unrefp) sd_json_variant

static int no_module(void)
{
	return fail(EXIT_UNREACHABLE,
		    "the layby module is not loaded, or it is older than laybyctl");
}

/* --- in words ------------------------------------------------------------- */

static const struct field gate_fields[] = {
	{ NULL, "reason", "Reason" },
	{ NULL, "for_us", "For", UNIT_US },
	{ NULL, "guests_in", "Guest has tiles" },
	{ NULL, "mode", "Vehicle" },
	{ NULL, "signal_age_us", "Signals heard", UNIT_US },
	{ NULL, "charge_percent", "State of charge", UNIT_PERCENT },
	{ NULL, "charging", "Charging" },
	{ NULL, "sealed", "Sealed" },
	{ NULL, "fault", "Fault latched" },
	{ NULL, "consent_left_uj", "Consent, left", UNIT_UJ },
	{ NULL, "lease_held", "Lease held" },
	{ NULL, "governor_attached", "Governor attached" },
	{ NULL, "temperature_mdeg", "Temperature", UNIT_MDEG },
	{ NULL, "policy", "Policy" },
	{ NULL, "policy_id", "Policy's name" },
	{ NULL, "policy_serial", "Policy's serial" },
	{ NULL, "policy_digest", "Policy's SHA-256" },
	{ NULL, "key", "Key" },
	{ NULL, "reclaims", "Reclaims" },
	{ NULL, "reclaim_worst_us", "Longest reclaim", UNIT_US },
	{ NULL, "governor", "Governor" },
	{ NULL, "governor_name", "Governor's name" },
	{ NULL, "governor_returned", "It returned" },
	{ NULL, "governor_why", "It was dropped" },
	{ NULL, "governor_refused", "Jobs it refused" },
	{ NULL, "frames_accepted", "Frames accepted" },
	{ NULL, "frames_foreign_driving", "Foreign, driving" },
	{ NULL, "frames_unbound", "Before the bus" },
	{ NULL, "frames_namespace", "Other namespace" },
	{ NULL, "frames_interface", "Other interface" },
	{ NULL, "frames_socket", "From this host" },
	{ NULL, "frames_malformed", "Malformed" },
	{ NULL, "frames_crc", "Wrong CRC" },
	{ NULL, "frames_repeated", "Repeated" },
	{ NULL, "frames_sequence", "Out of sequence" },
	{ NULL, "frames_sent", "Sent here, stopped" },
	{ NULL, "guest_cleared_bytes", "Guest memory cleared, bytes" },
	{ NULL, "guest_window_clearings", "Pieces of it" },
	{ NULL, "guest_tile_clearings", "Guest tiles cleared" },
	{ NULL, "guest_jobs", "Guest jobs" },
	{ NULL, "guest_energy_uj", "Their energy", UNIT_UJ },
	{ NULL, "cap_mw", "Guest cap", UNIT_MW },
	{ NULL, "ceiling_mw", "Ceiling", UNIT_MW },
	{ NULL, "bucket_uj", "Bucket", UNIT_UJ },
	{ NULL, "credit_uj", "Credit", UNIT_UJ },
	{ NULL, "charged_uj", "Charged", UNIT_UJ },
	{ NULL, "level", "Guest level" },
	{ NULL, "waiting", "Jobs waiting for credit" },
	{ NULL, "device_energy_uj", "Device's energy", UNIT_UJ },
	{ NULL, "idle_energy_uj", "Of it idle", UNIT_UJ },
	{}
};

static void hex(const uint8_t *bytes, size_t count, char *text)
{
	size_t i;

	for (i = 0; i < count; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}

static int add_policy(const struct gate_policy *policy,
		      sd_json_variant **object)
{
	char digest[2 * sizeof(policy->digest) + 1];
	int r;

	r = sd_json_variant_set_field_string(
		object, "policy", gate_policy_state_name(policy->state));
	if (r >= 0)
		r = sd_json_variant_set_field_string(
			object, "key", gate_key_kind_name(policy->key_kind));
	if (r < 0 || policy->state != LAYBY_POLICY_STATE_IN_FORCE)
		return r;
	hex(policy->digest, sizeof(policy->digest), digest);
	r = sd_json_variant_set_field_string(object, "policy_id", policy->id);
	if (r >= 0)
		r = sd_json_variant_set_field_unsigned(object, "policy_serial",
						       policy->serial);
	if (r >= 0)
		r = sd_json_variant_set_field_string(object, "policy_digest",
						     digest);
	return r;
}

static int add_counters(const struct gate_counters *counters,
			sd_json_variant **object)
{
	int r;

	r = sd_json_variant_set_field_unsigned(object, "reclaims",
					       counters->reclaims);
	if (r < 0 || !counters->reclaims)
		return r;
	return sd_json_variant_set_field_unsigned(
		object, "reclaim_worst_us", counters->worst_ns / NSEC_PER_USEC);
}

static int add_governor(struct gate_link *link, sd_json_variant **object)
{
	struct gate_governor governor;
	int r = gate_link_get_governor(link, &governor);

	return r < 0 ? r : gate_governor_json(&governor, object);
}

static int add_frames(struct gate_link *link, sd_json_variant **object)
{
	struct gate_frames frames;
	int r = gate_link_get_frames(link, &frames);
	uint32_t i;
	char key[64];

	for (i = LAYBY_A_FRAMES_ACCEPTED; r >= 0 && i <= LAYBY_A_FRAMES_MAX; i++) {
		snprintf(key, sizeof(key), "frames_%s", gate_frames_name(i));
		r = sd_json_variant_set_field_unsigned(object, key,
						       frames.count[i]);
	}
	return r;
}

/* Since they are there. */
static struct gate_partition all_guests(const struct gate_partitions *partitions)
{
	struct gate_partition all = {};
	size_t i;

	for (i = 0; i < partitions->count; i++) {
		const struct gate_partition *one = &partitions->list[i];

		if (one->partition_class != LAYBY_CLASS_GUEST)
			continue;
		all.window_clearings += one->window_clearings;
		all.window_cleared_bytes += one->window_cleared_bytes;
		all.tile_clearings += one->tile_clearings;
		all.energy_uj += one->energy_uj;
		all.jobs += one->jobs;
	}
	return all;
}

static int add_guests(struct gate_link *link, sd_json_variant **object)
{
	struct gate_partitions partitions;
	struct gate_partition all;
	int r = gate_link_get_partitions(link, &partitions);

	if (r < 0)
		return r;
	all = all_guests(&partitions);
	free(partitions.list);
	r = gate_add_unsigned(object, "guest_cleared_bytes", true, all.window_cleared_bytes);
	if (r >= 0)
		r = gate_add_unsigned(object, "guest_window_clearings", true,
				 all.window_clearings);
	if (r >= 0)
		r = gate_add_unsigned(object, "guest_tile_clearings", true, all.tile_clearings);
	if (r >= 0)
		r = gate_add_unsigned(object, "guest_jobs", true, all.jobs);
	if (r >= 0)
		r = gate_add_unsigned(object, "guest_energy_uj", true, all.energy_uj);
	return r;
}

static int add_accelerator(struct gate_link *link, sd_json_variant **object)
{
	struct gate_accelerator is;
	int r = gate_link_get_accelerator(link, &is);

	return r < 0 ? r : gate_accelerator_json(&is, object);
}

/* --- gate ----------------------------------------------------------------- */

void print_development_key(const struct options *options)
{
	fputs("    DEVELOPMENT KEY: this module takes policies of a key that was made when it was\n"
	      "    built. It must not go on the road.\n",
	      options_write_to_stdout(options) ? stderr : stdout);
}

static int gate_print(const struct options *options,
		      const struct gate_policy *policy,
		      sd_json_variant *object)
{
	sd_json_variant *text = sd_json_variant_by_key(object, "sentence");

	if (options->json)
		return print_json(options, object);
	puts(sd_json_variant_string(text));
	print_fields(options, gate_fields, object);
	if (policy->key_kind == LAYBY_KEY_DEVELOPMENT)
		print_development_key(options);
	return EXIT_OK;
}

int verb_gate(const struct options *options, const char *argument)
{
	struct gate_counters counters;
	struct gate_policy policy;
	struct gate_state state;
	_json_ *object = NULL;
	_link_ *link = NULL;
	int r;

	r = gate_open_link(&link);
	if (r != EXIT_OK)
		return r;
	r = gate_link_get_state(link, &state);
	if (r >= 0 && !state.known)
		return no_module();
	if (r >= 0)
		r = gate_link_get_policy(link, &policy);
	if (r >= 0)
		r = gate_link_get_counters(link, &counters);
	if (r >= 0)
		r = gate_state_json(&state, &object);
	if (r >= 0)
		r = add_policy(&policy, &object);
	if (r >= 0)
		r = add_counters(&counters, &object);
	if (r >= 0)
		r = add_governor(link, &object);
	if (r >= 0)
		r = add_frames(link, &object);
	if (r >= 0)
		r = add_guests(link, &object);
	if (r >= 0)
		r = add_accelerator(link, &object);
	return r < 0 ? fail_errno(r, "gate") :
		       gate_print(options, &policy, object);
}

/* --- waiting ------------------------------------------------------------- */

/* Events come until @end, or a signal ends us. */
static int follow(struct gate_link *link, gate_event_fn call, void *userdata,
		  const bool *end)
{
	struct pollfd p = { .fd = gate_link_fd(link), .events = POLLIN };
	int r;

	while (!*end) {
		if (poll(&p, 1, -1) < 0 && errno != EINTR)
			return -errno;
		r = gate_link_process(link, call, userdata);
		if (r < 0)
			return r;
	}
	return 0;
}

struct wait {
	uint32_t told;
	bool end;
};

static void on_wait(const struct gate_state *state, void *userdata)
{
	struct wait *wait = userdata;
	char text[512];

	/* without a policy there is no guest partition to wait for */
	wait->end = !state->known || state->reason == LAYBY_GATE_NO_POLICY ||
		    (state->open && state->guests_in);
	if (wait->end || state->open || state->reason == wait->told)
		return;
	wait->told = state->reason;
	gate_sentence(state, text, sizeof(text));
	fprintf(stderr, "laybyctl: waiting. %s\n", text);
}

int gate_wait(void)
{
	struct wait wait = {};
	struct gate_state state;
	_link_ *link = NULL;
	int r;

	r = gate_open_link(&link);
	if (r != EXIT_OK)
		return r;
	r = gate_link_get_state(link, &state);
	if (r >= 0 && !state.known)
		return no_module();
	if (r >= 0) {
		on_wait(&state, &wait);
		r = follow(link, on_wait, &wait, &wait.end);
	}
	return r < 0 ? fail_errno(r, "gate") : EXIT_OK;
}
