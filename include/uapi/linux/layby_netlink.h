/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR MIT) */
/* Do not edit directly, auto-generated from: */
/*	include/uapi/linux/layby_netlink.yaml */
/* YNL-GEN uapi header */

#ifndef _UAPI_LINUX_LAYBY_NETLINK_H
#define _UAPI_LINUX_LAYBY_NETLINK_H

#define LAYBY_FAMILY_NAME	"layby"
#define LAYBY_FAMILY_VERSION	1

/**
 * enum layby_gate_reason - why the gate is what it is; exactly one at a time
 *   In the order of precedence. Of several that hold, the first one is told
 *   (ISO-11). What must be mended by people comes first, what passes by itself
 *   last.
 * @LAYBY_GATE_FAULT: a slot is fenced or a reset failed; latched
 * @LAYBY_GATE_SUSPEND: the system is going to sleep
 * @LAYBY_GATE_NO_POLICY: no verified policy is in force
 * @LAYBY_GATE_NOT_SEALED: boot is not finished
 * @LAYBY_GATE_NO_SIGNAL: the vehicle's signals never came or are stale
 * @LAYBY_GATE_DRIVING: not parked, or an unknown mode
 * @LAYBY_GATE_PARK_HOLD: parked, not yet for the hold time
 * @LAYBY_GATE_NO_CONSENT: the owner gave none, or took it back
 * @LAYBY_GATE_CLOCK_STEPPED: the wall clock jumped since consent came
 * @LAYBY_GATE_CONSENT_TIME: outside the time that it was given for
 * @LAYBY_GATE_CONSENT_ENERGY: its energy is used up
 * @LAYBY_GATE_NOT_CHARGING: it asks for charging, and the vehicle does not
 *   charge
 * @LAYBY_GATE_LOW_CHARGE: the battery is below the charge that it asks for
 * @LAYBY_GATE_NO_LEASE: the agent is not there, or silent
 * @LAYBY_GATE_NO_GOVERNOR: none attached, or its verdict is stale
 * @LAYBY_GATE_GOVERNOR: the governor says no
 * @LAYBY_GATE_NO_SENSOR: sensors never read, or stale
 * @LAYBY_GATE_HOT: at or above the trip temperature
 * @LAYBY_GATE_COOLING: was hot, not yet below the resume temperature
 * @LAYBY_GATE_OPEN: everything is right
 */
enum layby_gate_reason {
	LAYBY_GATE_FAULT = 1,
	LAYBY_GATE_SUSPEND,
	LAYBY_GATE_NO_POLICY,
	LAYBY_GATE_NOT_SEALED,
	LAYBY_GATE_NO_SIGNAL,
	LAYBY_GATE_DRIVING,
	LAYBY_GATE_PARK_HOLD,
	LAYBY_GATE_NO_CONSENT,
	LAYBY_GATE_CLOCK_STEPPED,
	LAYBY_GATE_CONSENT_TIME,
	LAYBY_GATE_CONSENT_ENERGY,
	LAYBY_GATE_NOT_CHARGING,
	LAYBY_GATE_LOW_CHARGE,
	LAYBY_GATE_NO_LEASE,
	LAYBY_GATE_NO_GOVERNOR,
	LAYBY_GATE_GOVERNOR,
	LAYBY_GATE_NO_SENSOR,
	LAYBY_GATE_HOT,
	LAYBY_GATE_COOLING,
	LAYBY_GATE_OPEN,
};

/**
 * enum layby_mode - what the vehicle does; anything else counts as driving
 * @LAYBY_MODE_UNKNOWN: nothing was heard
 * @LAYBY_MODE_DRIVING: or about to
 * @LAYBY_MODE_PARKED: every condition of it holds
 */
enum layby_mode {
	LAYBY_MODE_UNKNOWN,
	LAYBY_MODE_DRIVING,
	LAYBY_MODE_PARKED,
};

/**
 * enum layby_key_kind - whose certificate is built in to verify policies
 * @LAYBY_KEY_DEVELOPMENT: made at build time, not for vehicles on the road
 * @LAYBY_KEY_PRODUCTION: given to the build by the manufacturer
 */
enum layby_key_kind {
	LAYBY_KEY_DEVELOPMENT = 1,
	LAYBY_KEY_PRODUCTION,
};

/**
 * enum layby_policy_state_kind - whether a policy is in force, and if not, why
 * @LAYBY_POLICY_STATE_IDLE: no accelerator has asked yet, or the one that held
 *   it left
 * @LAYBY_POLICY_STATE_ABSENT: no file, or no signature beside it
 * @LAYBY_POLICY_STATE_UNREADABLE: the file system gave an error, or memory ran
 *   out
 * @LAYBY_POLICY_STATE_FORGED: not signed by the key of the built-in
 *   certificate
 * @LAYBY_POLICY_STATE_WRONG: signed, but a rule is broken; the kernel's log
 *   says which
 * @LAYBY_POLICY_STATE_IN_FORCE: the driving partition and guests have what it
 *   says
 */
enum layby_policy_state_kind {
	LAYBY_POLICY_STATE_IDLE = 1,
	LAYBY_POLICY_STATE_ABSENT,
	LAYBY_POLICY_STATE_UNREADABLE,
	LAYBY_POLICY_STATE_FORGED,
	LAYBY_POLICY_STATE_WRONG,
	LAYBY_POLICY_STATE_IN_FORCE,
};

/**
 * enum layby_governor_state_kind - what has become of the governor
 * @LAYBY_GOVERNOR_STATE_NONE: none is attached
 * @LAYBY_GOVERNOR_STATE_ATTACHED: it is asked
 * @LAYBY_GOVERNOR_STATE_FAILED: it returned an error and is not asked any more
 * @LAYBY_GOVERNOR_STATE_NONSENSE: its verdict was none, and it is not asked
 *   any more
 */
enum layby_governor_state_kind {
	LAYBY_GOVERNOR_STATE_NONE = 1,
	LAYBY_GOVERNOR_STATE_ATTACHED,
	LAYBY_GOVERNOR_STATE_FAILED,
	LAYBY_GOVERNOR_STATE_NONSENSE,
};

enum layby_state_attr {
	LAYBY_A_STATE_PAD = 1,
	LAYBY_A_STATE_OPEN,
	LAYBY_A_STATE_GUESTS_IN,
	LAYBY_A_STATE_REASON,
	LAYBY_A_STATE_SINCE_NS,
	LAYBY_A_STATE_CHANGE,
	LAYBY_A_STATE_NOW_NS,
	LAYBY_A_STATE_MODE,
	LAYBY_A_STATE_PARKED_SINCE_NS,
	LAYBY_A_STATE_SEALED,
	LAYBY_A_STATE_FAULT,
	LAYBY_A_STATE_LEASE_HELD,
	LAYBY_A_STATE_GOVERNOR_ATTACHED,
	LAYBY_A_STATE_SIGNAL_AGE_NS,
	LAYBY_A_STATE_LEASE_AGE_NS,
	LAYBY_A_STATE_GOVERNOR_AGE_NS,
	LAYBY_A_STATE_SENSOR_AGE_NS,
	LAYBY_A_STATE_TEMPERATURE_MDEG,
	LAYBY_A_STATE_CONSENT_ID,
	LAYBY_A_STATE_CONSENT_SERIAL,
	LAYBY_A_STATE_CONSENT_LEFT_UJ,
	LAYBY_A_STATE_CONSENT_FROM_WALL_NS,
	LAYBY_A_STATE_CONSENT_UNTIL_WALL_NS,

	__LAYBY_A_STATE_MAX,
	LAYBY_A_STATE_MAX = (__LAYBY_A_STATE_MAX - 1)
};

enum layby_policy_attr {
	LAYBY_A_POLICY_PAD = 1,
	LAYBY_A_POLICY_KEY_KIND,
	LAYBY_A_POLICY_STATE,
	LAYBY_A_POLICY_SERIAL_FLOOR,
	LAYBY_A_POLICY_DIGEST,
	LAYBY_A_POLICY_SERIAL,
	LAYBY_A_POLICY_ID,
	LAYBY_A_POLICY_VEHICLE_TYPE,
	LAYBY_A_POLICY_ABORT_NS,
	LAYBY_A_POLICY_RECLAIM_NS,
	LAYBY_A_POLICY_SIGNAL_AGE_MAX_NS,
	LAYBY_A_POLICY_LEASE_AGE_MAX_NS,
	LAYBY_A_POLICY_PARK_HOLD_NS,
	LAYBY_A_POLICY_WATCHDOG_NS,
	LAYBY_A_POLICY_INTERVAL_NS,
	LAYBY_A_POLICY_POWER_MW,
	LAYBY_A_POLICY_TRIP_MDEG,
	LAYBY_A_POLICY_RESUME_MDEG,

	__LAYBY_A_POLICY_MAX,
	LAYBY_A_POLICY_MAX = (__LAYBY_A_POLICY_MAX - 1)
};

enum layby_partition_attr {
	LAYBY_A_PARTITION_PAD = 1,
	LAYBY_A_PARTITION_ACCEL,
	LAYBY_A_PARTITION_CLASS,
	LAYBY_A_PARTITION_ID,
	LAYBY_A_PARTITION_MINOR,
	LAYBY_A_PARTITION_TILES,
	LAYBY_A_PARTITION_WINDOW_BYTES,
	LAYBY_A_PARTITION_QUEUE_DEPTH,
	LAYBY_A_PARTITION_BANDWIDTH_PERMILLE,
	LAYBY_A_PARTITION_ENABLED,
	LAYBY_A_PARTITION_FAULTED,
	LAYBY_A_PARTITION_PARTIES,
	LAYBY_A_PARTITION_RECOVERIES,
	LAYBY_A_PARTITION_WINDOW_CLEARINGS,
	LAYBY_A_PARTITION_WINDOW_CLEARED_BYTES,
	LAYBY_A_PARTITION_TILE_CLEARINGS,

	__LAYBY_A_PARTITION_MAX,
	LAYBY_A_PARTITION_MAX = (__LAYBY_A_PARTITION_MAX - 1)
};

enum layby_counters_attr {
	LAYBY_A_COUNTERS_PAD = 1,
	LAYBY_A_COUNTERS_OPENED,
	LAYBY_A_COUNTERS_RECLAIMS,
	LAYBY_A_COUNTERS_RESETS,
	LAYBY_A_COUNTERS_LATE,

	__LAYBY_A_COUNTERS_MAX,
	LAYBY_A_COUNTERS_MAX = (__LAYBY_A_COUNTERS_MAX - 1)
};

enum layby_histogram_attr {
	LAYBY_A_HISTOGRAM_PAD = 1,
	LAYBY_A_HISTOGRAM_COUNT,
	LAYBY_A_HISTOGRAM_LAST_NS,
	LAYBY_A_HISTOGRAM_WORST_NS,
	LAYBY_A_HISTOGRAM_BUCKET,
	LAYBY_A_HISTOGRAM_LAST_AT_NS,

	__LAYBY_A_HISTOGRAM_MAX,
	LAYBY_A_HISTOGRAM_MAX = (__LAYBY_A_HISTOGRAM_MAX - 1)
};

enum layby_bucket_attr {
	LAYBY_A_BUCKET_PAD = 1,
	LAYBY_A_BUCKET_BELOW_NS,
	LAYBY_A_BUCKET_COUNT,

	__LAYBY_A_BUCKET_MAX,
	LAYBY_A_BUCKET_MAX = (__LAYBY_A_BUCKET_MAX - 1)
};

enum layby_frames_attr {
	LAYBY_A_FRAMES_PAD = 1,
	LAYBY_A_FRAMES_BUS,
	LAYBY_A_FRAMES_ACCEPTED,
	LAYBY_A_FRAMES_FOREIGN_DRIVING,
	LAYBY_A_FRAMES_UNBOUND,
	LAYBY_A_FRAMES_NAMESPACE,
	LAYBY_A_FRAMES_INTERFACE,
	LAYBY_A_FRAMES_SOCKET,
	LAYBY_A_FRAMES_MALFORMED,
	LAYBY_A_FRAMES_CRC,
	LAYBY_A_FRAMES_REPEATED,
	LAYBY_A_FRAMES_SEQUENCE,
	LAYBY_A_FRAMES_SENT,

	__LAYBY_A_FRAMES_MAX,
	LAYBY_A_FRAMES_MAX = (__LAYBY_A_FRAMES_MAX - 1)
};

enum layby_governor_attr {
	LAYBY_A_GOVERNOR_PAD = 1,
	LAYBY_A_GOVERNOR_STATE,
	LAYBY_A_GOVERNOR_NAME,
	LAYBY_A_GOVERNOR_RETURNED,
	LAYBY_A_GOVERNOR_REFUSED,

	__LAYBY_A_GOVERNOR_MAX,
	LAYBY_A_GOVERNOR_MAX = (__LAYBY_A_GOVERNOR_MAX - 1)
};

enum layby_nl_cmd {
	LAYBY_NL_GET_STATE = 1,
	LAYBY_NL_GATE_CHANGED,
	LAYBY_NL_GET_POLICY,
	LAYBY_NL_GET_PARTITIONS,
	LAYBY_NL_GET_COUNTERS,
	LAYBY_NL_GET_HISTOGRAM,
	LAYBY_NL_SEAL,
	LAYBY_NL_CLEAR_FAULT,
	LAYBY_NL_GET_FRAMES,
	LAYBY_NL_GET_GOVERNOR,

	__LAYBY_NL_MAX,
	LAYBY_NL_MAX = (__LAYBY_NL_MAX - 1)
};

#define LAYBY_MCGRP_GATE	"gate"

#endif /* _UAPI_LINUX_LAYBY_NETLINK_H */
