// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The system that is looked at: this one. A file of its own, so that
 * tests can be linked with another.
 */
#include "host_root.h"

#include <grp.h>
#include <pwd.h>

const char *host_root(void)
{
	return "";
}

struct group *host_group(const char *name)
{
	return getgrnam(name);
}

struct group *host_group_of(gid_t gid)
{
	return getgrgid(gid);
}

struct passwd *host_user(const char *name)
{
	return getpwnam(name);
}
