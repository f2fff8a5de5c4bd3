// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Files and rings that come into other processes: by fork, exec and SCM_RIGHTS.
 * A party is the open file, whoever uses it.
 */
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"

static int watch;
static int64_t all;
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
	bool freed;

	io_uring_queue_exit(&ring);
	party_close(&party);
	freed = window_becomes_free(watch, all);
	close(watch);
	return ret || !freed;
}

static int fork_and_wait(int (*run)(void *arg), void *arg)
{
	pid_t child = fork();

	if (!child) {
		signal(SIGSEGV, SIG_DFL);
		_exit(run(arg));
	}
	assert_true(child > 0);
	return child_wait(child);
}

/* --- exec ------------------------------------------------------------------------- */

static int exec_with_jobs(void *arg)
{
	struct party own;
	struct io_uring own_ring;
	uint32_t tag;

	if (party_open_ready(&own, NODE_SECOND, LONG_RUN) ||
	    ring_open(&own_ring, *(enum ring_mode *)arg))
		return 100;
	for (tag = 0; tag < 16; tag++)
		ring_job(&own_ring, own.fd, tag, tag);
	if (io_uring_submit(&own_ring) < 0)
		return 100;
	execl("/bin/sh", "sh", "-c", "exit 42", NULL);
	return 101;
}

static void check_exec(enum ring_mode mode)
{
	must(null_set("hang", 1));
	assert_int_equal(fork_and_wait(exec_with_jobs, &mode), 42);
	assert_true(window_becomes_free(watch, all - 3 * (int64_t)PAGE));
}

static void test_exec(void **state)
{
	check_exec(RING_PLAIN);
}

static void test_exec_sqpoll(void **state)
{
	check_exec(RING_SQPOLL);
}

static void test_exec_defer(void **state)
{
	check_exec(RING_DEFER);
}

/* --- fork ------------------------------------------------------------------------- */

/* The child's own ring on the parent's party, tags 10 and up. */
static int use_party(void *arg)
{
	int fd = *(int *)arg;
	struct done done[8];
	struct io_uring own;
	uint32_t tag;

	if (ring_open(&own, RING_DEFER))
		return 100;
	for (tag = 10; tag < 18; tag++)
		ring_job(&own, fd, tag, 500 + tag);
	if (ring_run(&own, done, 8))
		return 101;
	for (tag = 10; tag < 18; tag++)
		if (done_result(done, 8, 500 + tag))
			return 102;
	io_uring_queue_exit(&own);
	return 0;
}

/* One party: the reports of the child's jobs are in the parent's array. */
static void test_fork_file(void **state)
{
	assert_int_equal(fork_and_wait(use_party, &party.fd), 0);
	assert_int_equal(report_state(&party, 17), LAYBY_REPORT_DONE);
	assert_int_equal(party.reports[17].cookie, 517);
	ring_job(&ring, party.fd, 17, 1);
	must_give(ring_run_one(&ring), 0);
}

/* What the child pushed is not in this process's copy of the indices. */
static void take_over_ring(void)
{
	ring.sq.sqe_tail = *ring.sq.ktail;
	ring.sq.sqe_head = ring.sq.sqe_tail;
}

static int submit_and_exit(void *arg)
{
	uint32_t tag;

	for (tag = 0; tag < 8; tag++)
		ring_job(&ring, party.fd, tag, tag);
	return io_uring_submit(&ring) == 8 ? 0 : 100;
}

/*
 * The child used the parent's ring and is gone. The ring is not, so nothing is
 * cancelled: the jobs end in their own time and complete in the ring.
 */
static void test_fork_ring(void **state)
{
	struct done done[8];
	uint32_t tag;

	must(null_set("hang", 1));
	assert_int_equal(fork_and_wait(submit_and_exit, NULL), 0);
	assert_int_equal(report_state(&party, 7), LAYBY_REPORT_IN_FLIGHT);
	must(null_set("hang", 0));
	take_over_ring();
	ring_job(&ring, party.fd, 10, 10)->flags |= IOSQE_CQE_SKIP_SUCCESS;
	must(ring_run(&ring, done, 8));
	for (tag = 0; tag < 8; tag++) {
		must_give(done_result(done, 8, tag), 0);
		assert_int_equal(report_state(&party, tag), LAYBY_REPORT_DONE);
	}
	assert_true(ring_is_quiet(&ring));
}

static int submit_and_stay(void *arg)
{
	ring_job(&ring, party.fd, 20, 20);
	if (io_uring_submit(&ring) != 1)
		return 100;
	child_ready();
	pause();
	return 101;
}

/* Both have jobs in one ring; the child is killed, the parent cancels both. */
static void test_fork_ring_killed(void **state)
{
	struct done done[4];
	pid_t child;

	must(null_set("hang", 1));
	child = (pid_t)must(child_start(submit_and_stay, NULL));
	take_over_ring();
	ring_job(&ring, party.fd, 0, 0);
	must(io_uring_submit(&ring));
	kill(child, SIGKILL);
	assert_int_equal(child_wait(child), -SIGKILL);
	assert_int_equal(report_state(&party, 20), LAYBY_REPORT_IN_FLIGHT);
	ring_cancel(&ring, party.fd, 20, 20, 1000);
	ring_cancel(&ring, party.fd, 0, 0, 1001);
	must(ring_run(&ring, done, 4));
	must_give(done_result(done, 4, 20), -ECANCELED);
	must_give(done_result(done, 4, 0), -ECANCELED);
	must_give(done_result(done, 4, 1000), 0);
	must_give(done_result(done, 4, 1001), 0);
}

/* --- SCM_RIGHTS --------------------------------------------------------------------- */

union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int))];
};

static int send_fd(int socket, int fd)
{
	struct iovec vector = { (char[]){ 0 }, 1 };
	union control control = { .header = {
		.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS,
	} };
	struct msghdr message = {
		.msg_iov = &vector, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	return sendmsg(socket, &message, 0) == 1 ? 0 : -errno;
}

static int receive_fd(int socket)
{
	char byte;
	struct iovec vector = { &byte, 1 };
	union control control;
	struct msghdr message = {
		.msg_iov = &vector, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	int fd;

	if (recvmsg(socket, &message, 0) != 1 ||
	    control.header.cmsg_type != SCM_RIGHTS)
		return -EINVAL;
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

/* Forked before the file is opened, so it comes by the socket alone. */
static int receive_and_use(void *arg)
{
	int fd;

	child_ready();
	fd = receive_fd(*(int *)arg);
	return fd < 0 ? 110 : use_party(&fd);
}

static void start_receiver(int ends[2], pid_t *ret_child)
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	*ret_child = (pid_t)must(child_start(receive_and_use, &ends[1]));
}

static void test_passed(void **state)
{
	struct party sent;
	pid_t child;
	int ends[2];

	start_receiver(ends, &child);
	must(party_open_ready(&sent, NODE_SECOND, LONG_RUN));
	must(send_fd(ends[0], sent.fd));
	assert_int_equal(child_wait(child), 0);
	assert_int_equal(report_state(&sent, 17), LAYBY_REPORT_DONE);
	assert_int_equal(sent.reports[17].cookie, 517);
	party_close(&sent);
	close(ends[0]);
	close(ends[1]);
}

/* The sender keeps nothing: the party lives as long as the receiver. */
static void test_passed_and_closed(void **state)
{
	struct party sent;
	pid_t child;
	int ends[2];

	start_receiver(ends, &child);
	must(party_open_ready(&sent, NODE_SECOND, LONG_RUN));
	must(null_set("delay_us", 2000));
	must(send_fd(ends[0], sent.fd));
	party_close(&sent);
	assert_int_equal(child_wait(child), 0);
	close(ends[0]);
	close(ends[1]);
	assert_true(window_becomes_free(watch, all - 3 * (int64_t)PAGE));
}

/*
 * A ring's file holds the node's file while a request does, and a message in a
 * socket holds the ring's: a knot that the kernel refuses to tie.
 */
static void test_ring_is_not_passed(void **state)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_true(send_fd(ends[0], ring.ring_fd) < 0);
	close(ends[0]);
	close(ends[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(exec), TEST(exec_sqpoll), TEST(exec_defer), TEST(fork_file),
		TEST(fork_ring), TEST(fork_ring_killed), TEST(passed),
		TEST(passed_and_closed), TEST(ring_is_not_passed),
	};

	return cmocka_run_group_tests_name("handover", tests, NULL, NULL);
}
