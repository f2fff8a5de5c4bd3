// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the module says: of all but the first, second and the signals the audit has
 * said by now whether it is wrong, and here stands what is there.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <host_file.h>

#include "doctor.h"

#define MS	1000000

void look_at_module(const struct audit *audit, struct diagnosis *diagnosis)
{
	const struct fact *version = &audit->facts[FACT_VERSION];
	char line[8];

	if (!audit->is_module_missing && audit_why_not(audit, PART_STATE)) {
		found(diagnosis, "cannot be told: %s", audit_why_not(audit, PART_STATE));
		todo(diagnosis, CONDITION_NOT_KNOWN, "See why that cannot be read.");
	} else if (!audit->is_module_missing) {
		found(diagnosis, "loaded%s%s", version->is ? ", version " : "", version->text);
	} else if (host_read_line("/sys/module/layby/initstate", line, sizeof(line)) == -ENOENT) {
		found(diagnosis, "not loaded");
		todo(diagnosis, CONDITION_WRONG,
		     "modprobe layby and the accelerator's backend; the kernel log says why if it fails.");
	} else {
		found(diagnosis, "loaded, but its netlink family is not heard");
		todo(diagnosis, CONDITION_WRONG,
		     "Ask in the initial network namespace, with the laybyctl of the module's version.");
	}
}

void look_at_signature(const struct audit *audit, struct diagnosis *diagnosis)
{
	found(diagnosis, "by a key that the kernel knows");
}

void look_at_accelerator(const struct audit *audit, struct diagnosis *diagnosis)
{
	const struct gate_partitions *partitions = &audit->partitions;
	size_t i, guests = 0;

	for (i = 0; i < partitions->count; i++)
		guests += partitions->list[i].partition_class == LAYBY_CLASS_GUEST;
	if (!partitions->count) {
		found(diagnosis, "there is none");
		todo(diagnosis, CONDITION_WRONG,
		     "Load the backend of your accelerator; the kernel log says why it does not bind.");
		return;
	}
	found(diagnosis, "%s, %zu driving and %zu guest partition%s", partitions->list[0].accel,
	      partitions->count - guests, guests, guests == 1 ? "" : "s");
	if (!guests)
		todo(diagnosis, CONDITION_WRONG,
		     "A guest partition comes with a policy that has one, when the accelerator is bound.");
}

void look_at_fault(const struct audit *audit, struct diagnosis *diagnosis)
{
	found(diagnosis, "none is latched");
}

void look_at_policy(const struct audit *audit, struct diagnosis *diagnosis)
{
	found(diagnosis, "in force: %s, serial %" PRIu64, audit->policy.id, audit->policy.serial);
}

void look_at_policy_file(const struct audit *audit, struct diagnosis *diagnosis)
{
	found(diagnosis, "%s is the one in force", audit->file.path);
	if (!audit->file.is_in_force) {
		found(diagnosis, "%s, and none is in force", audit->file.path);
		todo(diagnosis, CONDITION_WARNING,
		     "See what laybyctl policy show says of it, and the kernel log.");
	}
}

void look_at_key(const struct audit *audit, struct diagnosis *diagnosis)
{
	found(diagnosis, "production: the certificate that the module was built with");
}

void look_at_seal(const struct audit *audit, struct diagnosis *diagnosis)
{
	found(diagnosis, "sealed");
}

void look_at_governor(const struct audit *audit, struct diagnosis *diagnosis)
{
	found(diagnosis, "%s is attached, and asked", audit->governor.name);
}

void look_at_signals(const struct audit *audit, struct diagnosis *diagnosis)
{
	uint64_t age_ns = audit->state.signal_age_ns;
	uint64_t max_ns = audit->policy.signal_age_max_ns;

	if (age_ns == GATE_NO_AGE) {
		found(diagnosis, "the control unit that the policy names was never heard");
		todo(diagnosis, CONDITION_WRONG,
		     "Is the CAN interface up, and is ParkedFrame= on it? laybyctl gate counts the frames.");
	} else if (audit->policy.state != LAYBY_POLICY_STATE_IN_FORCE) {
		found(diagnosis,
		      "cannot be told: without a policy nobody says how old they may be");
		todo(diagnosis, CONDITION_NOT_KNOWN, "Bring a policy into force first.");
	} else if (age_ns > max_ns) {
		found(diagnosis, "stale: last heard %" PRIu64 " ms ago, %" PRIu64 " ms at most",
		      age_ns / MS, max_ns / MS);
		todo(diagnosis, CONDITION_WRONG,
		     "Is the bus awake? If this control unit sleeps while parked, the policy names the wrong one.");
	} else {
		found(diagnosis, "fresh: last heard %" PRIu64 " ms ago, %" PRIu64 " ms at most",
		      age_ns / MS, max_ns / MS);
	}
}

void look_at_frames(const struct audit *audit, struct diagnosis *diagnosis)
{
	found(diagnosis, "%" PRIu64 " accepted, none from this host",
	      audit->frames.count[LAYBY_A_FRAMES_ACCEPTED]);
}

void look_at_reclaims(const struct audit *audit, struct diagnosis *diagnosis)
{
	const struct gate_counters *counters = &audit->counters;

	if (!counters->reclaims)
		found(diagnosis, "none yet");
	else
		found(diagnosis, "%" PRIu64 ", the longest %" PRIu64 " us, all within the bound",
		      counters->reclaims, counters->worst_ns / (uint64_t)NSEC_PER_USEC);
}

void look_at_consent(const struct audit *audit, struct diagnosis *diagnosis)
{
	found(diagnosis, "held, %" PRIu64 " J left",
	      audit->state.consent_left_uj / (uint64_t)USEC_PER_SEC);
}

/* That the gate is closed by what another check tells of is no better here. */
void look_at_gate(const struct audit *audit, struct diagnosis *diagnosis)
{
	const struct gate_state *state = &audit->state;
	bool passes = gate_reason_passes(state->reason);

	if (state->open) {
		found(diagnosis, "open: guest work may run");
		return;
	}
	found(diagnosis, "closed%s: %s", passes ? ", as it should be" : "",
	      gate_reason_text(state->reason));
	if (!passes)
		todo(diagnosis,
		     state->reason == LAYBY_GATE_NO_CONSENT ? CONDITION_WARNING : CONDITION_WRONG,
		     "It opens when %s.", gate_reason_remedy(state->reason));
}
