/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a job reaches: the part of the contract in accel.h that pure files need,
 * too. Types and nothing else of the kernel.
 */
#ifndef LAYBY_ACCEL_JOB_H
#define LAYBY_ACCEL_JOB_H

#include <linux/types.h>
#include <drm/layby_accel.h>

/* Bytes of device memory. */
struct layby_hw_range {
	__u64 address;
	__u64 length;
};

/* What of a job never changes from one submission to the next. */
struct layby_hw_job {
	struct layby_hw_range program;
	struct layby_hw_range input[LAYBY_MAX_INPUTS];
	struct layby_hw_range output[LAYBY_MAX_OUTPUTS];
	__u32 input_count;
	__u32 output_count;
};

#endif /* LAYBY_ACCEL_JOB_H */
