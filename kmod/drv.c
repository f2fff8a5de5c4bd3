// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module and its drm_driver: which calls reach a node.
 *
 * Owns the list of ioctls. Nothing of the DRM core that is not on the list
 * below is reachable: flink names and PRIME file descriptors would carry a
 * buffer from one party to another.
 */
#include <linux/module.h>

#include <drm/drm_accel.h>
#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/drm_ioctl.h>

#include "consent.h"
#include "control.h"
#include "governor.h"
#include "keeper.h"
#include "layby.h"
#include "vehicle.h"
#ifdef LAYBY_BENCH
#include <layby/bench_ioctl.h>
#endif

#if !IS_ENABLED(CONFIG_DRM_ACCEL)
#error "layby needs a kernel with CONFIG_DRM_ACCEL=y: its nodes are /dev/accel/accelN"
#endif

static const struct drm_ioctl_desc layby_ioctls[] = {
	DRM_IOCTL_DEF_DRV(LAYBY_QUERY, layby_query_ioctl, 0),
	DRM_IOCTL_DEF_DRV(LAYBY_BUFFER_CREATE, layby_buffer_create_ioctl, 0),
	DRM_IOCTL_DEF_DRV(LAYBY_BUFFER_MAP, layby_buffer_map_ioctl, 0),
	DRM_IOCTL_DEF_DRV(LAYBY_JOB_PREPARE, layby_job_prepare_ioctl, 0),
	DRM_IOCTL_DEF_DRV(LAYBY_JOB_UNPREPARE, layby_job_unprepare_ioctl, 0),
	DRM_IOCTL_DEF_DRV(LAYBY_LEASE, layby_lease_take_ioctl, 0),
	DRM_IOCTL_DEF_DRV(LAYBY_CONSENT, layby_consent_ioctl, 0),
#ifdef LAYBY_BENCH
	DRM_IOCTL_DEF_DRV(LAYBY_BENCH_RUN, layby_bench_run_ioctl, 0),
#endif
};

/*
 * The whole command must match, its size too: the DRM core would take a longer
 * struct and drop the tail unread.
 */
static bool layby_ioctl_allowed(unsigned int cmd)
{
	switch (cmd) {
	case DRM_IOCTL_VERSION:
	case DRM_IOCTL_GEM_CLOSE:
	case DRM_IOCTL_LAYBY_QUERY:
	case DRM_IOCTL_LAYBY_BUFFER_CREATE:
	case DRM_IOCTL_LAYBY_BUFFER_MAP:
	case DRM_IOCTL_LAYBY_JOB_PREPARE:
	case DRM_IOCTL_LAYBY_JOB_UNPREPARE:
	case DRM_IOCTL_LAYBY_LEASE:
	case DRM_IOCTL_LAYBY_CONSENT:
#ifdef LAYBY_BENCH
	case DRM_IOCTL_LAYBY_BENCH_RUN:
#endif
		return true;
	default:
		return false;
	}
}

static long layby_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	if (!layby_ioctl_allowed(cmd))
		return -EOPNOTSUPP;
	return drm_ioctl(filp, cmd, arg);
}

static int layby_mmap(struct file *filp, struct vm_area_struct *vma)
{
	struct drm_file *file = filp->private_data;

	if (drm_dev_is_unplugged(file->minor->dev))
		return -ENODEV;
	if (vma->vm_pgoff == LAYBY_REPORT_OFFSET >> PAGE_SHIFT)
		return layby_party_map_reports(file->driver_priv, vma);
	return drm_gem_mmap(filp, vma);
}

static const struct file_operations layby_fops = {
	.owner = THIS_MODULE,
	.open = accel_open,
	.release = drm_release,
	.unlocked_ioctl = layby_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = layby_mmap,
	.uring_cmd = layby_uring_cmd,
	.show_fdinfo = drm_show_fdinfo,
	.llseek = noop_llseek,
	.fop_flags = FOP_UNSIGNED_OFFSET,
};

const struct drm_driver layby_drm_driver = {
	.driver_features = DRIVER_COMPUTE_ACCEL | DRIVER_GEM,
	.open = layby_party_open,
	.postclose = layby_party_close,
	.release = layby_partition_release,
	.show_fdinfo = layby_party_show,
	.ioctls = layby_ioctls,
	.num_ioctls = ARRAY_SIZE(layby_ioctls),
	.fops = &layby_fops,
	.name = "layby",
	.desc = "partitioned vehicle AI accelerator",
	.date = "20261122",
	.major = 1,
	.minor = 0,
};

/* In this order, and back in the other. */
static const struct {
	int (*init)(void);
	void (*fini)(void);
} layby_parts[] = {
	{ layby_firmware_init, layby_firmware_fini },
	{ layby_party_init, layby_party_fini },
	{ layby_governor_init, layby_governor_fini },
	{ layby_control_init, layby_control_fini },
	{ layby_keeper_init, layby_keeper_fini },
	{ layby_power_init, layby_power_fini },
	{ layby_vehicle_init, layby_vehicle_fini },
	{ layby_bench_init, layby_bench_fini },
};

static void layby_parts_fini(u32 count)
{
	while (count--)
		layby_parts[count].fini();
}

/* Accelerators are the backends' to create; the module itself starts nothing. */
static int __init layby_init(void)
{
	u32 i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(layby_parts); i++) {
		ret = layby_parts[i].init();
		if (ret) {
			layby_parts_fini(i);
			return ret;
		}
	}
	return 0;
}

static void __exit layby_exit(void)
{
	layby_parts_fini(ARRAY_SIZE(layby_parts));
}

module_init(layby_init);
module_exit(layby_exit);
MODULE_DESCRIPTION("layby: a parked vehicle's AI accelerator, partitioned");
MODULE_LICENSE("GPL");
