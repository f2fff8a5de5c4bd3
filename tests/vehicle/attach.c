// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * attach - the vehicle's programs on an interface, as the boot step has them
 *
 *   attach INTERFACE SIGNALS.BIN
 *
 * Says "attached", or "error N" with the negative errno, on stdout; they last
 * until stdin ends.
 */
#include <stdio.h>
#include <unistd.h>

#include "programs.h"

static int read_signals(const char *path, struct layby_signals *ret_signals)
{
	FILE *file = fopen(path, "re");
	size_t n;

	if (!file)
		return -1;
	n = fread(ret_signals, sizeof(*ret_signals), 1, file);
	fclose(file);
	return n == 1 ? 0 : -1;
}

int main(int argc, char *argv[])
{
	struct vehicle_can *programs;
	struct layby_signals signals;
	char byte;
	int r;

	if (argc != 3 || read_signals(argv[2], &signals)) {
		fputs("usage: attach INTERFACE SIGNALS.BIN\n", stderr);
		return 2;
	}
	r = programs_start(argv[1], &signals, &programs);
	if (r) {
		printf("error %d\n", r);
		return 1;
	}
	puts("attached");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}
