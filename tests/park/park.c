// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * park - plays owner and agent for tests: carries a consent, holds the lease
 *
 *   park TOKEN SIGNATURE
 *
 * Gives the token whenever the gate is closed for want of consent, takes the lease
 * and renews it every RENEW_MS. Commands are lines on stdin, each answered by "ok"
 * or "error N" (negative errno) on stdout; it ends with stdin.
 *
 *   hold       renews no more, but keeps the lease     renew     goes on
 *   drop       ends the lease                          take      takes it again
 *   withdraw   ends the consent, for good              give F G  another token
 *   open       waits until guest work may run
 *   close      waits until it may not, and the tiles are back
 */
#include <errno.h>
#include <glob.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <layby.h>

#include "gate.h"

#define RENEW_MS	20
#define TOKEN_MAX	8192

static struct {
	char token[256];
	char signature[256];
	int lease;
	bool renews;
	bool withdrawn;
} park = { .lease = -1, .renews = true };

static int read_file(const char *path, void *bytes, size_t *size)
{
	FILE *file = fopen(path, "re");

	if (!file)
		return -errno;
	*size = fread(bytes, 1, TOKEN_MAX, file);
	fclose(file);
	return *size ? 0 : -ENODATA;
}

/* Machines without udev have no /dev/layby. */
static int guest_path(char *path, size_t size)
{
	glob_t found;
	int r = -ENOENT;

	if (glob("/sys/bus/auxiliary/devices/layby.guest.*/accel/accel*", 0, NULL, &found))
		return r;
	if (found.gl_pathc && snprintf(path, size, "/dev/accel/%s",
				       strrchr(found.gl_pathv[0], '/') + 1) < (int)size)
		r = 0;
	globfree(&found);
	return r;
}

/* A party for the length of one call: whoever unloads the backend is not kept. */
static int with_node(int (*call)(struct layby_node *node))
{
	struct layby_node *node;
	char path[300];
	int r = guest_path(path, sizeof(path));

	if (!r)
		r = layby_node_open(path, &node);
	if (r)
		return r;
	r = call(node);
	layby_node_close(node);
	return r;
}

static int give(struct layby_node *node)
{
	static char token[TOKEN_MAX], signature[TOKEN_MAX];
	size_t token_size, signature_size;
	int r = read_file(park.token, token, &token_size);

	if (!r)
		r = read_file(park.signature, signature, &signature_size);
	return r ? r : layby_consent_give(node, token, token_size, signature, signature_size);
}

static int take(struct layby_node *node)
{
	int lease = layby_lease_take(node);

	if (lease < 0)
		return lease;
	park.lease = lease;
	return 0;
}

/* What is missing for the gate to open is given, as far as it is ours to give. */
static void tend(void)
{
	struct gate_state state;

	if (gate_state(&state))
		return;
	if (state.reason == LAYBY_GATE_NO_CONSENT && !park.withdrawn)
		with_node(give);
	if (state.reason == LAYBY_GATE_NO_LEASE && park.lease < 0 && park.renews)
		with_node(take);
}

/* The lease may have ended with what it was for. */
static void renew(void)
{
	if (park.lease < 0 || !park.renews)
		return;
	if (layby_lease_renew(park.lease)) {
		layby_lease_drop(park.lease);
		park.lease = -1;
	}
}

/* Nobody else gives what is missing meanwhile. */
static int wait_open(void)
{
	const char *factor = getenv("LAYBY_TIME_FACTOR");
	long left = 1000 * (factor ? atol(factor) : 1);
	struct gate_state state;

	for (; left; left--) {
		renew();
		tend();
		if (!gate_state(&state) && state.open && state.guests_in)
			return 0;
		poll(NULL, 0, RENEW_MS);
	}
	return -ETIMEDOUT;
}

static int command_give(char *arguments)
{
	if (sscanf(arguments, "%255s %255s", park.token, park.signature) != 2)
		return -EINVAL;
	park.withdrawn = false;
	return with_node(give);
}

static int command(char *line)
{
	if (!strncmp(line, "give ", 5))
		return command_give(line + 5);
	if (!strcmp(line, "hold") || !strcmp(line, "renew")) {
		park.renews = *line == 'r';
		return 0;
	}
	if (!strcmp(line, "drop")) {
		layby_lease_drop(park.lease);
		park.lease = -1;
		park.renews = false;
		return 0;
	}
	if (!strcmp(line, "take")) {
		park.renews = true;
		return with_node(take);
	}
	if (!strcmp(line, "withdraw")) {
		park.withdrawn = true;
		return with_node(layby_consent_withdraw);
	}
	if (!strcmp(line, "open"))
		return wait_open();
	if (!strcmp(line, "close"))
		return gate_closes(0) ? 0 : -ETIMEDOUT;
	return -EINVAL;
}

static int why(void)
{
	struct gate_state state;
	int r = gate_state(&state);

	if (!r)
		printf("ok %s%s\n", layby_gate_reason_name(state.reason),
		       state.guests_in ? " guests-in" : "");
	return r;
}

static void answer(char *line)
{
	int r;

	line[strcspn(line, "\n")] = 0;
	if (!strcmp(line, "why") && !why())
		return;
	r = command(line);
	if (r)
		printf("error %d\n", r);
	else
		puts("ok");
}

int main(int argc, char *argv[])
{
	struct pollfd input = { .fd = 0, .events = POLLIN };
	unsigned int round = 0;
	char line[600];

	if (argc != 3) {
		fputs("usage: park TOKEN SIGNATURE\n", stderr);
		return 2;
	}
	setvbuf(stdin, NULL, _IONBF, 0);
	setvbuf(stdout, NULL, _IOLBF, 0);
	snprintf(park.token, sizeof(park.token), "%s", argv[1]);
	snprintf(park.signature, sizeof(park.signature), "%s", argv[2]);
	for (;;) {
		if (poll(&input, 1, RENEW_MS) > 0) {
			if (!fgets(line, sizeof(line), stdin))
				return 0;
			answer(line);
		}
		renew();
		if (round++ % 5 == 0)
			tend();
	}
}
