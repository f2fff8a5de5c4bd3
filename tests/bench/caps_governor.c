// SPDX-License-Identifier: LGPL-2.1-or-later
/* The map of caps.bpf.c, as layby-setup has pinned it. */
#include <bpf/bpf.h>
#include <errno.h>

#include "caps.h"

static int settings_map(void)
{
	static int map = -1;

	if (map < 0) {
		map = bpf_obj_get(CAPS_SETTINGS);
		caps_need("open " CAPS_SETTINGS, map < 0 ? -errno : 0);
	}
	return map;
}

struct caps_settings governor_seen(void)
{
	struct caps_settings settings;
	__u32 key = 0;

	caps_need("read the governor's map",
		  bpf_map_lookup_elem(settings_map(), &key, &settings) ? -errno : 0);
	return settings;
}

/* What the governor notes meanwhile it notes again with its next sample. */
void governor_set(uint32_t cap_mw, uint32_t level)
{
	struct caps_settings settings = governor_seen();
	__u32 key = 0;

	settings.cap_mw = cap_mw;
	settings.level = level;
	caps_need("write the governor's map",
		  bpf_map_update_elem(settings_map(), &key, &settings, BPF_F_LOCK) ? -errno : 0);
}
