/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of layby-agentd share: who owns what.
 *
 *   agent   one: the loop, the bus, the mover, all parties and clients
 *   party   one a uid: an open node and its queue, the jobs and runs of that
 *           uid. All connections of a user are one party, because a user can
 *           open as many connections as he likes: a party for each would make
 *           every limit worthless, and would wall a user off from himself only
 *   client  one a D-Bus connection that has submitted; gone when it vanishes
 *   job     what the submitter sees: state, result. Freed when released
 *   run     what the device works on: buffers, prepared job, transfers. Lives
 *           until the device and the mover have let go, also after its job.
 *           When the gate closes it waits as it is, and goes on when it opens
 *   gate    what the kernel says of the gate
 *   lease   the agent's promise to the kernel, while that is of use
 *
 * There is one thread. The program and its data are never looked at.
 */
#ifndef LAYBY_AGENT_H
#define LAYBY_AGENT_H

#include <layby.h>
#include <stdbool.h>
#include <sys/queue.h>
#include <sys/types.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "gate.h"
#include "mover.h"
#include "util.h"

#define AGENT_NAME "org.layby.Agent1"
#define AGENT_PATH "/org/layby/Agent1"
#define AGENT_INTERFACE "org.layby.Agent1"
#define JOB_PREFIX "/org/layby/Agent1/job"
#define JOB_INTERFACE "org.layby.Job1"
#define ERROR_NO_DEVICE "org.layby.Error.NoDevice"
#define ERROR_CONSENT "org.layby.Error.ConsentRefused"
#define ERROR_NOT_FINISHED "org.layby.Error.NotFinished"

struct limits {
	/* of one user */
	uint64_t jobs;
	uint64_t bytes;
	uint64_t clients;
	/* of the agent */
	uint64_t parties;
};

struct agent {
	sd_event *event;
	sd_bus *bus;
	struct mover *mover;
	struct gate *gate;
	struct lease *lease;
	const char *partition;
	struct limits limits;
	LIST_HEAD(, party) parties;
	LIST_HEAD(, client) clients;
	uint64_t party_count;
	uint64_t run_count;
	uint64_t job_count;
	uint64_t next_job;
	uint64_t jobs_done;
	/* one-shot: fill the device; enabled whenever something got free */
	sd_event_source *pump;
	/* one-shot: ask again for what the device gives no event about */
	sd_event_source *retry;
	/* one-shot: the watchdog ends when idleness has lasted */
	sd_event_source *rest;
	sd_event_source *exit;
	/* 0: no watchdog asked for */
	uint64_t watchdog_us;
	bool watched;
	/* the consent that was kept is to be given; one-shot: try again */
	bool consent_due;
	sd_event_source *consent_timer;
	uint64_t consent_retry_us;
	/* the loop has ended: nothing is to be started any more */
	bool stopping;
};

struct party {
	LIST_ENTRY(party) entries;
	struct agent *agent;
	uid_t uid;
	struct layby_node *node;
	struct layby_queue *queue;
	sd_event_source *event;
	struct layby_partition_info partition;
	uint64_t ticks_hz;
	TAILQ_HEAD(, job) jobs;
	TAILQ_HEAD(, run) runs;
	LIST_HEAD(, program) programs;
	uint64_t job_count;
	uint64_t job_bytes;
	uint32_t client_count;
	uint32_t run_count;
	uint32_t load_count;
	uint64_t next_cookie;
	/* gate_epoch() at the opening: since then the node may have died */
	uint64_t epoch;
	/* the node's buffers and jobs are dead: it is to be opened anew */
	bool stale;
};

struct client {
	LIST_ENTRY(client) entries;
	struct agent *agent;
	struct party *party;
	sd_bus_track *track;
	char *name;
};

enum job_state {
	JOB_QUEUED,
	JOB_RUNNING,
	JOB_FINISHED,
	JOB_FAILED,
	JOB_CANCELLED,
};

/* What SubmitJob asks for, checked. The descriptors are its own. */
struct request {
	int program;
	int inputs[LAYBY_MAX_INPUTS];
	uint64_t program_size;
	uint64_t input_sizes[LAYBY_MAX_INPUTS];
	uint64_t output_sizes[LAYBY_MAX_OUTPUTS];
	uint32_t input_count;
	uint32_t output_count;
	uint64_t longest_run_us;
	uint64_t bytes;
	bool linger;
	bool interactive;
};

struct job {
	TAILQ_ENTRY(job) entries;
	struct party *party;
	/* NULL once the connection is gone (a lingering job) */
	struct client *client;
	/* NULL before it starts and after it ended */
	struct run *run;
	struct request request;
	uint64_t number;
	enum job_state state;
	/* how often it was taken back from the device and lined up again */
	uint32_t reclaims;
	int result;
	char reason[24];
	char *message;
	struct layby_report report;
	uint64_t queued_us;
	uint64_t ended_us;
	int outputs[LAYBY_MAX_OUTPUTS];
};

/* agent.c */
int agent_create(sd_event *event, const char *partition,
		 const struct limits *limits, struct agent **ret_agent);
void agent_destroy(struct agent *agent);
void agent_pump_soon(struct agent *agent);
void agent_retry_soon(struct agent *agent);
struct job *agent_find_job(struct agent *agent, uint64_t number);
uint64_t agent_count_jobs(struct agent *agent, enum job_state state);

/* bus.c: the Agent1 interface, and the connection */
int agent_open_bus(struct agent *agent);
void agent_emit_changed(struct agent *agent, const char *const *names);

/* lease.c */
int lease_create(struct agent *agent, struct lease **ret_lease);
void lease_destroy(struct lease *lease);
void lease_update(struct lease *lease);

/* consent.c */
void consent_update(struct agent *agent, const struct gate_state *was,
		    const struct gate_state *now);
int method_give_consent(sd_bus_message *m, void *userdata, sd_bus_error *error);
int method_withdraw_consent(sd_bus_message *m, void *userdata,
			    sd_bus_error *error);

/* submit.c: SubmitJob's arguments */
int request_read(sd_bus_message *m, struct request *ret_request,
		 sd_bus_error *error);
void request_fini(struct request *request);
int request_check_fits(const struct request *request, const struct party *party,
		       sd_bus_error *error);

/* blob.c: descriptors that come from and go to submitters */
int blob_check(int fd, const char *what, unsigned int number,
	       uint64_t *ret_size, sd_bus_error *error);
bool blob_is_sealed(int fd);
int blob_create(uint64_t size);
int blob_seal(int fd);

/* client.c */
int client_get(struct agent *agent, const char *name, struct party *party,
	       struct client **ret_client, sd_bus_error *error);
void client_destroy(struct client *client);
int sender_uid(struct agent *agent, sd_bus_message *m, uid_t *ret_uid);

/* party.c */
int no_device(struct agent *agent, int r, sd_bus_error *error);
int party_get(struct agent *agent, uid_t uid, struct party **ret_party,
	      sd_bus_error *error);
void party_destroy(struct party *party);
void party_pump(struct party *party);
/* The kernel says that the node's buffers and jobs are dead. */
void party_died(struct party *party);
void party_close_if_unused(struct party *party);

/* load.c: -ENOSPC, -EDQUOT, -EBUSY: no room now, the job stays as it was */
int run_create(struct job *job);

/* run.c */
void run_destroy(struct run *run);
void run_cancel(struct run *run);
int run_start_ready(struct party *party);
/* Those that stopped when the gate closed go on. */
void runs_resume(struct party *party);
/* Gives up what a dead node holds; jobs that have not ended wait again. */
void runs_requeue(struct party *party);
void run_completed(struct party *party,
		   const struct layby_completion *completion);
void run_collect_drained(struct party *party);
void runs_destroy(struct party *party);
void programs_evict(struct party *party);

/* job.c */
int job_create(struct party *party, struct client *client,
	       struct request *request, struct job **ret_job);
void job_drop(struct job *job);
void job_set_running(struct job *job);
/* In line again, as if it had not been tried. */
void job_set_queued(struct job *job, bool reclaimed);
void job_end(struct job *job, int result, const struct layby_report *report,
	     const char *message);
void job_cancel(struct job *job);
bool job_has_ended(const struct job *job);
void job_path(const struct job *job, char ret_path[static 64]);

/* job_bus.c: the Job1 interface */
int job_bus_attach(struct agent *agent);
void job_emit_changed(struct job *job);
void job_emit_added(struct job *job);
void job_emit_removed(struct job *job);
const char *job_state_name(enum job_state state);

#endif
