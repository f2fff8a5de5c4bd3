/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The vehicle, as its bus tells it. bpf/vehicle_can.bpf.c calls in; the
 * gatekeeper is told; whoever shows state asks.
 */
#ifndef LAYBY_VEHICLE_KERNEL_H
#define LAYBY_VEHICLE_KERNEL_H

#include "vehicle_state.h"

/**
 * struct layby_vehicle_report - a snapshot
 * @state: what was last heard; times are CLOCK_BOOTTIME
 * @now_ns: CLOCK_BOOTTIME
 * @count: frames, by enum layby_vehicle_count
 * @mode: enum layby_mode, whatever its age
 * @ifindex: interface that is the bus, 0: none was named
 */
struct layby_vehicle_report {
	struct layby_vehicle_state state;
	u64 now_ns;
	u64 count[LAYBY_COUNTS];
	u32 mode;
	int ifindex;
};

/* Any context. */
void layby_vehicle_report(struct layby_vehicle_report *report);

/* The policy in force, NULL: none; without one there is no heartbeat. Any context. */
void layby_vehicle_policy(const struct layby_vehicle_rule *rule);

/* What was heard until now is old: the machine slept. Any context. */
void layby_vehicle_forget(void);

/* -ENOPKG: the module was built without BTF, no program could ever be attached. */
int layby_vehicle_init(void);
void layby_vehicle_fini(void);

/* What bpf/vehicle_can.bpf.c may call; sparse wants them declared. */
struct __sk_buff;
int bpf_layby_vehicle(struct __sk_buff *skb, const struct layby_vehicle_frame *frame,
		      u32 frame__sz);
void bpf_layby_vehicle_sent(struct __sk_buff *skb);
int bpf_layby_vehicle_bind(u32 ifindex);

/* vehicle_show.c */
void layby_vehicle_show_init(void);
void layby_vehicle_show_fini(void);

#endif /* LAYBY_VEHICLE_KERNEL_H */
