// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A system's own files without the system: they stand below $FAKE_LAYBY_ROOT,
 * and its users and groups in etc there.
 */
#include <errno.h>
#include <grp.h>
#include <host_file.h>
#include <host_root.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *host_root(void)
{
	return getenv("FAKE_LAYBY_ROOT") ?: "/nowhere";
}

static FILE *open_file(const char *path)
{
	char full[PATH_MAX];
	FILE *file;

	if (host_path(path, full) < 0)
		abort();
	errno = 0;
	file = fopen(full, "re");
	if (!file && errno == ENOENT)
		errno = 0;
	return file;
}

/* By name, or if that is NULL by number. */
static struct group *find_group(const char *name, gid_t gid)
{
	FILE *file = open_file("/etc/group");
	struct group *group = NULL;

	while (file && (group = fgetgrent(file)))
		if (name ? !strcmp(group->gr_name, name) : group->gr_gid == gid)
			break;
	if (file)
		fclose(file);
	return group;
}

struct group *host_group(const char *name)
{
	return find_group(name, 0);
}

struct group *host_group_of(gid_t gid)
{
	return find_group(NULL, gid);
}

struct passwd *host_user(const char *name)
{
	FILE *file = open_file("/etc/passwd");
	struct passwd *user = NULL;

	while (file && (user = fgetpwent(file)))
		if (!strcmp(user->pw_name, name))
			break;
	if (file)
		fclose(file);
	return user;
}
