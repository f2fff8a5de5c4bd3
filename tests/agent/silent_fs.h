/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A file system that a user serves himself, by FUSE: its one file can be opened, and what is
 * read from it or written to it is never answered.
 */
#ifndef LAYBY_TESTS_SILENT_FS_H
#define LAYBY_TESTS_SILENT_FS_H

#include <stdbool.h>
#include <sys/types.h>

struct silent_fs {
	char dir[64];
	pid_t server;
	/* readable once something waits for an answer */
	int asked;
};

/* False: this machine has no FUSE. @dir: to be made. */
bool silent_fs_start(struct silent_fs *fs, const char *dir);
int silent_fs_open(struct silent_fs *fs, int flags);
void silent_fs_wait_asked(struct silent_fs *fs);
/* All that waits fails, and it is gone. */
void silent_fs_stop(struct silent_fs *fs);

#endif
