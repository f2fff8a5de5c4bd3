/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of `laybyctl audit` share.
 *
 * What was found out stands in struct audit, what could not be in its list of what
 * is not known; of both one JSON object is made, and that is what every form of
 * the report is written from. Functions that return int: 0, or a negative errno.
 */
#ifndef LAYBY_AUDIT_H
#define LAYBY_AUDIT_H

#include <gate_link.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/utsname.h>

#include "../policy/tool.h"

/* Other meanings for the same numbers, as in laybyctl policy */
#define EXIT_FINDINGS		EXIT_JOB_FAILED
#define EXIT_CANNOT_TELL	EXIT_USAGE

/* What a finding is made from, as a mask */
enum part {
	PART_STATE = 1 << 0,
	PART_POLICY = 1 << 1,
	PART_COUNTERS = 1 << 2,
	PART_FRAMES = 1 << 3,
	PART_GOVERNOR = 1 << 4,
	PART_PARTITIONS = 1 << 5,
	PART_TAINT = 1 << 6,
	PART_FILE = 1 << 7,
	PARTS_OF_NETLINK = PART_TAINT - 1,
};

/* What the running system says of itself, beside netlink */
enum fact_id {
	FACT_VERSION,
	FACT_SRCVERSION,
	FACT_BUILD_ID,
	FACT_TAINT,
	FACT_KERNEL_TAINT,
	FACT_SIGNATURES,
	FACT_LOCKDOWN,
	FACT_SECURE_BOOT,
	FACTS
};

#define FACT_TEXT_MAX	96

struct fact {
	/* its key in the report */
	const char *key;
	/* false: there is none, or it is not known */
	bool is;
	char text[FACT_TEXT_MAX];
};

/**
 * struct policy_file - the policy where the kernel looks for it, or as named
 * @path: of the file; empty: none was found
 * @digest: SHA-256 of its bytes; empty: they could not be read
 * @is_in_force: it has the digest of the policy in force
 * @author: and the rest: only if it is in force
 * @why: it could not be read
 */
struct policy_file {
	char path[PATH_MAX];
	char digest[65];
	bool is_in_force;
	char author[64];
	char reviewer[64];
	char change[64];
	const char *why;
};

#define UNKNOWNS_MAX	32

/* @parts: of what findings are made from, what is missing by it; 0: of none */
struct unknown {
	uint32_t parts;
	const char *what;
	char why[PATH_MAX + 128];
};

struct audit {
	/* PART_*: what was read */
	uint32_t parts;
	/* the kernel was asked, and knows no such family */
	bool is_module_missing;
	struct gate_state state;
	struct gate_policy policy;
	struct gate_counters counters;
	struct gate_frames frames;
	struct gate_governor governor;
	struct gate_partitions partitions;
	struct utsname uts;
	struct fact facts[FACTS];
	struct policy_file file;
	/* CLOCK_REALTIME and CLOCK_MONOTONIC of the same moment */
	int64_t wall_ns;
	uint64_t now_ns;
	struct unknown unknowns[UNKNOWNS_MAX];
	size_t unknown_count;
};

/* gather.c: asks the kernel; what it does not say becomes an unknown */
void audit_gather(struct audit *audit, const char *policy_path);
void audit_fini(struct audit *audit);
__attribute__((format(printf, 4, 5))) void audit_unknown(struct audit *audit, uint32_t parts,
							 const char *what, const char *why, ...);

/* Why the first of these PART_* that was not read was not; NULL: all were. */
const char *audit_why_not(const struct audit *audit, uint32_t parts);

/* host.c: module, kernel, lockdown, secure boot */
void audit_gather_host(struct audit *audit);

/* policy_file.c; @named: NULL, or the file to hold against what is in force */
void audit_gather_file(struct audit *audit, const char *named);

/* --- findings.c ----------------------------------------------------------- */

#define FINDING_TEXT_MAX	512

struct finding {
	const char *id;
	char text[FINDING_TEXT_MAX];
	char remedy[FINDING_TEXT_MAX];
};

/* As many as there are checks, at most */
#define FINDINGS_MAX	16

struct verdict {
	struct finding findings[FINDINGS_MAX];
	size_t count;
	/* something that was not read could be one more */
	bool is_partial;
};

void verdict_reach(struct verdict *verdict, const struct audit *audit);
/* PART_*: what that finding is made from */
uint32_t finding_parts(const char *id);
/* Is it so? Only if all its parts were read. */
bool finding_is(const struct audit *audit, const char *id, struct finding *ret_finding);
/* EXIT_OK, EXIT_FINDINGS or EXIT_CANNOT_TELL */
int verdict_status(const struct verdict *verdict);

/* --- report.c: all of it as one JSON object ------------------------------- */

int report_build(const struct audit *audit, const struct verdict *verdict,
		 sd_json_variant **ret_report);

/* --- put.c: fields of an object, of which the first error is kept ---------- */

struct object {
	sd_json_variant *json;
	int error;
};

/* If @is is false, or @text is NULL or empty: null. Of @text only printable ASCII is kept. */
void put_text(struct object *object, const char *key, const char *text);
void put_unsigned(struct object *object, const char *key, bool is, uint64_t value);
void put_signed(struct object *object, const char *key, bool is, int64_t value);
void put_bool(struct object *object, const char *key, bool is, bool value);
void put_hex(struct object *object, const char *key, bool is, const uint8_t *bytes, size_t size);
/* "2026-11-22T10:37:15Z" */
void put_utc(struct object *object, const char *key, bool is, int64_t wall_ns);
/* Takes @value, also its error. */
void put_object(struct object *object, const char *key, struct object value);
void append_object(struct object *array, struct object value);

/* --- layout.c: what people are shown, in which order ----------------------- */

struct section {
	const char *key;
	const char *title;
	const struct field *fields;
};

extern const struct section sections[];
extern const size_t section_count;
/* columns of an accelerator's table */
extern const struct field partition_columns[];

#define CELL_TEXT_MAX	512

/* "-" if there is none; @text has CELL_TEXT_MAX bytes. Returns @text. */
const char *cell_text(const struct field *field, sd_json_variant *object, char *text);
/* Nothing of it is known. */
bool section_is_empty(const struct section *section, sd_json_variant *object);

/**
 * struct bar - a bucket of the histogram, as it is shown
 * @label: its bounds
 * @count: reclaims in it
 * @percent: of those in the fullest one
 */
struct bar {
	char label[64];
	uint64_t count;
	uint32_t percent;
};

#define BARS_MAX	GATE_BUCKETS_MAX

/* From the first to the last bucket that is not empty; returns how many. */
size_t report_bars(sd_json_variant *report, struct bar bars[static BARS_MAX]);
const char *report_text(sd_json_variant *object, const char *key);
bool report_has_development_key(sd_json_variant *report);

/**
 * struct writer - how a report is written; in which order is layout.c's
 * @head: before all else
 * @foot: behind it
 * @top: verdict and what it is of
 * @findings, @unknowns, @accelerators: of the arrays of that name
 * @bars: the histogram
 * @section: one of sections[], @object is what stands under its key
 */
struct writer {
	const char *head;
	const char *foot;
	void (*top)(FILE *file, sd_json_variant *report);
	void (*findings)(FILE *file, sd_json_variant *findings);
	void (*unknowns)(FILE *file, sd_json_variant *unknowns);
	void (*accelerators)(FILE *file, sd_json_variant *accelerators);
	void (*bars)(FILE *file, sd_json_variant *report);
	void (*section)(FILE *file, const struct section *section, sd_json_variant *object);
};

/* report.c: a partition, as the array "partitions" has it */
struct object report_partition(const struct gate_partition *partition);
/* text.c: @rows is an array */
void report_table(FILE *file, const struct field *columns, sd_json_variant *rows);

/* text.c, html.c */
extern const struct writer text_writer;
extern const struct writer html_writer;

void report_write(FILE *file, const struct writer *writer, sd_json_variant *report);

#endif
