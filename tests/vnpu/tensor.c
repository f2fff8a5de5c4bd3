// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * tensor - the type of one graph input or output, and what bytes fit it
 *
 * Must never guess: what is not exactly determined by the graph and the
 * range's length does not fit.
 */
#include <string.h>

#include "tensor.h"

static const struct OrtApi *ort;

void tensor_runtime_init(const OrtApi *api)
{
	ort = api;
}

/* 0 for what has no raw bytes of a whole number per element. */
static uint64_t element_bytes(ONNXTensorElementDataType element)
{
	switch (element) {
	case ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL:
	case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8:
	case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8:
		return 1;
	case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16:
	case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16:
	case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16:
	case ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16:
		return 2;
	case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT32:
	case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32:
	case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT:
		return 4;
	case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT64:
	case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64:
	case ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE:
		return 8;
	default:
		return 0;
	}
}

/* ORT hands its errors out as objects; here each only means "does not fit". */
static bool ok(OrtStatus *status)
{
	bool good = !status;

	ort->ReleaseStatus(status);
	return good;
}

static bool describe(struct tensor *tensor, const OrtTensorTypeAndShapeInfo *info)
{
	return ok(ort->GetTensorElementType(info, &tensor->element)) &&
	       ok(ort->GetDimensionsCount(info, &tensor->rank)) &&
	       tensor->rank <= TENSOR_RANK_MAX &&
	       ok(ort->GetDimensions(info, tensor->dims, tensor->rank));
}

void tensor_describe(struct tensor *tensor, const OrtTypeInfo *info)
{
	const OrtTensorTypeAndShapeInfo *shape = NULL;

	tensor->element_bytes = 0;
	if (!ok(ort->CastTypeInfoToTensorInfo(info, &shape)) || !shape)
		return;
	if (describe(tensor, shape))
		tensor->element_bytes = element_bytes(tensor->element);
}

void tensor_release(struct tensor *tensor, OrtAllocator *allocator)
{
	if (tensor->name)
		ort->ReleaseStatus(ort->AllocatorFree(allocator, tensor->name));
	tensor->name = NULL;
}

/* Bytes of the fixed dimensions' product; @free_at: the free one, or rank. */
static bool fixed_bytes(const struct tensor *tensor, uint64_t *bytes,
			size_t *free_at)
{
	*bytes = tensor->element_bytes;
	*free_at = tensor->rank;
	if (!*bytes)
		return false;
	for (size_t i = 0; i < tensor->rank; i++) {
		if (tensor->dims[i] < 0) {
			if (*free_at != tensor->rank)
				return false;
			*free_at = i;
		} else if (__builtin_mul_overflow(*bytes,
						  (uint64_t)tensor->dims[i],
						  bytes)) {
			return false;
		}
	}
	return *bytes != 0;
}

static bool fit(const struct tensor *tensor, uint64_t bytes, bool prefix,
		struct tensor_shape *shape)
{
	uint64_t fixed;
	size_t free_at;

	if (!fixed_bytes(tensor, &fixed, &free_at))
		return false;
	shape->rank = tensor->rank;
	memcpy(shape->dims, tensor->dims, sizeof(shape->dims));
	shape->bytes = fixed;
	if (free_at == tensor->rank)
		return prefix ? fixed <= bytes : fixed == bytes;
	shape->dims[free_at] = bytes / fixed;
	shape->bytes = bytes;
	return bytes >= fixed && bytes % fixed == 0;
}

bool tensor_fit(const struct tensor *tensor, uint64_t bytes,
		struct tensor_shape *shape)
{
	return fit(tensor, bytes, false, shape);
}

bool tensor_fit_prefix(const struct tensor *tensor, uint64_t bytes,
		       struct tensor_shape *shape)
{
	return fit(tensor, bytes, true, shape);
}

uint64_t tensor_value_bytes(const struct tensor *tensor, const OrtValue *value)
{
	OrtTensorTypeAndShapeInfo *info;
	ONNXTensorElementDataType element;
	size_t count;
	bool good;

	if (!ok(ort->GetTensorTypeAndShape(value, &info)))
		return UINT64_MAX;
	good = ok(ort->GetTensorElementType(info, &element)) &&
	       ok(ort->GetTensorShapeElementCount(info, &count)) &&
	       element == tensor->element;
	ort->ReleaseTensorTypeAndShapeInfo(info);
	return good ? count * tensor->element_bytes : UINT64_MAX;
}
