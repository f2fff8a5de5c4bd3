// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The gate, as the agent sees it: see gate.h.
 *
 * Owns the netlink link and the last state and policy heard. Nothing here wakes
 * up by itself: events come from the kernel.
 */
#include "agent.h"
#include "owner.h"
#include "night.h"

#include <errno.h>
#include <string.h>

struct gate {
	struct agent *agent;
	struct gate_link *link;
	sd_event_source *source;
	struct gate_state state;
	struct gate_policy policy;
	uint64_t epoch;
};

const struct gate_state *gate_state(const struct gate *gate)
{
	return &gate->state;
}

const struct gate_policy *gate_policy(const struct gate *gate)
{
	return &gate->policy;
}

/*
 * Without a policy there is no guest partition that could open again: a job that
 * is held then ends as the device says.
 */
bool gate_is_closed(const struct gate *gate)
{
	const struct gate_state *state = &gate->state;

	return state->known && state->reason != LAYBY_GATE_NO_POLICY &&
	       !(state->open && state->guests_in);
}

uint64_t gate_change(const struct gate *gate)
{
	return gate->state.change;
}

uint64_t gate_epoch(const struct gate *gate)
{
	return gate->epoch;
}

/* --- telling -------------------------------------------------------------- */

static bool same_consent(const struct gate_state *a, const struct gate_state *b)
{
	return a->has_consent == b->has_consent &&
	       a->consent_serial == b->consent_serial &&
	       !memcmp(a->consent_id, b->consent_id, sizeof(a->consent_id));
}

struct names {
	const char *names[16];
	size_t count;
};

static void names_add(struct names *names, bool changed, const char *name)
{
	if (changed)
		names->names[names->count++] = name;
}

static void gate_tell_state(struct names *names, const struct gate_state *was,
			    const struct gate_state *now)
{
	names_add(names, was->open != now->open, "GateOpen");
	names_add(names, was->reason != now->reason, "GateReason");
	names_add(names, was->since_ns != now->since_ns, "GateSinceUs");
	names_add(names, was->mode != now->mode, "Mode");
	names_add(names, was->sealed != now->sealed, "Sealed");
	names_add(names, was->fault != now->fault, "FaultLatched");
	names_add(names, !same_consent(was, now), "ConsentId");
}

static void gate_tell_policy(struct names *names,
			     const struct gate_policy *was,
			     const struct gate_policy *now)
{
	names_add(names, was->state != now->state, "PolicyState");
	names_add(names, was->key_kind != now->key_kind, "KeyKind");
	names_add(names,
		  memcmp(was->digest, now->digest, sizeof(was->digest)) != 0,
		  "PolicyDigest");
	names_add(names, was->serial != now->serial, "PolicySerial");
	names_add(names, strcmp(was->id, now->id) != 0, "PolicyId");
}

/* --- hearing -------------------------------------------------------------- */

/* Of two messages the one with the higher number is newer. */
static bool is_older(const struct gate_state *a, const struct gate_state *b)
{
	return a->known && b->known && a->change < b->change;
}

static void gate_ask_policy(struct gate *gate)
{
	struct gate_policy was = gate->policy;
	struct names names = {};
	int r;

	r = gate_link_get_policy(gate->link, &gate->policy);
	if (r < 0)
		log_error("asking the kernel for the policy: %s", strerror(-r));
	gate_tell_policy(&names, &was, &gate->policy);
	agent_emit_changed(gate->agent, names.names);
}

static void gate_heard(struct gate *gate, const struct gate_state *state)
{
	struct gate_state was = gate->state;
	struct names names = {};

	if (is_older(state, &was))
		return;
	gate->state = *state;
	if (!same_consent(&was, state))
		gate->epoch++;
	if (was.known != state->known || was.reason != state->reason)
		journal_gate_changed(gate->agent->journal, state);
	gate_tell_state(&names, &was, state);
	agent_emit_changed(gate->agent, names.names);
	gate_ask_policy(gate);
	night_note(gate->agent, &was, &gate->state);
	consent_update(gate->agent, &was, &gate->state);
	/* and the lease, which is of no use if the owner wants none */
	owner_update(gate->agent->owner);
	partition_look(gate->agent);
	agent_pump_soon(gate->agent);
}

static void on_state(const struct gate_state *state, void *userdata)
{
	gate_heard(userdata, state);
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents,
		       void *userdata)
{
	struct gate *gate = userdata;
	int r;

	r = gate_link_process(gate->link, on_state, gate);
	if (r >= 0)
		return 0;
	log_error("listening to the kernel: %s", strerror(-r));
	return sd_event_exit(gate->agent->event, r);
}

void gate_refresh(struct gate *gate)
{
	struct gate_state state = {};
	int r;

	r = gate_link_get_state(gate->link, &state);
	if (r < 0)
		log_error("asking the kernel for the gate: %s", strerror(-r));
	else if (state.known != gate->state.known ||
		 state.change != gate->state.change ||
		 state.guests_in != gate->state.guests_in)
		gate_heard(gate, &state);
}

/* --- life ----------------------------------------------------------------- */

static int gate_init(struct gate *gate)
{
	struct gate_state state;
	int r;

	r = gate_link_open(&gate->link);
	if (r < 0)
		return r;
	r = sd_event_add_io(gate->agent->event, &gate->source,
			    gate_link_fd(gate->link), EPOLLIN, on_readable,
			    gate);
	if (r < 0)
		return r;
	/* before jobs: what is started must know of the gate */
	r = sd_event_source_set_priority(gate->source,
					 SD_EVENT_PRIORITY_IMPORTANT);
	if (r < 0)
		return r;
	r = gate_link_get_state(gate->link, &state);
	if (r >= 0 && state.known)
		gate_heard(gate, &state);
	return r;
}

int gate_create(struct agent *agent, struct gate **ret_gate)
{
	struct gate *gate = calloc(1, sizeof(*gate));
	int r;

	if (!gate)
		return -ENOMEM;
	gate->agent = agent;
	/* what is heard asks the agent for it */
	*ret_gate = gate;
	r = gate_init(gate);
	if (r < 0)
		*ret_gate = NULL;
	if (r < 0)
		gate_destroy(gate);
	return r;
}

void gate_destroy(struct gate *gate)
{
	if (!gate)
		return;
	sd_event_source_disable_unref(gate->source);
	gate_link_close(gate->link);
	free(gate);
}
