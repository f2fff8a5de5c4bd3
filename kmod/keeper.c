// SPDX-License-Identifier: GPL-2.0-only
/*
 * The gatekeeper. See keeper.h.
 *
 * Owns the inputs of the gate and its verdict. When the verdict turns to closed,
 * guest submission is fenced and the device told to stop in the very context in
 * which the input came, with no program, worker or lock of anybody else on the way
 * (ISO-2, ISO-3). The timer and the device's watchdog are in keeper_timer.c, the
 * accelerator's coming and going in keeper_life.c.
 *
 * The lock is raw and the innermost of all locks: see keeper_private.h.
 */
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/spinlock.h>

#include "consent.h"
#include "keeper_private.h"
#include "layby.h"
#include "token.h"
#include "trace.h"
#include "vehicle.h"

struct layby_keeper layby_keeper = {
	/* The netlink family may ask before layby_keeper_init(). */
	.lock = __RAW_SPIN_LOCK_UNLOCKED(layby_keeper.lock),
	.settle = __WORK_INITIALIZER(layby_keeper.settle, layby_keeper_settle),
	.vehicle.charge_percent = U8_MAX,
	.timer_ns = U64_MAX,
	.reason = LAYBY_GATE_NO_POLICY,
};

/* --- Verdict -------------------------------------------------------------- */

static void layby_keeper_each_guest(void (*call)(struct layby_accel *accel,
						 struct layby_partition *partition))
{
	struct layby_accel *accel = layby_keeper.accel;
	u32 i;

	for (i = 0; i < accel->partition_count; i++)
		if (accel->partition[i]->class == LAYBY_CLASS_GUEST)
			call(accel, accel->partition[i]);
}

static void layby_guest_shut(struct layby_accel *accel, struct layby_partition *partition)
{
	WRITE_ONCE(partition->queue.shut, true);
	accel->hw.ops->stop(accel->hw.priv, partition->slot);
	layby_bench_stamp(LAYBY_STAMP_DOORBELL);
}

static void layby_guest_unshut(struct layby_accel *accel, struct layby_partition *partition)
{
	WRITE_ONCE(partition->queue.shut, false);
}

/* In whatever context the input came: fence, then tell the device, then the rest. */
static void layby_keeper_close(u32 reason)
{
	layby_keeper.open = false;
	if (!layby_keeper.closing) {
		layby_keeper.closed_at_ns = layby_keeper.in.now_ns;
		WRITE_ONCE(layby_keeper.closed_for, reason);
	}
	layby_keeper.closing = true;
	layby_keeper_each_guest(layby_guest_shut);
	layby_reclaim_kick();
}

static void layby_keeper_open(void)
{
	layby_keeper.open = true;
	layby_reclaim_kick();
	layby_keeper_arm();
}

/* Hours come and go within a consent: the next ones, or those that are now. */
static void layby_keeper_consent_hours(void)
{
	struct layby_gate_input *in = &layby_keeper.in;

	if (!in->consent || in->wall_ns <= in->consent_not_after_ns)
		return;
	layby_token_window(&layby_keeper.terms, in->wall_ns, &in->consent_not_before_ns,
			   &in->consent_not_after_ns);
}

static bool layby_reason_samples(u32 reason)
{
	return reason >= LAYBY_GATE_NO_GOVERNOR;
}

static void layby_keeper_change(u32 reason)
{
	bool sampled = layby_reason_samples(layby_keeper.reason);

	layby_keeper.reason = reason;
	layby_keeper.since_ns = layby_keeper.in.now_ns;
	layby_keeper.changes++;
	if (sampled != layby_reason_samples(reason))
		layby_reclaim_kick();
	schedule_work(&layby_keeper.settle);
}

void layby_keeper_look(void)
{
	struct layby_gate_input *in = &layby_keeper.in;
	u32 reason;

	lockdep_assert_held(&layby_keeper.lock);
	in->now_ns = ktime_get_ns();
	in->wall_ns = ktime_get_real_ns();
	/* Over a sleep the wall clock goes on and now_ns does not: nobody has set it. */
	in->consent_offset_ns = layby_keeper.wall_offset_ns +
				ktime_get_boottime_ns() - in->now_ns;
	in->consent_energy_uj = layby_consent_left_uj();
	layby_keeper_consent_hours();
	reason = layby_gate_reason(in);
	if (reason != layby_keeper.reason)
		trace_layby_gate(reason, layby_keeper.reason, layby_keeper.changes + 1);
	if (layby_keeper.open && reason != LAYBY_GATE_OPEN)
		layby_keeper_close(reason);
	if (reason != layby_keeper.reason)
		layby_keeper_change(reason);
	if (!layby_keeper.open && reason == LAYBY_GATE_OPEN)
		layby_keeper_open();
}

/* --- Inputs --------------------------------------------------------------- */

/* A silence in between begins the hold time anew. */
void layby_keeper_parked(u32 mode, u64 now_ns, bool fresh)
{
	struct layby_gate_input *in = &layby_keeper.in;

	if (mode != LAYBY_MODE_PARKED)
		in->parked_since_ns = 0;
	else if (in->mode != LAYBY_MODE_PARKED || !fresh)
		in->parked_since_ns = now_ns;
	in->mode = mode;
}

/* Frames come all the time; people are told only of what is new in them. */
static void layby_keeper_battery(const struct layby_vehicle_view *view)
{
	const struct layby_vehicle_view *was = &layby_keeper.vehicle;

	if (view->charging != was->charging || view->charge_percent != was->charge_percent)
		schedule_work(&layby_keeper.settle);
	layby_keeper.in.charging = view->charging;
	layby_keeper.in.charge_percent = view->charge_percent;
	layby_keeper.vehicle = *view;
}

void layby_keeper_vehicle(const struct layby_vehicle_view *view, bool heartbeat)
{
	struct layby_gate_input *in = &layby_keeper.in;
	unsigned long flags;
	u64 now_ns;

	raw_spin_lock_irqsave(&layby_keeper.lock, flags);
	now_ns = ktime_get_ns();
	layby_keeper_parked(view->mode, now_ns,
			    in->signal.at_ns &&
			    now_ns - in->signal.at_ns <= in->signal.age_max_ns);
	layby_keeper_battery(view);
	if (heartbeat)
		in->signal.at_ns = now_ns;
	layby_keeper_look();
	raw_spin_unlock_irqrestore(&layby_keeper.lock, flags);
}

void layby_keeper_lease(bool held)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&layby_keeper.lock, flags);
	layby_keeper.in.lease.at_ns = held ? ktime_get_ns() : 0;
	layby_keeper_look();
	raw_spin_unlock_irqrestore(&layby_keeper.lock, flags);
}

static void layby_keeper_accept(const struct layby_consent_terms *terms)
{
	struct layby_gate_input *in = &layby_keeper.in;

	layby_keeper.terms = *terms;
	in->consent = true;
	layby_keeper.wall_offset_ns = ktime_get_real_ns() - ktime_get_boottime_ns();
	in->consent_offset_max_ns = LAYBY_CLOCK_STEP_NS;
	in->charging_only = terms->only_charging;
	in->charge_min_percent = terms->charge_min_percent;
	layby_token_window(terms, ktime_get_real_ns(), &in->consent_not_before_ns,
			   &in->consent_not_after_ns);
}

void layby_keeper_consent(const struct layby_consent_terms *terms)
{
	raw_spin_lock_irq(&layby_keeper.lock);
	if (terms)
		layby_keeper_accept(terms);
	else
		layby_keeper.in.consent = false;
	layby_keeper_look();
	layby_keeper_arm();
	raw_spin_unlock_irq(&layby_keeper.lock);
	if (!terms)
		layby_keeper_forget();
}

void layby_keeper_energy(u64 uj)
{
	unsigned long flags;

	layby_consent_use(uj);
	if (layby_consent_left_uj())
		return;
	raw_spin_lock_irqsave(&layby_keeper.lock, flags);
	layby_keeper_look();
	raw_spin_unlock_irqrestore(&layby_keeper.lock, flags);
}

void layby_keeper_governor(u64 at_ns, bool open)
{
	struct layby_gate_input *in = &layby_keeper.in;
	unsigned long flags;

	raw_spin_lock_irqsave(&layby_keeper.lock, flags);
	in->governor_attached = at_ns != 0;
	in->governor_open = open;
	in->governor.at_ns = at_ns;
	layby_keeper_look();
	raw_spin_unlock_irqrestore(&layby_keeper.lock, flags);
}

void layby_keeper_sensors(const struct layby_hw_sensors *sensors, bool fresh)
{
	struct layby_gate_input *in = &layby_keeper.in;
	unsigned long flags;

	raw_spin_lock_irqsave(&layby_keeper.lock, flags);
	in->temperature_mc = sensors->temperature_mdeg;
	if (fresh)
		in->sensor.at_ns = ktime_get_ns();
	if (in->temperature_mc >= in->trip_mc)
		in->was_hot = true;
	else if (in->temperature_mc < in->resume_mc)
		in->was_hot = false;
	layby_keeper_look();
	raw_spin_unlock_irqrestore(&layby_keeper.lock, flags);
}

int layby_keeper_seal(void)
{
	bool was;

	raw_spin_lock_irq(&layby_keeper.lock);
	was = layby_keeper.in.sealed;
	if (!was)
		/* Else unloading the module would take the seal off. */
		__module_get(THIS_MODULE);
	layby_keeper.in.sealed = true;
	layby_keeper_look();
	raw_spin_unlock_irq(&layby_keeper.lock);
	return was ? -EALREADY : 0;
}

bool layby_keeper_sealed(void)
{
	return READ_ONCE(layby_keeper.in.sealed);
}

void layby_keeper_fault(void)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&layby_keeper.lock, flags);
	if (!layby_keeper.in.fault)
		trace_layby_fault(true);
	layby_keeper.in.fault = true;
	layby_keeper_look();
	raw_spin_unlock_irqrestore(&layby_keeper.lock, flags);
}

int layby_keeper_clear_fault(void)
{
	bool was;

	raw_spin_lock_irq(&layby_keeper.lock);
	was = layby_keeper.in.fault;
	if (was)
		trace_layby_fault(false);
	layby_keeper.in.fault = false;
	layby_keeper_look();
	/* What could not be closed is tried again. */
	layby_reclaim_kick();
	raw_spin_unlock_irq(&layby_keeper.lock);
	return was ? 0 : -ENOENT;
}

void layby_keeper_state(struct layby_keeper_state *state)
{
	raw_spin_lock_irq(&layby_keeper.lock);
	/* Closed, no timer runs: what has grown old since is found out here. */
	layby_keeper_look();
	state->in = layby_keeper.in;
	state->vehicle = layby_keeper.vehicle;
	state->reason = layby_keeper.reason;
	state->since_ns = layby_keeper.since_ns;
	state->changes = layby_keeper.changes;
	memcpy(state->consent_id, layby_keeper.terms.id, sizeof(state->consent_id));
	state->consent_serial = layby_keeper.terms.serial;
	state->guests_in = layby_keeper.guests_in;
	state->stats = layby_keeper.stats;
	raw_spin_unlock_irq(&layby_keeper.lock);
}

/* --- For reclaim.c -------------------------------------------------------- */

bool layby_keeper_wants_open(void)
{
	return READ_ONCE(layby_keeper.open) && !READ_ONCE(layby_keeper.closing);
}

bool layby_keeper_closing(void)
{
	return READ_ONCE(layby_keeper.closing);
}

u32 layby_keeper_reason(void)
{
	return READ_ONCE(layby_keeper.reason);
}

u32 layby_keeper_closed_for(void)
{
	return READ_ONCE(layby_keeper.closed_for);
}

u64 layby_keeper_closed_at_ns(void)
{
	u64 at_ns;

	raw_spin_lock_irq(&layby_keeper.lock);
	at_ns = layby_keeper.closed_at_ns;
	raw_spin_unlock_irq(&layby_keeper.lock);
	return at_ns;
}

bool layby_keeper_admit(void)
{
	bool admit;

	raw_spin_lock_irq(&layby_keeper.lock);
	admit = layby_keeper.open && !layby_keeper.closing;
	if (admit) {
		trace_layby_guests_in(layby_keeper.stats.opened + 1);
		layby_keeper.guests_in = true;
		layby_keeper_each_guest(layby_guest_unshut);
		layby_keeper.stats.opened++;
		schedule_work(&layby_keeper.settle);
	}
	raw_spin_unlock_irq(&layby_keeper.lock);
	return admit;
}

static u32 layby_reclaim_bucket(u64 took_ns)
{
	u64 us = div_u64(took_ns, NSEC_PER_USEC);

	return us ? min_t(u32, ilog2(us), LAYBY_RECLAIM_BUCKETS - 1) : 0;
}

/* Under the lock, so that the worker stays while it is kicked. */
void layby_keeper_answer(void)
{
	unsigned long flags;

	layby_bench_stamp(LAYBY_STAMP_ANSWER);
	raw_spin_lock_irqsave(&layby_keeper.lock, flags);
	layby_reclaim_kick();
	raw_spin_unlock_irqrestore(&layby_keeper.lock, flags);
}

void layby_keeper_closed(void)
{
	raw_spin_lock_irq(&layby_keeper.lock);
	layby_keeper.closing = false;
	raw_spin_unlock_irq(&layby_keeper.lock);
}

void layby_keeper_handed_back(bool reset)
{
	struct layby_reclaim_stats *stats = &layby_keeper.stats;
	u64 now_ns, took_ns;

	layby_bench_stamp(LAYBY_STAMP_HANDOVER);
	raw_spin_lock_irq(&layby_keeper.lock);
	now_ns = ktime_get_ns();
	took_ns = now_ns - layby_keeper.closed_at_ns;
	trace_layby_handed_back(took_ns, reset);
	layby_keeper.closing = false;
	layby_keeper.guests_in = false;
	stats->reclaims++;
	stats->resets += reset;
	stats->late += took_ns > layby_keeper.reclaim_ns;
	stats->last_ns = took_ns;
	stats->last_at_ns = now_ns;
	stats->worst_ns = max(stats->worst_ns, took_ns);
	stats->bucket[layby_reclaim_bucket(took_ns)]++;
	schedule_work(&layby_keeper.settle);
	raw_spin_unlock_irq(&layby_keeper.lock);
}
