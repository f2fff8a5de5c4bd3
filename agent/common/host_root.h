/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the files stand in which a running system describes itself.
 */
#ifndef LAYBY_HOST_ROOT_H
#define LAYBY_HOST_ROOT_H

/* What goes in front of "/sys/..." and "/lib/firmware/...": nothing, but for tests. */
const char *host_root(void);

#endif
