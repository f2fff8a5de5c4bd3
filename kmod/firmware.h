/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The policy that the OS image brings, once it is known to be signed and right.
 *
 * There is at most one in force. The first accelerator for which the file is
 * right holds it from layby_accel_start() until layby_accel_stop().
 */
#ifndef LAYBY_FIRMWARE_H
#define LAYBY_FIRMWARE_H

#include <crypto/sha2.h>
#include <linux/kref.h>
#include <linux/types.h>
#include <layby/policy.h>

#include "accel.h"

struct key;

/* Both are needed; below /lib/firmware and wherever else the kernel looks. */
#define LAYBY_POLICY_FILE	"layby/policy.bin"
#define LAYBY_POLICY_SIGNATURE	"layby/policy.p7s"

/* What the built-in certificate is: policy_key of netlink, key in sysfs. */
enum layby_policy_key {
	LAYBY_POLICY_KEY_DEVELOPMENT,
	LAYBY_POLICY_KEY_PRODUCTION,
};

/**
 * enum layby_policy_state - is a policy in force, and if not, why
 * @LAYBY_POLICY_IDLE: no accelerator has asked yet, or the one that held it left
 * @LAYBY_POLICY_ABSENT: no file, or no signature beside it
 * @LAYBY_POLICY_UNREADABLE: the file system gave an error, or memory ran out
 * @LAYBY_POLICY_FORGED: not signed by the built-in certificate's key
 * @LAYBY_POLICY_WRONG: signed, but a rule is broken, or the owner's certificate
 *                      is none
 * @LAYBY_POLICY_IN_FORCE: in force
 */
enum layby_policy_state {
	LAYBY_POLICY_IDLE,
	LAYBY_POLICY_ABSENT,
	LAYBY_POLICY_UNREADABLE,
	LAYBY_POLICY_FORGED,
	LAYBY_POLICY_WRONG,
	LAYBY_POLICY_IN_FORCE,
};

/**
 * struct layby_policy_share - a partition of the policy; see there for units
 * @class: enum layby_class
 * @id: not used by another of its class
 * @tiles_driving: mask in mode driving
 * @tiles_parked: mask in mode parked
 * @queue_depth: jobs that its queue holds
 * @bandwidth_permille: share of the memory bandwidth
 * @window: in the accelerator's addresses
 * @longest_run_ns: longest run time that a job may declare
 */
struct layby_policy_share {
	u32 class;
	u32 id;
	u32 tiles_driving;
	u32 tiles_parked;
	u32 queue_depth;
	u32 bandwidth_permille;
	struct layby_hw_range window;
	u64 longest_run_ns;
};

/**
 * struct layby_policy_in_force - the policy, as the module uses it
 *
 * Never changes. Whoever finds it by layby_policy_get() holds a reference;
 * struct layby_accel holds one as long as it lives, so that whoever has a
 * partition may read it without any.
 *
 * @ref: references
 * @digest: SHA-256 of the whole file, as `sha256sum` prints it
 * @key: enum layby_policy_key, who signed it
 * @serial: of the policy
 * @id: name of the policy, NUL-terminated
 * @vehicle_type: what vehicle it is for, NUL-terminated
 * @power_mw: most that guest work may draw
 * @rail_mw: most that guest and driving work together may draw
 * @trip_mdeg: at this temperature guest work ends on any accelerator
 * @limit_mdeg: at this one it ends on ours, not above @trip_mdeg: the gate's trip; see
 *              layby_policy_guest_limit_mdeg()
 * @resume_mdeg: it may begin again below, which is below @limit_mdeg
 * @driving_power_mw: full driving load, with its margin
 * @ambient_mdeg: worst ambient temperature
 * @resistance_mk_per_w: thermal resistance to ambient, with its margin
 * @capacity_mj_per_k: thermal capacity, with its margin
 * @abort_ns: a job that does not stop within it has its slot reset
 * @reclaim_ns: from the input that closes the gate to the tiles handed back
 * @signal_age_ns: a vehicle signal older than this is none
 * @lease_age_ns: a lease older than this is none
 * @park_hold_ns: every condition of parked must hold for so long
 * @watchdog_ns: the device shuts guest slots if it is not fed for so long
 * @interval_ns: fault-tolerant time interval, which all of these fit into
 * @bucket_uj: what all guests together may have drawn above the cap, see ISO-8
 * @park_can_id: frame that renews the vehicle's signals' age
 * @share_count: how many partitions
 * @share: the partitions in the order of the file, driving ones before guests;
 *         the index is the slot
 * @owner_keyring: the one key that signs consent
 * @owner_bytes: size of @owner
 * @owner: the owner's certificate, DER
 */
struct layby_policy_in_force {
	struct kref ref;
	u8 digest[SHA256_DIGEST_SIZE];
	enum layby_policy_key key;
	u64 serial;
	char id[sizeof_field(struct layby_policy, id)];
	char vehicle_type[sizeof_field(struct layby_policy, vehicle_type)];
	u32 power_mw;
	u32 rail_mw;
	s32 trip_mdeg;
	s32 limit_mdeg;
	s32 resume_mdeg;
	u32 driving_power_mw;
	s32 ambient_mdeg;
	u32 resistance_mk_per_w;
	u32 capacity_mj_per_k;
	u64 abort_ns;
	u64 reclaim_ns;
	u64 signal_age_ns;
	u64 lease_age_ns;
	u64 park_hold_ns;
	u64 watchdog_ns;
	u64 interval_ns;
	u64 bucket_uj;
	u32 park_can_id;
	u32 share_count;
	struct layby_policy_share share[LAYBY_POLICY_PARTITIONS_MAX];
	struct key *owner_keyring;
	u32 owner_bytes;
	u8 owner[] __counted_by(owner_bytes);
};

/* --- For everybody, in any context --------------------------------------- */

/* A reference on the policy in force, for layby_policy_put(); NULL: none is. */
struct layby_policy_in_force *layby_policy_get(void);
/* NULL may be given. */
void layby_policy_put(struct layby_policy_in_force *policy);

/* Whether a policy is in force, or why the last accelerator got none. */
enum layby_policy_state layby_policy_state(void);
enum layby_policy_key layby_policy_key(void);
/* Policies with a lower serial are refused. */
u64 layby_policy_serial_floor(void);

/* --- For drv.c and accel.c, in process context ---------------------------- */

/* certificate.S: DER, built in */
extern const u8 layby_certificate[], layby_certificate_end[];

int layby_firmware_init(void);
void layby_firmware_fini(void);

/**
 * layby_policy_claim() - read the policy's files for an accelerator
 * @hw: which; the claim is its until layby_policy_release()
 *
 * Never waits for userspace. Says in one line of the log what is in force, or
 * why nothing is.
 *
 * Return: the policy, with a reference; NULL: none for this accelerator.
 */
struct layby_policy_in_force *layby_policy_claim(const struct layby_hw *hw);

/* Another accelerator may have it now. NULL: there was no claim. */
void layby_policy_release(struct layby_policy_in_force *policy);

#endif /* LAYBY_FIRMWARE_H */
