/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A sentence for whoever asked, and the errno that it explains.
 */
#ifndef LAYBY_AGENT_LEDGER_TEXT_H
#define LAYBY_AGENT_LEDGER_TEXT_H

#include "ledger.h"

/* Returns @r. */
__attribute__((format(printf, 3, 4))) int ledger_say(char text[static LEDGER_TEXT_MAX], int r,
						      const char *format, ...);

#endif
