/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The life of the gate: open, close, reclaim, reset, suspend, agent death.
 *
 * One driving slot, one guest slot, the tiles that parking takes from one and gives
 * to the other. Each step here is one that another processor can come between in
 * the module; what a lock holds together is atomic here. The steps and where they
 * stand in kmod/:
 *
 *	look, close_gate, open_gate	keeper.c  layby_keeper_look, _close, _open
 *	admit, handed_back, closed	keeper.c  layby_keeper_admit, _handed_back, _closed
 *	latch				keeper.c  layby_keeper_fault
 *	proctype reclaim		reclaim.c layby_reclaim_work, _step
 *	open_step 0 to 5		reclaim.c layby_open_step
 *	guest_end			reclaim.c layby_guest_end, layby_guest_stop, _reset
 *	driving_tiles			reclaim.c layby_partition_tiles
 *	wait_tiles			reclaim.c layby_wait_tiles, _tiles_left
 *	recover				recover.c layby_recover, _slot_reset, _recovery_leave
 *	begin_recovery			recover.c layby_queue_begin_recovery, _queue_lost
 *	proctype inputs			lease.c (the agent dies, as whatever else closes
 *					the gate), keeper.c _age (suspend), _clear_fault
 *	proctype device			what accel.h lets a backend do: not answer a stop,
 *					refuse every sleeping operation, reset itself
 *
 * What must hold: `both` is never true; from a closing the tiles are handed back or
 * a fault is latched; the guest slot then neither runs nor is in service, or is
 * fenced; a fenced slot stays so until a reset has worked.
 *
 * Fairness, without which nothing could be promised: a process that can go on for
 * ever goes on (weak fairness: the workers are SCHED_FIFO, a timer fires, a sleeping
 * operation returns); the device resets itself, and jobs hang, at most UPSETS times;
 * people clear a latched fault at most CLEARS times.
 */
#ifndef UPSETS
#define UPSETS	1
#endif
#ifndef CLEARS
#define CLEARS	1
#endif

mtype = { CLOSED, RUNNING, RECOVERING, FENCED };
mtype = { OPENS, CLOSES, IN, BACK, LATCHED, CLEARED };

#define GUEST	0
#define DRIVING	1
#define GATE	2

/* --- What the module knows ------------------------------------------------ */

bool lease, awake = true;		/* inputs of the gate; lease: all others, too */
bool fault;
bool open, closing;			/* keeper */
bool guests_in, broken, kicked, busy;	/* reclaim; busy: its work runs */
bool shut = true;			/* the guest's queue */
mtype state[2];				/* of both queues */
bool recovery[2];			/* queued */
bool slot_lock[2];
bool cfg_all = true;			/* driving's table has the guest's tiles */

/* --- What the hardware does ----------------------------------------------- */

bool on[2];				/* the slot is enabled */
bool stopped;				/* the guest's has answered */
bool told;				/* to stop */
bool deaf;				/* it will not answer */
bool has_all = true;			/* driving's table, as the device has it */
bool holds_tiles;			/* a driving job that began with all of them */
byte upsets, clears;

bool reset_ok;				/* the guest slot was last reset in truth */

#define wants_open	(open && !closing)
#define right		(lease && awake && !fault)
/* May the slot use the guest's tiles from now on, by itself? */
#define guest_on	(on[GUEST] && !stopped)
#define driving_on	(holds_tiles || (on[DRIVING] && has_all))
#define both		(guest_on && driving_on)

/*
 * Stands where kmod/ has a tracepoint (trace.h). A replay (../replay) goes only where the
 * recorded run went, and there things happen as often as they did.
 */
#ifdef REPLAY
#include "replay.pml"
#else
#define emit(who, what)	skip
#define begin()		skip
#define COUNTED		1
#endif

/* --- The gatekeeper, under its lock --------------------------------------- */

inline close_gate() {
	emit(GATE, CLOSES);
	open = false;
	closing = true;
	shut = true;
	told = true;
	kicked = true
}

inline open_gate() {
	emit(GATE, OPENS);
	open = true;
	kicked = true
}

inline look() {
	if
	:: open && !right -> close_gate()
	:: !open && right -> open_gate()
	:: else
	fi
}

inline latch() {
	atomic {
		if
		:: !fault -> emit(GATE, LATCHED)
		:: else
		fi;
		fault = true;
		look()
	}
}

/* Under the lock of its queue */
inline become(slot, now) {
	if
	:: state[slot] != now -> emit(slot, now); state[slot] = now
	:: else
	fi
}

/* --- The reclaim worker --------------------------------------------------- */

inline lock(slot)	{ atomic { !slot_lock[slot] -> slot_lock[slot] = true } }
inline unlock(slot)	{ slot_lock[slot] = false }

/* Any operation that may sleep: it worked, or it did not. */
inline operation(ok) {
	if
	:: ok = true
	:: ok = false
	fi
}

inline disable(slot, ok) {
	operation(ok);
	if
	:: ok -> d_step {
		on[slot] = false;
		if
		:: slot == GUEST -> reset_ok = true; deaf = false
		:: else -> holds_tiles = false
		fi
	   }
	:: else
	fi
}

inline enable(slot, ok) {
	operation(ok);
	if
	:: ok -> d_step {
		on[slot] = true;
		if
		:: slot == GUEST -> stopped = false; told = false
		:: else -> has_all = cfg_all
		fi
	   }
	:: else
	fi
}

inline driving_tiles(all, ok) {
	lock(DRIVING);
	cfg_all = all;
	ok = true;
	if
	:: state[DRIVING] == RUNNING ->
		operation(ok);
		if
		:: ok && on[DRIVING] -> has_all = all
		:: else
		fi
	:: else
	fi;
	unlock(DRIVING)
}

inline wait_tiles(ok) {
	if
	:: !wants_open
	:: !holds_tiles && state[DRIVING] == RUNNING
	:: state[DRIVING] == FENCED -> ok = false
	fi
}

inline guest_enable(ok) {
	lock(GUEST);
	disable(GUEST, ok);
	if
	:: ok -> enable(GUEST, ok)
	:: else
	fi;
	if
	:: ok -> atomic { become(GUEST, RUNNING) }
	:: else
	fi;
	unlock(GUEST)
}

inline open_tiles(ok) {
	guests_in = true;
	ok = true;
	step = 0;
	do
	:: !ok || !wants_open || step > 5 -> break
	:: else ->
		if
		:: step == 0 -> driving_tiles(false, ok)
		:: step == 1 -> wait_tiles(ok)
		:: step == 2 -> operation(ok)	/* clear the tiles */
		:: step == 3 -> operation(ok)	/* the watchdog */
		:: step == 4 -> guest_enable(ok)
		:: step == 5 -> atomic {
			if
			:: wants_open -> emit(GATE, IN); shut = false
			:: else
			fi
		   }
		fi;
		step++
	od
}

/* A slot that may have missed the first stop is told again. */
inline guest_stop(answered) {
	if
	:: !on[GUEST] || stopped
	:: else -> told = true
	fi;
	if
	:: !on[GUEST] || stopped -> answered = true
	:: on[GUEST] && !stopped -> answered = false	/* its time is over */
	fi
}

inline guest_end(ok) {
	lock(GUEST);
	ok = true;
	answered = true;
	if
	:: state[GUEST] == CLOSED
	:: else ->
		if
		:: state[GUEST] == FENCED -> answered = false
		:: else -> guest_stop(answered)
		fi;
		if
		:: !answered -> disable(GUEST, ok)
		:: else
		fi;
		atomic {
			if
			:: ok -> become(GUEST, CLOSED)
			:: else -> become(GUEST, FENCED); reset_ok = false
			fi
		}
	fi;
	unlock(GUEST)
}

inline close_tiles(ok) {
	guest_end(ok);
	if
	:: ok -> operation(ok)			/* clear the tiles */
	:: else
	fi;
	if
	:: ok -> driving_tiles(true, ok)
	:: else
	fi;
	broken = !ok;
	if
	:: ok ->
		atomic { emit(GATE, BACK); closing = false };
		guests_in = false
	:: else
	fi
}

proctype reclaim() {
	bool ok, answered;
	byte step;

end:	do
	:: atomic { kicked -> kicked = false; busy = true };
		do
		:: fault && broken -> break
		:: else ->
			ok = true;
			if
			:: closing && !guests_in -> closing = false
			:: closing && guests_in -> close_tiles(ok)
			:: wants_open && !guests_in -> open_tiles(ok)
			:: else -> break
			fi;
			if
			:: !ok -> latch(); break
			:: else
			fi
		od;
		atomic { busy = false; ok = false; answered = false; step = 0 }
	od
}

/* --- Recovery, a worker a slot -------------------------------------------- */

inline begin_recovery(slot) {
	atomic {
		if
		:: state[slot] == RUNNING || state[slot] == RECOVERING ->
			become(slot, RECOVERING);
			recovery[slot] = true
		:: else
		fi
	}
}

inline slot_reset(slot, ok) {
	again = false;
	disable(slot, ok);
	if
	:: ok -> operation(ok)			/* clear the tiles */
	:: else
	fi;
	if
	:: ok && !(slot == GUEST && shut) ->
		enable(slot, ok);
		again = ok
	:: else
	fi
}

inline leave(slot, ok) {
	atomic {
		if
		:: !ok -> become(slot, FENCED);
			if
			:: slot == GUEST -> reset_ok = false
			:: else
			fi
		:: ok && slot == GUEST && shut ->
			become(slot, (again -> RUNNING : CLOSED))
		:: else -> become(slot, RUNNING)
		fi
	}
}

inline recover(slot) {
	lock(slot);
	if
	:: atomic { state[slot] == RUNNING || state[slot] == RECOVERING ->
		become(slot, RECOVERING) };
		slot_reset(slot, ok);
		leave(slot, ok)
	:: else -> ok = true
	fi;
	unlock(slot);
	if
	:: !ok -> latch()
	:: else
	fi
}

proctype recover_guest() {
	bool ok, again;		/* queue->enabled */

end:	do
	:: atomic { recovery[GUEST] -> recovery[GUEST] = false }; recover(GUEST);
		atomic { ok = false; again = false }
	od
}

proctype recover_driving() {
	bool ok, again;		/* queue->enabled */

end:	do
	:: atomic { recovery[DRIVING] -> recovery[DRIVING] = false }; recover(DRIVING);
		atomic { ok = false; again = false }
	od
}

/* --- The world ------------------------------------------------------------ */

proctype device() {
end:	do
	/* a driving job begins with all tiles, ends */
	:: atomic { on[DRIVING] && has_all && !holds_tiles -> holds_tiles = true }
	:: holds_tiles -> holds_tiles = false
	/* the guest slot answers a stop, or has begun what never will */
	:: atomic { told && !deaf && on[GUEST] && !stopped -> stopped = true }
	:: atomic { guest_on && !shut && !deaf -> deaf = true }
	/*
	 * an abort has no answer, and is waited for no longer; the guest's, too, where
	 * the gate closes in that moment
	 */
	:: atomic { upsets < UPSETS && state[GUEST] == RUNNING ->
		upsets = upsets + COUNTED; begin_recovery(GUEST) }
	:: atomic { upsets < UPSETS && state[DRIVING] == RUNNING ->
		upsets = upsets + COUNTED; begin_recovery(DRIVING) }
	/* it resets itself, and says so */
	:: atomic { upsets < UPSETS -> upsets = upsets + COUNTED;
		on[GUEST] = false; on[DRIVING] = false; holds_tiles = false; deaf = false;
		begin_recovery(GUEST); begin_recovery(DRIVING) }
	od
}

proctype inputs() {
end:	do
	:: atomic { lease = true; look() }
	:: atomic { lease = false; look() }	/* the agent is dead */
	/* suspend: closed, the worker is waited for, only then asleep */
	:: atomic { awake = false; lease = false; look() };
		!kicked && !busy;
		assert(!guest_on || fault);
		atomic { awake = true; look() }
	:: atomic { fault && clears < CLEARS -> clears = clears + COUNTED;
		emit(GATE, CLEARED); fault = false; look(); kicked = true }
	od
}

init {
	atomic {
		begin();
		state[GUEST] = CLOSED;
		state[DRIVING] = RUNNING;
		on[DRIVING] = true;
		run reclaim();
		run recover_guest();
		run recover_driving();
		run device();
		run inputs()
	}
}

ltl tiles { [] !both }
ltl handed { [] (closing -> <> (!closing || fault)) }
ltl closes { [] (shut -> <> (!guest_on || state[GUEST] == FENCED || !shut)) }
ltl fenced { [] (state[GUEST] == FENCED -> ((state[GUEST] == FENCED) W reset_ok)) }
