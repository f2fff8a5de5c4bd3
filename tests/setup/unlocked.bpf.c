// SPDX-License-Identifier: GPL-2.0-only
/* The same with settings that the agent could freeze: layby-setup must refuse it. */
#define SETTINGS_WITHOUT_LOCK
#include "settings.bpf.c"
