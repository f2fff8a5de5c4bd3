/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Small files below host_root(): 0 or what is said, or a negative errno.
 */
#ifndef LAYBY_HOST_FILE_H
#define LAYBY_HOST_FILE_H

#include <limits.h>
#include <stddef.h>
#include <sys/types.h>

/* Where that file of the host stands. */
int host_path(const char *path, char full[static PATH_MAX]);
/* To be read; waits for nothing. */
int host_open(const char *path);
/* All of it, or as much as fits; how much that is. */
ssize_t host_read(const char *path, void *bytes, size_t size);
/* Its first line. */
int host_read_line(const char *path, char *text, size_t size);

#endif
