// SPDX-License-Identifier: GPL-2.0-only
/*
 * Control: who speaks to the gate, the vehicle's frames and the governor.
 *
 * Owns nothing. It tells how many frames were what, but not what was in them:
 * everybody may ask, and speed and charge are nobody's business.
 */
#include <net/genetlink.h>
#include <net/netlink.h>

#include "control.h"
#include "governor.h"
#include "vehicle.h"

/* --- Frames ---------------------------------------------------------------- */

static const int layby_frames_attr[LAYBY_COUNTS] = {
	[LAYBY_COUNT_ACCEPTED] = LAYBY_A_FRAMES_ACCEPTED,
	[LAYBY_COUNT_FOREIGN_DRIVING] = LAYBY_A_FRAMES_FOREIGN_DRIVING,
	[LAYBY_COUNT_UNBOUND] = LAYBY_A_FRAMES_UNBOUND,
	[LAYBY_COUNT_NAMESPACE] = LAYBY_A_FRAMES_NAMESPACE,
	[LAYBY_COUNT_INTERFACE] = LAYBY_A_FRAMES_INTERFACE,
	[LAYBY_COUNT_SOCKET] = LAYBY_A_FRAMES_SOCKET,
	[LAYBY_COUNT_MALFORMED] = LAYBY_A_FRAMES_MALFORMED,
	[LAYBY_COUNT_CRC] = LAYBY_A_FRAMES_CRC,
	[LAYBY_COUNT_REPEATED] = LAYBY_A_FRAMES_REPEATED,
	[LAYBY_COUNT_SEQUENCE] = LAYBY_A_FRAMES_SEQUENCE,
	[LAYBY_COUNT_SENT] = LAYBY_A_FRAMES_SENT,
};

static int layby_put_frames(struct sk_buff *skb)
{
	struct layby_vehicle_report report;
	u32 i;

	layby_vehicle_report(&report);
	if (report.ifindex && nla_put_u32(skb, LAYBY_A_FRAMES_BUS, report.ifindex))
		return -EMSGSIZE;
	for (i = 0; i < LAYBY_COUNTS; i++)
		if (nla_put_u64_64bit(skb, layby_frames_attr[i], report.count[i],
				      LAYBY_A_FRAMES_PAD))
			return -EMSGSIZE;
	return 0;
}

int layby_get_frames(struct sk_buff *request, struct genl_info *info)
{
	return layby_control_reply(info, layby_put_frames);
}

/* --- Governor -------------------------------------------------------------- */

static const u32 layby_governor_kind[] = {
	[LAYBY_GOVERNOR_NONE] = LAYBY_GOVERNOR_STATE_NONE,
	[LAYBY_GOVERNOR_ATTACHED] = LAYBY_GOVERNOR_STATE_ATTACHED,
	[LAYBY_GOVERNOR_FAILED] = LAYBY_GOVERNOR_STATE_FAILED,
	[LAYBY_GOVERNOR_NONSENSE] = LAYBY_GOVERNOR_STATE_NONSENSE,
};

static int layby_put_governor(struct sk_buff *skb)
{
	struct layby_governor_state state;
	char why[LAYBY_GOVERNOR_WHY];

	layby_governor_state(&state);
	if (nla_put_u32(skb, LAYBY_A_GOVERNOR_STATE, layby_governor_kind[state.status]))
		return -EMSGSIZE;
	if (state.status == LAYBY_GOVERNOR_NONE)
		return 0;
	if (nla_put_string(skb, LAYBY_A_GOVERNOR_NAME, state.name) ||
	    nla_put_s32(skb, LAYBY_A_GOVERNOR_RETURNED, state.returned) ||
	    nla_put_u64_64bit(skb, LAYBY_A_GOVERNOR_REFUSED, state.refused,
			      LAYBY_A_GOVERNOR_PAD))
		return -EMSGSIZE;
	layby_governor_why(&state, why, sizeof(why));
	return *why ? nla_put_string(skb, LAYBY_A_GOVERNOR_WHY, why) : 0;
}

int layby_get_governor(struct sk_buff *request, struct genl_info *info)
{
	return layby_control_reply(info, layby_put_governor);
}

/* Nobody waits for an event, and who missed one can ask. */
void layby_control_governor_changed(void)
{
	struct sk_buff *skb;
	void *head;

	if (!genl_has_listeners(&layby_family, &init_net, LAYBY_GROUP_GOVERNOR))
		return;
	skb = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	head = skb ? genlmsg_put(skb, 0, 0, &layby_family, 0, LAYBY_NL_GOVERNOR_CHANGED) : NULL;
	if (!head || layby_put_governor(skb)) {
		nlmsg_free(skb);
		pr_warn_ratelimited("layby: an event of the governor was not sent\n");
		return;
	}
	genlmsg_end(skb, head);
	genlmsg_multicast(&layby_family, skb, 0, LAYBY_GROUP_GOVERNOR, GFP_KERNEL);
}
