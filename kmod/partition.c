// SPDX-License-Identifier: GPL-2.0-only
/*
 * The partition: one slot, one window, one node.
 *
 * Owns the child device on the auxiliary bus, by whose name udev tells the
 * classes apart, the drm_device, and the slot's life: start, stop. Freed with
 * the last reference on the drm_device, which files, parties and mappings hold;
 * the hardware is not touched any more after layby_partition_stop().
 */
#include <linux/err.h>
#include <linux/idr.h>
#include <linux/slab.h>

#include <drm/drm_drv.h>

#include "layby.h"

static DEFINE_IDA(layby_driving_ida);
static DEFINE_IDA(layby_guest_ida);

static struct ida *layby_class_ida(u32 class)
{
	return class == LAYBY_CLASS_DRIVING ? &layby_driving_ida : &layby_guest_ida;
}

static const char *layby_class_name(u32 class)
{
	return class == LAYBY_CLASS_DRIVING ? "driving" : "guest";
}

static void layby_aux_release(struct device *dev)
{
	kfree(to_auxiliary_dev(dev));
}

/*
 * The policy's number, which is the lowest one without a policy. If another
 * accelerator's partition has it, the next one: a name is no reason to have none.
 */
static int layby_class_id(u32 class, u32 id)
{
	return ida_alloc_min(layby_class_ida(class), id, GFP_KERNEL);
}

static struct auxiliary_device *layby_aux_alloc(struct device *parent, u32 class, u32 wanted)
{
	struct auxiliary_device *aux;
	int id, ret;

	aux = kzalloc(sizeof(*aux), GFP_KERNEL);
	if (!aux)
		return ERR_PTR(-ENOMEM);
	id = layby_class_id(class, wanted);
	if (id < 0) {
		kfree(aux);
		return ERR_PTR(id);
	}
	aux->name = layby_class_name(class);
	aux->id = id;
	aux->dev.parent = parent;
	aux->dev.release = layby_aux_release;
	ret = auxiliary_device_init(aux);
	if (ret) {
		ida_free(layby_class_ida(class), id);
		kfree(aux);
		return ERR_PTR(ret);
	}
	return aux;
}

static struct auxiliary_device *layby_aux_create(struct device *parent, u32 class, u32 id)
{
	struct auxiliary_device *aux = layby_aux_alloc(parent, class, id);
	int ret;

	if (IS_ERR(aux))
		return aux;
	ret = auxiliary_device_add(aux);
	if (ret) {
		ida_free(layby_class_ida(class), aux->id);
		auxiliary_device_uninit(aux);
		return ERR_PTR(ret);
	}
	return aux;
}

/*
 * Its number is free again, whoever still has the node open: an accelerator
 * that comes back is found under the name that it had.
 */
static void layby_aux_destroy(struct auxiliary_device *aux, u32 class)
{
	u32 id = aux->id;

	auxiliary_device_delete(aux);
	auxiliary_device_uninit(aux);
	ida_free(layby_class_ida(class), id);
}

/* drm_driver.release: nobody knows the partition any more. */
void layby_partition_release(struct drm_device *drm)
{
	struct layby_partition *partition = drm->dev_private;

	if (!partition)
		return;
	drm_mm_takedown(&partition->window);
	layby_accel_put(partition->accel);
	mutex_destroy(&partition->slot_lock);
	mutex_destroy(&partition->window_lock);
	kfree(partition);
}

/* What was in the window before layby came is nobody's to read (ISO-4). */
static void layby_window_init(struct layby_partition *partition)
{
	const struct layby_hw_range *window = &partition->cfg.window;

	drm_mm_init(&partition->window, window->address, window->length);
	partition->window_free = window->length;
	layby_window_clear(partition, window->address, window->length);
}

/* From here on the partition is the drm_device's, and goes with it. */
static void layby_partition_bind(struct layby_partition *partition,
				 struct layby_accel *accel, struct drm_device *drm)
{
	mutex_init(&partition->window_lock);
	mutex_init(&partition->slot_lock);
	init_rwsem(&partition->map_lock);
	layby_accel_get(accel);
	partition->accel = accel;
	partition->drm = drm;
	drm->dev_private = partition;
	layby_window_init(partition);
}

struct layby_partition *
layby_partition_create(struct layby_accel *accel, u32 slot,
		       const struct layby_policy_share *share)
{
	struct layby_partition *partition;
	struct drm_device *drm;
	int ret;

	partition = kzalloc(sizeof(*partition), GFP_KERNEL);
	if (!partition)
		return ERR_PTR(-ENOMEM);
	partition->class = share->class;
	partition->slot = slot;
	partition->share = *share;
	partition->cfg.window = share->window;
	partition->cfg.bandwidth_permille = share->bandwidth_permille;
	partition->cfg.level = accel->hw.levels - 1;
	partition->cfg.watched = share->class == LAYBY_CLASS_GUEST;
	/* Until the gate opens, driving has what it has while driving. */
	partition->queue.shut = share->class == LAYBY_CLASS_GUEST;
	partition->cfg.tiles = partition->queue.shut ? share->tiles_parked :
						       share->tiles_driving;

	partition->aux = layby_aux_create(accel->hw.dev, share->class, share->id);
	if (IS_ERR(partition->aux)) {
		ret = PTR_ERR(partition->aux);
		goto free_partition;
	}
	partition->id = partition->aux->id;
	drm = drm_dev_alloc(&layby_drm_driver, &partition->aux->dev);
	if (IS_ERR(drm)) {
		ret = PTR_ERR(drm);
		goto destroy_aux;
	}
	layby_partition_bind(partition, accel, drm);
	ret = layby_queue_init(partition);
	if (ret)
		goto put_drm;
	return partition;

put_drm:
	layby_aux_destroy(partition->aux, share->class);
	drm_dev_put(drm);
	return ERR_PTR(ret);
destroy_aux:
	layby_aux_destroy(partition->aux, share->class);
free_partition:
	kfree(partition);
	return ERR_PTR(ret);
}

int layby_partition_start(struct layby_partition *partition)
{
	const struct layby_hw *hw = &partition->accel->hw;
	int ret;

	ret = hw->ops->slot_disable(hw->priv, partition->slot);
	if (!ret)
		ret = hw->ops->clear_tiles(hw->priv, partition->cfg.tiles);
	/* A guest's slot is reclaim's to enable, when the gate opens. */
	if (!ret && !partition->queue.shut)
		ret = hw->ops->slot_enable(hw->priv, partition->slot,
					   &partition->cfg);
	if (ret)
		return ret;
	atomic64_inc(&partition->cleared.tiles);
	layby_queue_start(partition);
	return drm_dev_register(partition->drm, 0);
}

/* Nothing that happens on the node reaches the hardware afterwards. */
void layby_partition_stop(struct layby_partition *partition)
{
	if (partition->drm->registered)
		drm_dev_unplug(partition->drm);
	layby_queue_fini(partition);
}

void layby_partition_destroy(struct layby_partition *partition)
{
	struct auxiliary_device *aux = partition->aux;

	layby_partition_stop(partition);
	layby_aux_destroy(aux, partition->class);
	drm_dev_put(partition->drm);
}
