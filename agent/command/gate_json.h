/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the verbs that ask the kernel share. Functions that return int: 0, or a
 * negative errno; fields are added to what @object has.
 */
#ifndef LAYBY_GATE_JSON_H
#define LAYBY_GATE_JSON_H

#include <gate_link.h>

#include "command.h"

/* One of the exit codes, and then it was said why. */
int gate_open_link(struct gate_link **ret_link);
void gate_link_closep(struct gate_link **link);

int gate_state_json(const struct gate_state *state, sd_json_variant **object);
/* What is known of the battery; gate_state_json() has it, too. */
int gate_battery_json(const struct gate_state *state, sd_json_variant **object);
int gate_governor_json(const struct gate_governor *governor, sd_json_variant **object);
/* Its caps with a policy, its energy to root. */
int gate_accelerator_json(const struct gate_accelerator *is, sd_json_variant **object);
int gate_add_unsigned(sd_json_variant **object, const char *key, bool is, uint64_t value);

#endif
