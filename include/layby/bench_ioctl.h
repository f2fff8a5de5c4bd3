/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note OR MIT */
/*
 * Submit and wait by plain ioctl, as other drivers do. Exists in the bench
 * build (LAYBY_BENCH) only, to be measured beside the io_uring path.
 */
#ifndef LAYBY_BENCH_IOCTL_H
#define LAYBY_BENCH_IOCTL_H

#include <drm/layby_accel.h>

struct layby_bench_run {
	__u32 job;	/* prepared job */
	__u32 tag;	/* not in flight */
	__s32 result;	/* out, as the CQE's res */
	__u32 pad;
};

/* far from those of the uapi, which grow */
#define DRM_LAYBY_BENCH_RUN	0x1f
#define DRM_IOCTL_LAYBY_BENCH_RUN \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_LAYBY_BENCH_RUN, struct layby_bench_run)

#endif
