// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Open nodes and what they answer to queries.
 *
 * Owns the descriptor and the mapping of the reports. Must never send one of
 * our commands to a node of another driver: the name is asked for first.
 */
#include "internal.h"

#include <drm.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define DRIVER_NAME "layby"

static const char *node_path(const char *partition)
{
	if (!strcmp(partition, "driving"))
		return "/dev/layby/driving";
	if (!strcmp(partition, "guest"))
		return "/dev/layby/guest";
	return strchr(partition, '/') ? partition : NULL;
}

int node_ioctl(const struct layby_node *node, unsigned long request, void *arg)
{
	int r;

	do
		r = ioctl(node->fd, request, arg);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : 0;
}

/* Any answer but our name, also "no such ioctl", means: not a node of ours. */
static int node_check_driver(const struct layby_node *node)
{
	char name[sizeof(DRIVER_NAME)] = "";
	struct drm_version version = {
		.name = name,
		.name_len = sizeof(name) - 1,
	};
	int r;

	r = node_ioctl(node, DRM_IOCTL_VERSION, &version);
	if (r < 0)
		return -ENODEV;
	if (version.name_len != strlen(DRIVER_NAME) ||
	    strcmp(name, DRIVER_NAME))
		return -ENODEV;
	return 0;
}

static int node_query(const struct layby_node *node, uint32_t topic, void *info,
		      uint32_t size)
{
	struct layby_query query = {
		.topic = topic,
		.size = size,
		.data = (uintptr_t)info,
	};

	return node_ioctl(node, DRM_IOCTL_LAYBY_QUERY, &query);
}

int layby_node_query_accel(struct layby_node *node,
			   struct layby_accel_info *ret_info)
{
	struct layby_accel_info info = {};
	int r;

	r = node_query(node, LAYBY_QUERY_ACCEL, &info, sizeof(info));
	if (r < 0)
		return r;
	*ret_info = info;
	return 0;
}

int layby_node_query_partition(struct layby_node *node,
			       struct layby_partition_info *ret_info)
{
	struct layby_partition_info info = {};
	int r;

	r = node_query(node, LAYBY_QUERY_PARTITION, &info, sizeof(info));
	if (r < 0)
		return r;
	*ret_info = info;
	return 0;
}

int layby_node_query_party(struct layby_node *node,
			   struct layby_party_info *ret_info)
{
	struct layby_party_info info = {};
	int r;

	r = node_query(node, LAYBY_QUERY_PARTY, &info, sizeof(info));
	if (r < 0)
		return r;
	*ret_info = info;
	return 0;
}

static int node_map_reports(struct layby_node *node)
{
	struct layby_party_info info;
	void *reports;
	int r;

	r = layby_node_query_party(node, &info);
	if (r < 0)
		return r;
	if (!info.tags || info.tags > UINT16_MAX + 1u ||
	    info.report_bytes < info.tags * sizeof(struct layby_report))
		return -EPROTO;
	reports = mmap(NULL, info.report_bytes, PROT_READ, MAP_SHARED, node->fd,
		       (off_t)info.report_offset);
	if (reports == MAP_FAILED)
		return -errno;
	node->reports = reports;
	node->report_bytes = info.report_bytes;
	node->tags = info.tags;
	return 0;
}

static int node_init(struct layby_node *node, const char *path)
{
	int r;

	node->fd = open(path, O_RDWR | O_CLOEXEC);
	if (node->fd < 0)
		return -errno;
	r = node_check_driver(node);
	if (r < 0)
		return r;
	r = node_map_reports(node);
	if (r < 0)
		return r;
	return tag_set_init(&node->tag_set, node->tags);
}

int layby_node_open(const char *partition, struct layby_node **ret_node)
{
	const char *path = node_path(partition);
	struct layby_node *node;
	int r;

	if (!path)
		return -EINVAL;
	node = calloc(1, sizeof(*node));
	if (!node)
		return -ENOMEM;
	pthread_mutex_init(&node->lock, NULL);
	LIST_INIT(&node->jobs);
	r = node_init(node, path);
	if (r < 0) {
		layby_node_close(node);
		return r;
	}
	*ret_node = node;
	return 0;
}

void layby_node_close(struct layby_node *node)
{
	struct layby_job *job;

	if (!node)
		return;
	tag_set_fini(&node->tag_set);
	if (node->reports)
		munmap((void *)node->reports, node->report_bytes);
	if (node->fd >= 0)
		close(node->fd);
	while ((job = LIST_FIRST(&node->jobs)))
		job_free(job);
	pthread_mutex_destroy(&node->lock);
	free(node);
}

int layby_node_fd(const struct layby_node *node)
{
	return node->fd;
}
