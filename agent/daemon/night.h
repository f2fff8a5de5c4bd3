/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What was lent, as the agent notes and tells it. See store/lent.h.
 */
#ifndef LAYBY_AGENT_NIGHT_H
#define LAYBY_AGENT_NIGHT_H

#include "agent.h"
#include "store/lent.h"

/* The policy is that of @now. */
void night_note(struct agent *agent, const struct gate_state *was, const struct gate_state *now);
/* A completion that does not end its job */
void night_spend(const struct party *party, const struct layby_completion *completion);

int method_last_night(sd_bus_message *m, void *userdata, sd_bus_error *error);
int get_energy_today(sd_bus *bus, const char *path, const char *interface, const char *property,
		     sd_bus_message *reply, void *userdata, sd_bus_error *error);
/* The store calls back no more. */
void night_calls_destroy(struct agent *agent);

#endif
