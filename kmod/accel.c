// SPDX-License-Identifier: GPL-2.0-only
/*
 * The accelerator: from a backend's description to partitions and back.
 *
 * Owns the check of the description and the table of partitions. What they are
 * is the policy's; that two of them share neither a byte of memory nor a tile is
 * policy.c's (ISO-1).
 */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "charge.h"
#include "consent.h"
#include "control.h"
#include "keeper.h"
#include "layby.h"

static void layby_accel_free(struct kref *ref)
{
	struct layby_accel *accel = container_of(ref, struct layby_accel, ref);

	layby_policy_put(accel->policy);
	kfree(accel);
}

void layby_accel_get(struct layby_accel *accel)
{
	kref_get(&accel->ref);
}

void layby_accel_put(struct layby_accel *accel)
{
	kref_put(&accel->ref, layby_accel_free);
}

/* As struct layby_hw_level asks for. */
static bool layby_levels_ok(const struct layby_hw *hw)
{
	const struct layby_hw_level *level = hw->level;
	u32 i;

	if (!hw->levels || hw->levels > LAYBY_LEVELS_MAX ||
	    level[hw->levels - 1].speed_permille != 1000)
		return false;
	for (i = 0; i < hw->levels; i++)
		if (!level[i].speed_permille || !level[i].tile_worst_mw ||
		    level[i].tile_worst_mw > LAYBY_TILE_MW_MAX ||
		    level[i].tile_worst_mw < level[i].tile_least_mw)
			return false;
	for (i = 1; i < hw->levels; i++)
		if (level[i].speed_permille < level[i - 1].speed_permille ||
		    (u64)level[i].tile_worst_mw * level[i - 1].speed_permille <
		    (u64)level[i - 1].tile_worst_mw * level[i].speed_permille)
			return false;
	return true;
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
	       layby_levels_ok(hw) && hw->ticks_hz && hw->abort_bound_ns &&
	       hw->reset_bound_ns && hw->queue_depth &&
	       hw->queue_depth <= LAYBY_QUEUE_DEPTH_MAX;
}

/* With no policy driving has everything, and nobody else is there. */
static void layby_accel_whole(const struct layby_hw *hw,
			      struct layby_policy_share *share)
{
	*share = (struct layby_policy_share){
		.class = LAYBY_CLASS_DRIVING,
		.tiles_driving = GENMASK(hw->tiles - 1, 0),
		.tiles_parked = GENMASK(hw->tiles - 1, 0),
		.queue_depth = hw->queue_depth,
		.window.address = hw->memory_address,
		.window.length = ALIGN_DOWN(hw->memory_bytes, PAGE_SIZE),
		.longest_run_ns = LAYBY_LONGEST_RUN_MAX_NS,
	};
}

/* The partition is found by interrupts before its node can be opened. */
static int layby_accel_add(struct layby_accel *accel,
			   const struct layby_policy_share *share)
{
	struct layby_partition *partition;
	u32 slot = accel->partition_count;
	int ret;

	partition = layby_partition_create(accel, slot, share);
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
	INIT_LIST_HEAD(&accel->control);
	layby_energy_init(accel);
	return accel;
}
EXPORT_SYMBOL_GPL(layby_accel_create);

static int layby_accel_share(struct layby_accel *accel)
{
	u32 i;
	int ret = 0;

	if (layby_charge_rail_level(accel) < 0)
		dev_err(accel->hw.dev, "layby: guests' tiles draw at the lowest level more than the policy's Rail of %u mW leaves beside its DrivingPower of %u mW: no guest job will start; fewer guest tiles, or a Rail that bears them, would do\n",
			accel->policy->rail_mw, accel->policy->driving_power_mw);
	for (i = 0; i < accel->policy->share_count && !ret; i++)
		ret = layby_accel_add(accel, &accel->policy->share[i]);
	return ret ?: layby_keeper_attach(accel, accel->policy);
}

/* From here on it is told of; its accounts begin. */
static void layby_accel_show(struct layby_accel *accel)
{
	struct layby_energy energy;

	layby_energy_read(accel, &energy);
	layby_control_add(accel);
	layby_hwmon_add(accel);
}

static void layby_accel_hide(struct layby_accel *accel)
{
	layby_hwmon_remove(accel);
	layby_control_remove(accel);
}

int layby_accel_start(struct layby_accel *accel)
{
	struct layby_policy_share whole;
	int ret;

	accel->policy = layby_policy_claim(&accel->hw);
	if (accel->policy) {
		ret = layby_accel_share(accel);
	} else {
		layby_accel_whole(&accel->hw, &whole);
		ret = layby_accel_add(accel, &whole);
	}
	if (!ret)
		layby_accel_show(accel);
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

	WRITE_ONCE(accel->gone, true);
	layby_accel_hide(accel);
	layby_keeper_detach(accel);
	for (i = 0; i < accel->partition_count; i++)
		layby_partition_stop(accel->partition[i]);
	layby_policy_release(accel->policy);
	/* Behind it, so that nobody can give this owner's consent any more. */
	if (accel->policy)
		layby_consent_lapse();
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
