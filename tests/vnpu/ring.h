/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ring - a slot's submission and completion ring
 */
#ifndef VNPU_RING_H
#define VNPU_RING_H

#include <stdbool.h>
#include <stdint.h>

struct slot;

uint32_t ring_register(const struct slot *slot, uint32_t offset);
/* Both rings empty, at their first pass. */
void ring_reset(struct slot *slot);
/* Take every new entry into the slot's queue. */
void ring_fetch(struct slot *slot);
/* Write the completions of ended jobs, as far as there is room. */
void ring_post(struct slot *slot);
/* Does SLOT_STOP say that nothing is to run? */
bool ring_stop_asked(const struct slot *slot);
/* The tag that the driver asks to abort: once for each new value. */
bool ring_abort_asked(struct slot *slot, uint16_t *tag);

#endif
