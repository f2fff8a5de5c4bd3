// SPDX-License-Identifier: LGPL-2.1-or-later
/* The probe, as the tests' governor. */
#include <errno.h>
#include <stdbool.h>

#include <bpf/libbpf.h>

#include "check.h"
#include "governor.h"
#include "probe.skel.h"

static struct probe *probe;

int governor_start(void)
{
	probe = probe__open();
	if (!probe)
		return -errno;
	if (bpf_map__set_autocreate(probe->maps.probe, false) || probe__load(probe))
		return -errno;
	probe->bss->cap_mw = UINT32_MAX;
	probe->bss->open = 1;
	return bpf_map__attach_struct_ops(probe->maps.plain) ? 0 : -errno;
}

/* What was said with a sample holds when the next but one has begun. */
static bool has_said(void *arg)
{
	return *(volatile __u64 *)&probe->bss->samples >= *(uint64_t *)arg;
}

int governor_says(uint32_t cap_mw, uint32_t level)
{
	uint64_t until;

	probe->bss->cap_mw = cap_mw;
	probe->bss->level = level;
	until = *(volatile __u64 *)&probe->bss->samples + 3;
	return eventually(has_said, &until) ? 0 : -ETIMEDOUT;
}
