// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffers: pieces of a partition's window, held by a party through a handle.
 *
 * Owns the window's allocator (under window_lock) and the mappings. Must never
 * hand out a byte that another party wrote: memory is cleared when a buffer is
 * freed, which is when no handle, mapping or prepared job is left (ISO-4).
 * Device memory has no struct page: mappings are page frame numbers, filled in
 * by faults, and give SIGBUS once the accelerator is gone, while the gate is
 * closed, and once the consent under which a party came has ended.
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include <drm/drm_drv.h>
#include <drm/drm_gem.h>
#include <drm/drm_vma_manager.h>

#include "layby.h"

static struct layby_buffer *to_layby_buffer(const struct drm_gem_object *object)
{
	return container_of(object, struct layby_buffer, base);
}

u64 layby_buffer_address(const struct drm_gem_object *object)
{
	return to_layby_buffer(object)->node.start;
}

u32 layby_buffer_flags(const struct drm_gem_object *object)
{
	return to_layby_buffer(object)->flags;
}

/* The piece of the window is the caller's; no BAR is touched after an unplug. */
void layby_window_clear(struct layby_partition *partition, u64 start, u64 size)
{
	const struct layby_hw *hw = &partition->accel->hw;
	struct iosys_map memory = hw->memory;

	iosys_map_memset(&memory, start - hw->memory_address, 0, size);
	atomic64_inc(&partition->cleared.pieces);
	atomic64_add(size, &partition->cleared.bytes);
}

/* After an unplug the memory is the backend's again, or nobody's. */
static void layby_buffer_clear(struct layby_buffer *buffer)
{
	struct layby_partition *partition = buffer->party->partition;
	int idx;

	if (!drm_dev_enter(partition->drm, &idx))
		return;
	layby_window_clear(partition, buffer->node.start, buffer->node.size);
	drm_dev_exit(idx);
}

/*
 * Every byte that a buffer of the partition holds, whosoever it is. Its parties
 * are dead, their mappings gone and its slot stopped.
 */
void layby_partition_clear(struct layby_partition *partition)
{
	struct drm_mm_node *node;
	int idx;

	if (!drm_dev_enter(partition->drm, &idx))
		return;
	mutex_lock(&partition->window_lock);
	drm_mm_for_each_node(node, &partition->window)
		layby_window_clear(partition, node->start, node->size);
	mutex_unlock(&partition->window_lock);
	drm_dev_exit(idx);
}

/*
 * A slot that did not obey may have written after a buffer was cleared: what was
 * freed, or went with a consent, since then is cleared again now that it does.
 */
void layby_partition_scrub(struct layby_partition *partition)
{
	struct drm_mm_node *node;
	u64 start, end;
	int idx;

	if (!drm_dev_enter(partition->drm, &idx))
		return;
	mutex_lock(&partition->window_lock);
	drm_mm_for_each_hole(node, &partition->window, start, end)
		layby_window_clear(partition, start, end - start);
	drm_mm_for_each_node(node, &partition->window)
		if (layby_party_dead(container_of(node, struct layby_buffer, node)->party))
			layby_window_clear(partition, node->start, node->size);
	mutex_unlock(&partition->window_lock);
	drm_dev_exit(idx);
}

static void layby_buffer_free(struct drm_gem_object *object)
{
	struct layby_buffer *buffer = to_layby_buffer(object);
	struct layby_party *party = buffer->party;
	struct layby_partition *partition = party->partition;

	if (drm_mm_node_allocated(&buffer->node)) {
		layby_buffer_clear(buffer);
		mutex_lock(&partition->window_lock);
		partition->window_free += buffer->node.size;
		drm_mm_remove_node(&buffer->node);
		mutex_unlock(&partition->window_lock);
		atomic64_sub(object->size, &party->buffer_bytes);
	}
	atomic_dec(&party->buffers);
	drm_gem_object_release(object);
	kfree(buffer);
}

static vm_fault_t layby_buffer_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct drm_gem_object *object = vma->vm_private_data;
	struct layby_buffer *buffer = to_layby_buffer(object);
	struct layby_partition *partition = buffer->party->partition;
	const struct layby_hw *hw = &partition->accel->hw;
	u64 offset = (vmf->pgoff - drm_vma_node_start(&object->vma_node)) << PAGE_SHIFT;
	phys_addr_t phys = hw->memory_phys + buffer->node.start -
			   hw->memory_address + offset;
	vm_fault_t ret = VM_FAULT_SIGBUS;
	int idx;

	if (offset >= object->size || !drm_dev_enter(partition->drm, &idx))
		return VM_FAULT_SIGBUS;
	/* What is inserted here is found by whoever closes the gate next. */
	down_read(&partition->map_lock);
	if (!READ_ONCE(partition->queue.shut) && !layby_party_dead(buffer->party))
		ret = vmf_insert_pfn(vma, vmf->address, PHYS_PFN(phys));
	up_read(&partition->map_lock);
	drm_dev_exit(idx);
	return ret;
}

static const struct vm_operations_struct layby_buffer_vm_ops = {
	.fault = layby_buffer_fault,
	.open = drm_gem_vm_open,
	.close = drm_gem_vm_close,
};

/*
 * A private mapping would copy on write, which page frame numbers cannot. The
 * core drops VM_SHARED of a shared mapping of a file opened for reading.
 */
static int layby_buffer_mmap(struct drm_gem_object *object,
			     struct vm_area_struct *vma)
{
	struct layby_buffer *buffer = to_layby_buffer(object);

	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	vm_flags_set(vma, VM_PFNMAP | VM_IO | VM_DONTEXPAND | VM_DONTDUMP |
		     VM_DONTCOPY);
	vma->vm_page_prot = vm_get_page_prot(vma->vm_flags);
	if (!buffer->party->partition->accel->hw.memory_cached)
		vma->vm_page_prot = pgprot_writecombine(vma->vm_page_prot);
	return 0;
}

static const struct drm_gem_object_funcs layby_buffer_funcs = {
	.free = layby_buffer_free,
	.mmap = layby_buffer_mmap,
	.vm_ops = &layby_buffer_vm_ops,
};

static int layby_buffer_place(struct layby_buffer *buffer)
{
	struct layby_partition *partition = buffer->party->partition;
	int ret;

	mutex_lock(&partition->window_lock);
	ret = drm_mm_insert_node_generic(&partition->window, &buffer->node,
					 buffer->base.size, PAGE_SIZE, 0,
					 DRM_MM_INSERT_BEST);
	if (!ret)
		partition->window_free -= buffer->node.size;
	mutex_unlock(&partition->window_lock);
	if (!ret)
		atomic64_add(buffer->base.size, &buffer->party->buffer_bytes);
	return ret;
}

/* The reference that is returned is the caller's. */
static struct layby_buffer *layby_buffer_create(struct layby_party *party,
						u64 size, u32 flags)
{
	struct layby_buffer *buffer;
	int ret;

	if (!atomic_add_unless(&party->buffers, 1, LAYBY_PARTY_BUFFERS))
		return ERR_PTR(-EDQUOT);
	buffer = kzalloc(sizeof(*buffer), GFP_KERNEL_ACCOUNT);
	if (!buffer) {
		atomic_dec(&party->buffers);
		return ERR_PTR(-ENOMEM);
	}
	buffer->party = party;
	buffer->flags = flags;
	buffer->base.funcs = &layby_buffer_funcs;
	drm_gem_private_object_init(party->partition->drm, &buffer->base, size);

	ret = layby_buffer_place(buffer);
	if (!ret)
		ret = drm_gem_create_mmap_offset(&buffer->base);
	if (ret) {
		drm_gem_object_put(&buffer->base);
		return ERR_PTR(ret);
	}
	return buffer;
}

int layby_buffer_create_ioctl(struct drm_device *drm, void *data,
			      struct drm_file *file)
{
	struct layby_party *party = file->driver_priv;
	struct layby_buffer_create *args = data;
	struct layby_buffer *buffer;
	int ret;

	if (args->handle || !args->size || args->flags & ~LAYBY_BUFFER_READ_ONLY)
		return -EINVAL;
	if (args->size > party->partition->cfg.window.length)
		return -ENOSPC;
	if (layby_party_dead(party))
		return -ESTALE;
	/* The device of a fenced slot may still write where it likes. */
	if (layby_queue_faulted(party->partition))
		return -EIO;

	buffer = layby_buffer_create(party, PAGE_ALIGN(args->size), args->flags);
	if (IS_ERR(buffer))
		return PTR_ERR(buffer);
	args->size = buffer->base.size;
	ret = drm_gem_handle_create(file, &buffer->base, &args->handle);
	drm_gem_object_put(&buffer->base);
	return ret;
}

int layby_buffer_map_ioctl(struct drm_device *drm, void *data,
			   struct drm_file *file)
{
	struct layby_party *party = file->driver_priv;
	struct layby_buffer_map *args = data;
	struct drm_gem_object *object;

	if (args->flags || args->offset)
		return -EINVAL;
	if (layby_party_dead(party))
		return -ESTALE;
	object = drm_gem_object_lookup(file, args->handle);
	if (!object)
		return -ENOENT;
	args->offset = drm_vma_node_offset_addr(&object->vma_node);
	drm_gem_object_put(object);
	return 0;
}
