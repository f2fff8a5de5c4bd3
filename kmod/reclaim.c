// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reclaim: making true what the gatekeeper has decided. Opening takes tiles
 * from driving by the policy's table and gives them to the guest slots; closing
 * takes them back in bounded time.
 *
 * Owns which tiles a partition has now, and the one worker that changes it:
 * SCHED_FIFO, so that no ordinary work can delay it. Guest submission is fenced
 * and the device told to stop before this worker runs; it waits for the answer,
 * resets a slot that gives none, clears the tiles and hands them over. Opening
 * looks after every step whether it is still wanted, and what it has begun is
 * undone by closing. A slot that cannot be reset keeps its tiles: a latched
 * fault, and driving goes on without them (ISO-3, ISO-4).
 *
 * Per slot, partition->slot_lock keeps recovery (recover.c) and this worker from
 * reaching for the hardware at the same time. Lock order: slot_lock, window_lock,
 * queue lock, keeper's lock.
 */
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include <drm/drm_device.h>

#include "caps.h"
#include "firmware.h"
#include "keeper.h"
#include "layby.h"
#include "queue.h"

/* While opening waits for a driving job to leave the tiles, how often it looks. */
#define LAYBY_BUSY_POLL_NS	(500ULL * NSEC_PER_USEC)

/* A device that resets itself under one step so often is broken. */
#define LAYBY_STEP_TRIES	64

static struct {
	struct kthread_worker *worker;
	struct kthread_work work;
	struct layby_accel *accel;
	const struct layby_policy_in_force *policy;
	u32 guest_tiles;
	bool guests_in;		/* on the way, or there, or not handed back */
	bool broken;		/* closing failed */
	bool sampling;
} reclaim;

static const struct layby_hw *layby_reclaim_hw(void)
{
	return &reclaim.accel->hw;
}

void layby_reclaim_kick(void)
{
	struct kthread_worker *worker = READ_ONCE(reclaim.worker);

	if (!worker)
		return;
	kthread_queue_work(worker, &reclaim.work);
	/* It may be waiting inside its work. */
	wake_up_process(worker->task);
}

/* Until then at most; a kick ends it. The caller looks again. */
static void layby_reclaim_sleep(u64 until_ns)
{
	ktime_t until = ns_to_ktime(until_ns);

	schedule_hrtimeout(&until, HRTIMER_MODE_ABS);
}

/* --- Tiles of driving ----------------------------------------------------- */

/*
 * A slot that is, or is about to be, in recovery comes back with what cfg says
 * then. One out of service has no use for tiles; opening does not go on with it.
 */
static int layby_partition_tiles(struct layby_partition *partition, u32 tiles)
{
	const struct layby_hw *hw = layby_reclaim_hw();
	int ret = 0;

	mutex_lock(&partition->slot_lock);
	WRITE_ONCE(partition->cfg.tiles, tiles);
	WRITE_ONCE(partition->queue.tiles, hweight32(tiles));
	if (READ_ONCE(partition->queue.state) == LAYBY_QUEUE_RUNNING)
		ret = hw->ops->slot_tiles(hw->priv, partition->slot, tiles);
	mutex_unlock(&partition->slot_lock);
	return ret == -EAGAIN ? 0 : ret;
}

static int layby_driving_tiles(bool parked)
{
	struct layby_partition *partition;
	u32 i;
	int ret;

	for (i = 0; i < reclaim.accel->partition_count; i++) {
		partition = reclaim.accel->partition[i];
		if (partition->class != LAYBY_CLASS_DRIVING)
			continue;
		ret = layby_partition_tiles(partition, parked ?
					    partition->share.tiles_parked :
					    partition->share.tiles_driving);
		if (ret)
			return ret;
	}
	return 0;
}

static void layby_tiles_cleared(void)
{
	struct layby_partition *partition;
	u32 i;

	for (i = 0; i < reclaim.accel->partition_count; i++) {
		partition = reclaim.accel->partition[i];
		if (partition->class == LAYBY_CLASS_GUEST)
			atomic64_inc(&partition->cleared.tiles);
	}
}

/* Tile memory holds what was on it last: nobody may find that (ISO-4). */
static int layby_tiles_clear(void)
{
	const struct layby_hw *hw = layby_reclaim_hw();
	u32 tries = 0;
	int ret;

	do {
		ret = hw->ops->clear_tiles(hw->priv, reclaim.guest_tiles);
	} while (ret == -EAGAIN && ++tries < LAYBY_STEP_TRIES);
	if (!ret)
		layby_tiles_cleared();
	return ret;
}

/* --- Opening -------------------------------------------------------------- */

/*
 * A slot in recovery has the tiles that it had until it comes back, and may start
 * on them what waits in its ring. One that cannot be reset has them for good.
 *
 * Return: 0; -EBUSY: not yet; -EIO: never.
 */
static int layby_driving_left(void)
{
	struct layby_partition *partition;
	enum layby_queue_state state;
	int ret = 0;
	u32 i;

	for (i = 0; i < reclaim.accel->partition_count; i++) {
		partition = reclaim.accel->partition[i];
		state = READ_ONCE(partition->queue.state);
		if (partition->class != LAYBY_CLASS_DRIVING)
			continue;
		if (state == LAYBY_QUEUE_FENCED)
			return -EIO;
		if (state == LAYBY_QUEUE_RECOVERING)
			ret = -EBUSY;
	}
	return ret;
}

/* A job that began with more tiles keeps them to its end. */
static int layby_tiles_left(void)
{
	const struct layby_hw *hw = layby_reclaim_hw();
	int ret = layby_driving_left();

	if (ret)
		return ret;
	return hw->ops->tiles_busy(hw->priv) & reclaim.guest_tiles ? -EBUSY : 0;
}

/* Return: 0; -EINTR: opening is not wanted any more; -EIO: they never come. */
static int layby_wait_tiles(void)
{
	int ret;

	for (;;) {
		set_current_state(TASK_IDLE);
		ret = layby_keeper_wants_open() ? layby_tiles_left() : -EINTR;
		if (ret != -EBUSY)
			break;
		layby_reclaim_sleep(ktime_get_ns() + LAYBY_BUSY_POLL_NS);
	}
	__set_current_state(TASK_RUNNING);
	return ret;
}

static int layby_guest_enable(struct layby_partition *partition)
{
	const struct layby_hw *hw = layby_reclaim_hw();
	u32 tries = 0;
	int ret;

	mutex_lock(&partition->slot_lock);
	layby_caps_lowest(partition);
	do {
		ret = hw->ops->slot_disable(hw->priv, partition->slot);
		if (!ret)
			ret = hw->ops->slot_enable(hw->priv, partition->slot,
						   &partition->cfg);
	} while (ret == -EAGAIN && ++tries < LAYBY_STEP_TRIES);
	partition->enabled_at_ns = ktime_get_ns();
	if (!ret)
		layby_queue_reopen(partition);
	mutex_unlock(&partition->slot_lock);
	return ret;
}

static int layby_guests_enable(void)
{
	struct layby_partition *partition;
	u32 i;
	int ret = 0;

	for (i = 0; !ret && i < reclaim.accel->partition_count; i++) {
		partition = reclaim.accel->partition[i];
		if (partition->class == LAYBY_CLASS_GUEST)
			ret = layby_guest_enable(partition);
	}
	return ret;
}

static int layby_watch(u64 timeout_ns)
{
	const struct layby_hw *hw = layby_reclaim_hw();
	u32 tries = 0;
	int ret;

	if (!timeout_ns)
		layby_keeper_watch(0);
	do {
		ret = hw->ops->watchdog(hw->priv, timeout_ns);
	} while (ret == -EAGAIN && ++tries < LAYBY_STEP_TRIES);
	if (timeout_ns && !ret)
		layby_keeper_watch(timeout_ns);
	return ret;
}

static int layby_open_step(u32 step)
{
	switch (step) {
	case 0:
		return layby_driving_tiles(true);
	case 1:
		return layby_wait_tiles();
	case 2:
		return layby_tiles_clear();
	case 3:
		return layby_watch(reclaim.policy->watchdog_ns);
	case 4:
		return layby_guests_enable();
	default:
		return layby_keeper_admit() ? 1 : -EINTR;
	}
}

/* Return: 0 guest work runs, or opening is not wanted any more; -errno. */
static int layby_open(void)
{
	u32 step = 0;
	int ret;

	reclaim.guests_in = true;
	do {
		if (!layby_keeper_wants_open())
			return 0;
		ret = layby_open_step(step++);
	} while (!ret);
	return ret == 1 || ret == -EINTR ? 0 : ret;
}

/* --- Closing -------------------------------------------------------------- */

static bool layby_wait_stopped(struct layby_partition *partition, u64 until_ns)
{
	const struct layby_hw *hw = layby_reclaim_hw();
	bool stopped;

	for (;;) {
		set_current_state(TASK_IDLE);
		stopped = hw->ops->stopped(hw->priv, partition->slot);
		if (stopped || ktime_get_ns() >= until_ns)
			break;
		layby_reclaim_sleep(until_ns);
	}
	__set_current_state(TASK_RUNNING);
	return stopped;
}

/*
 * A slot that was on its way to being enabled when the gate closed may have
 * missed the first stop: it is told again, and has its time from then.
 */
static bool layby_guest_stop(struct layby_partition *partition)
{
	const struct layby_hw *hw = layby_reclaim_hw();
	u64 since_ns = max(layby_keeper_closed_at_ns(), partition->enabled_at_ns);

	if (!hw->ops->stopped(hw->priv, partition->slot))
		hw->ops->stop(hw->priv, partition->slot);
	return layby_wait_stopped(partition, since_ns + reclaim.policy->abort_ns);
}

static int layby_guest_reset(struct layby_partition *partition)
{
	const struct layby_hw *hw = layby_reclaim_hw();
	u32 tries = 0;
	int ret;

	do {
		ret = hw->ops->slot_disable(hw->priv, partition->slot);
	} while (ret == -EAGAIN && ++tries < LAYBY_STEP_TRIES);
	return ret;
}

/* slot_lock held. One that cannot be reset is fenced; it was stopped in vain. */
static int layby_guest_end(struct layby_partition *partition, bool *reset)
{
	enum layby_queue_state state = READ_ONCE(partition->queue.state);
	int ret = 0;

	/* Not yet enabled, or closed by its recovery. */
	if (state == LAYBY_QUEUE_CLOSED)
		return 0;
	if (state == LAYBY_QUEUE_FENCED || !layby_guest_stop(partition)) {
		*reset = true;
		ret = layby_guest_reset(partition);
	}
	if (!ret && state == LAYBY_QUEUE_FENCED)
		layby_partition_scrub(partition);
	layby_queue_shut(partition, ret);
	return ret;
}

static int layby_guest_close(struct layby_partition *partition, bool *reset)
{
	int ret;

	mutex_lock(&partition->slot_lock);
	ret = layby_guest_end(partition, reset);
	mutex_unlock(&partition->slot_lock);
	if (ret)
		dev_err(partition->drm->dev, "guest slot neither stops nor can be reset (%d): fenced with its tiles, gate closed until the fault is cleared\n",
			ret);
	return ret;
}

static int layby_guests_close(bool *reset)
{
	struct layby_partition *partition;
	int ret = 0, one;
	u32 i;

	for (i = 0; i < reclaim.accel->partition_count; i++) {
		partition = reclaim.accel->partition[i];
		if (partition->class != LAYBY_CLASS_GUEST)
			continue;
		one = layby_guest_close(partition, reset);
		ret = ret ?: one;
	}
	return ret;
}

/* Return: 0 the tiles are with driving; -errno they are not. */
static int layby_close(void)
{
	bool reset = false;
	int ret;

	ret = layby_guests_close(&reset);
	if (!ret)
		ret = layby_tiles_clear();
	if (!ret)
		ret = layby_driving_tiles(false);
	reclaim.broken = ret;
	if (ret)
		return ret;
	layby_keeper_handed_back(reset);
	reclaim.guests_in = false;
	layby_watch(0);
	return 0;
}

/* --- The worker ----------------------------------------------------------- */

static void layby_reclaim_sample(void)
{
	bool sampling = layby_keeper_reason() >= LAYBY_GATE_NO_GOVERNOR;

	if (sampling == reclaim.sampling)
		return;
	reclaim.sampling = sampling;
	layby_governor_sampling(sampling ? reclaim.accel : NULL);
}

/* Return: 1 something was done, 0 nothing is to be done, -errno. */
static int layby_reclaim_step(void)
{
	if (layby_keeper_closing() && !reclaim.guests_in)
		layby_keeper_closed();
	else if (layby_keeper_closing())
		return layby_close() ?: 1;
	else if (layby_keeper_wants_open() && !reclaim.guests_in)
		return layby_open() ?: 1;
	else
		return 0;
	return 1;
}

/* What could not be closed stays so until the fault is cleared. */
static void layby_reclaim_work(struct kthread_work *work)
{
	int ret = 0;

	if (layby_keeper_reason() != LAYBY_GATE_FAULT || !reclaim.broken)
		do {
			ret = layby_reclaim_step();
		} while (ret > 0);
	if (ret)
		layby_keeper_fault();
	layby_reclaim_sample();
}

void layby_reclaim_flush(void)
{
	kthread_flush_worker(reclaim.worker);
}

static void layby_reclaim_tiles_init(struct layby_accel *accel)
{
	u32 i;

	reclaim.guest_tiles = 0;
	for (i = 0; i < accel->partition_count; i++)
		if (accel->partition[i]->class == LAYBY_CLASS_GUEST)
			reclaim.guest_tiles |= accel->partition[i]->cfg.tiles;
}

int layby_reclaim_start(struct layby_accel *accel,
			const struct layby_policy_in_force *policy)
{
	struct kthread_worker *worker = kthread_create_worker(0, "layby-reclaim");

	if (IS_ERR(worker))
		return PTR_ERR(worker);
	sched_set_fifo(worker->task);
	kthread_init_work(&reclaim.work, layby_reclaim_work);
	reclaim.accel = accel;
	reclaim.policy = policy;
	reclaim.guests_in = false;
	reclaim.broken = false;
	reclaim.sampling = false;
	layby_reclaim_tiles_init(accel);
	WRITE_ONCE(reclaim.worker, worker);
	return 0;
}

/* The gate is closed for good: the last closing is waited for. */
void layby_reclaim_stop(void)
{
	struct kthread_worker *worker = reclaim.worker;

	layby_keeper_answer();
	kthread_flush_worker(worker);
	WRITE_ONCE(reclaim.worker, NULL);
	/* Takes keeper's lock: no kick still holds what it has read. */
	layby_keeper_watch(0);
	if (reclaim.sampling)
		layby_governor_sampling(NULL);
	kthread_destroy_worker(worker);
	reclaim.accel = NULL;
}

/* --- Guest memory --------------------------------------------------------- */

/* A fault looks under map_lock; one that saw the gate open is taken away here. */
static void layby_partition_zap(struct layby_partition *partition)
{
	down_write(&partition->map_lock);
	up_write(&partition->map_lock);
	unmap_mapping_range(partition->drm->anon_inode->i_mapping, 0, 0, 1);
}

void layby_reclaim_zap(struct layby_accel *accel)
{
	struct layby_partition *partition;
	u32 i;

	for (i = 0; i < accel->partition_count; i++) {
		partition = accel->partition[i];
		if (READ_ONCE(partition->queue.shut))
			layby_partition_zap(partition);
	}
}

void layby_reclaim_forget(struct layby_accel *accel)
{
	struct layby_partition *partition;
	u32 i;

	layby_reclaim_flush();
	for (i = 0; i < accel->partition_count; i++) {
		partition = accel->partition[i];
		if (partition->class != LAYBY_CLASS_GUEST)
			continue;
		WRITE_ONCE(partition->epoch, partition->epoch + 1);
		layby_partition_zap(partition);
		layby_partition_clear(partition);
	}
}
