/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The OS image's side: the two files of a policy as the kernel finds them, and
 * what the module says of them. All return 0 or -errno unless said otherwise.
 */
#ifndef POLICY_IMAGE_H
#define POLICY_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#define POLICIES	"/layby/build/policy/"
/* more than any of the files has */
#define FILE_MAX	(2u << 20)

struct image_file {
	size_t size;
	uint8_t bytes[FILE_MAX];
};

/* policy.bin or policy.p7s of @folder (or any other file); -ENOENT: none */
int image_read(const char *folder, const char *name, struct image_file *file);
/* As what the kernel will find; NULL: not at all. */
int image_write(const char *name, const struct image_file *file);
/* Both files of a folder below POLICIES; one that is not there is not installed. */
int image_install(const char *policy);

/* A file of /sys/module/layby/policy without its newline; "" if it is empty. */
const char *policy_shows(const char *name);

/* Forget what the log holds up to now. */
void log_skip(void);
/*
 * How many lines about a policy have come since then; the last one in @line, if
 * it is not NULL, of 512 bytes.
 */
unsigned int log_policy_lines(char *line);

#endif /* POLICY_IMAGE_H */
