/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whole-number arithmetic of the governor: eBPF has no floating point and no signed
 * division. Pure; nothing here divides by zero or loops.
 */
#ifndef LAYBY_RECKON_H
#define LAYBY_RECKON_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#include <stdbool.h>
#endif

#define LAYBY_NS_PER_MS		1000000ULL
#define LAYBY_NS_PER_S		1000000000ULL
#define LAYBY_PERMILLE		1000U

static inline __u32 layby_lower(__u32 a, __u32 b)
{
	return a < b ? a : b;
}

static inline __s64 layby_within(__s64 value, __s64 low, __s64 high)
{
	if (value < low)
		return low;
	return value > high ? high : value;
}

/*
 * The same number, in a register of its own: the verifier must see the very one that
 * is used as an index compared with its bound.
 */
static inline __u32 layby_index(__u32 index)
{
	asm volatile("" : "+r"(index));
	return index;
}

/* value * times / by, towards 0; the product must fit. @by of 0 gives 0. */
static inline __s64 layby_scale(__s64 value, __u64 times, __u64 by)
{
	__u64 size = value < 0 ? -(__u64)value : (__u64)value;

	size = by ? size * times / by : 0;
	return value < 0 ? -(__s64)size : (__s64)size;
}

/* Of what comes, how much counts after @step_ns when the rest fades within @fade_ns. */
static inline __u32 layby_weight(__u64 step_ns, __u64 fade_ns)
{
	__u64 all = step_ns + fade_ns;

	return all ? step_ns * LAYBY_PERMILLE / all : LAYBY_PERMILLE;
}

/* @value goes towards @next by @weight; up to 2^31 each. */
static inline __u32 layby_smooth(__u32 value, __u32 next, __u32 weight)
{
	return (__u32)(value + layby_scale((__s64)next - value, weight, LAYBY_PERMILLE));
}

#endif /* LAYBY_RECKON_H */
