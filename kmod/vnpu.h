/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * layby_vnpu: backend of the virtual accelerator, a host process behind QEMU's
 * ivshmem-doorbell. docs/accelerator.md is the manual of the hardware.
 *
 * vnpu.c finds the device and names the operations, vnpu_slot.c has those of
 * accel.h that set slots up and stop them, vnpu_job.c the path of a job,
 * vnpu_command.c the firmware's queue, vnpu_irq.c what the device raises. Only
 * these files and the device reach the control area: clients map windows, which
 * lie behind it. Nothing is trusted that is read back from the device.
 */
#ifndef LAYBY_VNPU_H
#define LAYBY_VNPU_H

#include <linux/hrtimer.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/wait.h>

#include <layby/vnpu_regs.h>

#include "accel.h"

/* What an emulated doorbell and interrupt may take on a busy host. */
#define VNPU_TRANSPORT_NS	(100 * NSEC_PER_MSEC)

struct vnpu;

/**
 * struct vnpu_storm - interrupts of one vector that came for nothing
 * @timer: polls the slot while the vector is off
 * @window: when counting began; interrupt
 * @count: since then; interrupt
 * @last: when it was too many, the last time; interrupt
 * @polls: before the vector is tried again; interrupt, then @timer
 */
struct vnpu_storm {
	struct hrtimer timer;
	ktime_t window;
	ktime_t last;
	u32 count;
	u32 polls;
};

/**
 * struct vnpu_slot - the driver's side of a slot's rings
 * @vnpu: the device
 * @regs: the slot's registers
 * @sq: submission ring
 * @cq: completion ring
 * @storm: see there
 * @irq: of its vector, since to ask for it may sleep
 * @index: number of the slot
 * @sq_tail: entries pushed, runs freely; queue lock
 * @cq_head: entries taken, runs freely; queue lock, interrupts only look
 * @abort_sequence: so that each abort is a new value; queue lock
 * @generation: of the device, when the slot was enabled; a device that was
 *              reset since has forgotten the rings
 */
struct vnpu_slot {
	struct vnpu *vnpu;
	void __iomem *regs;
	struct layby_vnpu_descriptor __iomem *sq;
	struct layby_vnpu_completion __iomem *cq;
	struct vnpu_storm storm;
	int irq;
	u32 index;
	u32 sq_tail;
	u32 cq_head;
	u32 abort_sequence;
	u32 generation;
};

struct vnpu {
	struct pci_dev *pdev;
	void __iomem *doorbell;
	void __iomem *control;
	void __iomem *memory;
	struct layby_accel *accel;
	struct mutex command_lock;	/* the command queue */
	wait_queue_head_t command_wait;
	u32 generation;
	u32 slots;
	struct vnpu_slot slot[LAYBY_VNPU_MAX_SLOTS];
};

static inline u32 vnpu_read(struct vnpu *vnpu, u32 reg)
{
	return readl(vnpu->control + reg);
}

/* A posted write; any context. */
static inline void vnpu_ring(struct vnpu *vnpu, u32 vector)
{
	writel(LAYBY_VNPU_DOORBELL(vector), vnpu->doorbell);
}

/* A device that was reset has forgotten commands and registers. */
static inline bool vnpu_reset_since(struct vnpu *vnpu, u32 generation)
{
	return vnpu_read(vnpu, LAYBY_VNPU_REG_GENERATION) != generation;
}

/* vnpu_command.c. Sleeps. 0, -EAGAIN the device was reset, or -errno, logged. */
int vnpu_command(struct vnpu *vnpu, u32 opcode, u32 slot, u64 argument);

/* vnpu_slot.c, vnpu_job.c: operations, see accel.h */
int vnpu_slot_enable(void *hw, u32 index, const struct layby_hw_slot *cfg);
int vnpu_slot_disable(void *hw, u32 index);
int vnpu_slot_tiles(void *hw, u32 index, u32 tiles);
int vnpu_slot_level(void *hw, u32 index, u32 level);
void vnpu_stop(void *hw, u32 index);
bool vnpu_stopped(void *hw, u32 index);
int vnpu_clear_tiles(void *hw, u32 tiles);
u32 vnpu_tiles_busy(void *hw);
int vnpu_watchdog(void *hw, u64 timeout_ns);
enum layby_hw_watchdog vnpu_watching(void *hw);
void vnpu_feed(void *hw);
int vnpu_sensors(void *hw, struct layby_hw_sensors *sensors);

void vnpu_push(void *hw, u32 index, const struct layby_hw_job *job, u16 tag,
	       u64 party, u32 flags);
void vnpu_doorbell(void *hw, u32 index);
void vnpu_abort(void *hw, u32 index, u16 tag);
u32 vnpu_pop(void *hw, u32 index, struct layby_hw_completion *done, u32 max);

/* vnpu_irq.c */
int vnpu_interrupts_request(struct vnpu *vnpu);
void vnpu_interrupts_resume(struct vnpu *vnpu);
void vnpu_interrupts_free(struct vnpu *vnpu);

#endif /* LAYBY_VNPU_H */
