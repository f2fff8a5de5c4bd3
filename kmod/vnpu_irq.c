// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the virtual accelerator raises, and what is done when it does not stop.
 *
 * Interrupts that come for nothing are counted. Too many in a window: the
 * vector is disabled and the slot polled by a timer for a while, then the vector
 * is tried again. So a storm costs some interrupts in each such while, whatever
 * its rate, and completions of that slot come late by one poll at most.
 */
#include <linux/interrupt.h>

#include "vnpu.h"

/* More than coalesced and shared completions can bring about. */
#define VNPU_STORM_LIMIT	32
#define VNPU_STORM_WINDOW_NS	(10 * NSEC_PER_MSEC)
#define VNPU_STORM_POLL_NS	NSEC_PER_MSEC
#define VNPU_STORM_POLLS	100
/* One that comes back sooner is the same one, of which the log knows. */
#define VNPU_STORM_OVER_NS	(10 * NSEC_PER_SEC)

static irqreturn_t vnpu_management_interrupt(int irq, void *data)
{
	struct vnpu *vnpu = data;
	u32 generation = vnpu_read(vnpu, LAYBY_VNPU_REG_GENERATION);

	wake_up(&vnpu->command_wait);
	if (generation != vnpu->generation) {
		vnpu->generation = generation;
		layby_accel_lost(vnpu->accel);
	}
	return IRQ_HANDLED;
}

/* --- Storms --------------------------------------------------------------- */

static bool vnpu_storm_counts(struct vnpu_storm *storm)
{
	ktime_t now = ktime_get();

	if (ktime_to_ns(ktime_sub(now, storm->window)) > VNPU_STORM_WINDOW_NS) {
		storm->window = now;
		storm->count = 0;
	}
	return ++storm->count > VNPU_STORM_LIMIT;
}

static void vnpu_storm_log(struct vnpu_slot *slot)
{
	struct vnpu_storm *storm = &slot->storm;
	ktime_t now = ktime_get();

	if (!storm->last || ktime_to_ns(ktime_sub(now, storm->last)) > VNPU_STORM_OVER_NS)
		dev_warn_ratelimited(&slot->vnpu->pdev->dev,
				     "slot %u raises interrupts for nothing: polled until it calms\n",
				     slot->index);
	storm->last = now;
}

static void vnpu_storm_begin(struct vnpu_slot *slot)
{
	struct vnpu_storm *storm = &slot->storm;

	disable_irq_nosync(slot->irq);
	storm->count = 0;
	storm->polls = VNPU_STORM_POLLS;
	hrtimer_start(&storm->timer, ns_to_ktime(VNPU_STORM_POLL_NS),
		      HRTIMER_MODE_REL_SOFT);
	vnpu_storm_log(slot);
}

static enum hrtimer_restart vnpu_storm_poll(struct hrtimer *timer)
{
	struct vnpu_slot *slot = container_of(timer, struct vnpu_slot, storm.timer);

	layby_slot_interrupt(slot->vnpu->accel, slot->index);
	if (!--slot->storm.polls) {
		enable_irq(slot->irq);
		return HRTIMER_NORESTART;
	}
	hrtimer_forward_now(timer, ns_to_ktime(VNPU_STORM_POLL_NS));
	return HRTIMER_RESTART;
}

static irqreturn_t vnpu_slot_interrupt(int irq, void *data)
{
	struct vnpu_slot *slot = data;
	u32 before = READ_ONCE(slot->cq_head);

	layby_slot_interrupt(slot->vnpu->accel, slot->index);
	if (READ_ONCE(slot->cq_head) == before && vnpu_storm_counts(&slot->storm))
		vnpu_storm_begin(slot);
	return IRQ_HANDLED;
}

/* --- Sleep ---------------------------------------------------------------- */

/* Looks for what was raised while nobody listened. Sleeps. */
void vnpu_interrupts_resume(struct vnpu *vnpu)
{
	int management = pci_irq_vector(vnpu->pdev, LAYBY_VNPU_VECTOR_MANAGEMENT);
	u32 i;

	/* Not beside itself: one of the two would see a reset that the other has. */
	disable_irq(management);
	vnpu_management_interrupt(management, vnpu);
	enable_irq(management);
	for (i = 0; i < vnpu->slots; i++)
		layby_slot_interrupt(vnpu->accel, i);
}

/* --- Request and free ----------------------------------------------------- */

static int vnpu_slot_request(struct vnpu_slot *slot)
{
	hrtimer_init(&slot->storm.timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_SOFT);
	slot->storm.timer.function = vnpu_storm_poll;
	slot->irq = pci_irq_vector(slot->vnpu->pdev,
				   LAYBY_VNPU_VECTOR_SLOT(slot->index));
	return request_irq(slot->irq, vnpu_slot_interrupt, 0, "layby-slot", slot);
}

/* Disabled once more than the timer enables, it stays silent. */
static void vnpu_slot_free(struct vnpu_slot *slot)
{
	disable_irq(slot->irq);
	hrtimer_cancel(&slot->storm.timer);
	free_irq(slot->irq, slot);
}

int vnpu_interrupts_request(struct vnpu *vnpu)
{
	int management = pci_irq_vector(vnpu->pdev, LAYBY_VNPU_VECTOR_MANAGEMENT);
	u32 i;
	int ret;

	ret = request_irq(management, vnpu_management_interrupt, 0,
			  "layby-management", vnpu);
	if (ret)
		return ret;
	for (i = 0; i < vnpu->slots; i++) {
		ret = vnpu_slot_request(&vnpu->slot[i]);
		if (ret)
			goto free_irqs;
	}
	return 0;

free_irqs:
	while (i--)
		vnpu_slot_free(&vnpu->slot[i]);
	free_irq(management, vnpu);
	return ret;
}

void vnpu_interrupts_free(struct vnpu *vnpu)
{
	u32 i;

	for (i = 0; i < vnpu->slots; i++)
		vnpu_slot_free(&vnpu->slot[i]);
	free_irq(pci_irq_vector(vnpu->pdev, LAYBY_VNPU_VECTOR_MANAGEMENT), vnpu);
}
