// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A storm: four threads, each with a ring and a party on two partitions,
 * submit, cancel, close and reopen at random (with fixed seeds) while the
 * device misbehaves in turns. What is counted: every command gets exactly one
 * completion with a result that it may have, and in the end nothing is left.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"

#define THREADS		4
#define PARTIES		2
#define TAGS		64
#define COMMANDS	(1 << 12)	/* a thread's commands, by user_data */
#define SHORT_JOB	0		/* its time is up after 5 ms */
#define LONG_JOB	1

enum kind { UNUSED, SUBMIT, CANCEL };

struct command {
	enum kind kind;
	uint32_t party, tag, generation;
};

struct slot {
	struct party party;
	uint32_t generation;
	uint64_t cookie[TAGS];		/* of the last submission */
	bool waiting[TAGS];		/* for its completion */
};

struct worker {
	uint32_t index;
	uint32_t random;
	struct io_uring ring;
	struct slot slot[PARTIES];
	struct command command[COMMANDS];
	uint32_t next, pending;
	bool haunted;			/* see check_finished() */
	uint64_t submitted, finished, cancelled, timed_out, busy, failed;
	const char *error;
	int detail;
};

static struct worker worker[THREADS];
static atomic_bool stop;

static uint32_t pick(struct worker *w, uint32_t below)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 17;
	w->random ^= w->random << 5;
	return w->random % below;
}

static bool give_up(struct worker *w, const char *error, int detail)
{
	if (!w->error) {
		w->error = error;
		w->detail = detail;
	}
	return false;
}

/* --- Opening ------------------------------------------------------------------ */

static bool open_slot(struct worker *w, uint32_t index)
{
	struct slot *slot = &w->slot[index];
	int ret;

	ret = party_open_ready(&slot->party, index ? NODE_SECOND : LAYBY_CLASS_DRIVING,
			       5 * MS);
	if (!ret)
		ret = party_prepare(&slot->party, LONG_RUN);
	if (ret < 0)
		return give_up(w, "a party cannot be opened", ret);
	slot->generation++;
	memset(slot->waiting, 0, sizeof(slot->waiting));
	memset(slot->cookie, 0, sizeof(slot->cookie));
	return true;
}

static bool open_ring(struct worker *w)
{
	int ret = ring_open(&w->ring, w->index % RING_MODES);

	return ret ? give_up(w, "a ring cannot be opened", ret) : true;
}

/* --- Commands ------------------------------------------------------------------- */

/* A place in the table, so that a second completion finds it unused. */
static struct command *new_command(struct worker *w, uint32_t *ret_index)
{
	uint32_t i;

	for (i = 0; i < COMMANDS; i++) {
		*ret_index = w->next++ % COMMANDS;
		if (w->command[*ret_index].kind == UNUSED)
			return &w->command[*ret_index];
	}
	return NULL;
}

static void submit_one(struct worker *w, uint32_t party, uint32_t tag)
{
	struct slot *slot = &w->slot[party];
	struct io_uring_sqe *sqe;
	struct command *command;
	uint32_t index;

	if (slot->waiting[tag] || !io_uring_sq_space_left(&w->ring))
		return;
	command = new_command(w, &index);
	if (!command)
		return;
	sqe = ring_job(&w->ring, slot->party.fd, tag, w->submitted++ << 16 | index);
	slot->cookie[tag] = sqe->user_data;
	slot->waiting[tag] = true;
	sqe->user_data = index;
	sqe_submit(sqe)->job = pick(w, 4) ? LONG_JOB : SHORT_JOB;
	sqe_submit(sqe)->flags = pick(w, 2) ? LAYBY_SUBMIT_MORE : 0;
	if (w->index == RING_ASYNC && pick(w, 2))
		sqe->flags |= IOSQE_ASYNC;
	*command = (struct command){ SUBMIT, party, tag, slot->generation };
	w->pending++;
}

static void cancel_one(struct worker *w, uint32_t party, uint32_t tag)
{
	struct slot *slot = &w->slot[party];
	struct io_uring_sqe *sqe;
	struct command *command;
	uint32_t index;

	command = io_uring_sq_space_left(&w->ring) ? new_command(w, &index) : NULL;
	if (!command)
		return;
	sqe = ring_cancel(&w->ring, slot->party.fd, tag, slot->cookie[tag], index);
	if (w->index == RING_ASYNC && pick(w, 2))
		sqe->flags |= IOSQE_ASYNC;
	*command = (struct command){ CANCEL, party, tag, slot->generation };
	w->pending++;
}

/* --- Completions ------------------------------------------------------------------ */

/*
 * The report at the tag is this job's, unless a command of a ring that is gone
 * took the tag over meanwhile: a worker of io_uring's that has begun to issue one
 * goes on after the ring was closed.
 */
static bool check_finished(struct worker *w, const struct command *command, int res)
{
	struct slot *slot = &w->slot[command->party];
	const struct layby_report *report;

	if (command->generation != slot->generation || w->haunted)
		return true;
	report = &slot->party.reports[command->tag];
	if (report_state(&slot->party, command->tag) != LAYBY_REPORT_DONE)
		return give_up(w, "a job ended, its report is not done", res);
	if (report->cookie != slot->cookie[command->tag] || report->result != res)
		return give_up(w, "the report is another job's", report->result);
	return true;
}

static bool took_submit(struct worker *w, const struct command *command, int res)
{
	struct slot *slot = &w->slot[command->party];

	if (command->generation == slot->generation)
		slot->waiting[command->tag] = false;
	switch (res) {
	case 0:
		w->finished++;
		return check_finished(w, command, res);
	case -ETIME:
		w->timed_out++;
		return check_finished(w, command, res);
	case -EIO:
		w->failed++;
		return check_finished(w, command, res);
	case -ECANCELED:
		w->cancelled++;
		return true;
	case -EBUSY:
		w->busy++;
		return true;
	default:
		return give_up(w, "a job got a result that it cannot have", res);
	}
}

static bool took_cancel(struct worker *w, int res)
{
	if (res == 0 || res == -ENOENT || res == -EALREADY)
		return true;
	return give_up(w, "a cancel got a result that it cannot have", res);
}

static bool take(struct worker *w, uint64_t index, int res)
{
	struct command *command, copy;

	if (index >= COMMANDS || w->command[index].kind == UNUSED)
		return give_up(w, "a completion came twice, or for nobody", res);
	command = &w->command[index];
	copy = *command;
	command->kind = UNUSED;
	w->pending--;
	return copy.kind == SUBMIT ? took_submit(w, &copy, res) : took_cancel(w, res);
}

static bool reap(struct worker *w)
{
	struct io_uring_cqe *cqe;
	uint64_t index;
	int res;

	io_uring_get_events(&w->ring);
	while (!io_uring_peek_cqe(&w->ring, &cqe)) {
		index = cqe->user_data;
		res = cqe->res;
		io_uring_cqe_seen(&w->ring, cqe);
		if (!take(w, index, res))
			return false;
	}
	return true;
}

/* --- What a thread does ------------------------------------------------------------- */

static bool do_submit(struct worker *w)
{
	uint32_t party = pick(w, PARTIES), count = 1 + pick(w, 16);
	int ret;

	while (count--)
		submit_one(w, party, pick(w, TAGS));
	ret = io_uring_submit(&w->ring);
	return ret < 0 && ret != -EBUSY ? give_up(w, "io_uring_submit", ret) : true;
}

static bool do_cancel(struct worker *w)
{
	uint32_t party = pick(w, PARTIES), count = 1 + pick(w, 8);

	while (count--)
		cancel_one(w, party, pick(w, TAGS));
	io_uring_submit(&w->ring);
	return true;
}

/*
 * With jobs in flight: their completions still come. The file of a command is
 * looked up when the command is issued, so all must have been.
 */
static bool do_reopen(struct worker *w)
{
	uint32_t party = pick(w, PARTIES);

	while (io_uring_sq_ready(&w->ring)) {
		io_uring_submit(&w->ring);
		if (!reap(w))
			return false;
	}
	party_close(&w->slot[party].party);
	return open_slot(w, party);
}

/* With jobs in flight: nobody hears of them. */
static bool do_ring(struct worker *w)
{
	uint32_t party;

	io_uring_queue_exit(&w->ring);
	memset(w->command, 0, sizeof(w->command));
	w->pending = 0;
	w->haunted = w->index == RING_ASYNC;
	for (party = 0; party < PARTIES; party++)
		memset(w->slot[party].waiting, 0, sizeof(w->slot[party].waiting));
	return open_ring(w);
}

static bool step(struct worker *w)
{
	uint32_t what = pick(w, 1000);

	if (!reap(w))
		return false;
	if (what < 600)
		return do_submit(w);
	if (what < 850)
		return do_cancel(w);
	if (what < 970)
		return usleep(pick(w, 500)) || true;
	/* when a worker has issued a command cannot be seen */
	if (what < 990 && w->index != RING_ASYNC)
		return do_reopen(w);
	return do_ring(w);
}

/* The device behaves again; a doorbell on either slot ends all that hangs. */
static bool drain(struct worker *w)
{
	uint64_t end = now_ns() + 20 * SECOND * time_factor();
	uint32_t party;

	while (w->pending) {
		if (now_ns() > end)
			return give_up(w, "completions do not come", (int)w->pending);
		for (party = 0; party < PARTIES; party++)
			submit_one(w, party, pick(w, TAGS));
		io_uring_submit(&w->ring);
		usleep(2000);
		if (!reap(w))
			return false;
		if (w->pending <= PARTIES)
			break;
	}
	while (w->pending && now_ns() < end) {
		usleep(1000);
		if (!reap(w))
			return false;
	}
	usleep(10000);
	return reap(w) && (w->pending ? give_up(w, "completions are lost", (int)w->pending) : true);
}

static void *run(void *arg)
{
	struct worker *w = arg;
	uint32_t party;
	bool ok;

	w->random = 0x9e3779b9u * (w->index + 1);
	ok = open_ring(w);
	for (party = 0; ok && party < PARTIES; party++)
		ok = open_slot(w, party);
	while (ok && !atomic_load(&stop))
		ok = step(w);
	if (ok)
		drain(w);
	io_uring_queue_exit(&w->ring);
	for (party = 0; party < PARTIES; party++)
		party_close(&w->slot[party].party);
	return NULL;
}

/* --- The device's moods --------------------------------------------------------------- */

static void misbehave(uint32_t mood)
{
	static const unsigned int delay[] = { 0, 20, 300 };

	null_set("delay_us", delay[mood % 3]);
	null_set("hang", mood % 5 == 1);
	null_set("lose_interrupt", mood % 7 == 2);
	null_set("lose_abort", mood % 11 == 3);
}

static void storm(void)
{
	uint64_t end = now_ns() + (time_factor() > 1 ? 20 : 4) * SECOND;
	pthread_t thread[THREADS];
	uint32_t i, mood;

	for (i = 0; i < THREADS; i++) {
		worker[i].index = i;
		assert_int_equal(pthread_create(&thread[i], NULL, run, &worker[i]), 0);
	}
	for (mood = 0; now_ns() < end; mood++) {
		misbehave(mood);
		sleep_ms(3 + mood % 17);
	}
	null_behave();
	atomic_store(&stop, true);
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
}

static void check_empty(uint32_t class)
{
	int fd = (int)must(node_open(class));
	struct layby_partition_info info;

	must(node_query(fd, LAYBY_QUERY_PARTITION, &info, sizeof(info)));
	assert_true(window_becomes_free(fd, (int64_t)info.window_bytes));
	close(fd);
}

static void test_storm(void **state)
{
	uint64_t submitted = 0, finished = 0, cancelled = 0, rest = 0;
	uint32_t i;

	storm();
	for (i = 0; i < THREADS; i++) {
		if (worker[i].error)
			fail_msg("thread %u: %s (%d)", i, worker[i].error, worker[i].detail);
		submitted += worker[i].submitted;
		finished += worker[i].finished;
		cancelled += worker[i].cancelled;
		rest += worker[i].timed_out + worker[i].busy + worker[i].failed;
	}
	print_message("# note: %lu submitted, %lu finished, %lu cancelled, %lu other\n",
		      submitted, finished, cancelled, rest);
	assert_true(finished > 20 && cancelled > 20);
	check_empty(NODE_SECOND);
	check_empty(LAYBY_CLASS_DRIVING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_storm),
	};

	return cmocka_run_group_tests_name("storm", tests, NULL, NULL);
}
