/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * registers - what a driver wrote into a slot's registers, checked
 */
#ifndef VNPU_REGISTERS_H
#define VNPU_REGISTERS_H

#include <stdbool.h>

struct slot;

/* Would registers_take() take them as they are? */
bool registers_valid(const struct slot *slot);
/* Take them over into the slot; false, and nothing changed, if one is bad. */
bool registers_take(struct slot *slot);
void registers_clear(struct slot *slot);

#endif
