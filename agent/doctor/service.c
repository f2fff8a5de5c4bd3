// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What systemd and the bus are to start. Units are judged by systemctl from their
 * files, so that it is also told where systemd does not run.
 */
#include <errno.h>
#include <host_file.h>
#include <host_root.h>
#include <root_file.h>
#include <string.h>

#include "doctor.h"

#define SETUP_CONF	"/etc/layby/setup.conf"
#define SETUP_BYTES_MAX	65536

/* --- setup.conf -------------------------------------------------------------- */

void look_at_setup_conf(const struct audit *audit, struct diagnosis *diagnosis)
{
	_cleanup_free_ void *bytes = NULL;
	char full[PATH_MAX];
	const char *wrong;
	size_t size;

	if (host_path(SETUP_CONF, full) < 0) {
		cannot_look(diagnosis, SETUP_CONF, -ENAMETOOLONG);
		return;
	}
	if (access(full, F_OK) < 0 && errno == ENOENT) {
		found(diagnosis,
		      "no " SETUP_CONF ": layby-setup does not run, nothing is sealed");
		todo(diagnosis, CONDITION_WRONG, "Write it; share/layby/setup.conf is an example.");
		return;
	}
	wrong = root_file_load(full, SETUP_BYTES_MAX, &bytes, &size);
	if (wrong && access(full, R_OK) < 0) {
		cannot_look(diagnosis, SETUP_CONF, -errno);
	} else if (wrong) {
		found(diagnosis, SETUP_CONF ": %s", wrong);
		todo(diagnosis, CONDITION_WRONG,
		     "Put it right; layby-setup --check says what is wrong in it.");
	} else {
		found(diagnosis, SETUP_CONF " is there, and root's (layby-setup --check reads it)");
	}
}

/* --- Units ------------------------------------------------------------------- */

/* What systemctl(1), is-enabled, says in one word. */
static int read_unit_state(const char *unit, char *state, size_t size)
{
	char command[PATH_MAX + 128];
	FILE *pipe;
	int length;

	/* a name of ours, and a root that only tests choose */
	length = snprintf(command, sizeof(command),
			  "systemctl --root=%s/ is-enabled %s 2>/dev/null", host_root(), unit);
	if (length >= (int)sizeof(command))
		return -ENAMETOOLONG;
	pipe = popen(command, "re");
	if (!pipe)
		return -errno;
	if (!fgets(state, (int)size, pipe))
		*state = '\0';
	state[strcspn(state, "\n")] = '\0';
	/* the word says more than the status, which is not 0 for most of them */
	if (pclose(pipe) < 0)
		return -errno;
	return *state ? 0 : -ENOENT;
}

static const struct unit_state {
	const char *name;
	enum condition condition;
	/* before the unit's name */
	const char *todo;
} unit_states[] = {
	{ "enabled", CONDITION_OK, NULL },
	{ "static", CONDITION_OK, NULL },
	{ "generated", CONDITION_OK, NULL },
	{ "enabled-runtime", CONDITION_WARNING, "At the next boot it is not: systemctl enable" },
	{ "linked", CONDITION_WRONG, "systemctl enable" },
	{ "disabled", CONDITION_WRONG, "systemctl enable" },
	{ "indirect", CONDITION_WRONG, "systemctl enable" },
	{ "masked", CONDITION_WRONG, "systemctl unmask" },
	{ "masked-runtime", CONDITION_WRONG, "systemctl unmask --runtime" },
	{ "not-found", CONDITION_WRONG,
	  "make install puts it into the image: then systemctl enable" },
};

static void judge_unit(const char *unit, struct diagnosis *diagnosis)
{
	const struct unit_state *known = unit_states;
	char state[64];
	int r = read_unit_state(unit, state, sizeof(state));

	if (r < 0) {
		cannot_look(diagnosis, "systemctl is-enabled", r);
		return;
	}
	while (known < unit_states + ARRAY_SIZE(unit_states) && strcmp(known->name, state))
		known++;
	found(diagnosis, "%s: %s", unit, state);
	if (known == unit_states + ARRAY_SIZE(unit_states))
		todo(diagnosis, CONDITION_NOT_KNOWN, "See systemctl status %s.", unit);
	else if (known->condition != CONDITION_OK)
		todo(diagnosis, known->condition, "%s %s.", known->todo, unit);
}

void look_at_setup_unit(const struct audit *audit, struct diagnosis *diagnosis)
{
	judge_unit("layby-setup.service", diagnosis);
}

void look_at_agent_unit(const struct audit *audit, struct diagnosis *diagnosis)
{
	judge_unit("layby-agentd.service", diagnosis);
}

/* --- Bus --------------------------------------------------------------------- */

#define AGENT	"org.layby.Agent1"
#define DBUS	"org.freedesktop.DBus"
#define _bus_	_cleanup_(sd_bus_flush_close_unrefp) sd_bus

void look_at_bus(const struct audit *audit, struct diagnosis *diagnosis)
{
	_bus_ *bus = NULL;
	int r = sd_bus_open_system(&bus);

	if (r >= 0) {
		found(diagnosis, "there");
		return;
	}
	found(diagnosis, "cannot be reached: %s", strerror(-r));
	todo(diagnosis, CONDITION_WRONG,
	     "Start dbus.socket, or another message bus; nobody can give jobs or consent without.");
}

static int ask_has_owner(sd_bus *bus, int *ret_yes)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	int r;

	r = sd_bus_call_method(bus, DBUS, "/org/freedesktop/DBus", DBUS, "NameHasOwner", NULL,
			       &reply, "s", AGENT);
	return r < 0 ? r : sd_bus_message_read(reply, "b", ret_yes);
}

static int ask_is_activatable(sd_bus *bus, bool *ret_yes)
{
	char **names = NULL, **name;
	int r = sd_bus_list_names(bus, NULL, &names);

	*ret_yes = false;
	for (name = names; r >= 0 && name && *name; name++) {
		*ret_yes |= !strcmp(*name, AGENT);
		free(*name);
	}
	free(names);
	return r;
}

static int judge_agent(sd_bus *bus, struct diagnosis *diagnosis)
{
	bool is_activatable;
	int has_owner = 0, r;

	r = ask_has_owner(bus, &has_owner);
	if (r >= 0 && has_owner)
		found(diagnosis, "running, with the name " AGENT);
	if (r < 0 || has_owner)
		return r;
	r = ask_is_activatable(bus, &is_activatable);
	if (r < 0)
		return r;
	if (is_activatable) {
		found(diagnosis, "not running; it is started when somebody calls " AGENT);
		todo(diagnosis, CONDITION_WARNING,
		     "systemctl start layby-agentd; systemctl status layby-agentd says why it ended.");
	} else {
		found(diagnosis, "nobody has the name " AGENT ", and a call would start nobody");
		todo(diagnosis, CONDITION_WRONG,
		     "Install dbus-1/system.d and system-services of this package; systemctl start layby-agentd.");
	}
	return 0;
}

void look_at_agent(const struct audit *audit, struct diagnosis *diagnosis)
{
	_bus_ *bus = NULL;
	int r = sd_bus_open_system(&bus);

	if (r < 0) {
		found(diagnosis, "cannot be told without the bus");
		todo(diagnosis, CONDITION_NOT_KNOWN, "See the system bus above.");
		return;
	}
	r = judge_agent(bus, diagnosis);
	if (r < 0)
		cannot_look(diagnosis, "the system bus", r);
}
