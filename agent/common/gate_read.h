/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One message of the kernel each: 0, or a negative errno.
 */
#ifndef LAYBY_GATE_READ_H
#define LAYBY_GATE_READ_H

#include <linux/netlink.h>

#include "gate_link.h"

int gate_read_state(struct nlmsghdr *header, struct gate_state *ret_state);
int gate_read_policy(struct nlmsghdr *header, struct gate_policy *policy);
int gate_read_counters(struct nlmsghdr *header, struct gate_counters *counters);
int gate_read_histogram(struct nlmsghdr *header,
			struct gate_counters *counters);
int gate_read_frames(struct nlmsghdr *header, struct gate_frames *frames);
int gate_read_governor(struct nlmsghdr *header,
		       struct gate_governor *governor);
/* Adds it to those that came before. */
int gate_read_partition(struct nlmsghdr *header,
			struct gate_partitions *partitions);
/* Takes the place of one that does not hold the policy. */
int gate_read_accelerator(struct nlmsghdr *header,
			  struct gate_accelerator *accelerator);

/* The errno of what libnl returned. */
int gate_errno(int r);

#endif
