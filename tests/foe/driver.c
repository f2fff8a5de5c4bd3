// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * driver - a client of the driving partition, which must never notice the guest's agent
 *
 * One job after the other, each looked at, until SIGTERM. Prints how many; exit status
 * 1 if one failed or was wrong, with why on stderr.
 */
#include <signal.h>
#include <stdio.h>

#include "check.h"
#include "work.h"

#define PACE_MS	50

static volatile sig_atomic_t ends;

static void on_end(int signal)
{
	ends = 1;
}

static int run(struct work *work, unsigned int *ret_jobs)
{
	int r;

	while (!ends) {
		work_fill(work, (float)(*ret_jobs % 1000));
		r = work_run(work);
		if (r)
			return r;
		if (!work_is_right(work, (float)(*ret_jobs % 1000)))
			return -EBADMSG;
		++*ret_jobs;
		sleep_ms(PACE_MS);
	}
	return 0;
}

int main(void)
{
	struct work work;
	unsigned int jobs = 0;
	int r;

	signal(SIGTERM, on_end);
	r = work_start(&work, LAYBY_CLASS_DRIVING, "add");
	if (!r)
		r = run(&work, &jobs);
	printf("%u jobs\n", jobs);
	if (r)
		fprintf(stderr, "driving: %s\n", strerror(-r));
	return r != 0;
}
