// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the agent may: hold the lease, or drop it, and feed jobs within the owner's
 * consent. Owns the lease, which a thread renews, and the two parties.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "foe.h"

#define RENEW_MS	50
/* A busy machine may close the gate for a moment. */
#define JOB_TRIES	5
/* What the tests' governor lets a job declare; and others' take a second of it */
#define JOB_LONGEST	(20 * SECOND)
#define OTHERS_US	1000000

bool in_unit;
struct work mine, others;
static atomic_int lease = -1;

int lease_fd(void)
{
	return atomic_load(&lease);
}

int closed(int fd)
{
	if (fd < 0)
		return -errno;
	if (fd > 2)
		close(fd);
	return 0;
}

int in_child(int (*run)(void))
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(-run());
	}
	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
}

int be_root_in(int namespaces)
{
	char map[32];
	int length = snprintf(map, sizeof(map), "0 %u 1", geteuid());
	int fd, r;

	if (unshare(CLONE_NEWUSER | namespaces))
		return -errno;
	fd = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = write(fd, map, (size_t)length) == length ? 0 : -errno;
	close(fd);
	return r;
}

/* --- The lease -------------------------------------------------------------- */

static void *renew(void *arg)
{
	for (;; sleep_ms(RENEW_MS))
		if (lease_fd() >= 0)
			ioctl(lease_fd(), LAYBY_LEASE_RENEW);
	return NULL;
}

static int renew_start(void)
{
	static pthread_t thread;

	return thread ? 0 : -pthread_create(&thread, NULL, renew, NULL);
}

static int lease_take(const char *with)
{
	struct layby_lease args = {};
	int node = node_open(LAYBY_CLASS_GUEST);
	int r;

	if (node < 0)
		return node;
	r = node_ioctl(node, DRM_IOCTL_LAYBY_LEASE, &args);
	close(node);
	if (r)
		return r;
	atomic_store(&lease, args.fd);
	r = renew_start();
	return r ? r : gate_opens() ? 0 : -ETIMEDOUT;
}

static int lease_drop(const char *with)
{
	close(atomic_exchange(&lease, -1));
	return gate_closes(LAYBY_GATE_NO_LEASE) ? 0 : -ETIMEDOUT;
}

/* --- Jobs ------------------------------------------------------------------- */

static int others_prepare(void)
{
	struct model model;
	int r = model_read("slow", &model);

	if (r)
		return r;
	r = model_set_us(&model, OTHERS_US);
	if (!r)
		r = work_open(&others, LAYBY_CLASS_GUEST);
	if (!r)
		r = work_load(&others, &model, VECTOR_BYTES, VECTOR_BYTES, JOB_LONGEST);
	model_free(&model);
	return r;
}

static int jobs_prepare(const char *with)
{
	int r = work_start_bounded(&mine, LAYBY_CLASS_GUEST, "add", JOB_LONGEST);

	return r ? r : others_prepare();
}

int job_run(const char *with)
{
	int r = -EINVAL, tries;

	for (tries = 0; tries < JOB_TRIES; tries++) {
		if (!gate_opens())
			return -ESHUTDOWN;
		work_fill(&mine, (float)tries);
		r = work_run(&mine);
		if (r != -ECANCELED && r != -ESHUTDOWN)
			break;
	}
	return r ? r : work_is_right(&mine, (float)tries) ? 0 : -EBADMSG;
}

const struct attempt may[] = {
	{ "take the lease: the gate opens", lease_take },
	{ "drop the lease: the gate closes", lease_drop },
	{ "take it again: the gate opens", lease_take },
	{ "be two parties, each with a prepared job", jobs_prepare },
	{ "run a job", job_run },
	{}
};
