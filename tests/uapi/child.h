/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processes that a test starts, to have them use a node and go away. */
#ifndef UAPI_CHILD_H
#define UAPI_CHILD_H

#include <sys/types.h>

/*
 * Fork and run @run(@arg), whose value is the exit status: 0 or an errno. It
 * calls child_ready() once it is where the test wants it. Returns the pid when
 * that has happened, or -errno; -ECHILD if it ended without.
 */
pid_t child_start(int (*run)(void *arg), void *arg);
void child_ready(void);
/* Wait for its end: its exit status, or -signal. */
int child_wait(pid_t pid);

#endif /* UAPI_CHILD_H */
