// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The options of a submission: a{sv}, each at most once of any use, others refused.
 */
#include "agent.h"

#include <errno.h>
#include <string.h>

#define PRIORITY_MAX 9
#define RETRIES_MAX 9

static int read_flag(sd_bus_message *m, bool *ret_flag)
{
	int value, r;

	r = sd_bus_message_read(m, "v", "b", &value);
	if (r >= 0)
		*ret_flag = value;
	return r;
}

static int read_linger(sd_bus_message *m, struct store_request *wanted)
{
	return read_flag(m, &wanted->linger);
}

static int read_interactive(sd_bus_message *m, struct store_request *wanted)
{
	return read_flag(m, &wanted->interactive);
}

static int read_key(sd_bus_message *m, struct store_request *wanted)
{
	const void *key;
	size_t size;
	int r;

	r = sd_bus_message_enter_container(m, 'v', "ay");
	if (r < 0)
		return r;
	r = sd_bus_message_read_array(m, 'y', &key, &size);
	if (r < 0)
		return r;
	if (size != sizeof(wanted->key))
		return -EINVAL;
	memcpy(wanted->key, key, sizeof(wanted->key));
	return sd_bus_message_exit_container(m);
}

static int read_at_most(sd_bus_message *m, uint32_t most, uint32_t *ret_number)
{
	int r;

	r = sd_bus_message_read(m, "v", "u", ret_number);
	return r >= 0 && *ret_number > most ? -ERANGE : r;
}

static int read_priority(sd_bus_message *m, struct store_request *wanted)
{
	return read_at_most(m, PRIORITY_MAX, &wanted->priority);
}

static int read_retries(sd_bus_message *m, struct store_request *wanted)
{
	return read_at_most(m, RETRIES_MAX, &wanted->retries);
}

static int read_deadline(sd_bus_message *m, struct store_request *wanted)
{
	int r;

	r = sd_bus_message_read(m, "v", "t", &wanted->deadline_us);
	return r >= 0 && wanted->deadline_us > INT64_MAX ? -ERANGE : r;
}

static const struct {
	const char *name;
	int (*read)(sd_bus_message *m, struct store_request *wanted);
	const char *right;
} options[] = {
	{ "linger", read_linger, "a boolean (b)" },
	{ "interactive", read_interactive, "a boolean (b)" },
	{ "key", read_key, "16 bytes (ay)" },
	{ "priority", read_priority, "a number from 0 to 9 (u)" },
	{ "retries", read_retries, "a number from 0 to 9 (u)" },
	{ "deadline", read_deadline, "CLOCK_REALTIME in microseconds, below 2^63 (t)" },
};

static int read_option(sd_bus_message *m, struct request *request,
		       const char *name, sd_bus_error *error)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(options); i++) {
		if (strcmp(name, options[i].name))
			continue;
		if (options[i].read(m, &request->wanted) < 0)
			return invalid(error, "option \"%s\" must be %s", name,
				       options[i].right);
		return 0;
	}
	return invalid(error,
		       "unknown option \"%s\": the options are \"linger\", \"interactive\", \"key\", \"priority\", \"retries\" and \"deadline\"",
		       name);
}

int request_read_options(sd_bus_message *m, struct request *request,
			 sd_bus_error *error)
{
	const char *name;
	int r;

	r = sd_bus_message_enter_container(m, 'a', "{sv}");
	if (r < 0)
		return r;
	while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		r = sd_bus_message_read(m, "s", &name);
		if (r < 0)
			return r;
		r = read_option(m, request, name, error);
		if (r < 0)
			return r;
		r = sd_bus_message_exit_container(m);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : sd_bus_message_exit_container(m);
}
