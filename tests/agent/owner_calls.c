// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Short ways to be the owner: see owner_calls.h.
 */
#include "owner_calls.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* --- the governor's map --------------------------------------------------- */

void map_pin(struct fixture *f)
{
	const struct layby_governor_settings none = {};
	int fd = open(f->settings, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, &none, sizeof(none)), sizeof(none));
	close(fd);
}

struct layby_governor_settings map_read(struct fixture *f)
{
	struct layby_governor_settings value;
	int fd = open(f->settings, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(read(fd, &value, sizeof(value)), sizeof(value));
	close(fd);
	return value;
}

bool agent_flag(struct fixture *f, const char *property)
{
	int value = -1;

	assert_true(sd_bus_get_property_trivial(f->bus, AGENT, AGENT_PATH, AGENT, property, NULL,
						'b', &value) >= 0);
	return value;
}

void wait_flag(struct fixture *f, const char *property, bool value)
{
	int i;

	for (i = 0; i < 2000 && agent_flag(f, property) != value; i++)
		usleep(5000);
	assert_int_equal(agent_flag(f, property), value);
}

void owner_boot(struct fixture *f)
{
	map_pin(f);
	fixture_gate(f, "driving");
	wait_flag(f, "SettingsInForce", true);
}

/* --- calls ---------------------------------------------------------------- */

sd_bus_message *owner_call(sd_bus *bus, const char *method)
{
	sd_bus_message *m = NULL;

	assert_true(sd_bus_message_new_method_call(bus, &m, AGENT, AGENT_PATH, AGENT, method) >=
		    0);
	return m;
}

void owner_ok(sd_bus *bus, sd_bus_message *m)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = sd_bus_call(bus, m, 0, &error, NULL);

	if (r < 0)
		fail_msg("%s: %s", error.name, error.message);
	sd_bus_message_unref(m);
}

void owner_fails(sd_bus *bus, sd_bus_message *m, const char *name, const char *words)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = sd_bus_call(bus, m, 0, &error, NULL);

	assert_true(r < 0);
	assert_string_equal(error.name, name);
	if (!strstr(error.message, words))
		fail_msg("\"%s\" is not in \"%s\"", words, error.message);
	sd_bus_error_free(&error);
	sd_bus_message_unref(m);
}

sd_bus_message *owner_set_new(sd_bus *bus, const char *name, const char *type, uint64_t value)
{
	sd_bus_message *m = owner_call(bus, "SetSettings");
	int r;

	if (*type == 't')
		r = sd_bus_message_append(m, "a{sv}", 1, name, type, value);
	else if (*type == 's')
		r = sd_bus_message_append(m, "a{sv}", 1, name, type, (const char *)value);
	else
		r = sd_bus_message_append(m, "a{sv}", 1, name, type, (uint32_t)value);
	assert_true(r >= 0);
	return m;
}

void owner_set(struct fixture *f, const char *name, const char *type, uint64_t value)
{
	owner_ok(f->bus, owner_set_new(f->bus, name, type, value));
}

sd_bus_message *owner_pause(sd_bus *bus, uint64_t until_us)
{
	sd_bus_message *m = owner_call(bus, "Pause");

	assert_true(sd_bus_message_append(m, "t", until_us) >= 0);
	return m;
}

void owner_pause_for_ever(sd_bus *bus)
{
	owner_ok(bus, owner_pause(bus, 0));
}

int64_t owner_setting(struct fixture *f, const char *wanted)
{
	sd_bus_message *reply = NULL;
	const char *name, *type;
	int64_t found = INT64_MIN;

	assert_true(sd_bus_get_property(f->bus, AGENT, AGENT_PATH, AGENT, "Settings", NULL, &reply,
					"a{sv}") >= 0);
	assert_true(sd_bus_message_enter_container(reply, 'a', "{sv}") >= 0);
	while (sd_bus_message_enter_container(reply, 'e', "sv") > 0) {
		union {
			uint64_t t;
			int32_t i;
			const char *s;
		} value = {};

		sd_bus_message_read(reply, "s", &name);
		sd_bus_message_peek_type(reply, NULL, &type);
		if (!strcmp(wanted, name) && strlen(type) == 1) {
			sd_bus_message_read(reply, "v", type, &value);
			found = *type == 's' ? *value.s :
				*type == 'i' ? value.i : (int64_t)value.t;
		} else {
			sd_bus_message_skip(reply, "v");
		}
		sd_bus_message_exit_container(reply);
	}
	sd_bus_message_unref(reply);
	assert_int_not_equal(found, INT64_MIN);
	return found;
}

void owner_restart(struct fixture *f, int signal)
{
	fixture_end_agent(f, signal);
	fixture_start_agent(f);
}
