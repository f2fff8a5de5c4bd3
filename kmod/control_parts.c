// SPDX-License-Identifier: GPL-2.0-only
/*
 * Control: what there is, the policy in force, accelerators and partitions.
 *
 * Owns the list of accelerators that are told of. layby_control_lock guards it;
 * a partition's window_lock, a guest's queue lock or the accelerator's meter.lock is
 * taken inside, one at a time.
 */
#include <linux/list.h>
#include <linux/mutex.h>
#include <net/genetlink.h>
#include <net/netlink.h>

#include "caps.h"
#include "control.h"
#include "firmware.h"
#include "layby.h"

static DEFINE_MUTEX(layby_control_lock);
static LIST_HEAD(layby_control_accels);

/* --- Policy ---------------------------------------------------------------- */

static int layby_put_policy_bounds(struct sk_buff *skb, const struct layby_policy_in_force *policy)
{
	const struct { int attr; u64 ns; } bounds[] = {
		{ LAYBY_A_POLICY_ABORT_NS, policy->abort_ns },
		{ LAYBY_A_POLICY_RECLAIM_NS, policy->reclaim_ns },
		{ LAYBY_A_POLICY_SIGNAL_AGE_MAX_NS, policy->signal_age_ns },
		{ LAYBY_A_POLICY_LEASE_AGE_MAX_NS, policy->lease_age_ns },
		{ LAYBY_A_POLICY_PARK_HOLD_NS, policy->park_hold_ns },
		{ LAYBY_A_POLICY_WATCHDOG_NS, policy->watchdog_ns },
		{ LAYBY_A_POLICY_INTERVAL_NS, policy->interval_ns },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(bounds); i++)
		if (nla_put_u64_64bit(skb, bounds[i].attr, bounds[i].ns, LAYBY_A_POLICY_PAD))
			return -EMSGSIZE;
	return 0;
}

static int layby_put_policy_in_force(struct sk_buff *skb,
				     const struct layby_policy_in_force *policy)
{
	if (nla_put(skb, LAYBY_A_POLICY_DIGEST, sizeof(policy->digest), policy->digest) ||
	    nla_put_u64_64bit(skb, LAYBY_A_POLICY_SERIAL, policy->serial, LAYBY_A_POLICY_PAD) ||
	    nla_put_string(skb, LAYBY_A_POLICY_ID, policy->id) ||
	    nla_put_string(skb, LAYBY_A_POLICY_VEHICLE_TYPE, policy->vehicle_type) ||
	    layby_put_policy_bounds(skb, policy) ||
	    nla_put_u32(skb, LAYBY_A_POLICY_POWER_MW, policy->power_mw) ||
	    nla_put_s32(skb, LAYBY_A_POLICY_TRIP_MDEG, policy->limit_mdeg) ||
	    nla_put_s32(skb, LAYBY_A_POLICY_RESUME_MDEG, policy->resume_mdeg))
		return -EMSGSIZE;
	return 0;
}

static u32 layby_key_kind(void)
{
	return layby_policy_key() == LAYBY_POLICY_KEY_PRODUCTION ? LAYBY_KEY_PRODUCTION :
								    LAYBY_KEY_DEVELOPMENT;
}

static u32 layby_policy_state_kind(void)
{
	static const u32 kinds[] = {
		[LAYBY_POLICY_IDLE] = LAYBY_POLICY_STATE_IDLE,
		[LAYBY_POLICY_ABSENT] = LAYBY_POLICY_STATE_ABSENT,
		[LAYBY_POLICY_UNREADABLE] = LAYBY_POLICY_STATE_UNREADABLE,
		[LAYBY_POLICY_FORGED] = LAYBY_POLICY_STATE_FORGED,
		[LAYBY_POLICY_WRONG] = LAYBY_POLICY_STATE_WRONG,
		[LAYBY_POLICY_IN_FORCE] = LAYBY_POLICY_STATE_IN_FORCE,
	};

	return kinds[layby_policy_state()];
}

static int layby_put_policy_always(struct sk_buff *skb)
{
	if (nla_put_u32(skb, LAYBY_A_POLICY_KEY_KIND, layby_key_kind()) ||
	    nla_put_u32(skb, LAYBY_A_POLICY_STATE, layby_policy_state_kind()) ||
	    nla_put_u64_64bit(skb, LAYBY_A_POLICY_SERIAL_FLOOR, layby_policy_serial_floor(),
			      LAYBY_A_POLICY_PAD))
		return -EMSGSIZE;
	return 0;
}

static int layby_put_policy(struct sk_buff *skb)
{
	struct layby_policy_in_force *policy = layby_policy_get();
	int ret;

	ret = layby_put_policy_always(skb);
	if (!ret && policy)
		ret = layby_put_policy_in_force(skb, policy);
	layby_policy_put(policy);
	return ret;
}

int layby_get_policy(struct sk_buff *request, struct genl_info *info)
{
	return layby_control_reply(info, layby_put_policy);
}

/* --- Partitions ------------------------------------------------------------ */

static u32 layby_partition_parties(struct layby_partition *partition)
{
	u32 parties;

	mutex_lock(&partition->window_lock);
	parties = partition->parties;
	mutex_unlock(&partition->window_lock);
	return parties;
}

static bool layby_partition_enabled(struct layby_partition *partition)
{
	const struct layby_queue *queue = &partition->queue;

	return READ_ONCE(queue->state) == LAYBY_QUEUE_RUNNING && !READ_ONCE(queue->shut);
}

static int layby_put_cleared(struct sk_buff *skb, struct layby_partition *partition)
{
	struct layby_cleared *cleared = &partition->cleared;

	if (nla_put_u64_64bit(skb, LAYBY_A_PARTITION_WINDOW_CLEARINGS,
			      atomic64_read(&cleared->pieces), LAYBY_A_PARTITION_PAD) ||
	    nla_put_u64_64bit(skb, LAYBY_A_PARTITION_WINDOW_CLEARED_BYTES,
			      atomic64_read(&cleared->bytes), LAYBY_A_PARTITION_PAD) ||
	    nla_put_u64_64bit(skb, LAYBY_A_PARTITION_TILE_CLEARINGS,
			      atomic64_read(&cleared->tiles), LAYBY_A_PARTITION_PAD))
		return -EMSGSIZE;
	return 0;
}

static int layby_put_used(struct sk_buff *skb, const struct layby_used *used)
{
	if (nla_put_u64_64bit(skb, LAYBY_A_PARTITION_ENERGY_UJ,
			      atomic64_read(&used->energy_uj), LAYBY_A_PARTITION_PAD) ||
	    nla_put_u64_64bit(skb, LAYBY_A_PARTITION_RUN_TICKS,
			      atomic64_read(&used->run_ticks), LAYBY_A_PARTITION_PAD) ||
	    nla_put_u64_64bit(skb, LAYBY_A_PARTITION_TILE_TICKS,
			      atomic64_read(&used->tile_ticks), LAYBY_A_PARTITION_PAD) ||
	    nla_put_u64_64bit(skb, LAYBY_A_PARTITION_JOBS,
			      atomic64_read(&used->jobs), LAYBY_A_PARTITION_PAD))
		return -EMSGSIZE;
	return 0;
}

/*
 * From what driving clears and uses everybody could tell when it works for whom, and
 * on what: hwmon.c says of which attack.
 */
static bool layby_work_may_be_told(struct netlink_callback *cb,
				   const struct layby_partition *partition)
{
	return partition->class == LAYBY_CLASS_GUEST ||
	       netlink_capable(cb->skb, CAP_SYS_ADMIN);
}

static int layby_put_work(struct sk_buff *skb, struct layby_partition *partition)
{
	return layby_put_cleared(skb, partition) ?: layby_put_used(skb, &partition->used);
}

static int layby_put_partition(struct sk_buff *skb, struct layby_partition *partition)
{
	const struct layby_hw_slot *cfg = &partition->cfg;

	if (nla_put_string(skb, LAYBY_A_PARTITION_ACCEL, dev_name(partition->accel->hw.dev)) ||
	    nla_put_u32(skb, LAYBY_A_PARTITION_CLASS, partition->class) ||
	    nla_put_u32(skb, LAYBY_A_PARTITION_ID, partition->id) ||
	    nla_put_u32(skb, LAYBY_A_PARTITION_MINOR, partition->drm->accel->index) ||
	    nla_put_u32(skb, LAYBY_A_PARTITION_TILES, READ_ONCE(cfg->tiles)) ||
	    nla_put_u64_64bit(skb, LAYBY_A_PARTITION_WINDOW_BYTES, cfg->window.length,
			      LAYBY_A_PARTITION_PAD) ||
	    nla_put_u32(skb, LAYBY_A_PARTITION_QUEUE_DEPTH, partition->share.queue_depth) ||
	    nla_put_u32(skb, LAYBY_A_PARTITION_BANDWIDTH_PERMILLE, cfg->bandwidth_permille) ||
	    nla_put_u8(skb, LAYBY_A_PARTITION_ENABLED, layby_partition_enabled(partition)) ||
	    nla_put_u8(skb, LAYBY_A_PARTITION_FAULTED, layby_queue_faulted(partition)) ||
	    nla_put_u32(skb, LAYBY_A_PARTITION_PARTIES, layby_partition_parties(partition)) ||
	    nla_put_u32(skb, LAYBY_A_PARTITION_RECOVERIES,
			READ_ONCE(partition->queue.recoveries)))
		return -EMSGSIZE;
	return 0;
}

static int layby_dump_partition(struct sk_buff *skb, struct netlink_callback *cb,
				struct layby_partition *partition)
{
	void *head = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				 &layby_family, NLM_F_MULTI, LAYBY_NL_GET_PARTITIONS);

	if (!head)
		return -EMSGSIZE;
	if (layby_put_partition(skb, partition) ||
	    (layby_work_may_be_told(cb, partition) && layby_put_work(skb, partition))) {
		genlmsg_cancel(skb, head);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, head);
	return 0;
}

/* cb->args[0]: how many were told of in the messages before. */
static int layby_dump_accel(struct sk_buff *skb, struct netlink_callback *cb,
			    struct layby_accel *accel, long *index)
{
	u32 i;

	for (i = 0; i < accel->partition_count; i++, ++*index) {
		if (*index < cb->args[0])
			continue;
		if (layby_dump_partition(skb, cb, accel->partition[i]))
			return -EMSGSIZE;
		cb->args[0]++;
	}
	return 0;
}

int layby_get_partitions(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct layby_accel *accel;
	long index = 0;
	int ret = 0;

	mutex_lock(&layby_control_lock);
	list_for_each_entry(accel, &layby_control_accels, control) {
		ret = layby_dump_accel(skb, cb, accel, &index);
		if (ret)
			break;
	}
	mutex_unlock(&layby_control_lock);
	/* A message that is full is sent, and the dump goes on in the next one. */
	return ret && !skb->len ? ret : skb->len;
}

/* --- Accelerators ---------------------------------------------------------- */

/* Driving's energy is what guests' jobs and idle leave of it. */
static int layby_put_energy(struct sk_buff *skb, struct layby_accel *accel)
{
	struct layby_energy energy;

	layby_energy_read(accel, &energy);
	if (!energy.known)
		return 0;
	if (nla_put_u64_64bit(skb, LAYBY_A_ACCELERATOR_DEVICE_ENERGY_UJ, energy.device_uj,
			      LAYBY_A_ACCELERATOR_PAD) ||
	    nla_put_u64_64bit(skb, LAYBY_A_ACCELERATOR_IDLE_ENERGY_UJ, energy.idle_uj,
			      LAYBY_A_ACCELERATOR_PAD))
		return -EMSGSIZE;
	return 0;
}

static int layby_put_caps(struct sk_buff *skb, struct layby_accel *accel)
{
	struct layby_caps caps;

	layby_caps_read(accel, &caps);
	if (nla_put_u32(skb, LAYBY_A_ACCELERATOR_CAP_MW, caps.cap_mw) ||
	    nla_put_u32(skb, LAYBY_A_ACCELERATOR_CEILING_MW, accel->policy->power_mw) ||
	    nla_put_u64_64bit(skb, LAYBY_A_ACCELERATOR_BUCKET_UJ, caps.bucket_uj,
			      LAYBY_A_ACCELERATOR_PAD) ||
	    nla_put_u64_64bit(skb, LAYBY_A_ACCELERATOR_CREDIT_UJ, caps.credit_uj,
			      LAYBY_A_ACCELERATOR_PAD) ||
	    nla_put_u64_64bit(skb, LAYBY_A_ACCELERATOR_CHARGED_UJ, caps.charged_uj,
			      LAYBY_A_ACCELERATOR_PAD) ||
	    nla_put_u32(skb, LAYBY_A_ACCELERATOR_LEVEL, caps.level) ||
	    nla_put_u32(skb, LAYBY_A_ACCELERATOR_WAITING, caps.waiting))
		return -EMSGSIZE;
	return 0;
}

static int layby_put_accelerator(struct sk_buff *skb, struct netlink_callback *cb,
				 struct layby_accel *accel)
{
	if (nla_put_string(skb, LAYBY_A_ACCELERATOR_ACCEL, dev_name(accel->hw.dev)) ||
	    nla_put_u64_64bit(skb, LAYBY_A_ACCELERATOR_TICKS_HZ, accel->hw.ticks_hz,
			      LAYBY_A_ACCELERATOR_PAD))
		return -EMSGSIZE;
	if (netlink_capable(cb->skb, CAP_SYS_ADMIN) && layby_put_energy(skb, accel))
		return -EMSGSIZE;
	return accel->policy ? layby_put_caps(skb, accel) : 0;
}

static int layby_dump_accelerator(struct sk_buff *skb, struct netlink_callback *cb,
				  struct layby_accel *accel)
{
	void *head = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				 &layby_family, NLM_F_MULTI, LAYBY_NL_GET_ACCELERATORS);

	if (!head)
		return -EMSGSIZE;
	if (layby_put_accelerator(skb, cb, accel)) {
		genlmsg_cancel(skb, head);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, head);
	return 0;
}

/* cb->args[0]: how many were told of in the messages before. */
int layby_get_accelerators(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct layby_accel *accel;
	long index = 0;
	int ret = 0;

	mutex_lock(&layby_control_lock);
	list_for_each_entry(accel, &layby_control_accels, control) {
		if (index++ < cb->args[0])
			continue;
		ret = layby_dump_accelerator(skb, cb, accel);
		if (ret)
			break;
		cb->args[0]++;
	}
	mutex_unlock(&layby_control_lock);
	return ret && !skb->len ? ret : skb->len;
}

/* --- The list -------------------------------------------------------------- */

void layby_control_add(struct layby_accel *accel)
{
	mutex_lock(&layby_control_lock);
	list_add_tail(&accel->control, &layby_control_accels);
	mutex_unlock(&layby_control_lock);
}

void layby_control_remove(struct layby_accel *accel)
{
	mutex_lock(&layby_control_lock);
	list_del_init(&accel->control);
	mutex_unlock(&layby_control_lock);
}
