/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * beside - driving jobs, alone and beside a guest that misbehaves by a script
 *
 * Owns the order of what is measured, which is the same for every accelerator:
 * windows with the guest and without, by turns, so that whatever else changes in
 * the machine meanwhile changes both. *Alone* is parked with an open gate and no
 * guest: the tiles are the same. Must never leave a job out of the figures because
 * of how it ended or how long it took; what is left out is a whole window in which
 * the gate closed, for then the tiles are others.
 */
#ifndef BENCH_BESIDE_H
#define BENCH_BESIDE_H

#include <stdint.h>

/* What one driving job took, from its submission to its completion. */
struct beside_job {
	uint64_t ns;		/* on the machine's clock */
	uint64_t ticks;		/* from fetch to end on the device's; 0: it has none */
};

struct beside_script {
	const char *name;
	/* How the device behaves from now on: 0 or -errno. */
	int (*begin)(void);
	/*
	 * The guest, in a process of its own that is killed in the end: calls
	 * beside_deed() each time that it has misbehaved. Returns an errno only.
	 */
	int (*guest)(void *script);
};

struct beside {
	const struct beside_script *scripts;
	unsigned int count;
	/* Jobs in one window. */
	unsigned int window;
	/* One driving job to its end: 0, or -errno and it has failed. */
	int (*drive)(struct beside_job *ret_job);
	/* May be NULL: what is known of a window's jobs only later. 0 or -errno. */
	int (*look_back)(struct beside_job *jobs, unsigned int count);
	/* The device behaves again, before the guest is killed. */
	int (*calm)(void);
};

/* The guest has done once more what its script says. */
void beside_deed(void);
/* Ends the program, with a line, if @r is below 0. */
long beside_need(const char *what, long r);
/*
 * Measure @jobs driving jobs, up to whole windows, beside each script that is named,
 * all if @names is empty, and as many alone; into @folder, see beside.c. Returns 0.
 */
int beside_run(const struct beside *beside, unsigned int jobs, const char *folder,
	       char *names[]);

#endif /* BENCH_BESIDE_H */
