// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Commands that must be refused: each one through every way in which a command
 * can reach the kernel, with everything else in it valid.
 */
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "check.h"

#define BUSY_TAG	9	/* in flight while a case runs */
#define FREE_TAG	3

struct bad {
	const char *name;
	void (*spoil)(struct io_uring_sqe *sqe, uint64_t value);
	uint64_t value;
	int want;
	bool cancel;	/* the command is CANCEL of the job in flight */
};

static void command(struct io_uring_sqe *sqe, uint64_t value)
{
	sqe->cmd_op = (uint32_t)value;
}

static void address(struct io_uring_sqe *sqe, uint64_t value) { sqe->addr = value; }
static void length(struct io_uring_sqe *sqe, uint64_t value) { sqe->len = (uint32_t)value; }

/* A registered buffer: buf_index 0 is there, see with_ring(). */
static void fixed(struct io_uring_sqe *sqe, uint64_t value)
{
	sqe->uring_cmd_flags = IORING_URING_CMD_FIXED;
}

static void uring_flag(struct io_uring_sqe *sqe, uint64_t value)
{
	sqe->uring_cmd_flags = (uint32_t)value;
}

static void job(struct io_uring_sqe *sqe, uint64_t value)
{
	sqe_submit(sqe)->job = (uint32_t)value;
}

static void tag(struct io_uring_sqe *sqe, uint64_t value)
{
	sqe_submit(sqe)->tag = (uint16_t)value;
}

static void flags(struct io_uring_sqe *sqe, uint64_t value)
{
	sqe_submit(sqe)->flags = (uint16_t)value;
}

static void cancel_tag(struct io_uring_sqe *sqe, uint64_t value)
{
	sqe_cancel(sqe)->tag = (uint32_t)value;
}

static void cancel_flags(struct io_uring_sqe *sqe, uint64_t value)
{
	sqe_cancel(sqe)->flags = (uint32_t)value;
}

static void cancel_cookie(struct io_uring_sqe *sqe, uint64_t value)
{
	sqe_cancel(sqe)->cookie = value;
}

static const struct bad bad[] = {
	{ "command 0", command, 0, -EOPNOTSUPP },
	{ "command 3", command, 3, -EOPNOTSUPP },
	{ "command at the end", command, UINT32_MAX, -EOPNOTSUPP },
	{ "addr", address, 4096, -EINVAL },
	{ "len", length, 1, -EINVAL },
	{ "fixed buffer", fixed, 0, -EINVAL },
	{ "unknown uring_cmd flag", uring_flag, 2, -EINVAL },
	{ "flag 1", flags, 2, -EINVAL },
	{ "flag 15", flags, 1 << 15, -EINVAL },
	{ "tag past the last", tag, 64, -EINVAL },
	{ "tag at the end", tag, UINT16_MAX, -EINVAL },
	{ "tag in flight", tag, BUSY_TAG, -EBUSY },
	{ "job not prepared", job, 1, -ENOENT },
	{ "job past the last", job, 128, -ENOENT },
	{ "job at the end", job, UINT32_MAX, -ENOENT },
	{ "cancel addr", address, 4096, -EINVAL, true },
	{ "cancel len", length, 1, -EINVAL, true },
	{ "cancel fixed buffer", fixed, 0, -EINVAL, true },
	{ "cancel flags", cancel_flags, 1, -EINVAL, true },
	{ "cancel tag past the last", cancel_tag, 64, -EINVAL, true },
	{ "cancel tag at the end", cancel_tag, UINT32_MAX, -EINVAL, true },
	{ "cancel tag not in flight", cancel_tag, FREE_TAG, -ENOENT, true },
	{ "cancel cookie unknown", cancel_cookie, 1, -ENOENT, true },
};

#define BADS (sizeof(bad) / sizeof(bad[0]))

struct bad_test {
	const struct bad *bad;
	enum ring_mode mode;
};

enum { COOKIE_BUSY = 100, COOKIE_BAD, COOKIE_NEXT };

static struct party party;
static struct io_uring ring;
static char memory[PAGE];

/* A party with one job that hangs, and a ring of the test's mode. */
static void set_up(enum ring_mode mode)
{
	struct iovec vector = { memory, sizeof(memory) };

	must(party_open_ready(&party, NODE_SECOND, LONG_RUN));
	must(ring_open(&ring, mode));
	must(io_uring_register_buffers(&ring, &vector, 1));
	must(null_set("hang", 1));
	ring_job(&ring, party.fd, BUSY_TAG, COOKIE_BUSY);
	must(io_uring_submit(&ring));
	while (report_state(&party, BUSY_TAG) != LAYBY_REPORT_IN_FLIGHT)
		sleep_ms(1);
	/* takes the queue's lock: the doorbell, which looks at hang, has been rung */
	must_give(job_unprepare(party.fd, 0), -EBUSY);
	must(null_set("hang", 0));
}

static void tear_down(void)
{
	io_uring_queue_exit(&ring);
	party_close(&party);
}

static struct io_uring_sqe *command_for(const struct bad *this)
{
	if (this->cancel)
		return ring_cancel(&ring, party.fd, BUSY_TAG, COOKIE_BUSY, COOKIE_BAD);
	return ring_job(&ring, party.fd, FREE_TAG, COOKIE_BAD);
}

/* Spoiled, and where the mode is linked, with one behind it. */
static unsigned int put_bad(const struct bad *this, enum ring_mode mode)
{
	struct io_uring_sqe *sqe = command_for(this);

	this->spoil(sqe, this->value);
	if (mode == RING_ASYNC)
		sqe->flags |= IOSQE_ASYNC;
	if (mode != RING_LINKED)
		return 1;
	sqe->flags |= IOSQE_IO_LINK;
	ring_job(&ring, party.fd, FREE_TAG + 1, COOKIE_NEXT);
	return 2;
}

/* Refused, no report, and the job in flight and the next one fare well. */
static void test_bad(void **state)
{
	const struct bad_test *this = *state;
	struct done done[4];
	unsigned int count;

	set_up(this->mode);
	count = put_bad(this->bad, this->mode);
	must(ring_run(&ring, done, count));
	must_give(done_result(done, count, COOKIE_BAD), this->bad->want);
	if (this->mode == RING_LINKED)
		must_give(done_result(done, count, COOKIE_NEXT), -ECANCELED);
	assert_int_equal(report_state(&party, FREE_TAG), LAYBY_REPORT_IDLE);
	assert_int_equal(report_state(&party, FREE_TAG + 1), LAYBY_REPORT_IDLE);
	assert_int_equal(report_state(&party, BUSY_TAG), LAYBY_REPORT_IN_FLIGHT);

	/* its doorbell also lets go of the one that hangs */
	ring_job(&ring, party.fd, FREE_TAG, COOKIE_NEXT);
	must(ring_run(&ring, done, 2));
	must_give(done_result(done, 2, COOKIE_NEXT), 0);
	must_give(done_result(done, 2, COOKIE_BUSY), 0);
	assert_true(ring_is_quiet(&ring));
	tear_down();
}

static int clean_up(void **state)
{
	return null_behave();
}

int main(void)
{
	static struct CMUnitTest submit_tests[BADS * RING_MODES];
	static struct bad_test test[BADS * RING_MODES];
	static char name[BADS * RING_MODES][64];
	unsigned int i;

	for (i = 0; i < BADS * RING_MODES; i++) {
		test[i] = (struct bad_test){ &bad[i / RING_MODES], i % RING_MODES };
		snprintf(name[i], sizeof(name[i]), "%s, %s", test[i].bad->name,
			 ring_mode_name[test[i].mode]);
		submit_tests[i] = (struct CMUnitTest){
			.name = name[i], .test_func = test_bad,
			.teardown_func = clean_up, .initial_state = &test[i],
		};
	}
	return cmocka_run_group_tests_name("submit", submit_tests, NULL, NULL);
}
