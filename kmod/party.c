// SPDX-License-Identifier: GPL-2.0-only
/*
 * The party: on whose behalf jobs run, one open file of a node.
 *
 * Owns the prepared jobs, the array of submissions and the mapped reports. A
 * closed file leaves its party behind until the hardware has let go of its last
 * job; the party holds the drm_device and the backend's module that long.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include <drm/drm_drv.h>
#include <drm/drm_print.h>

#include "layby.h"

#define LAYBY_REPORT_BYTES \
	PAGE_ALIGN(LAYBY_PARTY_TAGS * sizeof(struct layby_report))

static atomic64_t layby_party_ids = ATOMIC64_INIT(0);

/* The module's own, so that unloading it waits for the last one to return. */
static struct workqueue_struct *layby_party_wq;

/* A count, so that the closing parties of a hostile guest are bounded too. */
static int layby_partition_join(struct layby_partition *partition)
{
	int ret = 0;

	mutex_lock(&partition->window_lock);
	if (partition->parties >= LAYBY_PARTITION_PARTIES)
		ret = -EMFILE;
	else
		partition->parties++;
	mutex_unlock(&partition->window_lock);
	return ret;
}

static void layby_partition_leave(struct layby_partition *partition)
{
	mutex_lock(&partition->window_lock);
	partition->parties--;
	mutex_unlock(&partition->window_lock);
}

/* Jobs hold buffers, buffers hold the window: in this order. May sleep. */
static void layby_party_destroy(struct layby_party *party)
{
	struct layby_partition *partition = party->partition;
	struct module *owner = partition->accel->hw.owner;
	struct drm_device *drm = partition->drm;
	u32 i;

	for (i = 0; i < LAYBY_PARTY_JOBS; i++)
		if (party->prepared[i])
			layby_prepared_destroy(party->prepared[i]);
	WARN_ON_ONCE(atomic_read(&party->buffers));

	layby_partition_leave(partition);
	mutex_destroy(&party->lock);
	vfree(party->reports);
	kvfree(party);
	drm_dev_put(drm);
	module_put(owner);
}

static void layby_party_destroy_work(struct work_struct *work)
{
	layby_party_destroy(container_of(work, struct layby_party, destroy));
}

static void layby_job_init(struct layby_job *job, struct layby_party *party,
			   struct layby_report *report)
{
	job->party = party;
	job->report = report;
}

/* The last job of a closed party has ended. Any context. */
void layby_party_destroy_later(struct layby_party *party)
{
	queue_work(layby_party_wq, &party->destroy);
}

static struct layby_party *layby_party_alloc(struct layby_partition *partition)
{
	struct layby_party *party;
	u32 tag;

	party = kvzalloc(sizeof(*party), GFP_KERNEL_ACCOUNT);
	if (!party)
		return NULL;
	party->reports = vmalloc_user(LAYBY_REPORT_BYTES);
	if (!party->reports) {
		kvfree(party);
		return NULL;
	}
	party->partition = partition;
	party->id = atomic64_inc_return(&layby_party_ids);
	party->epoch = READ_ONCE(partition->epoch);
	mutex_init(&party->lock);
	INIT_WORK(&party->destroy, layby_party_destroy_work);
	for (tag = 0; tag < LAYBY_PARTY_TAGS; tag++)
		layby_job_init(&party->job[tag], party, &party->reports[tag]);
	return party;
}

static int layby_party_create(struct layby_partition *partition,
			      struct layby_party **ret_party)
{
	struct layby_party *party;
	int ret;

	ret = layby_partition_join(partition);
	if (ret)
		return ret;
	party = layby_party_alloc(partition);
	if (!party) {
		layby_partition_leave(partition);
		return -ENOMEM;
	}
	drm_dev_get(partition->drm);
	*ret_party = party;
	return 0;
}

/*
 * drm_driver.open. The node's fops pin layby.ko only, so the backend's module
 * is pinned here, in a section that its removal waits for.
 */
int layby_party_open(struct drm_device *drm, struct drm_file *file)
{
	struct layby_partition *partition = drm->dev_private;
	struct module *owner = partition->accel->hw.owner;
	struct layby_party *party;
	int idx, ret;

	if (!drm_dev_enter(drm, &idx))
		return -ENODEV;
	ret = try_module_get(owner) ? 0 : -ENODEV;
	drm_dev_exit(idx);
	if (ret)
		return ret;
	ret = layby_party_create(partition, &party);
	if (ret)
		module_put(owner);
	else
		file->driver_priv = party;
	return ret;
}

/* drm_driver.postclose: handles and mappings are gone, commands are done. */
void layby_party_close(struct drm_device *drm, struct drm_file *file)
{
	struct layby_party *party = file->driver_priv;

	if (layby_queue_close(party))
		layby_party_destroy(party);
}

/*
 * By faults, because an unplug tears down every mapping of the node, and the
 * reports of the jobs that it ended are still to be read.
 */
static vm_fault_t layby_report_fault(struct vm_fault *vmf)
{
	struct layby_party *party = vmf->vma->vm_private_data;
	u64 offset = (vmf->pgoff << PAGE_SHIFT) - LAYBY_REPORT_OFFSET;

	if (offset >= LAYBY_REPORT_BYTES)
		return VM_FAULT_SIGBUS;
	vmf->page = vmalloc_to_page((void *)party->reports + offset);
	get_page(vmf->page);
	return 0;
}

static const struct vm_operations_struct layby_report_vm_ops = {
	.fault = layby_report_fault,
};

int layby_party_map_reports(struct layby_party *party, struct vm_area_struct *vma)
{
	if (vma->vm_flags & (VM_WRITE | VM_EXEC))
		return -EACCES;
	if (vma->vm_end - vma->vm_start > LAYBY_REPORT_BYTES)
		return -EINVAL;
	vm_flags_mod(vma, VM_DONTEXPAND | VM_DONTCOPY | VM_DONTDUMP,
		     VM_MAYWRITE | VM_MAYEXEC);
	vma->vm_ops = &layby_report_vm_ops;
	vma->vm_private_data = party;
	return 0;
}

/* drm_driver.show_fdinfo, as Documentation/gpu/drm-usage-stats.rst has it */
void layby_party_show(struct drm_printer *p, struct drm_file *file)
{
	struct layby_party *party = file->driver_priv;
	const struct layby_hw *hw = &party->partition->accel->hw;
	struct layby_usage usage;

	layby_queue_usage(party, &usage);
	drm_printf(p, "drm-engine-tiles:\t%llu ns\n",
		   mul_u64_u64_div_u64(usage.run_ticks, NSEC_PER_SEC, hw->ticks_hz));
	drm_printf(p, "drm-total-window:\t%llu KiB\n",
		   (u64)atomic64_read(&party->buffer_bytes) >> 10);
	drm_printf(p, "layby-jobs-in-flight:\t%u\n", usage.in_flight);
}

int layby_party_init(void)
{
	layby_party_wq = alloc_workqueue("layby", WQ_UNBOUND, 0);
	return layby_party_wq ? 0 : -ENOMEM;
}

void layby_party_fini(void)
{
	destroy_workqueue(layby_party_wq);
}
