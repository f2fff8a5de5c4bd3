// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A slot that cannot even be reset: fenced. All that was in flight ends with
 * -EIO, nothing new is taken, and the other partition does not notice.
 */
#include <unistd.h>

#include "check.h"

static struct party party, other, driving;
static struct io_uring ring;

/* Time enough to submit all jobs, on a busy host too, before the fence. */
static int set_up(void **state)
{
	return party_open_ready(&party, NODE_SECOND, 200 * MS) ||
	       party_open_ready(&other, NODE_SECOND, LONG_RUN) ||
	       party_open_ready(&driving, LAYBY_CLASS_DRIVING, LONG_RUN) ||
	       ring_open(&ring, RING_PLAIN);
}

/* A fence is for good: only the backend's reload takes it away. */
static int tear_down(void **state)
{
	int ret = null_behave();

	io_uring_queue_exit(&ring);
	party_close(&party);
	party_close(&other);
	party_close(&driving);
	return ret ? ret : null_reload("");
}

static void misbehave(void)
{
	must(null_set("hang", 1));
	must(null_set("lose_abort", 1));
	must(null_set("refuse_reset", 1));
}

static void check_report(const struct party *owner, uint32_t tag)
{
	assert_int_equal(report_state(owner, tag), LAYBY_REPORT_DONE);
	assert_int_equal(owner->reports[tag].result, -EIO);
	assert_int_equal(owner->reports[tag].reason, LAYBY_REASON_DEVICE_FAILED);
}

/* Eight of each party, and the first one runs past its time. */
static void fence(void)
{
	struct done done[16];
	uint32_t tag;

	misbehave();
	for (tag = 0; tag < 8; tag++) {
		ring_job(&ring, party.fd, tag, tag);
		ring_job(&ring, other.fd, tag, 100 + tag);
	}
	must(ring_run(&ring, done, 16));
	for (tag = 0; tag < 8; tag++) {
		must_give(done_result(done, 16, tag), -EIO);
		must_give(done_result(done, 16, 100 + tag), -EIO);
		check_report(&party, tag);
		check_report(&other, tag);
	}
	must(null_behave());
}

static void check_faulted(int fd, uint32_t faulted)
{
	struct layby_partition_info info = {};

	must(node_query(fd, LAYBY_QUERY_PARTITION, &info, sizeof(info)));
	assert_int_equal(info.faulted, faulted);
}

static void test_in_flight(void **state)
{
	check_faulted(party.fd, 0);
	fence();
	check_faulted(party.fd, 1);
	assert_true(ring_is_quiet(&ring));
}

static void test_refused_afterwards(void **state)
{
	struct party late;
	uint32_t handle;

	fence();
	ring_job(&ring, other.fd, 20, 1);
	must_give(ring_run_one(&ring), -EIO);
	assert_int_equal(report_state(&other, 20), LAYBY_REPORT_IDLE);
	ring_cancel(&ring, other.fd, 0, 100, 1);
	must_give(ring_run_one(&ring), -ENOENT);
	must_give(buffer_create(other.fd, PAGE, 0, &handle), -EIO);
	must(party_open(&late, NODE_SECOND));
	check_faulted(late.fd, 1);
	must_give(buffer_create(late.fd, PAGE, 0, &handle), -EIO);
	party_close(&late);
}

/* What exists can be given up. */
static void test_clean_up_afterwards(void **state)
{
	struct layby_party_info info = {};

	fence();
	must(job_unprepare(party.fd, 0));
	must(buffer_close(party.fd, party.buffer[0]));
	must(node_query(party.fd, LAYBY_QUERY_PARTY, &info, sizeof(info)));
	assert_int_equal(info.jobs, 0);
	assert_int_equal(info.buffers, 2);
}

static void test_driving_goes_on(void **state)
{
	uint32_t handle, i;

	fence();
	check_faulted(driving.fd, 0);
	must(buffer_create(driving.fd, PAGE, 0, &handle));
	for (i = 0; i < 10; i++) {
		ring_job(&ring, driving.fd, i, i);
		must_give(ring_run_one(&ring), 0);
	}
}

/* A job that was cancelled before keeps its -ECANCELED, once. */
static void test_cancelled_before(void **state)
{
	struct done done[3];

	misbehave();
	ring_job(&ring, other.fd, 0, 1);
	ring_job(&ring, other.fd, 1, 2);
	ring_cancel(&ring, other.fd, 0, 1, 3);
	must(ring_run(&ring, done, 3));
	must_give(done_result(done, 3, 1), -ECANCELED);
	must_give(done_result(done, 3, 2), -EIO);
	must_give(done_result(done, 3, 3), 0);
	check_report(&other, 1);
	assert_true(report_becomes_done(&other, 0));
	assert_true(ring_is_quiet(&ring));
}

/* Ring and file go first, the fence comes then: the parties are freed. */
static void test_closed_before(void **state)
{
	uint32_t tag;

	misbehave();
	for (tag = 0; tag < 8; tag++)
		ring_job(&ring, party.fd, tag, tag);
	must(io_uring_submit(&ring));
	party_close(&party);
	io_uring_queue_exit(&ring);
	assert_true(window_becomes_free(other.fd, (2 << 20) - 3 * (int64_t)PAGE));
	check_faulted(other.fd, 1);
	must(ring_open(&ring, RING_PLAIN));
}

/* The backend's reload brings the partition back. */
static void test_reload(void **state)
{
	fence();
	must_give(tear_down(NULL), 0);
	must_give(set_up(NULL), 0);
	check_faulted(party.fd, 0);
	ring_job(&ring, party.fd, 0, 1);
	must_give(ring_run_one(&ring), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(in_flight), TEST(refused_afterwards), TEST(clean_up_afterwards),
		TEST(driving_goes_on), TEST(cancelled_before), TEST(closed_before),
		TEST(reload),
	};

	return cmocka_run_group_tests_name("fence", tests, NULL, NULL);
}
