// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The store killed at random moments under load (ISO-10): what was answered is there,
 * once, with its bytes, and ended as was answered; each end has one row in the ledger.
 *
 *   test_store_kill [DIRECTORY [KILLS [SEED]]]
 *
 * A child submits, ends, counts and releases, and writes what it is about to do and what
 * it was answered to a pipe, which outlives it. The parent kills it, opens the store and
 * compares; the next child goes on in the same store. What was called and not answered
 * may have happened or not, but wholly, and both are taken.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "store/internal.h"
#include "store_fixture.h"
#include "util.h"


#define UID 1000
#define JOBS_MAX (1 << 20)
#define VECTOR 8
/* So that the directory stays small: more are not held. */
#define HELD_MAX 300

enum note_kind {
	NOTE_SUBMIT,
	NOTE_SUBMITTED,
	NOTE_END,
	NOTE_ENDED,
	NOTE_RELEASE,
	NOTE_RELEASED,
};

struct note {
	enum note_kind kind;
	uint64_t seed;
	uint64_t number;
	int detail;
};

/* What the notes say of the job of a seed. */
struct known {
	uint64_t number;
	bool called;
	bool answered;
	bool end_called;
	bool end_answered;
	bool release_called;
	bool release_answered;
	/* it was looked for, and is not there: nothing of it may come back */
	bool gone;
	enum store_state state;
};

static struct known *jobs;
static uint64_t first_seed, next_seed;
static char directory[256];
static unsigned int failures;
static uint64_t answered_total, ended_total;
/* called, not answered, and found to have happened or not */
static uint64_t happened_total, undone_total;

#define problem(...)                                           \
	do {                                                   \
		printf("# " __VA_ARGS__);                      \
		putchar('\n');                                 \
		failures++;                                    \
	} while (0)

/* Some are in the database, some are files. */
static size_t size_of_input(uint64_t seed)
{
	return seed % 2 ? 200 + seed % 3000 : STORE_INLINE_MAX + 1 + seed % 30000;
}

static enum store_state state_of(uint64_t seed)
{
	return (enum store_state)(1 + seed % 3);
}

/* --- the child -------------------------------------------------------------------- */

struct child {
	struct store *store;
	int pipe;
	unsigned int random;
	unsigned int under_way;
};

struct call {
	struct child *child;
	enum note_kind kind;
	uint64_t seeds[VECTOR];
	size_t count;
};

static void tell(struct child *child, enum note_kind kind, uint64_t seed, uint64_t number,
		 int detail)
{
	struct note note = { kind, seed, number, detail };

	if (write(child->pipe, &note, sizeof(note)) != sizeof(note))
		_exit(3);
}

static void on_submitted(void *userdata, const struct store_submitted *results, size_t count)
{
	struct call *call = userdata;
	size_t i;

	for (i = 0; i < count; i++) {
		if (results[i].result)
			_exit(4);
		tell(call->child, NOTE_SUBMITTED, call->seeds[i], results[i].number, 0);
		jobs[call->seeds[i]].number = results[i].number;
		jobs[call->seeds[i]].answered = true;
	}
	call->child->under_way--;
	free(call);
}

static void on_done(void *userdata, int result)
{
	struct call *call = userdata;
	struct known *job = &jobs[call->seeds[0]];

	if (result)
		_exit(5);
	tell(call->child, call->kind, call->seeds[0], job->number, 0);
	if (call->kind == NOTE_ENDED)
		job->end_answered = true;
	call->child->under_way--;
	free(call);
}

static struct call *new_call(struct child *child, enum note_kind kind, uint64_t seed)
{
	struct call *call = calloc(1, sizeof(*call));

	if (!call)
		_exit(6);
	*call = (struct call){ child, kind, { seed }, 0 };
	child->under_way++;
	return call;
}

static void submit_some(struct child *child)
{
	struct call *call = new_call(child, NOTE_SUBMITTED, 0);
	struct store_new vector[VECTOR];
	struct job_bytes bytes[VECTOR];
	size_t i;

	call->count = 1 + (size_t)rand_r(&child->random) % VECTOR;
	for (i = 0; i < call->count; i++) {
		call->seeds[i] = next_seed;
		jobs[next_seed].called = true;
		vector[i] = new_job(&bytes[i], UID, next_seed, size_of_input(next_seed));
		tell(child, NOTE_SUBMIT, next_seed++, 0, 0);
	}
	if (store_submit(child->store, vector, call->count, on_submitted, call) < 0)
		_exit(7);
	for (i = 0; i < call->count; i++)
		job_bytes_fini(&bytes[i]);
}

static void end_one(struct child *child, uint64_t seed)
{
	struct call *call = new_call(child, NOTE_ENDED, seed);
	struct store_outcome outcome;
	uint8_t output[OUTPUT_SIZE];

	fill(output, sizeof(output), ~seed);
	make_outcome(&outcome, state_of(seed), output);
	jobs[seed].end_called = true;
	tell(child, NOTE_END, seed, jobs[seed].number, (int)state_of(seed));
	if (store_end(child->store, jobs[seed].number, &outcome, on_done, call) < 0)
		_exit(8);
}

static void release_one(struct child *child, uint64_t seed)
{
	struct call *call = new_call(child, NOTE_RELEASED, seed);

	jobs[seed].release_called = true;
	tell(child, NOTE_RELEASE, seed, jobs[seed].number, 0);
	if (store_release(child->store, jobs[seed].number, on_done, call) < 0)
		_exit(9);
}

/* A job that the child knows of: on it goes, whatever its state is. */
static void move_on(struct child *child, uint64_t seed)
{
	struct known *job = &jobs[seed];

	if (!job->answered || job->gone)
		return;
	if (!job->end_called)
		end_one(child, seed);
	else if (job->end_answered && !job->release_called)
		release_one(child, seed);
}

static void child_step(struct child *child)
{
	uint64_t held = next_seed - first_seed;
	int i;

	if (held < HELD_MAX && rand_r(&child->random) % 3)
		submit_some(child);
	for (i = 0; i < 6 && held; i++)
		move_on(child, first_seed + (uint64_t)rand_r(&child->random) % held);
	while (first_seed < next_seed && (jobs[first_seed].release_called || jobs[first_seed].gone))
		first_seed++;
	if (held >= HELD_MAX)
		move_on(child, first_seed);
}

static void child_main(int pipe, unsigned int random)
{
	struct child child = { .pipe = pipe, .random = random };
	const struct store_limits limits = {};
	sd_event *event;

	if (sd_event_new(&event) < 0 || store_open(directory, event, &limits, &child.store) < 0)
		_exit(10);
	for (;;) {
		while (child.under_way < 20)
			child_step(&child);
		if (sd_event_run(event, UINT64_MAX) < 0)
			_exit(11);
	}
}

/* --- the parent ------------------------------------------------------------------- */

static void take_note(const struct note *note)
{
	struct known *job = &jobs[note->seed];

	switch (note->kind) {
	case NOTE_SUBMIT:
		job->called = true;
		next_seed = note->seed + 1;
		break;
	case NOTE_SUBMITTED:
		job->answered = true;
		job->number = note->number;
		answered_total++;
		break;
	case NOTE_END:
		job->end_called = true;
		job->state = (enum store_state)note->detail;
		break;
	case NOTE_ENDED:
		job->end_answered = true;
		ended_total++;
		break;
	case NOTE_RELEASE:
		job->release_called = true;
		break;
	case NOTE_RELEASED:
		job->release_answered = true;
		break;
	}
}

/* Returns how many there were. */
static unsigned int take_notes(int pipe)
{
	struct note note;
	unsigned int count = 0;

	for (; read(pipe, &note, sizeof(note)) == sizeof(note); count++)
		take_note(&note);
	return count;
}

static unsigned int listen_for(int pipe, int us)
{
	uint64_t end = now_us(CLOCK_MONOTONIC) + (uint64_t)us;
	unsigned int count = 0;

	do {
		poll(&(struct pollfd){ pipe, POLLIN, 0 }, 1, 1);
		count += take_notes(pipe);
	} while (now_us(CLOCK_MONOTONIC) < end);
	return count;
}

/*
 * Listening, so that the child never waits for it. By what the child did and not by time
 * alone: a slow host must not have all kills in the opening. Some are there.
 */
static void let_work(int pipe, unsigned int *random)
{
	unsigned int notes = rand_r(random) % 8 ? (unsigned int)rand_r(random) % 300 : 0;
	uint64_t gone_us = now_us(CLOCK_MONOTONIC) + 30 * USEC_PER_SEC;
	unsigned int count = 0;

	while (count < notes && now_us(CLOCK_MONOTONIC) < gone_us)
		count += listen_for(pipe, 0);
	listen_for(pipe, rand_r(random) % 20000);
}

static void run_and_kill(unsigned int *random)
{
	int fds[2], status;
	pid_t child;

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		exit(EXIT_FAILURE);
	fflush(stdout);
	child = fork();
	if (!child) {
		fcntl(fds[1], F_SETFL, 0);
		child_main(fds[1], (unsigned int)rand_r(random));
	}
	close(fds[1]);
	let_work(fds[0], random);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		problem("the child ended by itself, status 0x%x", (unsigned int)status);
	take_notes(fds[0]);
	close(fds[0]);
}

static void check_bytes(struct store *store, uint64_t seed, const struct store_job *held)
{
	struct job_bytes bytes;
	size_t size = size_of_input(seed);
	uint8_t output[OUTPUT_SIZE];

	new_job(&bytes, UID, seed, size);
	fill(output, sizeof(output), ~seed);
	if (compare(store, held->number, STORE_PROGRAM, 0, bytes.program, PROGRAM_SIZE))
		problem("job %lu: another program", (unsigned long)held->number);
	if (compare(store, held->number, STORE_INPUT, 0, bytes.input, size))
		problem("job %lu: another input", (unsigned long)held->number);
	if (held->state == STORE_FINISHED &&
	    compare(store, held->number, STORE_OUTPUT, 0, output, OUTPUT_SIZE))
		problem("job %lu: another output", (unsigned long)held->number);
	job_bytes_fini(&bytes);
}

static void check_state(struct known *job, const struct store_job *held)
{
	unsigned long number = (unsigned long)held->number;

	if (job->end_answered && held->state != job->state)
		problem("job %lu: its end was answered and is lost", number);
	if (held->state != STORE_QUEUED && (!job->end_called || held->state != job->state))
		problem("job %lu: it ended as nobody said", number);
	if (job->release_answered)
		problem("job %lu: it was forgotten, and is there", number);
	job->end_called = held->state != STORE_QUEUED;
	job->end_answered = job->end_called;
	job->release_called = false;
}

/* By its key: numbers of what was not answered are not known. */
static void check_there(struct store *store, uint64_t seed, uint64_t number, uint64_t *held_count)
{
	struct known *job = &jobs[seed];
	struct store_job held;

	(*held_count)++;
	if (job->gone || !job->called)
		problem("seed %lu: nobody submitted it, and it is there", (unsigned long)seed);
	if (job->answered && job->number != number)
		problem("seed %lu: doubled", (unsigned long)seed);
	happened_total += !job->answered;
	job->answered = true;
	job->number = number;
	if (store_get(store, number, &held) < 0) {
		problem("job %lu: cannot be read", (unsigned long)number);
		return;
	}
	check_state(job, &held);
	check_bytes(store, seed, &held);
}

static void check_not_there(uint64_t seed)
{
	struct known *job = &jobs[seed];

	if (job->answered && !job->release_called)
		problem("seed %lu: accepted, and lost", (unsigned long)seed);
	undone_total += !job->answered && !job->gone;
	job->gone = true;
}

/* Numbers by seed, as the store has them. */
static uint64_t find_seed(const struct store_job *held)
{
	uint8_t key[STORE_KEY_BYTES];
	uint64_t seed;

	for (seed = first_seed; seed < next_seed; seed++) {
		key_of(seed, key);
		if (!memcmp(key, held->request.key, sizeof(key)))
			return seed;
	}
	return UINT64_MAX;
}

static void check_held(struct store *store, bool *seen, uint64_t *held_count)
{
	uint64_t number = 0, seed;
	struct store_job held;

	while (store_list(store, UID, number, &number, 1) == 1) {
		seed = store_get(store, number, &held) < 0 ? UINT64_MAX : find_seed(&held);
		if (seed == UINT64_MAX) {
			problem("job %lu: nobody submitted it", (unsigned long)number);
			continue;
		}
		if (seen[seed - first_seed])
			problem("seed %lu: it is there twice", (unsigned long)seed);
		seen[seed - first_seed] = true;
		check_there(store, seed, number, held_count);
	}
}

static uint64_t ask_ledger(struct store *store, const char *sql)
{
	sqlite3_stmt *statement;
	uint64_t answer = UINT64_MAX;

	if (sqlite3_prepare_v2(store->reader.handle, sql, -1, &statement, NULL) == SQLITE_OK &&
	    sqlite3_step(statement) == SQLITE_ROW)
		answer = (uint64_t)sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return answer;
}

static void check_totals(struct store *store, uint64_t held_count)
{
	uint64_t rows = ask_ledger(store, "SELECT count(*) FROM ledger_rows");
	uint64_t different = ask_ledger(store, "SELECT count(DISTINCT job) FROM ledger_rows");
	struct store_totals totals = {};

	if (store_totals(store, UID, &totals) < 0 || totals.held != held_count)
		problem("%lu jobs are there, and counted as %lu", (unsigned long)held_count,
			(unsigned long)totals.held);
	if (rows != totals.ended || different != rows)
		problem("%lu jobs ended, %lu of them are in the ledger, in %lu rows",
			(unsigned long)totals.ended, (unsigned long)different,
			(unsigned long)rows);
}

static void check_all(void)
{
	const struct store_limits limits = {};
	bool *seen = calloc(next_seed - first_seed + 1, sizeof(*seen));
	uint64_t seed, held_count = 0;
	struct store *store = NULL;
	sd_event *event = NULL;

	if (!seen || sd_event_new(&event) < 0 ||
	    store_open(directory, event, &limits, &store) < 0) {
		problem("the store cannot be opened");
		exit(EXIT_FAILURE);
	}
	check_held(store, seen, &held_count);
	for (seed = first_seed; seed < next_seed; seed++)
		if (!seen[seed - first_seed])
			check_not_there(seed);
	check_totals(store, held_count);
	while (first_seed < next_seed && jobs[first_seed].gone)
		first_seed++;
	store_close(store);
	sd_event_unref(event);
	free(seen);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	return remove(path);
}

int main(int argc, char *argv[])
{
	unsigned int random = argc > 3 ? (unsigned int)strtoul(argv[3], NULL, 10) : 1;
	unsigned long kills = argc > 2 ? strtoul(argv[2], NULL, 10) : 50, i;

	snprintf(directory, sizeof(directory), "%s/layby-kill-XXXXXX",
		 argc > 1 ? argv[1] : getenv("TMPDIR") ?: "/tmp");
	jobs = calloc(JOBS_MAX, sizeof(*jobs));
	if (!jobs || !mkdtemp(directory))
		return EXIT_FAILURE;
	for (i = 0; i < kills && !failures && next_seed < JOBS_MAX / 2; i++) {
		run_and_kill(&random);
		check_all();
	}
	/* a kill that interrupts nothing shows nothing */
	if (!failures &&
	    (!answered_total || !ended_total || happened_total + undone_total < kills / 2))
		problem("the kills met no work");
	printf(
		"%s 1 - %lu kills, %lu submissions and %lu ends answered: none lost or doubled; %lu not answered, %lu of them kept\n",
		failures ? "not ok" : "ok", i, (unsigned long)answered_total,
	       (unsigned long)ended_total, (unsigned long)(happened_total + undone_total),
	       (unsigned long)happened_total);
	puts("1..1");
	nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(jobs);
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
