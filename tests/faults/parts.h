/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Injections by the part that fails, as tables for faults_main(). Those here need the
 * scene of tests/gate and the null backend.
 */
#ifndef FAULTS_PARTS_H
#define FAULTS_PARTS_H

#include "faults.h"

extern const struct fault vehicle_faults[];	/* vehicle.c */
extern const struct fault owner_faults[];	/* owner.c: agent, owner, image */
extern const struct fault governor_faults[];	/* null_governor.c; the last one stays */

/* null_governor.c: before the seal, once a boot */
int governor_start(void);

#endif /* FAULTS_PARTS_H */
