/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Between the fakes of the kernel's two sides: nodes and netlink.
 */
#ifndef LAYBY_TESTS_FAKE_GATE_H
#define LAYBY_TESTS_FAKE_GATE_H

#include <stdbool.h>

/* What the kernel does with guest nodes when the gate changes. */
void fake_layby_gate(bool open, bool consent);
/* Has it changed, though nobody was told? */
void fake_gate_look(void);

#endif
