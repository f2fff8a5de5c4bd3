/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What verbs that ask the agent over D-Bus share. Functions that return int: an exit
 * code, and why is on stderr.
 */
#ifndef LAYBY_AGENT_CALLS_H
#define LAYBY_AGENT_CALLS_H

#include "command.h"

#define AGENT "org.layby.Agent1"
#define AGENT_PATH "/org/layby/Agent1"
#define JOB "org.layby.Job1"
#define JOB_PREFIX "/org/layby/Agent1/job/"
#define PROPERTIES "org.freedesktop.DBus.Properties"

#define _reply_ _cleanup_(sd_bus_message_unrefp) sd_bus_message
#define _error_ _cleanup_(sd_bus_error_free) sd_bus_error
#define _json_ _cleanup_(sd_json_variant_unrefp) sd_json_variant
#define _bus_ _cleanup_(sd_bus_flush_close_unrefp) sd_bus

int agent_bus(sd_bus **ret_bus);
/* a{sv} of SubmitJob or SubmitJobs, or a negative errno; @lingers: without the submitter */
int agent_append_options(sd_bus_message *m, const struct options *options, bool lingers);
/* SubmitJob, with all files opened */
int agent_submit_message(sd_bus *bus, const struct options *options, bool lingers,
			 sd_bus_message **ret_message);
const char *agent_job_state(sd_json_variant *object);
bool agent_job_has_ended(sd_json_variant *object);

#endif
