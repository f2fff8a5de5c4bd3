/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * When a night begins and ends, and why it stopped. Pure: no clock, no I/O.
 */
#ifndef LAYBY_AGENT_STORE_NIGHT_H
#define LAYBY_AGENT_STORE_NIGHT_H

#include "lent.h"

/**
 * struct night_note - notes that were made one, the last of them last
 * @note: what holds now; and a fault that was latched since the note before
 * @was_open: guest work could run since the note before
 * @stop_us: if it cannot now: since when
 * @stop_reason: why
 * @is_first: since the store was opened: nobody was looking before it
 */
struct night_note {
	struct store_note note;
	bool was_open;
	uint64_t stop_us;
	uint32_t stop_reason;
	bool is_first;
};

/**
 * struct night - as it stands in the database
 * @number: 0: there is none
 * @end_us: 0: it is not over
 * @heard_us: when something was last noted
 * @parked_us: CLOCK_REALTIME, when it was last parked
 * @parked_ns: CLOCK_MONOTONIC, the same
 */
struct night {
	uint64_t number;
	uint64_t begin_us;
	uint64_t end_us;
	uint64_t heard_us;
	uint64_t parked_us;
	uint64_t parked_ns;
	bool was_open;
	bool is_open;
	uint64_t stop_us;
	uint32_t stop_reason;
	bool was_faulty;
	uint8_t charge_from;
	uint8_t charge_to;
};

/* @more: NULL, or what was noted before and is not written yet */
void night_note_make(struct night_note *ret_one, const struct night_note *more,
		     const struct store_note *note);
/* It is over, though nobody has seen the vehicle drive. */
bool night_was_missed(const struct night *night, const struct night_note *one);
/* Whether @night changed; its number grows when another begins. */
bool night_step(struct night *night, const struct night_note *one);

#endif
