// SPDX-License-Identifier: GPL-2.0-only
/*
 * Caps and levels of guest partitions. See caps.h.
 *
 * Owns when a guest slot's level changes. It falls first on the device and then in
 * the accounts, and rises the other way round: what runs was charged for the level
 * that it has or for a higher one, at every moment (ISO-8). Must never raise what
 * runs without charging it again, nor touch the level of a driving slot.
 *
 * The sampler's thread calls it. Lock order: the sampler's lock, slot_lock, queue
 * lock; slot_lock is held over one operation of the backend, which is in the bound
 * that a policy's reclaim must leave room for (policy_check.h).
 */
#include <linux/ktime.h>
#include <linux/math64.h>

#include "caps.h"
#include "charge.h"
#include "layby.h"
#include "queue.h"
#include "trace.h"

/* --- Level ---------------------------------------------------------------- */

/* slot_lock held, or nobody else knows the partition. */
static void layby_level_is(struct layby_partition *partition, u32 level)
{
	struct layby_queue *queue = &partition->queue;

	partition->cfg.level = level;
	queue->level = level;
	queue->level_at_ns = ktime_get_ns();
	queue->rising = false;
	trace_layby_cap(partition, queue->budget.cap_mw, level);
}

void layby_caps_lowest(struct layby_partition *partition)
{
	struct layby_queue *queue = &partition->queue;

	lockdep_assert_held(&partition->slot_lock);
	spin_lock_irq(&queue->lock);
	layby_level_is(partition, 0);
	spin_unlock_irq(&queue->lock);
}

static int layby_level_tell(struct layby_partition *partition, u32 level)
{
	const struct layby_hw *hw = &partition->accel->hw;

	return hw->ops->slot_level(hw->priv, partition->slot, level);
}

/* What waits for credit, or for the level, may go on. Queue lock held. */
static void layby_level_settled(struct layby_queue *queue)
{
	if (queue->state == LAYBY_QUEUE_RUNNING)
		layby_queue_settle(queue);
}

/* One that the device did not take is tried again with the next verdict. */
static void layby_level_fall(struct layby_partition *partition, u32 level)
{
	struct layby_queue *queue = &partition->queue;

	if (layby_level_tell(partition, level))
		return;
	spin_lock_irq(&queue->lock);
	layby_charge_slower(queue, level);
	layby_level_is(partition, level);
	layby_level_settled(queue);
	spin_unlock_irq(&queue->lock);
}

/* It was to rise, and is not any more. */
static void layby_level_stay(struct layby_queue *queue)
{
	spin_lock_irq(&queue->lock);
	if (queue->rising) {
		queue->rising = false;
		layby_level_settled(queue);
	}
	spin_unlock_irq(&queue->lock);
}

/*
 * Nothing rises that cannot be charged; then the next verdict tries again. Till then
 * nothing is added, or a guest that always has jobs would never have the credit.
 */
static void layby_level_rise(struct layby_partition *partition, u32 level)
{
	struct layby_queue *queue = &partition->queue;
	bool charged;

	spin_lock_irq(&queue->lock);
	charged = layby_charge_again(queue, level);
	queue->rising = !charged;
	if (charged) {
		layby_level_is(partition, level);
		layby_level_settled(queue);
	}
	spin_unlock_irq(&queue->lock);
	if (charged)
		layby_level_tell(partition, level);
}

/* Return: the level has been where it is for long enough to rise. */
static bool layby_level_held(const struct layby_queue *queue)
{
	return ktime_get_ns() - queue->level_at_ns >= LAYBY_LEVEL_HOLD_NS;
}

static void layby_level_set(struct layby_partition *partition, u32 level)
{
	struct layby_queue *queue = &partition->queue;

	mutex_lock(&partition->slot_lock);
	if (READ_ONCE(queue->state) == LAYBY_QUEUE_RUNNING && !READ_ONCE(queue->shut)) {
		if (level < queue->level)
			layby_level_fall(partition, level);
		else if (level > queue->level && layby_level_held(queue))
			layby_level_rise(partition, level);
		else
			layby_level_stay(queue);
	}
	mutex_unlock(&partition->slot_lock);
}

/* --- Cap ------------------------------------------------------------------ */

/*
 * The lowest level at which even the most frugal device can use the cap up: any higher
 * one is more than it is for, and any lower one would have to rise again.
 */
static u32 layby_cap_level(const struct layby_queue *queue)
{
	u32 level = 0;

	while (level < queue->level && queue->least_mw[level] < queue->budget.cap_mw)
		level++;
	return level;
}

/* By now it would be, wherever it began; or it is, and jobs need not wait. */
static bool layby_account_is_full(const struct layby_queue *queue, u64 since_ns)
{
	const struct layby_budget *budget = &queue->budget;

	return layby_budget_energy_pj(budget->cap_mw, since_ns) >= budget->bucket_pj ||
	       budget->credit_pj == budget->bucket_pj - budget->charged_pj;
}

/*
 * Where jobs wait for credit, each starts with as much as it needs, and what accrues from
 * then on is the next one's. When the cap falls it is to be as if it had been the lower
 * one since then: else jobs go on as at the higher one for as long as its credit lasts.
 *
 * Without a cap nothing can be used, and what was saved may be again.
 */
static void layby_cap_forfeit(struct layby_queue *queue, u32 cap_mw, u64 now_ns)
{
	struct layby_budget *budget = &queue->budget;
	const u64 since_ns = now_ns - queue->scarce_ns;

	layby_budget_accrue(budget, now_ns);
	if (!cap_mw || !queue->scarce_ns || layby_account_is_full(queue, since_ns))
		return;
	if (cap_mw < budget->cap_mw)
		layby_budget_forfeit(budget, layby_budget_energy_pj(budget->cap_mw - cap_mw,
								    since_ns));
	else
		queue->scarce_ns = now_ns;
}

/* Return: it fell. */
static bool layby_cap_set(struct layby_partition *partition, u32 cap_mw)
{
	struct layby_queue *queue = &partition->queue;
	u64 now_ns;
	u32 was_mw;

	spin_lock_irq(&queue->lock);
	was_mw = queue->budget.cap_mw;
	now_ns = ktime_get_ns();
	if (cap_mw != was_mw) {
		layby_cap_forfeit(queue, cap_mw, now_ns);
		layby_budget_cap(&queue->budget, cap_mw, now_ns);
		trace_layby_cap(partition, cap_mw, queue->level);
	}
	/* Those that wait for credit have another time to wait. */
	if (cap_mw > was_mw && queue->state == LAYBY_QUEUE_RUNNING)
		layby_queue_settle(queue);
	spin_unlock_irq(&queue->lock);
	return cap_mw < was_mw;
}

/*
 * Jobs that end soon need nothing: those behind them begin as the new cap has it. For
 * what goes on the level falls first; then what is still too much is stopped.
 */
static void layby_cap_fell(struct layby_partition *partition, u32 level)
{
	struct layby_queue *queue = &partition->queue;

	if (layby_queue_goes_on(partition))
		level = min(level, layby_cap_level(queue));
	layby_level_set(partition, level);
	if (queue->level_mw[0] > queue->budget.cap_mw)
		layby_queue_over_cap(partition);
}

static void layby_caps_partition(struct layby_partition *partition, u32 cap_mw, u32 level)
{
	if (layby_cap_set(partition, layby_charge_cap(partition, cap_mw)))
		layby_cap_fell(partition, level);
	else
		layby_level_set(partition, level);
}

static struct layby_partition *layby_next_guest(struct layby_accel *accel, u32 *i)
{
	while (*i < accel->partition_count)
		if (accel->partition[(*i)++]->class == LAYBY_CLASS_GUEST)
			return accel->partition[*i - 1];
	return NULL;
}

void layby_caps_set(struct layby_accel *accel, u32 cap_mw, u32 level)
{
	struct layby_partition *partition;
	u32 i = 0;

	WRITE_ONCE(accel->cap_mw, cap_mw);
	while ((partition = layby_next_guest(accel, &i)))
		layby_caps_partition(partition, cap_mw, level);
}

void layby_caps_none(struct layby_accel *accel)
{
	struct layby_partition *partition;
	u32 i = 0;

	WRITE_ONCE(accel->cap_mw, 0);
	while ((partition = layby_next_guest(accel, &i)))
		layby_cap_set(partition, 0);
}

/* --- For those who ask ---------------------------------------------------- */

/* What runs counts too, or a long job would look like none. */
static u64 layby_queue_busy_ns(struct layby_queue *queue)
{
	u64 ended_ns = atomic64_read(&layby_queue_partition(queue)->used.run_ticks) *
		       queue->tick_ns;

	return queue->head ? ended_ns + ktime_get_ns() - queue->head_since_ns : ended_ns;
}

static void layby_caps_add(struct layby_caps *caps, struct layby_queue *queue)
{
	u32 i;

	spin_lock_irq(&queue->lock);
	layby_budget_accrue(&queue->budget, ktime_get_ns());
	caps->level = max(caps->level, queue->level);
	caps->level_at_ns = max(caps->level_at_ns, queue->level_at_ns);
	for (i = 0; i < LAYBY_LEVELS_MAX; i++)
		caps->level_mw[i] += queue->level_mw[i];
	caps->bucket_uj += div_u64(queue->budget.bucket_pj, LAYBY_PJ_PER_UJ);
	caps->credit_uj += div_u64(queue->budget.credit_pj, LAYBY_PJ_PER_UJ);
	caps->charged_uj += div_u64(queue->budget.charged_pj, LAYBY_PJ_PER_UJ);
	caps->ended_uj += atomic64_read(&layby_queue_partition(queue)->used.energy_uj);
	caps->busy_ns += layby_queue_busy_ns(queue);
	caps->waiting += queue->waiting;
	caps->partitions++;
	spin_unlock_irq(&queue->lock);
}

void layby_caps_read(struct layby_accel *accel, struct layby_caps *caps)
{
	struct layby_partition *partition;
	u32 i = 0;

	*caps = (struct layby_caps){
		.cap_mw = READ_ONCE(accel->cap_mw),
		.rail_level = max(layby_charge_rail_level(accel), 0),
	};
	while ((partition = layby_next_guest(accel, &i)))
		layby_caps_add(caps, &partition->queue);
}
