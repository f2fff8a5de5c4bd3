/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The binary form of a consent token: what `laybyctl consent sign` writes, the
 * owner's key signs, and DRM_IOCTL_LAYBY_CONSENT takes.
 *
 * A token is struct layby_consent_token and nothing else: one size, no gap, all
 * integers little-endian. Whether one is right is decided by kmod/token.c and
 * nowhere else; ranges of the fields stand in its table. docs/consent.md says
 * what each field means to the owner.
 */
#ifndef LAYBY_CONSENT_H
#define LAYBY_CONSENT_H

/* an eBPF program has its types from vmlinux.h */
#ifndef __VMLINUX_H__
#include <linux/types.h>
#ifdef __KERNEL__
#include <linux/build_bug.h>
#include <linux/stddef.h>
#else
#include <assert.h>
#include <stddef.h>
#endif
#endif

#define LAYBY_CONSENT_MAGIC		0x4342594cu	/* "LYBC" */
#define LAYBY_CONSENT_VERSION		1u
#define LAYBY_CONSENT_ID_BYTES		16u

/* Every time of a token lies in the years 2020 to 2099, UTC. */
#define LAYBY_CONSENT_TIME_MIN_S	1577836800u
#define LAYBY_CONSENT_TIME_MAX_S	4102444799u
/* A withdrawal is forgotten at the next boot, so no token holds for longer. */
#define LAYBY_CONSENT_LENGTH_MAX_S	(366u * 86400u)
#define LAYBY_CONSENT_ENERGY_MAX_UJ	1000000000000000000ULL
#define LAYBY_CONSENT_DAY_MIN		1440u
/* The ends of the world's time zones */
#define LAYBY_CONSENT_OFFSET_LOW_MIN	(-12 * 60)
#define LAYBY_CONSENT_OFFSET_HIGH_MIN	(14 * 60)

/* Classes of jobs, in @classes */
#define LAYBY_CONSENT_BATCH		0x1u	/* nobody waits for it */
#define LAYBY_CONSENT_INTERACTIVE	0x2u	/* somebody waits for it */
#define LAYBY_CONSENT_CLASSES		(LAYBY_CONSENT_BATCH | LAYBY_CONSENT_INTERACTIVE)

/* In @flags */
#define LAYBY_CONSENT_ONLY_CHARGING	0x1u	/* only while the vehicle charges */
#define LAYBY_CONSENT_FLAGS		LAYBY_CONSENT_ONLY_CHARGING

/**
 * struct layby_consent_token - a token, as it is signed
 * @magic: LAYBY_CONSENT_MAGIC
 * @version: LAYBY_CONSENT_VERSION
 * @id: names the consent, not all zero; tokens of one id share one account of
 *      energy
 * @serial: grows with each token that the owner signs, whatever its id
 * @not_before_s: first second in which it holds, UTC
 * @not_after_s: last second in which it holds, UTC
 * @energy_day_uj: most that guest work may use in a day, microjoule
 * @energy_total_uj: most that it may use in all, microjoule
 * @hours_from_min: first minute of the day in which it holds
 * @hours_until_min: first minute in which it no longer does, 1 to 1440; not
 *                   above @hours_from_min: on the next day
 * @utc_offset_min: what a day is: local time less UTC, signed
 * @classes: LAYBY_CONSENT_BATCH and so on, at least one
 * @flags: LAYBY_CONSENT_ONLY_CHARGING
 * @charge_min_percent: not below this state of charge
 */
struct layby_consent_token {
	__le32 magic;
	__le32 version;
	__u8 id[LAYBY_CONSENT_ID_BYTES];
	__le64 serial;
	__le64 not_before_s;
	__le64 not_after_s;
	__le64 energy_day_uj;
	__le64 energy_total_uj;
	__le32 hours_from_min;
	__le32 hours_until_min;
	__le32 utc_offset_min;
	__le32 classes;
	__le32 flags;
	__le32 charge_min_percent;
};

/* bpf_helpers.h has an offsetof() that is no constant. */
#ifndef __VMLINUX_H__
static_assert(offsetof(struct layby_consent_token, id) == 8, "consent: id");
static_assert(offsetof(struct layby_consent_token, serial) == 24, "consent: serial");
static_assert(offsetof(struct layby_consent_token, not_after_s) == 40, "consent: not_after_s");
static_assert(offsetof(struct layby_consent_token, energy_day_uj) == 48, "consent: energy");
static_assert(offsetof(struct layby_consent_token, hours_from_min) == 64, "consent: hours");
static_assert(offsetof(struct layby_consent_token, classes) == 76, "consent: classes");
static_assert(sizeof(struct layby_consent_token) == 88, "consent: size");
#endif

/**
 * struct layby_consent_terms - the same in the machine's own byte order, of a
 *	token that was found right
 * @only_charging: 1 with LAYBY_CONSENT_ONLY_CHARGING, else 0
 */
struct layby_consent_terms {
	__u8 id[LAYBY_CONSENT_ID_BYTES];
	__u64 serial;
	__u64 energy_day_uj;
	__u64 energy_total_uj;
	__u32 not_before_s;
	__u32 not_after_s;
	__u32 hours_from_min;
	__u32 hours_until_min;
	__s32 utc_offset_min;
	__u32 classes;
	__u32 only_charging;
	__u32 charge_min_percent;
};

/* --- What is wrong with a token ------------------------------------------- */

/** enum layby_consent_rule - the rules; numbers and names never change */
enum layby_consent_rule {
	/** @LAYBY_CONSENT_RULE_NONE: none is broken */
	LAYBY_CONSENT_RULE_NONE = 0,
	/** @LAYBY_CONSENT_RULE_SIZE: a token has another number of bytes */
	LAYBY_CONSENT_RULE_SIZE = 1,
	/** @LAYBY_CONSENT_RULE_MAGIC: not a token */
	LAYBY_CONSENT_RULE_MAGIC = 2,
	/** @LAYBY_CONSENT_RULE_VERSION: a form that this validator does not know */
	LAYBY_CONSENT_RULE_VERSION = 3,
	/** @LAYBY_CONSENT_RULE_ID: all zero; no numbers */
	LAYBY_CONSENT_RULE_ID = 4,
	/** @LAYBY_CONSENT_RULE_RANGE: a number outside what any token may say */
	LAYBY_CONSENT_RULE_RANGE = 5,
	/** @LAYBY_CONSENT_RULE_ORDER: ends before it begins */
	LAYBY_CONSENT_RULE_ORDER = 6,
	/** @LAYBY_CONSENT_RULE_LENGTH: holds for longer than any token may */
	LAYBY_CONSENT_RULE_LENGTH = 7,
	/** @LAYBY_CONSENT_RULE_ENERGY: more a day than in all */
	LAYBY_CONSENT_RULE_ENERGY = 8,
	/** @LAYBY_CONSENT_RULE_HOURS: end where they begin; all day is 0 to 1440 */
	LAYBY_CONSENT_RULE_HOURS = 9,
	/** @LAYBY_CONSENT_RULE_NEVER: its hours do not come while it holds; no numbers */
	LAYBY_CONSENT_RULE_NEVER = 10,
	/** @LAYBY_CONSENT_RULES: how many numbers there are */
	LAYBY_CONSENT_RULES
};

/** enum layby_consent_field - the members of the struct above, in their order */
enum layby_consent_field {
	LAYBY_CONSENT_FIELD_MAGIC = 0,
	LAYBY_CONSENT_FIELD_VERSION = 1,
	LAYBY_CONSENT_FIELD_ID = 2,
	LAYBY_CONSENT_FIELD_SERIAL = 3,
	LAYBY_CONSENT_FIELD_NOT_BEFORE_S = 4,
	LAYBY_CONSENT_FIELD_NOT_AFTER_S = 5,
	LAYBY_CONSENT_FIELD_ENERGY_DAY_UJ = 6,
	LAYBY_CONSENT_FIELD_ENERGY_TOTAL_UJ = 7,
	LAYBY_CONSENT_FIELD_HOURS_FROM_MIN = 8,
	LAYBY_CONSENT_FIELD_HOURS_UNTIL_MIN = 9,
	LAYBY_CONSENT_FIELD_UTC_OFFSET_MIN = 10,
	LAYBY_CONSENT_FIELD_CLASSES = 11,
	LAYBY_CONSENT_FIELD_FLAGS = 12,
	LAYBY_CONSENT_FIELD_CHARGE_MIN_PERCENT = 13,
	LAYBY_CONSENT_FIELDS
};

/**
 * struct layby_consent_error - which rule is broken, where, what would be right
 * @rule: enum layby_consent_rule
 * @field: enum layby_consent_field
 * @found: what stands there, sign-extended where the field is signed
 * @low: lowest number that would be right
 * @high: highest one
 */
struct layby_consent_error {
	__u32 rule;
	__u32 field;
	__u64 found;
	__u64 low;
	__u64 high;
};

#endif /* LAYBY_CONSENT_H */
