// SPDX-License-Identifier: GPL-2.0-only
/*
 * The gatekeeper. See keeper.h.
 *
 * Owns the inputs of the gate, its verdict, and the one hard timer by which
 * ages run out. When the verdict turns to closed, guest submission is fenced
 * and the device told to stop in the very context in which the input came, with
 * no program, worker or lock of anybody else on the way (ISO-2, ISO-3).
 *
 * keeper.lock is raw and the innermost of all locks: under it nothing sleeps,
 * allocates, logs or sends. It may be taken with a queue lock held. The mutex
 * layby_keeper_life is held around what needs the accelerator to stay; the
 * reclaim worker never takes it.
 */
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/spinlock.h>

#include <layby/consent.h>

#include "consent.h"
#include "firmware.h"
#include "keeper.h"
#include "layby.h"
#include "token.h"
#include "trace.h"
#include "vehicle.h"

static void layby_keeper_settle(struct work_struct *work);

static struct {
	raw_spinlock_t lock;		/* everything here */
	struct layby_accel *accel;
	u64 reclaim_ns;
	struct layby_gate_input in;
	struct layby_consent_terms terms;
	s64 wall_offset_ns;		/* wall clock less CLOCK_BOOTTIME, at consent */
	u32 reason;
	u64 since_ns;
	u64 changes;
	bool open;			/* the verdict */
	bool closing;			/* not yet made true by reclaim.c */
	bool guests_in;			/* guest work was let in */
	u64 closed_at_ns;
	u32 closed_for;			/* its reason then, whatever came after */
	struct layby_reclaim_stats stats;
	struct hrtimer timer;
	u64 timer_ns;
	u64 watchdog_ns;
	bool seen_off;			/* the watchdog, which was armed */
	bool dead;			/* the kernel: not under the lock */
	struct work_struct settle;
} keeper = {
	/* The netlink family may ask before layby_keeper_init(). */
	.lock = __RAW_SPIN_LOCK_UNLOCKED(keeper.lock),
	.settle = __WORK_INITIALIZER(keeper.settle, layby_keeper_settle),
	.timer_ns = U64_MAX,
	.reason = LAYBY_GATE_NO_POLICY,
};

static DEFINE_MUTEX(layby_keeper_life);

/* --- Verdict -------------------------------------------------------------- */

static void layby_keeper_each_guest(void (*call)(struct layby_accel *accel,
						 struct layby_partition *partition))
{
	struct layby_accel *accel = keeper.accel;
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

/* The timer may be early, never late: an early one looks and sets itself anew. */
static void layby_keeper_arm(void)
{
	u64 next = U64_MAX;

	if (keeper.open)
		next = layby_gate_deadline_ns(&keeper.in);
	if (keeper.watchdog_ns)
		next = min(next, keeper.in.now_ns + keeper.watchdog_ns / 4);
	if (next >= keeper.timer_ns)
		return;
	keeper.timer_ns = next;
	hrtimer_start(&keeper.timer, ns_to_ktime(next), HRTIMER_MODE_ABS_HARD);
}

/* In whatever context the input came: fence, then tell the device, then the rest. */
static void layby_keeper_close(u32 reason)
{
	keeper.open = false;
	if (!keeper.closing) {
		keeper.closed_at_ns = keeper.in.now_ns;
		WRITE_ONCE(keeper.closed_for, reason);
	}
	keeper.closing = true;
	layby_keeper_each_guest(layby_guest_shut);
	layby_reclaim_kick();
}

static void layby_keeper_open(void)
{
	keeper.open = true;
	layby_reclaim_kick();
	layby_keeper_arm();
}

/* Hours come and go within a consent: the next ones, or those that are now. */
static void layby_keeper_consent_hours(void)
{
	struct layby_gate_input *in = &keeper.in;

	if (!in->consent || in->wall_ns <= in->consent_not_after_ns)
		return;
	layby_token_window(&keeper.terms, in->wall_ns, &in->consent_not_before_ns,
			   &in->consent_not_after_ns);
}

static bool layby_reason_samples(u32 reason)
{
	return reason >= LAYBY_GATE_NO_GOVERNOR;
}

static void layby_keeper_change(u32 reason)
{
	bool sampled = layby_reason_samples(keeper.reason);

	trace_layby_gate(reason, keeper.reason, keeper.changes + 1);
	keeper.reason = reason;
	keeper.since_ns = keeper.in.now_ns;
	keeper.changes++;
	if (sampled != layby_reason_samples(reason))
		layby_reclaim_kick();
	schedule_work(&keeper.settle);
}

static void layby_keeper_look(void)
{
	struct layby_gate_input *in = &keeper.in;
	u32 reason;

	in->now_ns = ktime_get_ns();
	in->wall_ns = ktime_get_real_ns();
	/* Over a sleep the wall clock goes on and now_ns does not: nobody has set it. */
	in->consent_offset_ns = keeper.wall_offset_ns + ktime_get_boottime_ns() - in->now_ns;
	in->consent_energy_uj = layby_consent_left_uj();
	layby_keeper_consent_hours();
	reason = layby_gate_reason(in);
	if (keeper.open && reason != LAYBY_GATE_OPEN)
		layby_keeper_close(reason);
	if (reason != keeper.reason)
		layby_keeper_change(reason);
	if (!keeper.open && reason == LAYBY_GATE_OPEN)
		layby_keeper_open();
}

/* A silence in between begins the hold time anew. */
static void layby_keeper_parked(u32 mode, u64 now_ns, bool fresh)
{
	struct layby_gate_input *in = &keeper.in;

	if (mode != LAYBY_MODE_PARKED)
		in->parked_since_ns = 0;
	else if (in->mode != LAYBY_MODE_PARKED || !fresh)
		in->parked_since_ns = now_ns;
	in->mode = mode;
}

static enum layby_hw_watchdog layby_keeper_watching(void)
{
	return keeper.accel->hw.ops->watching(keeper.accel->hw.priv);
}

/*
 * The device's watchdog has stopped guest work: the kernel did not run for a while,
 * and what it knew of the vehicle is as old as after a sleep.
 */
static void layby_keeper_stood_still(void)
{
	keeper.in.signal.at_ns = 0;
	layby_keeper_parked(LAYBY_MODE_UNKNOWN, keeper.in.now_ns, false);
}

/*
 * A device that was reset has forgotten its watchdog, and recovery arms it before
 * it lets guest work run. Found off twice, nobody has.
 */
static bool layby_keeper_unwatched(void)
{
	enum layby_hw_watchdog watchdog = layby_keeper_watching();
	bool off = watchdog == LAYBY_HW_WATCHDOG_OFF, was_off = keeper.seen_off;

	keeper.seen_off = off;
	return watchdog == LAYBY_HW_WATCHDOG_EXPIRED || (off && was_off);
}

/* Return: the vehicle is to be forgotten; its lock is not to be taken under ours. */
static bool layby_keeper_feed(void)
{
	bool unwatched;

	if (!keeper.watchdog_ns || READ_ONCE(keeper.dead))
		return false;
	unwatched = layby_keeper_unwatched();
	if (unwatched)
		layby_keeper_stood_still();
	keeper.accel->hw.ops->feed(keeper.accel->hw.priv);
	return unwatched;
}

static enum hrtimer_restart layby_keeper_timer(struct hrtimer *timer)
{
	unsigned long flags;
	bool forget = false;

	raw_spin_lock_irqsave(&keeper.lock, flags);
	keeper.timer_ns = U64_MAX;
	if (keeper.accel) {
		forget = layby_keeper_feed();
		layby_keeper_look();
		layby_keeper_arm();
	}
	raw_spin_unlock_irqrestore(&keeper.lock, flags);
	if (forget)
		layby_vehicle_forget();
	return HRTIMER_NORESTART;
}

void layby_keeper_guard(void)
{
	unsigned long flags;
	bool expired;

	raw_spin_lock_irqsave(&keeper.lock, flags);
	expired = keeper.accel && keeper.watchdog_ns &&
		  layby_keeper_watching() == LAYBY_HW_WATCHDOG_EXPIRED;
	if (expired) {
		layby_keeper_stood_still();
		layby_keeper_look();
	}
	raw_spin_unlock_irqrestore(&keeper.lock, flags);
	if (expired)
		layby_vehicle_forget();
}

/* --- Inputs --------------------------------------------------------------- */

void layby_keeper_vehicle(const struct layby_vehicle_view *view, bool heartbeat)
{
	struct layby_gate_input *in = &keeper.in;
	unsigned long flags;
	u64 now_ns;

	raw_spin_lock_irqsave(&keeper.lock, flags);
	now_ns = ktime_get_ns();
	layby_keeper_parked(view->mode, now_ns,
			    in->signal.at_ns &&
			    now_ns - in->signal.at_ns <= in->signal.age_max_ns);
	in->charging = view->charging;
	in->charge_percent = view->charge_percent;
	if (heartbeat)
		in->signal.at_ns = now_ns;
	layby_keeper_look();
	raw_spin_unlock_irqrestore(&keeper.lock, flags);
}

void layby_keeper_lease(bool held)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&keeper.lock, flags);
	keeper.in.lease.at_ns = held ? ktime_get_ns() : 0;
	layby_keeper_look();
	raw_spin_unlock_irqrestore(&keeper.lock, flags);
}

static void layby_keeper_accept(const struct layby_consent_terms *terms)
{
	struct layby_gate_input *in = &keeper.in;

	keeper.terms = *terms;
	in->consent = true;
	keeper.wall_offset_ns = ktime_get_real_ns() - ktime_get_boottime_ns();
	in->consent_offset_max_ns = LAYBY_CLOCK_STEP_NS;
	in->charging_only = terms->only_charging;
	in->charge_min_percent = terms->charge_min_percent;
	layby_token_window(terms, ktime_get_real_ns(), &in->consent_not_before_ns,
			   &in->consent_not_after_ns);
}

static void layby_keeper_forget(void)
{
	mutex_lock(&layby_keeper_life);
	if (keeper.accel)
		layby_reclaim_forget(keeper.accel);
	mutex_unlock(&layby_keeper_life);
}

void layby_keeper_consent(const struct layby_consent_terms *terms)
{
	raw_spin_lock_irq(&keeper.lock);
	if (terms)
		layby_keeper_accept(terms);
	else
		keeper.in.consent = false;
	layby_keeper_look();
	layby_keeper_arm();
	raw_spin_unlock_irq(&keeper.lock);
	if (!terms)
		layby_keeper_forget();
}

void layby_keeper_energy(u64 uj)
{
	unsigned long flags;

	layby_consent_use(uj);
	if (layby_consent_left_uj())
		return;
	raw_spin_lock_irqsave(&keeper.lock, flags);
	layby_keeper_look();
	raw_spin_unlock_irqrestore(&keeper.lock, flags);
}

void layby_keeper_governor(bool attached, bool open)
{
	struct layby_gate_input *in = &keeper.in;
	unsigned long flags;

	raw_spin_lock_irqsave(&keeper.lock, flags);
	in->governor_attached = attached;
	in->governor_open = open;
	in->governor.at_ns = attached ? ktime_get_ns() : 0;
	layby_keeper_look();
	raw_spin_unlock_irqrestore(&keeper.lock, flags);
}

void layby_keeper_sensors(const struct layby_hw_sensors *sensors, bool fresh)
{
	struct layby_gate_input *in = &keeper.in;
	unsigned long flags;

	raw_spin_lock_irqsave(&keeper.lock, flags);
	in->temperature_mc = sensors->temperature_mdeg;
	if (fresh)
		in->sensor.at_ns = ktime_get_ns();
	if (in->temperature_mc >= in->trip_mc)
		in->was_hot = true;
	else if (in->temperature_mc < in->resume_mc)
		in->was_hot = false;
	layby_keeper_look();
	raw_spin_unlock_irqrestore(&keeper.lock, flags);
}

int layby_keeper_seal(void)
{
	bool was;

	raw_spin_lock_irq(&keeper.lock);
	was = keeper.in.sealed;
	if (!was)
		/* Else unloading the module would take the seal off. */
		__module_get(THIS_MODULE);
	keeper.in.sealed = true;
	layby_keeper_look();
	raw_spin_unlock_irq(&keeper.lock);
	return was ? -EALREADY : 0;
}

bool layby_keeper_sealed(void)
{
	return READ_ONCE(keeper.in.sealed);
}

void layby_keeper_fault(void)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&keeper.lock, flags);
	keeper.in.fault = true;
	layby_keeper_look();
	raw_spin_unlock_irqrestore(&keeper.lock, flags);
}

int layby_keeper_clear_fault(void)
{
	bool was;

	raw_spin_lock_irq(&keeper.lock);
	was = keeper.in.fault;
	keeper.in.fault = false;
	layby_keeper_look();
	/* What could not be closed is tried again. */
	layby_reclaim_kick();
	raw_spin_unlock_irq(&keeper.lock);
	return was ? 0 : -ENOENT;
}

void layby_keeper_state(struct layby_keeper_state *state)
{
	raw_spin_lock_irq(&keeper.lock);
	/* Closed, no timer runs: what has grown old since is found out here. */
	layby_keeper_look();
	state->in = keeper.in;
	state->reason = keeper.reason;
	state->since_ns = keeper.since_ns;
	state->changes = keeper.changes;
	memcpy(state->consent_id, keeper.terms.id, sizeof(state->consent_id));
	state->consent_serial = keeper.terms.serial;
	state->guests_in = keeper.guests_in;
	state->stats = keeper.stats;
	raw_spin_unlock_irq(&keeper.lock);
}

/* --- For reclaim.c -------------------------------------------------------- */

bool layby_keeper_wants_open(void)
{
	return READ_ONCE(keeper.open) && !READ_ONCE(keeper.closing);
}

bool layby_keeper_closing(void)
{
	return READ_ONCE(keeper.closing);
}

u32 layby_keeper_reason(void)
{
	return READ_ONCE(keeper.reason);
}

u32 layby_keeper_closed_for(void)
{
	return READ_ONCE(keeper.closed_for);
}

u64 layby_keeper_closed_at_ns(void)
{
	u64 at_ns;

	raw_spin_lock_irq(&keeper.lock);
	at_ns = keeper.closed_at_ns;
	raw_spin_unlock_irq(&keeper.lock);
	return at_ns;
}

bool layby_keeper_admit(void)
{
	bool admit;

	raw_spin_lock_irq(&keeper.lock);
	admit = keeper.open && !keeper.closing;
	if (admit) {
		keeper.guests_in = true;
		layby_keeper_each_guest(layby_guest_unshut);
		keeper.stats.opened++;
		schedule_work(&keeper.settle);
	}
	raw_spin_unlock_irq(&keeper.lock);
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
	raw_spin_lock_irqsave(&keeper.lock, flags);
	layby_reclaim_kick();
	raw_spin_unlock_irqrestore(&keeper.lock, flags);
}

void layby_keeper_closed(void)
{
	raw_spin_lock_irq(&keeper.lock);
	keeper.closing = false;
	raw_spin_unlock_irq(&keeper.lock);
}

void layby_keeper_handed_back(bool reset)
{
	struct layby_reclaim_stats *stats = &keeper.stats;
	u64 took_ns;

	layby_bench_stamp(LAYBY_STAMP_HANDOVER);
	raw_spin_lock_irq(&keeper.lock);
	took_ns = ktime_get_ns() - keeper.closed_at_ns;
	keeper.closing = false;
	keeper.guests_in = false;
	stats->reclaims++;
	stats->resets += reset;
	stats->late += took_ns > keeper.reclaim_ns;
	stats->last_ns = took_ns;
	stats->worst_ns = max(stats->worst_ns, took_ns);
	stats->bucket[layby_reclaim_bucket(took_ns)]++;
	schedule_work(&keeper.settle);
	raw_spin_unlock_irq(&keeper.lock);
}

void layby_keeper_watch(u64 watchdog_ns)
{
	raw_spin_lock_irq(&keeper.lock);
	keeper.watchdog_ns = watchdog_ns;
	keeper.seen_off = false;
	keeper.in.now_ns = ktime_get_ns();
	layby_keeper_arm();
	raw_spin_unlock_irq(&keeper.lock);
}

/* --- Life ----------------------------------------------------------------- */

/* What may be late: mappings are taken away, then people are told. */
static void layby_keeper_settle(struct work_struct *work)
{
	struct layby_keeper_state state;

	mutex_lock(&layby_keeper_life);
	if (keeper.accel)
		layby_reclaim_zap(keeper.accel);
	mutex_unlock(&layby_keeper_life);
	layby_keeper_state(&state);
	layby_control_gate_changed(&state);
}

static void layby_keeper_bind(const struct layby_policy_in_force *policy)
{
	struct layby_gate_input *in = &keeper.in;

	keeper.reclaim_ns = policy->reclaim_ns;
	in->signal.age_max_ns = policy->signal_age_ns;
	in->lease.age_max_ns = policy->lease_age_ns;
	in->park_hold_ns = policy->park_hold_ns;
	in->trip_mc = policy->trip_mdeg;
	in->resume_mc = policy->resume_mdeg;
	in->governor.age_max_ns = LAYBY_SAMPLE_AGE_NS;
	in->sensor.age_max_ns = LAYBY_SAMPLE_AGE_NS;
	in->sensor.at_ns = 0;
	in->was_hot = false;
	in->fault = false;
}

static int layby_keeper_take(struct layby_accel *accel,
			     const struct layby_policy_in_force *policy)
{
	int ret;

	if (keeper.accel)
		return -EBUSY;
	ret = layby_reclaim_start(accel, policy);
	if (ret)
		return ret;
	layby_vehicle_policy(&(struct layby_vehicle_rule){
		.park_can_id = policy->park_can_id,
		.signal_age_ns = policy->signal_age_ns,
	});
	raw_spin_lock_irq(&keeper.lock);
	layby_keeper_bind(policy);
	keeper.accel = accel;
	keeper.in.policy = true;
	layby_keeper_look();
	raw_spin_unlock_irq(&keeper.lock);
	return 0;
}

int layby_keeper_attach(struct layby_accel *accel,
			const struct layby_policy_in_force *policy)
{
	int ret;

	mutex_lock(&layby_keeper_life);
	ret = layby_keeper_take(accel, policy);
	mutex_unlock(&layby_keeper_life);
	return ret;
}

static void layby_keeper_give(void)
{
	raw_spin_lock_irq(&keeper.lock);
	keeper.in.policy = false;
	layby_keeper_look();
	raw_spin_unlock_irq(&keeper.lock);
	layby_vehicle_policy(NULL);
	layby_reclaim_stop();

	raw_spin_lock_irq(&keeper.lock);
	keeper.accel = NULL;
	keeper.closing = false;
	keeper.guests_in = false;
	keeper.watchdog_ns = 0;
	raw_spin_unlock_irq(&keeper.lock);
}

void layby_keeper_detach(struct layby_accel *accel)
{
	mutex_lock(&layby_keeper_life);
	if (keeper.accel == accel)
		layby_keeper_give();
	mutex_unlock(&layby_keeper_life);
}

static void layby_keeper_age(bool suspend)
{
	struct layby_gate_input *in = &keeper.in;

	raw_spin_lock_irq(&keeper.lock);
	in->suspend = suspend;
	in->mode = LAYBY_MODE_UNKNOWN;
	in->parked_since_ns = 0;
	in->signal.at_ns = 0;
	in->lease.at_ns = 0;
	in->governor.at_ns = 0;
	in->sensor.at_ns = 0;
	layby_keeper_look();
	raw_spin_unlock_irq(&keeper.lock);
}

/* Going to sleep comes first, lest a vehicle of which nothing is known be the reason. */
void layby_keeper_suspend(bool suspend)
{
	if (suspend)
		layby_keeper_age(true);
	layby_vehicle_forget();
	if (!suspend)
		layby_keeper_age(false);

	mutex_lock(&layby_keeper_life);
	if (keeper.accel)
		layby_reclaim_flush();
	mutex_unlock(&layby_keeper_life);
}

/* No lock: who holds it may be dead. */
void layby_keeper_die(void)
{
	WRITE_ONCE(keeper.dead, true);
}

int layby_keeper_init(void)
{
	hrtimer_init(&keeper.timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_HARD);
	keeper.timer.function = layby_keeper_timer;
	return 0;
}

void layby_keeper_fini(void)
{
	hrtimer_cancel(&keeper.timer);
	cancel_work_sync(&keeper.settle);
}
