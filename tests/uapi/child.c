// SPDX-License-Identifier: LGPL-2.1-or-later
/* Processes that a test starts, see child.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"

static int ready_end = -1;

/* cmocka's handlers would carry the child into the parent's tests. */
static void child_run(int (*run)(void *arg), void *arg)
{
	signal(SIGSEGV, SIG_DFL);
	signal(SIGBUS, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	_exit(run(arg));
}

pid_t child_start(int (*run)(void *arg), void *arg)
{
	int ends[2];
	char byte;
	ssize_t length;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (!pid) {
		close(ends[0]);
		ready_end = ends[1];
		child_run(run, arg);
	}
	close(ends[1]);
	length = pid < 0 ? 0 : read(ends[0], &byte, 1);
	close(ends[0]);
	if (pid < 0)
		return -errno;
	return length == 1 ? pid : -ECHILD;
}

void child_ready(void)
{
	if (write(ready_end, "", 1) == 1)
		close(ready_end);
}

int child_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return errno;
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}
