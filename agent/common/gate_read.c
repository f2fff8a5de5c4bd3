// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the kernel's messages say, as structs. Every attribute that a message
 * lacks keeps the value that says so. Must never believe a length that the
 * message has not.
 */
#include "gate_read.h"

#include <errno.h>
#include <netlink/errno.h>
#include <netlink/genl/genl.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

int gate_errno(int r)
{
	switch (r < 0 ? -r : r) {
	case 0:
		return 0;
	case NLE_AGAIN:
		return -EAGAIN;
	case NLE_OBJ_NOTFOUND:
		return -ENOENT;
	case NLE_PERM:
	case NLE_NOACCESS:
		return -EPERM;
	case NLE_NOMEM:
		/* also what the kernel had no room for: ENOBUFS */
		return -ENOBUFS;
	default:
		return -EIO;
	}
}

static uint64_t get_u64(struct nlattr *attr, uint64_t otherwise)
{
	return attr && nla_len(attr) >= 8 ? nla_get_u64(attr) : otherwise;
}

static uint32_t get_u32(struct nlattr *attr)
{
	return attr && nla_len(attr) >= 4 ? nla_get_u32(attr) : 0;
}

static bool get_bool(struct nlattr *attr)
{
	return attr && nla_len(attr) >= 1 && nla_get_u8(attr);
}

static void get_text(struct nlattr *attr, char *text, size_t size)
{
	*text = '\0';
	if (attr)
		nla_strlcpy(text, attr, size);
}

static bool get_bytes(struct nlattr *attr, void *bytes, int size)
{
	if (!attr || nla_len(attr) != size)
		return false;
	memcpy(bytes, nla_data(attr), (size_t)size);
	return true;
}

static void read_ages(struct nlattr **a, struct gate_state *state)
{
	state->signal_age_ns =
		get_u64(a[LAYBY_A_STATE_SIGNAL_AGE_NS], GATE_NO_AGE);
	state->lease_age_ns =
		get_u64(a[LAYBY_A_STATE_LEASE_AGE_NS], GATE_NO_AGE);
	state->governor_age_ns =
		get_u64(a[LAYBY_A_STATE_GOVERNOR_AGE_NS], GATE_NO_AGE);
	state->sensor_age_ns =
		get_u64(a[LAYBY_A_STATE_SENSOR_AGE_NS], GATE_NO_AGE);
}

static void read_consent(struct nlattr **a, struct gate_state *state)
{
	state->has_consent = get_bytes(a[LAYBY_A_STATE_CONSENT_ID],
				       state->consent_id,
				       sizeof(state->consent_id));
	state->consent_serial = get_u64(a[LAYBY_A_STATE_CONSENT_SERIAL], 0);
	state->consent_left_uj = get_u64(a[LAYBY_A_STATE_CONSENT_LEFT_UJ], 0);
	state->consent_from_wall_ns =
		(int64_t)get_u64(a[LAYBY_A_STATE_CONSENT_FROM_WALL_NS], 0);
	state->consent_until_wall_ns =
		(int64_t)get_u64(a[LAYBY_A_STATE_CONSENT_UNTIL_WALL_NS], 0);
}

static void read_battery(struct nlattr **a, struct gate_state *state)
{
	struct nlattr *percent = a[LAYBY_A_STATE_CHARGE_PERCENT];

	if (percent && nla_len(percent) >= 1)
		state->charge_percent = nla_get_u8(percent);
	state->has_charge = percent && state->charge_percent <= 100;
	if (a[LAYBY_A_STATE_CHARGING])
		state->charging = get_bool(a[LAYBY_A_STATE_CHARGING]) ? 2 : 1;
	state->charge_age_ns = get_u64(a[LAYBY_A_STATE_CHARGE_AGE_NS], GATE_NO_AGE);
	state->charging_age_ns = get_u64(a[LAYBY_A_STATE_CHARGING_AGE_NS], GATE_NO_AGE);
}

int gate_read_state(struct nlmsghdr *header, struct gate_state *ret_state)
{
	struct nlattr *a[LAYBY_A_STATE_MAX + 1];
	struct gate_state *state = ret_state;
	int r;

	r = genlmsg_parse(header, 0, a, LAYBY_A_STATE_MAX, NULL);
	if (r < 0)
		return gate_errno(r);
	*state = (struct gate_state){
		.known = true,
		.open = get_bool(a[LAYBY_A_STATE_OPEN]),
		.guests_in = get_bool(a[LAYBY_A_STATE_GUESTS_IN]),
		.sealed = get_bool(a[LAYBY_A_STATE_SEALED]),
		.fault = get_bool(a[LAYBY_A_STATE_FAULT]),
		.lease_held = get_bool(a[LAYBY_A_STATE_LEASE_HELD]),
		.governor_attached =
			get_bool(a[LAYBY_A_STATE_GOVERNOR_ATTACHED]),
		.reason = get_u32(a[LAYBY_A_STATE_REASON]),
		.mode = get_u32(a[LAYBY_A_STATE_MODE]),
		.since_ns = get_u64(a[LAYBY_A_STATE_SINCE_NS], 0),
		.change = get_u64(a[LAYBY_A_STATE_CHANGE], 0),
		.now_ns = get_u64(a[LAYBY_A_STATE_NOW_NS], 0),
		.parked_since_ns =
			get_u64(a[LAYBY_A_STATE_PARKED_SINCE_NS], 0),
		.has_temperature = a[LAYBY_A_STATE_TEMPERATURE_MDEG],
		.temperature_mdeg =
			(int32_t)get_u32(a[LAYBY_A_STATE_TEMPERATURE_MDEG]),
	};
	read_ages(a, state);
	read_consent(a, state);
	read_battery(a, state);
	return 0;
}

int gate_read_policy(struct nlmsghdr *header, struct gate_policy *policy)
{
	struct nlattr *a[LAYBY_A_POLICY_MAX + 1];
	int r;

	r = genlmsg_parse(header, 0, a, LAYBY_A_POLICY_MAX, NULL);
	if (r < 0)
		return gate_errno(r);
	*policy = (struct gate_policy){
		.state = get_u32(a[LAYBY_A_POLICY_STATE]),
		.key_kind = get_u32(a[LAYBY_A_POLICY_KEY_KIND]),
		.serial_floor = get_u64(a[LAYBY_A_POLICY_SERIAL_FLOOR], 0),
		.serial = get_u64(a[LAYBY_A_POLICY_SERIAL], 0),
		.abort_ns = get_u64(a[LAYBY_A_POLICY_ABORT_NS], 0),
		.reclaim_ns = get_u64(a[LAYBY_A_POLICY_RECLAIM_NS], 0),
		.signal_age_max_ns =
			get_u64(a[LAYBY_A_POLICY_SIGNAL_AGE_MAX_NS], 0),
		.lease_age_max_ns =
			get_u64(a[LAYBY_A_POLICY_LEASE_AGE_MAX_NS], 0),
		.park_hold_ns = get_u64(a[LAYBY_A_POLICY_PARK_HOLD_NS], 0),
		.watchdog_ns = get_u64(a[LAYBY_A_POLICY_WATCHDOG_NS], 0),
		.interval_ns = get_u64(a[LAYBY_A_POLICY_INTERVAL_NS], 0),
		.power_mw = get_u32(a[LAYBY_A_POLICY_POWER_MW]),
		.trip_mdeg = (int32_t)get_u32(a[LAYBY_A_POLICY_TRIP_MDEG]),
		.resume_mdeg = (int32_t)get_u32(a[LAYBY_A_POLICY_RESUME_MDEG]),
	};
	get_bytes(a[LAYBY_A_POLICY_DIGEST], policy->digest,
		  sizeof(policy->digest));
	get_text(a[LAYBY_A_POLICY_ID], policy->id, sizeof(policy->id));
	get_text(a[LAYBY_A_POLICY_VEHICLE_TYPE], policy->vehicle_type,
		 sizeof(policy->vehicle_type));
	return 0;
}

int gate_read_counters(struct nlmsghdr *header, struct gate_counters *counters)
{
	struct nlattr *a[LAYBY_A_COUNTERS_MAX + 1];
	int r;

	r = genlmsg_parse(header, 0, a, LAYBY_A_COUNTERS_MAX, NULL);
	if (r < 0)
		return gate_errno(r);
	counters->opened = get_u64(a[LAYBY_A_COUNTERS_OPENED], 0);
	counters->reclaims = get_u64(a[LAYBY_A_COUNTERS_RECLAIMS], 0);
	counters->resets = get_u64(a[LAYBY_A_COUNTERS_RESETS], 0);
	counters->late = get_u64(a[LAYBY_A_COUNTERS_LATE], 0);
	return 0;
}

static int add_bucket(struct nlattr *nest, struct gate_counters *counters)
{
	struct nlattr *a[LAYBY_A_BUCKET_MAX + 1];
	struct gate_bucket *bucket;
	int r;

	if (counters->bucket_count == ARRAY_SIZE(counters->buckets))
		return -EOVERFLOW;
	r = nla_parse_nested(a, LAYBY_A_BUCKET_MAX, nest, NULL);
	if (r < 0)
		return gate_errno(r);
	bucket = &counters->buckets[counters->bucket_count++];
	bucket->below_ns = get_u64(a[LAYBY_A_BUCKET_BELOW_NS], 0);
	bucket->count = get_u64(a[LAYBY_A_BUCKET_COUNT], 0);
	return 0;
}

static int read_buckets(struct nlmsghdr *header, struct gate_counters *counters)
{
	struct genlmsghdr *generic = genlmsg_hdr(header);
	int left = genlmsg_attrlen(generic, 0), r = 0;
	struct nlattr *attr;

	counters->bucket_count = 0;
	nla_for_each_attr(attr, genlmsg_attrdata(generic, 0), left, left) {
		if (nla_type(attr) == LAYBY_A_HISTOGRAM_BUCKET)
			r = add_bucket(attr, counters);
		if (r < 0)
			return r;
	}
	return 0;
}

int gate_read_histogram(struct nlmsghdr *header, struct gate_counters *counters)
{
	struct nlattr *a[LAYBY_A_HISTOGRAM_MAX + 1];
	int r;

	r = genlmsg_parse(header, 0, a, LAYBY_A_HISTOGRAM_MAX, NULL);
	if (r < 0)
		return gate_errno(r);
	counters->last_ns = get_u64(a[LAYBY_A_HISTOGRAM_LAST_NS], 0);
	counters->worst_ns = get_u64(a[LAYBY_A_HISTOGRAM_WORST_NS], 0);
	counters->last_at_ns = get_u64(a[LAYBY_A_HISTOGRAM_LAST_AT_NS], 0);
	return read_buckets(header, counters);
}

int gate_read_frames(struct nlmsghdr *header, struct gate_frames *frames)
{
	struct nlattr *a[LAYBY_A_FRAMES_MAX + 1];
	size_t i;
	int r;

	r = genlmsg_parse(header, 0, a, LAYBY_A_FRAMES_MAX, NULL);
	if (r < 0)
		return gate_errno(r);
	frames->bus = get_u32(a[LAYBY_A_FRAMES_BUS]);
	for (i = LAYBY_A_FRAMES_ACCEPTED; i < ARRAY_SIZE(a); i++)
		frames->count[i] = get_u64(a[i], 0);
	return 0;
}

int gate_read_governor(struct nlmsghdr *header, struct gate_governor *governor)
{
	struct nlattr *a[LAYBY_A_GOVERNOR_MAX + 1];
	int r;

	r = genlmsg_parse(header, 0, a, LAYBY_A_GOVERNOR_MAX, NULL);
	if (r < 0)
		return gate_errno(r);
	governor->state = get_u32(a[LAYBY_A_GOVERNOR_STATE]);
	governor->returned = (int32_t)get_u32(a[LAYBY_A_GOVERNOR_RETURNED]);
	governor->refused = get_u64(a[LAYBY_A_GOVERNOR_REFUSED], 0);
	get_text(a[LAYBY_A_GOVERNOR_NAME], governor->name,
		 sizeof(governor->name));
	get_text(a[LAYBY_A_GOVERNOR_WHY], governor->why, sizeof(governor->why));
	return 0;
}

static void read_cleared(struct nlattr **a, struct gate_partition *partition)
{
	partition->has_cleared = a[LAYBY_A_PARTITION_WINDOW_CLEARINGS];
	partition->window_clearings =
		get_u64(a[LAYBY_A_PARTITION_WINDOW_CLEARINGS], 0);
	partition->window_cleared_bytes =
		get_u64(a[LAYBY_A_PARTITION_WINDOW_CLEARED_BYTES], 0);
	partition->tile_clearings =
		get_u64(a[LAYBY_A_PARTITION_TILE_CLEARINGS], 0);
}

static void read_used(struct nlattr **a, struct gate_partition *partition)
{
	partition->has_used = a[LAYBY_A_PARTITION_ENERGY_UJ];
	partition->energy_uj = get_u64(a[LAYBY_A_PARTITION_ENERGY_UJ], 0);
	partition->tile_ticks = get_u64(a[LAYBY_A_PARTITION_TILE_TICKS], 0);
	partition->jobs = get_u64(a[LAYBY_A_PARTITION_JOBS], 0);
}

static struct gate_partition *add_partition(struct gate_partitions *partitions)
{
	size_t size = (partitions->count + 1) * sizeof(*partitions->list);
	struct gate_partition *list = realloc(partitions->list, size);

	if (!list)
		return NULL;
	partitions->list = list;
	return &list[partitions->count++];
}

int gate_read_partition(struct nlmsghdr *header,
			struct gate_partitions *partitions)
{
	struct nlattr *a[LAYBY_A_PARTITION_MAX + 1];
	struct gate_partition *partition;
	int r;

	r = genlmsg_parse(header, 0, a, LAYBY_A_PARTITION_MAX, NULL);
	if (r < 0)
		return gate_errno(r);
	partition = add_partition(partitions);
	if (!partition)
		return -ENOMEM;
	*partition = (struct gate_partition){
		.partition_class = get_u32(a[LAYBY_A_PARTITION_CLASS]),
		.id = get_u32(a[LAYBY_A_PARTITION_ID]),
		.minor = get_u32(a[LAYBY_A_PARTITION_MINOR]),
		.tiles = get_u32(a[LAYBY_A_PARTITION_TILES]),
		.window_bytes = get_u64(a[LAYBY_A_PARTITION_WINDOW_BYTES], 0),
		.queue_depth = get_u32(a[LAYBY_A_PARTITION_QUEUE_DEPTH]),
		.bandwidth_permille =
			get_u32(a[LAYBY_A_PARTITION_BANDWIDTH_PERMILLE]),
		.enabled = get_bool(a[LAYBY_A_PARTITION_ENABLED]),
		.faulted = get_bool(a[LAYBY_A_PARTITION_FAULTED]),
		.parties = get_u32(a[LAYBY_A_PARTITION_PARTIES]),
		.recoveries = get_u32(a[LAYBY_A_PARTITION_RECOVERIES]),
	};
	get_text(a[LAYBY_A_PARTITION_ACCEL], partition->accel,
		 sizeof(partition->accel));
	read_cleared(a, partition);
	read_used(a, partition);
	return 0;
}

static void read_caps(struct nlattr **a, struct gate_accelerator *accelerator)
{
	accelerator->has_caps = a[LAYBY_A_ACCELERATOR_CAP_MW];
	accelerator->cap_mw = get_u32(a[LAYBY_A_ACCELERATOR_CAP_MW]);
	accelerator->ceiling_mw = get_u32(a[LAYBY_A_ACCELERATOR_CEILING_MW]);
	accelerator->bucket_uj = get_u64(a[LAYBY_A_ACCELERATOR_BUCKET_UJ], 0);
	accelerator->credit_uj = get_u64(a[LAYBY_A_ACCELERATOR_CREDIT_UJ], 0);
	accelerator->charged_uj = get_u64(a[LAYBY_A_ACCELERATOR_CHARGED_UJ], 0);
	accelerator->level = get_u32(a[LAYBY_A_ACCELERATOR_LEVEL]);
	accelerator->waiting = get_u32(a[LAYBY_A_ACCELERATOR_WAITING]);
}

int gate_read_accelerator(struct nlmsghdr *header,
			  struct gate_accelerator *accelerator)
{
	struct nlattr *a[LAYBY_A_ACCELERATOR_MAX + 1];
	int r;

	r = genlmsg_parse(header, 0, a, LAYBY_A_ACCELERATOR_MAX, NULL);
	if (r < 0)
		return gate_errno(r);
	if (accelerator->has_caps ||
	    (accelerator->accel[0] && !a[LAYBY_A_ACCELERATOR_CAP_MW]))
		return 0;
	*accelerator = (struct gate_accelerator){
		.has_energy = a[LAYBY_A_ACCELERATOR_DEVICE_ENERGY_UJ],
		.device_energy_uj =
			get_u64(a[LAYBY_A_ACCELERATOR_DEVICE_ENERGY_UJ], 0),
		.idle_energy_uj =
			get_u64(a[LAYBY_A_ACCELERATOR_IDLE_ENERGY_UJ], 0),
	};
	get_text(a[LAYBY_A_ACCELERATOR_ACCEL], accelerator->accel,
		 sizeof(accelerator->accel));
	read_caps(a, accelerator);
	return 0;
}
