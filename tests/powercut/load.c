// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * An agent on a fake liblayby under load, on a disk whose power is going to be cut.
 *
 *   load STATE DISK NOTES-OFFSET JOBS SEED [forever]
 *
 * Four submit, cancel, release and look, and note on DISK what was answered. When a third
 * of the jobs has been begun the agent is ended, at two thirds killed, and started anew.
 * Ends when all that was to be done has been done, and that is noted, too; "forever":
 * never, somebody is going to cut the power.
 */
#include "notes.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *state_directory, *disk;
static uint64_t offset;
static uint32_t job_count, seed;
static bool forever;

static int setup(void **state)
{
	return known_setup(state, state_directory);
}

static void wait_for_jobs(struct fixture *f, struct known *known, uint32_t count)
{
	while (atomic_load(&known->next) < count)
		fixture_notified(f, 10);
}

static void submit_all(void **state)
{
	struct fixture *f = *state;
	struct known *known = known_create(seed);

	notes_begin(known, disk, offset);
	known->takes_back = true;
	atomic_store(&known->limit, job_count);
	fixture_start_agent(f);
	known_start(known);
	wait_for_jobs(f, known, job_count / 3);
	fixture_end_agent(f, SIGTERM);
	fixture_start_agent(f);
	wait_for_jobs(f, known, job_count * 2 / 3);
	fixture_end_agent(f, SIGKILL);
	fixture_start_agent(f);
	wait_for_jobs(f, known, job_count);
	while (forever)
		fixture_notified(f, 1000);
	known_stop(known);
	known_wait_until_ended(f);
	known->note(known, KNOWN_ALL, 0, 0);
	known_destroy(known);
}

int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(submit_all, setup, fixture_teardown),
	};

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 6 || argc > 7 || (argc == 7 && strcmp(argv[6], "forever"))) {
		fprintf(stderr, "usage: load STATE DISK NOTES-OFFSET JOBS SEED [forever]\n");
		return 2;
	}
	state_directory = argv[1];
	disk = argv[2];
	offset = strtoull(argv[3], NULL, 10);
	job_count = (uint32_t)strtoul(argv[4], NULL, 10);
	seed = (uint32_t)strtoul(argv[5], NULL, 10);
	forever = argc == 7;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
