/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of laybyctl share. A verb returns one of the exit codes and
 * has said on stderr why, if it is not 0.
 */
#ifndef LAYBY_COMMAND_H
#define LAYBY_COMMAND_H

#include <layby.h>
#include <stdbool.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-json.h>

#include "util.h"

enum exit_code {
	EXIT_OK = 0,
	EXIT_JOB_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_UNREACHABLE = 3,
	EXIT_NOT_ALLOWED = 4,
};

struct options {
	const char *partition;
	const char *program;
	const char *inputs[LAYBY_MAX_INPUTS];
	const char *outputs[LAYBY_MAX_OUTPUTS];
	uint64_t output_sizes[LAYBY_MAX_OUTPUTS];
	uint32_t input_count;
	uint32_t output_count;
	uint32_t size_count;
	uint64_t longest_ms;
	uint64_t repeat;
	uint64_t priority;
	uint64_t retries;
	/* from now on; 0: none */
	uint64_t deadline_s;
	/* NULL: none was given */
	const char *directory;
	/* behind the verb; then NULL */
	char *const *arguments;
	bool has_key;
	unsigned char key[16];
	bool interactive;
	bool wait;
	bool json;
};

/* verbs: @argument is what follows the verb, or NULL */
int verb_info(const struct options *options, const char *argument);
int verb_run(const struct options *options, const char *argument);
int verb_status(const struct options *options, const char *argument);
int verb_gate(const struct options *options, const char *argument);
int verb_watch(const struct options *options, const char *argument);
int verb_submit(const struct options *options, const char *argument);
int verb_batch(const struct options *options, const char *argument);
int verb_jobs(const struct options *options, const char *argument);
int verb_result(const struct options *options, const char *argument);
int verb_cancel(const struct options *options, const char *argument);
int verb_release(const struct options *options, const char *argument);
int verb_resume(const struct options *options, const char *argument);
int verb_off(const struct options *options, const char *argument);

/* verbs with options of their own, in their folders */
int audit_main(int argc, char *argv[]);
int doctor_main(int argc, char *argv[]);
int policy_main(int argc, char *argv[]);
int consent_main(int argc, char *argv[]);
int signals_main(int argc, char *argv[]);
int ledger_main(int argc, char *argv[]);
int top_main(int argc, char *argv[]);
int settings_main(int argc, char *argv[]);
int pause_main(int argc, char *argv[]);
int last_night_main(int argc, char *argv[]);

/* fail.c: one line on stderr, and the exit code that fits */
int fail(enum exit_code code, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int fail_errno(int r, const char *what);
int fail_bus(int r, const sd_bus_error *error, const char *what);

/* gate.c: returns when it is open, and says on stderr what it waits for */
int gate_wait(void);
void print_development_key(const struct options *options);

/* files.c */
int file_open_input(const char *path, uint64_t *ret_size);
int file_write(const char *path, const void *data, uint64_t size);
int file_write_fd(const char *path, int from);
bool options_write_to_stdout(const struct options *options);

/* end.c: of the signals that end us, which are blocked from here on; or -errno */
int open_end_signals(void);

/* print.c */
enum unit {
	UNIT_NONE,
	UNIT_BYTES,
	UNIT_US,
	UNIT_NS,
	UNIT_UJ,
	UNIT_HZ,
	UNIT_MW,
	UNIT_MDEG,
	UNIT_PERCENT,
};

/* One value: its name on the bus, in JSON, for people. */
struct field {
	const char *bus;
	const char *key;
	const char *label;
	enum unit unit;
};

extern const struct field job_fields[];
extern const struct field agent_fields[];
extern const struct field partition_fields[];

/* Takes @object and prints it as JSON, or the @fields that it has. */
int print_object(const struct options *options, const struct field *fields,
		 sd_json_variant *object);
int print_json(const struct options *options, sd_json_variant *variant);
void print_fields(const struct options *options, const struct field *fields,
		  sd_json_variant *object);
const char *field_text(const struct field *field, sd_json_variant *object,
		       char *buffer, size_t size);

/* bus_values.c: a{sv} as a JSON object, by a table of fields */
int read_properties(sd_bus_message *m, const struct field *fields,
		    sd_json_variant **object);

#endif
