// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The inputs of a batch, and where their outputs go. All names are looked at before the
 * first job is submitted.
 */
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "batch.h"

void item_output(const struct batch *batch, const struct item *item, uint32_t index, bool part,
		 char ret_path[static PATH_MAX])
{
	char number[16] = "";

	if (batch->options->size_count > 1)
		snprintf(number, sizeof(number), ".%u", index);
	snprintf(ret_path, PATH_MAX, "%s/%s%s.out%s", batch->directory, item->name, number,
		 part ? ".part" : "");
}

/* It gets its name when it is whole. */
static bool has_outputs(const struct batch *batch, const struct item *item)
{
	char path[PATH_MAX];
	struct stat st;
	uint32_t i;

	for (i = 0; i < batch->options->size_count; i++) {
		item_output(batch, item, i, false, path);
		if (stat(path, &st) < 0 || !S_ISREG(st.st_mode) ||
		    (uint64_t)st.st_size != batch->options->output_sizes[i])
			return false;
	}
	return true;
}

static int item_read(struct batch *batch, const char *path)
{
	struct item *item = &batch->items[batch->count];
	_cleanup_close_ int fd = -1;

	*item = (struct item){
		.path = path,
		.name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path,
	};
	fd = file_open_input(path, &item->size);
	if (fd < 0)
		return EXIT_USAGE;
	if (strlen(batch->directory) + strlen(item->name) + sizeof("/.9.out.part") > PATH_MAX)
		return fail(EXIT_USAGE, "%s: its output's name would be too long", path);
	if (getrandom(item->key, sizeof(item->key), 0) != sizeof(item->key))
		return fail_errno(-errno, "getrandom");
	if (has_outputs(batch, item))
		batch->had++;
	else
		batch->count++;
	return EXIT_OK;
}

static int compare_names(const void *a, const void *b)
{
	const char *const *left = a, *const *right = b;
	const char *x = strrchr(*left, '/'), *y = strrchr(*right, '/');

	return strcmp(x ? x + 1 : *left, y ? y + 1 : *right);
}

/* Two outputs of one name would be one. */
static int check_names(char *const paths[], size_t count)
{
	_cleanup_free_ const char **sorted = calloc(count, sizeof(*sorted));
	size_t i;

	if (!sorted)
		return fail_errno(-ENOMEM, "inputs");
	memcpy(sorted, paths, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), compare_names);
	for (i = 1; i < count; i++)
		if (!compare_names(&sorted[i - 1], &sorted[i]))
			return fail(EXIT_USAGE,
				    "%s and %s: two inputs of one name; give them to two batches",
				    sorted[i - 1], sorted[i]);
	return EXIT_OK;
}

static int check_directory(const char *directory)
{
	struct stat st;

	if (stat(directory, &st) < 0)
		return fail(EXIT_USAGE, "--directory: %s: %s", directory, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return fail(EXIT_USAGE, "--directory: %s is not a directory", directory);
	return EXIT_OK;
}

int items_read(struct batch *batch, char *const paths[], size_t count)
{
	size_t i;
	int r;

	r = check_directory(batch->directory);
	if (r == EXIT_OK)
		r = check_names(paths, count);
	if (r != EXIT_OK)
		return r;
	batch->items = calloc(count, sizeof(*batch->items));
	if (!batch->items)
		return fail_errno(-ENOMEM, "inputs");
	for (i = 0; i < count && r == EXIT_OK; i++)
		r = item_read(batch, paths[i]);
	return r;
}
