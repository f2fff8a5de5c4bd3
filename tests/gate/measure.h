/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the programs share that measure the gate: they stop at the first thing that is
 * not as it must be, say which, and end the scene.
 */
#ifndef GATE_MEASURE_H
#define GATE_MEASURE_H

#include <stdint.h>

#include "gate.h"

_Noreturn void die(const char *what, long r);
/* The value of a call that must not fail. */
long need(const char *what, long r);

struct gate_counts counts(void);
/* The counts once there are so many; dies after 20 s, with the gate's reason. */
struct gate_counts wait_counts(uint64_t opened, uint64_t reclaims);

/* A lease of the node that is open as @node: a file, or -errno. */
int lease_take(int node);

#endif /* GATE_MEASURE_H */
