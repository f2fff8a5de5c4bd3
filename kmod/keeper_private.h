/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What only the gatekeeper's own files share: keeper.c, inputs and verdict;
 * keeper_timer.c, ages and the device's watchdog; keeper_life.c, the accelerator's
 * coming and going. Nobody else may include this.
 *
 * layby_keeper.lock is raw and the innermost of all locks: under it nothing sleeps,
 * allocates, logs or sends. It may be taken with a queue lock held.
 */
#ifndef LAYBY_KEEPER_PRIVATE_H
#define LAYBY_KEEPER_PRIVATE_H

#include <linux/hrtimer.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include <layby/consent.h>

#include "keeper.h"

struct layby_keeper {
	raw_spinlock_t lock;		/* everything here */
	struct layby_accel *accel;
	u64 reclaim_ns;
	struct layby_gate_input in;
	struct layby_vehicle_view vehicle;	/* as it was last told */
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
};

extern struct layby_keeper layby_keeper;

/* keeper.c; the lock is held. Whoever has changed an input looks before it lets go. */
void layby_keeper_look(void);
void layby_keeper_parked(u32 mode, u64 now_ns, bool fresh);

/* keeper_timer.c; the lock is held, but for the timer itself. */
void layby_keeper_arm(void);
enum hrtimer_restart layby_keeper_timer(struct hrtimer *timer);

/* keeper_life.c; may sleep. */
void layby_keeper_settle(struct work_struct *work);
/* Consent has ended: returns when guest memory is cleared. */
void layby_keeper_forget(void);

#endif /* LAYBY_KEEPER_PRIVATE_H */
