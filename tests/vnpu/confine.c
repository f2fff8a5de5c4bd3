// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * confine - shuts a worker process in
 *
 * The program that will run here is somebody else's. Two walls stand always:
 * the descriptor limit (stdio, the socket and the transfer use up all there
 * are, so nothing can be opened while a program is loaded or runs) and
 * no_new_privs. As root there are two more: an empty, deleted folder as root
 * and the uid of nobody.
 */
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "compute.h"
#include "confine.h"

#define CONFINE_NOBODY		65534
#define CONFINE_MEMORY_BYTES	(UINT64_C(3) << 30)
/* Of processor time in a worker's whole life. */
#define CONFINE_CPU_SECONDS	3600
/* stdin, stdout, stderr, the socket, one transfer */
#define CONFINE_DESCRIPTORS	(COMPUTE_SOCKET_FD + 2)

static int limit(int resource, rlim_t value)
{
	struct rlimit both = { value, value };

	return setrlimit(resource, &both) < 0 ? -errno : 0;
}

/* A device that has gone before this is noticed by the socket's end. */
static int die_with_parent(void)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ? -errno : 0;
}

int confine_before_runtime(void)
{
	int r = die_with_parent();

	if (r >= 0)
		r = limit(RLIMIT_CORE, 0);
	if (r >= 0)
		r = limit(RLIMIT_AS, CONFINE_MEMORY_BYTES);
	if (r >= 0)
		r = limit(RLIMIT_CPU, CONFINE_CPU_SECONDS);
	return r;
}

/* In a folder that is removed already nobody can make anything. */
static int enter_empty_root(void)
{
	char folder[] = "/tmp/vnpu-worker-XXXXXX";

	if (!mkdtemp(folder))
		return -errno;
	if (chdir(folder) < 0 || rmdir(folder) < 0 || chroot(".") < 0)
		return -errno;
	return 0;
}

static int drop_root(void)
{
	int r = enter_empty_root();

	if (r < 0)
		return r;
	if (setgroups(0, NULL) < 0 || setgid(CONFINE_NOBODY) < 0 ||
	    setuid(CONFINE_NOBODY) < 0)
		return -errno;
	/* A change of uid clears it. */
	return die_with_parent();
}

int confine_after_runtime(void)
{
	int r = geteuid() == 0 ? drop_root() : 0;

	if (r < 0)
		return r;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return limit(RLIMIT_NOFILE, CONFINE_DESCRIPTORS);
}
