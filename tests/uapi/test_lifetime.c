// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What goes away while jobs are in flight: buffers, files, rings, threads,
 * processes. The jobs end, the memory comes back, nobody waits for ever.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"

static int watch;	/* an open file of the same partition */
static int64_t all;	/* its window when nobody has a buffer */
static struct party party;
static struct io_uring ring;

static int set_up(void **state)
{
	watch = node_open(NODE_SECOND);
	all = watch < 0 ? watch : window_free(watch);
	return all < 0 || party_open_ready(&party, NODE_SECOND, LONG_RUN) ||
	       ring_open(&ring, RING_PLAIN);
}

static int tear_down(void **state)
{
	int ret = null_behave();

	close(watch);
	return ret;
}

static void put_jobs(uint32_t count)
{
	uint32_t tag;

	for (tag = 0; tag < count; tag++)
		ring_job(&ring, party.fd, tag, tag);
	must(io_uring_submit(&ring));
}

static void hang_jobs(uint32_t count)
{
	must(null_set("hang", 1));
	put_jobs(count);
}

static void close_buffers(void)
{
	int i;

	for (i = 0; i < 3; i++)
		must(buffer_close(party.fd, party.buffer[i]));
}

static void check_cancelled(uint32_t count)
{
	uint32_t tag;

	for (tag = 0; tag < count; tag++) {
		assert_true(report_becomes_done(&party, tag));
		assert_int_equal(party.reports[tag].result, -ECANCELED);
		assert_int_equal(party.reports[tag].reason, LAYBY_REASON_CANCELLED);
	}
}

/* The partition is as it was: room, and a job runs. */
static void check_healthy(void)
{
	struct party next;
	struct io_uring own;

	must(null_set("hang", 0));
	must(null_set("delay_us", 0));
	assert_true(window_becomes_free(watch, all));
	must(party_open_ready(&next, NODE_SECOND, LONG_RUN));
	must(ring_open(&own, RING_PLAIN));
	ring_job(&own, next.fd, 0, 1);
	must_give(ring_run_one(&own), 0);
	io_uring_queue_exit(&own);
	party_close(&next);
	assert_true(window_becomes_free(watch, all));
}

static void test_buffer_freed(void **state)
{
	struct done done;

	must(null_set("delay_us", 20000));
	put_jobs(1);
	close_buffers();
	assert_int_equal(window_free(watch), all - 3 * (int64_t)PAGE);
	must(ring_collect(&ring, &done, 1));
	must_give(done.res, 0);
	assert_int_equal(window_free(watch), all - 3 * (int64_t)PAGE);
	must(job_unprepare(party.fd, 0));
	assert_int_equal(window_free(watch), all);
	io_uring_queue_exit(&ring);
	party_close(&party);
	check_healthy();
}

/* The request holds the file: the job goes on and completes. */
static void test_file_closed(void **state)
{
	struct done done[8];
	uint32_t tag;

	must(null_set("delay_us", 5000));
	put_jobs(8);
	party_close(&party);
	must(ring_collect(&ring, done, 8));
	for (tag = 0; tag < 8; tag++)
		must_give(done_result(done, 8, tag), 0);
	io_uring_queue_exit(&ring);
	check_healthy();
}

/* The reports may go on being read. */
static void test_file_closed_reports_mapped(void **state)
{
	struct done done;

	must(null_set("delay_us", 5000));
	put_jobs(1);
	close(party.fd);
	party.fd = -1;
	must(ring_collect(&ring, &done, 1));
	must_give(done.res, 0);
	assert_int_equal(report_state(&party, 0), LAYBY_REPORT_DONE);
	io_uring_queue_exit(&ring);
	party_close(&party);
	check_healthy();
}

static void test_file_closed_hanging(void **state)
{
	struct done done;
	int job;

	job = (int)must(party_prepare(&party, 20 * MS));
	must(null_set("hang", 1));
	sqe_submit(ring_job(&ring, party.fd, 0, 1))->job = (uint32_t)job;
	must(io_uring_submit(&ring));
	party_close(&party);
	must(ring_collect(&ring, &done, 1));
	must_give(done.res, -ETIME);
	io_uring_queue_exit(&ring);
	check_healthy();
}

/* The party's tags are free again, for another ring. */
static void test_ring_exit(void **state)
{
	hang_jobs(64);
	io_uring_queue_exit(&ring);
	check_cancelled(64);
	must(null_set("hang", 0));
	must(ring_open(&ring, RING_PLAIN));
	ring_job(&ring, party.fd, 63, 1);
	must_give(ring_run_one(&ring), 0);
	io_uring_queue_exit(&ring);
	party_close(&party);
	check_healthy();
}

static void test_ring_exit_file_closed(void **state)
{
	hang_jobs(64);
	party_close(&party);
	io_uring_queue_exit(&ring);
	check_healthy();
}

/* Those of the other ring stay. */
static void test_ring_exit_other_stays(void **state)
{
	struct io_uring second;
	struct done done;

	must(ring_open(&second, RING_PLAIN));
	hang_jobs(8);
	ring_job(&second, party.fd, 10, 10);
	must(io_uring_submit(&second));
	io_uring_queue_exit(&ring);
	check_cancelled(8);
	assert_int_equal(report_state(&party, 10), LAYBY_REPORT_IN_FLIGHT);
	must(null_set("hang", 0));
	ring_job(&second, party.fd, 11, 11)->flags |= IOSQE_CQE_SKIP_SUCCESS;
	must(ring_run(&second, &done, 1));
	assert_int_equal(done.user_data, 10);
	must_give(done.res, 0);
	io_uring_queue_exit(&second);
	party_close(&party);
	check_healthy();
}

/* The device does not even answer the aborts: the slot's reset frees them. */
static void test_ring_exit_lost_abort(void **state)
{
	must(null_set("lose_abort", 1));
	hang_jobs(16);
	io_uring_queue_exit(&ring);
	party_close(&party);
	assert_true(window_becomes_free(watch, all));
	check_healthy();
}

static void *submit_and_leave(void *arg)
{
	put_jobs(8);
	return NULL;
}

/*
 * io_uring cancels nothing of a thread that ends while the ring lives on: its
 * jobs end in their own time, and complete with no task to do it in.
 */
static void test_thread_exit(void **state)
{
	struct done done[8];
	pthread_t thread;
	uint32_t tag;

	must(null_set("hang", 1));
	assert_int_equal(pthread_create(&thread, NULL, submit_and_leave, NULL), 0);
	pthread_join(thread, NULL);
	assert_int_equal(report_state(&party, 0), LAYBY_REPORT_IN_FLIGHT);
	must(null_set("hang", 0));
	ring_job(&ring, party.fd, 10, 10)->flags |= IOSQE_CQE_SKIP_SUCCESS;
	must(ring_run(&ring, done, 8));
	for (tag = 0; tag < 8; tag++)
		must_give(done_result(done, 8, tag), 0);
	io_uring_queue_exit(&ring);
	party_close(&party);
	check_healthy();
}

/* The same, and they can be cancelled by who is left. */
static void test_thread_exit_cancel(void **state)
{
	struct done done[8];
	pthread_t thread;
	uint32_t tag;

	must(null_set("hang", 1));
	assert_int_equal(pthread_create(&thread, NULL, submit_and_leave, NULL), 0);
	pthread_join(thread, NULL);
	for (tag = 0; tag < 8; tag++)
		ring_cancel(&ring, party.fd, tag, tag,
			    1000)->flags |= IOSQE_CQE_SKIP_SUCCESS;
	must(ring_run(&ring, done, 8));
	for (tag = 0; tag < 8; tag++)
		must_give(done_result(done, 8, tag), -ECANCELED);
	check_cancelled(8);
	io_uring_queue_exit(&ring);
	party_close(&party);
	check_healthy();
}

/* The same, and the ring goes with them in flight. */
static void test_thread_exit_ring_exit(void **state)
{
	pthread_t thread;

	must(null_set("hang", 1));
	assert_int_equal(pthread_create(&thread, NULL, submit_and_leave, NULL), 0);
	pthread_join(thread, NULL);
	io_uring_queue_exit(&ring);
	check_cancelled(8);
	party_close(&party);
	check_healthy();
}

/* --- Processes ---------------------------------------------------------------------- */

static int hang_64(void *arg)
{
	enum ring_mode mode = *(enum ring_mode *)arg;
	struct party own;
	struct io_uring own_ring;
	uint32_t tag;

	if (party_open_ready(&own, NODE_SECOND, LONG_RUN) ||
	    ring_open(&own_ring, mode))
		return 1;
	for (tag = 0; tag < 64; tag++)
		ring_job(&own_ring, own.fd, tag, tag);
	if (io_uring_submit(&own_ring) < 0)
		return 1;
	while (report_state(&own, 63) != LAYBY_REPORT_IN_FLIGHT)
		sleep_ms(1);
	child_ready();
	pause();
	return 1;
}

static void check_killed(enum ring_mode mode)
{
	pid_t child;

	io_uring_queue_exit(&ring);
	party_close(&party);
	must(null_set("hang", 1));
	child = (pid_t)must(child_start(hang_64, &mode));
	assert_int_equal(window_free(watch), all - 3 * (int64_t)PAGE);
	kill(child, SIGKILL);
	assert_int_equal(child_wait(child), -SIGKILL);
	/* still hanging: it is the aborts that bring the memory back */
	assert_true(window_becomes_free(watch, all));
	check_healthy();
}

static void test_killed(void **state)
{
	check_killed(RING_PLAIN);
}

static void test_killed_sqpoll(void **state)
{
	check_killed(RING_SQPOLL);
}

static void test_killed_defer(void **state)
{
	check_killed(RING_DEFER);
}

static void test_killed_lost_abort(void **state)
{
	must(null_set("lose_abort", 1));
	check_killed(RING_PLAIN);
}

/* Whoever else has jobs behind those of the dead does not lose them. */
static void test_killed_others_stay(void **state)
{
	enum ring_mode mode = RING_PLAIN;
	struct done done[4];
	pid_t child;
	uint32_t tag;

	must(null_set("hang", 1));
	child = (pid_t)must(child_start(hang_64, &mode));
	put_jobs(4);
	kill(child, SIGKILL);
	assert_int_equal(child_wait(child), -SIGKILL);
	assert_true(window_becomes_free(watch, all - 3 * (int64_t)PAGE));
	assert_int_equal(report_state(&party, 0), LAYBY_REPORT_IN_FLIGHT);
	must(null_set("hang", 0));
	ring_job(&ring, party.fd, 4, 4)->flags |= IOSQE_CQE_SKIP_SUCCESS;
	must(ring_run(&ring, done, 4));
	for (tag = 0; tag < 4; tag++)
		must_give(done_result(done, 4, tag), 0);
	io_uring_queue_exit(&ring);
	party_close(&party);
	check_healthy();
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(buffer_freed), TEST(file_closed), TEST(file_closed_reports_mapped),
		TEST(file_closed_hanging), TEST(ring_exit), TEST(ring_exit_file_closed),
		TEST(ring_exit_other_stays), TEST(ring_exit_lost_abort),
		TEST(thread_exit), TEST(thread_exit_cancel),
		TEST(thread_exit_ring_exit), TEST(killed), TEST(killed_sqpoll),
		TEST(killed_defer), TEST(killed_lost_abort), TEST(killed_others_stay),
	};

	return cmocka_run_group_tests_name("lifetime", tests, NULL, NULL);
}
