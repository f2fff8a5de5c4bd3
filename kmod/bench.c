// SPDX-License-Identifier: GPL-2.0-only
/*
 * Submit and wait by plain ioctl, as other drivers do, to be measured beside
 * the io_uring path; and stamps of the CPU's counter on the way of a reclaim and
 * around the governor's programs.
 * Built with LAYBY_BENCH only, never into a vehicle.
 */
#include <linux/completion.h>
#include <linux/interrupt.h>
#include <linux/moduleparam.h>
#include <linux/timex.h>
#include <linux/tracepoint.h>

#include <layby/bench_ioctl.h>

#include "layby.h"
#include "queue.h"

int layby_bench_run_ioctl(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct layby_party *party = file->driver_priv;
	struct layby_queue *queue = &party->partition->queue;
	struct layby_bench_run *args = data;
	struct layby_cmd_submit submit = { .job = args->job, .tag = args->tag };
	DECLARE_COMPLETION_ONSTACK(done);
	struct layby_job *job;

	if (args->pad || args->job >= LAYBY_PARTY_JOBS || args->tag >= LAYBY_PARTY_TAGS)
		return -EINVAL;
	spin_lock_irq(&queue->lock);
	job = layby_queue_enter(party, submit);
	if (!IS_ERR(job))
		job->waiter = &done;
	spin_unlock_irq(&queue->lock);
	if (IS_ERR(job))
		return PTR_ERR(job);
	wait_for_completion(&done);
	args->result = job->report->result;
	return 0;
}

/* --- Stamps --------------------------------------------------------------- */

static u64 layby_softirq_at;
static unsigned long layby_stamp[LAYBY_STAMPS];
module_param_array_named(stamp, layby_stamp, ulong, NULL, 0444);

/* The softirq that closes the gate is the one that runs at the doorbell. */
void layby_bench_stamp(enum layby_bench_stamp which)
{
	layby_stamp[which] = get_cycles();
	if (which == LAYBY_STAMP_DOORBELL)
		layby_stamp[LAYBY_STAMP_SOFTIRQ] = layby_softirq_at;
}

static void layby_bench_softirq(void *data, unsigned int vector)
{
	if (vector == NET_RX_SOFTIRQ)
		layby_softirq_at = get_cycles();
}

static void layby_bench_find(struct tracepoint *point, void *found)
{
	if (!strcmp(point->name, "softirq_entry"))
		*(struct tracepoint **)found = point;
}

static struct tracepoint *layby_bench_point(void)
{
	struct tracepoint *point = NULL;

	for_each_kernel_tracepoint(layby_bench_find, &point);
	return point;
}

int layby_bench_init(void)
{
	struct tracepoint *point = layby_bench_point();

	return point ? tracepoint_probe_register(point, layby_bench_softirq, NULL) : -ENOENT;
}

void layby_bench_fini(void)
{
	tracepoint_probe_unregister(layby_bench_point(), layby_bench_softirq, NULL);
	tracepoint_synchronize_unregister();
}
