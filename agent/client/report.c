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

const char *layby_reason_name(uint32_t reason)
{
	static const char *const names[] = {
		[LAYBY_REASON_FINISHED] = "finished",
		[LAYBY_REASON_CANCELLED] = "cancelled",
		[LAYBY_REASON_TIME_UP] = "time up",
		[LAYBY_REASON_BAD_PROGRAM] = "bad program",
		[LAYBY_REASON_BAD_SHAPE] = "bad shape",
		[LAYBY_REASON_COMPUTE_FAILED] = "compute failed",
		[LAYBY_REASON_ACCESS] = "access",
		[LAYBY_REASON_DEVICE_FAILED] = "device failed",
		[LAYBY_REASON_DEVICE_GONE] = "device gone",
		[LAYBY_REASON_RECLAIMED] = "reclaimed",
	};

	if (reason >= sizeof(names) / sizeof(names[0]))
		return "unknown";
	return names[reason];
}

const char *layby_class_name(uint32_t partition_class)
{
	switch (partition_class) {
	case LAYBY_CLASS_DRIVING:
		return "driving";
	case LAYBY_CLASS_GUEST:
		return "guest";
	default:
		return "unknown";
	}
}
