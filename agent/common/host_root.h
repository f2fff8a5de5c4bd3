/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the files stand in which a running system describes itself, and who is
 * on it.
 */
#ifndef LAYBY_HOST_ROOT_H
#define LAYBY_HOST_ROOT_H

#include <sys/types.h>

/* What goes in front of "/sys/..." and "/lib/firmware/...": nothing, but for tests. */
const char *host_root(void);

struct group;
struct passwd;

/* As getgrnam(), getgrgid() and getpwnam(). */
struct group *host_group(const char *name);
struct group *host_group_of(gid_t gid);
struct passwd *host_user(const char *name);

#endif
