/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The gatekeeper: the one gate of the module. The pieces that know something
 * (vehicle, lease, consent, governor, control) tell it; it asks the pure gate.c
 * and lets reclaim.c act.
 *
 * Its lock is a raw spinlock and the innermost of all, so that every input may
 * come from any context; what it does under the lock is compare and write a
 * register. Whatever sleeps is the reclaim worker's, whatever may be late (events,
 * mappings) an ordinary worker's.
 */
#ifndef LAYBY_KEEPER_H
#define LAYBY_KEEPER_H

#include <linux/time64.h>
#include <linux/types.h>
#include <layby/consent.h>

#include "accel.h"
#include "gate.h"

struct layby_accel;
struct layby_consent_terms;
struct layby_partition;
struct layby_policy_in_force;

/* How often sensors and governor are asked while the gate is, or may soon be, open. */
#define LAYBY_SAMPLE_PERIOD_NS	(50ULL * NSEC_PER_MSEC)

/* For how long an answer of theirs counts: heat takes seconds. */
#define LAYBY_SAMPLE_AGE_NS	(20 * LAYBY_SAMPLE_PERIOD_NS)

/* The wall clock may be set by so much without that a consent is doubted. */
#define LAYBY_CLOCK_STEP_NS	(2ULL * NSEC_PER_SEC)

/* Reclaims that took less than 2^(N+1) microseconds and not less than 2^N; the last: or more. */
#define LAYBY_RECLAIM_BUCKETS	24

/**
 * struct layby_vehicle_view - what the vehicle's signals mean together
 * @mode: enum layby_mode
 * @charging: 0: unknown, 1: no, 2: yes
 * @charge_percent: state of charge, 0 to 100; 255: unknown
 * @charging_at_ns: CLOCK_BOOTTIME, when @charging was heard, unless unknown
 * @charge_at_ns: likewise, of @charge_percent
 */
struct layby_vehicle_view {
	u32 mode;
	u8 charging;
	u8 charge_percent;
	u64 charging_at_ns;
	u64 charge_at_ns;
};

/**
 * struct layby_reclaim_stats - what closing took
 * @opened: how often guest work was let in
 * @reclaims: how often the tiles were handed back
 * @resets: of them, with a slot reset because the stop was not answered
 * @late: of them, longer than the policy's bound
 * @last_ns: from the input to the tiles handed back, the last one
 * @last_at_ns: CLOCK_MONOTONIC, when that was; 0, never
 * @worst_ns: the longest one
 * @bucket: see LAYBY_RECLAIM_BUCKETS
 */
struct layby_reclaim_stats {
	u64 opened;
	u64 reclaims;
	u64 resets;
	u64 late;
	u64 last_ns;
	u64 last_at_ns;
	u64 worst_ns;
	u32 bucket[LAYBY_RECLAIM_BUCKETS];
};

/**
 * struct layby_keeper_state - a snapshot
 * @in: the inputs as the gate last saw them
 * @vehicle: as it was last told
 * @reason: enum layby_gate_reason
 * @since_ns: CLOCK_MONOTONIC, since when
 * @changes: how often the reason changed
 * @consent_id: names the consent, if @in.consent
 * @consent_serial: of its token
 * @guests_in: guest work runs, or its tiles are not yet handed back
 * @stats: see there
 */
struct layby_keeper_state {
	struct layby_gate_input in;
	struct layby_vehicle_view vehicle;
	u32 reason;
	u64 since_ns;
	u64 changes;
	u8 consent_id[LAYBY_CONSENT_ID_BYTES];
	u64 consent_serial;
	bool guests_in;
	struct layby_reclaim_stats stats;
};

/* --- Inputs; any context unless said otherwise; also with no accelerator --- */

/* @heartbeat: the frame that the policy names was in it, which renews the age. */
void layby_keeper_vehicle(const struct layby_vehicle_view *view, bool heartbeat);
/* true: renewed now; false: given up. */
void layby_keeper_lease(bool held);
/* NULL: withdrawn; returns when guest memory is cleared. Copied. Process context. */
void layby_keeper_consent(const struct layby_consent_terms *terms);
/* What a guest job used. */
void layby_keeper_energy(u64 uj);
/* @at_ns: CLOCK_MONOTONIC, of what the verdict was given on; 0: there is none any more. */
void layby_keeper_governor(u64 at_ns, bool open);
/* Read now; @fresh: the device has measured since the last time. */
void layby_keeper_sensors(const struct layby_hw_sensors *sensors, bool fresh);
/* 0; -EALREADY. Takes a reference on the module for good. */
int layby_keeper_seal(void);
bool layby_keeper_sealed(void);
/* A slot does not obey: closed until somebody clears it. */
void layby_keeper_fault(void);
/* 0: closing is tried again; -ENOENT: none is latched. */
int layby_keeper_clear_fault(void);

void layby_keeper_state(struct layby_keeper_state *state);

/* --- For accel.c; process context ---------------------------------------- */

/*
 * The machine goes to sleep: returns when the tiles are back. Or it is awake, and
 * whatever was known before is old. May sleep.
 */
void layby_keeper_suspend(bool suspend);
/* The kernel has panicked: the device is not fed any more. Any context. */
void layby_keeper_die(void);
int layby_keeper_init(void);
void layby_keeper_fini(void);
/* power.c: after layby_keeper_init() */
int layby_power_init(void);
void layby_power_fini(void);
/* The accelerator that holds the policy; its guest slots are disabled. */
int layby_keeper_attach(struct layby_accel *accel,
			const struct layby_policy_in_force *policy);
/* Closes, and returns when no operation of @accel is called from here any more. */
void layby_keeper_detach(struct layby_accel *accel);

/* --- Between the gatekeeper and reclaim.c --------------------------------- */

/* It is open, and nothing from before is left to close. */
bool layby_keeper_wants_open(void);
/* It was closed, and the tiles have not been handed back since. */
bool layby_keeper_closing(void);
/* Lets guest work in, if it is still wanted. */
bool layby_keeper_admit(void);
/* There was nothing to close. */
void layby_keeper_closed(void);
/* The tiles are back with driving. @reset: a stop was not answered. */
void layby_keeper_handed_back(bool reset);
/* CLOCK_MONOTONIC, when the input came that closed the gate. */
u64 layby_keeper_closed_at_ns(void);
/* A guest slot that is being closed says something. Any context. */
void layby_keeper_answer(void);
/*
 * Close the gate if the device's watchdog has expired: something was found that it may
 * have done. Any context, queue locks may be held.
 */
void layby_keeper_guard(void);
/* The device's watchdog is to be fed, 0: not any more. */
void layby_keeper_watch(u64 watchdog_ns);
u32 layby_keeper_reason(void);
/* That with which the gate closed last; it may be another one since. */
u32 layby_keeper_closed_for(void);

int layby_reclaim_start(struct layby_accel *accel,
			const struct layby_policy_in_force *policy);
void layby_reclaim_stop(void);
/* Something to do, or an answer came. Any context; keeper's lock is held. */
void layby_reclaim_kick(void);
/* Returns when nothing that was asked for before is left to do. May sleep. */
void layby_reclaim_flush(void);
/* Take mappings away while closed. May sleep. */
void layby_reclaim_zap(struct layby_accel *accel);
/* No party's bytes are left in a guest window, their handles are dead. May sleep. */
void layby_reclaim_forget(struct layby_accel *accel);

/* --- What others implement; process context ------------------------------- */

/* control.c: an event. Ordinary worker. */
void layby_control_gate_changed(const struct layby_keeper_state *state);
/* consent.c: what is left of the consent in force, 0: none; any context. */
u64 layby_consent_left_uj(void);
/* consent.c: a guest job used it; any context. */
void layby_consent_use(u64 uj);
/* governor.c: NULL: stop, and return when no operation is called any more. */
void layby_governor_sampling(struct layby_accel *accel);

#endif /* LAYBY_KEEPER_H */
