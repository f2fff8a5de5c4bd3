/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * history - what energy and temperature were at each change of power
 */
#ifndef VNPU_HISTORY_H
#define VNPU_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "layby/vnpu_regs.h"

#define HISTORY_KEPT 65536u
/* At least so often while it is worked out that often. */
#define HISTORY_TICKS 100000u

struct history_point {
	uint64_t tick;
	double idle_nj; /* since power-on */
	double slot_nj[LAYBY_VNPU_MAX_SLOTS];
	double die; /* degree Celsius */
};

/* The newest is at (count - 1) % HISTORY_KEPT. */
struct history {
	uint64_t count;
	struct history_point point[HISTORY_KEPT];
};

void history_forget(struct history *history);
/* @changes: power is another from here on. Nothing if @history is NULL. */
void history_note(struct history *history, const struct history_point *point,
		  bool changes);
/* The number of the oldest point that is still there. */
uint64_t history_first(const struct history *history);
const struct history_point *history_at(const struct history *history,
				       uint64_t number);

#endif
