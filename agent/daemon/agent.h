/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of layby-agentd share: who owns what.
 *
 *   agent   one: the loop, the bus, the mover, the store, all parties and clients
 *   party   one a uid: an open node and its queue, the jobs and runs of that
 *           uid. All connections of a user are one party, because a user can
 *           open as many connections as he likes: a party for each would make
 *           every limit worthless, and would wall a user off from himself only
 *   client  one a D-Bus connection that has submitted; gone when it vanishes
 *   intake  a submission until it is answered: its contents are copied to disk
 *   job     what the store has, in memory from when it may start until its end
 *           is on disk. All other jobs are only in the store
 *   run     what the device works on: buffers, prepared job, transfers. Lives
 *           until the device and the mover have let go, also after its job.
 *           When the gate closes it waits as it is, and goes on when it opens
 *   delivery
 *           a result on its way into a caller's descriptor, with a thread of its own
 *   gate    what the kernel says of the gate
 *   owner   what the owner wants, see owner.h
 *   lease   the agent's promise to the kernel, while that is of use
 *
 * There is one thread beside those of the store and of deliveries. The program and
 * its data are never looked at.
 */
#ifndef LAYBY_AGENT_H
#define LAYBY_AGENT_H

#include <layby.h>
#include <stdbool.h>
#include <sys/queue.h>
#include <sys/types.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-device.h>
#include <systemd/sd-event.h>

#include "gate.h"
#include "journal.h"
#include "mover.h"
#include "store/store.h"
#include "util.h"

#define AGENT_NAME "org.layby.Agent1"
#define AGENT_PATH "/org/layby/Agent1"
#define AGENT_INTERFACE "org.layby.Agent1"
#define JOB_PREFIX "/org/layby/Agent1/job"
#define JOB_INTERFACE "org.layby.Job1"
#define ERROR_NO_DEVICE "org.layby.Error.NoDevice"
#define ERROR_CONSENT "org.layby.Error.ConsentRefused"
#define ERROR_NOT_FINISHED "org.layby.Error.NotFinished"
#define ERROR_KEY_USED "org.layby.Error.KeyUsed"
#define ERROR_CANNOT_KEEP "org.layby.Error.CannotKeep"

/* 0: none */
struct limits {
	struct store_limits store;
	/* connections of one user that submit */
	uint64_t clients;
	/* users at once */
	uint64_t parties;
	/* of the car itself: see struct owner_car; 0: its maker has not said */
	uint64_t car_draw_permille_h;
	uint64_t car_start_percent;
};

/* Answers since the bus was last asked whether callers read them */
struct unread {
	uint32_t descriptors;
	uint32_t bytes;
	/* it keeps no count */
	bool off;
};

/* What the device said of the partition the last time. */
struct partition_seen {
	struct layby_accel_info accel;
	struct layby_partition_info partition;
};

struct agent {
	sd_event *event;
	sd_bus *bus;
	struct mover *mover;
	struct store *store;
	struct journal *journal;
	struct gate *gate;
	struct lease *lease;
	struct owner *owner;
	const char *partition;
	struct limits limits;
	struct partition_seen seen;
	/* that it is there, to the bus */
	bool partition_told;
	sd_device_monitor *monitor;
	LIST_HEAD(, party) parties;
	LIST_HEAD(, client) clients;
	LIST_HEAD(, delivery) deliveries;
	/* jobs of others that are to be cancelled, while polkit is asked */
	LIST_HEAD(, cancel) cancels;
	unsigned int cancel_count;
	LIST_HEAD(, night_call) night_calls;
	uint64_t party_count;
	uint64_t run_count;
	uint32_t delivery_count;
	/* this bus, so that names of another one are known as such */
	char bus_id[33];
	/* the one job that a call is about, if only the store has it */
	struct job *shown;
	/* CLOCK_MONOTONIC: when what is old was last forgotten */
	uint64_t expired_us;
	/* one-shot: ends that could not be kept are tried again */
	sd_event_source *keep;
	struct unread unread;
	/* for the log: said once, when it goes */
	bool device_was_there;
	/* users whose jobs wait may have no party */
	bool users_due;
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
	/* NULL: the device is not there */
	struct layby_node *node;
	struct layby_queue *queue;
	sd_event_source *event;
	struct layby_partition_info partition;
	uint64_t ticks_hz;
	TAILQ_HEAD(, intake) intakes;
	TAILQ_HEAD(, job) jobs;
	TAILQ_HEAD(, run) runs;
	LIST_HEAD(, program) programs;
	uint32_t intake_count;
	uint32_t job_count;
	uint32_t client_count;
	uint32_t run_count;
	uint32_t load_count;
	uint64_t next_cookie;
	/* gate_epoch() at the opening: since then the node may have died */
	uint64_t epoch;
	/* the node's buffers and jobs are dead: it is to be opened anew */
	bool stale;
	/* the store may have queued jobs that are not here */
	bool more;
};

struct client {
	LIST_ENTRY(client) entries;
	struct agent *agent;
	struct party *party;
	sd_bus_track *track;
	char *name;
};

/* Jobs that SubmitJobs takes at once. */
#define ELEMENTS_MAX 64

/* One of them; all zero, it has no key. */
struct element {
	uint8_t key[STORE_KEY_BYTES];
	uint32_t input_count;
	uint32_t input_sizes[LAYBY_MAX_INPUTS];
};

/*
 * What SubmitJob or SubmitJobs asks for, checked. The descriptors are its own. With
 * @elements, the first input holds those of all of them, one behind the other.
 */
struct request {
	struct store_request wanted;
	int program;
	int inputs[LAYBY_MAX_INPUTS];
	uint64_t program_size;
	uint64_t input_sizes[LAYBY_MAX_INPUTS];
	struct element *elements;
	size_t element_count;
	/* on the device; of @elements the largest */
	uint64_t bytes;
};

struct job {
	TAILQ_ENTRY(job) entries;
	struct agent *agent;
	/* NULL of agent->shown only */
	struct party *party;
	/* NULL before it starts and after it ended */
	struct run *run;
	struct store_job stored;
	bool running;
	/* what became of it, on its way to the disk; NULL: nothing yet */
	struct store_outcome *outcome;
	/* it could not be kept: to be tried again */
	bool unkept;
};

/* agent.c */
int agent_create(sd_event *event, const char *partition,
		 const struct limits *limits, struct agent **ret_agent);
void agent_destroy(struct agent *agent);
/* Of what is held already nothing changes. */
void agent_set_limits(struct agent *agent, const struct limits *limits);
void agent_pump_soon(struct agent *agent);
void agent_retry_soon(struct agent *agent);
void agent_keep_later(struct agent *agent);
/* Where consent, jobs and results are kept */
const char *state_directory(void);
/* NULL: it is not in memory */
struct job *agent_find_job(struct agent *agent, uint64_t number);
uint64_t agent_count_running(struct agent *agent);

/* bus.c: the Agent1 interface, and the connection */
int agent_open_bus(struct agent *agent);
void agent_emit_changed(struct agent *agent, const char *const *names);

/* unread.c: before any object */
int unread_attach(struct agent *agent);

/* lease.c */
int lease_create(struct agent *agent, struct lease **ret_lease);
void lease_destroy(struct lease *lease);
void lease_update(struct lease *lease);

/* consent.c */
void consent_update(struct agent *agent, const struct gate_state *was,
		    const struct gate_state *now);
/* Takes it back and forgets it; all of that is tried, whatever of it fails. */
int consent_withdraw(struct agent *agent, sd_bus_error *error);
int method_give_consent(sd_bus_message *m, void *userdata, sd_bus_error *error);
int method_withdraw_consent(sd_bus_message *m, void *userdata,
			    sd_bus_error *error);

#define invalid(error, ...) \
	sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, __VA_ARGS__)

/* options.c */
int request_read_options(sd_bus_message *m, struct request *request,
			 sd_bus_error *error);

/* submit.c: the arguments of SubmitJob, of SubmitJobs */
int request_read_many(sd_bus_message *m, struct request *ret_request,
		      sd_bus_error *error);
int request_read(sd_bus_message *m, struct request *ret_request,
		 sd_bus_error *error);
void request_fini(struct request *request);
int request_check_fits(const struct request *request, const struct party *party,
		       sd_bus_error *error);

/* intake.c: takes over what @request holds, and answers @m in the end */
int intake_create(struct party *party, sd_bus_message *m,
		  struct request *request, sd_bus_error *error);
void intakes_start(struct party *party);
void intakes_destroy(struct party *party);

/* blob.c: descriptors that come from and go to submitters */
int blob_check(int fd, const char *what, unsigned int number,
	       uint64_t *ret_size, sd_bus_error *error);
/* Can @size bytes be written into it? */
int blob_check_target(int fd, uint64_t size, bool *ret_is_pipe, sd_bus_error *error);
int blob_create(uint64_t size);
int blob_seal(int fd);

/* deliver.c: writes an output that is there, and answers @m then */
int delivery_create(const struct job *job, sd_bus_message *m, uint32_t index, int target,
		    sd_bus_error *error);
void deliveries_abandon(struct agent *agent);

/* client.c */
int client_get(struct agent *agent, const char *name, struct party *party,
	       struct client **ret_client, sd_bus_error *error);
void client_destroy(struct client *client);
int sender_uid(struct agent *agent, sd_bus_message *m, uid_t *ret_uid);
/* As the store keeps it */
void client_owner(const struct agent *agent, const char *name,
		  char ret_owner[static STORE_OWNER_MAX]);
/* NULL: it has left the bus, or never was on this one */
const char *client_name(const struct agent *agent, const char *owner);
/* Jobs of connections that left while there was no agent are dropped. */
int clients_restore(struct agent *agent);

/* party.c */
int no_device(struct agent *agent, int r, sd_bus_error *error);
int party_get(struct agent *agent, uid_t uid, struct party **ret_party,
	      sd_bus_error *error);
void party_destroy(struct party *party);
/* Without its node, which may not be there; NULL: no memory */
struct party *party_restore(struct agent *agent, uid_t uid);
bool is_gone(int r);
/* Parties for users whose jobs the store has. */
int parties_restore(struct agent *agent);
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
int job_load(struct party *party, const struct store_job *stored);
void jobs_destroy(struct party *party);
void job_set_running(struct job *job);
/* In line again, as if it had not been tried. */
void job_set_queued(struct job *job, bool reclaimed);
/* @outputs: memfds if it finished, taken over; else NULL */
bool job_end(struct job *job, int result, const struct layby_report *report,
	     const char *message, int *outputs);
bool job_is_too_late(const struct job *job);
/* Ends it for that. */
bool job_miss(struct job *job);
void job_cancel(struct job *job);
/* Tries again to keep what could not be kept. */
void jobs_keep(struct party *party);
/* The earliest deadline, the highest priority, the oldest: as store_next() */
bool job_comes_before(const struct store_job *a, const struct store_job *b);
bool job_waits(const struct job *job);
bool job_has_ended(const struct job *job);
void job_path(uint64_t number, char ret_path[static 64]);

/* partition_bus.c: the Partition1 interface */
int partition_bus_attach(struct agent *agent);
/* Asks the device, into agent->seen. */
int partition_query(struct agent *agent);
/* It may have come or gone: then the bus is told. */
void partition_look(struct agent *agent);

/* job_bus.c: the Job1 interface */
/* Of an output, to its caller */
int cannot_read(uint32_t index, int r, sd_bus_error *error);
int job_bus_attach(struct agent *agent);
void job_emit_changed(struct job *job);
void job_emit_added(struct job *job);
const char *job_state_name(const struct job *job);
/* NULL: there is none. Good until the next call. */
struct job *job_find(struct agent *agent, uint64_t number);
/* Answers @m when it has ended on disk. */
int job_cancel_for(struct job *job, sd_bus_message *m);

/* cancel.c: a job of somebody else, if polkit allows it; answers @m */
int cancel_ask(struct job *job, sd_bus_message *m, sd_bus_error *error);
void cancels_destroy(struct agent *agent);

#endif
