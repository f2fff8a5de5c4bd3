// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A policy of either form, judged by the validator. Must never hand out one
 * that was not.
 */
#include <string.h>

#include "tool.h"

/*
 * An accelerator on which whatever a policy asks for could be had: what breaks
 * a rule even there is wrong everywhere.
 */
static struct layby_policy_hw any_hw(const struct blob *blob)
{
	uint32_t tiles = 1, partition, count = blob_partitions(blob);

	for (partition = 0; partition < count && partition < LAYBY_POLICY_PARTITIONS_MAX;
	     partition++)
		tiles |= (uint32_t)blob_get(blob, partition, FIELD(TILES_DRIVING));
	return (struct layby_policy_hw){
		.name = blob_get_text(blob, FIELD(ACCELERATOR)),
		.memory_bytes = ~0ull << 12,
		.page_bytes = 4096,
		.tiles = 32 - (uint32_t)__builtin_clz(tiles),
		.slots = LAYBY_POLICY_PARTITIONS_MAX,
		.queue_depth = UINT32_MAX,
		.throttle_mdeg = INT32_MAX,
	};
}

static void take_binary(struct source *source, const uint8_t *bytes, size_t size)
{
	source->blob.size = size;
	if (size <= sizeof(source->blob.bytes))
		memcpy(source->blob.bytes, bytes, size);
	else
		conf_problem(&source->conf, 0,
			     "%zu bytes are no policy; right are at most %zu", size,
			     sizeof(source->blob.bytes));
}

static int read_source(struct source *source, const char *path)
{
	_cleanup_free_ uint8_t *bytes = NULL;
	size_t size;
	int r;

	r = load_file(path, SOURCE_BYTES_MAX, &bytes, &size);
	if (r != EXIT_OK)
		return r;
	/* a compiled one is full of zeros, a text has none */
	source->is_conf = !memchr(bytes, '\0', size);
	if (!source->is_conf) {
		take_binary(source, bytes, size);
		return EXIT_OK;
	}
	r = conf_read(&source->conf, path);
	if (r == EXIT_OK)
		source_compile(source);
	return r;
}

/* The validator looks at the certificate's place only. */
static void judge_owner(struct source *source)
{
	const uint8_t *bytes;
	const char *wrong;
	size_t size;

	bytes = blob_owner(&source->blob, &size);
	wrong = certificate_parse(bytes, size, &source->owner);
	if (wrong)
		conf_problem(&source->conf,
			     source_line(source, NOWHERE, FIELD(OWNER_BYTES)),
			     "the owner's certificate %s", wrong);
}

static void judge(struct source *source, const struct layby_policy_hw *hw)
{
	struct layby_policy_error err;
	char text[PROBLEM_TEXT_MAX];

	if (!layby_policy_validate(source->blob.bytes, source->blob.size, hw, &err)) {
		judge_owner(source);
		return;
	}
	problem_text(source, hw, &err, text);
	conf_problem(&source->conf,
		     source->is_conf ? source_line(source, err.partition, err.field) : 0,
		     "%s", text);
}

int source_read(struct source *source, const char *path, const struct layby_policy_hw *against)
{
	struct layby_policy_hw any;
	int r;

	*source = (struct source){ .path = path, .conf.path = path };
	r = read_source(source, path);
	if (r != EXIT_OK || source->conf.problem_count)
		return r;
	any = any_hw(&source->blob);
	judge(source, against ?: &any);
	return EXIT_OK;
}

int source_load(struct source *source, const char *path, const struct layby_policy_hw *against)
{
	int r;

	r = source_read(source, path, against);
	return r == EXIT_OK ? conf_report(&source->conf) : r;
}

void source_fini(struct source *source)
{
	X509_free(source->owner);
	conf_fini(&source->conf);
}
