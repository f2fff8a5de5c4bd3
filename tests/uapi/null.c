// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Modules and parameters, see null.h. Modules come from $LAYBY_MODULES, which
 * the VM harness sets.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "node.h"
#include "null.h"

#define PARAMETERS "/sys/module/layby_null/parameters/"

int null_set(const char *parameter, unsigned int value)
{
	char path[128], text[16];
	int fd, ret = 0;

	snprintf(path, sizeof(path), PARAMETERS "%s", parameter);
	snprintf(text, sizeof(text), "%u", value);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

int null_behave(void)
{
	static const char *const names[] = {
		"delay_us", "hang", "lose_abort", "refuse_reset", "lose_interrupt",
	};
	unsigned int i;
	int ret = 0;

	for (i = 0; i < sizeof(names) / sizeof(names[0]) && !ret; i++)
		ret = null_set(names[i], 0);
	return ret;
}

static int read_all(int fd, char *content, size_t size)
{
	size_t at = 0;
	ssize_t length;

	while (at < size) {
		length = read(fd, content + at, size - at);
		if (length <= 0)
			return length ? -errno : -EIO;
		at += (size_t)length;
	}
	return 0;
}

static int read_file(int fd, void **ret_content, size_t *ret_size)
{
	struct stat info;
	void *content;
	int ret;

	if (fstat(fd, &info))
		return -errno;
	content = malloc((size_t)info.st_size);
	if (!content)
		return -ENOMEM;
	ret = read_all(fd, content, (size_t)info.st_size);
	if (ret) {
		free(content);
		return ret;
	}
	*ret_content = content;
	*ret_size = (size_t)info.st_size;
	return 0;
}

int module_read(const char *name, void **ret_content, size_t *ret_size)
{
	const char *folder = getenv("LAYBY_MODULES");
	char path[256];
	int fd, ret;

	if (!folder)
		return -ENOENT;
	snprintf(path, sizeof(path), "%s/%s.ko", folder, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = read_file(fd, ret_content, ret_size);
	close(fd);
	return ret;
}

int module_load_read(const void *content, size_t size, const char *parameters)
{
	return syscall(SYS_init_module, content, size, parameters) ? -errno : 0;
}

int module_load(const char *name, const char *parameters)
{
	void *content;
	size_t size;
	int ret;

	ret = module_read(name, &content, &size);
	if (ret)
		return ret;
	ret = module_load_read(content, size, parameters);
	free(content);
	return ret;
}

int module_unload(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? -errno : 0;
}

static bool module_is_unloaded(void *arg)
{
	return module_unload(arg) != -EAGAIN;
}

int module_unload_patiently(const char *name)
{
	int ret = module_unload(name);

	if (ret != -EAGAIN)
		return ret;
	return eventually(module_is_unloaded, (void *)(uintptr_t)name) ? 0 : -EAGAIN;
}

static int policy_copy(const char *name, const char *file)
{
	char from[128], to[128];
	void *content;
	size_t size;
	int in, out, ret;

	snprintf(from, sizeof(from), "/layby/build/policy/%s/%s", name, file);
	snprintf(to, sizeof(to), "/lib/firmware/layby/%s", file);
	in = open(from, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return -errno;
	ret = read_file(in, &content, &size);
	close(in);
	if (ret)
		return ret;
	out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (out < 0 || write(out, content, size) != (ssize_t)size)
		ret = -errno;
	if (out >= 0)
		close(out);
	free(content);
	return ret;
}

int policy_use(const char *name)
{
	int ret = policy_copy(name, "policy.bin");

	return ret ? ret : policy_copy(name, "policy.p7s");
}

int null_reload(const char *parameters)
{
	int ret;

	ret = module_unload_patiently("layby_null");
	return ret ? ret : module_load("layby_null", parameters);
}
