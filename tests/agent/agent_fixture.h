/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A private bus, a layby-agentd on a fake liblayby, and short ways to call it.
 * Started by each test anew, so that no test sees another's jobs.
 */
#ifndef LAYBY_TESTS_AGENT_FIXTURE_H
#define LAYBY_TESTS_AGENT_FIXTURE_H

#include <layby.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-bus.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define AGENT "org.layby.Agent1"
#define AGENT_PATH "/org/layby/Agent1"
#define JOB "org.layby.Job1"
#define PARTITION "org.layby.Partition1"

#define ERROR_INVALID "org.freedesktop.DBus.Error.InvalidArgs"
#define ERROR_LIMITS "org.freedesktop.DBus.Error.LimitsExceeded"
#define ERROR_UNKNOWN_OBJECT "org.freedesktop.DBus.Error.UnknownObject"
#define ERROR_NO_DEVICE "org.layby.Error.NoDevice"
#define ERROR_NOT_FINISHED "org.layby.Error.NotFinished"
#define ERROR_KEY_USED "org.layby.Error.KeyUsed"

struct fixture {
	/* in $TMPDIR, whose name must be short: a socket is in it */
	char dir[48];
	char state[56];
	char node[64];
	char gate[64];
	/* what stands for the map that layby-setup pins; it is not there at first */
	char settings[64];
	pid_t daemon;
	pid_t agent;
	/* options of the agent; NULL: 64 jobs, 8 MiB */
	const char *jobs_max;
	const char *bytes_max;
	int notify;
	char notified[512];
	sd_bus *bus;
};

int fixture_setup(void **state);
int fixture_teardown(void **state);
/* Does not wait until it is ready. */
void fixture_spawn_agent(struct fixture *f);
void fixture_start_agent(struct fixture *f);
/* Ends it by @signal and waits; returns its status. */
int fixture_end_agent(struct fixture *f, int signal);
sd_bus *fixture_connect(void);
void fixture_node(struct fixture *f, bool present);
/* The kernel says this reason from now on; NULL: there is no module. */
void fixture_gate(struct fixture *f, const char *reason);
/* The next datagram that the agent sent to its service manager. */
const char *fixture_notified(struct fixture *f, int timeout_ms);
/* Runs @check as another user; its assertions count. */
void as_user(uid_t uid, void (*check)(void *), void *arg);

struct submission {
	int program;
	int inputs[16];
	uint32_t input_count;
	uint64_t outputs[8];
	uint32_t output_count;
	uint64_t longest_us;
	const char *option;
	const char *option_type;
	/* beside @option; 0 or NULL: not given */
	const char *key;
	uint32_t priority;
	uint32_t retries;
	uint64_t deadline_us;
	bool lingers;
};

int blob(const void *data, size_t size);
int text(const char *text);
int sealed(const char *text);
/* The program, one input "abcdefgh", one output of 8 bytes, ten seconds: a busy host is slow. */
struct submission usual(const char *program);
/* Fills the path; closes the descriptors. */
int submit(sd_bus *bus, struct submission *s, char path[64],
	   sd_bus_error *error);
void submit_ok(sd_bus *bus, struct submission s, char path[64]);
void submit_fails(sd_bus *bus, struct submission s, const char *name,
		  const char *words);

/* Waits for the end; returns its state. */
const char *wait_end(sd_bus *bus, const char *path);
void wait_state(sd_bus *bus, const char *path, const char *state);
const char *job_string(sd_bus *bus, const char *path, const char *property);
int job_result(sd_bus *bus, const char *path);
uint64_t job_number(sd_bus *bus, const char *path, const char *property);
void call_ok(sd_bus *bus, const char *path, const char *method);
void call_fails(sd_bus *bus, const char *path, const char *method,
		const char *name);
int get_output(sd_bus *bus, const char *path, uint32_t index);
void check_output(sd_bus *bus, const char *path, uint32_t index,
		  const void *data, size_t size);
/* Of those that GetManagedObjects lists. */
uint32_t count_objects(sd_bus *bus, const char *prefix);
uint32_t count_jobs(sd_bus *bus);
uint64_t agent_number(sd_bus *bus, const char *property);
/* Of what the agent did with its lease: "taken", "renewed", "dropped" */
int lease_lines(struct fixture *f, const char *word);
void wait_lease(struct fixture *f, const char *word, int count);
/* Empty if it has none. */
const char *agent_string(sd_bus *bus, const char *property);

#endif
