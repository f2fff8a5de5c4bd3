// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The root of the system that is looked at: this one. A file of its own, so that
 * tests can be linked with another.
 */
#include "host_root.h"

const char *host_root(void)
{
	return "";
}
