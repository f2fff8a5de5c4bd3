// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Nights: what the gate does is noted in the store, what a job used that has not ended
 * by it is added, and LastNight is answered.
 *
 * Owns the calls of LastNight that wait for a note to be written. Must never wake up by
 * itself: everything here comes with an event of the kernel's or a call.
 */
#include "night.h"

#include <errno.h>
#include <string.h>

struct night_call {
	LIST_ENTRY(night_call) entries;
	struct agent *agent;
	sd_bus_message *message;
	uint64_t since_us;
};

/* --- Noting ----------------------------------------------------------------- */

/* A silent vehicle counts as driving, and is not known to be. */
static bool is_driven(const struct gate_state *state, const struct gate_policy *policy)
{
	return state->mode == LAYBY_MODE_DRIVING &&
	       state->signal_age_ns <= policy->signal_age_max_ns;
}

static struct store_note make_note(const struct gate_state *state,
				   const struct gate_policy *policy)
{
	uint64_t at_us = now_us(CLOCK_REALTIME);
	struct store_note note = {
		.at_us = at_us,
		.is_parked = state->known && state->mode == LAYBY_MODE_PARKED,
		.is_driven = state->known && is_driven(state, policy),
		.is_open = state->open,
		.is_faulty = state->fault,
		.reason = state->reason,
		.charge_percent = state->has_charge ? state->charge_percent : STORE_CHARGE_UNKNOWN,
	};

	if (note.is_parked) {
		note.parked_ns = state->parked_since_ns;
		note.parked_us = at_us - (state->now_ns - state->parked_since_ns) / NSEC_PER_USEC;
	}
	return note;
}

void night_note(struct agent *agent, const struct gate_state *was, const struct gate_state *now)
{
	struct store_note note = make_note(now, gate_policy(agent->gate));
	bool is_minor = was->known == now->known && was->reason == now->reason &&
			was->mode == now->mode && was->fault == now->fault;
	int r;

	r = store_note(agent->store, &note, is_minor);
	if (r < 0)
		log_error("what the gate did is written down later: %s", strerror(-r));
}

void night_spend(const struct party *party, const struct layby_completion *completion)
{
	if (completion->has_report)
		store_spend(party->agent->store, &completion->report, party->ticks_hz);
}

/* --- LastNight -------------------------------------------------------------- */

static int append_costs(sd_bus_message *reply, const struct store_lent *lent)
{
	size_t i;
	int r;

	r = sd_bus_message_open_container(reply, 'e', "sv");
	if (r >= 0)
		r = sd_bus_message_append(reply, "s", "Costs");
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'v', "a(st)");
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "(st)");
	for (i = 0; r >= 0 && i < lent->cost_count; i++)
		r = sd_bus_message_append(reply, "(st)", lent->costs[i].currency,
					  lent->costs[i].ucent);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_one(sd_bus_message *reply, const char *name, const char *type, ...)
{
	va_list list;
	int r;

	r = sd_bus_message_open_container(reply, 'e', "sv");
	if (r >= 0)
		r = sd_bus_message_append(reply, "s", name);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'v', type);
	va_start(list, type);
	if (r >= 0)
		r = sd_bus_message_appendv(reply, type, list);
	va_end(list);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_charge(sd_bus_message *reply, const char *name, uint8_t percent)
{
	return percent == STORE_CHARGE_UNKNOWN ? 0 : append_one(reply, name, "u", percent);
}

static int append_stop(sd_bus_message *reply, const struct store_lent *lent)
{
	const char *name = "StopReason";
	int r = 0;

	if (!lent->was_open) {
		name = "HeldReason";
		if (lent->held_reason)
			r = append_one(reply, name, "s", layby_gate_reason_name(lent->held_reason));
		return r;
	}
	if (lent->is_open || !lent->stop_us)
		return 0;
	r = append_one(reply, name, "s", layby_gate_reason_name(lent->stop_reason));
	return r < 0 ? r : append_one(reply, "StopUs", "t", lent->stop_us);
}

static int append_sums(sd_bus_message *reply, const struct store_lent *lent)
{
	const struct {
		const char *name;
		uint64_t value;
	} sums[] = {
		{ "Nights", lent->nights },	{ "BeginUs", lent->begin_us },
		{ "EndUs", lent->end_us },	{ "EnergyUj", lent->energy_uj },
		{ "RunUs", lent->run_us },	{ "TileUs", lent->tile_us },
		{ "Jobs", lent->jobs },		{ "Parties", lent->parties },
	};
	size_t i;
	int r = 0;

	for (i = 0; r >= 0 && i < ARRAY_SIZE(sums); i++)
		r = append_one(reply, sums[i].name, "t", sums[i].value);
	return r;
}

static int append_lent(sd_bus_message *reply, const struct store_lent *lent)
{
	int r;

	r = sd_bus_message_open_container(reply, 'a', "{sv}");
	if (r >= 0 && lent->nights) {
		r = append_sums(reply, lent);
		if (r >= 0)
			r = append_one(reply, "WasOpen", "b", (int)lent->was_open);
		if (r >= 0)
			r = append_one(reply, "Open", "b", (int)lent->is_open);
		if (r >= 0)
			r = append_one(reply, "WasFaulty", "b", (int)lent->was_faulty);
		if (r >= 0)
			r = append_stop(reply, lent);
		if (r >= 0)
			r = append_charge(reply, "ChargeFrom", lent->charge_from);
		if (r >= 0)
			r = append_charge(reply, "ChargeTo", lent->charge_to);
		if (r >= 0)
			r = append_costs(reply, lent);
	}
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int answer(struct agent *agent, sd_bus_message *m, uint64_t since_us)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	struct store_lent lent;
	int r;

	r = store_lent(agent->store, since_us, &lent);
	if (r >= 0)
		r = sd_bus_message_new_method_return(m, &reply);
	if (r >= 0)
		r = append_lent(reply, &lent);
	return r < 0 ? r : sd_bus_message_send(reply);
}

static void call_destroy(struct night_call *call)
{
	LIST_REMOVE(call, entries);
	sd_bus_message_unref(call->message);
	free(call);
}

/* What could not be written is missing in the answer, and the log says so. */
static void on_noted(void *userdata, int result)
{
	struct night_call *call = userdata;
	int r;

	r = answer(call->agent, call->message, call->since_us);
	if (r < 0)
		r = sd_bus_reply_method_errno(call->message, r, NULL);
	if (r < 0)
		log_error("answering LastNight: %s", strerror(-r));
	call_destroy(call);
}

static int wait_for_note(struct agent *agent, sd_bus_message *m, uint64_t since_us)
{
	struct night_call *call = calloc(1, sizeof(*call));
	int r;

	if (!call)
		return -ENOMEM;
	*call = (struct night_call){
		.agent = agent,
		.message = sd_bus_message_ref(m),
		.since_us = since_us,
	};
	LIST_INSERT_HEAD(&agent->night_calls, call, entries);
	r = store_note_now(agent->store, on_noted, call);
	if (r <= 0)
		call_destroy(call);
	return r;
}

int method_last_night(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct agent *agent = userdata;
	uint64_t since_us;
	int r;

	r = sd_bus_message_read(m, "t", &since_us);
	if (r < 0)
		return r;
	if (since_us > INT64_MAX)
		return invalid(error,
			       "since_us: %llu is no time: microseconds since 1970, 0 for the last night",
			       (unsigned long long)since_us);
	r = wait_for_note(agent, m, since_us);
	if (r > 0)
		return 1;
	/* nothing to be written, or no room to ask: what is on disk is the answer */
	r = answer(agent, m, since_us);
	return r < 0 ? r : 1;
}

int get_energy_today(sd_bus *bus, const char *path, const char *interface, const char *property,
		     sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct agent *agent = userdata;
	uint64_t uj;
	int r;

	r = store_energy_today(agent->store, &uj);
	return r < 0 ? r : sd_bus_message_append(reply, "t", uj);
}

void night_calls_destroy(struct agent *agent)
{
	struct night_call *call;

	while ((call = LIST_FIRST(&agent->night_calls)))
		call_destroy(call);
}
