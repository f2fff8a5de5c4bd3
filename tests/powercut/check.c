// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * After a power cut: has the agent kept its word?
 *
 *   check STATE NOTES NOTES-OFFSET SEED
 *
 * Starts an agent on what the disk has kept, looks whether all is there that was
 * answered, submits everything again under the same keys, and lets it come to its end.
 * Prints a line of JSON. What it is to find out is no failure of its own: it fails only
 * if it cannot.
 */
#include "notes.h"

#include <dirent.h>
#include <inttypes.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define say(...) printf("# " __VA_ARGS__)

static const char *state_directory, *notes;
static uint64_t offset;
static uint32_t seed;

static int setup(void **state)
{
	return known_setup(state, state_directory);
}

/* --- before anything is submitted again ----------------------------------- */

/* A number may have been given to another since: the key says whose it is. */
static bool is_there(sqlite3_stmt *find, const struct known *known, uint32_t job, uint64_t number)
{
	char key[17];
	bool there;

	snprintf(key, sizeof(key), "%08x%08x", known->seed, job);
	sqlite3_bind_int64(find, 1, (sqlite3_int64)number);
	sqlite3_bind_blob(find, 2, key, 16, SQLITE_STATIC);
	there = sqlite3_step(find) == SQLITE_ROW;
	sqlite3_reset(find);
	return there;
}

struct found {
	/* answered; of them those that should be there and are not; the other way round */
	uint32_t answered;
	uint32_t missing;
	uint32_t back;
};

static void look_for(sqlite3_stmt *find, struct known *known, uint32_t job, struct found *found)
{
	uint64_t number = atomic_load(&known->jobs[job].number);
	uint32_t release = atomic_load(&known->jobs[job].release);
	bool there;

	if (!number)
		return;
	found->answered++;
	there = is_there(find, known, job, number);
	if (!there && !release) {
		say("job %u: it was %" PRIu64 ", and is not there\n", job, number);
		found->missing++;
	}
	if (there && release == KNOWN_RELEASED) {
		say("job %u: it was released, and is there\n", job);
		found->back++;
	}
}

static struct found look(const struct fixture *f, struct known *known)
{
	struct found found = {};
	sqlite3_stmt *find;
	sqlite3 *queue;
	char path[80];
	uint32_t job;

	snprintf(path, sizeof(path), "%s/queue.db", f->state);
	assert_int_equal(sqlite3_open_v2(path, &queue, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	sqlite3_busy_timeout(queue, 5000);
	assert_int_equal(sqlite3_prepare_v2(queue, "SELECT 1 FROM job WHERE number = ? AND key = ?",
					    -1, &find, NULL),
			 SQLITE_OK);
	for (job = 0; job < atomic_load(&known->next); job++)
		look_for(find, known, job, &found);
	sqlite3_finalize(find);
	sqlite3_close(queue);
	return found;
}

/* Databases that the agent took for broken */
static uint32_t count_set_aside(const struct fixture *f)
{
	DIR *directory = opendir(f->state);
	struct dirent *entry;
	uint32_t count = 0;

	assert_non_null(directory);
	while ((entry = readdir(directory)))
		count += !!strstr(entry->d_name, ".corrupt-");
	closedir(directory);
	return count;
}

/* --- and after ------------------------------------------------------------- */

static void submit_again(struct known *known, sd_bus *bus, uint32_t job)
{
	_Atomic uint64_t *number = &known->jobs[job].number;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	uint64_t before = 0, now;
	char path[64];

	if (known_submit(known, bus, job, path, &error) < 0)
		fail_msg("job %u, submitted again: %s", job, error.message);
	now = strtoull(path + strlen(KNOWN_PATH), NULL, 10);
	if (atomic_compare_exchange_strong(number, &before, now) || before == now)
		return;
	say("job %u: it was %" PRIu64 ", submitted again %" PRIu64 "\n", job, before, now);
	atomic_fetch_add(&known->doubled, 1);
}

static void finish_all(const struct fixture *f, struct known *known)
{
	uint32_t job;

	for (job = 0; job < atomic_load(&known->next); job++) {
		if (atomic_load(&known->jobs[job].release))
			known_release(known, f->bus, job);
		else
			submit_again(known, f->bus, job);
	}
}

static void report(const struct found *found, const struct verdict *verdict, uint32_t set_aside,
		   bool ledger_ok)
{
	printf("{\"answered\": %u, \"jobs\": %u, ", found->answered, verdict->keys);
	printf("\"released\": %u, \"cancelled\": %u, ", verdict->released, verdict->cancelled);
	printf("\"missing\": %u, \"lost\": %u, ", found->missing, verdict->lost);
	printf("\"doubled\": %u, \"wrong\": %u, ", verdict->doubled + found->back, verdict->wrong);
	printf("\"unneeded\": %u, \"set_aside\": %u, ", verdict->unneeded, set_aside);
	printf("\"ledger_ok\": %s}\n", ledger_ok ? "true" : "false");
}

static void check_all(void **state)
{
	struct fixture *f = *state;
	struct known *known = known_create(seed);
	struct verdict verdict;
	struct found found;
	uint32_t set_aside;

	notes_read(known, notes, offset);
	fixture_start_agent(f);
	set_aside = count_set_aside(f);
	found = look(f, known);
	finish_all(f, known);
	known_wait_until_ended(f);
	verdict = known_check(known, f);
	fixture_end_agent(f, SIGTERM);
	report(&found, &verdict, set_aside, known_ledger_verifies(f));
	known_destroy(known);
}

int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(check_all, setup, fixture_teardown),
	};

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc != 5) {
		fprintf(stderr, "usage: check STATE NOTES NOTES-OFFSET SEED\n");
		return 2;
	}
	state_directory = argv[1];
	notes = argv[2];
	offset = strtoull(argv[3], NULL, 10);
	seed = (uint32_t)strtoul(argv[4], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
