// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * How far a batch is: one line on stderr, drawn over itself, if that is a terminal.
 */
#include <string.h>
#include <sys/ioctl.h>

#include "batch.h"

/* ECMA-48: from here to the end of the line; no wrapping */
#define CLEAR_LINE "\r\033[K"
#define WRAP_OFF "\033[?7l"
#define WRAP_ON "\033[?7h"

#define SHOW_US (USEC_PER_SEC / 10)
#define BAR 30

void progress_clear(void)
{
	if (isatty(STDERR_FILENO))
		fputs(CLEAR_LINE, stderr);
}

static void put_bar(size_t ended, size_t all)
{
	size_t done = all ? ended * BAR / all : BAR;

	fprintf(stderr, "[%.*s%*s] %zu/%zu", (int)done, "##############################",
		(int)(BAR - done), "", ended, all);
}

/* By the mean so far; nothing while the first have not ended. */
static void put_rate(const struct batch *batch, size_t ended)
{
	uint64_t us = now_us(CLOCK_MONOTONIC) - batch->begin_us;
	uint64_t left_s;

	if (!ended || us < USEC_PER_SEC)
		return;
	left_s = (batch->count - ended) * us / ended / USEC_PER_SEC;
	fprintf(stderr, "  %.0f/s  %llu:%02llu left", (double)ended * USEC_PER_SEC / (double)us,
		(unsigned long long)left_s / 60, (unsigned long long)left_s % 60);
}

void progress_show(struct batch *batch)
{
	size_t ended = batch->finished + batch->failed;
	uint64_t now = now_us(CLOCK_MONOTONIC);

	if (!isatty(STDERR_FILENO) || (batch->shown_us && now - batch->shown_us < SHOW_US))
		return;
	batch->shown_us = now;
	fputs(CLEAR_LINE WRAP_OFF, stderr);
	put_bar(ended, batch->count);
	if (batch->failed)
		fprintf(stderr, "  %zu failed", batch->failed);
	if (*batch->closed)
		fprintf(stderr, "  waiting: the gate is closed: %s", batch->closed);
	else
		put_rate(batch, ended);
	fputs(WRAP_ON, stderr);
	fflush(stderr);
}
