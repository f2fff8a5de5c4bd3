// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Files in whole, and memory that is there or the program ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "tool.h"

void out_of_memory(void)
{
	fputs("laybyctl: out of memory\n", stderr);
	exit(EXIT_JOB_FAILED);
}

void *must_realloc(void *memory, size_t size)
{
	memory = realloc(memory, size);
	if (!memory)
		out_of_memory();
	return memory;
}

char *must_strdup(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		out_of_memory();
	return copy;
}

static int read_all(int fd, uint8_t *bytes, size_t size)
{
	ssize_t n;

	while (size) {
		n = read(fd, bytes, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ENODATA;
		bytes += n;
		size -= (size_t)n;
	}
	return 0;
}

static const char *open_file(const char *path, size_t max, int *ret_fd, size_t *ret_size)
{
	struct stat st;

	*ret_fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (*ret_fd < 0 || fstat(*ret_fd, &st) < 0)
		return strerror(errno);
	if (!S_ISREG(st.st_mode) || !st.st_size)
		return "is not a regular file, or empty";
	if ((uint64_t)st.st_size > max)
		return "is too large for what it should be";
	*ret_size = (size_t)st.st_size;
	return NULL;
}

const char *load_file_quietly(const char *path, size_t max, uint8_t **ret_bytes,
			      size_t *ret_size)
{
	_cleanup_close_ int fd = -1;
	const char *wrong;
	int r;

	wrong = open_file(path, max, &fd, ret_size);
	if (wrong)
		return wrong;
	*ret_bytes = must_realloc(NULL, *ret_size);
	r = read_all(fd, *ret_bytes, *ret_size);
	if (r == 0)
		return NULL;
	free(*ret_bytes);
	*ret_bytes = NULL;
	return strerror(-r);
}

int load_file(const char *path, size_t max, uint8_t **ret_bytes, size_t *ret_size)
{
	const char *wrong = load_file_quietly(path, max, ret_bytes, ret_size);

	return wrong ? fail(EXIT_USAGE, "%s: %s", path, wrong) : EXIT_OK;
}

/* Stdout, a device, a pipe: renamed to, it would be gone, and a file in its place. */
static bool is_written_in_place(const char *path)
{
	struct stat st;

	return !strcmp(path, "-") || (!stat(path, &st) && !S_ISREG(st.st_mode));
}

/* Beside @path, then renamed: whoever reads it finds the old or the new one. */
int save_file(const char *path, const void *bytes, size_t size)
{
	_cleanup_free_ char *part = NULL;
	int r;

	if (is_written_in_place(path))
		return file_write(path, bytes, size);
	if (asprintf(&part, "%s.part", path) < 0)
		out_of_memory();
	r = file_write(part, bytes, size);
	if (r == EXIT_OK && rename(part, path) < 0)
		r = fail(EXIT_USAGE, "%s: %s", path, strerror(errno));
	if (r != EXIT_OK)
		unlink(part);
	return r;
}
