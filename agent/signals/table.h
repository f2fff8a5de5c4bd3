/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one validator of signals files, for the tool that writes them and for the
 * boot step that loads them. No other rule about them stands anywhere.
 */
#ifndef LAYBY_SIGNALS_TABLE_H
#define LAYBY_SIGNALS_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include <layby/signals.h>

/* signals_error.frame and .signal: not about one */
#define SIGNALS_NONE	UINT32_MAX

/**
 * struct signals_error - what is wrong, where, and what would be right
 * @frame: index of the frame that it is about, or SIGNALS_NONE
 * @signal: enum layby_signal that it is about, or SIGNALS_NONE
 * @key: what of it, as signals.conf names it; NULL: all of it
 * @text: a sentence without the place
 */
struct signals_error {
	uint32_t frame;
	uint32_t signal;
	const char *key;
	char text[192];
};

/*
 * 0, or -EINVAL and the first thing that is wrong in @error. @size: bytes at
 * @signals; only if they are those of the struct more than the size is looked at.
 */
int signals_check(const struct layby_signals *signals, size_t size, struct signals_error *error);

/* "gear", as signals.conf names it */
const char *signals_name(uint32_t signal);
/* "Park", the key of the values that mean yes; NULL: it answers no question */
const char *signals_yes_key(uint32_t signal);
/* "profile-1"; NULL: there is no such protection */
const char *signals_e2e_name(uint32_t e2e);
/* "alternate"; NULL: there is no such mode */
const char *signals_data_id_mode_name(uint32_t mode);

#endif
