/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the agent knows of the gate, and what it does for it to open.
 *
 * The gate is the kernel's; the agent follows it over netlink and tells the bus
 * and the journal of each change.
 */
#ifndef LAYBY_AGENT_GATE_H
#define LAYBY_AGENT_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "gate_link.h"

struct agent;
struct gate;
struct party;

int gate_create(struct agent *agent, struct gate **ret_gate);
void gate_destroy(struct gate *gate);

/* Closed, and may open: nothing is to be started. False without a module. */
bool gate_is_closed(const struct gate *gate);
/* The number of changes so far. */
uint64_t gate_change(const struct gate *gate);
/* Differs from what it was: guest nodes opened before may be dead. */
uint64_t gate_epoch(const struct gate *gate);
/* Asks the kernel instead of waiting for its event. */
void gate_refresh(struct gate *gate);
const struct gate_state *gate_state(const struct gate *gate);
const struct gate_policy *gate_policy(const struct gate *gate);

#endif
