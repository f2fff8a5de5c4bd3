// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The reserve: a file that holds nothing but its place on the disk. Forgetting needs
 * some room before it gives some back, and a job that runs must be able to end. When
 * the disk is full ends may use one half of the reserve and forgetting all of it, and
 * no job is accepted until it is whole again.
 */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "util.h"

bool reserve_is_whole(const struct store *store)
{
	return store->reserve_bytes == RESERVE_BYTES;
}

static int fill(struct store *store)
{
	int r = posix_fallocate(store->reserve_fd, 0, RESERVE_BYTES);

	if (!r)
		store->reserve_bytes = RESERVE_BYTES;
	return -r;
}

int reserve_open(struct store *store)
{
	int r;

	store->reserve_fd = openat(store->directory_fd, "reserve",
				   O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (store->reserve_fd < 0)
		return -errno;
	r = fill(store);
	return r == -ENOSPC || r == -EDQUOT ? 0 : r;
}

void reserve_fill(struct store *store)
{
	if (!reserve_is_whole(store) && fill(store) >= 0)
		log_notice("store: there is room again, jobs are accepted");
}

void reserve_shrink(struct store *store, off_t bytes)
{
	if (reserve_is_whole(store))
		log_error("store: the disk is full: no job is accepted until there are %d KiB",
			  RESERVE_BYTES / 1024);
	if (store->reserve_bytes <= bytes)
		return;
	if (ftruncate(store->reserve_fd, bytes) < 0)
		log_error("store: giving up some of the reserve: %s", strerror(errno));
	store->reserve_bytes = bytes;
}
