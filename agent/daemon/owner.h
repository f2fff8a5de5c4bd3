/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The owner's settings in the agent: kept on disk, told to the governor, shown on the
 * bus. What is stricter holds at once, what is not holds when it is on disk.
 *
 *   owner    one: what is in force, and the one timer, for when the plan changes by
 *            time alone
 *   change   a call that changes settings, until it is answered. First it may wait
 *            for polkit; then it stands in line, because each is made of what the one
 *            before it has left
 */
#ifndef LAYBY_AGENT_OWNER_H
#define LAYBY_AGENT_OWNER_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "owner/change.h"
#include "owner/plan.h"
#include "polkit.h"

struct agent;
struct owner;

/* --- owner.c -------------------------------------------------------------- */

int owner_create(struct agent *agent, struct owner **ret_owner);
void owner_destroy(struct owner *owner);
/* The gate, the car or what was lent has changed: plans anew, tells the governor. */
void owner_update(struct owner *owner);
/* A job may have ended: is the day's energy lent? */
void owner_look(struct owner *owner);
/*
 * Paused. Then no lease is held either: the gate closes at once, whatever governor there
 * is, and neither lease nor sampler wakes anybody up.
 */
bool owner_wants_none(const struct owner *owner);

/* What is in force, with pauses that are not on disk yet. */
const struct owner_settings *owner_settings(const struct owner *owner);
const struct owner_plan *owner_last_plan(const struct owner *owner);
/* The governor has them. */
bool owner_in_force(const struct owner *owner);

/* --- owner_change.c ------------------------------------------------------- */

struct changes;

/* @owner: told when what is in force may have changed. */
int changes_create(struct agent *agent, struct changes **ret_changes);
void changes_destroy(struct changes *changes);
const struct owner_settings *changes_settings(const struct changes *changes);
/* When the last of the pauses that wait for the disk ends; 0: there is none. */
int64_t changes_pause_us(const struct changes *changes);

/*
 * Answers @m when it is done, or refuses it now. @action: what polkit must allow;
 * NULL: nobody need be asked. A pause holds from now on, whatever the disk says.
 */
int change_add(struct changes *changes, sd_bus_message *m, const struct owner_change *to,
	       const char *action, sd_bus_error *error);
/* The same of a pause; @before is taken over, and the answer if it is set and this goes well. */
int change_add_after(struct changes *changes, sd_bus_message *m, const struct owner_change *to,
		     sd_bus_error *before, sd_bus_error *error);

struct changes *owner_changes(struct owner *owner);

/* --- owner_bus.c: methods and properties of Agent1 ------------------------ */

int method_set_settings(sd_bus_message *m, void *userdata, sd_bus_error *error);
int method_pause(sd_bus_message *m, void *userdata, sd_bus_error *error);
int method_resume(sd_bus_message *m, void *userdata, sd_bus_error *error);
int method_off(sd_bus_message *m, void *userdata, sd_bus_error *error);
int get_settings(sd_bus *bus, const char *path, const char *interface, const char *property,
		 sd_bus_message *reply, void *userdata, sd_bus_error *error);

#endif
