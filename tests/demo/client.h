/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What both clients of the demonstration need: an end with a word, a file's
 * bytes, one clock. A client that cannot go on ends with status 1.
 */
#ifndef DEMO_CLIENT_H
#define DEMO_CLIENT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define IMAGE_BYTES	(64 * sizeof(float))
#define LOGITS_BYTES	(10 * sizeof(float))

_Noreturn void die(const char *what, int r);

/* The whole file, to be freed by the caller. */
char *read_file(const char *path, size_t *ret_size);

FILE *create_file(const char *path);

uint64_t now_ns(void);
void sleep_until_ns(uint64_t when);

#endif
