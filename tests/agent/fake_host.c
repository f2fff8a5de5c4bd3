// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A system's own files without the system: they stand below $FAKE_LAYBY_ROOT.
 */
#include <host_root.h>
#include <stdlib.h>

const char *host_root(void)
{
	return getenv("FAKE_LAYBY_ROOT") ?: "/nowhere";
}
