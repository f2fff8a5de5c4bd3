/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * compute - what the device and a worker process say to each other
 *
 * One request at a time over a SOCK_SEQPACKET pair, one message each: a
 * struct compute_request with the transfer memfd; back comes one reply LOADED
 * (is it a program, does it fit, what does it cost) and, if that is OK, one
 * reply DONE. The transfer memfd holds the program, the tile-local memory if
 * the program can ask for it, the inputs, and room for the outputs, and
 * nothing else; see compute_layout().
 */
#ifndef VNPU_COMPUTE_H
#define VNPU_COMPUTE_H

#include <stdint.h>

#include "layby/vnpu_regs.h"

#define COMPUTE_SOCKET_FD	3
/* A graph input of this name is bound to the slot's tile-local memory. */
#define COMPUTE_TILE_MEMORY	"layby.tile_memory"
/* A model's custom metadata property: its cost, decimal, in operations. */
#define COMPUTE_OPERATIONS	"layby.operations"
/* Another one: bytes of device memory that a run moves, decimal. */
#define COMPUTE_BYTES		"layby.bytes"

struct compute_request {
	uint32_t input_count;
	uint32_t output_count;
	uint64_t program_bytes;
	uint64_t tile_bytes; /* 0: not given */
	uint64_t input_bytes[LAYBY_VNPU_INPUTS];
	uint64_t output_bytes[LAYBY_VNPU_OUTPUTS];
};

enum compute_reply_kind {
	COMPUTE_READY = 1, /* unasked, once, when a process can take requests */
	COMPUTE_LOADED = 2,
	COMPUTE_DONE = 3,
};

struct compute_reply {
	uint32_t kind;
	uint32_t status; /* enum layby_vnpu_status */
	uint64_t operations;
	uint64_t bytes; /* that a run moves */
	uint32_t fresh; /* the program was not the one that is held */
	uint32_t pad;
};

/* Where the parts stand in the transfer memfd; the program is at 0. */
struct compute_layout {
	uint64_t tile;
	uint64_t input[LAYBY_VNPU_INPUTS];
	uint64_t output[LAYBY_VNPU_OUTPUTS];
	uint64_t total;
};

#define COMPUTE_ALIGN 64u

static inline uint64_t compute_place(struct compute_layout *layout,
				     uint64_t bytes)
{
	uint64_t at = layout->total;

	layout->total += (bytes + COMPUTE_ALIGN - 1) & ~(uint64_t)(COMPUTE_ALIGN - 1);
	return at;
}

static inline struct compute_layout
compute_layout(const struct compute_request *request)
{
	struct compute_layout layout = {};

	compute_place(&layout, request->program_bytes);
	layout.tile = compute_place(&layout, request->tile_bytes);
	for (uint32_t i = 0; i < request->input_count; i++)
		layout.input[i] = compute_place(&layout, request->input_bytes[i]);
	for (uint32_t i = 0; i < request->output_count; i++)
		layout.output[i] = compute_place(&layout, request->output_bytes[i]);
	return layout;
}

#endif
