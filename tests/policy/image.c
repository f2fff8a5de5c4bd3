// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Files where the kernel looks for firmware, and its log; see image.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image.h"

#define FIRMWARE	"/lib/firmware/layby"
#define SHOWN		"/sys/module/layby/policy/"

int image_read(const char *folder, const char *name, struct image_file *file)
{
	char path[256];
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file->size = 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	do {
		length = read(fd, file->bytes + file->size, FILE_MAX - file->size);
		if (length > 0)
			file->size += (size_t)length;
	} while (length > 0);
	close(fd);
	return length < 0 ? -errno : 0;
}

int image_write(const char *name, const struct image_file *file)
{
	char path[256];
	int fd, ret = 0;

	mkdir("/lib/firmware", 0755);
	mkdir(FIRMWARE, 0755);
	snprintf(path, sizeof(path), FIRMWARE "/%s", name);
	if (unlink(path) && errno != ENOENT)
		return -errno;
	if (!file)
		return 0;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	if (write(fd, file->bytes, file->size) != (ssize_t)file->size)
		ret = -EIO;
	close(fd);
	return ret;
}

static int install_file(const char *folder, const char *name)
{
	static struct image_file file;
	int ret;

	ret = image_read(folder, name, &file);
	if (ret == -ENOENT)
		return image_write(name, NULL);
	return ret ? ret : image_write(name, &file);
}

int image_install(const char *policy)
{
	char folder[256];
	int ret;

	snprintf(folder, sizeof(folder), POLICIES "%s", policy);
	ret = install_file(folder, "policy.bin");
	return ret ? ret : install_file(folder, "policy.p7s");
}

const char *policy_shows(const char *name)
{
	static char text[256];
	char path[128];
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), SHOWN "%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return strerror(errno);
	length = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (length < 0)
		return strerror(errno);
	while (length && text[length - 1] == '\n')
		length--;
	text[length] = '\0';
	return text;
}

/* --- The log -------------------------------------------------------------- */

static int log_open(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return fd;
}

void log_skip(void)
{
	lseek(log_open(), 0, SEEK_END);
}

/* A line of the kernel's, not one that somebody wrote into its log. */
static bool is_about_policy(const char *record)
{
	return atoi(record) < 8 && (strstr(record, "layby: policy ") ||
				    strstr(record, "layby: no policy "));
}

unsigned int log_policy_lines(char *line)
{
	unsigned int lines = 0;
	char record[8192];
	ssize_t length;

	for (;;) {
		length = read(log_open(), record, sizeof(record) - 1);
		/* EPIPE: records were lost, the next one is there */
		if (length < 0 && errno != EPIPE)
			return lines;
		record[length < 0 ? 0 : length] = '\0';
		record[strcspn(record, "\n")] = '\0';
		if (!is_about_policy(record))
			continue;
		lines++;
		if (line)
			snprintf(line, 512, "%.511s", strchr(record, ';') + 1);
	}
}
