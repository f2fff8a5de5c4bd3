// SPDX-License-Identifier: GPL-2.0-only
/*
 * Slots of the virtual accelerator are set up and stopped here, and what is one
 * for the whole device: tiles, watchdog, sensors.
 *
 * Contexts: vnpu_stop(), vnpu_stopped(), vnpu_tiles_busy(), vnpu_watching() and
 * vnpu_feed() any; the rest sleeps.
 */
#include <linux/delay.h>

#include "vnpu.h"

/* The device writes a reading in some microseconds. */
#define VNPU_SENSOR_TRIES	100

static void vnpu_slot_write(struct vnpu_slot *slot, const struct layby_hw_slot *cfg)
{
	void __iomem *regs = slot->regs;

	writeq(cfg->window.address, regs + LAYBY_VNPU_SLOT_WINDOW_BASE);
	writeq(cfg->window.length, regs + LAYBY_VNPU_SLOT_WINDOW_BYTES);
	writel(cfg->tiles, regs + LAYBY_VNPU_SLOT_TILES);
	writel(cfg->bandwidth_permille, regs + LAYBY_VNPU_SLOT_BANDWIDTH);
	writel(cfg->watched ? LAYBY_VNPU_SLOT_WATCHED : 0,
	       regs + LAYBY_VNPU_SLOT_FLAGS);
	writel(LAYBY_VNPU_ENTRIES_MAX, regs + LAYBY_VNPU_SLOT_ENTRIES);
	writeq(LAYBY_VNPU_SQ(slot->index), regs + LAYBY_VNPU_SLOT_SQ);
	writeq(LAYBY_VNPU_CQ(slot->index), regs + LAYBY_VNPU_SLOT_CQ);
	writel(0, regs + LAYBY_VNPU_SLOT_SQ_TAIL);
	writel(0, regs + LAYBY_VNPU_SLOT_CQ_HEAD);
	writel(0, regs + LAYBY_VNPU_SLOT_ABORT);
}

int vnpu_slot_level(void *hw, u32 index, u32 level)
{
	return vnpu_command(hw, LAYBY_VNPU_OP_SLOT_LEVEL, index, level);
}

int vnpu_slot_enable(void *hw, u32 index, const struct layby_hw_slot *cfg)
{
	struct vnpu *vnpu = hw;
	struct vnpu_slot *slot = &vnpu->slot[index];
	int ret;

	/* First of all: a stop that comes from now on holds. */
	writel(0, slot->regs + LAYBY_VNPU_SLOT_STOP);
	/* A stale entry must not pass for one of the first pass, phase 1. */
	memset_io(slot->sq, 0, LAYBY_VNPU_ENTRIES_MAX * sizeof(*slot->sq));
	memset_io(slot->cq, 0, LAYBY_VNPU_ENTRIES_MAX * sizeof(*slot->cq));
	slot->sq_tail = 0;
	slot->cq_head = 0;
	slot->abort_sequence = 0;
	slot->generation = vnpu_read(vnpu, LAYBY_VNPU_REG_GENERATION);
	vnpu_slot_write(slot, cfg);
	ret = vnpu_slot_level(vnpu, index, cfg->level);
	if (!ret)
		ret = vnpu_command(vnpu, LAYBY_VNPU_OP_SLOT_ENABLE, index, 0);
	return ret && vnpu_reset_since(vnpu, slot->generation) ? -EAGAIN : ret;
}

int vnpu_slot_disable(void *hw, u32 index)
{
	return vnpu_command(hw, LAYBY_VNPU_OP_SLOT_DISABLE, index, 0);
}

int vnpu_slot_tiles(void *hw, u32 index, u32 tiles)
{
	return vnpu_command(hw, LAYBY_VNPU_OP_SLOT_TILES, index, tiles);
}

/*
 * No state of ours and no lock: what else is being done on the slot, here or in
 * the device, is not touched by these two.
 */
void vnpu_stop(void *hw, u32 index)
{
	struct vnpu *vnpu = hw;

	writel(1, vnpu->slot[index].regs + LAYBY_VNPU_SLOT_STOP);
	vnpu_ring(vnpu, LAYBY_VNPU_VECTOR_SLOT(index));
}

bool vnpu_stopped(void *hw, u32 index)
{
	struct vnpu *vnpu = hw;

	switch (readl(vnpu->slot[index].regs + LAYBY_VNPU_SLOT_STATE)) {
	case LAYBY_VNPU_STATE_DISABLED:
	case LAYBY_VNPU_STATE_STOPPED:
	case LAYBY_VNPU_STATE_EXPIRED:
		return true;
	default:
		return false;
	}
}

/* --- The whole device ----------------------------------------------------- */

int vnpu_clear_tiles(void *hw, u32 tiles)
{
	return vnpu_command(hw, LAYBY_VNPU_OP_CLEAR_TILES, 0, tiles);
}

u32 vnpu_tiles_busy(void *hw)
{
	return vnpu_read(hw, LAYBY_VNPU_REG_TILES_BUSY);
}

int vnpu_watchdog(void *hw, u64 timeout_ns)
{
	if (timeout_ns > (u64)U32_MAX * NSEC_PER_USEC)
		return -EINVAL;
	return vnpu_command(hw, LAYBY_VNPU_OP_WATCHDOG, 0,
			    DIV_ROUND_UP_ULL(timeout_ns, NSEC_PER_USEC));
}

/* What the device does not say stands for the worst. */
enum layby_hw_watchdog vnpu_watching(void *hw)
{
	switch (vnpu_read(hw, LAYBY_VNPU_REG_WATCHDOG)) {
	case LAYBY_VNPU_WATCHDOG_OFF:
		return LAYBY_HW_WATCHDOG_OFF;
	case LAYBY_VNPU_WATCHDOG_ARMED:
		return LAYBY_HW_WATCHDOG_ARMED;
	default:
		return LAYBY_HW_WATCHDOG_EXPIRED;
	}
}

void vnpu_feed(void *hw)
{
	vnpu_ring(hw, LAYBY_VNPU_VECTOR_FEED);
}

/* False: the device is writing, or has written, in the middle of it. */
static bool vnpu_sensors_read(struct vnpu *vnpu, struct layby_hw_sensors *sensors,
			      u32 *valid)
{
	u32 sequence = vnpu_read(vnpu, LAYBY_VNPU_REG_SENSOR_SEQUENCE);

	sensors->sample = sequence;
	sensors->power_mw = vnpu_read(vnpu, LAYBY_VNPU_REG_SENSOR_POWER);
	sensors->temperature_mdeg = vnpu_read(vnpu, LAYBY_VNPU_REG_SENSOR_TEMP);
	sensors->level = vnpu_read(vnpu, LAYBY_VNPU_REG_SENSOR_LEVEL);
	sensors->energy_uj = readq(vnpu->control + LAYBY_VNPU_REG_SENSOR_ENERGY);
	*valid = vnpu_read(vnpu, LAYBY_VNPU_REG_SENSOR_VALID);
	return !(sequence & 1) &&
	       vnpu_read(vnpu, LAYBY_VNPU_REG_SENSOR_SEQUENCE) == sequence;
}

int vnpu_sensors(void *hw, struct layby_hw_sensors *sensors)
{
	u32 tries, valid;

	for (tries = 0; tries < VNPU_SENSOR_TRIES; tries++) {
		if (vnpu_sensors_read(hw, sensors, &valid))
			return valid ? 0 : -ENODATA;
		usleep_range(20, 50);
	}
	return -ENODATA;
}
