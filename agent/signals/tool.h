/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of `laybyctl signals` share.
 */
#ifndef LAYBY_SIGNALS_TOOL_H
#define LAYBY_SIGNALS_TOOL_H

#include "../policy/tool.h"
#include "table.h"

/* --- number.c: values as signals.conf writes them; 0 or -EINVAL ------------- */

/* "12" or "0x1a0" */
int number_parse(const char *text, uint32_t max, uint32_t *ret_number);
/* "-0.25": up to six digits behind the point, in millionths */
int decimal_parse(const char *text, int64_t *ret_micro);
/* "0..3, 7": values of 32 bits, signed or not */
int ranges_parse(const char *text, bool is_signed, struct layby_signals_range *ranges,
		 uint32_t max, uint32_t *ret_count);
/* The same backwards; @text has NUMBER_TEXT_MAX bytes. Return @text. */
#define NUMBER_TEXT_MAX	128
const char *decimal_format(int64_t micro, char *text);
const char *ranges_format(const struct layby_signals_range *ranges, uint32_t count,
			  bool is_signed, char *text);

/* --- read.c ----------------------------------------------------------------- */

#define FRAME_NAME_MAX	48

/**
 * struct signals_source - a signals.conf, read
 * @conf: its entries, and what is wrong with it
 * @table: binary form
 * @frame_section: index of the frame -> "Frame gearbox"
 */
struct signals_source {
	struct conf conf;
	struct layby_signals table;
	const char *frame_section[LAYBY_SIGNALS_FRAMES_MAX];
};

/* Fills @source->table from @source->conf, or adds problems to it. */
void signals_read(struct signals_source *source);

/* --- show.c ----------------------------------------------------------------- */

void signals_show(const struct layby_signals *table);
/* On stderr: what is allowed and yet not wise. */
void signals_advise(const struct layby_signals *table, const char *path);

/* verbs.c: signals_main(), see command.h */

#endif
