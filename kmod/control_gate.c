// SPDX-License-Identifier: GPL-2.0-only
/*
 * Control: what the gate is, and what closing it took.
 *
 * Owns the messages of the gate, replies and events alike. What everybody may
 * read is coarse where it could tell of the driving partition's work: the
 * temperature in whole degrees.
 */
#include <linux/ktime.h>
#include <linux/math.h>
#include <net/genetlink.h>
#include <net/netlink.h>

#include "control.h"
#include "keeper.h"

/* --- State ----------------------------------------------------------------- */

static bool layby_stamp_fresh(const struct layby_gate_stamp *stamp, u64 now_ns)
{
	return stamp->at_ns && now_ns - stamp->at_ns <= stamp->age_max_ns;
}

/* What never came has no age. */
static int layby_put_age(struct sk_buff *skb, int attr,
			 const struct layby_gate_stamp *stamp, u64 now_ns)
{
	if (!stamp->at_ns)
		return 0;
	return nla_put_u64_64bit(skb, attr, now_ns - stamp->at_ns, LAYBY_A_STATE_PAD);
}

static int layby_put_ages(struct sk_buff *skb, const struct layby_gate_input *in, u64 now_ns)
{
	if (layby_put_age(skb, LAYBY_A_STATE_SIGNAL_AGE_NS, &in->signal, now_ns) ||
	    layby_put_age(skb, LAYBY_A_STATE_LEASE_AGE_NS, &in->lease, now_ns) ||
	    layby_put_age(skb, LAYBY_A_STATE_GOVERNOR_AGE_NS, &in->governor, now_ns) ||
	    layby_put_age(skb, LAYBY_A_STATE_SENSOR_AGE_NS, &in->sensor, now_ns))
		return -EMSGSIZE;
	return 0;
}

static int layby_put_vehicle(struct sk_buff *skb, const struct layby_gate_input *in, u64 now_ns)
{
	u32 mode = layby_stamp_fresh(&in->signal, now_ns) ? in->mode : LAYBY_MODE_DRIVING;

	if (nla_put_u32(skb, LAYBY_A_STATE_MODE, mode))
		return -EMSGSIZE;
	if (!in->parked_since_ns)
		return 0;
	return nla_put_u64_64bit(skb, LAYBY_A_STATE_PARKED_SINCE_NS, in->parked_since_ns,
				 LAYBY_A_STATE_PAD);
}

static int layby_put_flags(struct sk_buff *skb, const struct layby_gate_input *in, u64 now_ns)
{
	if (nla_put_u8(skb, LAYBY_A_STATE_SEALED, in->sealed) ||
	    nla_put_u8(skb, LAYBY_A_STATE_FAULT, in->fault) ||
	    nla_put_u8(skb, LAYBY_A_STATE_LEASE_HELD, layby_stamp_fresh(&in->lease, now_ns)) ||
	    nla_put_u8(skb, LAYBY_A_STATE_GOVERNOR_ATTACHED, in->governor_attached))
		return -EMSGSIZE;
	return 0;
}

static int layby_put_temperature(struct sk_buff *skb, const struct layby_gate_input *in)
{
	if (!in->sensor.at_ns)
		return 0;
	return nla_put_s32(skb, LAYBY_A_STATE_TEMPERATURE_MDEG,
			   DIV_ROUND_CLOSEST(in->temperature_mc, 1000) * 1000);
}

static int layby_put_consent(struct sk_buff *skb, const struct layby_keeper_state *state)
{
	const struct layby_gate_input *in = &state->in;

	if (!in->consent)
		return 0;
	if (nla_put(skb, LAYBY_A_STATE_CONSENT_ID, sizeof(state->consent_id), state->consent_id) ||
	    nla_put_u64_64bit(skb, LAYBY_A_STATE_CONSENT_SERIAL, state->consent_serial,
			      LAYBY_A_STATE_PAD) ||
	    nla_put_u64_64bit(skb, LAYBY_A_STATE_CONSENT_LEFT_UJ, in->consent_energy_uj,
			      LAYBY_A_STATE_PAD) ||
	    nla_put_s64(skb, LAYBY_A_STATE_CONSENT_FROM_WALL_NS, in->consent_not_before_ns,
			LAYBY_A_STATE_PAD) ||
	    nla_put_s64(skb, LAYBY_A_STATE_CONSENT_UNTIL_WALL_NS, in->consent_not_after_ns,
			LAYBY_A_STATE_PAD))
		return -EMSGSIZE;
	return 0;
}

/* What is not known has no age: both are missing. */
static int layby_put_battery(struct sk_buff *skb, const struct layby_vehicle_view *vehicle)
{
	u64 now_ns = ktime_get_boottime_ns();

	if (vehicle->charge_percent <= 100 &&
	    (nla_put_u8(skb, LAYBY_A_STATE_CHARGE_PERCENT, vehicle->charge_percent) ||
	     nla_put_u64_64bit(skb, LAYBY_A_STATE_CHARGE_AGE_NS,
			       now_ns - min(vehicle->charge_at_ns, now_ns), LAYBY_A_STATE_PAD)))
		return -EMSGSIZE;
	if (vehicle->charging != LAYBY_CHARGING_UNKNOWN &&
	    (nla_put_u8(skb, LAYBY_A_STATE_CHARGING, vehicle->charging == LAYBY_CHARGING_YES) ||
	     nla_put_u64_64bit(skb, LAYBY_A_STATE_CHARGING_AGE_NS,
			       now_ns - min(vehicle->charging_at_ns, now_ns), LAYBY_A_STATE_PAD)))
		return -EMSGSIZE;
	return 0;
}

static int layby_put_gate(struct sk_buff *skb, const struct layby_keeper_state *state, u64 now_ns)
{
	if (nla_put_u8(skb, LAYBY_A_STATE_OPEN, state->reason == LAYBY_GATE_OPEN) ||
	    nla_put_u8(skb, LAYBY_A_STATE_GUESTS_IN, state->guests_in) ||
	    nla_put_u32(skb, LAYBY_A_STATE_REASON, state->reason) ||
	    nla_put_u64_64bit(skb, LAYBY_A_STATE_SINCE_NS, state->since_ns, LAYBY_A_STATE_PAD) ||
	    nla_put_u64_64bit(skb, LAYBY_A_STATE_CHANGE, state->changes, LAYBY_A_STATE_PAD) ||
	    nla_put_u64_64bit(skb, LAYBY_A_STATE_NOW_NS, now_ns, LAYBY_A_STATE_PAD))
		return -EMSGSIZE;
	return 0;
}

/* Clocks of several processors: the snapshot may be a little ahead of now. */
static u64 layby_state_now(const struct layby_keeper_state *state)
{
	return max(ktime_get_ns(), state->in.now_ns);
}

static int layby_put_state(struct sk_buff *skb, const struct layby_keeper_state *state)
{
	u64 now_ns = layby_state_now(state);

	if (layby_put_gate(skb, state, now_ns) ||
	    layby_put_vehicle(skb, &state->in, now_ns) ||
	    layby_put_flags(skb, &state->in, now_ns) ||
	    layby_put_ages(skb, &state->in, now_ns) ||
	    layby_put_temperature(skb, &state->in) ||
	    layby_put_consent(skb, state) ||
	    layby_put_battery(skb, &state->vehicle))
		return -EMSGSIZE;
	return 0;
}

static struct sk_buff *layby_state_message(u32 portid, u32 seq, u8 cmd,
					   const struct layby_keeper_state *state)
{
	struct sk_buff *skb = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	void *head;

	if (!skb)
		return ERR_PTR(-ENOMEM);
	head = genlmsg_put(skb, portid, seq, &layby_family, 0, cmd);
	if (!head || layby_put_state(skb, state)) {
		nlmsg_free(skb);
		return ERR_PTR(-EMSGSIZE);
	}
	genlmsg_end(skb, head);
	return skb;
}

/* Nobody waits for an event, and who missed one finds out by its number. */
void layby_control_gate_changed(const struct layby_keeper_state *state)
{
	struct sk_buff *skb;

	if (!genl_has_listeners(&layby_family, &init_net, LAYBY_GROUP_GATE))
		return;
	skb = layby_state_message(0, 0, LAYBY_NL_GATE_CHANGED, state);
	if (IS_ERR(skb)) {
		pr_warn_ratelimited("layby: an event was not sent: %ld\n", PTR_ERR(skb));
		return;
	}
	genlmsg_multicast(&layby_family, skb, 0, LAYBY_GROUP_GATE, GFP_KERNEL);
}

int layby_get_state(struct sk_buff *request, struct genl_info *info)
{
	struct layby_keeper_state state;
	struct sk_buff *skb;

	layby_keeper_state(&state);
	skb = layby_state_message(info->snd_portid, info->snd_seq, LAYBY_NL_GET_STATE, &state);
	return IS_ERR(skb) ? PTR_ERR(skb) : genlmsg_reply(skb, info);
}

/* --- Counts ---------------------------------------------------------------- */
static int layby_put_counters(struct sk_buff *skb)
{
	struct layby_keeper_state state;
	const struct layby_reclaim_stats *stats = &state.stats;

	layby_keeper_state(&state);
	if (nla_put_u64_64bit(skb, LAYBY_A_COUNTERS_OPENED, stats->opened, LAYBY_A_COUNTERS_PAD) ||
	    nla_put_u64_64bit(skb, LAYBY_A_COUNTERS_RECLAIMS, stats->reclaims,
			      LAYBY_A_COUNTERS_PAD) ||
	    nla_put_u64_64bit(skb, LAYBY_A_COUNTERS_RESETS, stats->resets, LAYBY_A_COUNTERS_PAD) ||
	    nla_put_u64_64bit(skb, LAYBY_A_COUNTERS_LATE, stats->late, LAYBY_A_COUNTERS_PAD))
		return -EMSGSIZE;
	return 0;
}

int layby_get_counters(struct sk_buff *request, struct genl_info *info)
{
	return layby_control_reply(info, layby_put_counters);
}

/* --- Histogram ------------------------------------------------------------- */

/* The last one has no upper end. */
static u64 layby_bucket_below_ns(u32 index)
{
	if (index == LAYBY_RECLAIM_BUCKETS - 1)
		return U64_MAX;
	return (2ULL << index) * NSEC_PER_USEC;
}

static int layby_put_bucket(struct sk_buff *skb, u64 below_ns, u64 count)
{
	struct nlattr *nest = nla_nest_start(skb, LAYBY_A_HISTOGRAM_BUCKET);

	if (!nest ||
	    nla_put_u64_64bit(skb, LAYBY_A_BUCKET_BELOW_NS, below_ns, LAYBY_A_BUCKET_PAD) ||
	    nla_put_u64_64bit(skb, LAYBY_A_BUCKET_COUNT, count, LAYBY_A_BUCKET_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int layby_put_histogram(struct sk_buff *skb)
{
	struct layby_keeper_state state;
	const struct layby_reclaim_stats *stats = &state.stats;
	u32 i;

	layby_keeper_state(&state);
	if (nla_put_u64_64bit(skb, LAYBY_A_HISTOGRAM_COUNT, stats->reclaims,
			      LAYBY_A_HISTOGRAM_PAD) ||
	    nla_put_u64_64bit(skb, LAYBY_A_HISTOGRAM_LAST_NS, stats->last_ns,
			      LAYBY_A_HISTOGRAM_PAD) ||
	    nla_put_u64_64bit(skb, LAYBY_A_HISTOGRAM_LAST_AT_NS, stats->last_at_ns,
			      LAYBY_A_HISTOGRAM_PAD) ||
	    nla_put_u64_64bit(skb, LAYBY_A_HISTOGRAM_WORST_NS, stats->worst_ns,
			      LAYBY_A_HISTOGRAM_PAD))
		return -EMSGSIZE;
	for (i = 0; i < LAYBY_RECLAIM_BUCKETS; i++)
		if (layby_put_bucket(skb, layby_bucket_below_ns(i), stats->bucket[i]))
			return -EMSGSIZE;
	return 0;
}

int layby_get_histogram(struct sk_buff *request, struct genl_info *info)
{
	return layby_control_reply(info, layby_put_histogram);
}
