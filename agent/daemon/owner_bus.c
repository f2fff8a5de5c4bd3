// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The owner's methods and properties of Agent1, documented in data/org.layby.Agent1.xml.
 *
 * Who may loosen is asked of polkit; taking back is asked of nobody: the bus lets in
 * whom it concerns.
 */
#include "agent.h"
#include "owner.h"
#include "owner/message.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* --- methods -------------------------------------------------------------- */

/* What only loosens or changes needs polkit, unless root asks. */
static int add(struct agent *agent, sd_bus_message *m, const struct owner_change *change,
	       sd_bus_error *error)
{
	uid_t uid;
	int r;

	r = sender_uid(agent, m, &uid);
	if (r < 0)
		return r;
	return change_add(owner_changes(agent->owner), m, change, uid ? POLKIT_SETTINGS : NULL,
			  error);
}

/* A password is not asked for what would be refused anyway. */
int method_set_settings(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct agent *agent = userdata;
	struct owner_change change = {};
	struct owner_settings merged;
	char problem[OWNER_PROBLEM_MAX];
	int r;

	r = owner_change_read(m, &change, error);
	if (r < 0)
		return r;
	if (owner_change_merge(owner_settings(agent->owner), &change, &merged, problem) < 0)
		return invalid(error, "%s", problem);
	return add(agent, m, &change, error);
}

int method_pause(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct agent *agent = userdata;
	uint64_t until, now = now_us(CLOCK_REALTIME);
	struct owner_change change;
	int r;

	r = sd_bus_message_read(m, "t", &until);
	if (r < 0)
		return r;
	if (until && until <= now)
		return invalid(
			error,
			"the pause would have ended %llu s ago: until_us must be a time to come, or 0: until it is resumed",
			(now - until) / USEC_PER_SEC);
	if (until > INT64_MAX)
		return invalid(error, "until_us is above %" PRId64 ": 0 is until it is resumed",
			       INT64_MAX);
	change = owner_change_pause(until ? (int64_t)until : OWNER_UNTIL_RESUMED);
	return change_add(owner_changes(agent->owner), m, &change, NULL, error);
}

int method_resume(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct owner_change change = owner_change_pause(0);

	return add(userdata, m, &change, error);
}

/*
 * The consent first: that ends guest work in the kernel before it returns. Whatever
 * goes wrong with one of both, the other is done.
 */
int method_off(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct owner_change change = owner_change_pause(OWNER_UNTIL_RESUMED);
	_cleanup_(sd_bus_error_free) sd_bus_error withdrawn = SD_BUS_ERROR_NULL;
	struct agent *agent = userdata;

	consent_withdraw(agent, &withdrawn);
	if (sd_bus_error_has_name(&withdrawn, ERROR_NO_DEVICE))
		sd_bus_error_free(&withdrawn);
	return change_add_after(owner_changes(agent->owner), m, &change, &withdrawn, error);
}

/* --- properties ----------------------------------------------------------- */

int get_settings(sd_bus *bus, const char *path, const char *interface, const char *property,
		 sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct agent *agent = userdata;
	struct owner_change all = owner_change_all(owner_settings(agent->owner));

	return owner_change_append(reply, &all);
}
