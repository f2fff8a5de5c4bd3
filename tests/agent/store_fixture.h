/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A store in a directory of its own, and calls that wait for their callback. Contents
 * are made from a number, so that what comes back can be compared without keeping it.
 */
#ifndef LAYBY_TESTS_STORE_FIXTURE_H
#define LAYBY_TESTS_STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <sqlite3.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/store.h"

#define PROGRAM_SIZE 700
#define OUTPUT_SIZE 96

struct store_fixture {
	char dir[64];
	sd_event *event;
	struct store *store;
	struct store_limits limits;
};

int store_setup(void **state);
int store_teardown(void **state);
int fixture_open(struct store_fixture *f);
void fixture_close(struct store_fixture *f);
void fixture_reopen(struct store_fixture *f);
/* One turn of the loop, at most a second. */
void fixture_turn(struct store_fixture *f);
/* Bytes of @seed; the same for the same. */
void fill(void *bytes, size_t size, uint64_t seed);
/* The path of a file of the store; valid until the next call. */
const char *path_of(const struct store_fixture *f, const char *name);
/* Of the test's own: the store's connections are its threads'. */
sqlite3 *open_beside(const struct store_fixture *f);
void run_sql(const struct store_fixture *f, const char *sql);
int count_files(const struct store_fixture *f, const char *name);
void key_of(uint64_t seed, uint8_t ret_key[static STORE_KEY_BYTES]);

/* A job of user @uid: one program for all, one input of @seed; what it points to is kept. */
struct job_bytes {
	uint8_t program[PROGRAM_SIZE];
	uint8_t *input;
};

struct store_new new_job(struct job_bytes *bytes, uid_t uid, uint64_t seed, size_t input_size);
void job_bytes_fini(struct job_bytes *bytes);

/* The result; *ret_number 0 when refused. */
int submit(struct store_fixture *f, const struct store_new *job, uint64_t *ret_number);
/* A small job of that user, which must be accepted. */
uint64_t submit_simple(struct store_fixture *f, uid_t uid, uint64_t seed);
void submit_many(struct store_fixture *f, const struct store_new *jobs, size_t count,
		 struct store_submitted *ret_results);
int end_as(struct store_fixture *f, uint64_t number, enum store_state state, uint64_t seed);
int end_with(struct store_fixture *f, uint64_t number, const struct store_outcome *outcome);
int release(struct store_fixture *f, uint64_t number);
int expire(struct store_fixture *f, uint64_t now_us);
int disown(struct store_fixture *f, const char *owner);
int count_attempts(struct store_fixture *f, uint64_t number, uint32_t attempts, uint32_t reclaims);
void make_outcome(struct store_outcome *outcome, enum store_state state, const void *output);

/* Is that content these bytes? 0, or what store_read() said; 1 they differ */
int compare(struct store *store, uint64_t number, enum store_role role, uint32_t index,
	    const void *bytes, size_t size);

#define TEST(f) cmocka_unit_test_setup_teardown(f, store_setup, store_teardown)

#endif
