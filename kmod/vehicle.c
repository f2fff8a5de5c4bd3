// SPDX-License-Identifier: GPL-2.0-only
/*
 * Vehicle signals: what bpf/vehicle_can.bpf.c may call, and where a frame came
 * from.
 *
 * Owns the state of the vehicle, the name of the interface that is the bus, and
 * the counts of frames. The interface is named before the seal by a program that
 * root runs (vehicle_bind) and never again; as an index together with the cookie
 * of the network namespace, so that nothing is pinned and no other interface can
 * be taken for it while it is there.
 *
 * A frame is from the bus if it was received on that interface and belongs to
 * no socket: what a program of this host sends carries its socket, also through
 * loop-back and through BPF_PROG_TEST_RUN. Must never let other frames speak for
 * parked (ISO-2); which do not is vehicle_state.c's.
 *
 * Context: frames come in softirq. Lock order: the lock here, then keeper's;
 * the gate is told under it, so that it hears of frames in their order.
 */
#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/btf_ids.h>
#include <linux/if_arp.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/nsproxy.h>
#include <linux/skbuff.h>
#include <linux/timekeeping.h>
#include <net/net_namespace.h>

#include "gate.h"
#include "keeper.h"
#include "vehicle.h"

static struct {
	/* all below */
	raw_spinlock_t lock;
	struct layby_vehicle_state state;
	struct layby_vehicle_rule rule;
	u64 count[LAYBY_COUNTS];
	u64 net_cookie;
	int ifindex;
} vehicle = {
	.lock = __RAW_SPIN_LOCK_UNLOCKED(vehicle.lock),
	.rule.park_can_id = LAYBY_VEHICLE_NO_FRAME,
};

/* --- Frames --------------------------------------------------------------- */

static u32 layby_vehicle_origin(const struct sk_buff *skb)
{
	lockdep_assert_held(&vehicle.lock);
	if (!vehicle.ifindex)
		return LAYBY_COUNT_UNBOUND;
	if (dev_net(skb->dev)->net_cookie != vehicle.net_cookie)
		return LAYBY_COUNT_NAMESPACE;
	if (skb->dev->ifindex != vehicle.ifindex)
		return LAYBY_COUNT_INTERFACE;
	return skb->sk ? LAYBY_COUNT_SOCKET : LAYBY_COUNT_ACCEPTED;
}

static void layby_vehicle_tell(bool heartbeat)
{
	struct layby_vehicle_view view = {
		.mode = layby_vehicle_mode(&vehicle.state),
		.charging = layby_vehicle_charging(&vehicle.state),
		.charge_percent = layby_vehicle_charge(&vehicle.state),
		.charging_at_ns = vehicle.state.signal[LAYBY_SIGNAL_CHARGING].at_ns,
		.charge_at_ns = vehicle.state.signal[LAYBY_SIGNAL_CHARGE].at_ns,
	};

	layby_keeper_vehicle(&view, heartbeat);
}

__bpf_kfunc_start_defs();

/**
 * bpf_layby_vehicle() - a monitored frame was received
 * @skb: context of the program
 * @frame: what is in it; may be shared memory, so it is copied once
 * @frame__sz: its size
 *
 * Return: 0; -EINVAL: @frame is of another version.
 */
__bpf_kfunc int bpf_layby_vehicle(struct __sk_buff *skb, const struct layby_vehicle_frame *frame,
				  u32 frame__sz)
{
	struct layby_vehicle_verdict verdict;
	struct layby_vehicle_frame copy;
	unsigned long flags;

	if (frame__sz != sizeof(copy))
		return -EINVAL;
	copy = *frame;
	raw_spin_lock_irqsave(&vehicle.lock, flags);
	verdict = layby_vehicle_take(&vehicle.state, &vehicle.rule, &copy,
				     layby_vehicle_origin((struct sk_buff *)skb),
				     ktime_get_boottime_ns());
	vehicle.count[verdict.count]++;
	if (verdict.changed || verdict.heartbeat)
		layby_vehicle_tell(verdict.heartbeat);
	raw_spin_unlock_irqrestore(&vehicle.lock, flags);
	return 0;
}

/**
 * bpf_layby_vehicle_sent() - a monitored frame was stopped on its way out
 * @skb: context of the program
 */
__bpf_kfunc void bpf_layby_vehicle_sent(struct __sk_buff *skb)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&vehicle.lock, flags);
	vehicle.count[LAYBY_COUNT_SENT]++;
	raw_spin_unlock_irqrestore(&vehicle.lock, flags);
}

/**
 * bpf_layby_vehicle_bind() - name the interface that is the bus
 * @ifindex: in the network namespace of the caller
 *
 * Return: 0; -EPERM: sealed; -ENODEV: no such interface; -EMEDIUMTYPE: it is
 * not a CAN interface.
 */
__bpf_kfunc int bpf_layby_vehicle_bind(u32 ifindex)
{
	struct net *net = current->nsproxy->net_ns;
	struct net_device *dev;
	int err = -EPERM;

	dev = dev_get_by_index(net, ifindex);
	if (!dev)
		return -ENODEV;
	if (dev->type != ARPHRD_CAN) {
		dev_put(dev);
		return -EMEDIUMTYPE;
	}
	raw_spin_lock_irq(&vehicle.lock);
	if (!layby_keeper_sealed()) {
		vehicle.ifindex = dev->ifindex;
		vehicle.net_cookie = net->net_cookie;
		layby_vehicle_state_forget(&vehicle.state);
		layby_vehicle_tell(false);
		err = 0;
	}
	raw_spin_unlock_irq(&vehicle.lock);
	dev_put(dev);
	return err;
}

__bpf_kfunc_end_defs();

/* --- Who may call them ---------------------------------------------------- */

BTF_KFUNCS_START(layby_vehicle_frame_kfuncs)
BTF_ID_FLAGS(func, bpf_layby_vehicle)
BTF_ID_FLAGS(func, bpf_layby_vehicle_sent)
BTF_KFUNCS_END(layby_vehicle_frame_kfuncs)

BTF_KFUNCS_START(layby_vehicle_bind_kfuncs)
BTF_ID_FLAGS(func, bpf_layby_vehicle_bind, KF_SLEEPABLE)
BTF_KFUNCS_END(layby_vehicle_bind_kfuncs)

/*
 * Asked for each call of a function of this module in a program that is being
 * loaded; it is one of those above, and @kfunc_id is not compared with them: with
 * distilled BTF the kernel renumbers its copy of the sets only. An extension could
 * replace a subprogram of a program that was loaded before the seal.
 */
static int layby_vehicle_filter(const struct bpf_prog *prog, u32 kfunc_id)
{
	if (prog->type == BPF_PROG_TYPE_EXT || layby_keeper_sealed())
		return -EACCES;
	return 0;
}

static const struct btf_kfunc_id_set layby_vehicle_frame_set = {
	.owner = THIS_MODULE,
	.set = &layby_vehicle_frame_kfuncs,
	.filter = layby_vehicle_filter,
};

static const struct btf_kfunc_id_set layby_vehicle_bind_set = {
	.owner = THIS_MODULE,
	.set = &layby_vehicle_bind_kfuncs,
	.filter = layby_vehicle_filter,
};

/* --- For the rest of the module -------------------------------------------- */

void layby_vehicle_report(struct layby_vehicle_report *report)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&vehicle.lock, flags);
	report->state = vehicle.state;
	report->now_ns = ktime_get_boottime_ns();
	memcpy(report->count, vehicle.count, sizeof(report->count));
	report->mode = layby_vehicle_mode(&vehicle.state);
	report->ifindex = vehicle.ifindex;
	raw_spin_unlock_irqrestore(&vehicle.lock, flags);
}

void layby_vehicle_policy(const struct layby_vehicle_rule *rule)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&vehicle.lock, flags);
	vehicle.rule = rule ? *rule : (struct layby_vehicle_rule){
		.park_can_id = LAYBY_VEHICLE_NO_FRAME,
	};
	raw_spin_unlock_irqrestore(&vehicle.lock, flags);
}

void layby_vehicle_forget(void)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&vehicle.lock, flags);
	layby_vehicle_state_forget(&vehicle.state);
	layby_vehicle_tell(false);
	raw_spin_unlock_irqrestore(&vehicle.lock, flags);
}

/* Without BTF the registration would do nothing and say 0. */
static bool layby_vehicle_has_btf(void)
{
#ifdef CONFIG_DEBUG_INFO_BTF_MODULES
	return THIS_MODULE->btf_data_size;
#else
	return false;
#endif
}

int layby_vehicle_init(void)
{
	int err;

	if (!layby_vehicle_has_btf()) {
		pr_err("layby: the module has no BTF, so no eBPF program could reach it: build it against a kernel with CONFIG_DEBUG_INFO_BTF_MODULES whose vmlinux is there\n");
		return -ENOPKG;
	}
	err = register_btf_kfunc_id_set(BPF_PROG_TYPE_SCHED_CLS, &layby_vehicle_frame_set);
	if (err)
		return err;
	err = register_btf_kfunc_id_set(BPF_PROG_TYPE_SYSCALL, &layby_vehicle_bind_set);
	if (err)
		return err;
	layby_vehicle_show_init();
	return 0;
}

/* Programs that call in hold the module: none is left. */
void layby_vehicle_fini(void)
{
	layby_vehicle_show_fini();
}
