// SPDX-License-Identifier: LGPL-2.1-or-later
/* The node's calls, see node.h. Owns nothing but what it hands out. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "node.h"

#define AUXILIARY "/sys/bus/auxiliary/devices"

unsigned int time_factor(void)
{
	const char *factor = getenv("LAYBY_TIME_FACTOR");

	return factor ? (unsigned int)strtoul(factor, NULL, 10) : 1;
}

uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

void sleep_ms(unsigned int ms)
{
	struct timespec time = { ms / 1000, (long)(ms % 1000) * 1000000 };

	nanosleep(&time, NULL);
}

bool eventually(bool (*done)(void *arg), void *arg)
{
	uint64_t end = now_ns() + 10 * SECOND * time_factor();

	while (!done(arg)) {
		if (now_ns() > end)
			return false;
		sleep_ms(1);
	}
	return true;
}

/* The node that hangs below the partition's own device, whatever its number. */
static int node_path_of(const char *device, char *path, size_t size)
{
	struct dirent *entry;
	char folder[128];
	int ret = -ENOENT;
	DIR *dir;

	snprintf(folder, sizeof(folder), AUXILIARY "/%s/accel", device);
	dir = opendir(folder);
	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		if (strncmp(entry->d_name, "accel", 5))
			continue;
		snprintf(path, size, "/dev/accel/%s", entry->d_name);
		ret = 0;
	}
	closedir(dir);
	return ret;
}

int node_path(uint32_t class, char *path, size_t size)
{
	const char *name = class == LAYBY_CLASS_DRIVING ? "driving" : "guest";
	unsigned int id;
	char device[32];
	int ret = -ENOENT;

	if (class == NODE_SECOND)
		return node_path_of("layby.driving.1", path, size);
	for (id = 0; id < 8 && ret == -ENOENT; id++) {
		snprintf(device, sizeof(device), "layby.%s.%u", name, id);
		ret = node_path_of(device, path, size);
	}
	return ret;
}

int node_open(uint32_t class)
{
	char path[300];
	int ret;

	ret = node_path(class, path, sizeof(path));
	if (ret)
		return ret;
	ret = open(path, O_RDWR | O_CLOEXEC);
	return ret < 0 ? -errno : ret;
}

int node_ioctl(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) < 0 ? -errno : 0;
}

int node_query(int fd, uint32_t topic, void *info, uint32_t size)
{
	struct layby_query query = {
		.topic = topic, .size = size, .data = (uintptr_t)info,
	};

	return node_ioctl(fd, DRM_IOCTL_LAYBY_QUERY, &query);
}

int buffer_create(int fd, uint64_t size, uint32_t flags, uint32_t *ret_handle)
{
	struct layby_buffer_create create = { .size = size, .flags = flags };
	int ret;

	ret = node_ioctl(fd, DRM_IOCTL_LAYBY_BUFFER_CREATE, &create);
	if (!ret)
		*ret_handle = create.handle;
	return ret;
}

int buffer_offset(int fd, uint32_t handle, uint64_t *ret_offset)
{
	struct layby_buffer_map map = { .handle = handle };
	int ret;

	ret = node_ioctl(fd, DRM_IOCTL_LAYBY_BUFFER_MAP, &map);
	if (!ret)
		*ret_offset = map.offset;
	return ret;
}

int buffer_close(int fd, uint32_t handle)
{
	struct drm_gem_close close = { .handle = handle };

	return node_ioctl(fd, DRM_IOCTL_GEM_CLOSE, &close);
}

void *buffer_map(int fd, uint32_t handle, size_t size)
{
	uint64_t offset;
	void *memory;
	int ret;

	ret = buffer_offset(fd, handle, &offset);
	if (ret) {
		errno = -ret;
		return NULL;
	}
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		      (off_t)offset);
	return memory == MAP_FAILED ? NULL : memory;
}

int job_unprepare(int fd, uint32_t job)
{
	struct layby_job_unprepare unprepare = { .job = job };

	return node_ioctl(fd, DRM_IOCTL_LAYBY_JOB_UNPREPARE, &unprepare);
}

int64_t window_free(int fd)
{
	struct layby_partition_info info;
	int ret;

	ret = node_query(fd, LAYBY_QUERY_PARTITION, &info, sizeof(info));
	return ret ? ret : (int64_t)info.window_free_bytes;
}

struct window_wait {
	int fd;
	int64_t bytes;
};

static bool window_is_free(void *arg)
{
	struct window_wait *wait = arg;

	return window_free(wait->fd) == wait->bytes;
}

bool window_becomes_free(int fd, int64_t bytes)
{
	struct window_wait wait = { fd, bytes };

	return eventually(window_is_free, &wait);
}

/* --- Parties --------------------------------------------------------------- */

int party_open(struct party *party, uint32_t class)
{
	void *reports;
	int ret;

	memset(party, 0, sizeof(*party));
	party->fd = node_open(class);
	if (party->fd < 0)
		return party->fd;
	ret = node_query(party->fd, LAYBY_QUERY_PARTY, &party->info,
			 sizeof(party->info));
	if (ret)
		goto close_fd;
	reports = mmap(NULL, party->info.report_bytes, PROT_READ, MAP_SHARED,
		       party->fd, (off_t)party->info.report_offset);
	if (reports == MAP_FAILED) {
		ret = -errno;
		goto close_fd;
	}
	party->reports = reports;
	return 0;

close_fd:
	close(party->fd);
	party->fd = -1;
	return ret;
}

void party_close(struct party *party)
{
	if (party->reports)
		munmap((void *)(uintptr_t)party->reports, party->info.report_bytes);
	party->reports = NULL;
	if (party->fd >= 0)
		close(party->fd);
	party->fd = -1;
}

static int party_make_buffers(struct party *party)
{
	int i, ret = 0;

	for (i = 0; i < 3 && !ret; i++)
		if (!party->buffer[i])
			ret = buffer_create(party->fd, PAGE, 0, &party->buffer[i]);
	return ret;
}

int party_prepare_as(struct party *party, uint64_t longest_run_ns, uint32_t flags)
{
	struct layby_range input, output;
	struct layby_job_prepare prepare;
	int ret;

	input = (struct layby_range){ .handle = party->buffer[1], .length = PAGE };
	output = (struct layby_range){ .handle = party->buffer[2], .length = PAGE };
	prepare = (struct layby_job_prepare){
		.program = { .handle = party->buffer[0], .length = PAGE },
		.inputs = (uintptr_t)&input, .input_count = 1,
		.outputs = (uintptr_t)&output, .output_count = 1,
		.longest_run_ns = longest_run_ns,
		.flags = flags,
	};
	ret = node_ioctl(party->fd, DRM_IOCTL_LAYBY_JOB_PREPARE, &prepare);
	return ret ? ret : (int)prepare.job;
}

int party_prepare(struct party *party, uint64_t longest_run_ns)
{
	int ret = party_make_buffers(party);

	return ret ? ret : party_prepare_as(party, longest_run_ns, 0);
}

int party_open_ready(struct party *party, uint32_t class, uint64_t longest_run_ns)
{
	int ret;

	ret = party_open(party, class);
	if (ret)
		return ret;
	ret = party_prepare(party, longest_run_ns);
	if (ret < 0)
		party_close(party);
	return ret < 0 ? ret : 0;
}

uint32_t report_state(const struct party *party, uint32_t tag)
{
	return __atomic_load_n(&party->reports[tag].state, __ATOMIC_ACQUIRE);
}

struct report_wait {
	const struct party *party;
	uint32_t tag;
};

static bool report_is_done(void *arg)
{
	struct report_wait *wait = arg;

	return report_state(wait->party, wait->tag) == LAYBY_REPORT_DONE;
}

bool report_becomes_done(const struct party *party, uint32_t tag)
{
	struct report_wait wait = { party, tag };

	return eventually(report_is_done, &wait);
}
