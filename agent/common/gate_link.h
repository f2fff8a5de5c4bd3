/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The gate as the kernel tells of it, over the generic netlink family `layby`.
 *
 * A link is there also while the module is not: it hears when the family comes
 * and goes. Nothing here waits for anything but the kernel's immediate answer.
 */
#ifndef LAYBY_GATE_LINK_H
#define LAYBY_GATE_LINK_H

#include <linux/layby_netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An age of something that never came. */
#define GATE_NO_AGE UINT64_MAX

/* See layby_netlink.yaml. All zero: there is no module. */
struct gate_state {
	/* the module is loaded; else nothing of the rest means anything */
	bool known;
	bool open;
	bool guests_in;
	bool sealed;
	bool fault;
	bool lease_held;
	bool governor_attached;
	uint32_t reason;
	uint32_t mode;
	uint64_t since_ns;
	uint64_t change;
	uint64_t now_ns;
	/* 0: not parked */
	uint64_t parked_since_ns;
	uint64_t signal_age_ns;
	uint64_t lease_age_ns;
	uint64_t governor_age_ns;
	uint64_t sensor_age_ns;
	bool has_temperature;
	int32_t temperature_mdeg;
	bool has_consent;
	uint8_t consent_id[16];
	uint64_t consent_serial;
	uint64_t consent_left_uj;
	int64_t consent_from_wall_ns;
	int64_t consent_until_wall_ns;
	bool has_charge;
	uint8_t charge_percent;
	/* 0: unknown, 1: no, 2: yes */
	uint8_t charging;
	uint64_t charge_age_ns;
	uint64_t charging_age_ns;
};

struct gate_policy {
	/* enum layby_policy_state_kind; 0: there is no module */
	uint32_t state;
	/* enum layby_key_kind */
	uint32_t key_kind;
	uint64_t serial_floor;
	/* the rest only if it is in force */
	uint8_t digest[32];
	uint64_t serial;
	char id[32];
	char vehicle_type[32];
	uint64_t abort_ns;
	uint64_t reclaim_ns;
	uint64_t signal_age_max_ns;
	uint64_t lease_age_max_ns;
	uint64_t park_hold_ns;
	uint64_t watchdog_ns;
	uint64_t interval_ns;
	uint32_t power_mw;
	int32_t trip_mdeg;
	int32_t resume_mdeg;
};

/* Reclaims that took less than it, and not less than that of the one before. */
struct gate_bucket {
	/* UINT64_MAX: no upper end */
	uint64_t below_ns;
	uint64_t count;
};

/* More than any kernel has */
#define GATE_BUCKETS_MAX 64

struct gate_counters {
	uint64_t opened;
	uint64_t reclaims;
	uint64_t resets;
	uint64_t late;
	uint64_t last_ns;
	uint64_t worst_ns;
	/* 0: never */
	uint64_t last_at_ns;
	size_t bucket_count;
	struct gate_bucket buckets[GATE_BUCKETS_MAX];
};

struct gate_frames {
	/* 0: no interface was named as the bus */
	uint32_t bus;
	/* by enum layby_frames_attr, from LAYBY_A_FRAMES_ACCEPTED on */
	uint64_t count[LAYBY_A_FRAMES_MAX + 1];
};

struct gate_governor {
	/* enum layby_governor_state_kind; 0: there is no module */
	uint32_t state;
	/* the rest only if one is attached */
	char name[16];
	int32_t returned;
	uint64_t refused;
	/* it is not asked any more; empty if it is */
	char why[64];
};

struct gate_partition {
	/* as sysfs calls the device */
	char accel[64];
	/* enum layby_class */
	uint32_t partition_class;
	uint32_t id;
	uint32_t minor;
	/* mask */
	uint32_t tiles;
	uint64_t window_bytes;
	uint32_t queue_depth;
	/* 0: not limited */
	uint32_t bandwidth_permille;
	bool enabled;
	bool faulted;
	uint32_t parties;
	uint32_t recoveries;
	/* what a driving partition has cleared is told to root only */
	bool has_cleared;
	uint64_t window_clearings;
	uint64_t window_cleared_bytes;
	uint64_t tile_clearings;
	/* and so is what its jobs used */
	bool has_used;
	uint64_t energy_uj;
	uint64_t tile_ticks;
	uint64_t jobs;
};

struct gate_partitions {
	/* to be freed */
	struct gate_partition *list;
	size_t count;
};

/* The accelerator that holds the policy, or if none does the first */
struct gate_accelerator {
	/* as sysfs calls it; empty: there is none */
	char accel[64];
	/* told to root only, and while the device gives readings */
	bool has_energy;
	uint64_t device_energy_uj;
	uint64_t idle_energy_uj;
	/* it holds the policy; of all guest partitions together */
	bool has_caps;
	uint32_t cap_mw;
	uint32_t ceiling_mw;
	uint64_t bucket_uj;
	uint64_t credit_uj;
	uint64_t charged_uj;
	uint32_t level;
	uint32_t waiting;
};

struct gate_link;

/* What has become of the gate; called for each message of the kernel. */
typedef void (*gate_event_fn)(const struct gate_state *state, void *userdata);

/**
 * struct gate_listener - who hears of what; NULL: nobody
 * @on_state: of the gate; also what it is now, when the module came or went
 * @on_governor: of the governor, after gate_link_join_governor()
 * @on_lost: the kernel had to drop messages; what holds now is told behind it
 * @userdata: for all of them
 */
struct gate_listener {
	gate_event_fn on_state;
	void (*on_governor)(const struct gate_governor *governor, void *userdata);
	void (*on_lost)(void *userdata);
	void *userdata;
};

int gate_link_open(struct gate_link **ret_link);
void gate_link_close(struct gate_link *link);
/* Readable when gate_link_process() is to be called. */
int gate_link_fd(const struct gate_link *link);
/* Hands over what came; of messages that were lost, the state of now. */
int gate_link_process(struct gate_link *link, gate_event_fn on_event,
		      void *userdata);
/* From now on also hears of the governor. */
int gate_link_join_governor(struct gate_link *link);
/* As gate_link_process(), for more than the gate. */
int gate_link_hear(struct gate_link *link, const struct gate_listener *listener);

/* Without a module: 0, and all zero. */
int gate_link_get_state(struct gate_link *link, struct gate_state *ret_state);
int gate_link_get_policy(struct gate_link *link,
			 struct gate_policy *ret_policy);
int gate_link_get_counters(struct gate_link *link,
			   struct gate_counters *ret_counters);
int gate_link_get_frames(struct gate_link *link,
			 struct gate_frames *ret_frames);
int gate_link_get_governor(struct gate_link *link,
			   struct gate_governor *ret_governor);
int gate_link_get_partitions(struct gate_link *link,
			     struct gate_partitions *ret_partitions);
int gate_link_get_accelerator(struct gate_link *link,
			      struct gate_accelerator *ret_accelerator);

/* gate_names.c */
const char *gate_mode_name(uint32_t mode);
const char *gate_key_kind_name(uint32_t kind);
const char *gate_policy_state_name(uint32_t state);
const char *gate_governor_state_name(uint32_t state);
/* Of a counter of enum layby_frames_attr, as JSON has it. */
const char *gate_frames_name(uint32_t attribute);
/* What must happen for the gate to open; a part of a sentence. */
const char *gate_reason_remedy(uint32_t reason);
/* Why it is closed; a part of a sentence. */
const char *gate_reason_text(uint32_t reason);
/* It passes by itself, and so is as it should be. */
bool gate_reason_passes(uint32_t reason);
/* Is it open, why not, what would open it. */
void gate_sentence(const struct gate_state *state, char *text, size_t size);

#endif
