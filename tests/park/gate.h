/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the gate says of itself over netlink, for tests. One thread at a time.
 * All return 0 (or what they say) or -errno.
 */
#ifndef PARK_GATE_H
#define PARK_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/layby_netlink.h>

struct gate_state {
	uint32_t reason;
	uint64_t change;
	uint64_t since_ns;	/* CLOCK_MONOTONIC */
	bool open;
	bool guests_in;
	bool sealed;
	bool fault;
	int charge_percent;	/* -1: not told; so the next */
	int charging;
	uint64_t charge_age_ns;
};

struct gate_counts {
	uint64_t opened;
	uint64_t reclaims;
	uint64_t resets;
	uint64_t late;
	uint64_t last_ns;
	uint64_t last_at_ns;	/* CLOCK_MONOTONIC */
	uint64_t worst_ns;
};

/* What became of the vehicle's frames. */
struct gate_frames {
	uint64_t accepted;
	uint64_t malformed;
	uint64_t crc;
	uint64_t repeated;
	uint64_t sequence;
	uint64_t sent;		/* by this host, stopped */
};

/* What a partition has cleared since it is there. */
struct gate_cleared {
	bool told;
	uint64_t pieces;	/* of its window */
	uint64_t bytes;
	uint64_t tiles;
};

/* Of all guest partitions together. */
struct gate_caps {
	uint32_t cap_mw;
	uint32_t level;
	uint64_t bucket_uj;
	uint64_t credit_uj;
	uint64_t charged_uj;
	uint32_t waiting;	/* jobs, for credit */
};

int gate_state(struct gate_state *state);
int gate_counts(struct gate_counts *counts);
int gate_frames(struct gate_frames *frames);
/* Of the partition of that class with the lowest number. */
int gate_cleared(uint32_t class, struct gate_cleared *cleared);
/* Of the accelerator that holds the policy. */
int gate_caps(struct gate_caps *caps);
/* Hear of events from now on. */
int gate_listen(void);
/* How many came since; @last: what the last of them said, if there was one. */
int gate_heard(struct gate_state *last);
/* LAYBY_NL_SEAL, LAYBY_NL_CLEAR_FAULT */
int gate_order(int command);
/* Wait until guest work may run, 20 s times the kernel's factor: whether it may. */
bool gate_opens(void);
/* Wait until it is closed for @reason, 0: any, and the tiles are handed back. */
bool gate_closes(uint32_t reason);

#endif /* PARK_GATE_H */
