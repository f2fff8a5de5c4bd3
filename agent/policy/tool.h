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
void out_of_memory(void) __attribute__((noreturn));

/* All of a regular file that is not empty; to be freed. */
int load_file(const char *path, size_t max, uint8_t **ret_bytes, size_t *ret_size);
/* Replaces @path in one step. */
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
	QUANTITY_RESISTANCE,	/* mK/W */
	QUANTITY_CAPACITY,	/* mJ/K */
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

/* --- keys.c --------------------------------------------------------------- */

/**
 * struct key - a key of policy.conf
 * @section: name; of a partition PARTITION
 * @name: of the key
 * @field: enum layby_policy_field
 * @quantity: how its value is written
 * @guest_optional: a guest has none, and need not say so
 */
struct key {
	const char *section;
	const char *name;
	uint32_t field;
	enum quantity quantity;
	bool guest_optional;
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
/* Sets what follows from the rest: sizes, counts, the certificate behind @partitions. */
void blob_finish(struct blob *blob, uint32_t partitions, const uint8_t *owner, size_t owner_size);

/* --- source.c: policy.conf to its binary form ----------------------------- */

/**
 * struct source - a policy, and where each part of it was read
 * @path: file
 * @conf: what the file says, if it is a policy.conf
 * @blob: binary form
 * @line: of each field in the conf, by partition and, at last, of the whole
 * @is_conf: it was compiled from a policy.conf
 */
struct source {
	const char *path;
	struct conf conf;
	struct blob blob;
	uint32_t line[LAYBY_POLICY_PARTITIONS_MAX + 1][LAYBY_POLICY_FIELDS];
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
 * @path: of the description
 */
struct accelerator {
	struct layby_policy_hw hw;
	char name[16];
	const char *path;
};

/* Reads a description; EXIT_OK or why not. */
int accelerator_read(struct accelerator *accelerator, const char *path);

/*
 * @path: policy.conf or policy.bin. @against: the accelerator; NULL: any that
 * it could be for, which only a binary may ask.
 */
int source_load(struct source *source, const char *path, const struct layby_policy_hw *against);
void source_fini(struct source *source);

/* --- problem.c: the validator's errors in words --------------------------- */

#define PROBLEM_TEXT_MAX	512

void problem_text(const struct source *source, const struct layby_policy_hw *hw,
		  const struct layby_policy_error *err, char *text);

/* --- certificate.c, sign.c ------------------------------------------------ */

/*
 * The X.509 certificate in @path, PEM or DER, with a key that the kernel can
 * verify with. NULL if it is one, else what is wrong.
 */
const char *certificate_read(const char *path, X509 **ret_certificate);
/* The same as DER, to be freed. */
const char *certificate_load(const char *path, uint8_t **ret_der, size_t *ret_size);
void digest_text(const void *bytes, size_t size, char text[static 65]);
/* The detached signature over @bytes; to be freed. */
int sign_bytes(const void *bytes, size_t size, const char *key_path, const char *certificate_path,
	       uint8_t **ret_signature, size_t *ret_size);

/* --- make.c, verbs.c ------------------------------------------------------ */

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

#endif
