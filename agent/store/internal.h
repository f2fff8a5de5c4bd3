/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of the store share, and who may touch what.
 *
 *   store      one. The event loop's thread owns it; the fields are grouped by who
 *              uses them. There is one lock, and nothing is called with it held
 *   operation  one call of store_submit() and its like. Belongs to the loop until it
 *              is queued, then to the store's thread until it is among the done, then
 *              to the loop again, which calls back and frees it
 *   blob       bytes on their way in, of one operation; jobs of it share them
 */
#ifndef LAYBY_AGENT_STORE_INTERNAL_H
#define LAYBY_AGENT_STORE_INTERNAL_H

#include "store.h"

#include <pthread.h>
#include <sys/queue.h>

#include "lent.h"
#include "night.h"
#include "sql.h"

#define DATABASE "queue.db"
#define CONTENTS "content"

/* "LYBQ", in decimal: it stands in the schema's text, too */
#define APPLICATION_ID 1280918097
#define SCHEMA_VERSION 1

/* Of the table usage: the sum of all users. Nobody can be that user. */
#define EVERYBODY ((uid_t)UINT32_MAX)

/* Operations under way, and the bytes that are held in memory for them. */
#define OPERATIONS_MAX 1024
#define OPERATION_BYTES_MAX (4ull << 20)
/* How many jobs are forgotten in one transaction by what forgets many. */
#define FORGET_STEP 256
#define FORGET_STEP_SCARCE 16
/* Pages in the WAL from which on they are moved into the database. */
#define CHECKPOINT_PAGES 512

struct blob {
	/* NULL: it is in @fd */
	void *data;
	int fd;
	uint64_t size;
	bool hashed;
	uint8_t digest[STORE_DIGEST_BYTES];
};

/* A job of a store_submit(): [0] is the program. */
struct submission {
	struct store_request request;
	struct blob *parts[1 + LAYBY_MAX_INPUTS];
};

enum operation_kind {
	OPERATION_SUBMIT,
	OPERATION_END,
	OPERATION_COUNT,
	OPERATION_RELEASE,
	OPERATION_DISOWN,
	OPERATION_EXPIRE,
	OPERATION_SETTINGS,
	OPERATION_NOTE,
};

/* In the database */
enum span_kind {
	SPAN_DAY,
	SPAN_NIGHT,
};

/* What is added to a day and a night. */
struct use {
	uint64_t energy_uj;
	uint64_t run_us;
	uint64_t tile_us;
	uint64_t jobs;
};

struct operation {
	STAILQ_ENTRY(operation) entries;
	enum operation_kind kind;
	store_done_fn done;
	store_submitted_fn submitted;
	void *userdata;
	int result;
	/* one step of it is on disk, there are more */
	bool unfinished;
	/* to be tried in the room that was kept back */
	bool again;
	/* SUBMIT; END: blobs are the outputs */
	struct submission *jobs;
	struct store_submitted *results;
	size_t job_count;
	struct blob *blobs;
	size_t blob_count;
	uint64_t bytes;
	/* END, COUNT, RELEASE */
	uint64_t number;
	struct store_outcome outcome;
	/* DISOWN */
	char owner[STORE_OWNER_MAX];
	/* EXPIRE */
	uint64_t now_us;
	/* SETTINGS */
	struct owner_settings settings;
	/* NOTE */
	bool has_note;
	struct night_note note;
	struct use spent;
};

STAILQ_HEAD(operations, operation);

/* Files of content/ that perhaps no job names: looked at after the transaction. */
struct doubts {
	uint8_t (*digests)[STORE_DIGEST_BYTES];
	size_t count;
	size_t room;
};

/* What is on its way to the disk, or waits for something else to be written. */
struct notes {
	bool is_heard;
	bool has_next;
	struct night_note next;
	struct use next_spent;
	size_t sent_count;
	struct use sent_spent;
	/* CLOCK_BOOTTIME; 0: never */
	uint64_t sent_us;
};

struct ledger;
struct ledger_key;
struct ledger_row;

struct store {
	/* set before the thread begins, not changed any more */
	char *directory;
	int directory_fd;
	int content_fd;
	int lock_fd;

	/* the loop's */
	struct notes notes;
	struct db reader;
	sd_event_source *wake;
	size_t under_way;
	uint64_t bytes_under_way;

	/* the thread's */
	struct store_limits limits;
	struct db writer;
	struct ledger_key *key;
	struct ledger *ledger;
	/* why it was not done the last time; it is said once */
	int anchor_failed;
	/* when the journal was told of the ledger's head, CLOCK_BOOTTIME */
	uint64_t told_s;
	struct doubts doubts;
	/* files were linked since the last fsync of content/ */
	bool linked;
	int reserve_fd;
	off_t reserve_bytes;
	int wal_pages;
	/* forget little at a time: the disk is full */
	bool scarce;
	uint8_t buffer[64 * 1024];

	/* both's, under @lock */
	pthread_t thread;
	bool started;
	pthread_mutex_t lock;
	pthread_cond_t queued;
	/* of the next batch */
	struct store_limits next_limits;
	struct operations queue;
	struct operations ended;
	struct owner_settings terms;
	bool stopping;
	int event_fd;
};

/* operation.c */
void operation_destroy(struct operation *operation);
struct operation *operation_create(enum operation_kind kind, store_done_fn done, void *userdata);

/* store.c: takes the operation, also when it fails */
int store_queue(struct store *store, struct operation *operation);
/* The same without what waits for another: for that itself */
int store_queue_alone(struct store *store, struct operation *operation);
/* Made if it is not there; 0700 */
int directory_open(int at, const char *path, int *ret_fd);

/* schema.c, corrupt.c: what store_open() makes of the files that are there */
int schema_open(struct store *store);
int schema_open_reader(struct store *store);
/* @problem: why it cannot be used. Moves database and contents out of the way. */
int corrupt_set_aside(struct store *store, const char *problem);
/* Now or before */
bool corrupt_was_set_aside(struct store *store);

/* batch.c: one transaction of all of them */
void batch_run(struct store *store, struct operations *operations);
/* Of an operation, or a part of one, that ended with @result: kept, or undone. */
int batch_savepoint_end(struct store *store, int result);
/* Moves what is in the WAL into the database, once it is much. */
void batch_checkpoint(struct store *store);

/* reserve.c: room that only ends and forgetting may use */
#define RESERVE_BYTES (4 << 20)
int reserve_open(struct store *store);
bool reserve_is_whole(const struct store *store);
void reserve_fill(struct store *store);
/* To that many bytes at most */
void reserve_shrink(struct store *store, off_t bytes);

/*
 * The operations, inside the batch's transaction. They set the results of jobs that
 * are refused; what they return is why the whole of the operation failed.
 */
int submit_apply(struct store *store, struct operation *operation);
int end_apply(struct store *store, struct operation *operation);
int count_apply(struct store *store, struct operation *operation);
/* Whatever it was, it has ended after that. */
int end_disowned(struct store *store, uint64_t number);
int release_apply(struct store *store, struct operation *operation);
int disown_apply(struct store *store, struct operation *operation);
int expire_apply(struct store *store, struct operation *operation);
int settings_apply(struct store *store, struct operation *operation);
int note_apply(struct store *store, struct operation *operation);

/* state.c */
struct held {
	enum store_state state;
	uid_t uid;
	uint64_t bytes;
	uint64_t output_sizes[LAYBY_MAX_OUTPUTS];
};

/* May a job that is @from become @to? 0, -EALREADY (it has ended), -EINVAL */
int state_check(enum store_state from, enum store_state to);
int state_get(struct store *store, uint64_t number, struct held *ret_held);
int state_end(struct store *store, uint64_t number, const struct held *held,
	      const struct store_outcome *outcome);

/* account.c: the ledger. The end is written; before a commit; after it */
int account_open(struct store *store);
void account_close(struct store *store);
int account_add(struct store *store, uint64_t number, const struct store_outcome *outcome);
int account_sign(struct store *store);
void account_settle(struct store *store, bool idle);

/* note.c: before another operation, or the store's end, goes to the thread */
void note_go_along(struct store *store);
/* It came back from there; in the event loop */
void note_done(struct store *store, const struct operation *operation);

/* lent.c */
int lent_open(struct store *store);
/* @uid: whose, or EVERYBODY: nobody's that is counted */
int lent_add(struct store *store, const struct use *use, uid_t uid, uint64_t at_us);
/* Price and currency of @row, by its time */
void lent_price(struct store *store, struct ledger_row *row);
int lent_add_row(struct store *store, const struct ledger_row *row);
uint64_t lent_us(uint64_t ticks, uint64_t ticks_hz);
struct owner_settings lent_terms(struct store *store);
uint32_t lent_day(const struct owner_settings *terms, uint64_t at_us);
/* What is older than the last STORE_SPANS_MAX of them */
int lent_forget(struct store *store, enum span_kind kind, uint64_t last);

/* lent_read.c: of a row with a night's columns */
struct night night_read(sqlite3_stmt *row);

/* usage.c: what each user, and all, hold */
struct usage {
	int64_t queued;
	int64_t held;
	int64_t bytes;
	int64_t ended;
};

int usage_add(struct store *store, uid_t uid, const struct usage *more);
/* 0, or why one more job of @bytes may not be held: -EDQUOT, -ENOBUFS */
int usage_check(struct store *store, uid_t uid, uint64_t bytes);

/* contents.c */
int contents_open(struct store *store);
int blob_hash(struct store *store, struct blob *blob);
/* Inside a transaction: the blob is kept, or was before. */
int content_keep(struct store *store, struct blob *blob, int64_t *ret_id);
/* Inside a transaction: forgotten, unless another job names it. */
int content_forget(struct store *store, int64_t id);
/* Before a transaction ends well: its files are on disk. */
int contents_sync(struct store *store);
/* After a transaction, however it ended: files that nobody names are deleted. */
void contents_settle(struct store *store);

/* file.c: files of content/ */
#define CONTENT_NAME_SIZE (2 * STORE_DIGEST_BYTES + 1)
void content_name(const uint8_t digest[static STORE_DIGEST_BYTES],
		  char ret_name[static CONTENT_NAME_SIZE]);
int content_digest(const char *name, uint8_t ret_digest[static STORE_DIGEST_BYTES]);
int file_keep(struct store *store, struct blob *blob);
ssize_t blob_read(const struct blob *blob, uint64_t offset, void *buffer, size_t size);

#endif
