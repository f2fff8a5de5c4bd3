/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of `laybyctl policy` share. A function that returns an exit
 * code has said on stderr why, if it is not 0.
 */
#ifndef LAYBY_POLICY_TOOL_H
#define LAYBY_POLICY_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <layby/policy.h>
#include <openssl/x509.h>

#include "../../kmod/policy_check.h"
#include "../command/command.h"
#include "conf.h"

/* the policy is wrong, or differs: the same number, another meaning */
#define EXIT_WRONG		EXIT_JOB_FAILED

#define FIELD(name)		LAYBY_POLICY_FIELD_##name
#define RULE(name)		LAYBY_POLICY_RULE_##name
#define NOWHERE			LAYBY_POLICY_NO_PARTITION
/* the section of a partition is "Partition driving.0" */
#define PARTITION		"Partition"

/* --- files.c -------------------------------------------------------------- */

void *must_realloc(void *memory, size_t size);
char *must_strdup(const char *text);
__attribute__((noreturn)) void out_of_memory(void);

/* All of a regular file that is not empty; to be freed. EXIT_OK, or said why not. */
int load_file(const char *path, size_t max, uint8_t **ret_bytes, size_t *ret_size);
/* The same; NULL, or what is wrong, which nobody was told. */
const char *load_file_quietly(const char *path, size_t max, uint8_t **ret_bytes,
			      size_t *ret_size);
/* Replaces a file in one step; what is none (a pipe, a device) is written to. */
int save_file(const char *path, const void *bytes, size_t size);

/* --- value.c -------------------------------------------------------------- */

/** enum quantity - what a value is, which decides how it is written */
enum quantity {
	QUANTITY_TEXT,
	QUANTITY_COUNT,
	QUANTITY_BYTES,
	QUANTITY_TIME,		/* ns */
	QUANTITY_POWER,		/* mW */
	QUANTITY_TEMPERATURE,	/* millidegree Celsius, signed */
	QUANTITY_DIFFERENCE,	/* of temperatures, mK */
	QUANTITY_RESISTANCE,	/* mK/W */
	QUANTITY_CAPACITY,	/* mJ/K */
	QUANTITY_ENERGY,	/* uJ */
	QUANTITY_SHARE,		/* permille */
	QUANTITY_TILES,		/* mask */
	QUANTITY_FRAME,		/* CAN identifier */
	QUANTITY_FILE,
};

#define VALUE_TEXT_MAX		160

/* 0; -EINVAL: not a value of this kind; -EDOM: finer, -ERANGE: larger than can be held. */
int value_parse(enum quantity quantity, const char *text, uint64_t *ret_value);
/* Such that value_parse() gives the same; @text has VALUE_TEXT_MAX bytes. Returns @text. */
const char *value_format(enum quantity quantity, uint64_t value, char *text);
/* For messages: "time with a unit", "250 us, 100 ms or 1.5 s". */
const char *value_noun(enum quantity quantity);
const char *value_example(enum quantity quantity);
/* value_parse() of a line's value; what is wrong becomes a problem of @conf. */
bool value_read(struct conf *conf, const struct conf_entry *entry, enum quantity quantity,
		uint64_t *ret_value);

/* For "%-*s": as wide as so many columns, of which "°" takes one and two bytes. */
int value_width(const char *text, int columns);

/* --- keys.c --------------------------------------------------------------- */

/**
 * struct key - a key of policy.conf
 * @section: name; of a partition PARTITION
 * @name: of the key
 * @field: enum layby_policy_field
 * @quantity: how its value is written
 * @guest_optional: a guest has none, and need not say so
 * @meaning: what it is
 */
struct key {
	const char *section;
	const char *name;
	uint32_t field;
	enum quantity quantity;
	bool guest_optional;
	const char *meaning;
};

extern const struct key keys[];
extern const size_t key_count;

/* The key of a field, or NULL. */
const struct key *key_of_field(uint32_t field);

/* --- blob.c: the binary form ---------------------------------------------- */

struct blob {
	size_t size;
	uint8_t bytes[LAYBY_POLICY_SIZE_MAX];
};

#define BLOB_NAME_MAX		24

uint64_t blob_get(const struct blob *blob, uint32_t partition, uint32_t field);
void blob_set(struct blob *blob, uint32_t partition, uint32_t field, uint64_t value);
const char *blob_get_text(const struct blob *blob, uint32_t field);
void blob_set_text(struct blob *blob, uint32_t field, const char *text);
uint32_t blob_partitions(const struct blob *blob);
bool blob_is_guest(const struct blob *blob, uint32_t partition);
/* "driving.0"; @name has BLOB_NAME_MAX bytes. Returns @name. */
const char *blob_partition_name(const struct blob *blob, uint32_t partition, char *name);
const uint8_t *blob_owner(const struct blob *blob, size_t *ret_size);
/**
 * struct worst_case - the sum that must fit into the interval
 * @detection_ns: from what goes wrong to its notice, the longest
 * @reclaim_ns: from there to the tiles handed back
 * @interval_ns: that both must fit into
 */
struct worst_case {
	uint64_t detection_ns;
	uint64_t reclaim_ns;
	uint64_t interval_ns;
};

void worst_case_init(struct worst_case *worst, const struct blob *blob);
/* At what temperature guest work ends on @hw, sign-extended. */
uint64_t blob_guest_limit(const struct blob *blob, const struct layby_policy_hw *hw);
/* Sets what follows from the rest: sizes, counts, the certificate behind @partitions. */
void blob_finish(struct blob *blob, uint32_t partitions, const uint8_t *owner, size_t owner_size);

/* --- source.c: policy.conf to its binary form ----------------------------- */

/**
 * struct source - a policy, and where each part of it was read
 * @path: file
 * @conf: what the file says, if it is a policy.conf; what is wrong with it
 * @blob: binary form
 * @line: of each field in the conf, by partition and, at last, of the whole
 * @owner: the owner's certificate in it
 * @is_conf: it was compiled from a policy.conf
 */
struct source {
	const char *path;
	struct conf conf;
	struct blob blob;
	uint32_t line[LAYBY_POLICY_PARTITIONS_MAX + 1][LAYBY_POLICY_FIELDS];
	X509 *owner;
	bool is_conf;
};

/* Fills @source->blob from @source->conf, or adds problems to it. */
void source_compile(struct source *source);
uint32_t source_line(const struct source *source, uint32_t partition, uint32_t field);

/* --- load.c: a policy of either form, judged ------------------------------ */

/* a policy.conf or a policy.bin */
#define SOURCE_BYTES_MAX	(256u * 1024)

/**
 * struct accelerator - what a policy is held against
 * @hw: what the validator wants to know
 * @name: storage of its name
 */
struct accelerator {
	struct layby_policy_hw hw;
	char name[16];
};

/* Reads a description; EXIT_OK or why not. */
int accelerator_read(struct accelerator *accelerator, const char *path);

/*
 * @path: policy.conf or policy.bin. @against: the accelerator; NULL: any one.
 * What is wrong stands in @source->conf.problems, of source_load() on stderr.
 */
int source_read(struct source *source, const char *path, const struct layby_policy_hw *against);
int source_load(struct source *source, const char *path, const struct layby_policy_hw *against);
void source_fini(struct source *source);

/* --- problem.c: the validator's errors in words --------------------------- */

#define PROBLEM_TEXT_MAX	512

void problem_text(const struct source *source, const struct layby_policy_hw *hw,
		  const struct layby_policy_error *err, char *text);

/* --- certificate.c, sign.c ------------------------------------------------ */

#define CERTIFICATE_BYTES_MAX	65536
#define SUBJECT_TEXT_MAX	256
#define DATE_TEXT_MAX		16

/*
 * The X.509 certificate in @bytes, PEM or DER, if it is one with a key that the
 * kernel can verify with. NULL, or what is wrong.
 */
const char *certificate_parse(const uint8_t *bytes, size_t size, X509 **ret_certificate);
/* To be freed. */
void certificate_to_der(X509 *certificate, uint8_t **ret_der, size_t *ret_size);
void certificate_subject(X509 *certificate, char *text, size_t size);
/* The last day on which it is valid. */
void certificate_end(X509 *certificate, char text[static DATE_TEXT_MAX]);
void digest_text(const void *bytes, size_t size, char text[static 65]);
/* The detached signature over @bytes; to be freed. */
int sign_bytes(const void *bytes, size_t size, const char *key_path, const char *certificate_path,
	       uint8_t **ret_signature, size_t *ret_size);

/* --- make.c, show.c, explain.c, diff.c: verbs ----------------------------- */

struct policy_options {
	const char *path;
	const char *other;
	const char *accelerator;
	const char *output;
	const char *key;
	const char *certificate;
	uint64_t floor;
	bool json;
};

int policy_check(const struct policy_options *options);
int policy_compile(const struct policy_options *options);
int policy_sign(const struct policy_options *options);
int policy_show(const struct policy_options *options);
int policy_explain(const struct policy_options *options);
int policy_diff(const struct policy_options *options);
int policy_keys(const struct policy_options *options);

/* Of @object, on stdout. */
int policy_print_json(sd_json_variant *object);

#endif
