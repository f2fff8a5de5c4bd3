/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parties with real programs. A struct work is one party with its own ring and
 * one program with an input and an output buffer, all mapped. Functions return
 * 0 (or a value) or -errno and print nothing: children and threads use them too.
 */
#ifndef ISOLATION_WORK_H
#define ISOLATION_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node.h"
#include "ring.h"

/* tests/vnpu/models.py: vectors of 256 floats, and add's w[i] = i */
#define VECTOR		256
#define VECTOR_BYTES	(VECTOR * sizeof(float))
/* What leak.onnx gives of the tiles' memory. */
#define LEAK_BYTES	4096

struct model {
	uint8_t *bytes;
	size_t size;
};

/* build/models/@name.onnx, or the path itself if it has a slash */
int model_read(const char *name, struct model *ret_model);
/* slow.onnx only: let it take @us on a partition's four tiles, up to a minute */
int model_set_us(struct model *model, uint64_t us);
void model_free(struct model *model);

struct buffer {
	uint32_t handle;
	uint8_t *map;
	size_t size;
};

int buffer_make(int fd, size_t size, struct buffer *ret_buffer);
/* Gives up handle and mapping. */
int buffer_drop(int fd, struct buffer *buffer);
struct layby_range buffer_range(const struct buffer *buffer, uint64_t offset,
				uint64_t length);
bool all_bytes(const void *memory, uint8_t byte, size_t size);

struct work {
	struct party party;
	struct io_uring ring;
	struct buffer program;
	struct buffer input;
	struct buffer output;
	uint32_t job;
};

/* A party, no buffers yet. */
int work_open(struct work *work, uint32_t class);
/* Buffers and the prepared job; @input may be 0. */
int work_load(struct work *work, const struct model *model, size_t input,
	      size_t output, uint64_t longest_run_ns);
/* Both, with a program of build/models, vectors (or leak's bytes) and LONG_RUN. */
int work_start(struct work *work, uint32_t class, const char *name);
/* slow.onnx of that time */
int work_start_slow(struct work *work, uint32_t class, uint64_t us);
/* The same with another longest time. */
int work_start_bounded(struct work *work, uint32_t class, const char *name,
		       uint64_t longest_run_ns);
/* Prepare any ranges of the party: an index. */
int work_prepare(struct work *work, struct layby_range program,
		 const struct layby_range *input, struct layby_range output,
		 uint64_t longest_run_ns);
void work_close(struct work *work);

/* Put the job into the slot's queue; its cookie is the tag. */
int work_submit(struct work *work, uint32_t tag);
/* The result of the next one that ends, -errno like any. */
int work_wait(struct work *work);
/* Of the next @count: 0, or the first result that is none. */
int work_wait_all(struct work *work, unsigned int count);
/* work_submit() and work_wait(), with tag 0. */
int work_run(struct work *work);
/* A new party runs add.onnx and goes: 0 if the result is right, -EBADMSG if not. */
int work_once(uint32_t class);
/* Cancel the job with @tag: collects both completions, returns the job's. */
int work_cancel(struct work *work, uint32_t tag);
const struct layby_report *work_report(const struct work *work, uint32_t tag);

/* x[i] = seed + i / 2 */
void work_fill(struct work *work, float seed);
void vector_fill(void *memory, float seed);
/* add.onnx and its like: y[i] = x[i] + i */
bool work_is_right(const struct work *work, float seed);
bool vector_is_right(const void *memory, float seed);

#endif /* ISOLATION_WORK_H */
