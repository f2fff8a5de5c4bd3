// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The one value of a pinned BPF array: see bpf_value.h.
 */
#include "bpf_value.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>

#include "util.h"

static int call(enum bpf_cmd command, union bpf_attr *attr)
{
	long r = syscall(__NR_bpf, command, attr, sizeof(*attr));

	return r < 0 ? -errno : (int)r;
}

static uint64_t address(const void *pointer)
{
	return (uint64_t)(uintptr_t)pointer;
}

/* The kernel copies as many bytes as the map says. */
static int check(int fd, size_t size)
{
	struct bpf_map_info info = {};
	union bpf_attr attr;
	int r;

	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info = address(&info);
	attr.info.info_len = sizeof(info);
	r = call(BPF_OBJ_GET_INFO_BY_FD, &attr);
	if (r < 0)
		return r;
	return info.type == BPF_MAP_TYPE_ARRAY && info.max_entries == 1 &&
	       info.value_size == size ? 0 : -EMEDIUMTYPE;
}

int bpf_value_open(const char *path, size_t size)
{
	union bpf_attr attr;
	int fd, r;

	memset(&attr, 0, sizeof(attr));
	attr.pathname = address(path);
	fd = call(BPF_OBJ_GET, &attr);
	if (fd < 0)
		return fd;
	r = check(fd, size);
	if (r < 0)
		close(fd);
	return r < 0 ? r : fd;
}

static int move(enum bpf_cmd command, int fd, const void *value)
{
	uint32_t key = 0;
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (uint32_t)fd;
	attr.key = address(&key);
	attr.value = address(value);
	return call(command, &attr);
}

int bpf_value_read(int fd, void *ret_value)
{
	return move(BPF_MAP_LOOKUP_ELEM, fd, ret_value);
}

int bpf_value_write(int fd, const void *value)
{
	return move(BPF_MAP_UPDATE_ELEM, fd, value);
}
