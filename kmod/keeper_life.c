// SPDX-License-Identifier: GPL-2.0-only
/*
 * The gatekeeper's life: the accelerator that holds the policy comes and goes, the
 * machine sleeps and wakes, and what may be late after a change is done by an
 * ordinary worker.
 *
 * The mutex layby_keeper_life is held around what needs the accelerator to stay. It
 * is taken before the keeper's lock (keeper_private.h); the reclaim worker never
 * takes it, so that it may be waited for. Must never let an operation of the
 * accelerator be called once it was detached.
 */
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/mutex.h>

#include "firmware.h"
#include "keeper_private.h"
#include "layby.h"
#include "vehicle.h"

static DEFINE_MUTEX(layby_keeper_life);

/* --- What may be late, or sleeps ------------------------------------------ */

/* What may be late: mappings are taken away, then people are told. */
void layby_keeper_settle(struct work_struct *work)
{
	struct layby_keeper_state state;

	mutex_lock(&layby_keeper_life);
	if (layby_keeper.accel)
		layby_reclaim_zap(layby_keeper.accel);
	mutex_unlock(&layby_keeper_life);
	layby_keeper_state(&state);
	layby_control_gate_changed(&state);
}

void layby_keeper_forget(void)
{
	mutex_lock(&layby_keeper_life);
	if (layby_keeper.accel)
		layby_reclaim_forget(layby_keeper.accel);
	mutex_unlock(&layby_keeper_life);
}

/* --- The accelerator ------------------------------------------------------ */

static void layby_keeper_bind(const struct layby_policy_in_force *policy)
{
	struct layby_gate_input *in = &layby_keeper.in;

	layby_keeper.reclaim_ns = policy->reclaim_ns;
	in->signal.age_max_ns = policy->signal_age_ns;
	in->lease.age_max_ns = policy->lease_age_ns;
	in->park_hold_ns = policy->park_hold_ns;
	in->trip_mc = policy->limit_mdeg;
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

	if (layby_keeper.accel)
		return -EBUSY;
	ret = layby_reclaim_start(accel, policy);
	if (ret)
		return ret;
	layby_vehicle_policy(&(struct layby_vehicle_rule){
		.park_can_id = policy->park_can_id,
		.signal_age_ns = policy->signal_age_ns,
	});
	raw_spin_lock_irq(&layby_keeper.lock);
	layby_keeper_bind(policy);
	layby_keeper.accel = accel;
	layby_keeper.in.policy = true;
	layby_keeper_look();
	raw_spin_unlock_irq(&layby_keeper.lock);
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
	raw_spin_lock_irq(&layby_keeper.lock);
	layby_keeper.in.policy = false;
	layby_keeper_look();
	raw_spin_unlock_irq(&layby_keeper.lock);
	layby_vehicle_policy(NULL);
	layby_reclaim_stop();

	raw_spin_lock_irq(&layby_keeper.lock);
	layby_keeper.accel = NULL;
	layby_keeper.closing = false;
	layby_keeper.guests_in = false;
	layby_keeper.watchdog_ns = 0;
	raw_spin_unlock_irq(&layby_keeper.lock);
}

void layby_keeper_detach(struct layby_accel *accel)
{
	mutex_lock(&layby_keeper_life);
	if (layby_keeper.accel == accel)
		layby_keeper_give();
	mutex_unlock(&layby_keeper_life);
}

/* --- Sleep ---------------------------------------------------------------- */

static void layby_keeper_age(bool suspend)
{
	struct layby_gate_input *in = &layby_keeper.in;

	raw_spin_lock_irq(&layby_keeper.lock);
	in->suspend = suspend;
	in->mode = LAYBY_MODE_UNKNOWN;
	in->parked_since_ns = 0;
	in->signal.at_ns = 0;
	in->lease.at_ns = 0;
	in->governor.at_ns = 0;
	in->sensor.at_ns = 0;
	layby_keeper_look();
	raw_spin_unlock_irq(&layby_keeper.lock);
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
	if (layby_keeper.accel)
		layby_reclaim_flush();
	mutex_unlock(&layby_keeper_life);
}

/* --- The module ----------------------------------------------------------- */

int layby_keeper_init(void)
{
	hrtimer_init(&layby_keeper.timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_HARD);
	layby_keeper.timer.function = layby_keeper_timer;
	return 0;
}

void layby_keeper_fini(void)
{
	hrtimer_cancel(&layby_keeper.timer);
	cancel_work_sync(&layby_keeper.settle);
}
