// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * session - one program loaded into ONNX Runtime, and one run of it
 *
 * Owns every call into ONNX Runtime. Must stay on the one thread that calls
 * it, and must never give a model another byte than those of its request.
 */
#include <errno.h>
#include <fcntl.h>
#include <onnxruntime_c_api.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "session.h"
#include "tensor.h"

#define SESSION_NODES_MAX (LAYBY_VNPU_INPUTS + 1)

struct session {
	OrtSession *ort;
	uint8_t *program;
	uint64_t program_bytes;
	uint64_t operations;
	uint64_t bytes;
	bool says_bytes;
	size_t input_count;
	size_t output_count;
	struct tensor input[SESSION_NODES_MAX];
	struct tensor output[LAYBY_VNPU_OUTPUTS];
};

static const OrtApi *ort;
static OrtEnv *environment;
static OrtSessionOptions *options;
static OrtMemoryInfo *cpu_memory;
static OrtAllocator *allocator;

/* Consumes @status; says why on stderr. */
static bool failed(OrtStatus *status, const char *what)
{
	if (!status)
		return false;
	fprintf(stderr, "vnpu-worker: %s: %s\n", what,
		ort->GetErrorMessage(status));
	ort->ReleaseStatus(status);
	return true;
}

static int bring_up(void)
{
	/* One thread: a job is one process on one core, so that what it takes
	 * does not depend on who else is there.
	 */
	if (failed(ort->CreateEnv(ORT_LOGGING_LEVEL_FATAL, "vnpu", &environment),
		   "environment") ||
	    failed(ort->CreateSessionOptions(&options), "options") ||
	    failed(ort->SetIntraOpNumThreads(options, 1), "intra-op threads") ||
	    failed(ort->SetInterOpNumThreads(options, 1), "inter-op threads") ||
	    failed(ort->SetSessionExecutionMode(options, ORT_SEQUENTIAL), "mode") ||
	    failed(ort->CreateCpuMemoryInfo(OrtDeviceAllocator, OrtMemTypeDefault,
					    &cpu_memory), "memory") ||
	    failed(ort->GetAllocatorWithDefaultOptions(&allocator), "allocator"))
		return -EIO;
	return 0;
}

/*
 * The first session takes longest: have it behind us before the first job. It
 * also makes Debian's build report hundreds of operators as registered twice,
 * which nobody needs to read.
 */
static int warm_up(void)
{
	/* A ModelProto with one node: float x[1] -> Identity -> float y[1] */
	static const uint8_t identity[] = {
		0x08, 0x08, 0x3a, 0x37, 0x0a, 0x10, 0x0a, 0x01, 0x78, 0x12,
		0x01, 0x79, 0x22, 0x08, 0x49, 0x64, 0x65, 0x6e, 0x74, 0x69,
		0x74, 0x79, 0x12, 0x01, 0x67, 0x5a, 0x0f, 0x0a, 0x01, 0x78,
		0x12, 0x0a, 0x0a, 0x08, 0x08, 0x01, 0x12, 0x04, 0x0a, 0x02,
		0x08, 0x01, 0x62, 0x0f, 0x0a, 0x01, 0x79, 0x12, 0x0a, 0x0a,
		0x08, 0x08, 0x01, 0x12, 0x04, 0x0a, 0x02, 0x08, 0x01, 0x42,
		0x04, 0x0a, 0x00, 0x10, 0x11,
	};
	int heard = dup(STDERR_FILENO);
	int quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);
	OrtSession *session = NULL;
	OrtStatus *status;

	if (heard < 0 || quiet < 0 || dup2(quiet, STDERR_FILENO) < 0)
		return -errno;
	status = ort->CreateSessionFromArray(environment, identity,
					     sizeof(identity), options, &session);
	if (dup2(heard, STDERR_FILENO) < 0)
		return -errno;
	close(heard);
	close(quiet);
	if (failed(status, "first session"))
		return -EIO;
	ort->ReleaseSession(session);
	return 0;
}

int session_runtime_init(void)
{
	int r;

	ort = OrtGetApiBase()->GetApi(ORT_API_VERSION);
	if (!ort)
		return -EPROTONOSUPPORT;
	tensor_runtime_init(ort);
	r = bring_up();
	return r < 0 ? r : warm_up();
}

/* 1: the property is there; 0: it is not and @number is as it was; or -errno. */
static int read_number(OrtModelMetadata *metadata, const char *property,
		       uint64_t *number)
{
	char *text = NULL, *end;
	OrtStatus *status;
	bool bad;

	status = ort->ModelMetadataLookupCustomMetadataMap(metadata, allocator,
							   property, &text);
	if (failed(status, property))
		return -EIO;
	if (!text)
		return 0;
	errno = 0;
	*number = strtoull(text, &end, 10);
	bad = errno || *end || text[0] < '0' || text[0] > '9';
	if (bad)
		fprintf(stderr, "vnpu-worker: %s is not a decimal number\n",
			property);
	failed(ort->AllocatorFree(allocator, text), "free");
	return bad ? -EINVAL : 1;
}

/* The compiler's word on the cost; without it, a multiply-add for each weight
 * of four bytes.
 */
static int read_cost(struct session *session)
{
	OrtModelMetadata *metadata;
	int r;

	session->operations = session->program_bytes / 2;
	if (failed(ort->SessionGetModelMetadata(session->ort, &metadata),
		   "metadata"))
		return -EIO;
	r = read_number(metadata, COMPUTE_OPERATIONS, &session->operations);
	if (r >= 0)
		r = read_number(metadata, COMPUTE_BYTES, &session->bytes);
	session->says_bytes = r > 0;
	ort->ReleaseModelMetadata(metadata);
	return r < 0 ? r : 0;
}

static int read_node(struct session *session, bool input, size_t i,
		     struct tensor *tensor)
{
	OrtTypeInfo *info;
	bool bad;

	if (input)
		bad = failed(ort->SessionGetInputName(session->ort, i, allocator,
						      &tensor->name), "input") ||
		      failed(ort->SessionGetInputTypeInfo(session->ort, i, &info),
			     "input");
	else
		bad = failed(ort->SessionGetOutputName(session->ort, i, allocator,
						       &tensor->name), "output") ||
		      failed(ort->SessionGetOutputTypeInfo(session->ort, i, &info),
			     "output");
	if (bad)
		return -EIO;
	tensor_describe(tensor, info);
	ort->ReleaseTypeInfo(info);
	return 0;
}

static int read_nodes(struct session *session)
{
	int r = 0;

	if (failed(ort->SessionGetInputCount(session->ort, &session->input_count),
		   "inputs") ||
	    failed(ort->SessionGetOutputCount(session->ort,
					      &session->output_count), "outputs"))
		return -EIO;
	/* More than a descriptor can name: no request will ever fit. */
	if (session->input_count > SESSION_NODES_MAX ||
	    session->output_count > LAYBY_VNPU_OUTPUTS)
		return 0;
	for (size_t i = 0; !r && i < session->input_count; i++)
		r = read_node(session, true, i, &session->input[i]);
	for (size_t i = 0; !r && i < session->output_count; i++)
		r = read_node(session, false, i, &session->output[i]);
	return r;
}

struct session *session_create(const void *program, uint64_t bytes)
{
	struct session *session = calloc(1, sizeof(*session));

	if (!session)
		return NULL;
	session->program = malloc(bytes);
	session->program_bytes = bytes;
	if (!session->program)
		goto fail;
	memcpy(session->program, program, bytes);
	if (failed(ort->CreateSessionFromArray(environment, session->program,
					       bytes, options, &session->ort),
		   "program"))
		goto fail;
	if (read_cost(session) < 0 || read_nodes(session) < 0)
		goto fail;
	return session;
fail:
	session_destroy(session);
	return NULL;
}

void session_destroy(struct session *session)
{
	if (!session)
		return;
	for (size_t i = 0; i < SESSION_NODES_MAX; i++)
		tensor_release(&session->input[i], allocator);
	for (size_t i = 0; i < LAYBY_VNPU_OUTPUTS; i++)
		tensor_release(&session->output[i], allocator);
	if (session->ort)
		ort->ReleaseSession(session->ort);
	free(session->program);
	free(session);
}

bool session_holds(const struct session *session, const void *program,
		   uint64_t bytes)
{
	return session && session->program_bytes == bytes &&
	       !memcmp(session->program, program, bytes);
}

uint64_t session_operations(const struct session *session)
{
	return session->operations;
}

/* Without the compiler's word: each byte that it is given, once. */
uint64_t session_bytes(const struct session *session,
		       const struct compute_request *request)
{
	uint64_t bytes = request->program_bytes;

	if (session->says_bytes)
		return session->bytes;
	for (uint32_t i = 0; i < request->input_count; i++)
		bytes += request->input_bytes[i];
	for (uint32_t i = 0; i < request->output_count; i++)
		bytes += request->output_bytes[i];
	return bytes;
}

/*
 * Walk the graph's inputs in order: what is named like the tile-local memory
 * takes that, each other one takes the next input range.
 */
static bool bind_input(const struct session *session, size_t i,
		       const struct compute_request *request,
		       const struct compute_layout *layout, uint32_t *next,
		       struct tensor_shape *shape, uint64_t *at)
{
	const struct tensor *tensor = &session->input[i];

	if (!strcmp(tensor->name, COMPUTE_TILE_MEMORY)) {
		*at = layout->tile;
		return tensor_fit_prefix(tensor, request->tile_bytes, shape);
	}
	if (*next >= request->input_count)
		return false;
	*at = layout->input[*next];
	return tensor_fit(tensor, request->input_bytes[(*next)++], shape);
}

uint32_t session_check(const struct session *session,
		       const struct compute_request *request)
{
	struct compute_layout layout = compute_layout(request);
	struct tensor_shape shape;
	uint32_t next = 0;
	uint64_t at;

	if (session->input_count > SESSION_NODES_MAX ||
	    session->output_count != request->output_count)
		return LAYBY_VNPU_STATUS_BAD_SHAPE;
	for (size_t i = 0; i < session->input_count; i++) {
		if (!bind_input(session, i, request, &layout, &next, &shape, &at))
			return LAYBY_VNPU_STATUS_BAD_SHAPE;
	}
	if (next != request->input_count)
		return LAYBY_VNPU_STATUS_BAD_SHAPE;
	for (size_t i = 0; i < session->output_count; i++) {
		if (!tensor_fit(&session->output[i], request->output_bytes[i],
				&shape))
			return LAYBY_VNPU_STATUS_BAD_SHAPE;
	}
	return LAYBY_VNPU_STATUS_OK;
}

static bool bind_inputs(const struct session *session,
			const struct compute_request *request,
			const struct compute_layout *layout, uint8_t *transfer,
			OrtValue **values)
{
	struct tensor_shape shape;
	OrtStatus *status;
	uint32_t next = 0;
	uint64_t at;

	for (size_t i = 0; i < session->input_count; i++) {
		if (!bind_input(session, i, request, layout, &next, &shape, &at))
			return false;
		status = ort->CreateTensorWithDataAsOrtValue(cpu_memory,
				transfer + at, shape.bytes, shape.dims, shape.rank,
				session->input[i].element, &values[i]);
		if (failed(status, "input"))
			return false;
	}
	return true;
}

/* A free dimension shows its size only now. */
static uint32_t take_outputs(const struct session *session,
			     const struct compute_request *request,
			     const struct compute_layout *layout,
			     uint8_t *transfer, OrtValue **values)
{
	for (size_t i = 0; i < session->output_count; i++) {
		uint64_t bytes = request->output_bytes[i];
		void *data;

		if (tensor_value_bytes(&session->output[i], values[i]) != bytes)
			return LAYBY_VNPU_STATUS_BAD_SHAPE;
		if (failed(ort->GetTensorMutableData(values[i], &data), "output"))
			return LAYBY_VNPU_STATUS_COMPUTE_FAILED;
		memcpy(transfer + layout->output[i], data, bytes);
	}
	return LAYBY_VNPU_STATUS_OK;
}

uint32_t session_run(struct session *session,
		     const struct compute_request *request, uint8_t *transfer)
{
	struct compute_layout layout = compute_layout(request);
	const char *input_names[SESSION_NODES_MAX];
	const char *output_names[LAYBY_VNPU_OUTPUTS];
	OrtValue *inputs[SESSION_NODES_MAX] = {};
	OrtValue *outputs[LAYBY_VNPU_OUTPUTS] = {};
	uint32_t status = LAYBY_VNPU_STATUS_COMPUTE_FAILED;

	for (size_t i = 0; i < session->input_count; i++)
		input_names[i] = session->input[i].name;
	for (size_t i = 0; i < session->output_count; i++)
		output_names[i] = session->output[i].name;
	if (bind_inputs(session, request, &layout, transfer, inputs) &&
	    !failed(ort->Run(session->ort, NULL, input_names,
			     (const OrtValue *const *)inputs,
			     session->input_count, output_names,
			     session->output_count, outputs), "run"))
		status = take_outputs(session, request, &layout, transfer, outputs);
	for (size_t i = 0; i < session->input_count; i++)
		ort->ReleaseValue(inputs[i]);
	for (size_t i = 0; i < session->output_count; i++)
		ort->ReleaseValue(outputs[i]);
	return status;
}
