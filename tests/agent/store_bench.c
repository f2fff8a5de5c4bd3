// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * store_bench DIRECTORY JOBS - what the store takes, beside what SQLite alone commits
 *
 * Jobs of one program and 1 KiB of input of their own, in vectors of 64, some vectors
 * under way at a time, as clients of the bus have them. SQLite alone: the same rows in
 * the same tables, 64 jobs a transaction, in a plain loop, nothing hashed or looked up.
 * Then a start with all of these jobs queued; their ends; a start with all ended. Prints
 * JSON.
 */
#include "store/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "util.h"

#define VECTOR 64
#define UNDER_WAY 4
#define INPUT_SIZE 1024
#define PROGRAM_SIZE 8192

static uint8_t program[PROGRAM_SIZE];

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void check(const char *what, int r)
{
	if (r >= 0)
		return;
	fprintf(stderr, "store_bench: %s: %s\n", what, strerror(-r));
	exit(EXIT_FAILURE);
}

static void make_input(uint8_t ret_input[INPUT_SIZE], uint64_t seed)
{
	size_t i;

	for (i = 0; i < INPUT_SIZE; i += sizeof(seed)) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		memcpy(ret_input + i, &seed, sizeof(seed));
	}
}

/* --- the store -------------------------------------------------------------------- */

struct bench {
	struct store *store;
	uint64_t jobs;
	uint64_t submitted;
	uint64_t accepted;
	unsigned int under_way;
};

static void on_submitted(void *userdata, const struct store_submitted *results, size_t count)
{
	struct bench *bench = userdata;
	size_t i;

	bench->under_way--;
	for (i = 0; i < count; i++) {
		check("a submission", results[i].result);
		bench->accepted++;
	}
}

static void submit_vector(struct bench *bench)
{
	static uint8_t inputs[VECTOR][INPUT_SIZE];
	static struct store_new jobs[VECTOR];
	size_t i;

	for (i = 0; i < VECTOR && bench->submitted < bench->jobs; i++, bench->submitted++) {
		make_input(inputs[i], bench->submitted);
		jobs[i] = (struct store_new){
			.request = { .uid = 1000, .input_count = 1, .output_count = 1,
				     .output_sizes = { 256 }, .longest_run_us = 1000,
				     .linger = true, .owner = "bus/:1.42" },
			.program = { program, -1, PROGRAM_SIZE },
			.inputs = { { inputs[i], -1, INPUT_SIZE } },
		};
		memcpy(jobs[i].request.key, inputs[i] + 64, STORE_KEY_BYTES);
	}
	bench->under_way++;
	check("submitting", store_submit(bench->store, jobs, i, on_submitted, bench));
}

static double bench_store(const char *directory, sd_event *event, uint64_t jobs,
			  unsigned int at_a_time)
{
	const struct store_limits limits = {};
	struct bench bench = { .jobs = jobs };
	double start;

	check("opening", store_open(directory, event, &limits, &bench.store));
	start = now_s();
	while (bench.accepted < jobs) {
		while (bench.under_way < at_a_time && bench.submitted < jobs)
			submit_vector(&bench);
		check("loop", sd_event_run(event, UINT64_MAX));
	}
	start = now_s() - start;
	store_close(bench.store);
	return start;
}

static void on_ended(void *userdata, int result)
{
	struct bench *bench = userdata;

	check("an end", result);
	bench->under_way--;
}

static void end_one(struct bench *bench, uint64_t number)
{
	const struct store_outcome failed = { .state = STORE_FAILED, .result = -EIO };

	bench->under_way++;
	check("ending", store_end(bench->store, number, &failed, on_ended, bench));
}

/* As many at a time as were submitted: each is a transaction's part, and a ledger row. */
static double bench_ends(const char *directory, sd_event *event, uint64_t jobs)
{
	const struct store_limits limits = {};
	struct bench bench = { .jobs = jobs };
	uint64_t number = 1;
	double start;

	check("opening", store_open(directory, event, &limits, &bench.store));
	start = now_s();
	while (number <= jobs || bench.under_way) {
		while (number <= jobs && bench.under_way < VECTOR * UNDER_WAY)
			end_one(&bench, number++);
		check("loop", sd_event_run(event, UINT64_MAX));
	}
	start = now_s() - start;
	store_close(bench.store);
	return start;
}

/* --- SQLite alone ----------------------------------------------------------------- */

static void add_row(struct db *db, uint64_t i)
{
	uint8_t input[INPUT_SIZE], asked[STORE_DIGEST_BYTES];
	uint64_t output = 256, number;
	int64_t content;

	make_input(input, i);
	memcpy(asked, input, sizeof(asked));
	check("job",
	      sql_run(db, SQL_JOB_ADD,
		      VALUES(INTEGER(1000), BLOB(input + 64, STORE_KEY_BYTES),
			     BLOB(asked, sizeof(asked)), INTEGER(INPUT_SIZE), BLOB(&output, 8),
			     INTEGER(1), INTEGER(1000), INTEGER(0), INTEGER(0),
			     INTEGER(INT64_MAX), INTEGER(0), INTEGER(1), TEXT("bus/:1.42"),
			     INTEGER(i))));
	number = (uint64_t)sqlite3_last_insert_rowid(db->handle);
	check("content", sql_run(db, SQL_CONTENT_ADD,
				 VALUES(BLOB(asked, sizeof(asked)), INTEGER(INPUT_SIZE),
					BLOB(input, INPUT_SIZE))));
	content = sqlite3_last_insert_rowid(db->handle);
	check("part", sql_run(db, SQL_PART_ADD,
			      VALUES(INTEGER(number), INTEGER(0), INTEGER(0), INTEGER(1))));
	check("part", sql_run(db, SQL_PART_ADD,
			      VALUES(INTEGER(number), INTEGER(1), INTEGER(0), INTEGER(content))));
	check("usage", sql_run(db, SQL_USAGE_ADD,
			       VALUES(INTEGER(1000), INTEGER(1), INTEGER(1), INTEGER(INPUT_SIZE),
				      INTEGER(0))));
}

/* Its tables and settings are the store's: a store makes them. */
static double bench_sqlite(const char *directory, sd_event *event, uint64_t jobs)
{
	const struct store_limits limits = {};
	struct store *store;
	struct db *db;
	uint64_t i;
	double start;

	check("opening", store_open(directory, event, &limits, &store));
	db = &store->writer;
	/* its thread sleeps: nothing is asked of it */
	check("program", sql_run(db, SQL_CONTENT_ADD,
				 VALUES(BLOB(program, 32), INTEGER(PROGRAM_SIZE),
					BLOB(program, PROGRAM_SIZE))));
	start = now_s();
	for (i = 0; i < jobs; i++) {
		if (i % VECTOR == 0)
			check("begin", sql_run(db, SQL_BEGIN, NO_VALUES));
		add_row(db, i);
		if (i % VECTOR == VECTOR - 1 || i == jobs - 1) {
			check("commit", sql_run(db, SQL_COMMIT, NO_VALUES));
			batch_checkpoint(store);
		}
	}
	start = now_s() - start;
	store_close(store);
	return start;
}

/* --- a start ---------------------------------------------------------------------- */

static double bench_start(const char *directory, sd_event *event)
{
	const struct store_limits limits = {};
	struct store *store;
	double start = now_s();

	check("opening", store_open(directory, event, &limits, &store));
	start = now_s() - start;
	store_close(store);
	return start;
}

static char *below(const char *directory, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", directory, name) < 0)
		exit(EXIT_FAILURE);
	return path;
}

int main(int argc, char *argv[])
{
	sd_event *event = NULL;
	uint64_t jobs;
	double store_s, single_s, sqlite_s, start_s, ends_s, start_ended_s;
	struct rusage usage;
	char *full;

	jobs = argc == 3 ? strtoull(argv[2], NULL, 10) : 0;
	if (!jobs) {
		fprintf(stderr, "usage: store_bench DIRECTORY JOBS (an empty directory)\n");
		return 2;
	}
	check("event loop", sd_event_new(&event));
	full = below(argv[1], "store");
	store_s = bench_store(full, event, jobs, UNDER_WAY);
	start_s = bench_start(full, event);
	getrusage(RUSAGE_SELF, &usage);
	ends_s = bench_ends(full, event, jobs);
	start_ended_s = bench_start(full, event);
	single_s = bench_store(below(argv[1], "one"), event, jobs, 1);
	sqlite_s = bench_sqlite(below(argv[1], "sqlite"), event, jobs);
	printf("{\"jobs\": %llu, \"submit_per_s\": %.0f, \"submit_one_vector_per_s\": %.0f, ",
	       (unsigned long long)jobs, (double)jobs / store_s, (double)jobs / single_s);
	printf("\"sqlite_commit_per_s\": %.0f, \"times\": %.2f, ", (double)jobs / sqlite_s,
	       store_s / sqlite_s);
	printf("\"end_per_s\": %.0f, \"start_ms\": %.0f, \"start_ended_ms\": %.0f, ",
	       (double)jobs / ends_s, start_s * 1e3, start_ended_s * 1e3);
	printf("\"rss_max_kib\": %ld}\n", usage.ru_maxrss);
	sd_event_unref(event);
	return EXIT_SUCCESS;
}
