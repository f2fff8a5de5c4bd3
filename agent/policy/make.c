// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The verbs that make a policy: check, compile, sign.
 */
#include "tool.h"

/* Reads the description, for a policy that must be held against one. */
static int need_accelerator(const struct policy_options *options, struct accelerator *accelerator)
{
	int r;

	if (!options->accelerator)
		return fail(EXIT_USAGE,
			    "--accelerator is missing: the file that says what the accelerator has");
	r = accelerator_read(accelerator, options->accelerator);
	accelerator->hw.serial_floor = options->floor;
	return r;
}

static int load_for_accelerator(const struct policy_options *options, struct source *source)
{
	struct accelerator accelerator;
	int r;

	r = need_accelerator(options, &accelerator);
	return r == EXIT_OK ? source_load(source, options->path, &accelerator.hw) : r;
}

int policy_check(const struct policy_options *options)
{
	_cleanup_(source_fini) struct source source = {};
	int r;

	r = load_for_accelerator(options, &source);
	if (r == EXIT_OK)
		printf("%s: right for %s\n", options->path,
		       blob_get_text(&source.blob, FIELD(ACCELERATOR)));
	return r;
}

int policy_compile(const struct policy_options *options)
{
	_cleanup_(source_fini) struct source source = {};
	int r;

	if (!options->output)
		return fail(EXIT_USAGE, "--output is missing: where the binary form goes");
	r = load_for_accelerator(options, &source);
	return r == EXIT_OK ? save_file(options->output, source.blob.bytes, source.blob.size) : r;
}

int policy_sign(const struct policy_options *options)
{
	_cleanup_(source_fini) struct source source = {};
	_cleanup_free_ uint8_t *signature = NULL;
	size_t size;
	int r;

	if (!options->output || !options->key || !options->certificate)
		return fail(EXIT_USAGE, "sign needs --key, --certificate and --output");
	r = source_load(&source, options->path, NULL);
	if (r != EXIT_OK)
		return r;
	if (source.is_conf)
		return fail(EXIT_USAGE,
			    "%s: what is signed is the binary form; compile it first",
			    options->path);
	r = sign_bytes(source.blob.bytes, source.blob.size, options->key, options->certificate,
		       &signature, &size);
	return r == EXIT_OK ? save_file(options->output, signature, size) : r;
}
