// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A store for one test, removed with all its files at the end.
 */
#include "store_fixture.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int fixture_open(struct store_fixture *f)
{
	return store_open(f->dir, f->event, &f->limits, &f->store);
}

void fixture_close(struct store_fixture *f)
{
	store_close(f->store);
	f->store = NULL;
}

void fixture_reopen(struct store_fixture *f)
{
	fixture_close(f);
	assert_int_equal(fixture_open(f), 0);
}

int store_setup(void **state)
{
	static struct store_fixture f;

	f = (struct store_fixture){};
	snprintf(f.dir, sizeof(f.dir), "%s/layby-store-XXXXXX", getenv("TMPDIR") ?: "/tmp");
	assert_non_null(mkdtemp(f.dir));
	assert_true(sd_event_new(&f.event) >= 0);
	assert_int_equal(fixture_open(&f), 0);
	*state = &f;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	return remove(path);
}

int store_teardown(void **state)
{
	struct store_fixture *f = *state;

	fixture_close(f);
	sd_event_unref(f->event);
	return nftw(f->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void fixture_turn(struct store_fixture *f)
{
	assert_true(sd_event_run(f->event, 1000000) >= 0);
}

/* xorshift64* */
void fill(void *bytes, size_t size, uint64_t seed)
{
	uint8_t *at = bytes;
	size_t i;

	seed = seed * 0x9e3779b97f4a7c15u + 1;
	for (i = 0; i < size; i++) {
		seed ^= seed >> 12;
		seed ^= seed << 25;
		seed ^= seed >> 27;
		at[i] = (uint8_t)((seed * 0x2545f4914f6cdd1du) >> 56);
	}
}

const char *path_of(const struct store_fixture *f, const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	return path;
}

int count_files(const struct store_fixture *f, const char *name)
{
	DIR *directory = opendir(path_of(f, name));
	struct dirent *entry;
	int count = 0;

	assert_non_null(directory);
	while ((entry = readdir(directory)))
		count += entry->d_name[0] != '.';
	closedir(directory);
	return count;
}

void key_of(uint64_t seed, uint8_t ret_key[static STORE_KEY_BYTES])
{
	fill(ret_key, STORE_KEY_BYTES, ~seed);
}

struct store_new new_job(struct job_bytes *bytes, uid_t uid, uint64_t seed, size_t input_size)
{
	struct store_new job = {
		.request = {
			.uid = uid,
			.output_sizes = { OUTPUT_SIZE },
			.input_count = 1,
			.output_count = 1,
			.longest_run_us = 5000,
			.linger = true,
			.owner = "bus/:1.1",
		},
	};

	bytes->input = malloc(input_size);
	assert_non_null(bytes->input);
	fill(bytes->program, PROGRAM_SIZE, 0);
	fill(bytes->input, input_size, seed);
	job.program = (struct store_content){ bytes->program, -1, PROGRAM_SIZE };
	job.inputs[0] = (struct store_content){ bytes->input, -1, input_size };
	key_of(seed, job.request.key);
	return job;
}

void job_bytes_fini(struct job_bytes *bytes)
{
	free(bytes->input);
}

/* --- calls that wait -------------------------------------------------------------- */

struct waiting {
	bool done;
	int result;
	struct store_submitted *results;
	size_t count;
};

static void on_submitted(void *userdata, const struct store_submitted *results, size_t count)
{
	struct waiting *waiting = userdata;

	assert_int_equal(count, waiting->count);
	memcpy(waiting->results, results, count * sizeof(*results));
	waiting->done = true;
}

static void on_done(void *userdata, int result)
{
	struct waiting *waiting = userdata;

	waiting->result = result;
	waiting->done = true;
}

static int wait_for(struct store_fixture *f, struct waiting *waiting, int r)
{
	if (r < 0)
		return r;
	while (!waiting->done)
		fixture_turn(f);
	return waiting->result;
}

void submit_many(struct store_fixture *f, const struct store_new *jobs, size_t count,
		 struct store_submitted *ret_results)
{
	struct waiting waiting = { .results = ret_results, .count = count };

	assert_int_equal(wait_for(f, &waiting,
				  store_submit(f->store, jobs, count, on_submitted, &waiting)),
			 0);
}

int submit(struct store_fixture *f, const struct store_new *job, uint64_t *ret_number)
{
	struct store_submitted result;

	submit_many(f, job, 1, &result);
	*ret_number = result.number;
	return result.result;
}

uint64_t submit_simple(struct store_fixture *f, uid_t uid, uint64_t seed)
{
	struct job_bytes bytes;
	struct store_new job = new_job(&bytes, uid, seed, 64);
	uint64_t number;

	assert_int_equal(submit(f, &job, &number), 0);
	job_bytes_fini(&bytes);
	return number;
}

void make_outcome(struct store_outcome *outcome, enum store_state state, const void *output)
{
	*outcome = (struct store_outcome){
		.state = state,
		.result = state == STORE_FINISHED ? 0 : -EIO,
		.ran = true,
		.report = { .state = LAYBY_REPORT_DONE, .cookie = 11, .energy_uj = 77 },
		.ticks_hz = 1000000,
		.attempts = 1,
		.reclaims = 2,
		.reason = "finished",
		.message = "as it was asked",
	};
	if (state == STORE_FINISHED)
		outcome->outputs[0] = (struct store_content){ output, -1, OUTPUT_SIZE };
}

int end_with(struct store_fixture *f, uint64_t number, const struct store_outcome *outcome)
{
	struct waiting waiting = {};

	return wait_for(f, &waiting, store_end(f->store, number, outcome, on_done, &waiting));
}

int end_as(struct store_fixture *f, uint64_t number, enum store_state state, uint64_t seed)
{
	struct store_outcome outcome;
	uint8_t output[OUTPUT_SIZE];

	fill(output, sizeof(output), ~seed);
	make_outcome(&outcome, state, output);
	return end_with(f, number, &outcome);
}

int release(struct store_fixture *f, uint64_t number)
{
	struct waiting waiting = {};

	return wait_for(f, &waiting, store_release(f->store, number, on_done, &waiting));
}

int expire(struct store_fixture *f, uint64_t now_us)
{
	struct waiting waiting = {};

	return wait_for(f, &waiting, store_expire(f->store, now_us, on_done, &waiting));
}

int disown(struct store_fixture *f, const char *owner)
{
	struct waiting waiting = {};

	return wait_for(f, &waiting, store_disown(f->store, owner, on_done, &waiting));
}

int count_attempts(struct store_fixture *f, uint64_t number, uint32_t attempts, uint32_t reclaims)
{
	struct waiting waiting = {};

	return wait_for(f, &waiting,
			store_count(f->store, number, attempts, reclaims, on_done, &waiting));
}

int compare(struct store *store, uint64_t number, enum store_role role, uint32_t index,
	    const void *bytes, size_t size)
{
	int fd = store_read(store, number, role, index);
	uint8_t *there;
	ssize_t n;
	int r;

	if (fd < 0)
		return fd;
	there = malloc(size + 1);
	assert_non_null(there);
	n = pread(fd, there, size + 1, 0);
	r = n != (ssize_t)size || memcmp(there, bytes, size);
	free(there);
	close(fd);
	return r;
}

sqlite3 *open_beside(const struct store_fixture *f)
{
	sqlite3 *database;

	assert_int_equal(sqlite3_open(path_of(f, "queue.db"), &database), SQLITE_OK);
	sqlite3_busy_timeout(database, 10000);
	return database;
}

void run_sql(const struct store_fixture *f, const char *sql)
{
	sqlite3 *database = open_beside(f);

	assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(database);
}
