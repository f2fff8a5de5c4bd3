/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * confine - shuts a worker process in
 */
#ifndef VNPU_CONFINE_H
#define VNPU_CONFINE_H

/* Die with the device; bounded memory, no core. 0 or -errno. */
int confine_before_runtime(void);
/* No files, no network, no privilege, no descriptor to open one with. */
int confine_after_runtime(void);

#endif
