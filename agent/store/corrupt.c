// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A database that cannot be used is moved out of the way with all that belongs to it,
 * so that somebody may look at it, and is never deleted.
 */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "util.h"

static int move(struct store *store, const char *name, const char *suffix, unsigned int number)
{
	char from[32], to[64];

	snprintf(from, sizeof(from), "%s%s", name, suffix);
	snprintf(to, sizeof(to), "%s.corrupt-%u%s", name, number, suffix);
	if (renameat(store->directory_fd, from, store->directory_fd, to) < 0 && errno != ENOENT)
		return -errno;
	return 0;
}

static bool is_taken(struct store *store, const char *name, unsigned int number)
{
	char path[64];

	snprintf(path, sizeof(path), "%s.corrupt-%u", name, number);
	return !faccessat(store->directory_fd, path, F_OK, AT_SYMLINK_NOFOLLOW);
}

static unsigned int free_number(struct store *store)
{
	unsigned int number = 1;

	while (is_taken(store, DATABASE, number))
		number++;
	return number;
}

bool corrupt_was_set_aside(struct store *store)
{
	return is_taken(store, DATABASE, 1);
}

/* The database last: if we die in between, the rest is moved the next time. */
static int move_all(struct store *store, unsigned int number)
{
	int r;

	r = move(store, DATABASE, "-wal", number);
	if (r >= 0)
		r = move(store, DATABASE, "-shm", number);
	if (r >= 0)
		r = move(store, CONTENTS, "", number);
	if (r >= 0)
		r = move(store, DATABASE, "", number);
	if (r >= 0 && fsync(store->directory_fd) < 0)
		r = -errno;
	return r;
}

int corrupt_set_aside(struct store *store, const char *problem)
{
	unsigned int number = free_number(store);
	int r;

	r = move_all(store, number);
	if (r < 0)
		log_error("store: %s/queue.db cannot be used (%s), nor moved away: %s",
			  store->directory, problem, strerror(-r));
	else
		log_error(
			"store: queue.db cannot be used (%s): its jobs are lost, an empty one is made. It was moved to %s/queue.db.corrupt-%u, its contents to content.corrupt-%u",
			problem, store->directory, number, number);
	return r;
}
