/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The governor of these tests, tests/governor/probe.bpf.c: cap and level are what the
 * test says, from its next sample on. All return 0 or -errno.
 */
#ifndef BUDGET_GOVERNOR_H
#define BUDGET_GOVERNOR_H

#include <stdint.h>

/* Attached, before the seal; it closes nothing and sets no limit. */
int governor_start(void);
/* Set, and said to the kernel twice since: it has been obeyed. */
int governor_says(uint32_t cap_mw, uint32_t level);

#endif /* BUDGET_GOVERNOR_H */
