/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Short ways to be the owner, who talks to an agent of agent_fixture.h, and to look at
 * what the governor was told.
 */
#ifndef LAYBY_TESTS_OWNER_CALLS_H
#define LAYBY_TESTS_OWNER_CALLS_H

#include "agent_fixture.h"

#include <layby/governor_settings.h>

#define ERROR_ACCESS "org.freedesktop.DBus.Error.AccessDenied"

/* As layby-setup pins it: all zero. */
void map_pin(struct fixture *f);
struct layby_governor_settings map_read(struct fixture *f);
/* The map is there, then the gate tells of something: the agent has written it. */
void owner_boot(struct fixture *f);

bool agent_flag(struct fixture *f, const char *property);
void wait_flag(struct fixture *f, const char *property, bool value);
/* Of Settings a number; of a string its first letter. */
int64_t owner_setting(struct fixture *f, const char *wanted);

/* A call without its arguments, a setting of type "u", "i", "t" or, a pointer, "s". */
sd_bus_message *owner_call(sd_bus *bus, const char *method);
sd_bus_message *owner_set_new(sd_bus *bus, const char *name, const char *type, uint64_t value);
sd_bus_message *owner_pause(sd_bus *bus, uint64_t until_us);
/* Send it, and free it. @words must be in the message. */
void owner_ok(sd_bus *bus, sd_bus_message *m);
void owner_fails(sd_bus *bus, sd_bus_message *m, const char *name, const char *words);
void owner_set(struct fixture *f, const char *name, const char *type, uint64_t value);
void owner_pause_for_ever(sd_bus *bus);

void owner_restart(struct fixture *f, int signal);

#endif
