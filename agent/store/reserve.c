// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The reserve: a file that holds nothing but its place on the disk. Forgetting needs
 * some room before it gives some back; when the disk is full the reserve is given up
 * for that, and nothing new is accepted until it is whole again.
 */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "util.h"

#define RESERVE_BYTES (4 << 20)

static int fill(struct store *store)
{
	int r = posix_fallocate(store->reserve_fd, 0, RESERVE_BYTES);

	store->reserved = !r;
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
	int r;

	if (store->reserved)
		return;
	r = fill(store);
	if (!r)
		log_notice("store: there is room again, jobs are accepted");
}

void reserve_give_up(struct store *store)
{
	if (!store->reserved)
		return;
	store->reserved = false;
	log_error("store: the disk is full: no job is accepted until there are %d KiB",
		  RESERVE_BYTES / 1024);
	if (ftruncate(store->reserve_fd, 0) < 0)
		log_error("store: giving up the reserve: %s", strerror(errno));
}
