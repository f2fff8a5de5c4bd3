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
	struct layby_policy_hw hw = {
		.memory_bytes = ~0ull << 12, .page_bytes = 4096,
		.slots = LAYBY_POLICY_PARTITIONS_MAX,
		.queue_depth = UINT32_MAX,
		.name = "",
	};
	uint32_t tiles = 1, partition, count;
	size_t offset;

	if (blob->size < LAYBY_POLICY_SIZE_MIN)
		return hw;
	hw.name = blob_get_text(blob, FIELD(ACCELERATOR));
	count = blob_partitions(blob);
	for (partition = 0; partition < count && partition < LAYBY_POLICY_PARTITIONS_MAX;
	     partition++) {
		offset = sizeof(struct layby_policy) +
			 (partition + 1) * sizeof(struct layby_policy_partition);
		if (offset > blob->size)
			break;
		tiles |= (uint32_t)blob_get(blob, partition, FIELD(TILES_DRIVING));
	}
	hw.tiles = 32 - (uint32_t)__builtin_clz(tiles);
	return hw;
}

static int load_binary(struct source *source, uint8_t *bytes, size_t size)
{
	if (size > sizeof(source->blob.bytes))
		return fail(EXIT_WRONG, "%s: %zu bytes are no policy; right are %zu to %zu",
			    source->path, size, LAYBY_POLICY_SIZE_MIN, LAYBY_POLICY_SIZE_MAX);
	memcpy(source->blob.bytes, bytes, size);
	source->blob.size = size;
	return EXIT_OK;
}

static bool is_binary(const uint8_t *bytes, size_t size)
{
	return memchr(bytes, '\0', size);
}

static int read_source(struct source *source, const char *path)
{
	_cleanup_free_ uint8_t *bytes = NULL;
	size_t size;
	int r;

	r = load_file(path, SOURCE_BYTES_MAX, &bytes, &size);
	if (r != EXIT_OK)
		return r;
	if (is_binary(bytes, size))
		return load_binary(source, bytes, size);
	source->is_conf = true;
	r = conf_read(&source->conf, path);
	if (r != EXIT_OK)
		return r;
	source_compile(source);
	return conf_report(&source->conf);
}

static int judge(struct source *source, const struct layby_policy_hw *hw)
{
	struct layby_policy_error err;
	char text[PROBLEM_TEXT_MAX];
	uint32_t line;

	if (!layby_policy_validate(source->blob.bytes, source->blob.size, hw, &err))
		return EXIT_OK;
	problem_text(source, hw, &err, text);
	line = source->is_conf ? source_line(source, err.partition, err.field) : 0;
	if (line)
		fprintf(stderr, "%s:%u: %s\n", source->path, line, text);
	else
		fprintf(stderr, "%s: %s\n", source->path, text);
	return fail(EXIT_WRONG, "%s: 1 error", source->path);
}

int source_load(struct source *source, const char *path, const struct layby_policy_hw *against)
{
	struct layby_policy_hw any;
	int r;

	*source = (struct source){ .path = path };
	r = read_source(source, path);
	if (r != EXIT_OK)
		return r;
	any = any_hw(&source->blob);
	return judge(source, against ?: &any);
}

void source_fini(struct source *source)
{
	conf_fini(&source->conf);
}
