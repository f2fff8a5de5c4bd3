// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The last program of a machine: with driving and guest jobs in flight, more than the
 * device can do until the host has seen what it wants, the kernel is brought down.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "work.h"

#define JOBS		60
#define DRIVING_US	500000
#define GUEST_US	200000

static struct work driving, guest;

static int submit(struct work *work, uint32_t class, uint64_t us)
{
	int r = work_start_slow(work, class, us);
	uint32_t tag;

	for (tag = 0; !r && tag < JOBS; tag++)
		r = work_submit(work, tag);
	return r;
}

static int crash(void)
{
	int fd = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "c", 1) < 0)
		return -errno;
	return -EALREADY;
}

int main(void)
{
	int r = submit(&driving, LAYBY_CLASS_DRIVING, DRIVING_US);

	if (!r)
		r = submit(&guest, LAYBY_CLASS_GUEST, GUEST_US);
	if (!r && !(slot_becomes(DRIVING_SLOT, "running") &&
		    slot_becomes(GUEST_SLOT, "running")))
		r = -ETIMEDOUT;
	if (!r)
		r = crash();
	fprintf(stderr, "crash: %s\n", strerror(-r));
	return 1;
}
