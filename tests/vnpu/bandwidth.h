/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bandwidth - how runs that share the device's memory slow each other down
 *
 * A pure model on device ticks: it never looks at a clock. docs/accelerator.md
 * gives the formula.
 */
#ifndef VNPU_BANDWIDTH_H
#define VNPU_BANDWIDTH_H

#include <stdbool.h>
#include <stdint.h>

#include "layby/vnpu_regs.h"

/* A longer run is never waited for: it counts as this long, half a year. */
#define BANDWIDTH_LONGEST_TICKS (UINT64_C(1) << 44)
/* Most bytes a tick that a device may have. */
#define BANDWIDTH_MOST_BYTES 1000000u

/* One slot's running job. */
struct bandwidth_run {
	bool active;
	uint64_t start; /* tick, may be still to come */
	uint64_t end; /* tick, when it is no longer active */
	uint64_t left; /* ticks that it takes alone, in 1/65536 */
	uint64_t demand; /* bytes a tick, in 1/256 */
	uint32_t permille; /* its slot's share, 0: none */
};

struct bandwidth {
	uint64_t bytes; /* a tick */
	uint64_t tick; /* up to here the runs are worked out */
	struct bandwidth_run run[LAYBY_VNPU_MAX_SLOTS];
};

void bandwidth_power_on(struct bandwidth *bandwidth, uint64_t bytes);
/* Ticks that @ticks of computing take alone if they move @bytes. */
uint64_t bandwidth_alone(const struct bandwidth *bandwidth, uint64_t ticks,
			 uint64_t bytes);
/* Work the runs out up to @tick; an earlier one changes nothing. */
void bandwidth_advance(struct bandwidth *bandwidth, uint64_t tick);
/* A run of @ticks alone that moves @bytes; @start: not before the last advance. */
void bandwidth_start(struct bandwidth *bandwidth, uint32_t slot, uint64_t start,
		     uint64_t ticks, uint64_t bytes, uint32_t permille);
/*
 * From the last advance on what is left of a run takes @after ticks alone where
 * it would have taken @before; it moves @bytes in all.
 */
void bandwidth_rescale(struct bandwidth *bandwidth, uint32_t slot,
		       uint64_t before, uint64_t after, uint64_t bytes);
/* It uses the memory no more, from the last advance on. */
void bandwidth_stop(struct bandwidth *bandwidth, uint32_t slot);
/* The tick at which a run ends if none is started or stopped before. */
uint64_t bandwidth_end(const struct bandwidth *bandwidth, uint32_t slot);

#endif
