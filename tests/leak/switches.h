/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What lies between one party's work and the next one's: see enum switch_kind. The
 * two live in one process, as in the agent, and take turns; of one that is killed
 * the process is a child.
 */
#ifndef LEAK_SWITCHES_H
#define LEAK_SWITCHES_H

#include "tenant.h"

enum switch_kind {
	SWITCH_PLAIN,		/* nothing */
	SWITCH_RESET,		/* the device resets itself under a job */
	SWITCH_SLOT,		/* a job hangs, deaf to its abort: the slot is reset */
	SWITCH_HANG,		/* a job hangs and is stopped at its time */
	SWITCH_RECLAIM,		/* the lease is dropped under a job, and taken again */
	SWITCH_WITHDRAWN,	/* consent is withdrawn under a job, and given anew */
	SWITCH_KILLED,		/* the agent is killed in the midst of a job */
	SWITCH_KINDS
};

extern const char *const switch_name[SWITCH_KINDS];

/* Most are plain. */
enum switch_kind switch_kind(uint64_t number);

/* Two tenants, the first of switch @number has filled what it can; the gate opens. */
int switches_start(uint64_t number);
void switches_end(void);
/* One switch: @found by the second one. 0 or -errno */
int switch_once(uint64_t number, struct found *found);

#endif /* LEAK_SWITCHES_H */
