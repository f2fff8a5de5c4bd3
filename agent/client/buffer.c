// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Buffers: a GEM handle each, and its mapping once somebody asked for it.
 */
#include "internal.h"

#include <drm.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

int layby_buffer_create(struct layby_node *node, uint64_t size, uint32_t flags,
			struct layby_buffer **ret_buffer)
{
	struct layby_buffer_create create = {
		.size = size,
		.flags = flags,
	};
	struct layby_buffer *buffer;
	int r;

	buffer = calloc(1, sizeof(*buffer));
	if (!buffer)
		return -ENOMEM;
	r = node_ioctl(node, DRM_IOCTL_LAYBY_BUFFER_CREATE, &create);
	if (r < 0) {
		free(buffer);
		return r;
	}
	buffer->node = node;
	buffer->size = create.size;
	buffer->handle = create.handle;
	*ret_buffer = buffer;
	return 0;
}

int layby_buffer_destroy(struct layby_buffer *buffer)
{
	struct drm_gem_close gem_close = {};
	int r;

	if (!buffer)
		return 0;
	if (buffer->data)
		munmap(buffer->data, buffer->size);
	gem_close.handle = buffer->handle;
	r = node_ioctl(buffer->node, DRM_IOCTL_GEM_CLOSE, &gem_close);
	free(buffer);
	return r;
}

static int buffer_mmap(struct layby_buffer *buffer, uint64_t offset)
{
	void *data;

	data = mmap(NULL, buffer->size, PROT_READ | PROT_WRITE, MAP_SHARED,
		    buffer->node->fd, (off_t)offset);
	if (data == MAP_FAILED)
		return -errno;
	buffer->data = data;
	return 0;
}

int layby_buffer_map(struct layby_buffer *buffer, void **ret_data)
{
	struct layby_buffer_map map = { .handle = buffer->handle };
	int r;

	if (!buffer->data) {
		r = node_ioctl(buffer->node, DRM_IOCTL_LAYBY_BUFFER_MAP, &map);
		if (r < 0)
			return r;
		r = buffer_mmap(buffer, map.offset);
		if (r < 0)
			return r;
	}
	*ret_data = buffer->data;
	return 0;
}

uint64_t layby_buffer_size(const struct layby_buffer *buffer)
{
	return buffer->size;
}

struct layby_range layby_buffer_range(const struct layby_buffer *buffer,
				      uint64_t offset, uint64_t length)
{
	return (struct layby_range){
		.handle = buffer->handle,
		.offset = offset,
		.length = length,
	};
}
