// SPDX-License-Identifier: GPL-2.0-only
/*
 * layby_null: a backend with no hardware, for tests and for measuring the path
 * itself, as null_blk is for block. Never part of a vehicle's image.
 *
 * A job computes nothing and ends from an interrupt (irq_work), or by a timer
 * if delay_us is set. The parameters below make it misbehave; they are read at
 * each doorbell, abort and reset, and so may be changed while jobs run.
 */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "accel.h"

#define NULL_MEMORY_BYTES	SZ_4M
#define NULL_SLOTS		3
#define NULL_TILES		4
#define NULL_DEPTH		LAYBY_QUEUE_DEPTH_MAX

static unsigned int delay_us;
module_param(delay_us, uint, 0644);
MODULE_PARM_DESC(delay_us, "time a job takes, one after the other; 0: all at once at the doorbell");

static unsigned int others_us;
module_param(others_us, uint, 0644);
MODULE_PARM_DESC(others_us, "the same for the slots that are not only_slot");

static bool hang;
module_param(hang, bool, 0644);
MODULE_PARM_DESC(hang, "jobs do not end until aborted, or until a doorbell without it");

static bool fault;
module_param(fault, bool, 0644);
MODULE_PARM_DESC(fault, "jobs end with a memory access refused");

static unsigned int storm_us;
module_param(storm_us, uint, 0644);
MODULE_PARM_DESC(storm_us, "from the next doorbell on an interrupt for nothing each so often; 0: none");

static bool lose_abort;
module_param(lose_abort, bool, 0644);
MODULE_PARM_DESC(lose_abort, "aborts and stops are not answered");

static unsigned int stop_us;
module_param(stop_us, uint, 0644);
MODULE_PARM_DESC(stop_us, "time that a stop takes; 0: it is answered at once");

static int temperature_mdeg = 25000;
module_param(temperature_mdeg, int, 0644);
MODULE_PARM_DESC(temperature_mdeg, "what the sensor reads");

static bool lose_sensor;
module_param(lose_sensor, bool, 0644);
MODULE_PARM_DESC(lose_sensor, "the sensor gives nothing");

static bool refuse_reset;
module_param(refuse_reset, bool, 0644);
MODULE_PARM_DESC(refuse_reset, "slots cannot be disabled");

static unsigned long energy_uj;
module_param(energy_uj, ulong, 0644);
MODULE_PARM_DESC(energy_uj, "what a job that runs to its end uses");

static unsigned int only_slot = NULL_SLOTS;
module_param(only_slot, uint, 0644);
MODULE_PARM_DESC(only_slot, "the slot that is late, hangs, faults, storms, loses aborts or refuses a reset; 3: all do");

static bool lose_interrupt;
module_param(lose_interrupt, bool, 0644);
MODULE_PARM_DESC(lose_interrupt, "jobs end without an interrupt");

static unsigned int levels = 1;
module_param(levels, uint, 0444);
MODULE_PARM_DESC(levels, "performance levels");

static unsigned int tile_mw = 1;
module_param(tile_mw, uint, 0444);
MODULE_PARM_DESC(tile_mw, "what a busy tile draws at the highest level; at the others in proportion");

static unsigned int depth = NULL_DEPTH;
module_param(depth, uint, 0444);
MODULE_PARM_DESC(depth, "jobs in a slot's queue");

/*
 * One slot. Jobs wait in @tag from @head to @tail; those before @ready have
 * ended. All under layby's queue lock but @earned, which the timer adds to, and
 * @stopping and @stopped, which only ever become true while it is enabled.
 */
struct null_slot {
	u16 tag[NULL_DEPTH];
	u32 head;
	u32 ready;
	u32 tail;
	u16 aborted[NULL_DEPTH];
	u32 aborted_count;
	atomic_t earned;
	struct irq_work interrupt;
	struct hrtimer timer;
	struct hrtimer stop_timer;
	struct hrtimer storm_timer;
	bool stopping;
	bool stopped;
	u32 level;
	u32 index;
};

static struct {
	struct device *dev;
	void *memory;
	struct layby_accel *accel;
	struct null_slot slot[NULL_SLOTS];
	bool watching;
} null;

static ktime_t null_time(u32 us)
{
	return ns_to_ktime((u64)us * NSEC_PER_USEC);
}

static bool null_is_bad(const struct null_slot *slot)
{
	u32 only = READ_ONCE(only_slot);

	return only >= NULL_SLOTS || only == slot->index;
}

static bool null_hangs(const struct null_slot *slot)
{
	return READ_ONCE(hang) && null_is_bad(slot);
}

static bool null_loses_abort(const struct null_slot *slot)
{
	return READ_ONCE(lose_abort) && null_is_bad(slot);
}

static u32 null_delay_us(const struct null_slot *slot)
{
	return null_is_bad(slot) ? READ_ONCE(delay_us) : READ_ONCE(others_us);
}

static u32 null_storm_us(const struct null_slot *slot)
{
	u32 us = READ_ONCE(storm_us);

	return us && null_is_bad(slot) ? us : 0;
}

static u16 null_status(const struct null_slot *slot)
{
	return READ_ONCE(fault) && null_is_bad(slot) ? LAYBY_HW_ACCESS : LAYBY_HW_OK;
}

static void null_interrupt(struct irq_work *work)
{
	struct null_slot *slot = container_of(work, struct null_slot, interrupt);

	layby_slot_interrupt(null.accel, slot->index);
}

static enum hrtimer_restart null_timer(struct hrtimer *timer)
{
	struct null_slot *slot = container_of(timer, struct null_slot, timer);

	if (!READ_ONCE(slot->stopping))
		atomic_inc(&slot->earned);
	layby_slot_interrupt(null.accel, slot->index);
	return HRTIMER_NORESTART;
}

static enum hrtimer_restart null_stop_timer(struct hrtimer *timer)
{
	struct null_slot *slot = container_of(timer, struct null_slot, stop_timer);

	WRITE_ONCE(slot->stopped, true);
	layby_slot_interrupt(null.accel, slot->index);
	return HRTIMER_NORESTART;
}

static enum hrtimer_restart null_storm_timer(struct hrtimer *timer)
{
	struct null_slot *slot = container_of(timer, struct null_slot, storm_timer);
	u32 us = null_storm_us(slot);

	layby_slot_interrupt(null.accel, slot->index);
	if (!us)
		return HRTIMER_NORESTART;
	hrtimer_forward_now(timer, null_time(us));
	return HRTIMER_RESTART;
}

static void null_forget(struct null_slot *slot)
{
	slot->head = 0;
	slot->ready = 0;
	slot->tail = 0;
	slot->aborted_count = 0;
	atomic_set(&slot->earned, 0);
}

static int null_slot_enable(void *hw, u32 index, const struct layby_hw_slot *cfg)
{
	struct null_slot *slot = &null.slot[index];

	null_forget(slot);
	WRITE_ONCE(slot->level, cfg->level);
	WRITE_ONCE(slot->stopped, false);
	WRITE_ONCE(slot->stopping, false);
	return 0;
}

static int null_slot_disable(void *hw, u32 index)
{
	struct null_slot *slot = &null.slot[index];

	if (READ_ONCE(refuse_reset) && null_is_bad(slot))
		return -EIO;
	WRITE_ONCE(slot->stopping, true);
	hrtimer_cancel(&slot->timer);
	hrtimer_cancel(&slot->stop_timer);
	hrtimer_cancel(&slot->storm_timer);
	irq_work_sync(&slot->interrupt);
	null_forget(slot);
	WRITE_ONCE(slot->stopped, true);
	return 0;
}

static void null_slot_stop(void *hw, u32 index)
{
	struct null_slot *slot = &null.slot[index];
	u32 us = READ_ONCE(stop_us);

	WRITE_ONCE(slot->stopping, true);
	if (null_loses_abort(slot))
		return;
	if (us) {
		hrtimer_start(&slot->stop_timer, null_time(us), HRTIMER_MODE_REL_HARD);
		return;
	}
	WRITE_ONCE(slot->stopped, true);
	irq_work_queue(&slot->interrupt);
}

static bool null_slot_stopped(void *hw, u32 index)
{
	return READ_ONCE(null.slot[index].stopped);
}

/* Jobs take as long at any level. */
static int null_slot_level(void *hw, u32 index, u32 level)
{
	WRITE_ONCE(null.slot[index].level, level);
	return 0;
}

static int null_slot_tiles(void *hw, u32 index, u32 tiles)
{
	return 0;
}

/* Jobs are on no tile. */
static u32 null_tiles_busy(void *hw)
{
	return 0;
}

/* It never expires. */
static int null_watchdog(void *hw, u64 timeout_ns)
{
	WRITE_ONCE(null.watching, timeout_ns);
	return 0;
}

static enum layby_hw_watchdog null_watching(void *hw)
{
	return READ_ONCE(null.watching) ? LAYBY_HW_WATCHDOG_ARMED : LAYBY_HW_WATCHDOG_OFF;
}

static void null_feed(void *hw)
{
}

static int null_sensors(void *hw, struct layby_hw_sensors *sensors)
{
	if (READ_ONCE(lose_sensor))
		return -ENODATA;
	*sensors = (struct layby_hw_sensors){
		.sample = ktime_get_ns(),
		.temperature_mdeg = READ_ONCE(temperature_mdeg),
	};
	return 0;
}

static int null_clear_tiles(void *hw, u32 tiles)
{
	return 0;
}

static void null_push(void *hw, u32 index, const struct layby_hw_job *job, u16 tag,
		      u64 party, u32 flags)
{
	struct null_slot *slot = &null.slot[index];

	slot->tag[slot->tail++ % NULL_DEPTH] = tag;
}

static void null_start_timer(struct null_slot *slot, u32 us)
{
	if (slot->head != slot->tail && !hrtimer_is_queued(&slot->timer))
		hrtimer_start(&slot->timer, null_time(us), HRTIMER_MODE_REL);
}

static void null_start_storm(struct null_slot *slot)
{
	u32 us = null_storm_us(slot);

	if (us && !hrtimer_active(&slot->storm_timer))
		hrtimer_start(&slot->storm_timer, null_time(us), HRTIMER_MODE_REL);
}

static void null_doorbell(void *hw, u32 index)
{
	struct null_slot *slot = &null.slot[index];
	u32 us = null_delay_us(slot);

	null_start_storm(slot);
	if (null_hangs(slot) || READ_ONCE(slot->stopping))
		return;
	if (us) {
		null_start_timer(slot, us);
		return;
	}
	slot->ready = slot->tail;
	if (!READ_ONCE(lose_interrupt))
		irq_work_queue(&slot->interrupt);
}

/* Take entry @i out of the middle; those behind move up. */
static void null_remove(struct null_slot *slot, u32 i)
{
	/* One that has ended already counts among the ready no more. */
	if ((s32)(slot->ready - i) > 0)
		slot->ready--;
	for (; i + 1 != slot->tail; i++)
		slot->tag[i % NULL_DEPTH] = slot->tag[(i + 1) % NULL_DEPTH];
	slot->tail--;
}

static void null_abort(void *hw, u32 index, u16 tag)
{
	struct null_slot *slot = &null.slot[index];
	u32 i = slot->head;

	if (null_loses_abort(slot))
		return;
	while (i != slot->tail && slot->tag[i % NULL_DEPTH] != tag)
		i++;
	if (i != slot->tail) {
		null_remove(slot, i);
		slot->aborted[slot->aborted_count++] = tag;
	}
	irq_work_queue(&slot->interrupt);
}

/* Apart from the others, which are what the path's cost is measured by. */
static noinline u32 null_pop_aborted(struct null_slot *slot, struct layby_hw_completion *done,
				     u32 max)
{
	const u64 now_us = ktime_to_us(ktime_get());
	u32 n;

	for (n = 0; slot->aborted_count && n < max; n++)
		done[n] = (struct layby_hw_completion){
			.tag = slot->aborted[--slot->aborted_count],
			.status = LAYBY_HW_ABORTED,
			.level = READ_ONCE(slot->level),
			.end_ticks = now_us,
		};
	return n;
}

static void null_end(const struct null_slot *slot, struct layby_hw_completion *done, u16 tag,
		     u16 status, u32 run_us, u64 now_us)
{
	*done = (struct layby_hw_completion){
		.tag = tag,
		.status = status,
		.level = READ_ONCE(slot->level),
		.run_ticks = run_us,
		.end_ticks = now_us,
		.energy_uj = status == LAYBY_HW_OK ? READ_ONCE(energy_uj) : 0,
	};
}

static u32 null_pop(void *hw, u32 index, struct layby_hw_completion *done, u32 max)
{
	struct null_slot *slot = &null.slot[index];
	u32 us, n = 0;
	u16 status;
	u64 now_us;

	slot->ready += min_t(u32, atomic_xchg(&slot->earned, 0),
			     slot->tail - slot->ready);
	if (slot->head == slot->ready && !slot->aborted_count)
		return 0;
	us = null_delay_us(slot);
	status = null_status(slot);
	now_us = ktime_to_us(ktime_get());
	if (unlikely(slot->aborted_count))
		n = null_pop_aborted(slot, done, max);
	while (slot->head != slot->ready && n < max)
		null_end(slot, &done[n++], slot->tag[slot->head++ % NULL_DEPTH],
			 status, status == LAYBY_HW_OK ? us : 0, now_us);
	if (us && !null_hangs(slot) && !READ_ONCE(slot->stopping))
		null_start_timer(slot, us);
	return n;
}

static const struct layby_hw_ops null_ops = {
	.slot_enable = null_slot_enable,
	.slot_disable = null_slot_disable,
	.clear_tiles = null_clear_tiles,
	.stop = null_slot_stop,
	.stopped = null_slot_stopped,
	.slot_tiles = null_slot_tiles,
	.slot_level = null_slot_level,
	.tiles_busy = null_tiles_busy,
	.watchdog = null_watchdog,
	.watching = null_watching,
	.feed = null_feed,
	.sensors = null_sensors,
	.push = null_push,
	.doorbell = null_doorbell,
	.abort = null_abort,
	.pop = null_pop,
};

static void null_sheet(struct layby_hw *hw)
{
	u32 i;

	hw->levels = clamp_t(u32, levels, 1, LAYBY_LEVELS_MAX);
	for (i = 0; i < hw->levels; i++) {
		hw->level[i].speed_permille = 1000 * (i + 1) / hw->levels;
		hw->level[i].tile_worst_mw = DIV_ROUND_UP(tile_mw * hw->level[i].speed_permille,
							  1000);
		hw->level[i].tile_least_mw = hw->level[i].tile_worst_mw;
	}
}

static struct layby_accel *null_create(void)
{
	struct layby_hw hw = {
		.name = "null",
		.dev = null.dev,
		.owner = THIS_MODULE,
		.ops = &null_ops,
		.memory_bytes = NULL_MEMORY_BYTES,
		.memory_phys = virt_to_phys(null.memory),
		.memory_cached = true,
		.ticks_hz = USEC_PER_SEC,
		.abort_bound_ns = 50 * NSEC_PER_MSEC,
		.reset_bound_ns = 50 * NSEC_PER_MSEC,
		.start_bound_ns = 10 * NSEC_PER_MSEC,
		.tiles = NULL_TILES,
		.slots = NULL_SLOTS,
		.throttle_mdeg = 125000,
		.queue_depth = depth,
	};

	null_sheet(&hw);
	iosys_map_set_vaddr(&hw.memory, null.memory);
	return layby_accel_create(&hw);
}

static void null_slots_init(void)
{
	struct null_slot *slot;
	u32 i;

	for (i = 0; i < NULL_SLOTS; i++) {
		slot = &null.slot[i];
		slot->index = i;
		slot->interrupt = IRQ_WORK_INIT_HARD(null_interrupt);
		hrtimer_init(&slot->timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
		slot->timer.function = null_timer;
		hrtimer_init(&slot->stop_timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
		slot->stop_timer.function = null_stop_timer;
		hrtimer_init(&slot->storm_timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
		slot->storm_timer.function = null_storm_timer;
		slot->stopped = true;
	}
}

static void null_stop(void)
{
	u32 i;

	layby_accel_stop(null.accel);
	for (i = 0; i < NULL_SLOTS; i++) {
		hrtimer_cancel(&null.slot[i].timer);
		hrtimer_cancel(&null.slot[i].stop_timer);
		hrtimer_cancel(&null.slot[i].storm_timer);
		irq_work_sync(&null.slot[i].interrupt);
	}
	layby_accel_destroy(null.accel);
}

static int __init null_init(void)
{
	int ret;

	null.dev = root_device_register("layby_null");
	if (IS_ERR(null.dev))
		return PTR_ERR(null.dev);
	null.memory = alloc_pages_exact(NULL_MEMORY_BYTES, GFP_KERNEL);
	if (!null.memory) {
		ret = -ENOMEM;
		goto unregister_root;
	}
	null_slots_init();
	null.accel = null_create();
	if (IS_ERR(null.accel)) {
		ret = PTR_ERR(null.accel);
		goto free_memory;
	}
	ret = layby_accel_start(null.accel);
	if (ret)
		goto stop;
	return 0;

stop:
	null_stop();
free_memory:
	free_pages_exact(null.memory, NULL_MEMORY_BYTES);
unregister_root:
	root_device_unregister(null.dev);
	return ret;
}

static void __exit null_exit(void)
{
	null_stop();
	free_pages_exact(null.memory, NULL_MEMORY_BYTES);
	root_device_unregister(null.dev);
}

module_init(null_init);
module_exit(null_exit);
MODULE_DESCRIPTION("layby backend with no hardware, for tests");
MODULE_LICENSE("GPL");
