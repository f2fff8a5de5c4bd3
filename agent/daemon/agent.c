// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The agent: owns the loop's sources, the mover, the store, all parties and
 * clients.
 *
 * While nothing can run, nothing here wakes up: the watchdog runs only while
 * the device has work, and the timers are one-shot.
 */
#include "agent.h"
#include "owner.h"
#include "night.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

/* Until the device is asked again whether it has let go, or has room. */
#define RETRY_US 5000
/* Until what the disk did not take is tried again. */
#define KEEP_US (5 * USEC_PER_SEC)
/* What is old is forgotten so often, when something else wakes us. */
#define EXPIRE_US (600 * USEC_PER_SEC)

const char *state_directory(void)
{
	return getenv("STATE_DIRECTORY") ?: "/var/lib/layby";
}

void agent_pump_soon(struct agent *agent)
{
	int r;

	if (agent->stopping)
		return;
	r = sd_event_source_set_enabled(agent->pump, SD_EVENT_ONESHOT);
	if (r < 0)
		log_error("enabling the pump: %s", strerror(-r));
}

void agent_retry_soon(struct agent *agent)
{
	int enabled, r;

	if (agent->stopping)
		return;
	r = sd_event_source_get_enabled(agent->retry, &enabled);
	if (r >= 0 && enabled != SD_EVENT_OFF)
		return;
	r = sd_event_source_set_time_relative(agent->retry, RETRY_US);
	if (r >= 0)
		r = sd_event_source_set_enabled(agent->retry, SD_EVENT_ONESHOT);
	if (r < 0)
		log_error("arming the retry timer: %s", strerror(-r));
}

void agent_keep_later(struct agent *agent)
{
	int r;

	if (agent->stopping)
		return;
	r = sd_event_source_set_time_relative(agent->keep, KEEP_US);
	if (r >= 0)
		r = sd_event_source_set_enabled(agent->keep, SD_EVENT_ONESHOT);
	if (r < 0)
		log_error("arming the timer for what is to be kept: %s", strerror(-r));
}

static int on_keep(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct agent *agent = userdata;
	struct party *party;

	LIST_FOREACH(party, &agent->parties, entries)
	jobs_keep(party);
	return 0;
}

static void agent_watch(struct agent *agent, bool watch)
{
	agent->watched = watch;
	sd_notifyf(false, "WATCHDOG_USEC=%" PRIu64 "\nWATCHDOG=1",
		   watch ? agent->watchdog_us : 0);
	sd_event_set_watchdog(agent->event, watch);
}

/* Runs that wait for the gate ask for nothing. */
static bool agent_is_busy(const struct agent *agent)
{
	return agent->run_count && !gate_is_closed(agent->gate);
}

static int on_rested(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct agent *agent = userdata;

	if (!agent_is_busy(agent))
		agent_watch(agent, false);
	return 0;
}

/* What else wakes an idle agent, as events of the gate, does not begin it anew. */
static int agent_begin_rest(struct agent *agent)
{
	int enabled, r;

	r = sd_event_source_get_enabled(agent->rest, &enabled);
	if (r < 0 || enabled != SD_EVENT_OFF)
		return r;
	r = sd_event_source_set_time_relative(agent->rest, agent->watchdog_us);
	return r < 0 ? r : sd_event_source_set_enabled(agent->rest,
						       SD_EVENT_ONESHOT);
}

/*
 * An idle agent is not watched, so that it need not wake up to say so. It is
 * told to the service manager when idleness has lasted, not after each job.
 */
static void agent_update_watchdog(struct agent *agent)
{
	int r = 0;

	if (!agent->watchdog_us)
		return;
	if (agent_is_busy(agent) && !agent->watched)
		agent_watch(agent, true);
	if (agent_is_busy(agent))
		r = sd_event_source_set_enabled(agent->rest, SD_EVENT_OFF);
	else if (agent->watched)
		r = agent_begin_rest(agent);
	if (r < 0)
		log_error("arming the rest timer: %s", strerror(-r));
}

/* As many as are served at once: others when one of them has no more. */
static void agent_restore_users(struct agent *agent)
{
	int r;

	if (!agent->users_due || agent->party_count >= agent->limits.parties)
		return;
	agent->users_due = false;
	r = parties_restore(agent);
	if (r < 0)
		log_error("reading whose jobs wait: %s", strerror(-r));
}

static void on_expired(void *userdata, int result)
{
	if (result < 0)
		log_error("forgetting what is old: %s", strerror(-result));
}

static void agent_expire(struct agent *agent)
{
	uint64_t now = now_us(CLOCK_MONOTONIC);
	int r;

	if (agent->expired_us && now - agent->expired_us < EXPIRE_US)
		return;
	agent->expired_us = now;
	r = store_expire(agent->store, now_us(CLOCK_REALTIME), on_expired, NULL);
	if (r < 0)
		on_expired(NULL, r);
}

static int on_pump(sd_event_source *source, void *userdata)
{
	struct agent *agent = userdata;
	struct party *party;
	struct party *next;

	owner_look(agent->owner);
	agent_restore_users(agent);
	agent_expire(agent);
	for (party = LIST_FIRST(&agent->parties); party; party = next) {
		next = LIST_NEXT(party, entries);
		party_pump(party);
		party_close_if_unused(party);
	}
	agent_update_watchdog(agent);
	return 0;
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
	return on_pump(source, userdata);
}

struct job *agent_find_job(struct agent *agent, uint64_t number)
{
	struct party *party;
	struct job *job;

	LIST_FOREACH(party, &agent->parties, entries)
	TAILQ_FOREACH(job, &party->jobs, entries)
	if (job->stored.number == number)
		return job;
	return NULL;
}

uint64_t agent_count_running(struct agent *agent)
{
	struct party *party;
	struct job *job;
	uint64_t count = 0;

	LIST_FOREACH(party, &agent->parties, entries)
	TAILQ_FOREACH(job, &party->jobs, entries)
	count += job->running;
	return count;
}

/* What runs is taken back when the nodes close, and is in the store's queue. */
static int on_exit_begins(sd_event_source *source, void *userdata)
{
	struct agent *agent = userdata;

	sd_notify(false, "STOPPING=1");
	agent->stopping = true;
	return 0;
}

/* One-shot, and off until it is armed. */
static int agent_add_timer(struct agent *agent, sd_event_source **source,
			   sd_event_time_handler_t handler)
{
	int r;

	r = sd_event_add_time_relative(agent->event, source, CLOCK_MONOTONIC,
				       RETRY_US, 1000, handler, agent);
	return r < 0 ? r : sd_event_source_set_enabled(*source, SD_EVENT_OFF);
}

static int agent_add_exit(struct agent *agent)
{
	int r;

	r = sd_event_add_exit(agent->event, &agent->exit, on_exit_begins,
			      agent);
	if (r < 0)
		return r;
	return sd_event_source_set_priority(agent->exit,
					    SD_EVENT_PRIORITY_IMPORTANT);
}

static int agent_add_sources(struct agent *agent)
{
	int r;

	r = sd_event_add_defer(agent->event, &agent->pump, on_pump, agent);
	if (r < 0)
		return r;
	r = sd_event_source_set_enabled(agent->pump, SD_EVENT_OFF);
	if (r < 0)
		return r;
	r = agent_add_timer(agent, &agent->retry, on_retry);
	if (r < 0)
		return r;
	r = agent_add_timer(agent, &agent->rest, on_rested);
	if (r < 0)
		return r;
	r = agent_add_timer(agent, &agent->keep, on_keep);
	return r < 0 ? r : agent_add_exit(agent);
}

static int agent_open_store(struct agent *agent)
{
	const char *directory = state_directory();
	int r;

	r = store_open(directory, agent->event, &agent->limits.store, &agent->store);
	if (r < 0)
		log_error("the store in %s: %s%s", directory, strerror(-r),
			  r == -EBUSY ? ": another agent has it open" :
			  r == -EPROTO ? ": a newer agent has made it" : "");
	return r;
}

int agent_create(sd_event *event, const char *partition,
		 const struct limits *limits, struct agent **ret_agent)
{
	struct agent *agent = calloc(1, sizeof(*agent));
	int r;

	if (!agent)
		return -ENOMEM;
	agent->event = sd_event_ref(event);
	agent->partition = partition;
	agent->limits = *limits;
	agent->users_due = true;
	agent->device_was_there = true;
	agent->shown = calloc(1, sizeof(*agent->shown));
	if (!agent->shown) {
		agent_destroy(agent);
		return -ENOMEM;
	}
	LIST_INIT(&agent->parties);
	LIST_INIT(&agent->clients);
	LIST_INIT(&agent->deliveries);
	LIST_INIT(&agent->cancels);
	LIST_INIT(&agent->night_calls);
	r = sd_watchdog_enabled(false, &agent->watchdog_us);
	if (r >= 0)
		r = agent_add_sources(agent);
	if (r >= 0)
		r = journal_create(event, &agent->journal);
	if (r >= 0)
		r = mover_create(event, &agent->mover);
	if (r >= 0)
		r = agent_open_store(agent);
	if (r >= 0)
		r = lease_create(agent, &agent->lease);
	if (r >= 0)
		r = owner_create(agent, &agent->owner);
	if (r >= 0)
		r = gate_create(agent, &agent->gate);
	if (r < 0) {
		agent_destroy(agent);
		return r;
	}
	owner_update(agent->owner);
	if (agent->watchdog_us)
		agent_watch(agent, true);
	agent_update_watchdog(agent);
	*ret_agent = agent;
	return 0;
}

void agent_set_limits(struct agent *agent, const struct limits *limits)
{
	agent->limits = *limits;
	store_set_limits(agent->store, &limits->store);
	/* a shorter retention counts from now on */
	agent->expired_us = 0;
	owner_update(agent->owner);
	agent_pump_soon(agent);
}

void agent_destroy(struct agent *agent)
{
	struct client *client;
	struct party *party;

	if (!agent)
		return;
	while ((client = LIST_FIRST(&agent->clients)))
		client_destroy(client);
	deliveries_abandon(agent);
	/* first: transfers point into runs and intakes, the store's answers too */
	mover_destroy(agent->mover);
	store_close(agent->store);
	night_calls_destroy(agent);
	while ((party = LIST_FIRST(&agent->parties)))
		party_destroy(party);
	lease_destroy(agent->lease);
	owner_destroy(agent->owner);
	cancels_destroy(agent);
	gate_destroy(agent->gate);
	journal_destroy(agent->journal);
	sd_event_source_disable_unref(agent->pump);
	sd_event_source_disable_unref(agent->retry);
	sd_event_source_disable_unref(agent->rest);
	sd_event_source_disable_unref(agent->exit);
	sd_event_source_disable_unref(agent->keep);
	sd_event_source_disable_unref(agent->consent_timer);
	sd_device_monitor_unref(agent->monitor);
	sd_bus_flush_close_unref(agent->bus);
	sd_event_unref(agent->event);
	free(agent->shown);
	free(agent);
}
