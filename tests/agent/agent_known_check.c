// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Has the agent kept its word? Asked over the bus and, so that not only the agent is
 * asked, of the files in its state directory. See agent_known.h.
 */
#include "agent_known.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define say(...) printf("# " __VA_ARGS__)

/* --- over the bus --------------------------------------------------------- */

/* 0, or why not */
static int read_result(sd_bus *bus, const char *path, char *ret_bytes, size_t size, ssize_t *ret_n)
{
	sd_bus_message *reply = NULL;
	int fd, r;

	r = sd_bus_call_method(bus, AGENT, path, JOB, "GetResult", NULL, &reply, "u", 0);
	if (r >= 0) {
		assert_true(sd_bus_message_read(reply, "h", &fd) > 0);
		*ret_n = pread(fd, ret_bytes, size, 0);
	}
	sd_bus_message_unref(reply);
	return r < 0 ? r : 0;
}

static void check_result(struct known *known, sd_bus *bus, uint32_t job, const char *path,
			 struct verdict *verdict)
{
	size_t size = known_output_size(job);
	char *expected = known_output(known, job), *bytes = malloc(size + 1);
	ssize_t n;
	int r;

	assert_non_null(bytes);
	r = read_result(bus, path, bytes, size + 1, &n);
	if (r < 0) {
		say("job %u: accepted as %s, no result: %s\n", job, path, strerror(-r));
		verdict->lost++;
	} else if (n != (ssize_t)size || memcmp(bytes, expected, size)) {
		say("job %u: %s has a result of other bytes\n", job, path);
		verdict->wrong++;
	}
	free(bytes);
	free(expected);
}

/* One that was to be cancelled, and was before it could finish, has no result. */
static bool is_cancelled(struct known *known, sd_bus *bus, uint32_t job, const char *path,
			 struct verdict *verdict)
{
	uint32_t cancel = atomic_load(&known->jobs[job].cancel);
	char *state = NULL;
	bool is;

	if (!cancel)
		return false;
	is = sd_bus_get_property_string(bus, AGENT, path, JOB, "State", NULL, &state) >= 0 &&
	     !strcmp(state, "cancelled");
	if (!is && cancel == KNOWN_CANCELLED) {
		say("job %u: %s was cancelled, and is %s\n", job, path, state ?: "gone");
		verdict->lost++;
	}
	free(state);
	verdict->cancelled += is;
	return is;
}

/* Of a result that was seen before it is the time that it took. */
static void check_end(struct known *known, sd_bus *bus, uint32_t job, const char *path,
		      struct verdict *verdict)
{
	uint64_t seen = atomic_load(&known->jobs[job].wall_us);

	if (!seen || job_number(bus, path, "WallUs") == seen)
		return;
	say("job %u: %s has ended once more than was seen\n", job, path);
	verdict->doubled++;
}

static void check_same_key(struct known *known, sd_bus *bus, uint32_t job, const char *path,
			   struct verdict *verdict)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	char again[64];

	if (known_submit(known, bus, job, again, &error) < 0)
		fail_msg("job %u, submitted again: %s", job, error.message);
	if (!strcmp(path, again))
		return;
	say("job %u: %s, submitted again %s\n", job, path, again);
	verdict->doubled++;
}

static void check_job(struct known *known, const struct fixture *f, uint32_t job,
		      struct verdict *verdict)
{
	uint64_t number = atomic_load(&known->jobs[job].number);
	uint32_t lost = verdict->lost;
	char path[64];

	assert_true(number > 0);
	snprintf(path, sizeof(path), KNOWN_PATH "%" PRIu64, number);
	if (!is_cancelled(known, f->bus, job, path, verdict))
		check_result(known, f->bus, job, path, verdict);
	/* one that is lost would be made anew */
	if (verdict->lost > lost)
		return;
	check_end(known, f->bus, job, path, verdict);
	check_same_key(known, f->bus, job, path, verdict);
}

/* --- on disk -------------------------------------------------------------- */

static sqlite3 *open_queue(const struct fixture *f)
{
	char path[80];
	sqlite3 *queue;

	snprintf(path, sizeof(path), "%s/queue.db", f->state);
	assert_int_equal(sqlite3_open_v2(path, &queue, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	return queue;
}

static uint32_t ask(sqlite3 *queue, const char *question)
{
	sqlite3_stmt *statement = NULL;
	uint32_t answer;

	assert_int_equal(sqlite3_prepare_v2(queue, question, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	answer = (uint32_t)sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return answer;
}

/* How many there are that must not be. */
static uint32_t surplus(sqlite3 *queue, const char *what, const char *question)
{
	uint32_t count = ask(queue, question);

	if (count)
		say("%s: %u, must be 0\n", what, count);
	return count;
}

/* That many and no more. */
static void check_count(sqlite3 *queue, const char *what, const char *question, uint32_t expected,
			struct verdict *verdict)
{
	uint32_t count = ask(queue, question);

	if (count == expected)
		return;
	say("%s: %u, must be %u\n", what, count, expected);
	if (count > expected)
		verdict->doubled += count - expected;
	else
		verdict->lost += expected - count;
}

/* By key, one each; ends also of those that were released. */
static void check_rows(sqlite3 *queue, struct verdict *verdict)
{
	uint32_t held = verdict->keys - verdict->released;

	check_count(queue, "jobs", "SELECT count(*) FROM job", held, verdict);
	check_count(queue, "keys", "SELECT count(DISTINCT key) FROM job", held, verdict);
	check_count(queue, "ends, by the agent's own count",
		    "SELECT sum(ended) FROM usage WHERE uid = 0", verdict->keys, verdict);
	check_count(queue, "results", "SELECT count(*) FROM part WHERE role = 2",
		    held - verdict->cancelled, verdict);
	check_count(queue, "ledger rows", "SELECT count(*) FROM ledger_rows", verdict->keys,
		    verdict);
	check_count(queue, "jobs that have finished", "SELECT count(*) FROM job WHERE state = 1",
		    held - verdict->cancelled, verdict);
	verdict->unneeded += surplus(queue, "contents that no job names",
				     "SELECT count(*) FROM content WHERE id NOT IN (SELECT content FROM part)");
	verdict->unneeded += surplus(queue, "contents of jobs that are not there",
				     "SELECT count(*) FROM part WHERE job NOT IN (SELECT number FROM job)");
}

static bool is_needed(sqlite3 *queue, const char *name)
{
	sqlite3_stmt *statement = NULL;
	bool needed;
	int code;

	code = sqlite3_prepare_v2(queue,
				  "SELECT 1 FROM content WHERE bytes IS NULL AND digest = unhex(?)",
				  -1, &statement, NULL);
	assert_int_equal(code, SQLITE_OK);
	sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
	needed = sqlite3_step(statement) == SQLITE_ROW;
	sqlite3_finalize(statement);
	return needed;
}

static void check_files(const struct fixture *f, sqlite3 *queue, struct verdict *verdict)
{
	struct dirent *entry;
	uint32_t needed = 0, named;
	char path[80];
	DIR *directory;

	snprintf(path, sizeof(path), "%s/content", f->state);
	directory = opendir(path);
	assert_non_null(directory);
	while ((entry = readdir(directory))) {
		if (*entry->d_name == '.')
			continue;
		if (is_needed(queue, entry->d_name)) {
			needed++;
			continue;
		}
		say("content/%s: nobody needs it\n", entry->d_name);
		verdict->unneeded++;
	}
	closedir(directory);
	named = ask(queue, "SELECT count(*) FROM content WHERE bytes IS NULL");
	if (named != needed) {
		say("%u files, %u are named\n", needed, named);
		verdict->lost++;
	}
}

static bool is_released(struct known *known, uint32_t job)
{
	return atomic_load(&known->jobs[job].release) == KNOWN_RELEASED;
}

struct verdict known_check(struct known *known, const struct fixture *f)
{
	struct verdict verdict = { .keys = atomic_load(&known->next) };
	sqlite3 *queue = open_queue(f);
	uint32_t job;

	verdict.doubled = atomic_load(&known->doubled);
	check_files(f, queue, &verdict);
	for (job = 0; job < verdict.keys; job++) {
		if (is_released(known, job))
			verdict.released++;
		else
			check_job(known, f, job, &verdict);
	}
	/* which submitting them again has not changed */
	check_rows(queue, &verdict);
	sqlite3_close(queue);
	return verdict;
}

bool known_ledger_verifies(const struct fixture *f)
{
	char command[512];

	snprintf(command, sizeof(command),
		 "%s/laybyctl ledger verify --state %s >%s/said 2>&1 || { sed 's/^/# /' %s/said; exit 1; }",
		 getenv("PROGRAMS"), f->state, f->dir, f->dir);
	return !system(command);
}
