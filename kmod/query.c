// SPDX-License-Identifier: GPL-2.0-only
/*
 * The query call: what a client may know of accelerator, partition and itself.
 * Owns no state.
 */
#include <linux/string.h>
#include <linux/uaccess.h>

#include "layby.h"

static void layby_query_accel(struct layby_party *party,
			      struct layby_accel_info *info)
{
	const struct layby_hw *hw = &party->partition->accel->hw;

	strscpy_pad(info->name, hw->name, sizeof(info->name));
	info->memory_bytes = hw->memory_bytes;
	info->ticks_hz = hw->ticks_hz;
	info->abort_bound_ns = hw->abort_bound_ns;
	info->reset_bound_ns = hw->reset_bound_ns;
	info->tiles = hw->tiles;
	info->levels = hw->levels;
}

static void layby_query_partition(struct layby_party *party,
				  struct layby_partition_info *info)
{
	struct layby_partition *partition = party->partition;

	info->partition_class = partition->class;
	info->id = partition->id;
	info->window_bytes = partition->cfg.window.length;
	mutex_lock(&partition->window_lock);
	info->window_free_bytes = partition->window_free;
	mutex_unlock(&partition->window_lock);
	info->longest_run_max_ns = partition->share.longest_run_ns;
	info->tiles = READ_ONCE(partition->queue.shut) ? 0 :
		      hweight32(READ_ONCE(partition->cfg.tiles));
	info->queue_depth = partition->share.queue_depth;
	info->faulted = layby_queue_faulted(partition);
}

static void layby_query_party(struct layby_party *party,
			      struct layby_party_info *info)
{
	info->report_offset = LAYBY_REPORT_OFFSET;
	info->report_bytes =
		PAGE_ALIGN(LAYBY_PARTY_TAGS * sizeof(struct layby_report));
	info->tags = LAYBY_PARTY_TAGS;
	info->jobs_max = LAYBY_PARTY_JOBS;
	info->buffers_max = LAYBY_PARTY_BUFFERS;
	info->buffers = atomic_read(&party->buffers);
	mutex_lock(&party->lock);
	info->jobs = party->prepared_count;
	mutex_unlock(&party->lock);
}

static int layby_query_copy(struct layby_query *query, const void *info,
			    u32 known)
{
	u32 size = query->size;

	/* Clears what a newer client knows and this kernel does not. */
	if (query->data && size > known &&
	    clear_user(u64_to_user_ptr(query->data) + known, size - known))
		return -EFAULT;
	if (query->data &&
	    copy_to_user(u64_to_user_ptr(query->data), info, min(size, known)))
		return -EFAULT;
	/* Last: the core copies the struct back whatever is returned. */
	query->size = known;
	return 0;
}

int layby_query_ioctl(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct layby_party *party = file->driver_priv;
	struct layby_query *query = data;
	union {
		struct layby_accel_info accel;
		struct layby_partition_info partition;
		struct layby_party_info party;
	} info = {};

	switch (query->topic) {
	case LAYBY_QUERY_ACCEL:
		layby_query_accel(party, &info.accel);
		return layby_query_copy(query, &info, sizeof(info.accel));
	case LAYBY_QUERY_PARTITION:
		layby_query_partition(party, &info.partition);
		return layby_query_copy(query, &info, sizeof(info.partition));
	case LAYBY_QUERY_PARTY:
		layby_query_party(party, &info.party);
		return layby_query_copy(query, &info, sizeof(info.party));
	default:
		return -EINVAL;
	}
}
