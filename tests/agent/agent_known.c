// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The processes that submit jobs, look at them, cancel and release them, and what they
 * were answered: see agent_known.h.
 */
#include "agent_known.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Of processes that end in all ways: nothing is buffered */
#define say(...) dprintf(STDOUT_FILENO, "# " __VA_ARGS__)

/* Until an agent that died is tried again, and how often. */
#define AGAIN_US 1000
#define TRIES 300000

int known_setup(void **state, const char *directory)
{
	struct fixture *f;

	if (fixture_setup(state))
		return -1;
	f = *state;
	fixture_end_agent(f, SIGTERM);
	f->jobs_max = "--jobs-max=1000000";
	f->bytes_max = "--bytes-max=1099511627776";
	if (!directory)
		return 0;
	assert_in_range(snprintf(f->state, sizeof(f->state), "%s", directory), 1,
			sizeof(f->state) - 1);
	return setenv("STATE_DIRECTORY", f->state, 1);
}

struct known *known_create(uint32_t seed)
{
	struct known *known = mmap(NULL, sizeof(*known), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	assert_ptr_not_equal(known, MAP_FAILED);
	known->seed = seed;
	return known;
}

void known_destroy(struct known *known)
{
	munmap(known, sizeof(*known));
}

/* --- a submitter ---------------------------------------------------------- */

static bool agent_died(const sd_bus_error *error)
{
	return sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY) ||
	       sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
	       sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER);
}

/* Whether it is to be tried again: of any other error this process ends. */
static bool was_its_death(struct known *known, uint32_t job, sd_bus_error *error)
{
	bool died = agent_died(error);

	/* what was on its way; those that find no agent are not counted */
	if (sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY))
		atomic_fetch_add(&known->unanswered, 1);
	if (!died)
		say("job %u: %s: %s\n", job, error->name, error->message);
	sd_bus_error_free(error);
	if (!died)
		_exit(EXIT_FAILURE);
	return died;
}

/* @count: 1, or KNOWN_VECTOR */
static void submit_until_answered(struct known *known, sd_bus *bus, uint32_t job, uint32_t count,
				  struct known_path *ret_paths)
{
	int i, r;

	for (i = 0; i < TRIES; i++) {
		sd_bus_error error = SD_BUS_ERROR_NULL;

		if (count == 1)
			r = known_submit(known, bus, job, ret_paths->text, &error);
		else
			r = known_submit_vector(known, bus, job, ret_paths, &error);
		if (r >= 0)
			return;
		if (was_its_death(known, job, &error))
			usleep(AGAIN_US);
	}
	say("job %u: no agent came\n", job);
	_exit(EXIT_FAILURE);
}

static void note(struct known *known, enum known_event event, uint32_t job, uint64_t value)
{
	if (known->note)
		known->note(known, event, job, value);
}

/* Once ended, ended for ever, and so. The agent may die: then nothing was seen. */
static void look_at(struct known *known, sd_bus *bus, uint32_t job, const char *path)
{
	_Atomic uint64_t *seen = &known->jobs[job].wall_us;
	uint64_t wall_us = 0, before = 0;
	char *state = NULL;

	if (sd_bus_get_property_string(bus, AGENT, path, JOB, "State", NULL, &state) < 0 ||
	    sd_bus_get_property_trivial(bus, AGENT, path, JOB, "WallUs", NULL, 't',
					&wall_us) < 0) {
		free(state);
		return;
	}
	if (strcmp(state, "finished")) {
		if (atomic_load(seen)) {
			say("job %u: it had finished, and is %s\n", job, state);
			atomic_fetch_add(&known->doubled, 1);
		}
	} else if (atomic_compare_exchange_strong(seen, &before, wall_us)) {
		note(known, KNOWN_SEEN, job, wall_us);
	} else if (before != wall_us) {
		say("job %u: it has ended twice\n", job);
		atomic_fetch_add(&known->doubled, 1);
	}
	free(state);
}

/* --- taken back ----------------------------------------------------------- */

/* Of these only one submitter ever speaks: nobody submits anew what it has released. */
static bool is_released(const struct known *known, uint32_t job)
{
	return known->takes_back && job % 8 == 6;
}

static bool is_cancelled(const struct known *known, uint32_t job)
{
	return known->takes_back && job % 8 == 3;
}

/* Whether it was answered */
static bool tell(sd_bus *bus, uint32_t job, const char *path, const char *method)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	bool done = sd_bus_call_method(bus, AGENT, path, JOB, method, &error, NULL, NULL) >= 0;
	bool died = agent_died(&error);

	if (!done && !died)
		say("job %u: %s: %s\n", job, method, error.message);
	sd_bus_error_free(&error);
	if (!done && !died)
		_exit(EXIT_FAILURE);
	return done;
}

static bool has_state(sd_bus *bus, const char *path, const char *state)
{
	char *is = NULL;
	bool has = sd_bus_get_property_string(bus, AGENT, path, JOB, "State", NULL, &is) >= 0 &&
		   !strcmp(is, state);

	free(is);
	return has;
}

/* One that had ended stays as it was, and is no cancelled one. */
static void cancel(struct known *known, sd_bus *bus, uint32_t job, const char *path)
{
	atomic_store(&known->jobs[job].cancel, KNOWN_CANCELS);
	note(known, KNOWN_CANCELS, job, 0);
	if (!tell(bus, job, path, "Cancel") || !has_state(bus, path, "cancelled"))
		return;
	atomic_store(&known->jobs[job].cancel, KNOWN_CANCELLED);
	note(known, KNOWN_CANCELLED, job, 0);
}

/* Half of them at once, the others when they have ended, or the agent has died. */
static void wait_before_release(sd_bus *bus, uint32_t job, const char *path)
{
	while (job % 16 == 6 && (has_state(bus, path, "queued") || has_state(bus, path, "running")))
		usleep(AGAIN_US);
}

static void release(struct known *known, sd_bus *bus, uint32_t job, const char *path)
{
	wait_before_release(bus, job, path);
	atomic_store(&known->jobs[job].release, KNOWN_RELEASES);
	note(known, KNOWN_RELEASES, job, 0);
	if (!tell(bus, job, path, "Release"))
		return;
	atomic_store(&known->jobs[job].release, KNOWN_RELEASED);
	note(known, KNOWN_RELEASED, job, 0);
}

void known_release(struct known *known, sd_bus *bus, uint32_t job)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	char path[64];

	snprintf(path, sizeof(path), KNOWN_PATH "%" PRIu64, atomic_load(&known->jobs[job].number));
	if (sd_bus_call_method(bus, AGENT, path, JOB, "Release", &error, NULL, NULL) < 0 &&
	    !sd_bus_error_has_name(&error, ERROR_UNKNOWN_OBJECT))
		fail_msg("job %u: Release of %s: %s", job, path, error.message);
	sd_bus_error_free(&error);
	atomic_store(&known->jobs[job].release, KNOWN_RELEASED);
}

/* --- submitters ----------------------------------------------------------- */

static void take_answer(struct known *known, sd_bus *bus, uint32_t job, const char *path)
{
	uint64_t number = strtoull(path + strlen(KNOWN_PATH), NULL, 10), before = 0;

	if (atomic_compare_exchange_strong(&known->jobs[job].number, &before, number)) {
		note(known, KNOWN_ANSWERED, job, number);
		return;
	}
	atomic_fetch_add(&known->repeated, 1);
	if (before != number) {
		say("job %u: it was %" PRIu64 ", now %" PRIu64 "\n", job, before, number);
		atomic_fetch_add(&known->doubled, 1);
	}
	look_at(known, bus, job, path);
}

static void take_back(struct known *known, sd_bus *bus, uint32_t job, const char *path)
{
	if (is_cancelled(known, job))
		cancel(known, bus, job, path);
	if (is_released(known, job))
		release(known, bus, job, path);
}

static void submit_some(struct known *known, sd_bus *bus, uint32_t job, uint32_t count, bool new)
{
	struct known_path paths[KNOWN_VECTOR];
	uint32_t i;

	submit_until_answered(known, bus, job, count, paths);
	/* all of them were answered by then */
	for (i = 0; i < count; i++)
		take_answer(known, bus, job + i, paths[i].text);
	for (i = 0; new && i < count; i++)
		take_back(known, bus, job + i, paths[i].text);
}

/* Returns how many new jobs there are from @ret_job on; 0: it is one of those that were. */
static uint32_t take(struct known *known, unsigned int *random, uint32_t *ret_job)
{
	uint32_t limit, next = atomic_load(&known->next), count;

	while (limit = atomic_load(&known->limit), next < limit) {
		count = known_is_vector(next) && limit - next >= KNOWN_VECTOR ? KNOWN_VECTOR : 1;
		*ret_job = next;
		if (atomic_compare_exchange_weak(&known->next, &next, next + count))
			return count;
	}
	do
		*ret_job = (uint32_t)rand_r(random) % next;
	while (is_released(known, *ret_job));
	return 0;
}

static void submitter(struct known *known, unsigned int random)
{
	sd_bus *bus = fixture_connect();
	uint32_t job, count;

	do {
		count = take(known, &random, &job);
		submit_some(known, bus, job, count ?: 1, count > 0);
	} while (!atomic_load(&known->stop));
	sd_bus_flush_close_unref(bus);
	_exit(EXIT_SUCCESS);
}

void known_start(struct known *known)
{
	unsigned int i;
	pid_t pid;

	for (i = 0; i < SUBMITTERS; i++) {
		pid = fork();
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			submitter(known, known->seed + i);
		}
		assert_true(pid > 0);
		known->submitters[i] = pid;
	}
}

void known_stop(struct known *known)
{
	unsigned int i;
	int status;

	atomic_store(&known->stop, true);
	for (i = 0; i < SUBMITTERS; i++) {
		assert_int_equal(waitpid(known->submitters[i], &status, 0), known->submitters[i]);
		assert_int_equal(status, 0);
	}
}

void known_wait_until_ended(struct fixture *f)
{
	while (agent_number(f->bus, "JobsQueued") || agent_number(f->bus, "JobsRunning"))
		/* an agent whose words nobody reads would wait for that */
		fixture_notified(f, 50);
}
