/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * worker - the processes that compute: one for each party on a slot
 *
 * A process belongs to one party on one slot from its first request to its
 * end. One process that has never computed waits as a spare.
 */
#ifndef VNPU_WORKER_H
#define VNPU_WORKER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "compute.h"

/* Parties on a slot whose last program the device holds. */
#define WORKERS_PER_SLOT 4u

struct slot;

struct worker {
	struct slot *slot;
	uint64_t party;
	pid_t pid; /* 0: no process */
	sd_event_source *io;
	uint64_t used; /* device tick of the last request */
	bool busy;
	bool forgotten; /* by the device, whatever the process holds */
};

struct worker_pool {
	sd_event *event;
	char binary[4096];
	struct worker spare;
};

int worker_pool_init(struct worker_pool *pool, sd_event *event);
void worker_pool_fini(struct worker_pool *pool);

/*
 * The slot's worker for @party, started if need be; the one that was idle
 * longest makes room. NULL: no process could be started.
 */
struct worker *worker_get(struct worker_pool *pool, struct slot *slot,
			  uint64_t party, uint64_t now);
/* Hand over a request with its transfer. The slot is told what comes back. */
int worker_send(struct worker *worker, const struct compute_request *request,
		int transfer);
void worker_kill(struct worker *worker);
void worker_freeze(struct worker *worker, bool frozen);

#endif
