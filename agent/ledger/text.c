// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A sentence for whoever asked.
 */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>

int ledger_say(char text[static LEDGER_TEXT_MAX], int r, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(text, LEDGER_TEXT_MAX, format, list);
	va_end(list);
	return r;
}
