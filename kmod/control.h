/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The generic netlink family `layby`; what it says to whom stands in
 * include/uapi/linux/layby_netlink.yaml.
 */
#ifndef LAYBY_CONTROL_H
#define LAYBY_CONTROL_H

#include <linux/layby_netlink.h>

struct genl_family;
struct genl_info;
struct layby_accel;
struct netlink_callback;
struct sk_buff;

int layby_control_init(void);
void layby_control_fini(void);

/* Its partitions are told of from now on, until it is removed. May sleep. */
void layby_control_add(struct layby_accel *accel);
void layby_control_remove(struct layby_accel *accel);

/* Who listens hears what has become of it. Process context, no lock held; may sleep. */
void layby_control_governor_changed(void);

/* --- Between the files of control ----------------------------------------- */

extern struct genl_family layby_family;

enum { LAYBY_GROUP_GATE, LAYBY_GROUP_GOVERNOR };

/* Replies to @info with what @put puts into the message; 0 or -errno. */
int layby_control_reply(struct genl_info *info, int (*put)(struct sk_buff *skb));

/* control_gate.c */
int layby_get_state(struct sk_buff *request, struct genl_info *info);
int layby_get_counters(struct sk_buff *request, struct genl_info *info);
int layby_get_histogram(struct sk_buff *request, struct genl_info *info);

/* control_parts.c */
int layby_get_policy(struct sk_buff *request, struct genl_info *info);
int layby_get_partitions(struct sk_buff *skb, struct netlink_callback *cb);
int layby_get_accelerators(struct sk_buff *skb, struct netlink_callback *cb);

/* control_inputs.c */
int layby_get_frames(struct sk_buff *request, struct genl_info *info);
int layby_get_governor(struct sk_buff *request, struct genl_info *info);

#endif /* LAYBY_CONTROL_H */
