// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a report's numbers mean. Reads nothing but its arguments. */
#include <errno.h>

#include <layby.h>

int layby_taken_back(const struct layby_completion *completion)
{
	return completion->result == -ECANCELED && completion->has_report &&
	       (completion->report.reason == LAYBY_REASON_RECLAIMED ||
		completion->report.reason == LAYBY_REASON_OVER_CAP);
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
		[LAYBY_REASON_OVER_CAP] = "over cap",
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
