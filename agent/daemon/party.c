// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Parties: one open node and one queue for each user, opened when he first
 * submits or his jobs may run, closed when nothing of his is left. Takes his best
 * jobs from the store, starts them and takes the completions.
 */
#include "agent.h"

#include <errno.h>
#include <string.h>

/* Read ahead so far that the device is never idle for want of input. */
#define RUNS_PER_PARTY 32
/* In memory: those that run, that may be next, and whose end is being kept. */
#define JOBS_PER_PARTY (2 * RUNS_PER_PARTY)
/* So that one user's slow files leave the mover workers for others. */
#define LOADS_PER_PARTY 2

static int party_take_completions(struct party *party, int fd)
{
	struct layby_completion completion;
	uint64_t count;
	int r;

	if (read(fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return -errno;
	while ((r = layby_queue_wait(party->queue, 0, &completion)) == 0)
		run_completed(party, &completion);
	return r == -EAGAIN || r == -ENODATA ? 0 : r;
}

static int on_completions(sd_event_source *source, int fd, uint32_t revents,
			  void *userdata)
{
	struct party *party = userdata;
	int r;

	r = party_take_completions(party, fd);
	if (r < 0) {
		log_error("taking completions: %s", strerror(-r));
		return sd_event_exit(party->agent->event, r);
	}
	agent_pump_soon(party->agent);
	return 0;
}

static int party_open_queue(struct party *party)
{
	int fd, r;

	r = layby_queue_create(party->node, 0, LAYBY_QUEUE_SINGLE_ISSUER,
			       &party->queue);
	if (r < 0)
		return r;
	fd = layby_queue_event_fd(party->queue);
	if (fd < 0)
		return fd;
	return sd_event_add_io(party->agent->event, &party->event, fd, EPOLLIN,
			       on_completions, party);
}

static int party_query(struct party *party)
{
	struct layby_accel_info accel;
	int r;

	r = layby_node_query_partition(party->node, &party->partition);
	if (r < 0)
		return r;
	r = layby_node_query_accel(party->node, &accel);
	if (r < 0)
		return r;
	party->ticks_hz = accel.ticks_hz;
	return 0;
}

static int party_open(struct party *party)
{
	int r;

	party->epoch = gate_epoch(party->agent->gate);
	party->stale = false;
	r = layby_node_open(party->agent->partition, &party->node);
	if (r < 0)
		return r;
	r = party_query(party);
	if (r < 0)
		return r;
	return party_open_queue(party);
}

static void party_close(struct party *party)
{
	party->event = sd_event_source_disable_unref(party->event);
	layby_queue_destroy(party->queue);
	party->queue = NULL;
	runs_destroy(party);
	layby_node_close(party->node);
	party->node = NULL;
}

/* As it was opened it is of no use any more. */
bool is_gone(int r)
{
	return r == -ESTALE || r == -ENODEV;
}

static struct party *party_new(struct agent *agent, uid_t uid)
{
	struct party *party = calloc(1, sizeof(*party));

	if (!party)
		return NULL;
	party->agent = agent;
	party->uid = uid;
	TAILQ_INIT(&party->intakes);
	TAILQ_INIT(&party->jobs);
	TAILQ_INIT(&party->runs);
	LIST_INIT(&party->programs);
	LIST_INSERT_HEAD(&agent->parties, party, entries);
	agent->party_count++;
	return party;
}

static int party_create(struct agent *agent, uid_t uid,
			struct party **ret_party)
{
	struct party *party = party_new(agent, uid);
	int r;

	if (!party)
		return -ENOMEM;
	r = party_open(party);
	if (r < 0) {
		party_destroy(party);
		return r;
	}
	*ret_party = party;
	return 0;
}

void party_destroy(struct party *party)
{
	intakes_destroy(party);
	jobs_destroy(party);
	party_close(party);
	LIST_REMOVE(party, entries);
	party->agent->party_count--;
	party->agent->users_due = true;
	free(party);
}

void party_close_if_unused(struct party *party)
{
	if (party->client_count || party->job_count || party->run_count ||
	    party->intake_count || party->more)
		return;
	party_destroy(party);
}

int no_device(struct agent *agent, int r, sd_bus_error *error)
{
	return sd_bus_error_setf(
		error, ERROR_NO_DEVICE,
		"the partition \"%s\" cannot be opened (%s): is the layby module loaded, and is the agent's user in the node's group?",
		agent->partition, strerror(-r));
}

/* The accelerator may have gone and come again since it was opened. */
static int party_refresh(struct party *party)
{
	int r = party->node ? party_query(party) : -ENODEV;

	if (r != -ENODEV || party->run_count)
		return r;
	party_close(party);
	r = party_open(party);
	if (r < 0)
		party_close(party);
	return r;
}

static struct party *party_find(struct agent *agent, uid_t uid)
{
	struct party *party;

	LIST_FOREACH(party, &agent->parties, entries)
	if (party->uid == uid)
		return party;
	return NULL;
}

struct party *party_restore(struct agent *agent, uid_t uid)
{
	return party_find(agent, uid) ?: party_new(agent, uid);
}

int party_get(struct agent *agent, uid_t uid, struct party **ret_party,
	      sd_bus_error *error)
{
	struct party *party = party_find(agent, uid);
	int r;

	if (party) {
		r = party_refresh(party);
		*ret_party = party;
		return r < 0 ? no_device(agent, r, error) : 0;
	}
	if (agent->party_count >= agent->limits.parties)
		return sd_bus_error_setf(
			error, SD_BUS_ERROR_LIMITS_EXCEEDED,
			"as many users as the agent serves at once have jobs: try again later");
	r = party_create(agent, uid, ret_party);
	return r < 0 ? no_device(agent, r, error) : 0;
}

static bool out_of_room(int r)
{
	return r == -ENOSPC || r == -EDQUOT || r == -EBUSY;
}

static bool party_may_start(const struct party *party)
{
	return party->run_count < RUNS_PER_PARTY &&
	       party->load_count < LOADS_PER_PARTY;
}

/* Returns whether the next queued job may be tried. */
static bool party_start_job(struct party *party, struct job *job)
{
	int r = run_create(job);

	if (r >= 0)
		return true;
	if (is_gone(r)) {
		party_died(party);
		return false;
	}
	/* Something will end and make room; then we are called again. */
	if (out_of_room(r) && party->agent->run_count)
		return false;
	/* Of ours: what was accepted is not lost for it. */
	if (r == -ENOMEM) {
		agent_retry_soon(party->agent);
		return false;
	}
	return job_end(job, r, NULL, "no room on the device for the job", NULL);
}

void party_died(struct party *party)
{
	party->stale = true;
	agent_pump_soon(party->agent);
}

/*
 * The consent under which the node was opened has ended, or the accelerator has gone
 * and come again, and with it all that the node held: its jobs begin again on a new one,
 * as soon as there is one.
 */
static void party_renew(struct party *party)
{
	int r;

	runs_requeue(party);
	if (party->run_count)
		return;
	party_close(party);
	r = party_open(party);
	if (r < 0) {
		party_close(party);
		if (party->agent->device_was_there)
			log_error("opening the partition again: %s; jobs wait for it",
				  strerror(-r));
		party->agent->device_was_there = false;
		return;
	}
	party->agent->device_was_there = true;
	agent_retry_soon(party->agent);
}

static bool party_is_stale(const struct party *party)
{
	return party->stale || party->epoch != gate_epoch(party->agent->gate);
}

/* --- the next jobs -------------------------------------------------------- */

static bool party_has(const struct party *party, uint64_t number)
{
	const struct job *job;

	TAILQ_FOREACH(job, &party->jobs, entries)
	if (job->stored.number == number)
		return true;
	return false;
}

static struct job *party_best(struct party *party)
{
	struct job *job, *best = NULL;

	TAILQ_FOREACH(job, &party->jobs, entries)
	if (job_waits(job) && (!best || job_comes_before(&job->stored, &best->stored)))
		best = job;
	return best;
}

static uint32_t party_waiting(const struct party *party)
{
	const struct job *job;
	uint32_t count = 0;

	TAILQ_FOREACH(job, &party->jobs, entries)
	count += job_waits(job);
	return count;
}

/* Jobs that nobody waits for any more are about to be dropped. */
static bool is_orphan(const struct party *party, const struct store_job *job)
{
	return !job->request.linger && !client_name(party->agent, job->request.owner);
}

static int party_load_jobs(struct party *party)
{
	static struct store_job next[JOBS_PER_PARTY];
	int count, i, r = 0;

	count = store_next(party->agent->store, party->uid, NULL, next, JOBS_PER_PARTY);
	if (count < 0)
		return count;
	for (i = 0; i < count && r >= 0 && party->job_count < JOBS_PER_PARTY; i++)
		if (!party_has(party, next[i].number) && !is_orphan(party, &next[i]))
			r = job_load(party, &next[i]);
	party->more = r < 0 || i < count || count == JOBS_PER_PARTY;
	return r;
}

/* Where many wait, some at a time: the store need not be asked for each. */
static void party_refill(struct party *party)
{
	int r;

	if (!party->more || party_waiting(party) > RUNS_PER_PARTY / 2)
		return;
	r = party_load_jobs(party);
	if (r < 0)
		log_error("reading the queue: %s", strerror(-r));
}

static void party_start_jobs(struct party *party)
{
	struct job *job;

	while (party_may_start(party) && (job = party_best(party)))
		if (job_is_too_late(job) ? !job_miss(job) : !party_start_job(party, job))
			break;
}

/* Asked of the device when something may have changed. */
static bool party_is_there(struct party *party)
{
	if (!party->node)
		party_renew(party);
	return party->node;
}

void party_pump(struct party *party)
{
	int r;

	intakes_start(party);
	if (party->node)
		run_collect_drained(party);
	if (party->node && party_is_stale(party)) {
		party_renew(party);
		return;
	}
	if (gate_is_closed(party->agent->gate) || !party_is_there(party))
		return;
	party_refill(party);
	runs_resume(party);
	party_start_jobs(party);
	r = run_start_ready(party);
	if (r < 0) {
		log_error("submitting jobs: %s; trying again", strerror(-r));
		agent_retry_soon(party->agent);
	}
}

/* --- users whose jobs the store has --------------------------------------- */

int parties_restore(struct agent *agent)
{
	struct party *party;
	uid_t uids[64];
	int count, i;

	count = store_users(agent->store, uids, ARRAY_SIZE(uids));
	for (i = 0; i < count && agent->party_count < agent->limits.parties; i++) {
		party = party_restore(agent, uids[i]);
		if (!party)
			return -ENOMEM;
		party->more = true;
	}
	return count < 0 ? count : 0;
}
