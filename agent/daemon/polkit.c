// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Asking polkit: see polkit.h. Owns the call that is under way.
 *
 * Must never take an answer that it does not understand for a yes.
 */
#include "polkit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

#define POLKIT "org.freedesktop.PolicyKit1"
#define POLKIT_PATH "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_AUTHORITY "org.freedesktop.PolicyKit1.Authority"
#define ALLOW_USER_INTERACTION 1u
/* Somebody may have to find a password. */
#define ANSWER_US (120 * USEC_PER_SEC)

struct polkit {
	sd_bus_slot *slot;
	polkit_done_fn done;
	void *userdata;
	const char *action;
};

void polkit_cancel(struct polkit *polkit)
{
	if (!polkit)
		return;
	sd_bus_slot_unref(polkit->slot);
	free(polkit);
}

static int deny(const struct polkit *polkit, sd_bus_error *error)
{
	return sd_bus_error_setf(
		error, SD_BUS_ERROR_ACCESS_DENIED,
		"polkit does not allow it: it needs the action %s, which root always has",
		polkit->action);
}

static int deny_unasked(const struct polkit *polkit, const char *why, sd_bus_error *error)
{
	return sd_bus_error_setf(
		error, SD_BUS_ERROR_ACCESS_DENIED,
		"polkit cannot be asked for the action %s (%s): without it only root may",
		polkit->action, why);
}

static int judge(const struct polkit *polkit, sd_bus_message *answer, sd_bus_error *error)
{
	const sd_bus_error *failed = sd_bus_message_get_error(answer);
	int may = 0, challenge, r;

	if (failed)
		return deny_unasked(polkit, failed->message ?: failed->name, error);
	r = sd_bus_message_enter_container(answer, 'r', "bba{ss}");
	if (r >= 0)
		r = sd_bus_message_read(answer, "bb", &may, &challenge);
	if (r < 0)
		return deny_unasked(polkit, strerror(-r), error);
	return may ? 0 : deny(polkit, error);
}

static int on_answer(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	struct polkit *polkit = userdata;

	judge(polkit, answer, &error);
	polkit->done(polkit->userdata, &error);
	polkit_cancel(polkit);
	return 0;
}

static int fill(sd_bus_message *question, sd_bus_message *m, const char *action)
{
	uint32_t flags = sd_bus_message_get_allow_interactive_authorization(m) > 0 ?
				 ALLOW_USER_INTERACTION : 0;

	return sd_bus_message_append(question, "(sa{sv})sa{ss}us", "system-bus-name", 1, "name",
				     "s", sd_bus_message_get_sender(m), action, 0, flags, "");
}

int polkit_ask(sd_bus_message *m, const char *action, polkit_done_fn done,
	       void *userdata, struct polkit **ret_polkit)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *question = NULL;
	sd_bus *bus = sd_bus_message_get_bus(m);
	struct polkit *polkit = calloc(1, sizeof(*polkit));
	int r;

	if (!polkit)
		return -ENOMEM;
	*polkit = (struct polkit){ .done = done, .userdata = userdata, .action = action };
	r = sd_bus_message_new_method_call(bus, &question, POLKIT, POLKIT_PATH, POLKIT_AUTHORITY,
					   "CheckAuthorization");
	if (r >= 0)
		r = fill(question, m, action);
	if (r >= 0)
		r = sd_bus_call_async(bus, &polkit->slot, question, on_answer, polkit, ANSWER_US);
	if (r < 0) {
		polkit_cancel(polkit);
		return r;
	}
	*ret_polkit = polkit;
	return 0;
}
