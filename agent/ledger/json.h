/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rows and heads as JSON: numbers as numbers, bytes in hexadecimal, keys in the order of
 * the layout's fields.
 */
#ifndef LAYBY_AGENT_LEDGER_JSON_H
#define LAYBY_AGENT_LEDGER_JSON_H

#include <systemd/sd-json.h>

#include "chain.h"

int ledger_json_make(const struct ledger_layout *layout, const void *object,
		     sd_json_variant **ret_json);
/* -EBADMSG: it is not what ledger_json_make() makes; @text says why. */
int ledger_json_read(const struct ledger_layout *layout, sd_json_variant *json, void *object,
		     char text[static LEDGER_TEXT_MAX]);
/* Of one line, or of a whole file. */
int ledger_json_parse(const struct ledger_layout *layout, const char *line, void *object,
		      char text[static LEDGER_TEXT_MAX]);

#endif
