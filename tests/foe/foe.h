/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The compromised agent. Each thing that it tries is one line of a table, with what
 * it must get: in the sandbox of the agent's unit, and out of it, where only the
 * kernel and the modes of files stand. docs/hostile-agent.md has the same table.
 */
#ifndef FOE_H
#define FOE_H

#include "check.h"
#include "gate.h"
#include "work.h"

/* The kernel's own, which libc has not: what freezing a map with a lock gives */
#ifndef ENOTSUPP
#define ENOTSUPP	524
#endif

/**
 * struct attempt - one of them
 * @what: as in the documentation
 * @make: makes it; 0 or -errno, prints nothing
 * @with: for it
 * @out: what it must get out of the sandbox, 0 or an errno
 * @unit: and in the sandbox
 * @stock: not made on the debug kernel, which is small and has no such thing
 */
struct attempt {
	const char *what;
	int (*make)(const char *with);
	const char *with;
	int out;
	int unit;
	bool stock;
};

/* Each ends with an empty line. What is made needs what was made before it. */
extern const struct attempt may[];		/* agent.c; opens the gate */
extern const struct attempt orders[];		/* orders.c */
extern const struct attempt programs[];		/* programs.c */
extern const struct attempt parties[];		/* parties.c; with the gate open */
extern const struct attempt host[];		/* host.c */
extern const struct attempt owner[];		/* owner.c; ends with the gate open */
extern const struct attempt while_driving[];	/* bus.c */

/* agent.c. Does it run in the sandbox of the agent's unit? */
extern bool in_unit;
/* Two parties of the guest's, the foe's and another submitter's. */
extern struct work mine, others;
/* A job of mine, to its end, with its result looked at. */
int job_run(const char *with);
/* The lease that it holds. */
int lease_fd(void);

/* A call that changes the process, in a child of its own: 0 or -errno. */
int in_child(int (*run)(void));
/* For such a child: root in namespaces of its own, of these kinds and of users. */
int be_root_in(int namespaces);
/* @fd of a call: -errno if it failed; else closes it, 0 */
int closed(int fd);

#endif /* FOE_H */
