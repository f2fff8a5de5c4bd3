// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Every check there is, in the order in which a system comes up: what is wrong
 * first is often why the rest is.
 *
 * Must never take what was not read for right.
 */
#include <string.h>

#include "doctor.h"

const struct check checks[] = {
	{ "kernel-options", "Kernel's options", look_at_kernel_options },
	{ "btf", "BTF", look_at_btf },
	{ "preemption", "Preemption", look_at_preemption },
	{ "lockdown", "Lockdown", look_at_lockdown },
	{ "io-uring", "io_uring", look_at_io_uring },
	{ "module", "Module", look_at_module },
	{ "module-signature", "Module's signature", look_at_signature,
	  .finding = "module-unsigned", .severity = CONDITION_WARNING },
	{ "accelerator", "Accelerator", look_at_accelerator,
	  .finding = "partition-faulted", .severity = CONDITION_WRONG },
	{ "fault", "Faults", look_at_fault,
	  .finding = "fault-latched", .severity = CONDITION_WRONG },
	{ "policy", "Policy", look_at_policy,
	  .finding = "no-policy", .severity = CONDITION_WRONG },
	{ "policy-file", "Policy's file", look_at_policy_file,
	  .finding = "policy-file-differs", .severity = CONDITION_WARNING },
	{ "key", "Policy's key", look_at_key,
	  .finding = "development-key", .severity = CONDITION_WARNING },
	{ "groups", "Users and groups", look_at_groups },
	{ "nodes", "Nodes", look_at_nodes, PART_PARTITIONS },
	{ "setup-conf", "Setup's file", look_at_setup_conf },
	{ "setup-unit", "Setup's unit", look_at_setup_unit },
	{ "seal", "Seal", look_at_seal,
	  .finding = "not-sealed", .severity = CONDITION_WRONG },
	{ "governor", "Governor", look_at_governor,
	  .finding = "no-governor", .severity = CONDITION_WRONG },
	{ "signals", "Vehicle's signals", look_at_signals, PART_STATE | PART_POLICY },
	{ "frames", "Vehicle's frames", look_at_frames,
	  .finding = "frames-from-host", .severity = CONDITION_WARNING },
	{ "agent-unit", "Agent's unit", look_at_agent_unit },
	{ "bus", "System bus", look_at_bus },
	{ "agent", "Agent", look_at_agent },
	{ "consent", "Owner's consent", look_at_consent,
	  .finding = "no-consent", .severity = CONDITION_WARNING },
	{ "reclaims", "Reclaims", look_at_reclaims,
	  .finding = "late-reclaims", .severity = CONDITION_WRONG },
	{ "gate", "Gate", look_at_gate,
	  .finding = "gate-closed", .severity = CONDITION_WRONG },
};

const size_t check_count = ARRAY_SIZE(checks);

static void take_finding(const struct check *check, const struct finding *finding,
			 struct diagnosis *diagnosis)
{
	int length = (int)strlen(finding->text);

	if (length && finding->text[length - 1] == '.')
		length--;
	found(diagnosis, "%.*s", length, finding->text);
	todo(diagnosis, check->severity, "%s", finding->remedy);
}

void check_make(const struct check *check, const struct audit *audit,
		struct diagnosis *diagnosis)
{
	uint32_t parts = check->parts | (check->finding ? finding_parts(check->finding) : 0);
	const char *why = audit_why_not(audit, parts);
	struct finding finding = {};

	*diagnosis = (struct diagnosis){};
	if (why && audit->is_module_missing) {
		found(diagnosis, "cannot be told without the module");
		todo(diagnosis, CONDITION_NOT_KNOWN, "See the module above.");
	} else if (why) {
		found(diagnosis, "cannot be told: %s", why);
		todo(diagnosis, CONDITION_NOT_KNOWN, "See why that cannot be read.");
	} else if (check->finding && finding_is(audit, check->finding, &finding)) {
		take_finding(check, &finding, diagnosis);
	} else {
		check->look(audit, diagnosis);
	}
}
