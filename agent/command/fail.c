// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Failures: the one place that decides which exit code an error means.
 */
#include "command.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

int fail(enum exit_code code, const char *format, ...)
{
	va_list list;

	fputs("laybyctl: ", stderr);
	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fputc('\n', stderr);
	return code;
}

int fail_errno(int r, const char *what)
{
	switch (-r) {
	case EACCES:
	case EPERM:
		return fail(
			EXIT_NOT_ALLOWED,
			"%s: %s: you must be root or in the group that it belongs to",
			what, strerror(-r));
	case ENOENT:
	case ENODEV:
	case ENXIO:
	case ECONNREFUSED:
		return fail(
			EXIT_UNREACHABLE,
			"%s: %s: is the layby module loaded, and the service running?",
			what, strerror(-r));
	default:
		return fail(EXIT_JOB_FAILED, "%s: %s", what, strerror(-r));
	}
}

static const struct {
	const char *name;
	enum exit_code code;
} bus_errors[] = {
	{ SD_BUS_ERROR_SERVICE_UNKNOWN, EXIT_UNREACHABLE },
	{ SD_BUS_ERROR_NAME_HAS_NO_OWNER, EXIT_UNREACHABLE },
	{ SD_BUS_ERROR_NO_SERVER, EXIT_UNREACHABLE },
	{ SD_BUS_ERROR_NO_REPLY, EXIT_UNREACHABLE },
	{ SD_BUS_ERROR_TIMEOUT, EXIT_UNREACHABLE },
	{ SD_BUS_ERROR_DISCONNECTED, EXIT_UNREACHABLE },
	{ "org.layby.Error.NoDevice", EXIT_UNREACHABLE },
	{ SD_BUS_ERROR_INVALID_ARGS, EXIT_USAGE },
	{ SD_BUS_ERROR_UNKNOWN_OBJECT, EXIT_USAGE },
};

int fail_bus(int r, const sd_bus_error *error, const char *what)
{
	size_t i;

	if (!sd_bus_error_is_set(error))
		return fail_errno(r, what);
	/* the bus's own words name rules and senders, not what to do */
	if (sd_bus_error_has_name(error, SD_BUS_ERROR_ACCESS_DENIED))
		return fail(EXIT_NOT_ALLOWED,
			    "%s: not allowed: you must be root or in the group layby-submit",
			    what);
	for (i = 0; i < ARRAY_SIZE(bus_errors); i++)
		if (sd_bus_error_has_name(error, bus_errors[i].name))
			return fail(bus_errors[i].code, "%s: %s", what,
				    error->message);
	/* systemd's activation errors, and what else the bus may say */
	if (!strncmp(error->name, "org.freedesktop.systemd1.", 25))
		return fail(EXIT_UNREACHABLE, "%s: %s", what, error->message);
	return fail(EXIT_JOB_FAILED, "%s: %s", what, error->message);
}
