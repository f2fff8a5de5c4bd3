// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Nights: see night.h.
 *
 * Must never end a night because nothing is heard: a vehicle's bus sleeps while it is
 * parked.
 */
#include "night.h"

/* The clocks were read one after the other. */
#define SAME_STAY_NS (100ull * 1000000)
/* Somebody may have set one of them a little. */
#define SAME_STAY_US (60ull * 1000000)

void night_note_make(struct night_note *ret_one, const struct night_note *more,
		     const struct store_note *note)
{
	struct night_note one = {
		.note = *note,
		.was_open = note->is_open,
		.stop_us = note->at_us,
		.stop_reason = note->reason,
	};

	if (more) {
		one.was_open |= more->was_open;
		one.is_first = more->is_first;
		one.note.is_faulty |= more->note.is_faulty;
	}
	if (more && more->was_open && !more->note.is_open) {
		one.stop_us = more->stop_us;
		one.stop_reason = more->stop_reason;
	}
	*ret_one = one;
}

static uint64_t apart(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* The first alone could be so by chance, after a boot. */
static bool same_stay(const struct night *night, const struct store_note *note)
{
	return apart(night->parked_ns, note->parked_ns) < SAME_STAY_NS &&
	       apart(night->parked_us, note->parked_us) < SAME_STAY_US;
}

bool night_was_missed(const struct night *night, const struct night_note *one)
{
	return night->number && !night->end_us && one->is_first && one->note.is_parked &&
	       !same_stay(night, &one->note);
}

static void night_begin(struct night *night, const struct store_note *note)
{
	*night = (struct night){
		.number = night->number + 1,
		.begin_us = note->parked_us,
		.charge_from = STORE_CHARGE_UNKNOWN,
		.charge_to = STORE_CHARGE_UNKNOWN,
	};
}

static void take_charge(struct night *night, uint8_t percent)
{
	if (percent == STORE_CHARGE_UNKNOWN)
		return;
	if (night->charge_from == STORE_CHARGE_UNKNOWN)
		night->charge_from = percent;
	night->charge_to = percent;
}

static void take_gate(struct night *night, const struct night_note *one)
{
	const struct store_note *note = &one->note;

	if (!note->is_open && (night->is_open || one->was_open)) {
		night->stop_us = one->stop_us;
		night->stop_reason = one->stop_reason;
	}
	night->was_open |= one->was_open;
	night->is_open = note->is_open;
	night->was_faulty |= note->is_faulty;
}

bool night_step(struct night *night, const struct night_note *one)
{
	const struct store_note *note = &one->note;
	bool is_over = !night->number || night->end_us;

	if (is_over && !note->is_parked)
		return false;
	if (is_over)
		night_begin(night, note);
	if (note->is_parked) {
		night->parked_us = note->parked_us;
		night->parked_ns = note->parked_ns;
	}
	take_charge(night, note->charge_percent);
	take_gate(night, one);
	night->heard_us = note->at_us;
	if (note->is_driven)
		night->end_us = note->at_us;
	return true;
}
