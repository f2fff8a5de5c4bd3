// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Prepared jobs, and the SQEs that run and cancel them.
 *
 * The only place that knows how a command lies in an SQE.
 */
#include "internal.h"

#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(struct layby_cmd_submit) == 16, "fits a 64-byte SQE");
_Static_assert(sizeof(struct layby_cmd_cancel) == 16, "fits a 64-byte SQE");

static void job_add(struct layby_job *job)
{
	struct layby_node *node = job->node;

	pthread_mutex_lock(&node->lock);
	LIST_INSERT_HEAD(&node->jobs, job, entries);
	pthread_mutex_unlock(&node->lock);
}

void job_free(struct layby_job *job)
{
	struct layby_node *node = job->node;

	pthread_mutex_lock(&node->lock);
	LIST_REMOVE(job, entries);
	pthread_mutex_unlock(&node->lock);
	free(job);
}

int layby_job_prepare(struct layby_node *node,
		      const struct layby_job_spec *spec,
		      struct layby_job **ret_job)
{
	struct layby_job_prepare prepare = {
		.program = spec->program,
		.inputs = (uintptr_t)spec->inputs,
		.outputs = (uintptr_t)spec->outputs,
		.input_count = spec->input_count,
		.output_count = spec->output_count,
		.longest_run_ns = spec->longest_run_ns,
		.flags = spec->flags,
	};
	struct layby_job *job;
	int r;

	job = calloc(1, sizeof(*job));
	if (!job)
		return -ENOMEM;
	r = node_ioctl(node, DRM_IOCTL_LAYBY_JOB_PREPARE, &prepare);
	if (r < 0) {
		free(job);
		return r;
	}
	job->node = node;
	job->index = prepare.job;
	job_add(job);
	*ret_job = job;
	return 0;
}

int layby_job_unprepare(struct layby_job *job)
{
	struct layby_job_unprepare unprepare = {};
	int r;

	if (!job)
		return 0;
	unprepare.job = job->index;
	r = node_ioctl(job->node, DRM_IOCTL_LAYBY_JOB_UNPREPARE, &unprepare);
	if (r == -EBUSY)
		return r;
	job_free(job);
	return r;
}

static void prep_sqe(const struct layby_node *node, uint32_t cmd_op,
		     const void *cmd, struct io_uring_sqe *sqe)
{
	memset(sqe, 0, 64);
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = node->fd;
	sqe->cmd_op = cmd_op;
	memcpy(sqe->cmd, cmd, 16);
}

void layby_job_prep_sqe(const struct layby_job *job, uint32_t tag,
			uint64_t cookie, uint16_t flags,
			struct io_uring_sqe *sqe)
{
	struct layby_cmd_submit submit = {
		.job = job->index,
		.tag = (uint16_t)tag,
		.flags = flags,
		.cookie = cookie,
	};

	prep_sqe(job->node, LAYBY_CMD_SUBMIT, &submit, sqe);
}

void layby_node_prep_cancel_sqe(const struct layby_node *node, uint32_t tag,
				uint64_t cookie, struct io_uring_sqe *sqe)
{
	struct layby_cmd_cancel cancel = {
		.tag = tag,
		.cookie = cookie,
	};

	prep_sqe(node, LAYBY_CMD_CANCEL, &cancel, sqe);
}
