// SPDX-License-Identifier: GPL-2.0-only
/*
 * Submit and wait by plain ioctl, as other drivers do, to be measured beside
 * the io_uring path. Built with LAYBY_BENCH only, never into a vehicle.
 */
#include <linux/completion.h>

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
