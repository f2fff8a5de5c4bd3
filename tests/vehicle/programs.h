/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bpf/vehicle_can.bpf.c loaded, bound and attached as the boot step does it, each
 * step by itself and with its errno.
 */
#ifndef VEHICLE_PROGRAMS_H
#define VEHICLE_PROGRAMS_H

#include <layby/signals.h>

struct vehicle_can;

/* 0 or -errno: -EACCES: the module is sealed; -ESRCH: it is not loaded */
int programs_load(const struct layby_signals *signals, struct vehicle_can **ret_programs);
/* -EPERM: sealed; -ENODEV; -EMEDIUMTYPE */
int programs_bind(struct vehicle_can *programs, unsigned int ifindex);
/* Either may be attached to several interfaces; the links end with the process. */
int programs_attach_ingress(struct vehicle_can *programs, unsigned int ifindex);
int programs_attach_egress(struct vehicle_can *programs, unsigned int ifindex);

/* All of it: the interface is the bus. */
int programs_start(const char *interface, const struct layby_signals *signals,
		   struct vehicle_can **ret_programs);
/* NULL may be given. */
void programs_stop(struct vehicle_can *programs);

#endif
