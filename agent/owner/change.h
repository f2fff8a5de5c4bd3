/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A change of the owner's settings: some of them, with their new values. laybyctl makes
 * it from words, the agent from a message. Pure, as settings.h.
 */
#ifndef LAYBY_OWNER_CHANGE_H
#define LAYBY_OWNER_CHANGE_H

#include "settings.h"

/**
 * struct owner_change - all zero: none
 * @to: the new values
 * @numbers: which, a bit for each of owner_numbers
 * @currency: that, too
 * @price: likewise
 */
struct owner_change {
	struct owner_settings to;
	uint32_t numbers;
	bool currency;
	bool price;
};

bool owner_change_has(const struct owner_change *change, const struct owner_number *number);
/* -EEXIST: it is in it already; -ERANGE: not right */
int owner_change_number(struct owner_change *change, const struct owner_number *number,
			int64_t value);
/* A pause until then; 0: its end. */
struct owner_change owner_change_pause(int64_t until_us);
/* Until when it asks for one; 0: it does not. */
int64_t owner_change_pause_us(const struct owner_change *change);

/*
 * @set with @change in it: 0, or -EINVAL and what is wrong of them together. A pause
 * is never shortened by another one: who may only pause must not resume.
 */
int owner_change_merge(const struct owner_settings *set, const struct owner_change *change,
		       struct owner_settings *ret_settings,
		       char ret_problem[static OWNER_PROBLEM_MAX]);

#endif
