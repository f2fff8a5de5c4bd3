// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * gate and monitor: asked of the kernel itself, so that they answer also while
 * no agent runs; and waiting for the gate to open.
 */
#include "command.h"

#include <errno.h>
#include <gate_link.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#define UNSIGNED SD_JSON_BUILD_PAIR_UNSIGNED
#define STRING SD_JSON_BUILD_PAIR_STRING
#define BOOLEAN SD_JSON_BUILD_PAIR_BOOLEAN

static void close_linkp(struct gate_link **link)
{
	gate_link_close(*link);
}

#define _link_ _cleanup_(close_linkp) struct gate_link
#define _json_ _cleanup_(sd_json_variant_unrefp) sd_json_variant

static int no_module(void)
{
	return fail(EXIT_UNREACHABLE,
		    "the layby module is not loaded, or it is older than laybyctl");
}

static int open_link(struct gate_link **ret_link)
{
	int r = gate_link_open(ret_link);

	return r < 0 ? fail_errno(r, "netlink") : EXIT_OK;
}

/* --- in words ------------------------------------------------------------- */

static const struct field gate_fields[] = {
	{ NULL, "reason", "Reason" },
	{ NULL, "for_us", "For", UNIT_US },
	{ NULL, "guests_in", "Guest has tiles" },
	{ NULL, "mode", "Vehicle" },
	{ NULL, "signal_age_us", "Signals heard", UNIT_US },
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

static int add_unsigned(sd_json_variant **object, const char *key, bool is,
			uint64_t value)
{
	return is ? sd_json_variant_set_field_unsigned(object, key, value) : 0;
}

static int build_state(const struct gate_state *state,
		       sd_json_variant **object)
{
	char text[512];
	int r;

	gate_sentence(state, text, sizeof(text));
	r = sd_json_buildo(
		object, BOOLEAN("open", state->open),
		STRING("reason", layby_gate_reason_name(state->reason)),
		STRING("sentence", text), UNSIGNED("change", state->change),
		UNSIGNED("since_us", state->since_ns / NSEC_PER_USEC),
		UNSIGNED("for_us",
			 (state->now_ns - state->since_ns) / NSEC_PER_USEC),
		BOOLEAN("guests_in", state->guests_in),
		STRING("mode", gate_mode_name(state->mode)),
		BOOLEAN("sealed", state->sealed),
		BOOLEAN("fault", state->fault),
		BOOLEAN("lease_held", state->lease_held),
		BOOLEAN("governor_attached", state->governor_attached));
	if (r >= 0)
		r = add_unsigned(object, "signal_age_us",
				 state->signal_age_ns != GATE_NO_AGE,
				 state->signal_age_ns / NSEC_PER_USEC);
	if (r >= 0)
		r = add_unsigned(object, "consent_left_uj", state->has_consent,
				 state->consent_left_uj);
	if (r >= 0 && state->has_temperature)
		r = sd_json_variant_set_field_integer(object,
						      "temperature_mdeg",
						      state->temperature_mdeg);
	return r;
}

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

	if (r >= 0)
		r = sd_json_variant_set_field_string(
			object, "governor",
			gate_governor_state_name(governor.state));
	if (r < 0 || governor.state == LAYBY_GOVERNOR_STATE_NONE)
		return r;
	r = sd_json_variant_set_field_string(object, "governor_name",
					     governor.name);
	if (r >= 0)
		r = sd_json_variant_set_field_integer(
			object, "governor_returned", governor.returned);
	if (r >= 0)
		r = sd_json_variant_set_field_unsigned(
			object, "governor_refused", governor.refused);
	if (r < 0 || !*governor.why)
		return r;
	return sd_json_variant_set_field_string(object, "governor_why",
						governor.why);
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
	r = add_unsigned(object, "guest_cleared_bytes", true, all.window_cleared_bytes);
	if (r >= 0)
		r = add_unsigned(object, "guest_window_clearings", true,
				 all.window_clearings);
	if (r >= 0)
		r = add_unsigned(object, "guest_tile_clearings", true, all.tile_clearings);
	if (r >= 0)
		r = add_unsigned(object, "guest_jobs", true, all.jobs);
	if (r >= 0)
		r = add_unsigned(object, "guest_energy_uj", true, all.energy_uj);
	return r;
}

/* What is told of it: its caps with a policy, its energy to root. */
static int add_accelerator(struct gate_link *link, sd_json_variant **object)
{
	struct gate_accelerator is = {};
	int r = gate_link_get_accelerator(link, &is);
	const struct {
		const char *key;
		bool is;
		uint64_t value;
	} fields[] = {
		{ "cap_mw", is.has_caps, is.cap_mw },
		{ "ceiling_mw", is.has_caps, is.ceiling_mw },
		{ "bucket_uj", is.has_caps, is.bucket_uj },
		{ "credit_uj", is.has_caps, is.credit_uj },
		{ "charged_uj", is.has_caps, is.charged_uj },
		{ "level", is.has_caps, is.level },
		{ "waiting", is.has_caps, is.waiting },
		{ "device_energy_uj", is.has_energy, is.device_energy_uj },
		{ "idle_energy_uj", is.has_energy, is.idle_energy_uj },
	};
	size_t i;

	for (i = 0; r >= 0 && i < ARRAY_SIZE(fields); i++)
		r = add_unsigned(object, fields[i].key, fields[i].is, fields[i].value);
	return r;
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

	r = open_link(&link);
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
		r = build_state(&state, &object);
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

/* --- monitor -------------------------------------------------------------- */

static void print_time(void)
{
	struct timespec now;
	char text[32];
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &tm);
	strftime(text, sizeof(text), "%F %T", &tm);
	printf("%s.%03ld  ", text, now.tv_nsec / 1000000);
}

static void monitor_line(const struct gate_state *state)
{
	print_time();
	if (!state->known)
		puts("the layby module is not loaded");
	else if (!state->open)
		printf("closed  %s: %s%s\n",
		       layby_gate_reason_name(state->reason),
		       gate_reason_text(state->reason),
		       state->guests_in ? "; tiles are being taken back" : "");
	else
		puts(state->guests_in ? "open    guest has its tiles" : "open");
}

static void on_event(const struct gate_state *state, void *userdata)
{
	const struct options *options = userdata;
	_json_ *object = NULL;

	if (!options->json)
		monitor_line(state);
	else if (build_state(state, &object) >= 0)
		sd_json_variant_dump(object, SD_JSON_FORMAT_NEWLINE, stdout,
				     NULL);
	fflush(stdout);
}

/* Events come until a signal ends us, or nobody reads what we write. */
static int follow(struct gate_link *link, gate_event_fn call, void *userdata,
		  const bool *end)
{
	struct pollfd p = { .fd = gate_link_fd(link), .events = POLLIN };
	int r;

	while (!*end && !ferror(stdout)) {
		if (poll(&p, 1, -1) < 0 && errno != EINTR)
			return -errno;
		r = gate_link_process(link, call, userdata);
		if (r < 0)
			return r;
	}
	return 0;
}

int verb_monitor(const struct options *options, const char *argument)
{
	const bool never = false;
	struct gate_state state;
	_link_ *link = NULL;
	int r;

	r = open_link(&link);
	if (r != EXIT_OK)
		return r;
	r = gate_link_get_state(link, &state);
	if (r >= 0) {
		on_event(&state, (void *)options);
		r = follow(link, on_event, (void *)options, &never);
	}
	return r < 0 ? fail_errno(r, "gate") : EXIT_OK;
}

/* --- waiting -------------------------------------------------------------- */

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

	r = open_link(&link);
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
