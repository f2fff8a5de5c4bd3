/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The store: jobs, their contents and their results, on disk.
 *
 * What is accepted here is never lost (ISO-10): the callback of an operation comes
 * when its transaction is on disk, not before. Operations that arrive while a commit
 * is under way become one transaction together (group commit).
 *
 * One thread of its own writes; its callbacks are called from the event loop, in the
 * order of the calls. The reading functions at the end answer at once, from the loop's
 * own connection, what the last commit says.
 *
 * All of it lives in one directory, 0700, which belongs to the store:
 *   queue.db          SQLite, WAL; contents of up to STORE_INLINE_MAX bytes, too
 *   content/HEX       contents above that, by SHA-256
 *   reserve            4 MiB of room that only ends, settings and forgetting may use; while they
 *                      cannot be had every new job is refused with -ENOSPC
 *   lock               held for as long as the store is open
 *   queue.db.corrupt-N, content.corrupt-N  what was found broken, set aside
 */
#ifndef LAYBY_AGENT_STORE_H
#define LAYBY_AGENT_STORE_H

#include <layby.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "owner/settings.h"

#define STORE_INLINE_MAX (16 * 1024)
#define STORE_KEY_BYTES 16
#define STORE_DIGEST_BYTES 32
#define STORE_OWNER_MAX 80
/* In place of a user */
#define STORE_EVERYBODY ((uid_t)UINT32_MAX)

struct store;

/* 0 for a limit: none. Bytes are of programs, inputs and outputs as declared. */
struct store_limits {
	/* of one user, of jobs that are held, ended or not */
	uint64_t user_jobs;
	uint64_t user_bytes;
	/* of all users together */
	uint64_t jobs;
	uint64_t bytes;
	/* an ended job and its results are forgotten after that */
	uint64_t retention_us;
};

/*
 * Who may follow whom is in the table in state.c, and only the store's thread writes
 * it. Which queued job runs just now is not on disk: what ran when the agent died is
 * queued when it starts.
 */
enum store_state {
	STORE_QUEUED = 0,
	STORE_FINISHED = 1,
	STORE_FAILED = 2,
	STORE_CANCELLED = 3,
};

/*
 * Bytes on their way in. Either @data (copied by the call that takes it) or, with
 * @data NULL, @fd: an unnamed file of store_file(), or a memfd that nobody changes
 * any more; the store duplicates it.
 */
struct store_content {
	const void *data;
	int fd;
	uint64_t size;
	/* its SHA-256, if it is known */
	const uint8_t *digest;
};

/* What is asked for; as submitted, and the same for as long as the job is held. */
struct store_request {
	uid_t uid;
	/* all zero: none was given, the store makes one */
	uint8_t key[STORE_KEY_BYTES];
	uint64_t output_sizes[LAYBY_MAX_OUTPUTS];
	uint32_t input_count;
	uint32_t output_count;
	uint64_t longest_run_us;
	/* 0 to 9, the higher the sooner; among equals of a deadline */
	uint32_t priority;
	/* how often it may be started again after a failure that could be its own */
	uint32_t retries;
	/* CLOCK_REALTIME in microseconds; not begun by then it fails; 0: none */
	uint64_t deadline_us;
	bool interactive;
	/* if not, forgotten by store_disown() of its owner */
	bool linger;
	/* the connection that submitted it, "BUS-ID/:1.42" */
	char owner[STORE_OWNER_MAX];
};

struct store_new {
	struct store_request request;
	struct store_content program;
	struct store_content inputs[LAYBY_MAX_INPUTS];
};

/* A job as it is on disk. */
struct store_job {
	uint64_t number;
	struct store_request request;
	enum store_state state;
	/* of its contents, in the order program, inputs */
	uint64_t program_size;
	uint64_t input_sizes[LAYBY_MAX_INPUTS];
	uint8_t program_digest[STORE_DIGEST_BYTES];
	/* CLOCK_REALTIME in microseconds; @ended_us 0: has not */
	uint64_t queued_us;
	uint64_t ended_us;
	/* of those that failed and may have been its own fault, so far */
	uint32_t attempts;
	uint32_t reclaims;
	/* once it ended: as layby_report's; @ran: there is a report */
	int result;
	bool ran;
	struct layby_report report;
	uint64_t ticks_hz;
	char reason[24];
	char message[160];
};

/* How a job ended. @outputs: memfds, store_request.output_count of them, if it finished. */
struct store_outcome {
	enum store_state state;
	int result;
	bool ran;
	struct layby_report report;
	uint64_t ticks_hz;
	uint32_t attempts;
	uint32_t reclaims;
	char reason[24];
	char message[160];
	struct store_content outputs[LAYBY_MAX_OUTPUTS];
};

/*
 * Opens or makes what is in @directory; a database that is broken is set aside, with
 * a log line that says where. Errors: those of the file system; -EBUSY another agent
 * has it open; -EPROTO it was made by a newer version, and was left as it is.
 */
int store_open(const char *directory, sd_event *event, const struct store_limits *limits,
	       struct store **ret_store);

/* For what is called from now on; of what is held nothing changes. */
void store_set_limits(struct store *store, const struct store_limits *limits);

/*
 * Waits until all operations are on disk; their callbacks are not called any more. Not
 * to be called from a callback.
 */
void store_close(struct store *store);

/* An unnamed file of @size bytes beside the contents, all its blocks allocated; or -ENOSPC. */
int store_file(struct store *store, uint64_t size);

/*
 * --- Operations: some errors at once, the rest to @done -------------------------------
 *
 * At once: -ENOMEM; -EBUSY too many under way; -EINVAL a number, or the sum of the sizes,
 * does not fit what is said above, or an output is empty; those of duplicating a
 * descriptor. Then @done is not called. To @done of every one: -ENOSPC, -EROFS, -EIO it
 * cannot be kept; -EBADMSG the database is broken, the next store_open() will set it
 * aside.
 */

/*
 * Of one job of store_submit(): 0, then @number is the new one; 1, then it is that of
 * the job that the same user gave the same key and content; or
 *   -EEXIST   same user, same key, other content
 *   -EDQUOT   user_jobs or user_bytes; -ENOBUFS jobs or bytes of all
 *   -EINVAL   a content is shorter than its size, or was changed meanwhile
 */
struct store_submitted {
	int result;
	uint64_t number;
};

/* @results in the order of @jobs; each job is accepted or refused for itself. */
typedef void (*store_submitted_fn)(void *userdata, const struct store_submitted *results,
				   size_t count);
int store_submit(struct store *store, const struct store_new *jobs, size_t count,
		 store_submitted_fn done, void *userdata);

/*
 * @done: 0; -ENOENT no such job; -EALREADY it had ended before; -EINVAL that is no end,
 * or the outputs of a finished job are not of the sizes that it declared
 */
typedef void (*store_done_fn)(void *userdata, int result);
int store_end(struct store *store, uint64_t number, const struct store_outcome *outcome,
	      store_done_fn done, void *userdata);
/* Of a job that goes on: attempts and reclaims so far. */
int store_count(struct store *store, uint64_t number, uint32_t attempts, uint32_t reclaims,
		store_done_fn done, void *userdata);
/* Forget a job that has ended, and its contents. -EBUSY: it has not ended. */
int store_release(struct store *store, uint64_t number, store_done_fn done, void *userdata);

/* The owner's settings take the place of those before. */
int store_keep_settings(struct store *store, const struct owner_settings *settings,
			store_done_fn done, void *userdata);

/*
 * The next two are done in steps, each on disk for itself: operations that are called
 * later may come before their end.
 */
/* Forget all jobs of @owner that do not linger; those that had not ended end, cancelled. */
int store_disown(struct store *store, const char *owner, store_done_fn done, void *userdata);
/* Forget what ended longer ago than the retention; delete contents that nobody needs. */
int store_expire(struct store *store, uint64_t now_us, store_done_fn done, void *userdata);

/* --- Reading: -ENOENT and such, else what sqlite says of the disk: -EIO, -EBADMSG ----- */

/* -ENOENT: no such job */
int store_get(struct store *store, uint64_t number, struct store_job *ret_job);

/*
 * The next @max queued jobs of @uid to start, best first: the earliest deadline, then
 * the highest priority, then the oldest; behind the one that is given as @after
 * (NULL: from the first). Returns how many.
 */
int store_next(struct store *store, uid_t uid, const struct store_job *after,
	       struct store_job *ret_jobs, size_t max);

/* Numbers of @uid's jobs (STORE_EVERYBODY: all) above @after, ascending. Returns how many. */
int store_list(struct store *store, uid_t uid, uint64_t after, uint64_t *ret_numbers, size_t max);

/* Users that have queued jobs. Returns how many. */
int store_users(struct store *store, uid_t *ret_uids, size_t max);

/* The next owner behind @after ("": the first) of a job that does not linger. -ENOENT: no more */
int store_next_owner(struct store *store, const char *after,
		     char ret_owner[static STORE_OWNER_MAX]);

enum store_role {
	STORE_PROGRAM,
	STORE_INPUT,
	STORE_OUTPUT,
};

/*
 * A content, open for reading: a file of the directory, or a sealed memfd. -ENOENT: no
 * such job or content; -EBADMSG: its bytes are not those of its digest any more (checked
 * for what is in the database; a file's only by its size).
 */
int store_read(struct store *store, uint64_t number, enum store_role role, uint32_t index);

/*
 * What store_keep_settings() kept last. -ENOENT: none ever were; -EBADMSG: what is there
 * is not right, or they were in a database that was set aside.
 */
int store_settings(struct store *store, struct owner_settings *ret_settings);

struct store_totals {
	uint64_t queued;
	uint64_t held;
	uint64_t bytes;
	/* ended since the store was made, also those forgotten */
	uint64_t ended;
};
int store_totals(struct store *store, uid_t uid, struct store_totals *ret_totals);

#endif
