// SPDX-License-Identifier: GPL-2.0-only
/*
 * What makes the gatekeeper look when no input comes: the one hard timer by which
 * ages run out, and the device's watchdog, which the same timer feeds.
 *
 * All under the keeper's lock (keeper_private.h), the timer in a hard interrupt also
 * on a kernel with PREEMPT_RT. Must never let a watchdog that has expired pass for one
 * that is well: what was known of the vehicle is forgotten then. Must never feed once
 * the kernel has panicked.
 */
#include <linux/hrtimer.h>
#include <linux/ktime.h>

#include "keeper_private.h"
#include "layby.h"
#include "vehicle.h"

/* --- Watchdog ------------------------------------------------------------- */

static enum layby_hw_watchdog layby_keeper_watching(void)
{
	return layby_keeper.accel->hw.ops->watching(layby_keeper.accel->hw.priv);
}

/*
 * The device's watchdog has stopped guest work: the kernel did not run for a while,
 * and what it knew of the vehicle is as old as after a sleep.
 */
static void layby_keeper_stood_still(void)
{
	layby_keeper.in.signal.at_ns = 0;
	layby_keeper_parked(LAYBY_MODE_UNKNOWN, layby_keeper.in.now_ns, false);
}

/*
 * A device that was reset has forgotten its watchdog, and recovery arms it before
 * it lets guest work run. Found off twice, nobody has.
 */
static bool layby_keeper_unwatched(void)
{
	enum layby_hw_watchdog watchdog = layby_keeper_watching();
	bool off = watchdog == LAYBY_HW_WATCHDOG_OFF, was_off = layby_keeper.seen_off;

	layby_keeper.seen_off = off;
	return watchdog == LAYBY_HW_WATCHDOG_EXPIRED || (off && was_off);
}

/* Return: the vehicle is to be forgotten; its lock is not to be taken under ours. */
static bool layby_keeper_feed(void)
{
	bool unwatched;

	if (!layby_keeper.watchdog_ns || READ_ONCE(layby_keeper.dead))
		return false;
	unwatched = layby_keeper_unwatched();
	if (unwatched)
		layby_keeper_stood_still();
	layby_keeper.accel->hw.ops->feed(layby_keeper.accel->hw.priv);
	return unwatched;
}

void layby_keeper_guard(void)
{
	unsigned long flags;
	bool expired;

	raw_spin_lock_irqsave(&layby_keeper.lock, flags);
	expired = layby_keeper.accel && layby_keeper.watchdog_ns &&
		  layby_keeper_watching() == LAYBY_HW_WATCHDOG_EXPIRED;
	if (expired) {
		layby_keeper_stood_still();
		layby_keeper_look();
	}
	raw_spin_unlock_irqrestore(&layby_keeper.lock, flags);
	if (expired)
		layby_vehicle_forget();
}

void layby_keeper_watch(u64 watchdog_ns)
{
	raw_spin_lock_irq(&layby_keeper.lock);
	layby_keeper.watchdog_ns = watchdog_ns;
	layby_keeper.seen_off = false;
	layby_keeper.in.now_ns = ktime_get_ns();
	layby_keeper_arm();
	raw_spin_unlock_irq(&layby_keeper.lock);
}

/* No lock: who holds it may be dead. */
void layby_keeper_die(void)
{
	WRITE_ONCE(layby_keeper.dead, true);
}

/* --- Timer ---------------------------------------------------------------- */

/* The timer may be early, never late: an early one looks and sets itself anew. */
void layby_keeper_arm(void)
{
	u64 next = U64_MAX;

	lockdep_assert_held(&layby_keeper.lock);
	if (layby_keeper.open)
		next = layby_gate_deadline_ns(&layby_keeper.in);
	if (layby_keeper.watchdog_ns)
		next = min(next, layby_keeper.in.now_ns + layby_keeper.watchdog_ns / 4);
	if (next >= layby_keeper.timer_ns)
		return;
	layby_keeper.timer_ns = next;
	hrtimer_start(&layby_keeper.timer, ns_to_ktime(next), HRTIMER_MODE_ABS_HARD);
}

enum hrtimer_restart layby_keeper_timer(struct hrtimer *timer)
{
	unsigned long flags;
	bool forget = false;

	raw_spin_lock_irqsave(&layby_keeper.lock, flags);
	layby_keeper.timer_ns = U64_MAX;
	if (layby_keeper.accel) {
		forget = layby_keeper_feed();
		layby_keeper_look();
		layby_keeper_arm();
	}
	raw_spin_unlock_irqrestore(&layby_keeper.lock, flags);
	if (forget)
		layby_vehicle_forget();
	return HRTIMER_NORESTART;
}
