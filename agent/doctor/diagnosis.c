// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * How a diagnosis is filled in. Must never leave one that is not right without
 * what to do about it.
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "doctor.h"

const char *condition_name(enum condition condition)
{
	static const char *const names[CONDITIONS] = {
		[CONDITION_OK] = "ok",
		[CONDITION_WARNING] = "warning",
		[CONDITION_NOT_KNOWN] = "not-known",
		[CONDITION_WRONG] = "wrong",
	};

	return names[condition];
}

void found(struct diagnosis *diagnosis, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(diagnosis->found, sizeof(diagnosis->found), format, list);
	va_end(list);
}

void todo(struct diagnosis *diagnosis, enum condition condition, const char *format, ...)
{
	va_list list;

	diagnosis->condition = condition;
	va_start(list, format);
	vsnprintf(diagnosis->todo, sizeof(diagnosis->todo), format, list);
	va_end(list);
}

void cannot_look(struct diagnosis *diagnosis, const char *what, int r)
{
	found(diagnosis, "cannot be told: %s: %s", what, strerror(-r));
	todo(diagnosis, CONDITION_NOT_KNOWN,
	     r == -EACCES || r == -EPERM ? "Run laybyctl doctor as root." :
					   "See why that cannot be read.");
}
