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
	bool enabled;		/* and not stopped */
	char state[16];		/* disabled, enabled, stopped, expired */
	uint64_t window_base;
	uint64_t window_bytes;
	uint32_t tiles;
	uint32_t held;		/* mask: of the job that runs */
	uint32_t bandwidth;	/* permille */
	bool watched;
	char phase[16];
	uint64_t jobs;
	uint64_t ok;
	uint64_t aborted;
	uint64_t stops;		/* since power-on */
};

struct device_status {
	uint32_t tiles;
	uint64_t memory_bytes;
	uint32_t generation;
	uint64_t commands;
	uint64_t expiries;	/* of the watchdog */
	struct slot_status slot[CONTROL_SLOTS];
};

/* Hang, LoseAbort, LoseInterrupt, WildDescriptor, RefuseReset, KillWorker */
int control_fault(const char *method, uint32_t slot);
int control_late_abort(uint32_t slot, uint32_t us);
/* All aborts and stops, until power-on: in @us, never, or as declared again. */
int control_abort_time(uint32_t slot, uint32_t us);
int control_abort_never(uint32_t slot);
int control_abort_declared(uint32_t slot);
/* The slot's vector @count times for nothing, one each @us; 0: end one. */
int control_storm(uint32_t slot, uint32_t count, uint32_t us);
/* From the next reading on: so much more, or instead. */
int control_overheat(int32_t mdeg);
int control_temperature(int32_t mdeg);
/* @offset: in the slot's window */
int control_flip_byte(uint32_t slot, uint64_t offset);
/* ResetDevice, Die, Revive; MissingSensor, StaleSensor, HealSensors */
int control_device(const char *method);
/* What the slot's last job could reach: how many ranges. */
int control_reached(uint32_t slot, struct reach *reach, unsigned int max);
/* Device memory as it stands; @length: any. */
int control_read(uint64_t address, void *to, uint32_t length);
/* The first @length bytes of a tile's local memory. */
int control_read_tile(uint32_t tile, void *to, size_t length);
int control_status(struct device_status *status);
/*
 * Ticks from the doorbell to the new state, of the slot's last stops, oldest
 * first: how many. @count: of all stops since power-on.
 */
#define CONTROL_TIMES	256
int control_stop_times(uint32_t slot, uint32_t ticks[CONTROL_TIMES],
		       uint64_t *count);
/* The same of jobs that ended well: by how much the host has made each later. */
int control_delays(uint32_t slot, uint32_t ticks[CONTROL_TIMES], uint64_t *count);
/* Wait until the slot's phase is @phase, some seconds at most. */
bool slot_becomes(uint32_t slot, const char *phase);

#endif /* ISOLATION_CONTROL_H */
