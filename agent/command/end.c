// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What ends a verb that goes on by itself.
 */
#include "command.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>

int open_end_signals(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}
