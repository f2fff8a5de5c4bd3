// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the measuring programs share, see measure.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "measure.h"
#include "scene.h"

_Noreturn void die(const char *what, long r)
{
	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror((int)-r));
	scene_end();
	exit(1);
}

long need(const char *what, long r)
{
	if (r < 0)
		die(what, r);
	return r;
}

struct gate_counts counts(void)
{
	struct gate_counts now;

	need("counters", gate_counts(&now));
	return now;
}

static _Noreturn void did_not_follow(const struct gate_counts *now, uint64_t opened,
				     uint64_t reclaims)
{
	struct gate_state state;
	char text[200];

	need("state", gate_state(&state));
	snprintf(text, sizeof(text),
		 "the gate did not follow: opened %llu of %llu, reclaims %llu of %llu, reason %u, %s",
		 (unsigned long long)now->opened, (unsigned long long)opened,
		 (unsigned long long)now->reclaims, (unsigned long long)reclaims, state.reason,
		 state.guests_in ? "guests are in" : "no guest is in");
	die(text, -ETIMEDOUT);
}

/*
 * What is measured are the kernel's own stamps: it does not matter when this looks,
 * only that it leaves the processors to those who are measured.
 */
struct gate_counts wait_counts(uint64_t opened, uint64_t reclaims)
{
	uint64_t end = now_ns() + 20 * SECOND;
	struct gate_counts now;

	for (;;) {
		now = counts();
		if (now.opened >= opened && now.reclaims >= reclaims)
			return now;
		if (now_ns() > end)
			did_not_follow(&now, opened, reclaims);
		sleep_ms(1);
	}
}

int lease_take(int node)
{
	struct layby_lease lease = {};
	int r = node_ioctl(node, DRM_IOCTL_LAYBY_LEASE, &lease);

	return r ? r : lease.fd;
}
