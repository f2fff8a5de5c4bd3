// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Submissions: a job is taken, found to be there, or refused, each for itself and with
 * nothing of a refused one left behind.
 *
 * One key of one user is one job (ISO-10): what was asked for is condensed into a
 * digest, and the same key with another digest is an error.
 */
#include "internal.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "util.h"

/* All that makes a job what it is, in one order, without padding: 64-bit words. */
struct asked {
	uint64_t program_size;
	uint8_t program[STORE_DIGEST_BYTES];
	uint64_t input_count;
	struct {
		uint64_t size;
		uint8_t digest[STORE_DIGEST_BYTES];
	} inputs[LAYBY_MAX_INPUTS];
	uint64_t output_count;
	uint64_t output_sizes[LAYBY_MAX_OUTPUTS];
	uint64_t longest_run_us;
	uint64_t priority;
	uint64_t retries;
	uint64_t deadline_us;
	uint64_t interactive;
};

static int hash_parts(struct store *store, const struct submission *job)
{
	uint32_t i;
	int r;

	for (i = 0; i <= job->request.input_count; i++) {
		r = blob_hash(store, job->parts[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

static void condense(const struct submission *job, uint8_t ret_asked[static STORE_DIGEST_BYTES])
{
	const struct store_request *request = &job->request;
	struct asked asked = {
		.program_size = job->parts[0]->size,
		.input_count = request->input_count,
		.output_count = request->output_count,
		.longest_run_us = request->longest_run_us,
		.priority = request->priority,
		.retries = request->retries,
		.deadline_us = request->deadline_us,
		.interactive = request->interactive,
	};
	uint32_t i;

	memcpy(asked.program, job->parts[0]->digest, STORE_DIGEST_BYTES);
	for (i = 0; i < request->input_count; i++) {
		asked.inputs[i].size = job->parts[1 + i]->size;
		memcpy(asked.inputs[i].digest, job->parts[1 + i]->digest, STORE_DIGEST_BYTES);
	}
	for (i = 0; i < request->output_count; i++)
		asked.output_sizes[i] = request->output_sizes[i];
	crypto_hash_sha256(ret_asked, (const uint8_t *)&asked, sizeof(asked));
}

/* Returns 1 if the job is there, with its number. */
static int find_same(struct store *store, const struct submission *job, const uint8_t *asked,
		     uint64_t *ret_number)
{
	_cleanup_sql_ sqlite3_stmt *row = NULL;
	uint8_t before[STORE_DIGEST_BYTES];
	int r;

	r = sql_start(&store->writer, SQL_JOB_BY_KEY,
		      VALUES(INTEGER(job->request.uid), BLOB(job->request.key, STORE_KEY_BYTES)),
		      &row);
	if (r < 0)
		return r;
	r = sql_step(row);
	if (r <= 0)
		return r;
	r = sql_bytes(row, 1, before, sizeof(before));
	if (r < 0)
		return r;
	if (memcmp(before, asked, sizeof(before)))
		return -EEXIST;
	*ret_number = (uint64_t)sqlite3_column_int64(row, 0);
	return 1;
}

static uint64_t sum_bytes(const struct submission *job)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i <= job->request.input_count; i++)
		sum += job->parts[i]->size;
	for (i = 0; i < job->request.output_count; i++)
		sum += job->request.output_sizes[i];
	return sum;
}

static int add_job(struct store *store, const struct submission *job, const uint8_t *asked,
		   uint64_t *ret_number)
{
	const struct store_request *request = &job->request;
	int r;

	r = sql_run(&store->writer, SQL_JOB_ADD,
		    VALUES(INTEGER(request->uid), BLOB(request->key, STORE_KEY_BYTES),
			   BLOB(asked, STORE_DIGEST_BYTES), INTEGER(sum_bytes(job)),
			   BLOB(request->output_sizes,
				request->output_count * sizeof(uint64_t)),
			   INTEGER(request->input_count), INTEGER(request->longest_run_us),
			   INTEGER(-(int64_t)request->priority), INTEGER(request->retries),
			   INTEGER(request->deadline_us ?: INT64_MAX),
			   INTEGER(request->interactive), INTEGER(request->linger),
			   TEXT(request->owner), INTEGER(now_us(CLOCK_REALTIME))));
	if (r < 0)
		return r;
	*ret_number = (uint64_t)sqlite3_last_insert_rowid(store->writer.handle);
	return 0;
}

static int add_part(struct store *store, uint64_t number, uint32_t part, struct blob *blob)
{
	int64_t content;
	int r;

	r = content_keep(store, blob, &content);
	if (r < 0)
		return r;
	r = sql_run(&store->writer, SQL_PART_ADD,
		    VALUES(INTEGER(number), INTEGER(part ? STORE_INPUT : STORE_PROGRAM),
			   INTEGER(part ? part - 1 : 0), INTEGER(content)));
	return r < 0 ? r : 0;
}

static int add_whole(struct store *store, const struct submission *job, const uint8_t *asked,
		     uint64_t *ret_number)
{
	uint32_t i;
	int r;

	r = add_job(store, job, asked, ret_number);
	for (i = 0; r >= 0 && i <= job->request.input_count; i++)
		r = add_part(store, *ret_number, i, job->parts[i]);
	if (r < 0)
		return r;
	return usage_add(store, job->request.uid,
			 &(struct usage){
				 .queued = 1,
				 .held = 1,
				 .bytes = (int64_t)sum_bytes(job),
			 });
}

/* Returns 0 added, 1 it is there, or why it is refused. */
static int submit_one(struct store *store, struct submission *job, uint64_t *ret_number)
{
	static const uint8_t no_key[STORE_KEY_BYTES];
	uint8_t asked[STORE_DIGEST_BYTES];
	int r;

	r = hash_parts(store, job);
	if (r < 0)
		return r;
	condense(job, asked);
	if (!memcmp(job->request.key, no_key, STORE_KEY_BYTES))
		randombytes_buf(job->request.key, STORE_KEY_BYTES);
	r = find_same(store, job, asked, ret_number);
	if (r)
		return r;
	/* the last room is for those that are there */
	if (!reserve_is_whole(store))
		return -ENOSPC;
	r = usage_check(store, job->request.uid, sum_bytes(job));
	return r < 0 ? r : add_whole(store, job, asked, ret_number);
}

int submit_apply(struct store *store, struct operation *operation)
{
	size_t i;
	int r;

	for (i = 0; i < operation->job_count; i++) {
		struct store_submitted *result = &operation->results[i];

		r = sql_run(&store->writer, SQL_SAVE, NO_VALUES);
		if (r < 0)
			return r;
		*result = (struct store_submitted){};
		result->result = submit_one(store, &operation->jobs[i], &result->number);
		r = batch_savepoint_end(store, result->result);
		if (r < 0)
			return r;
		if (result->result < 0)
			result->number = 0;
	}
	return 0;
}
