/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The owner's settings in messages: a{sv}, as SetSettings takes it and Settings is.
 */
#ifndef LAYBY_OWNER_MESSAGE_H
#define LAYBY_OWNER_MESSAGE_H

#include <systemd/sd-bus.h>

#include "change.h"

/* Negative, and in @error what is wrong and what would be right. */
int owner_change_read(sd_bus_message *m, struct owner_change *ret_change, sd_bus_error *error);
int owner_change_append(sd_bus_message *m, const struct owner_change *change);
/* All but the pause, which has properties and methods of its own. */
struct owner_change owner_change_all(const struct owner_settings *set);

#endif
