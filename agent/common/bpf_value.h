/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one value of a pinned BPF array: bpf(2), without a library, because the agent
 * makes three calls and counts its memory.
 */
#ifndef LAYBY_BPF_VALUE_H
#define LAYBY_BPF_VALUE_H

#include <stddef.h>

/*
 * The map at @path, for reading and writing; a descriptor, or -ENOENT: none is there;
 * -EACCES; -EMEDIUMTYPE: it is no array of one value of @size bytes.
 */
int bpf_value_open(const char *path, size_t size);
/* Of the size that it was opened with. */
int bpf_value_read(int fd, void *ret_value);
int bpf_value_write(int fd, const void *value);

#endif
