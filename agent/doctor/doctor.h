/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of `laybyctl doctor` share: a check looks at one thing and makes a
 * diagnosis. What the kernel says of itself was gathered by the audit before.
 */
#ifndef LAYBY_DOCTOR_H
#define LAYBY_DOCTOR_H

#include "../audit/audit.h"

/* In ascending order of concern */
enum condition {
	CONDITION_OK,
	CONDITION_WARNING,
	/* it could not be found out, which is no good sign */
	CONDITION_NOT_KNOWN,
	CONDITION_WRONG,
	CONDITIONS
};

#define DIAGNOSIS_TEXT_MAX	(PATH_MAX + 512)

/**
 * struct diagnosis - of one check
 * @condition: whether it is right
 * @found: what was seen, a sentence without its full stop
 * @todo: what to do about it; empty if it is right
 */
struct diagnosis {
	enum condition condition;
	char found[DIAGNOSIS_TEXT_MAX];
	char todo[DIAGNOSIS_TEXT_MAX];
};

/**
 * struct check - one thing that must be right
 * @id: its name for programs
 * @title: and for people
 * @look: fills in the diagnosis; not called before all of @parts were read
 * @parts: PART_* of the audit
 * @finding: of the audit: if it is found @look is not called; NULL: none
 * @severity: of that finding
 */
struct check {
	const char *id;
	const char *title;
	void (*look)(const struct audit *audit, struct diagnosis *diagnosis);
	uint32_t parts;
	const char *finding;
	enum condition severity;
};

extern const struct check checks[];
extern const size_t check_count;

void check_make(const struct check *check, const struct audit *audit,
		struct diagnosis *diagnosis);

/* diagnosis.c: each leaves the other text as it is */
__attribute__((format(printf, 2, 3))) void found(struct diagnosis *diagnosis, const char *format,
						 ...);
/* Also says how bad it is. */
__attribute__((format(printf, 3, 4))) void todo(struct diagnosis *diagnosis,
						enum condition condition, const char *format, ...);
/* What @r, a negative errno, kept from being seen. */
void cannot_look(struct diagnosis *diagnosis, const char *what, int r);
const char *condition_name(enum condition condition);

/* kernel.c */
void look_at_kernel_options(const struct audit *audit, struct diagnosis *diagnosis);
void look_at_btf(const struct audit *audit, struct diagnosis *diagnosis);
void look_at_preemption(const struct audit *audit, struct diagnosis *diagnosis);
void look_at_lockdown(const struct audit *audit, struct diagnosis *diagnosis);
void look_at_io_uring(const struct audit *audit, struct diagnosis *diagnosis);

/* module.c: what netlink says */
void look_at_module(const struct audit *audit, struct diagnosis *diagnosis);
void look_at_signature(const struct audit *audit, struct diagnosis *diagnosis);
void look_at_accelerator(const struct audit *audit, struct diagnosis *diagnosis);
void look_at_fault(const struct audit *audit, struct diagnosis *diagnosis);
void look_at_policy(const struct audit *audit, struct diagnosis *diagnosis);
void look_at_policy_file(const struct audit *audit, struct diagnosis *diagnosis);
void look_at_key(const struct audit *audit, struct diagnosis *diagnosis);
void look_at_seal(const struct audit *audit, struct diagnosis *diagnosis);
void look_at_governor(const struct audit *audit, struct diagnosis *diagnosis);
void look_at_signals(const struct audit *audit, struct diagnosis *diagnosis);
void look_at_frames(const struct audit *audit, struct diagnosis *diagnosis);
void look_at_reclaims(const struct audit *audit, struct diagnosis *diagnosis);
void look_at_consent(const struct audit *audit, struct diagnosis *diagnosis);
void look_at_gate(const struct audit *audit, struct diagnosis *diagnosis);

/* users.c */
void look_at_groups(const struct audit *audit, struct diagnosis *diagnosis);
void look_at_nodes(const struct audit *audit, struct diagnosis *diagnosis);

/* service.c */
void look_at_setup_conf(const struct audit *audit, struct diagnosis *diagnosis);
void look_at_setup_unit(const struct audit *audit, struct diagnosis *diagnosis);
void look_at_agent_unit(const struct audit *audit, struct diagnosis *diagnosis);
void look_at_bus(const struct audit *audit, struct diagnosis *diagnosis);
void look_at_agent(const struct audit *audit, struct diagnosis *diagnosis);

#define AGENT_USER	"layby-agent"

#endif
