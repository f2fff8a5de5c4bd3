// SPDX-License-Identifier: LGPL-2.1-or-later
/* A full queue: refused at once, nothing lost, room again when one ends. */
#include <stdio.h>
#include <unistd.h>

#include "check.h"

#define DEPTH 8

static int set_up(void **state)
{
	int ret = policy_use("null-shallow");

	return ret ? ret : null_reload("depth=8");
}

static int tear_down(void **state)
{
	return policy_use("null");
}

static void fill(struct io_uring *ring, struct party *party)
{
	uint32_t tag;

	must(null_set("hang", 1));
	for (tag = 0; tag < DEPTH; tag++)
		ring_job(ring, party->fd, tag, tag);
	must(io_uring_submit(ring));
	/* a worker or the ring's thread may be issuing them */
	for (tag = 0; tag < DEPTH; tag++)
		while (report_state(party, tag) != LAYBY_REPORT_IN_FLIGHT)
			sleep_ms(1);
}

static void put_one_more(struct io_uring *ring, struct party *party,
			 enum ring_mode mode)
{
	struct io_uring_sqe *sqe = ring_job(ring, party->fd, DEPTH, 100);

	if (mode == RING_ASYNC)
		sqe->flags |= IOSQE_ASYNC;
	if (mode != RING_LINKED)
		return;
	sqe->flags |= IOSQE_IO_LINK;
	ring_job(ring, party->fd, DEPTH + 1, 101);
}

static void test_full(void **state)
{
	enum ring_mode mode = *(const enum ring_mode *)*state;
	unsigned int i, count = mode == RING_LINKED ? 2 : 1;
	struct done done[DEPTH + 1];
	struct io_uring ring;
	struct party party;

	must(party_open_ready(&party, NODE_SECOND, LONG_RUN));
	must(ring_open(&ring, mode));
	fill(&ring, &party);
	put_one_more(&ring, &party, mode);
	must(ring_run(&ring, done, count));
	must_give(done_result(done, count, 100), -EBUSY);
	if (mode == RING_LINKED)
		must_give(done_result(done, count, 101), -ECANCELED);
	assert_int_equal(report_state(&party, DEPTH), LAYBY_REPORT_IDLE);

	/* one goes, one fits, and its doorbell lets all end */
	ring_cancel(&ring, party.fd, 3, 3, 200);
	must(ring_run(&ring, done, 2));
	must_give(done_result(done, 2, 3), -ECANCELED);
	must_give(done_result(done, 2, 200), 0);
	assert_true(report_becomes_done(&party, 3));
	must(null_set("hang", 0));
	ring_job(&ring, party.fd, DEPTH, 100);
	must(ring_run(&ring, done, DEPTH));
	must_give(done_result(done, DEPTH, 100), 0);
	for (i = 0; i < DEPTH; i++)
		must_give(done_result(done, DEPTH, i), i == 3 ? INT32_MIN : 0);
	assert_true(ring_is_quiet(&ring));
	io_uring_queue_exit(&ring);
	party_close(&party);
}

/* The queue is the partition's: another party finds it full, driving does not. */
static void test_whose(void **state)
{
	struct party party, other, driving;
	struct io_uring ring;

	must(party_open_ready(&party, NODE_SECOND, LONG_RUN));
	must(party_open_ready(&other, NODE_SECOND, LONG_RUN));
	must(party_open_ready(&driving, LAYBY_CLASS_DRIVING, LONG_RUN));
	must(ring_open(&ring, RING_PLAIN));
	assert_int_equal(DEPTH, ({
		struct layby_partition_info info = {};

		must(node_query(party.fd, LAYBY_QUERY_PARTITION, &info, sizeof(info)));
		info.queue_depth; }));
	fill(&ring, &party);
	must(null_set("hang", 0));
	ring_job(&ring, other.fd, 0, 100);
	must_give(ring_run_one(&ring), -EBUSY);
	ring_job(&ring, driving.fd, 0, 100);
	must_give(ring_run_one(&ring), 0);
	io_uring_queue_exit(&ring);
	party_close(&party);
	party_close(&other);
	party_close(&driving);
}

static int clean_up(void **state)
{
	return null_behave();
}

int main(void)
{
	static struct CMUnitTest full_tests[RING_MODES + 1];
	static enum ring_mode mode[RING_MODES];
	unsigned int i;

	for (i = 0; i < RING_MODES; i++) {
		mode[i] = i;
		full_tests[i] = (struct CMUnitTest){
			.name = ring_mode_name[i], .test_func = test_full,
			.teardown_func = clean_up, .initial_state = &mode[i],
		};
	}
	full_tests[i] = (struct CMUnitTest)
		cmocka_unit_test_teardown(test_whose, clean_up);
	return cmocka_run_group_tests_name("full", full_tests, set_up, tear_down);
}
