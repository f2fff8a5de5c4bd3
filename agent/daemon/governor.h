/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The governor, as the agent tells it what the owner wants: the map that layby-setup
 * pins. The governor judges by it, in the kernel, whether the agent lives or not.
 */
#ifndef LAYBY_AGENT_GOVERNOR_H
#define LAYBY_AGENT_GOVERNOR_H

#include "owner/plan.h"

/*
 * 0: it has them; -ENOENT: none that takes settings, or layby-setup has not run yet;
 * -EMEDIUMTYPE: one that takes others. Nothing is written that it has already.
 */
int governor_tell(const struct owner_settings *set, const struct owner_plan *plan);

#endif
