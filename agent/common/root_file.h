/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files that nobody but root may have written.
 */
#ifndef LAYBY_ROOT_FILE_H
#define LAYBY_ROOT_FILE_H

#include <stddef.h>

/*
 * All of a regular file that nobody but root can write; to be freed. NULL, or
 * what is wrong with it and what would be right, which nobody was told.
 */
const char *root_file_load(const char *path, size_t max, void **ret_bytes, size_t *ret_size);

#endif
