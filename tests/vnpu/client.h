/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * client - stands in for QEMU and the driver in the device's own tests
 *
 * Starts a vnpud, connects as ivshmem-doorbell does, and works the rings as a
 * driver would, or worse.
 */
#ifndef VNPU_CLIENT_H
#define VNPU_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-varlink.h>

#include "layby/vnpu_regs.h"

#define CLIENT_ENTRIES 8u
/* Slots get a window of 8 MiB each, two tiles each. */
#define CLIENT_WINDOW_BYTES (UINT64_C(8) << 20)
#define CLIENT_WINDOW(slot) (LAYBY_VNPU_CONTROL_BYTES + \
			     (slot) * CLIENT_WINDOW_BYTES)
/* Where client_job() puts things in a window. */
#define CLIENT_PROGRAM	0x000000u
#define CLIENT_INPUT	0x400000u
#define CLIENT_OUTPUT	0x600000u

struct client_slot {
	uint32_t sq_tail;
	uint32_t cq_head;
	uint32_t abort_sequence;
};

struct client {
	pid_t device;
	char socket[108];
	char control[108];
	int connection;
	uint8_t *memory;
	uint64_t bytes;
	int doorbell[LAYBY_VNPU_VECTORS];
	int vector[LAYBY_VNPU_VECTORS];
	struct client_slot slots[LAYBY_VNPU_MAX_SLOTS];
	uint32_t command_tail;
};

/* @extra: further arguments for vnpud, NULL-terminated, or NULL. */
void client_start(struct client *client, const char *const *extra);
void client_stop(struct client *client);
void client_connect(struct client *client);
void client_disconnect(struct client *client);

uint32_t client_read32(struct client *client, uint64_t at);
uint64_t client_read64(struct client *client, uint64_t at);
void client_write32(struct client *client, uint64_t at, uint32_t value);
void client_write64(struct client *client, uint64_t at, uint64_t value);
void client_ring(struct client *client, uint32_t vector);
/* How often it came since the last look, within @ms at the latest; 0: it did not. */
uint64_t client_wait(struct client *client, uint32_t vector, int ms);

/* Run one command; its result, or UINT32_MAX if it is not done in 2 s. */
uint32_t client_command(struct client *client, uint32_t opcode, uint32_t slot,
			uint64_t argument);
void client_write_slot(struct client *client, uint32_t slot);
void client_enable(struct client *client, uint32_t slot);

/* Read a whole file into a slot's window; its size. */
uint64_t client_load(struct client *client, uint64_t at, const char *model);
/* A descriptor for a program that is put into the slot's window, with one
 * input at CLIENT_INPUT and one output at CLIENT_OUTPUT; no input if zero.
 */
struct layby_vnpu_descriptor client_job(struct client *client, uint32_t slot,
					const char *model, uint64_t input_bytes,
					uint64_t output_bytes);
void client_submit(struct client *client, uint32_t slot,
		   struct layby_vnpu_descriptor *descriptor, uint16_t tag);
void client_abort(struct client *client, uint32_t slot, uint16_t tag);
/* Take the next completion; false if none comes within @ms. */
bool client_complete(struct client *client, uint32_t slot,
		     struct layby_vnpu_completion *completion, int ms);
/* Submit and complete; the status. */
uint32_t client_run(struct client *client, uint32_t slot,
		    struct layby_vnpu_descriptor *descriptor, uint16_t tag,
		    struct layby_vnpu_completion *completion);

/* Call a method of org.layby.VNPU1; the test fails on an error reply. */
sd_json_variant *client_control(struct client *client, const char *method,
				sd_json_variant *parameters);
void client_fault(struct client *client, const char *method, uint32_t slot);

/* --- What the test programs share ------------------------------------------- */

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#define CLIENT_FLOATS 256u
#define CLIENT_BYTES (4 * CLIENT_FLOATS)

/* cmocka's set-up with a device of default settings, and its tear-down. */
int client_setup(void **state);
int client_teardown(void **state);
/* A job "add" on a slot's window: y[i] = x[i] + i, with x[i] = i / 2. */
struct layby_vnpu_descriptor client_add(struct client *client, uint32_t slot);
/* Does the output of it stand in the window? */
bool client_added(struct client *client, uint32_t slot);
uint64_t client_run_ticks(const struct layby_vnpu_completion *completion);
/* Wait until the slot is in this phase (Status), 5 s at most. */
void client_wait_phase(struct client *client, uint32_t slot, const char *phase);
/* The last of slot 0's StopTimes or Delays, which must be the @count-th. */
uint64_t client_last_time(struct client *client, const char *method, uint64_t count);
/*
 * What slot 0's job, its @count-th that ended well, waited from fetch to start, as
 * it would be on a host that is never late.
 */
uint64_t client_modelled_wait(struct client *client,
			      const struct layby_vnpu_completion *completion,
			      uint64_t count);
/* A number from Status, of slot @slot. */
uint64_t client_status(struct client *client, uint32_t slot, const char *name);

#endif
