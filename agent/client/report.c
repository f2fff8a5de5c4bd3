// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reports, read from the array that the kernel writes and a node maps.
 */
#include "internal.h"

#include <errno.h>

/* Acquire: the other fields are written before the state, read after it. */
uint32_t report_state(const struct layby_node *node, uint32_t tag)
{
	return __atomic_load_n(&node->reports[tag].state, __ATOMIC_ACQUIRE);
}

int layby_report_read(const struct layby_node *node, uint32_t tag,
		      struct layby_report *ret_report)
{
	if (tag >= node->tags)
		return -EINVAL;
	switch (report_state(node, tag)) {
	case LAYBY_REPORT_IDLE:
		return -ENODATA;
	case LAYBY_REPORT_DONE:
		*ret_report = node->reports[tag];
		return 0;
	default:
		return -EAGAIN;
	}
}
