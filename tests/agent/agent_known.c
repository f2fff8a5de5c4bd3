// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Jobs that are made from their number, and the processes that submit them: see
 * agent_known.h.
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

/* --- a job ---------------------------------------------------------------- */

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 33) * 0xff51afd7ed558ccd;
	return x ^ x >> 33;
}

/* One in five is kept in a file of its own, its output too. */
static size_t input_size(uint32_t job)
{
	return job % 5 ? 8 + job % 3000 : 16385 + job % 20000;
}

size_t known_output_size(uint32_t job)
{
	return input_size(job) + job % 7;
}

static void fill(const struct known *known, uint32_t job, char *bytes, size_t size)
{
	uint64_t x = (uint64_t)known->seed << 32 | job, word;
	size_t i;

	for (i = 0; i < size; i += sizeof(word)) {
		word = mix(x + i * 0x9e3779b97f4a7c15);
		memcpy(bytes + i, &word, size - i < sizeof(word) ? size - i : sizeof(word));
	}
}

/* As the fake device's "copy" has it */
char *known_output(const struct known *known, uint32_t job)
{
	size_t size = input_size(job);
	char *bytes = malloc(known_output_size(job));

	assert_non_null(bytes);
	fill(known, job, bytes, size);
	memset(bytes + size, '.', known_output_size(job) - size);
	return bytes;
}

int known_submit(struct known *known, sd_bus *bus, uint32_t job, char path[64],
		 sd_bus_error *error)
{
	char key[17], program[16], input[KNOWN_INPUT_MAX];
	struct submission s;

	snprintf(key, sizeof(key), "%08x%08x", known->seed, job);
	/* long enough that the device has work whenever the agent dies */
	snprintf(program, sizeof(program), "copy %u", job % 3 * 5);
	fill(known, job, input, input_size(job));
	s = (struct submission){
		.program = text(program),
		.inputs = { blob(input, input_size(job)) },
		.input_count = 1,
		.outputs = { known_output_size(job) },
		.output_count = 1,
		.longest_us = 5000000,
		.key = key,
		.lingers = true,
	};
	return submit(bus, &s, path, error);
}

/* --- a submitter ---------------------------------------------------------- */

static bool agent_died(const sd_bus_error *error)
{
	return sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY) ||
	       sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
	       sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER);
}

static uint64_t submit_until_answered(struct known *known, sd_bus *bus, uint32_t job)
{
	char path[64];
	int i;

	for (i = 0; i < TRIES; i++) {
		sd_bus_error error = SD_BUS_ERROR_NULL;
		bool died;

		if (known_submit(known, bus, job, path, &error) >= 0)
			return strtoull(path + strlen(KNOWN_PATH), NULL, 10);
		died = agent_died(&error);
		/* what was on its way; those that find no agent are not counted */
		if (sd_bus_error_has_name(&error, SD_BUS_ERROR_NO_REPLY))
			atomic_fetch_add(&known->unanswered, 1);
		if (!died)
			say("job %u: %s: %s\n", job, error.name, error.message);
		sd_bus_error_free(&error);
		if (!died)
			_exit(EXIT_FAILURE);
		usleep(AGAIN_US);
	}
	say("job %u: no agent came\n", job);
	_exit(EXIT_FAILURE);
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
	} else if (!atomic_compare_exchange_strong(seen, &before, wall_us) && before != wall_us) {
		say("job %u: it has ended twice\n", job);
		atomic_fetch_add(&known->doubled, 1);
	}
	free(state);
}

static void submit_one(struct known *known, sd_bus *bus, uint32_t job)
{
	uint64_t number = submit_until_answered(known, bus, job), before = 0;
	char path[64];

	if (atomic_compare_exchange_strong(&known->jobs[job].number, &before, number))
		return;
	atomic_fetch_add(&known->repeated, 1);
	if (before != number) {
		say("job %u: it was %" PRIu64 ", now %" PRIu64 "\n", job, before, number);
		atomic_fetch_add(&known->doubled, 1);
	}
	snprintf(path, sizeof(path), KNOWN_PATH "%" PRIu64, number);
	look_at(known, bus, job, path);
}

/* Returns the next new job, or else one of those that were, by chance. */
static uint32_t take(struct known *known, unsigned int *random)
{
	uint32_t next = atomic_load(&known->next);

	while (next < atomic_load(&known->limit))
		if (atomic_compare_exchange_weak(&known->next, &next, next + 1))
			return next;
	return (uint32_t)rand_r(random) % next;
}

static void submitter(struct known *known, unsigned int random)
{
	sd_bus *bus = fixture_connect();

	do
		submit_one(known, bus, take(known, &random));
	while (!atomic_load(&known->stop));
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
