// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What is not as it should be in a vehicle in the field, and what to do about it.
 *
 * A finding is made from parts that were read; one whose parts were not read makes
 * the verdict partial. Must never take silence for a good sign.
 */
#include <drm/layby_accel.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "audit.h"

__attribute__((format(printf, 2, 3))) static bool found(struct finding *finding,
							const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(finding->text, sizeof(finding->text), format, list);
	va_end(list);
	return true;
}

/* --- Faults ----------------------------------------------------------------- */

static bool is_fault_latched(const struct audit *audit, struct finding *finding)
{
	return audit->state.fault && found(finding, "A fault is latched: a slot did not obey.");
}

static bool is_partition_faulted(const struct audit *audit, struct finding *finding)
{
	const struct gate_partition *partition = audit->partitions.list;
	const struct gate_partition *end = partition + audit->partitions.count;
	size_t length = 0;

	for (; partition < end && length < sizeof(finding->text); partition++)
		if (partition->faulted)
			length += (size_t)snprintf(finding->text + length,
						   sizeof(finding->text) - length, "%s%s.%u of %s",
						   length ? ", " : "Fenced after a fault: ",
						   layby_class_name(partition->partition_class),
						   partition->id, partition->accel);
	return length;
}

static bool is_reclaim_late(const struct audit *audit, struct finding *finding)
{
	const struct gate_counters *counters = &audit->counters;
	uint64_t worst_us = counters->worst_ns / NSEC_PER_USEC;

	return counters->late &&
	       found(finding,
		     "%" PRIu64 " of %" PRIu64
		     " reclaims took longer than the policy's bound; the longest %" PRIu64 " us.",
		     counters->late, counters->reclaims, worst_us);
}

/* --- Seal, keys, policy ------------------------------------------------------ */

static bool is_not_sealed(const struct audit *audit, struct finding *finding)
{
	return !audit->state.sealed &&
	       found(finding,
		     "Not sealed: BPF programs that reach the module can still be loaded.");
}

static bool is_development_key(const struct audit *audit, struct finding *finding)
{
	return audit->policy.key_kind != LAYBY_KEY_PRODUCTION &&
	       found(finding,
		     "DEVELOPMENT KEY: the module takes policies of a key that was made when it was built.");
}

static bool is_policy_missing(const struct audit *audit, struct finding *finding)
{
	return audit->policy.state != LAYBY_POLICY_STATE_IN_FORCE &&
	       found(finding, "No policy is in force (%s), so there are no guests.",
		     gate_policy_state_name(audit->policy.state));
}

static bool is_policy_other(const struct audit *audit, struct finding *finding)
{
	return audit->policy.state == LAYBY_POLICY_STATE_IN_FORCE && !audit->file.is_in_force &&
	       found(finding, "%s is not the policy in force: its SHA-256 is another.",
		     audit->file.path);
}

static bool is_unsigned(const struct audit *audit, struct finding *finding)
{
	return strpbrk(audit->facts[FACT_TAINT].text, "EF") &&
	       found(finding,
		     "The module was loaded without a signature that the kernel knows.");
}

/* --- What the gate hears ------------------------------------------------------ */

static bool is_forged(const struct audit *audit, struct finding *finding)
{
	const uint64_t *count = audit->frames.count;
	uint64_t here = count[LAYBY_A_FRAMES_SOCKET] + count[LAYBY_A_FRAMES_SENT];

	return here &&
	       found(finding,
		     "%" PRIu64 " of the vehicle's frames were sent by programs of this host.",
		     here);
}

static bool is_governor_gone(const struct audit *audit, struct finding *finding)
{
	const struct gate_governor *governor = &audit->governor;

	if (governor->state == LAYBY_GOVERNOR_STATE_ATTACHED)
		return false;
	if (governor->state == LAYBY_GOVERNOR_STATE_NONE)
		return found(finding, "No governor is attached.");
	return found(finding, "The governor %s is not asked any more (%s: %s).", governor->name,
		     gate_governor_state_name(governor->state), governor->why);
}

static bool is_consent_missing(const struct audit *audit, struct finding *finding)
{
	const struct gate_state *state = &audit->state;

	if (!state->has_consent)
		return found(finding, "No consent of the owner is held.");
	return state->consent_until_wall_ns < state->consent_from_wall_ns &&
	       found(finding, "The owner's consent has ended.");
}

/* Others than those that pass by themselves are findings of their own. */
static bool is_closed_as_meant(const struct audit *audit)
{
	switch (audit->state.reason) {
	case LAYBY_GATE_FAULT:
	case LAYBY_GATE_NO_POLICY:
	case LAYBY_GATE_NOT_SEALED:
	case LAYBY_GATE_NO_CONSENT:
		return true;
	case LAYBY_GATE_NO_GOVERNOR:
		return audit->governor.state != LAYBY_GOVERNOR_STATE_ATTACHED;
	default:
		return gate_reason_passes(audit->state.reason);
	}
}

static bool is_closed(const struct audit *audit, struct finding *finding)
{
	if (audit->state.open || is_closed_as_meant(audit))
		return false;
	snprintf(finding->remedy, sizeof(finding->remedy), "It opens when %s.",
		 gate_reason_remedy(audit->state.reason));
	return found(finding, "The gate is closed because %s.",
		     gate_reason_text(audit->state.reason));
}

/* --- All of them ------------------------------------------------------------- */

static const struct check {
	const char *id;
	/* enum part: all that it is made from */
	uint32_t parts;
	bool (*is)(const struct audit *audit, struct finding *finding);
	/* NULL: it says so itself */
	const char *remedy;
} checks[] = {
	{ "fault-latched", PART_STATE, is_fault_latched,
	  "Find out why (kernel log), have the accelerator examined, then clear the fault as the administrator.",
	},
	{ "partition-faulted", PART_PARTITIONS, is_partition_faulted,
	  "Its hardware does not answer a reset: have the accelerator examined.",
	},
	{ "late-reclaims", PART_COUNTERS, is_reclaim_late,
	  "The policy's bound does not hold on this vehicle: withdraw the consent, keep the kernel log and this report.",
	},
	{ "not-sealed", PART_STATE, is_not_sealed,
	  "See why layby-setup.service did not finish: systemctl status layby-setup.",
	},
	{ "development-key", PART_POLICY, is_development_key,
	  "It must not go on the road: build the module with the manufacturer's certificate (LAYBY_POLICY_CERT=).",
	},
	{ "no-policy", PART_POLICY, is_policy_missing,
	  "The kernel log says what is wrong; put a signed policy into the image.",
	},
	{ "policy-file-differs", PART_POLICY | PART_FILE, is_policy_other,
	  "Find out who changed the file and when; the next boot takes the file, if it is signed.",
	},
	{ "module-unsigned", PART_TAINT, is_unsigned,
	  "Sign the module, and let the kernel refuse others (module.sig_enforce=1).",
	},
	{ "frames-from-host", PART_FRAMES, is_forged,
	  "None of them counted as parked; find the program that sends them.",
	},
	{ "no-governor", PART_GOVERNOR, is_governor_gone,
	  "See the kernel log and systemctl status layby-setup; after the seal only a reboot attaches one.",
	},
	{ "no-consent", PART_STATE, is_consent_missing,
	  "Nothing runs without it: have the owner sign one, or take the agent out of service.",
	},
	{ "gate-closed", PART_STATE | PART_GOVERNOR, is_closed, NULL },
};

static_assert(ARRAY_SIZE(checks) <= FINDINGS_MAX, "as many findings as checks");

static const struct check *find_check(const char *id)
{
	const struct check *check = checks;

	while (strcmp(check->id, id))
		if (++check == checks + ARRAY_SIZE(checks))
			abort();
	return check;
}

static bool make_check(const struct check *check, const struct audit *audit,
		       struct finding *finding)
{
	if (!check->is(audit, finding))
		return false;
	finding->id = check->id;
	if (check->remedy)
		snprintf(finding->remedy, sizeof(finding->remedy), "%s", check->remedy);
	return true;
}

uint32_t finding_parts(const char *id)
{
	return find_check(id)->parts;
}

bool finding_is(const struct audit *audit, const char *id, struct finding *ret_finding)
{
	const struct check *check = find_check(id);

	return !audit_why_not(audit, check->parts) && make_check(check, audit, ret_finding);
}

void verdict_reach(struct verdict *verdict, const struct audit *audit)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(checks); i++)
		if ((audit->parts & checks[i].parts) != checks[i].parts)
			verdict->is_partial = true;
		else if (make_check(&checks[i], audit, &verdict->findings[verdict->count]))
			verdict->count++;
}

int verdict_status(const struct verdict *verdict)
{
	if (verdict->count)
		return EXIT_FINDINGS;
	return verdict->is_partial ? EXIT_CANNOT_TELL : EXIT_OK;
}
