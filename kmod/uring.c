// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands: from an SQE to a job and from its end to the CQE.
 *
 * A command and its job are two objects. The command belongs to whoever took it
 * out of job->cmd under the queue lock, and only that one completes it; the job
 * goes on until the hardware has let go of it. Nothing here waits for hardware:
 * a dying task comes through IO_URING_F_CANCEL until its commands are gone.
 *
 * Contexts: ->uring_cmd in the submitter, an io-wq worker or the SQPOLL thread;
 * batches in interrupts, timers and workers; layby_uring_finish() in task work,
 * possibly without the user's mm, so no user memory is touched here.
 */
#include "compat.h"
#include "layby.h"
#include "uring.h"

/*
 * Task work of a batch's first command, its carrier. All are of one ring and
 * one task, so the flags that io_uring gave for the carrier hold for all.
 */
static void layby_uring_finish(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	struct io_uring_cmd *next;

	for (; cmd; cmd = next) {
		/* Done may free the command. */
		next = layby_uring_pdu(cmd)->next;
		layby_uring_done(cmd, layby_uring_pdu(cmd)->result, issue_flags);
	}
}

void layby_uring_batch_flush(struct layby_uring_batch *batch)
{
	if (!batch->first)
		return;
	/* Not lazy: a waiter for several must see what came. */
	io_uring_cmd_complete_in_task(batch->first, layby_uring_finish);
	batch->first = NULL;
}

static struct layby_party *layby_uring_party(const struct io_uring_cmd *cmd)
{
	const struct drm_file *file = cmd->file->private_data;

	return file->driver_priv;
}

/* Each field is read once: the SQE is shared with userspace. */
static int layby_submit_decode(const struct io_uring_cmd *cmd,
			       struct layby_cmd_submit *submit)
{
	const struct layby_cmd_submit *raw = layby_uring_bytes(cmd);

	submit->job = READ_ONCE(raw->job);
	submit->tag = READ_ONCE(raw->tag);
	submit->flags = READ_ONCE(raw->flags);
	submit->cookie = READ_ONCE(raw->cookie);
	if (!layby_submit_sane(submit))
		return -EINVAL;
	if (submit->job >= LAYBY_PARTY_JOBS)
		return -ENOENT;
	return 0;
}

static int layby_uring_submit(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	struct layby_cmd_submit submit;
	int ret;

	ret = layby_submit_decode(cmd, &submit);
	if (ret)
		return ret;

	/* Before the job can end elsewhere; from here on only done ends it. */
	layby_uring_attach(cmd, NULL);
	io_uring_cmd_mark_cancelable(cmd, issue_flags);
	ret = layby_queue_submit(layby_uring_party(cmd), cmd, submit);
	if (ret)
		layby_uring_done(cmd, ret, issue_flags);
	return -EIOCBQUEUED;
}

static int layby_uring_cancel(struct io_uring_cmd *cmd)
{
	const struct layby_cmd_cancel *raw = layby_uring_bytes(cmd);
	const struct layby_cmd_cancel cancel = {
		.tag = READ_ONCE(raw->tag),
		.flags = READ_ONCE(raw->flags),
		.cookie = READ_ONCE(raw->cookie),
	};

	if (!layby_cancel_sane(&cancel))
		return -EINVAL;
	return layby_queue_cancel(layby_uring_party(cmd), cancel.tag, cancel.cookie);
}

/*
 * The task or the ring goes. A command that somebody else took is completed by
 * them; io_uring comes again until it is.
 */
static int layby_uring_abandon(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	struct layby_job *job = READ_ONCE(layby_uring_pdu(cmd)->job);

	if (job && layby_queue_detach(job, cmd))
		layby_uring_done(cmd, -ECANCELED, issue_flags);
	return 0;
}

/* file_operations.uring_cmd; never returns -EAGAIN */
int layby_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	if (issue_flags & IO_URING_F_CANCEL)
		return layby_uring_abandon(cmd, issue_flags);

	if (cmd->flags & IORING_URING_CMD_MASK || READ_ONCE(cmd->sqe->addr) ||
	    READ_ONCE(cmd->sqe->len))
		return -EINVAL;

	switch (cmd->cmd_op) {
	case LAYBY_CMD_SUBMIT:
		return layby_uring_submit(cmd, issue_flags);
	case LAYBY_CMD_CANCEL:
		return layby_uring_cancel(cmd);
	default:
		return -EOPNOTSUPP;
	}
}
