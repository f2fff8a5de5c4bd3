/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the queue does to commands: bind one to its job, and gather finished ones
 * into batches. Inline, because it is on the path of every job.
 *
 * A batch holds commands of one ring and one task; its first is the carrier, by
 * whose task work all are completed.
 */
#ifndef LAYBY_URING_H
#define LAYBY_URING_H

#include "compat.h"

struct layby_job;

/* In the command's own memory. */
struct layby_uring_pdu {
	struct layby_job *job;		/* queue lock; NULL until submitted */
	struct io_uring_cmd *next;	/* in a batch */
	int result;
};

struct layby_uring_batch {
	struct io_uring_cmd *first;
	struct io_uring_cmd *last;
};

static inline struct layby_uring_pdu *layby_uring_pdu(struct io_uring_cmd *cmd)
{
	return io_uring_cmd_to_pdu(cmd, struct layby_uring_pdu);
}

static inline void layby_uring_attach(struct io_uring_cmd *cmd, struct layby_job *job)
{
	WRITE_ONCE(layby_uring_pdu(cmd)->job, job);
}

void layby_uring_batch_flush(struct layby_uring_batch *batch);

/* The caller owns the completion of @cmd. Any context. */
static inline void layby_uring_batch_add(struct layby_uring_batch *batch,
					 struct io_uring_cmd *cmd, int result)
{
	struct layby_uring_pdu *pdu = layby_uring_pdu(cmd);

	pdu->result = result;
	pdu->next = NULL;
	if (batch->first && layby_uring_same_ring(batch->first, cmd)) {
		layby_uring_pdu(batch->last)->next = cmd;
	} else {
		layby_uring_batch_flush(batch);
		batch->first = cmd;
	}
	batch->last = cmd;
}

#endif /* LAYBY_URING_H */
