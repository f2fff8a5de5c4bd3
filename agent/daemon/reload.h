/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reload: on SIGHUP the limits are read anew, as Type=notify-reload of a unit has it.
 */
#ifndef LAYBY_AGENT_RELOAD_H
#define LAYBY_AGENT_RELOAD_H

#include <systemd/sd-event.h>

struct agent;
struct conf;
struct reload;

/*
 * From then on SIGHUP waits for the loop; before, it ends the process. Both stay the
 * caller's. *@agent is looked at when it comes.
 */
int reload_create(sd_event *event, const struct conf *conf, struct agent *const *agent,
		  struct reload **ret_reload);
void reload_destroy(struct reload *reload);

#endif
