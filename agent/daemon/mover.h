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
	/* sees what was moved, piece by piece; NULL: nobody does */
	void (*seen)(struct transfer *transfer, const void *bytes, size_t size);
	/* in the end the disk has all of @sync_fd, too */
	bool sync;
	int sync_fd;
	/*
	 * result: 0; -ENODATA the file ended early; -errno of read or write, or with
	 * @syncing of what the disk said
	 */
	void (*done)(struct transfer *transfer, int result);
	void *userdata;
	/* --- */
	uint64_t moved;
	bool syncing;
};

int mover_create(sd_event *event, struct mover **ret_mover);
void mover_destroy(struct mover *mover);
/* -EBUSY: too many transfers at once */
int mover_start(struct mover *mover, struct transfer *transfer);

#endif
