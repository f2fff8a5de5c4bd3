// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * leak - what one party finds of another
 *
 *   leak FIRST COUNT SECONDS FILE
 *
 * Switches FIRST to FIRST + COUNT - 1 between two parties, for so many SECONDS at
 * most. Appends a line each to FILE: the kind, bytes found of another party, other
 * bytes found where none may be. Exit status 0 whatever is found; 1 if it could not
 * be found out. The bus is up, the programs are attached, the module is not sealed.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scene.h"
#include "switches.h"

/* Whoever stops the machine loses no more than the last few. */
#define KEPT_EVERY	50u
#define SHOWN_EVERY	500u

static _Noreturn void die(const char *what, int r)
{
	fprintf(stderr, "leak: %s: %s\n", what, strerror(-r));
	scene_end();
	exit(1);
}

/*
 * Touched while the gate is closed: again when it is open. It comes from our own
 * loops over mappings only, so that whatever is called here was not interrupted.
 */
static void on_bus_error(int number)
{
	if (gate_opens())
		return;
	fputs("leak: the gate does not open, or a mapping is not given back\n", stderr);
	_exit(1);
}

static void switch_all(uint64_t first, uint64_t count, uint64_t end_ns, FILE *file)
{
	uint64_t number;
	int r;

	for (number = first; number < first + count && now_ns() < end_ns; number++) {
		struct found found = {};

		r = switch_once(number, &found);
		if (r)
			die(switch_name[switch_kind(number)], r);
		fprintf(file, "%s %llu %llu\n", switch_name[switch_kind(number)],
			(unsigned long long)found.secret, (unsigned long long)found.strange);
		if ((number + 1) % KEPT_EVERY == 0)
			fflush(file);
		if ((number + 1) % SHOWN_EVERY == 0)
			printf("leak: %llu switches\n", (unsigned long long)number + 1);
	}
}

static void start_all(uint64_t first)
{
	int r = scene_start();

	if (!r)
		r = gate_order(LAYBY_NL_SEAL);
	if (!r && !gate_opens())
		r = -ETIMEDOUT;
	if (!r)
		r = switches_start(first);
	if (r)
		die("the parties cannot begin", r);
}

int main(int argc, char *argv[])
{
	struct sigaction action = { .sa_handler = on_bus_error };
	uint64_t first, count, seconds;
	FILE *file;

	if (argc != 5) {
		fputs("usage: leak FIRST COUNT SECONDS FILE\n", stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	sigaction(SIGBUS, &action, NULL);
	first = strtoull(argv[1], NULL, 10);
	count = strtoull(argv[2], NULL, 10);
	seconds = strtoull(argv[3], NULL, 10);
	file = fopen(argv[4], "ae");
	if (!file)
		die(argv[4], -errno);
	start_all(first);
	switch_all(first, count, now_ns() + seconds * SECOND, file);
	switches_end();
	scene_end();
	return fclose(file) ? 1 : 0;
}
