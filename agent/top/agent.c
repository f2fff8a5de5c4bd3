// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the agent says, if it runs. Must never start it, nor wait for it for longer
 * than a frame.
 */
#include <string.h>

#include "top.h"

#define AGENT		"org.layby.Agent1"
#define AGENT_PATH	"/org/layby/Agent1"
#define TIMEOUT_US	(USEC_PER_SEC / 2)

static int ask(sd_bus *bus, sd_bus_error *error, sd_bus_message **ret_reply)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
	int r;

	r = sd_bus_message_new_method_call(bus, &call, AGENT, AGENT_PATH,
					   "org.freedesktop.DBus.Properties", "GetAll");
	if (r >= 0)
		r = sd_bus_message_set_auto_start(call, false);
	if (r >= 0)
		r = sd_bus_message_append(call, "s", AGENT);
	return r < 0 ? r : sd_bus_call(bus, call, TIMEOUT_US, error, ret_reply);
}

static const char *why_not(int r, const sd_bus_error *error)
{
	if (sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
	    sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
		return "does not run";
	if (sd_bus_error_has_name(error, SD_BUS_ERROR_ACCESS_DENIED))
		return "tells members of layby-submit and layby-owner, and root";
	return sd_bus_error_is_set(error) ? error->message : strerror(-r);
}

void put_agent(struct asked *asked, struct object *frame)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	struct object agent = {};
	int r = asked->bus ? 0 : sd_bus_open_system(&asked->bus);

	if (r >= 0)
		r = ask(asked->bus, &error, &reply);
	if (r >= 0)
		r = read_properties(reply, agent_fields, &agent.json);
	if (r >= 0) {
		put_object(frame, "agent", agent);
		put_text(frame, "agent_error", NULL);
		return;
	}
	sd_json_variant_unref(agent.json);
	put_text(frame, "agent", NULL);
	put_text(frame, "agent_error",
		 asked->bus ? why_not(r, &error) : "the system bus cannot be reached");
	/* the bus may have been started anew */
	asked->bus = sd_bus_flush_close_unref(asked->bus);
}
