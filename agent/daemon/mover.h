/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The mover carries bytes between descriptors and device memory.
 *
 * By io_uring, so that a descriptor whose file system answers slowly or never
 * (FUSE, a network) holds up nobody but its own job.
 */
#ifndef LAYBY_AGENT_MOVER_H
#define LAYBY_AGENT_MOVER_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

struct mover;

/*
 * One transfer. Fields above the line are the caller's; the struct and the
 * memory must stay until @done was called, once, from the event loop.
 */
struct transfer {
	int fd;
	bool to_fd;
	void *memory;
	uint64_t length;
	/* result: 0; -ENODATA the file ended early; -errno of read or write */
	void (*done)(struct transfer *transfer, int result);
	void *userdata;
	/* --- */
	uint64_t moved;
};

int mover_create(sd_event *event, struct mover **ret_mover);
void mover_destroy(struct mover *mover);
/* -EBUSY: too many transfers at once */
int mover_start(struct mover *mover, struct transfer *transfer);

#endif
