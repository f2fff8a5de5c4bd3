// SPDX-License-Identifier: GPL-2.0-only
/*
 * Control: the generic netlink family `layby`, and the administrator's two
 * orders: seal, and clear a fault.
 *
 * It decides nothing, and nothing of the gate waits for it. Everybody may ask;
 * a request takes no attribute.
 */
#include <net/genetlink.h>
#include <net/netlink.h>

#include "control.h"
#include "keeper.h"

static const struct genl_multicast_group layby_groups[] = {
	[LAYBY_GROUP_GATE] = { .name = LAYBY_MCGRP_GATE },
	[LAYBY_GROUP_GOVERNOR] = { .name = LAYBY_MCGRP_GOVERNOR },
};

int layby_control_reply(struct genl_info *info, int (*put)(struct sk_buff *skb))
{
	struct sk_buff *skb = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	void *head;

	if (!skb)
		return -ENOMEM;
	head = genlmsg_put_reply(skb, info, &layby_family, 0, info->genlhdr->cmd);
	if (!head || put(skb)) {
		nlmsg_free(skb);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, head);
	return genlmsg_reply(skb, info);
}

/* --- Orders ---------------------------------------------------------------- */

/*
 * GENL_ADMIN_PERM is CAP_NET_ADMIN, which whoever manages networks has. The
 * opener of the socket must have the right, too: nobody is to be talked into
 * sending for another.
 */
static int layby_check_admin(struct sk_buff *request, struct genl_info *info)
{
	if (netlink_capable(request, CAP_SYS_ADMIN))
		return 0;
	NL_SET_ERR_MSG(info->extack, "needs CAP_SYS_ADMIN beside CAP_NET_ADMIN");
	return -EPERM;
}

static int layby_seal(struct sk_buff *request, struct genl_info *info)
{
	int ret = layby_check_admin(request, info);

	if (ret)
		return ret;
	ret = layby_keeper_seal();
	if (ret)
		NL_SET_ERR_MSG(info->extack, "sealed before");
	else
		pr_info("layby: sealed\n");
	return ret;
}

static int layby_clear_fault(struct sk_buff *request, struct genl_info *info)
{
	int ret = layby_check_admin(request, info);

	if (ret)
		return ret;
	ret = layby_keeper_clear_fault();
	if (ret)
		NL_SET_ERR_MSG(info->extack, "no fault is latched");
	else
		pr_notice("layby: the fault was cleared by the administrator\n");
	return ret;
}

/* --- Family ---------------------------------------------------------------- */

/* No request takes an attribute. */
static const struct nla_policy layby_no_attributes[] = {
	[0 ... 1] = { .type = NLA_REJECT },
};

#define LAYBY_NO_ATTRIBUTES \
	.policy = layby_no_attributes, .maxattr = ARRAY_SIZE(layby_no_attributes) - 1

#define LAYBY_DO(command, handler, permission) \
	{ .cmd = command, .doit = handler, .flags = GENL_CMD_CAP_DO | (permission), \
	  LAYBY_NO_ATTRIBUTES }

#define LAYBY_DUMP(command, handler) \
	{ .cmd = command, .dumpit = handler, .flags = GENL_CMD_CAP_DUMP, LAYBY_NO_ATTRIBUTES }

static const struct genl_split_ops layby_ops[] = {
	LAYBY_DO(LAYBY_NL_GET_STATE, layby_get_state, 0),
	LAYBY_DO(LAYBY_NL_GET_POLICY, layby_get_policy, 0),
	LAYBY_DUMP(LAYBY_NL_GET_PARTITIONS, layby_get_partitions),
	LAYBY_DO(LAYBY_NL_GET_COUNTERS, layby_get_counters, 0),
	LAYBY_DO(LAYBY_NL_GET_HISTOGRAM, layby_get_histogram, 0),
	LAYBY_DO(LAYBY_NL_SEAL, layby_seal, GENL_ADMIN_PERM),
	LAYBY_DO(LAYBY_NL_CLEAR_FAULT, layby_clear_fault, GENL_ADMIN_PERM),
	LAYBY_DO(LAYBY_NL_GET_FRAMES, layby_get_frames, 0),
	LAYBY_DO(LAYBY_NL_GET_GOVERNOR, layby_get_governor, 0),
	LAYBY_DUMP(LAYBY_NL_GET_ACCELERATORS, layby_get_accelerators),
};

struct genl_family layby_family __ro_after_init = {
	.name = LAYBY_FAMILY_NAME,
	.version = LAYBY_FAMILY_VERSION,
	.module = THIS_MODULE,
	.parallel_ops = true,
	.split_ops = layby_ops,
	.n_split_ops = ARRAY_SIZE(layby_ops),
	.mcgrps = layby_groups,
	.n_mcgrps = ARRAY_SIZE(layby_groups),
};

int layby_control_init(void)
{
	return genl_register_family(&layby_family);
}

void layby_control_fini(void)
{
	genl_unregister_family(&layby_family);
}
