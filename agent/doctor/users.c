// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Who may open which node: users, groups and the nodes themselves, as
 * sysusers-layby.conf and 70-layby.rules have them.
 */
#include <errno.h>
#include <grp.h>
#include <host_file.h>
#include <host_root.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#include "doctor.h"

#define DRIVING_GROUP	"layby-driving"
#define GUEST_GROUP	"layby-guest"

/* --- Groups ------------------------------------------------------------------ */

static void tell_missing(struct diagnosis *diagnosis, const char *kind, const char *name, int error)
{
	/* as getgrnam(3) has it: any of these means that there is none */
	if (error && error != ENOENT && error != ESRCH && error != EPERM && error != EBADF) {
		cannot_look(diagnosis, name, -error);
		return;
	}
	found(diagnosis, "there is no %s %s", kind, name);
	todo(diagnosis, CONDITION_WRONG,
	     "Run systemd-sysusers with sysusers.d/layby.conf of this package.");
}

static bool has_all_groups(struct diagnosis *diagnosis)
{
	static const char *const names[] = {
		DRIVING_GROUP, GUEST_GROUP, "layby-submit", "layby-owner",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		errno = 0;
		if (!host_group(names[i])) {
			tell_missing(diagnosis, "group", names[i], errno);
			return false;
		}
	}
	errno = 0;
	if (host_user(AGENT_USER))
		return true;
	tell_missing(diagnosis, "user", AGENT_USER, errno);
	return false;
}

static void judge_members(char **members, struct diagnosis *diagnosis)
{
	bool is_agent_in = false;

	for (; *members; members++) {
		if (!strcmp(*members, AGENT_USER)) {
			is_agent_in = true;
			continue;
		}
		found(diagnosis, "%s is in " GUEST_GROUP ", which is the agent's alone", *members);
		todo(diagnosis, CONDITION_WRONG,
		     "gpasswd -d %s " GUEST_GROUP "; to submit jobs it belongs into layby-submit.",
		     *members);
		return;
	}
	if (is_agent_in) {
		found(diagnosis, "all are there, and only " AGENT_USER " is in " GUEST_GROUP);
		return;
	}
	found(diagnosis, AGENT_USER " is not in " GUEST_GROUP ": only its unit gives it the group");
	todo(diagnosis, CONDITION_WARNING, "usermod -aG " GUEST_GROUP " " AGENT_USER ".");
}

void look_at_groups(const struct audit *audit, struct diagnosis *diagnosis)
{
	struct group *group;

	if (!has_all_groups(diagnosis))
		return;
	errno = 0;
	group = host_group(GUEST_GROUP);
	if (group)
		judge_members(group->gr_mem, diagnosis);
	else
		tell_missing(diagnosis, "group", GUEST_GROUP, errno);
}

/* --- Nodes ------------------------------------------------------------------- */

static const char todo_rules[] =
	"Install udev's 70-layby.rules of this package, then udevadm trigger -s accel.";

static int stat_host(const char *path, struct stat *st)
{
	char full[PATH_MAX];
	int r = host_path(path, full);

	if (r < 0)
		return r;
	return stat(full, st) < 0 ? -errno : 0;
}

static void refuse(struct diagnosis *diagnosis, const char *path, const char *why)
{
	found(diagnosis, "%s %s", path, why);
	todo(diagnosis, CONDITION_WRONG, todo_rules);
}

/* The name that others open it by; only the first of a class has one. */
static bool is_link_right(const struct gate_partition *partition, const struct stat *node,
			  struct diagnosis *diagnosis)
{
	bool is_guest = partition->partition_class == LAYBY_CLASS_GUEST;
	const char *path = is_guest ? "/dev/layby/guest" : "/dev/layby/driving";
	struct stat st;
	int r = partition->id ? 0 : stat_host(path, &st);

	if (partition->id || (r >= 0 && st.st_rdev == node->st_rdev && S_ISCHR(st.st_mode)))
		return true;
	if (r < 0 && r != -ENOENT)
		cannot_look(diagnosis, path, r);
	else
		refuse(diagnosis, path, r < 0 ? "is missing" : "is not the partition's node");
	return false;
}

static bool is_node_right(const struct gate_partition *partition, struct diagnosis *diagnosis)
{
	bool is_guest = partition->partition_class == LAYBY_CLASS_GUEST;
	struct group *group = host_group(is_guest ? GUEST_GROUP : DRIVING_GROUP);
	char path[64];
	struct stat st;
	int r;

	snprintf(path, sizeof(path), "/dev/accel/accel%u", partition->minor);
	r = stat_host(path, &st);
	if (r < 0 && r != -ENOENT)
		cannot_look(diagnosis, path, r);
	else if (r < 0)
		refuse(diagnosis, path, "is missing");
	else if (!S_ISCHR(st.st_mode))
		refuse(diagnosis, path, "is not a device");
	else if (st.st_mode & 0007)
		refuse(diagnosis, path, "can be opened by everybody");
	else if (!group || st.st_gid != group->gr_gid)
		refuse(diagnosis, path,
		       is_guest ? "is not of the group " GUEST_GROUP :
				  "is not of the group " DRIVING_GROUP);
	else if ((st.st_mode & 0060) != 0060)
		refuse(diagnosis, path, "cannot be opened by its group");
	else
		return is_link_right(partition, &st, diagnosis);
	return false;
}

void look_at_nodes(const struct audit *audit, struct diagnosis *diagnosis)
{
	const struct gate_partitions *partitions = &audit->partitions;
	size_t i;

	for (i = 0; i < partitions->count; i++)
		if (!is_node_right(&partitions->list[i], diagnosis))
			return;
	if (partitions->count) {
		found(diagnosis, "%zu, each for the group of its class alone", partitions->count);
		return;
	}
	found(diagnosis, "there are none, as there is no accelerator");
	todo(diagnosis, CONDITION_WRONG, "See the accelerator above.");
}
