/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A tenant: one party that leaves a secret in all that it can reach, and finds out
 * whether others have. A secret is a word of 8 bytes that says whose it is.
 * Functions return 0 (or what they say) or -errno; they wait for the gate where an
 * emulated machine that stood still has closed it.
 */
#ifndef LEAK_TENANT_H
#define LEAK_TENANT_H

#include "work.h"

/* The guest's four tiles' local memory: docs/accelerator.md, witness in models.py */
#define TILE_BYTES	(4UL * 65536)

/* So much of it a job fills at most: with its input, and its output that is the same. */
#define INPUT_MAX	(TILE_BYTES / 2)

#define SPARES		4u

/**
 * struct found - bytes that a tenant found and that are not its own to find
 * @secret: of another tenant
 * @strange: not zero where nobody has written since it was cleared
 */
struct found {
	uint64_t secret;
	uint64_t strange;
};

/**
 * struct tenant - a party with a program and some memory
 * @work: party, ring, and the program witness.onnx
 * @word: the secret
 * @area: of this turn: the job's input, its first output, and from the midst of a page
 *        on its second one, which is what was in the tiles
 * @input: bytes of the input
 * @spare: filled and held, @spares of them, the oldest first
 */
struct tenant {
	struct work work;
	uint64_t word;
	struct buffer area;
	size_t input;
	struct buffer spare[SPARES];
	unsigned int spares;
};

/* A new one, unlike any before it in this process. */
int tenant_open(struct tenant *tenant);
void tenant_close(struct tenant *tenant);
/* The child of this process has names of its own. */
void tenant_name_child(void);

/*
 * A turn: looks into new buffers, a spare one of @size among them, its reports, and
 * by a job with @input bytes the tiles; what it finds is added to @found. It leaves
 * its secret in all of that, and gives its oldest memory back, full as it is.
 */
int tenant_turn(struct tenant *tenant, size_t size, size_t input, struct found *found);
/* Looks into every byte of the window that nobody holds, and fills it. */
int tenant_look_everywhere(struct tenant *tenant, struct found *found);

/* The job again, not waited for; it ends when told, or after @longest_run_ns. */
int tenant_begin(struct tenant *tenant, uint64_t longest_run_ns);
/* Its result. */
int tenant_end(struct tenant *tenant);
/* The result of a job that guests may not run, or may not any more. */
bool gate_was_closed(int result);

#endif /* LEAK_TENANT_H */
