/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Makes of ../model/reclaim.pml, which includes it, a model that goes only where a
 * recorded run went.
 *
 * recorded.pml, which tests/proofs/replay/replay writes, has what was seen: `seen` in
 * the words of the model, `whose` the slot's or the gate's, of all runs, one behind the
 * other. FIRST and LAST of the environment name the part that is asked about. Whoever
 * does what was not seen next has gone astray, and nothing behind it is looked at.
 *
 * `accepted` must be violated, by what is not astray at the last: the model has a run with
 * just these events, in this order, to the last one.
 */
#include "recorded.pml"

int at, last = -1;
bool astray;

/* The device and people do as they did, however often. */
#define COUNTED	0

#define emit(who, what)								\
	d_step {								\
		astray = astray || at == last || seen[at] != what || whose[at] != who;	\
		at++								\
	}

#define begin()									\
	c_code {								\
		now.at = atoi(getenv("FIRST"));					\
		now.last = atoi(getenv("LAST"));				\
	}

ltl accepted { (at != last) W astray }
