/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What was submitted to an agent that is killed again and again, what it answered, and
 * whether it has kept its word (ISO-10).
 *
 * Jobs have numbers from 0 on; key, program, input and output of a job are made from its
 * number and the seed, so that nothing but the answers need be remembered. The memory is
 * shared with the submitters, which are processes; each field has one kind of writer.
 */
#ifndef LAYBY_TESTS_AGENT_KNOWN_H
#define LAYBY_TESTS_AGENT_KNOWN_H

#include "agent_fixture.h"

#include <stdatomic.h>

#define KNOWN_MAX (1 << 17)
#define SUBMITTERS 4
#define KNOWN_INPUT_MAX (1 << 18)
/* So many are submitted in one call, by SubmitJobs. */
#define KNOWN_VECTOR 4
#define KNOWN_PATH AGENT_PATH "/job/"

/* What was asked of the agent and what it answered; @value as it is named in brackets. */
enum known_event {
	/* [the job's number] */
	KNOWN_ANSWERED = 1,
	/* finished [WallUs] */
	KNOWN_SEEN,
	/* is going to be, and has been answered: then it is "cancelled" for ever */
	KNOWN_CANCELS,
	KNOWN_CANCELLED,
	/* likewise: then it is gone */
	KNOWN_RELEASES,
	KNOWN_RELEASED,
	/* all that was to be done has been done */
	KNOWN_ALL,
};

struct known_job {
	/* as it was answered; 0: not yet */
	_Atomic uint64_t number;
	/* of the result that was seen; 0: none was */
	_Atomic uint64_t wall_us;
	/* KNOWN_CANCELS or KNOWN_CANCELLED; KNOWN_RELEASES or KNOWN_RELEASED */
	atomic_uint cancel;
	atomic_uint release;
};

struct known {
	uint32_t seed;
	/* some jobs are cancelled, and others released; set before known_start() */
	bool takes_back;
	/* told before what is asked and after what was answered; NULL: nobody is */
	void (*note)(struct known *known, enum known_event event, uint32_t job, uint64_t value);
	/* the next job that nobody has submitted; from the limit on old ones are repeated */
	atomic_uint next;
	atomic_uint limit;
	atomic_bool stop;
	/* submissions that the agent died under */
	atomic_uint unanswered;
	/* of jobs that had been answered before */
	atomic_uint repeated;
	/* one key, two jobs; one job, two ends */
	atomic_uint doubled;
	struct known_job jobs[KNOWN_MAX];
	pid_t submitters[SUBMITTERS];
};

/*
 * A fixture without an agent, and without limits for it. @directory: where it keeps its
 * state, NULL: in the fixture's own.
 */
int known_setup(void **state, const char *directory);
struct known *known_create(uint32_t seed);
void known_destroy(struct known *known);
size_t known_output_size(uint32_t job);
/* For free() */
char *known_output(const struct known *known, uint32_t job);
/* The same key and content each time. Returns as submit() does. */
int known_submit(struct known *known, sd_bus *bus, uint32_t job, char path[64],
		 sd_bus_error *error);

/* Whether from that job on KNOWN_VECTOR are submitted in one call, at first. */
bool known_is_vector(uint32_t job);
struct known_path {
	char text[64];
};

/* All of them are accepted, if any is. Returns as submit() does. */
int known_submit_vector(struct known *known, sd_bus *bus, uint32_t first,
			struct known_path ret_paths[KNOWN_VECTOR], sd_bus_error *error);

/*
 * From then on jobs are submitted, until they are stopped: each until it is answered,
 * however many agents die under it.
 */
void known_start(struct known *known);
/* The agent must be there: what was begun is answered first. */
void known_stop(struct known *known);
void known_wait_until_ended(struct fixture *f);
/* Whether what was asked before the agent died is done, or has never happened. */
void known_release(struct known *known, sd_bus *bus, uint32_t job);

struct verdict {
	/* of which those that were released are not there any more */
	uint32_t keys;
	uint32_t released;
	uint32_t cancelled;
	/* accepted, and not there, or not ended, or without its row in the ledger */
	uint32_t lost;
	/* more jobs, ends or rows than keys, or a key with another job than before */
	uint32_t doubled;
	/* a result of other bytes */
	uint32_t wrong;
	/* contents and files that no job names */
	uint32_t unneeded;
};

/* All jobs have ended; the agent is there. Says on stdout what is not as it must be. */
struct verdict known_check(struct known *known, const struct fixture *f);
/* By laybyctl, when the agent has ended. */
bool known_ledger_verifies(const struct fixture *f);

#endif
