// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * See client.h.
 */
#include "client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

void die(const char *what, int r)
{
	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(-r));
	exit(1);
}

char *read_file(const char *path, size_t *ret_size)
{
	FILE *file = fopen(path, "r");
	struct stat st;
	char *data;

	if (!file || fstat(fileno(file), &st) < 0)
		die(path, -errno);
	data = malloc((size_t)st.st_size);
	if (!data)
		die(path, -ENOMEM);
	if (fread(data, 1, (size_t)st.st_size, file) != (size_t)st.st_size)
		die(path, -EIO);
	fclose(file);
	*ret_size = (size_t)st.st_size;
	return data;
}

FILE *create_file(const char *path)
{
	FILE *file = fopen(path, "w");

	if (!file)
		die(path, -errno);
	return file;
}

uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void sleep_until_ns(uint64_t when)
{
	struct timespec t = {
		.tv_sec = (time_t)(when / 1000000000),
		.tv_nsec = (long)(when % 1000000000),
	};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}
