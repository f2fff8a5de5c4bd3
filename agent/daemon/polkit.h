/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asking polkit, over the bus and without waiting for it, whether a caller may do what
 * he asks for. The actions are in data/org.layby.agent1.policy.
 */
#ifndef LAYBY_AGENT_POLKIT_H
#define LAYBY_AGENT_POLKIT_H

#include <systemd/sd-bus.h>

#define POLKIT_SETTINGS "org.layby.agent1.settings"
#define POLKIT_MANAGE_JOBS "org.layby.agent1.manage-jobs"

struct polkit;

/* @denied: why not, AccessDenied; if it is not set, he may. */
typedef void (*polkit_done_fn)(void *userdata, const sd_bus_error *denied);

/*
 * May the sender of @m do @action? Root need not be asked about. @done is called once,
 * from the loop and never from within this; not after polkit_cancel(), which is only
 * for one that was not called yet.
 */
int polkit_ask(sd_bus_message *m, const char *action, polkit_done_fn done,
	       void *userdata, struct polkit **ret_polkit);
void polkit_cancel(struct polkit *polkit);

#endif
