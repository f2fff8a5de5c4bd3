// SPDX-License-Identifier: GPL-2.0-only
/*
 * The accelerator: from a backend's description to partitions and back.
 *
 * Owns the check of the description and the table of partitions. Must never
 * let two partitions share a byte of memory or a tile (ISO-1).
 */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "layby.h"

static void layby_accel_free(struct kref *ref)
{
	kfree(container_of(ref, struct layby_accel, ref));
}

void layby_accel_get(struct layby_accel *accel)
{
	kref_get(&accel->ref);
}

void layby_accel_put(struct layby_accel *accel)
{
	kref_put(&accel->ref, layby_accel_free);
}

static bool layby_hw_ok(const struct layby_hw *hw)
{
	return hw->name && hw->dev && hw->owner && hw->ops &&
	       !iosys_map_is_null(&hw->memory) &&
	       PAGE_ALIGNED(hw->memory_address) &&
	       PAGE_ALIGNED(hw->memory_phys) &&
	       hw->memory_bytes >= 2 * PAGE_SIZE &&
	       hw->memory_address + hw->memory_bytes > hw->memory_address &&
	       hw->tiles >= 2 && hw->tiles <= 32 && hw->slots >= 2 &&
	       hw->levels && hw->ticks_hz && hw->abort_bound_ns &&
	       hw->reset_bound_ns && hw->queue_depth &&
	       hw->queue_depth <= LAYBY_QUEUE_DEPTH_MAX;
}

/*
 * Until the signed policy says otherwise: driving and guest, half each. An odd
 * tile or page goes to driving.
 */
static void layby_accel_halve(const struct layby_hw *hw,
			      struct layby_hw_slot *driving,
			      struct layby_hw_slot *guest)
{
	u32 guest_tiles = hw->tiles / 2;
	u32 all = GENMASK(hw->tiles - 1, 0);
	u64 guest_bytes = ALIGN_DOWN(hw->memory_bytes / 2, PAGE_SIZE);
	u64 total = ALIGN_DOWN(hw->memory_bytes, PAGE_SIZE);

	guest->tiles = GENMASK(guest_tiles - 1, 0);
	driving->tiles = all & ~guest->tiles;
	driving->window.address = hw->memory_address;
	driving->window.length = total - guest_bytes;
	guest->window.address = hw->memory_address + driving->window.length;
	guest->window.length = guest_bytes;
}

/* The partition is found by interrupts before its node can be opened. */
static int layby_accel_add(struct layby_accel *accel, u32 class,
			   const struct layby_hw_slot *cfg)
{
	struct layby_partition *partition;
	u32 slot = accel->partition_count;
	int ret;

	partition = layby_partition_create(accel, class, slot, cfg);
	if (IS_ERR(partition))
		return PTR_ERR(partition);
	/* Pairs with layby_accel_partition(): a whole partition is found. */
	smp_store_release(&accel->partition[slot], partition);
	accel->partition_count++;

	ret = layby_partition_start(partition);
	if (ret)
		dev_err(accel->hw.dev, "layby: slot %u cannot be started: %d\n",
			slot, ret);
	return ret;
}

static struct layby_partition *
layby_accel_partition(struct layby_accel *accel, u32 slot)
{
	if (slot >= LAYBY_PARTITIONS_MAX)
		return NULL;
	/* Pairs with layby_accel_add(). */
	return smp_load_acquire(&accel->partition[slot]);
}

struct layby_accel *layby_accel_create(const struct layby_hw *hw)
{
	struct layby_accel *accel;

	if (!layby_hw_ok(hw))
		return ERR_PTR(-EINVAL);
	accel = kzalloc(sizeof(*accel), GFP_KERNEL);
	if (!accel)
		return ERR_PTR(-ENOMEM);
	accel->hw = *hw;
	kref_init(&accel->ref);
	return accel;
}
EXPORT_SYMBOL_GPL(layby_accel_create);

int layby_accel_start(struct layby_accel *accel)
{
	struct layby_hw_slot driving = {}, guest = {};
	int ret;

	layby_accel_halve(&accel->hw, &driving, &guest);
	ret = layby_accel_add(accel, LAYBY_CLASS_DRIVING, &driving);
	if (!ret)
		ret = layby_accel_add(accel, LAYBY_CLASS_GUEST, &guest);
	return ret;
}
EXPORT_SYMBOL_GPL(layby_accel_start);

/*
 * Stopping comes for all before anything is freed: an interrupt may still be
 * looking at a partition until the backend has silenced it.
 */
void layby_accel_stop(struct layby_accel *accel)
{
	u32 i;

	for (i = 0; i < accel->partition_count; i++)
		layby_partition_stop(accel->partition[i]);
}
EXPORT_SYMBOL_GPL(layby_accel_stop);

void layby_accel_destroy(struct layby_accel *accel)
{
	while (accel->partition_count)
		layby_partition_destroy(accel->partition[--accel->partition_count]);
	layby_accel_put(accel);
}
EXPORT_SYMBOL_GPL(layby_accel_destroy);

void layby_slot_interrupt(struct layby_accel *accel, u32 slot)
{
	struct layby_partition *partition = layby_accel_partition(accel, slot);

	if (partition)
		layby_queue_poll(partition);
}
EXPORT_SYMBOL_GPL(layby_slot_interrupt);

void layby_accel_lost(struct layby_accel *accel)
{
	struct layby_partition *partition;
	u32 slot;

	for (slot = 0; slot < LAYBY_PARTITIONS_MAX; slot++) {
		partition = layby_accel_partition(accel, slot);
		if (partition)
			layby_queue_lost(partition);
	}
}
EXPORT_SYMBOL_GPL(layby_accel_lost);
