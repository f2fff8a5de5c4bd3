// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The Agent1 interface, documented in data/org.layby.Agent1.xml, and the
 * connection to the system bus.
 */
#include "agent.h"
#include "owner.h"
#include "night.h"

#include <errno.h>
#include <string.h>

/* --- SubmitJob ------------------------------------------------------------ */

static int submit(struct agent *agent, sd_bus_message *m,
		  struct request *request, sd_bus_error *error)
{
	const char *sender = sd_bus_message_get_sender(m);
	struct client *client;
	struct party *party;
	uid_t uid;
	int r;

	r = sender_uid(agent, m, &uid);
	if (r < 0)
		return r;
	r = party_get(agent, uid, &party, error);
	if (r < 0)
		return r;
	r = request_check_fits(request, party, error);
	if (r < 0)
		return r;
	r = client_get(agent, sender, party, &client, error);
	if (r < 0)
		return r;
	request->wanted.uid = uid;
	client_owner(agent, sender, request->wanted.owner);
	return intake_create(party, m, request, error);
}

/* Answered when it is on disk, or refused. */
static int take(struct agent *agent, sd_bus_message *m, struct request *request,
		sd_bus_error *error)
{
	int r;

	/* Starts the intake, or closes a party that it was refused for. */
	agent_pump_soon(agent);
	r = submit(agent, m, request, error);
	return r < 0 ? r : 1;
}

static int method_submit_job(sd_bus_message *m, void *userdata,
			     sd_bus_error *error)
{
	_cleanup_(request_fini) struct request request = { .program = -1 };
	int r;

	r = request_read(m, &request, error);
	return r < 0 ? r : take(userdata, m, &request, error);
}

static int method_submit_jobs(sd_bus_message *m, void *userdata,
			      sd_bus_error *error)
{
	_cleanup_(request_fini) struct request request = { .program = -1 };
	int r;

	r = request_read_many(m, &request, error);
	return r < 0 ? r : take(userdata, m, &request, error);
}

/* --- properties ----------------------------------------------------------- */

static int get_version(sd_bus *bus, const char *path, const char *interface,
		       const char *property, sd_bus_message *reply,
		       void *userdata, sd_bus_error *error)
{
	return sd_bus_message_append(reply, "s", LAYBY_VERSION);
}

static int get_totals(struct agent *agent, struct store_totals *ret_totals)
{
	return store_totals(agent->store, STORE_EVERYBODY, ret_totals);
}

/* Of those that have not ended on disk, some run. */
static int get_queued(sd_bus *bus, const char *path, const char *interface,
		      const char *property, sd_bus_message *reply,
		      void *userdata, sd_bus_error *error)
{
	uint64_t running = agent_count_running(userdata);
	struct store_totals totals;
	int r;

	r = get_totals(userdata, &totals);
	if (r < 0)
		return r;
	return sd_bus_message_append(reply, "t",
				     totals.queued > running ? totals.queued - running : 0);
}

static int get_running(sd_bus *bus, const char *path, const char *interface,
		       const char *property, sd_bus_message *reply,
		       void *userdata, sd_bus_error *error)
{
	return sd_bus_message_append(reply, "t", agent_count_running(userdata));
}

static int get_done(sd_bus *bus, const char *path, const char *interface,
		    const char *property, sd_bus_message *reply, void *userdata,
		    sd_bus_error *error)
{
	struct store_totals totals;
	int r;

	r = get_totals(userdata, &totals);
	return r < 0 ? r : sd_bus_message_append(reply, "t", totals.ended);
}

static int append_partition(sd_bus_message *reply,
			    const struct layby_accel_info *accel,
			    const struct layby_partition_info *info)
{
	return sd_bus_message_append(
		reply, "a{sv}", 10, "Present", "b", true, "Accelerator", "s",
		accel->name, "Class", "s", layby_class_name(info->partition_class), "Id",
		"u", info->id, "Tiles", "u", info->tiles, "QueueDepth", "u",
		info->queue_depth, "Faulted", "b", (int)info->faulted,
		"WindowBytes", "t", (uint64_t)info->window_bytes,
		"WindowFreeBytes", "t", (uint64_t)info->window_free_bytes,
		"LongestRunMaxUs", "t",
		(uint64_t)info->longest_run_max_ns / NSEC_PER_USEC);
}

/* Asked of the device each time: the agent keeps no node open for itself. */
static int get_partition(sd_bus *bus, const char *path, const char *interface,
			 const char *property, sd_bus_message *reply,
			 void *userdata, sd_bus_error *error)
{
	struct agent *agent = userdata;
	int r;

	r = partition_query(agent);
	if (r < 0)
		return sd_bus_message_append(reply, "a{sv}", 2, "Present", "b",
					     false, "Error", "s", strerror(-r));
	return append_partition(reply, &agent->seen.accel, &agent->seen.partition);
}

/* --- the gate ------------------------------------------------------------- */

#define GETTER(name, type, value)                                          \
	static int get_##name(sd_bus *bus, const char *path,               \
			      const char *interface, const char *property, \
			      sd_bus_message *reply, void *userdata,       \
			      sd_bus_error *error)                         \
	{                                                                  \
		const struct agent *agent = userdata;                      \
		const struct gate_state *state = gate_state(agent->gate);  \
		const struct gate_policy *policy =                         \
			gate_policy(agent->gate);                          \
									   \
		(void)state, (void)policy;                                 \
		return sd_bus_message_append(reply, type, value);          \
	}

static const char *hex(const uint8_t *bytes, size_t count, char text[static 65])
{
	size_t i;

	*text = '\0';
	for (i = 0; i < count; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	return text;
}

static const char *digest_text(const struct gate_policy *policy, char text[static 65])
{
	bool is = policy->state == LAYBY_POLICY_STATE_IN_FORCE;

	return hex(policy->digest, is ? sizeof(policy->digest) : 0, text);
}

static const char *consent_text(const struct gate_state *state, char text[static 65])
{
	return hex(state->consent_id,
		   state->has_consent ? sizeof(state->consent_id) : 0, text);
}

GETTER(gate_open, "b", (int)state->open)
GETTER(gate_reason, "s", layby_gate_reason_name(state->reason))
GETTER(gate_since, "t", state->since_ns / NSEC_PER_USEC)
GETTER(mode, "s", gate_mode_name(state->mode))
GETTER(sealed, "b", (int)state->sealed)
GETTER(fault, "b", (int)state->fault)
GETTER(consent_id, "s", consent_text(state, (char[65]){ 0 }))
GETTER(policy_state, "s", gate_policy_state_name(policy->state))
GETTER(policy_id, "s", policy->id)
GETTER(policy_serial, "t", policy->serial)
GETTER(policy_digest, "s", digest_text(policy, (char[65]){ 0 }))
GETTER(paused, "b", (int)(owner_last_plan(agent->owner)->reason == OWNER_PAUSED))
GETTER(paused_until, "t", (uint64_t)owner_settings(agent->owner)->paused_until_us)
GETTER(owner_reason, "s", owner_reason_name(owner_last_plan(agent->owner)->reason))
GETTER(charge_kept, "u", (uint32_t)owner_last_plan(agent->owner)->battery_min_percent)
GETTER(settings_in_force, "b", (int)owner_in_force(agent->owner))
GETTER(key_kind, "s", gate_key_kind_name(policy->key_kind))

void agent_emit_changed(struct agent *agent, const char *const *names)
{
	int r;

	if (!agent->bus || !*names)
		return;
	r = sd_bus_emit_properties_changed_strv(agent->bus, AGENT_PATH,
						AGENT_INTERFACE,
						(char **)names);
	if (r < 0)
		log_error("telling the bus of the gate: %s", strerror(-r));
}

#define CHANGES(name, type, get) \
	SD_BUS_PROPERTY(name, type, get, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE)

static const sd_bus_vtable agent_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_ARGS("SubmitJob",
				SD_BUS_ARGS("h", program, "ah", inputs, "at",
					    output_sizes_bytes, "t",
					    longest_run_us, "a{sv}", options),
				SD_BUS_RESULT("o", job), method_submit_job,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("SubmitJobs",
				SD_BUS_ARGS("h", program, "h", data, "a(ayat)", jobs,
					    "at", output_sizes_bytes, "t",
					    longest_run_us, "a{sv}", options),
				SD_BUS_RESULT("a(so)", results), method_submit_jobs,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("GiveConsent",
				SD_BUS_ARGS("ay", token, "ay", signature),
				SD_BUS_NO_RESULT, method_give_consent,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("WithdrawConsent", NULL, NULL, method_withdraw_consent,
		      SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("SetSettings", SD_BUS_ARGS("a{sv}", settings),
				SD_BUS_NO_RESULT, method_set_settings,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Pause", SD_BUS_ARGS("t", until_us),
				SD_BUS_NO_RESULT, method_pause,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("Resume", NULL, NULL, method_resume,
		      SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("Off", NULL, NULL, method_off,
		      SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("LastNight", SD_BUS_ARGS("t", since_us),
				SD_BUS_RESULT("a{sv}", lent), method_last_night,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_PROPERTY("Version", "s", get_version, 0,
			SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Partition", "a{sv}", get_partition, 0, 0),
	SD_BUS_PROPERTY("JobsQueued", "t", get_queued, 0, 0),
	SD_BUS_PROPERTY("JobsRunning", "t", get_running, 0, 0),
	SD_BUS_PROPERTY("JobsDone", "t", get_done, 0, 0),
	SD_BUS_PROPERTY("EnergyTodayUj", "t", get_energy_today, 0, 0),
	CHANGES("GateOpen", "b", get_gate_open),
	CHANGES("GateReason", "s", get_gate_reason),
	CHANGES("GateSinceUs", "t", get_gate_since),
	CHANGES("Mode", "s", get_mode),
	CHANGES("Sealed", "b", get_sealed),
	CHANGES("FaultLatched", "b", get_fault),
	CHANGES("ConsentId", "s", get_consent_id),
	CHANGES("PolicyState", "s", get_policy_state),
	CHANGES("PolicyId", "s", get_policy_id),
	CHANGES("PolicySerial", "t", get_policy_serial),
	CHANGES("PolicyDigest", "s", get_policy_digest),
	CHANGES("KeyKind", "s", get_key_kind),
	CHANGES("Settings", "a{sv}", get_settings),
	CHANGES("SettingsInForce", "b", get_settings_in_force),
	CHANGES("Paused", "b", get_paused),
	CHANGES("PausedUntilUs", "t", get_paused_until),
	CHANGES("OwnerReason", "s", get_owner_reason),
	CHANGES("ChargeKeptPercent", "u", get_charge_kept),
	SD_BUS_VTABLE_END
};

/* --- the connection ------------------------------------------------------- */

static int attach_objects(struct agent *agent)
{
	int r;

	r = unread_attach(agent);
	if (r < 0)
		return r;
	r = sd_bus_add_object_manager(agent->bus, NULL, AGENT_PATH);
	if (r < 0)
		return r;
	r = sd_bus_add_object_vtable(agent->bus, NULL, AGENT_PATH,
				     AGENT_INTERFACE, agent_vtable, agent);
	if (r < 0)
		return r;
	r = partition_bus_attach(agent);
	return r < 0 ? r : job_bus_attach(agent);
}

static int read_bus_id(struct agent *agent)
{
	sd_id128_t id;
	int r;

	r = sd_bus_get_bus_id(agent->bus, &id);
	if (r >= 0)
		sd_id128_to_string(id, agent->bus_id);
	return r;
}

int agent_open_bus(struct agent *agent)
{
	int r;

	r = sd_bus_open_system(&agent->bus);
	if (r < 0)
		return r;
	r = sd_bus_set_exit_on_disconnect(agent->bus, true);
	if (r < 0)
		return r;
	r = read_bus_id(agent);
	if (r < 0)
		return r;
	r = attach_objects(agent);
	if (r < 0)
		return r;
	r = clients_restore(agent);
	if (r < 0)
		return r;
	/* what waited for an agent may run */
	agent_pump_soon(agent);
	r = sd_bus_request_name(agent->bus, AGENT_NAME, 0);
	if (r < 0)
		return r;
	return sd_bus_attach_event(agent->bus, agent->event,
				   SD_EVENT_PRIORITY_NORMAL);
}
