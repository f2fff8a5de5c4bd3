/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The side entrance of the virtual accelerator, over the machine's third serial
 * line: tests/vnpu/org.layby.VNPU1.varlink. One call at a time, from one thread.
 * All return 0 (or a count) or -errno: -EREMOTEIO the device refused the call,
 * -ETIMEDOUT it gave no answer.
 */
#ifndef ISOLATION_CONTROL_H
#define ISOLATION_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As layby.ko deals the slots out. */
#define DRIVING_SLOT	0
#define GUEST_SLOT	1
#define CONTROL_SLOTS	4

/* Longer replies would overrun the line's buffer in the kernel. */
#define CONTROL_READ_MAX 16384

struct reach {
	uint64_t address;
	uint64_t length;
	bool write;
};

struct slot_status {
	bool enabled;
	uint64_t window_base;
	uint64_t window_bytes;
	uint32_t tiles;
	char phase[16];
	uint64_t jobs;
	uint64_t ok;
	uint64_t aborted;
};

struct device_status {
	uint32_t tiles;
	uint64_t memory_bytes;
	uint32_t generation;
	uint64_t commands;
	struct slot_status slot[CONTROL_SLOTS];
};

/* Hang, LoseAbort, LoseInterrupt, WildDescriptor, RefuseReset, KillWorker */
int control_fault(const char *method, uint32_t slot);
int control_late_abort(uint32_t slot, uint32_t us);
/* @offset: in the slot's window */
int control_flip_byte(uint32_t slot, uint64_t offset);
/* ResetDevice, Die, Revive */
int control_device(const char *method);
/* What the slot's last job could reach: how many ranges. */
int control_reached(uint32_t slot, struct reach *reach, unsigned int max);
/* Device memory as it stands; @length: any. */
int control_read(uint64_t address, void *to, uint32_t length);
/* The first @length bytes of a tile's local memory. */
int control_read_tile(uint32_t tile, void *to, size_t length);
int control_status(struct device_status *status);
/* Wait until the slot's phase is @phase, some seconds at most. */
bool slot_becomes(uint32_t slot, const char *phase);

#endif /* ISOLATION_CONTROL_H */
