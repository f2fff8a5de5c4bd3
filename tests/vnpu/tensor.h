/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tensor - the type of one graph input or output, and what bytes fit it
 */
#ifndef VNPU_TENSOR_H
#define VNPU_TENSOR_H

#include <onnxruntime_c_api.h>
#include <stdbool.h>
#include <stdint.h>

#define TENSOR_RANK_MAX 16

struct tensor {
	char *name;
	ONNXTensorElementDataType element;
	uint64_t element_bytes; /* 0: nothing fits (not a plain tensor) */
	size_t rank;
	int64_t dims[TENSOR_RANK_MAX]; /* -1: free */
};

struct tensor_shape {
	int64_t dims[TENSOR_RANK_MAX];
	size_t rank;
	uint64_t bytes;
};

void tensor_runtime_init(const OrtApi *api);
void tensor_describe(struct tensor *tensor, const OrtTypeInfo *info);
void tensor_release(struct tensor *tensor, OrtAllocator *allocator);

/* Does a range of exactly @bytes fit? One free dimension follows from it. */
bool tensor_fit(const struct tensor *tensor, uint64_t bytes,
		struct tensor_shape *shape);
/* The same where the tensor may be shorter than what there is. */
bool tensor_fit_prefix(const struct tensor *tensor, uint64_t bytes,
		       struct tensor_shape *shape);
/* Bytes of a computed value, or UINT64_MAX if it is not of the tensor's type. */
uint64_t tensor_value_bytes(const struct tensor *tensor, const OrtValue *value);

#endif
