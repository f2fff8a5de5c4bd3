// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The lease: a descriptor of its own, which its owner renews and closes.
 */
#include "internal.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

int layby_lease_take(struct layby_node *node)
{
	struct layby_lease lease = {};
	int r;

	r = node_ioctl(node, DRM_IOCTL_LAYBY_LEASE, &lease);
	return r < 0 ? r : lease.fd;
}

int layby_lease_renew(int lease)
{
	return ioctl(lease, LAYBY_LEASE_RENEW, 0) < 0 ? -errno : 0;
}

void layby_lease_drop(int lease)
{
	if (lease >= 0)
		close(lease);
}
