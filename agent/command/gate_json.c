// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the kernel's netlink family says, as JSON. The keys are an interface: of
 * gate and of watch they are the same.
 */
#include "gate_json.h"

#define UNSIGNED SD_JSON_BUILD_PAIR_UNSIGNED
#define STRING SD_JSON_BUILD_PAIR_STRING
#define BOOLEAN SD_JSON_BUILD_PAIR_BOOLEAN

void gate_link_closep(struct gate_link **link)
{
	gate_link_close(*link);
}

int gate_open_link(struct gate_link **ret_link)
{
	int r = gate_link_open(ret_link);

	return r < 0 ? fail_errno(r, "netlink") : EXIT_OK;
}

int gate_add_unsigned(sd_json_variant **object, const char *key, bool is,
		      uint64_t value)
{
	return is ? sd_json_variant_set_field_unsigned(object, key, value) : 0;
}

int gate_battery_json(const struct gate_state *state, sd_json_variant **object)
{
	int r = gate_add_unsigned(object, "charge_percent", state->has_charge,
				  state->charge_percent);

	if (r >= 0)
		r = gate_add_unsigned(object, "charge_age_us", state->has_charge,
				      state->charge_age_ns / NSEC_PER_USEC);
	if (r < 0 || !state->charging)
		return r;
	r = sd_json_variant_set_field_boolean(object, "charging", state->charging == 2);
	if (r < 0)
		return r;
	return sd_json_variant_set_field_unsigned(object, "charging_age_us",
						  state->charging_age_ns / NSEC_PER_USEC);
}

int gate_state_json(const struct gate_state *state, sd_json_variant **object)
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
		r = gate_add_unsigned(object, "signal_age_us",
				 state->signal_age_ns != GATE_NO_AGE,
				 state->signal_age_ns / NSEC_PER_USEC);
	if (r >= 0)
		r = gate_add_unsigned(object, "consent_left_uj", state->has_consent,
				 state->consent_left_uj);
	if (r >= 0 && state->has_temperature)
		r = sd_json_variant_set_field_integer(object,
						      "temperature_mdeg",
						      state->temperature_mdeg);
	return r < 0 ? r : gate_battery_json(state, object);
}

int gate_governor_json(const struct gate_governor *governor, sd_json_variant **object)
{
	int r;

	r = sd_json_variant_set_field_string(object, "governor",
					     gate_governor_state_name(governor->state));
	if (r < 0 || governor->state == LAYBY_GOVERNOR_STATE_NONE)
		return r;
	r = sd_json_variant_set_field_string(object, "governor_name", governor->name);
	if (r >= 0)
		r = sd_json_variant_set_field_integer(object, "governor_returned",
						      governor->returned);
	if (r >= 0)
		r = sd_json_variant_set_field_unsigned(object, "governor_refused",
						       governor->refused);
	if (r < 0 || !*governor->why)
		return r;
	return sd_json_variant_set_field_string(object, "governor_why", governor->why);
}

/* What is told of it: its caps with a policy, its energy to root. */
int gate_accelerator_json(const struct gate_accelerator *is, sd_json_variant **object)
{
	const struct {
		const char *key;
		bool is;
		uint64_t value;
	} fields[] = {
		{ "cap_mw", is->has_caps, is->cap_mw },
		{ "ceiling_mw", is->has_caps, is->ceiling_mw },
		{ "bucket_uj", is->has_caps, is->bucket_uj },
		{ "credit_uj", is->has_caps, is->credit_uj },
		{ "charged_uj", is->has_caps, is->charged_uj },
		{ "level", is->has_caps, is->level },
		{ "waiting", is->has_caps, is->waiting },
		{ "device_energy_uj", is->has_energy, is->device_energy_uj },
		{ "idle_energy_uj", is->has_energy, is->idle_energy_uj },
	};
	size_t i;
	int r = 0;

	for (i = 0; r >= 0 && i < ARRAY_SIZE(fields); i++)
		r = gate_add_unsigned(object, fields[i].key, fields[i].is, fields[i].value);
	return r;
}
