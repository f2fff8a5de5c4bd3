// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * direct - the same model and images with ONNX Runtime alone, on the host
 *
 * usage: direct MODEL IMAGES BATCH >LOGITS
 *
 * What the accelerator's outputs are compared with. Shares no code with it but
 * the library. The last batch is filled up with black images.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <onnxruntime_c_api.h>

#include "client.h"

static const OrtApi *ort;

static void ok(OrtStatus *status, const char *what)
{
	if (!status)
		return;
	fprintf(stderr, "direct: %s: %s\n", what, ort->GetErrorMessage(status));
	exit(1);
}

/*
 * Debian's build of the library greets with thousands of schema warnings at the
 * first session. What really goes wrong is in the status.
 */
static OrtStatus *create_quietly(OrtEnv *env, const char *path,
				 const OrtSessionOptions *options, OrtSession **ret_session)
{
	int heard = dup(STDERR_FILENO), quiet = open("/dev/null", O_WRONLY);
	OrtStatus *status;

	if (heard < 0 || quiet < 0 || dup2(quiet, STDERR_FILENO) < 0)
		die("/dev/null", -errno);
	status = ort->CreateSession(env, path, options, ret_session);
	if (dup2(heard, STDERR_FILENO) < 0)
		die("stderr", -errno);
	close(heard);
	close(quiet);
	return status;
}

static OrtSession *open_model(const char *path)
{
	OrtSessionOptions *options;
	OrtSession *session;
	OrtEnv *env;

	ok(ort->CreateEnv(ORT_LOGGING_LEVEL_ERROR, "direct", &env), "environment");
	ok(ort->CreateSessionOptions(&options), "options");
	ok(ort->SetIntraOpNumThreads(options, 1), "threads");
	ok(create_quietly(env, path, options, &session), path);
	return session;
}

static void run_batch(OrtSession *session, void *images, int64_t batch)
{
	static const char *const inputs[] = { "pixels" };
	static const char *const outputs[] = { "logits" };
	const int64_t shape[] = { batch, IMAGE_BYTES / sizeof(float) };
	OrtMemoryInfo *memory;
	OrtValue *input, *output = NULL;
	void *logits;

	ok(ort->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &memory), "memory");
	ok(ort->CreateTensorWithDataAsOrtValue(memory, images, (size_t)batch * IMAGE_BYTES,
					       shape, 2, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT,
					       &input), "input");
	ok(ort->Run(session, NULL, inputs, (const OrtValue *const *)&input, 1, outputs, 1,
		    &output), "run");
	ok(ort->GetTensorMutableData(output, &logits), "output");
	if (fwrite(logits, LOGITS_BYTES, (size_t)batch, stdout) != (size_t)batch)
		die("stdout", -errno);
	ort->ReleaseValue(output);
	ort->ReleaseValue(input);
	ort->ReleaseMemoryInfo(memory);
}

int main(int argc, char **argv)
{
	size_t size, at, part, step;
	OrtSession *session;
	char *images, *batch;

	if (argc != 4) {
		fprintf(stderr, "usage: direct MODEL IMAGES BATCH >LOGITS\n");
		return 2;
	}
	ort = OrtGetApiBase()->GetApi(ORT_API_VERSION);
	session = open_model(argv[1]);
	images = read_file(argv[2], &size);
	step = (size_t)atoi(argv[3]) * IMAGE_BYTES;
	batch = malloc(step);
	if (!batch)
		die("memory", -ENOMEM);
	for (at = 0; at < size; at += step) {
		part = size - at < step ? size - at : step;
		memset(batch, 0, step);
		memcpy(batch, images + at, part);
		run_batch(session, batch, atoi(argv[3]));
	}
	return fflush(stdout);
}
