/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel interfaces of Linux 6.12 that are known to change later, each
 * behind one name. Nothing else of the module names them.
 */
#ifndef LAYBY_COMPAT_H
#define LAYBY_COMPAT_H

#include <linux/io_uring/cmd.h>

/* The 16 command bytes of a plain SQE. The user may be writing to them now. */
static inline const void *layby_uring_bytes(const struct io_uring_cmd *cmd)
{
	return io_uring_sqe_cmd(cmd->sqe);
}

static inline bool layby_uring_same_ring(struct io_uring_cmd *a,
					 struct io_uring_cmd *b)
{
	return cmd_to_io_kiocb(a)->ctx == cmd_to_io_kiocb(b)->ctx &&
	       cmd_to_io_kiocb(a)->task == cmd_to_io_kiocb(b)->task;
}

static inline void layby_uring_done(struct io_uring_cmd *cmd, int result,
				    unsigned int issue_flags)
{
	io_uring_cmd_done(cmd, result, 0, issue_flags);
}

#endif /* LAYBY_COMPAT_H */
