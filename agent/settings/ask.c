// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Asking the agent, over the system bus. Waits as long as somebody may need to find a
 * password.
 */
#include "tool.h"

#include <errno.h>

#include "../owner/message.h"

#define AGENT		"org.layby.Agent1"
#define AGENT_PATH	"/org/layby/Agent1"
#define ANSWER_US	(150 * USEC_PER_SEC)

#define _error_ _cleanup_(sd_bus_error_free) sd_bus_error
#define _message_ _cleanup_(sd_bus_message_unrefp) sd_bus_message
#define _bus_ _cleanup_(sd_bus_flush_close_unrefp) sd_bus

static const struct field seen_fields[] = {
	{ "Paused", "paused", NULL },
	{ "PausedUntilUs", "paused_until_us", NULL },
	{ "OwnerReason", "owner_reason", NULL },
	{ "ChargeKeptPercent", "charge_kept_percent", NULL },
	{ "SettingsInForce", "settings_in_force", NULL },
	{}
};

static int fail_owner(int r, const sd_bus_error *error)
{
	/* the agent's own words say what polkit wants, the bus's do not */
	if (sd_bus_error_has_name(error, SD_BUS_ERROR_ACCESS_DENIED))
		return fail(EXIT_NOT_ALLOWED,
			    "%s (and only root and members of layby-owner may ask)",
			    error->message);
	return fail_bus(r, error, "agent");
}

static int open_bus(sd_bus **ret_bus)
{
	int r = sd_bus_open_system(ret_bus);

	return r < 0 ? fail_errno(r, "system bus") : EXIT_OK;
}

static int make_call(sd_bus *bus, const char *method, sd_bus_message **ret_call)
{
	int r;

	r = sd_bus_message_new_method_call(bus, ret_call, AGENT, AGENT_PATH, AGENT, method);
	return r < 0 ? r : sd_bus_message_set_allow_interactive_authorization(*ret_call, true);
}

static int send_call(sd_bus *bus, sd_bus_message *call, int r)
{
	_error_ error = SD_BUS_ERROR_NULL;

	if (r >= 0)
		r = sd_bus_call(bus, call, ANSWER_US, &error, NULL);
	return r < 0 ? fail_owner(r, &error) : EXIT_OK;
}

int owner_call(const char *method, const struct owner_change *change)
{
	_message_ *call = NULL;
	_bus_ *bus = NULL;
	int r;

	r = open_bus(&bus);
	if (r != EXIT_OK)
		return r;
	r = make_call(bus, method, &call);
	if (r >= 0 && change)
		r = owner_change_append(call, change);
	return send_call(bus, call, r);
}

int owner_call_pause(uint64_t until_us)
{
	_message_ *call = NULL;
	_bus_ *bus = NULL;
	int r;

	r = open_bus(&bus);
	if (r != EXIT_OK)
		return r;
	r = make_call(bus, "Pause", &call);
	if (r >= 0)
		r = sd_bus_message_append(call, "t", until_us);
	return send_call(bus, call, r);
}

static int see_settings(sd_bus *bus, struct owner_seen *seen)
{
	_error_ error = SD_BUS_ERROR_NULL;
	struct owner_change all = {};
	_message_ *reply = NULL;
	int r;

	r = sd_bus_get_property(bus, AGENT, AGENT_PATH, AGENT, "Settings", &error, &reply,
				"a{sv}");
	if (r >= 0)
		r = owner_change_read(reply, &all, &error);
	if (r < 0)
		return fail_owner(r, &error);
	seen->settings = all.to;
	return EXIT_OK;
}

static int see_rest(sd_bus *bus, struct owner_seen *seen)
{
	_error_ error = SD_BUS_ERROR_NULL;
	_message_ *reply = NULL;
	int r;

	r = sd_bus_call_method(bus, AGENT, AGENT_PATH, "org.freedesktop.DBus.Properties", "GetAll",
			       &error, &reply, "s", AGENT);
	if (r >= 0)
		r = read_properties(reply, seen_fields, &seen->json);
	return r < 0 ? fail_owner(r, &error) : EXIT_OK;
}

int owner_see(struct owner_seen *ret_seen)
{
	_bus_ *bus = NULL;
	int r;

	r = open_bus(&bus);
	if (r == EXIT_OK)
		r = see_settings(bus, ret_seen);
	return r == EXIT_OK ? see_rest(bus, ret_seen) : r;
}

void owner_seen_fini(struct owner_seen *seen)
{
	sd_json_variant_unref(seen->json);
}
