// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * gate REASON - wait until the gate is closed for this reason, or "open"
 *
 * For 20 s times the kernel's factor. Exit status 0, or 1 with the reason that it
 * has instead on stderr.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <layby.h>

#include "gate.h"

#define TRIES	400

int main(int argc, char *argv[])
{
	static const struct timespec pause = { 0, 50000000 };
	const char *factor = getenv("LAYBY_TIME_FACTOR");
	int left = TRIES * (factor ? atoi(factor) : 1);
	struct gate_state state = { 0 };

	if (argc != 2) {
		fputs("usage: gate REASON\n", stderr);
		return 2;
	}
	for (; left > 0; left--) {
		if (!gate_state(&state) && !strcmp(layby_gate_reason_name(state.reason), argv[1]))
			return 0;
		nanosleep(&pause, NULL);
	}
	fprintf(stderr, "the reason is %s\n", layby_gate_reason_name(state.reason));
	return 1;
}
