// SPDX-License-Identifier: GPL-2.0-only
/*
 * Recovery: a slot that did not answer an abort, or that the device forgot, is
 * reset, and what was on it and is not to blame is pushed again.
 *
 * Runs on a SCHED_FIFO worker of the slot's own, so that neither ordinary work
 * nor the other slot's recovery can delay it. While it runs, slot_lock held, the
 * queue is RECOVERING: no operation but its own reaches the slot. A reset that fails
 * fences the slot for good: its jobs end with -EIO, its tiles and its window
 * are used by nobody any more.
 */
#include <linux/kthread.h>
#include <linux/sched.h>

#include "charge.h"
#include "keeper.h"
#include "layby.h"
#include "queue.h"

/* Queue lock held. */
void layby_queue_fail_all(struct layby_queue *queue, int result, u32 reason,
			  struct layby_uring_batch *batch)
{
	const struct layby_hw_completion none = {};

	layby_charge_forget(queue);
	while (queue->count)
		layby_job_retire(queue, layby_queue_nth(queue, 0), result, reason,
				 &none, batch);
	queue->head = NULL;
}

/* Only what ran can be to blame; what waited behind it is not counted. */
static bool layby_job_may_run_again(struct layby_queue *queue, struct layby_job *job)
{
	return job != queue->head || ++job->resets <= LAYBY_RESETS_MAX;
}

/* Retire what must not run again. */
static void layby_job_resume(struct layby_queue *queue, struct layby_job *job,
			     struct layby_uring_batch *batch)
{
	const struct layby_hw_completion none = {};

	if (job->stopping)
		layby_job_retire(queue, job, job->stop_result, job->stop_reason,
				 &none, batch);
	else if (!layby_job_may_run_again(queue, job))
		layby_job_retire(queue, job, -EIO, LAYBY_REASON_DEVICE_FAILED,
				 &none, batch);
}

/* Nothing is on the ring any more. */
static void layby_queue_take_back(struct layby_queue *queue)
{
	u32 n, pushed = layby_queue_pushed(queue);

	layby_charge_forget(queue);
	for (n = 0; n < pushed; n++)
		layby_job_wait(queue, layby_queue_nth(queue, n));
}

static void layby_queue_resume(struct layby_queue *queue,
			       struct layby_uring_batch *batch)
{
	struct layby_job *job;
	u32 n = 0;

	layby_queue_become(queue, LAYBY_QUEUE_RUNNING);
	queue->tile_party = 0;
	layby_queue_take_back(queue);
	while (n < queue->count) {
		job = layby_queue_nth(queue, n);
		layby_job_resume(queue, job, batch);
		/* A retired one has left its place to the next. */
		if (n < queue->count && layby_queue_nth(queue, n) == job)
			n++;
	}
	/* Whoever is first now starts anew, the same job as before too. */
	queue->head = NULL;
	layby_queue_settle(queue);
}

/*
 * Guest work never runs unwatched: a device that was reset has forgotten its watchdog.
 * One that has expired stays so, and the gate closes.
 */
static int layby_slot_watch(struct layby_partition *partition)
{
	const struct layby_hw *hw = &partition->accel->hw;

	if (partition->class != LAYBY_CLASS_GUEST)
		return 0;
	layby_keeper_guard();
	if (READ_ONCE(partition->queue.shut) ||
	    hw->ops->watching(hw->priv) != LAYBY_HW_WATCHDOG_OFF)
		return 0;
	return hw->ops->watchdog(hw->priv, partition->accel->policy->watchdog_ns);
}

static int layby_slot_reset(struct layby_queue *queue)
{
	struct layby_partition *partition = layby_queue_partition(queue);
	const struct layby_hw *hw = layby_queue_hw(queue);
	struct layby_uring_batch batch = {};
	int ret;

	queue->enabled = false;
	ret = hw->ops->slot_disable(hw->priv, partition->slot);
	if (ret)
		return ret;
	/* What ended just before counts as ended. */
	spin_lock_irq(&queue->lock);
	layby_queue_take(queue, &batch, true);
	layby_uring_batch_flush(&batch);
	spin_unlock_irq(&queue->lock);

	ret = hw->ops->clear_tiles(hw->priv, partition->cfg.tiles);
	if (ret)
		return ret;
	atomic64_inc(&partition->cleared.tiles);
	ret = layby_slot_watch(partition);
	/* The gate closed meanwhile: the slot stays out of service. */
	if (ret || READ_ONCE(queue->shut))
		return ret;
	partition->enabled_at_ns = ktime_get_ns();
	ret = hw->ops->slot_enable(hw->priv, partition->slot, &partition->cfg);
	queue->enabled = !ret;
	return ret;
}

static bool layby_recovery_enter(struct layby_queue *queue)
{
	bool enter;

	spin_lock_irq(&queue->lock);
	enter = queue->state == LAYBY_QUEUE_RUNNING ||
		queue->state == LAYBY_QUEUE_RECOVERING;
	if (enter)
		layby_queue_become(queue, LAYBY_QUEUE_RECOVERING);
	spin_unlock_irq(&queue->lock);
	return enter;
}

static void layby_recovery_leave(struct layby_queue *queue, int ret)
{
	struct layby_uring_batch batch = {};

	spin_lock_irq(&queue->lock);
	queue->recoveries++;
	queue->aborting = NULL;
	if (queue->state == LAYBY_QUEUE_GONE) {
		/* layby_recovery_fini() comes right behind */
	} else if (ret) {
		layby_queue_become(queue, LAYBY_QUEUE_FENCED);
		layby_queue_fail_all(queue, -EIO, LAYBY_REASON_DEVICE_FAILED, &batch);
	} else if (READ_ONCE(queue->shut)) {
		/* If it is enabled, reclaim comes next and stops it. */
		layby_queue_fail_all(queue, layby_shut_result(queue),
				     layby_shut_reason(queue), &batch);
		layby_queue_become(queue, queue->enabled ? LAYBY_QUEUE_RUNNING :
						   LAYBY_QUEUE_CLOSED);
	} else {
		layby_queue_resume(queue, &batch);
	}
	layby_uring_batch_flush(&batch);
	spin_unlock_irq(&queue->lock);
}

/* The whole device may be reset in the midst of it. */
static int layby_recover_slot(struct layby_queue *queue)
{
	u32 tries = 0;
	int ret;

	do {
		ret = layby_slot_reset(queue);
	} while (ret == -EAGAIN && ++tries < LAYBY_RESET_TRIES);
	return ret;
}

static void layby_recover(struct kthread_work *work)
{
	struct layby_queue *queue = container_of(work, struct layby_queue, recover);
	struct layby_partition *partition = layby_queue_partition(queue);
	struct drm_device *drm = partition->drm;
	int ret;

	mutex_lock(&partition->slot_lock);
	if (!layby_recovery_enter(queue)) {
		mutex_unlock(&partition->slot_lock);
		return;
	}
	ret = layby_recover_slot(queue);
	layby_recovery_leave(queue, ret);
	mutex_unlock(&partition->slot_lock);
	if (ret) {
		/* Driving's too: an accelerator that cannot be reset lends nothing. */
		if (partition->accel->policy)
			layby_keeper_fault();
		dev_err(drm->dev, "slot cannot be reset (%d): fenced, its jobs end with -EIO; reload the backend to get it back\n",
			ret);
	} else {
		dev_notice_ratelimited(drm->dev, "slot was reset, unfinished jobs run again\n");
	}
}

/* Queue lock held, any context. */
void layby_queue_begin_recovery(struct layby_queue *queue)
{
	lockdep_assert_held(&queue->lock);
	layby_queue_become(queue, LAYBY_QUEUE_RECOVERING);
	queue->aborting = NULL;
	kthread_queue_work(queue->worker, &queue->recover);
}

/* The device forgot the slot. Any context. */
void layby_queue_lost(struct layby_partition *partition)
{
	struct layby_queue *queue = &partition->queue;
	unsigned long flags;

	spin_lock_irqsave(&queue->lock, flags);
	if (queue->state == LAYBY_QUEUE_RUNNING ||
	    queue->state == LAYBY_QUEUE_RECOVERING)
		layby_queue_begin_recovery(queue);
	spin_unlock_irqrestore(&queue->lock, flags);
}

int layby_recovery_init(struct layby_queue *queue)
{
	struct layby_partition *partition = layby_queue_partition(queue);
	struct kthread_worker *worker;

	worker = kthread_create_worker(0, "%s", dev_name(&partition->aux->dev));
	if (IS_ERR(worker))
		return PTR_ERR(worker);
	sched_set_fifo(worker->task);
	kthread_init_work(&queue->recover, layby_recover);
	queue->worker = worker;
	return 0;
}

/* The queue is GONE and its timers are off: stop the slot, end every job. */
void layby_recovery_fini(struct layby_queue *queue)
{
	struct layby_partition *partition = layby_queue_partition(queue);
	const struct layby_hw *hw = layby_queue_hw(queue);
	struct layby_uring_batch batch = {};
	int ret;

	kthread_destroy_worker(queue->worker);
	queue->worker = NULL;
	ret = hw->ops->slot_disable(hw->priv, partition->slot);
	if (ret)
		dev_err(partition->drm->dev, "slot cannot be stopped: %d\n", ret);

	spin_lock_irq(&queue->lock);
	layby_queue_fail_all(queue, -ENODEV, LAYBY_REASON_DEVICE_GONE, &batch);
	layby_uring_batch_flush(&batch);
	spin_unlock_irq(&queue->lock);
}
