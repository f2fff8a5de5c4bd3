/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The contract between layby.ko and a backend, the driver of one kind of
 * accelerator. A vendor reads this file, with accel_job.h, and nothing else of the
 * module.
 *
 * A backend owns registers, rings and interrupts. It decides nothing: which
 * windows, which tiles, which job, when to abort and when to reset is layby's.
 * All addresses are the accelerator's own, in bytes.
 *
 * Per slot layby holds a lock, the *queue lock*, around the operations marked
 * so; it is taken with interrupts off and may be taken in hard interrupt
 * context. A backend must not take a lock in them that it holds elsewhere
 * around a call into layby.
 */
#ifndef LAYBY_ACCEL_H
#define LAYBY_ACCEL_H

#include <linux/iosys-map.h>
#include <linux/types.h>
#include <drm/layby_accel.h>

#include "accel_job.h"

struct device;
struct layby_accel;
struct module;

/* Jobs that a slot's queue holds at most, whatever the hardware could. */
#define LAYBY_QUEUE_DEPTH_MAX	256

/* Performance levels that an accelerator has at most. */
#define LAYBY_LEVELS_MAX	8

/* More than a tile of anything draws, so that all tiles' power is a number. */
#define LAYBY_TILE_MW_MAX	1000000U

/* Have the slot's tile-local memory cleared before this job starts. */
#define LAYBY_PUSH_CLEAR_TILES	BIT(0)

/* How a job ended, as the hardware sees it. */
enum layby_hw_status {
	LAYBY_HW_OK,
	LAYBY_HW_ABORTED,
	LAYBY_HW_BAD_PROGRAM,
	LAYBY_HW_BAD_SHAPE,
	LAYBY_HW_COMPUTE_FAILED,
	LAYBY_HW_ACCESS,
};

struct layby_hw_completion {
	u64 queue_ticks;
	u64 run_ticks;
	u64 end_ticks;
	u64 energy_uj;
	u32 level;
	u16 tag;
	u16 status;	/* enum layby_hw_status */
};

/**
 * struct layby_hw_slot - what a slot is given when it is enabled
 * @window: memory that its jobs may reach
 * @tiles: mask of the tiles that its jobs run on
 * @level: performance level of its tiles
 * @bandwidth_permille: its share of the memory bandwidth, 0: no share is set
 * @watched: the device's watchdog stops it
 */
struct layby_hw_slot {
	struct layby_hw_range window;
	u32 tiles;
	u32 level;
	u32 bandwidth_permille;
	bool watched;
};

/**
 * struct layby_hw_level - what the data sheet says of a performance level
 *
 * Of two levels the higher one is faster, and no more frugal for the same work:
 * speed and @tile_worst_mw / @speed_permille do not fall from one to the next.
 *
 * @speed_permille: of the highest level's, whose is 1000
 * @tile_worst_mw: one busy tile, leakage included, of the hungriest device when it
 *                 is as hot as it may get; 1 to LAYBY_TILE_MW_MAX
 * @tile_least_mw: likewise, of the most frugal device when it is cold
 */
struct layby_hw_level {
	u32 speed_permille;
	u32 tile_worst_mw;
	u32 tile_least_mw;
};

/**
 * enum layby_hw_watchdog - how the device's watchdog is
 * @LAYBY_HW_WATCHDOG_OFF: never armed, switched off, or forgotten in a reset
 * @LAYBY_HW_WATCHDOG_ARMED: stops the watched slots when it is not fed
 * @LAYBY_HW_WATCHDOG_EXPIRED: has stopped them; until it is armed or switched off
 */
enum layby_hw_watchdog {
	LAYBY_HW_WATCHDOG_OFF,
	LAYBY_HW_WATCHDOG_ARMED,
	LAYBY_HW_WATCHDOG_EXPIRED,
};

/**
 * struct layby_hw_sensors - what the accelerator measures
 * @sample: grows with each new reading of the device
 * @energy_uj: used since power-on, microjoule
 * @temperature_mdeg: hottest place, millidegree Celsius
 * @power_mw: mean over the last reading, whole device
 * @level: performance level now
 */
struct layby_hw_sensors {
	u64 sample;
	u64 energy_uj;
	s32 temperature_mdeg;
	u32 power_mw;
	u32 level;
};

/**
 * struct layby_hw_ops - what a backend does; every member is required
 *
 * An operation that may sleep returns -EAGAIN if the whole hardware was reset
 * under it, which layby_accel_lost() tells of too: layby begins again.
 */
struct layby_hw_ops {
	/**
	 * @slot_enable: give @slot its window and tiles and start its rings
	 * from empty. The slot is disabled. May sleep, within the declared
	 * reset bound. 0 or -errno: the slot stays disabled.
	 */
	int (*slot_enable)(void *hw, u32 slot, const struct layby_hw_slot *cfg);
	/**
	 * @slot_disable: stop whatever runs, forget queued jobs, stop the
	 * rings. When it returns 0 the slot touches no memory any more and no
	 * completion comes that is not in the ring already. May sleep, within
	 * the declared reset bound. -errno: the slot's state is unknown; layby
	 * fences it. Allowed on a disabled slot.
	 */
	int (*slot_disable)(void *hw, u32 slot);
	/**
	 * @clear_tiles: clear the tile-local memory of the tiles in @tiles, a
	 * mask. May sleep, within the declared reset bound. 0 or -errno.
	 */
	int (*clear_tiles)(void *hw, u32 tiles);
	/**
	 * @push: append one job to the slot's ring, without telling the
	 * hardware. @tag: below queue_depth, unique among the slot's unfinished
	 * jobs. @party: on whose behalf, never 0, never used again by another.
	 * @flags: LAYBY_PUSH_*. There is room: at most queue_depth jobs are
	 * unfinished. @job is read during the call only.
	 * Queue lock held, any context, must not sleep, cannot fail.
	 */
	void (*push)(void *hw, u32 slot, const struct layby_hw_job *job, u16 tag,
		     u64 party, u32 flags);
	/**
	 * @doorbell: tell the hardware of what was pushed.
	 * Queue lock held, any context, must not sleep.
	 */
	void (*doorbell)(void *hw, u32 slot);
	/**
	 * @abort: ask for the job @tag to stop. The answer is a completion of
	 * that job, whatever its status, within the declared abort bound. One
	 * abort is asked for at a time on a slot.
	 * Queue lock held, any context, must not sleep.
	 */
	void (*abort)(void *hw, u32 slot, u16 tag);
	/**
	 * @stop: start nothing more on the slot and stop what runs, until the
	 * next @slot_enable. The answer is @stopped, within the declared abort
	 * bound. Any context, hard interrupts too; raw spinlocks are held, a
	 * queue lock may be: it may come beside every other operation on the
	 * slot, and again while it is being answered. Posted writes only. A
	 * @slot_enable under which it comes may leave the slot enabled: layby
	 * looks again.
	 */
	void (*stop)(void *hw, u32 slot);
	/**
	 * @stopped: is the stop done, or has the watchdog stopped the slot?
	 * Then no byte of its window is touched any more and no completion
	 * comes that is not in the ring: what ran has one, what waited has
	 * none. When it becomes true layby_slot_interrupt() is called. False
	 * for a slot in service. Any context.
	 */
	bool (*stopped)(void *hw, u32 slot);
	/**
	 * @slot_tiles: change the tiles of an enabled slot, for jobs that start
	 * from now on; what runs keeps its own. May sleep, within the declared
	 * reset bound. 0 or -errno: the slot keeps those that it had.
	 */
	int (*slot_tiles)(void *hw, u32 slot, u32 tiles);
	/**
	 * @slot_level: the tiles of a slot run at performance level @level, what
	 * runs already, too. It may be enabled or not, and keeps it until the next
	 * @slot_level or @slot_enable. The device may run it lower, by itself. May
	 * sleep, within the declared reset bound. 0 or -errno: any level that it
	 * had or was to have.
	 */
	int (*slot_level)(void *hw, u32 slot, u32 level);
	/**
	 * @tiles_busy: mask of the tiles that started and unfinished jobs of
	 * all slots hold. Any context.
	 */
	u32 (*tiles_busy)(void *hw);
	/**
	 * @watchdog: have the device stop every watched slot by itself if it is
	 * not fed for @timeout_ns; 0: do not. Counts as fed now. May sleep,
	 * within the declared reset bound. 0 or -errno.
	 */
	int (*watchdog)(void *hw, u64 timeout_ns);
	/** @watching: how the watchdog is. Any context, as with @stop. */
	enum layby_hw_watchdog (*watching)(void *hw);
	/** @feed: feed the watchdog. Any context. A posted write. */
	void (*feed)(void *hw);
	/**
	 * @sensors: the last reading. May sleep shortly; may come from several
	 * threads at once. 0; -ENODATA: the device gives none.
	 */
	int (*sensors)(void *hw, struct layby_hw_sensors *sensors);
	/**
	 * @pop: take up to @max completions out of the slot's ring, return how
	 * many. Must check what it reads from the hardware; a tag that is not
	 * in flight is caught by layby.
	 * Queue lock held, any context, must not sleep.
	 */
	u32 (*pop)(void *hw, u32 slot, struct layby_hw_completion *done, u32 max);
};

/**
 * struct layby_hw - an accelerator, as its backend declares it
 */
struct layby_hw {
	/** @name: short name of the kind, see struct layby_accel_info */
	const char *name;
	/** @dev: parent of the partitions' devices; must outlive layby_accel_destroy() */
	struct device *dev;
	/** @owner: the backend's module, pinned while any node is open */
	struct module *owner;
	/** @ops: see there */
	const struct layby_hw_ops *ops;
	/** @priv: handed to every operation as @hw */
	void *priv;
	/** @memory: kernel's mapping of the device memory that windows are cut from */
	struct iosys_map memory;
	/** @memory_address: accelerator's address of its first byte, page-aligned */
	u64 memory_address;
	/** @memory_bytes: its size */
	u64 memory_bytes;
	/** @memory_phys: CPU physical address of its first byte */
	phys_addr_t memory_phys;
	/** @memory_cached: it is ordinary RAM, map it cached */
	bool memory_cached;
	/** @ticks_hz: frequency of the device clock */
	u64 ticks_hz;
	/** @abort_bound_ns: longest time from @abort to its completion */
	u64 abort_bound_ns;
	/** @reset_bound_ns: longest time of each sleeping operation */
	u64 reset_bound_ns;
	/** @start_bound_ns: longest time from doorbell to start on an idle slot */
	u64 start_bound_ns;
	/** @tiles: number of tiles, 2 to 32 */
	u32 tiles;
	/** @slots: number of slots, at least 2 */
	u32 slots;
	/** @levels: number of performance levels, 1 to LAYBY_LEVELS_MAX */
	u32 levels;
	/** @level: what the data sheet says of each; 0 is the lowest */
	struct layby_hw_level level[LAYBY_LEVELS_MAX];
	/**
	 * @meter_error_permille: what &struct layby_hw_completion.energy_uj may be
	 * too low by: the truth is at most so much of it, and 1 uJ, above it
	 */
	u32 meter_error_permille;
	/** @throttle_mdeg: the device lowers everybody's level at it, millidegree Celsius */
	s32 throttle_mdeg;
	/** @sensor_error_mdeg: what the hottest place may be above what is read */
	u32 sensor_error_mdeg;
	/**
	 * @die_resistance_mk_per_w: thermal resistance from the hottest place to
	 * what is cooled, of the worst device, millikelvin per watt
	 */
	u32 die_resistance_mk_per_w;
	/** @queue_depth: jobs in a slot's ring, at most LAYBY_QUEUE_DEPTH_MAX */
	u32 queue_depth;
};

/**
 * layby_accel_create() - describe an accelerator to layby
 * @hw: description, copied
 *
 * Calls no operation. From now on the backend may let its interrupts call
 * layby_slot_interrupt() and layby_accel_lost(). May sleep.
 *
 * Return: the accelerator, or an ERR_PTR: -EINVAL the description is
 * impossible, -ENOMEM.
 */
struct layby_accel *layby_accel_create(const struct layby_hw *hw);

/**
 * layby_accel_start() - put its slots into service
 * @accel: from layby_accel_create()
 *
 * Slots are disabled before and enabled during the call, nodes appear.
 * Operations may be called from now on until layby_accel_stop() returns,
 * which the backend must call if this fails, too. May sleep.
 *
 * Return: 0, -ENOMEM, or what an operation returned.
 */
int layby_accel_start(struct layby_accel *accel);

/**
 * layby_accel_stop() - take every slot from service, for good
 * @accel: from layby_accel_create()
 *
 * Jobs in flight complete with -ENODEV, mappings are torn down (SIGBUS), open
 * files stay and get -ENODEV. No operation is called after it returns; the
 * backend then silences its interrupts and calls layby_accel_destroy().
 * May sleep.
 */
void layby_accel_stop(struct layby_accel *accel);

/**
 * layby_accel_destroy() - the end; layby_accel_stop() came before
 * @accel: not to be used any more, by interrupts neither
 *
 * May sleep.
 */
void layby_accel_destroy(struct layby_accel *accel);

/**
 * layby_slot_interrupt() - completions may be in a slot's ring
 * @accel: from layby_accel_create()
 * @slot: whose
 *
 * Calls @pop, for a driving slot until it returns none, for a guest slot as often
 * as is bearable; a timer goes on with the rest. Any context, may be called when
 * there is nothing. A backend calls it for each slot when the machine has slept: guest
 * work is closed before, driving's jobs are not waited for, and the interrupts
 * of those that ended meanwhile may be lost.
 */
void layby_slot_interrupt(struct layby_accel *accel, u32 slot);

/**
 * layby_accel_lost() - the hardware was reset behind layby's back
 * @accel: from layby_accel_create()
 *
 * Or it has lost what it knew while the machine slept. Every slot is set up
 * again and every unfinished job pushed again, from a worker. Any context.
 */
void layby_accel_lost(struct layby_accel *accel);

#endif /* LAYBY_ACCEL_H */
