// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What keeps the links when this program has ended: pins in a folder that only
 * root enters. Programs are not pinned, links hold them: who has a program can
 * run it with frames of his own.
 *
 * The settings map is pinned outside of that folder, for the agent's group. The
 * file system's root is root's alone where systemd mounts it; then others get the
 * right to pass through it, but not to list it.
 */
#include <errno.h>
#include <grp.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <bpf/libbpf.h>

#include "setup.h"
#include "util.h"

#define BPF_FS		"/sys/fs/bpf"

static const char *const pins[] = {
	SETUP_PIN_GOVERNOR, SETUP_PIN_INGRESS, SETUP_PIN_EGRESS, SETUP_SETTINGS,
};

static enum setup_status pin_link(struct bpf_link *link, const char *path)
{
	int r = bpf_link__pin(link, path);

	return r < 0 ? fail(SETUP_PIN, "%s: cannot be pinned: %s", path, strerror(-r)) : SETUP_OK;
}

static enum setup_status folder_make(void)
{
	struct statfs fs;

	if (statfs(BPF_FS, &fs) < 0 || fs.f_type != BPF_FS_MAGIC)
		return fail(SETUP_PIN, BPF_FS " is not a BPF file system: mount one there");
	if (mkdir(SETUP_PINS, 0700) < 0 || chmod(SETUP_PINS, 0700) < 0)
		return fail(SETUP_PIN, SETUP_PINS ": %s", strerror(errno));
	return SETUP_OK;
}

static enum setup_status settings_open_way(void)
{
	struct stat st;

	if (stat(BPF_FS, &st) < 0 || chmod(BPF_FS, (st.st_mode | 0001) & 07777) < 0)
		return fail(SETUP_PIN, BPF_FS ": %s", strerror(errno));
	return SETUP_OK;
}

static enum setup_status settings_pin(struct bpf_map *map)
{
	struct group *group = getgrnam(SETUP_SETTINGS_GROUP);
	int r;

	if (!group)
		return fail(SETUP_PIN, "there is no group " SETUP_SETTINGS_GROUP
			    ": run systemd-sysusers");
	r = bpf_map__pin(map, SETUP_SETTINGS);
	if (r < 0)
		return fail(SETUP_PIN, SETUP_SETTINGS ": cannot be pinned: %s", strerror(-r));
	if (chown(SETUP_SETTINGS, 0, group->gr_gid) < 0 || chmod(SETUP_SETTINGS, 0660) < 0)
		return fail(SETUP_PIN, SETUP_SETTINGS ": %s", strerror(errno));
	return settings_open_way();
}

enum setup_status pins_keep(const struct setup *setup)
{
	struct bpf_map *settings;
	enum setup_status status;

	settings = bpf_object__find_map_by_name(setup->governor, SETUP_SETTINGS_MAP);
	status = folder_make();
	if (status == SETUP_OK)
		status = pin_link(setup->governor_link, SETUP_PIN_GOVERNOR);
	if (status == SETUP_OK)
		status = pin_link(setup->ingress, SETUP_PIN_INGRESS);
	if (status == SETUP_OK)
		status = pin_link(setup->egress, SETUP_PIN_EGRESS);
	if (status == SETUP_OK && settings)
		status = settings_pin(settings);
	return status;
}

enum setup_status pins_drop(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(pins); i++)
		if (unlink(pins[i]) < 0 && errno != ENOENT && errno != ENOTDIR)
			return fail(SETUP_PIN, "%s: %s", pins[i], strerror(errno));
	if (rmdir(SETUP_PINS) < 0 && errno != ENOENT)
		return fail(SETUP_PIN, SETUP_PINS ": %s", strerror(errno));
	return SETUP_OK;
}

bool pins_exist(void)
{
	return access(SETUP_PINS, F_OK) == 0;
}
