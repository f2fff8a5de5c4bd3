// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reload: see reload.h.
 *
 * Jobs are not touched, whatever the new limits are: who holds more than he may now
 * submits nothing until he holds less. A file that is wrong changes nothing.
 */
#include "reload.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "agent.h"
#include "conf.h"

struct reload {
	const struct conf *conf;
	struct agent *const *agent;
	sd_event_source *source;
};

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct reload *reload = userdata;
	struct limits limits;
	int r;

	sd_notifyf(false, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64 "\nSTATUS=Reading the limits.",
		   now_us(CLOCK_MONOTONIC));
	r = conf_read(reload->conf, &limits);
	if (r >= 0)
		agent_set_limits(*reload->agent, &limits);
	if (r >= 0)
		log_notice("limits: read anew");
	else
		log_error("limits: they stay as they were");
	sd_notifyf(false, "READY=1\nSTATUS=Serving partition %s%s.", (*reload->agent)->partition,
		   r < 0 ? "; the configuration file is wrong, see the journal" : "");
	return 0;
}

int reload_create(sd_event *event, const struct conf *conf, struct agent *const *agent,
		  struct reload **ret_reload)
{
	struct reload *reload = calloc(1, sizeof(*reload));
	int r;

	if (!reload)
		return -ENOMEM;
	reload->conf = conf;
	reload->agent = agent;
	r = sd_event_add_signal(event, &reload->source, SIGHUP | SD_EVENT_SIGNAL_PROCMASK,
				on_hangup, reload);
	if (r < 0) {
		reload_destroy(reload);
		return r;
	}
	*ret_reload = reload;
	return 0;
}

void reload_destroy(struct reload *reload)
{
	if (!reload)
		return;
	sd_event_source_disable_unref(reload->source);
	free(reload);
}
