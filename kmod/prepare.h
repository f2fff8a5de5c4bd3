/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a job may name when it is prepared, submitted, cancelled. Pure: a function
 * of its arguments, no kernel API beyond types. The same file goes into the module,
 * the host tests and the proofs.
 */
#ifndef LAYBY_PREPARE_H
#define LAYBY_PREPARE_H

#ifndef __KERNEL__
#include <stdbool.h>
#endif

#include "accel_job.h"

/* Limits of one party: tags that it submits under, jobs that it has prepared. */
#define LAYBY_PARTY_TAGS	64
#define LAYBY_PARTY_JOBS	128

/**
 * layby_prepare_sane() - is this a call that could succeed?
 * @args: any values at all
 * @longest_run_ns: that a job of this partition may declare
 *
 * Return: whether every count, flag and pad, and the run time, are in range.
 */
bool layby_prepare_sane(const struct layby_job_prepare *args, __u64 longest_run_ns);

/**
 * layby_prepare_place() - where in device memory is a range of a buffer?
 * @range: any values at all; whose buffer it is, is the caller's to know
 * @address: of the buffer's first byte, @address + @size is a number
 * @size: of the buffer, bytes
 * @hw: the range, untouched if it is refused
 *
 * Return: whether it is inside the buffer, aligned and not empty (ISO-4).
 */
bool layby_prepare_place(const struct layby_range *range, __u64 address, __u64 size,
			 struct layby_hw_range *hw);

/**
 * layby_prepare_apart() - does no output overlap anything?
 * @job: ranges that layby_prepare_place() gave, counts within their arrays
 *
 * Inputs may overlap each other and the program: the job only reads them.
 */
bool layby_prepare_apart(const struct layby_hw_job *job);

/**
 * layby_submit_sane() - is this a submission that could succeed?
 * @submit: any values at all, each read once
 *
 * Return: whether its tag is one and no unknown flag is set (ISO-6). That its job
 * is a prepared one is not asked here.
 */
bool layby_submit_sane(const struct layby_cmd_submit *submit);

/* The same of a cancel; that its tag is in flight is not asked here. */
bool layby_cancel_sane(const struct layby_cmd_cancel *cancel);

#endif /* LAYBY_PREPARE_H */
