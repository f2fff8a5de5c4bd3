// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * history - what energy and temperature were at each change of power
 *
 * Between two points power is constant but for leakage, so that a straight line
 * from one to the next is the true energy in between: whoever judges a limit can
 * look at any stretch of time, not only at those at which something was asked.
 */
#include <stddef.h>

#include "history.h"

void history_forget(struct history *history)
{
	history->count = 0;
}

void history_note(struct history *history, const struct history_point *point,
		  bool changes)
{
	const struct history_point *last;

	if (!history)
		return;
	if (history->count) {
		last = history_at(history, history->count - 1);
		if (!changes && point->tick - last->tick < HISTORY_TICKS)
			return;
	}
	history->point[history->count++ % HISTORY_KEPT] = *point;
}

uint64_t history_first(const struct history *history)
{
	return history->count > HISTORY_KEPT ? history->count - HISTORY_KEPT : 0;
}

const struct history_point *history_at(const struct history *history,
				       uint64_t number)
{
	return &history->point[number % HISTORY_KEPT];
}
