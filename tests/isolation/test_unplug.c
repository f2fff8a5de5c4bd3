// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The device goes away with jobs in flight and buffers mapped, and comes back.
 * And the modules that do not go while a node is open.
 */
#include <setjmp.h>
#include <signal.h>
#include <unistd.h>

#include "check.h"
#include "control.h"
#include "pci.h"
#include "work.h"

#define JOBS 8

static struct work work[2];
static sigjmp_buf touched;

static int tear_down(void **state)
{
	work_close(&work[0]);
	work_close(&work[1]);
	return 0;
}

static void on_sigbus(int signal)
{
	siglongjmp(touched, 1);
}

/* Reading there raises SIGBUS. */
static bool is_torn_down(const uint8_t *memory)
{
	struct sigaction action = { .sa_handler = on_sigbus }, before;
	bool torn = true;

	sigaction(SIGBUS, &action, &before);
	if (!sigsetjmp(touched, 1)) {
		(void)*(const volatile uint8_t *)memory;
		torn = false;
	}
	sigaction(SIGBUS, &before, NULL);
	return torn;
}

static void start_both(void)
{
	uint32_t class, i;

	for (class = 0; class < 2; class++) {
		must(work_start(&work[class], class, "endless"));
		for (i = 0; i < JOBS; i++)
			must(work_submit(&work[class], i));
		assert_false(is_torn_down(work[class].output.map));
	}
	assert_true(slot_becomes(DRIVING_SLOT, "running"));
	assert_true(slot_becomes(GUEST_SLOT, "running"));
}

static void check_jobs_ended(struct work *gone)
{
	uint32_t i;

	for (i = 0; i < JOBS; i++)
		must_give(work_wait(gone), -ENODEV);
	assert_true(ring_is_quiet(&gone->ring));
	for (i = 0; i < JOBS; i++) {
		assert_int_equal(work_report(gone, i)->state, LAYBY_REPORT_DONE);
		assert_int_equal(work_report(gone, i)->result, -ENODEV);
		assert_int_equal(work_report(gone, i)->reason,
				 LAYBY_REASON_DEVICE_GONE);
	}
}

static void check_gone(struct work *gone)
{
	struct layby_party_info info;
	uint32_t handle;
	int fd = gone->party.fd;

	assert_true(is_torn_down(gone->program.map));
	assert_true(is_torn_down(gone->input.map));
	assert_true(is_torn_down(gone->output.map));
	must_give(work_run(gone), -ENODEV);
	must_give(node_query(fd, LAYBY_QUERY_PARTY, &info, sizeof(info)), -ENODEV);
	must_give(buffer_create(fd, PAGE, 0, &handle), -ENODEV);
	must_give(job_unprepare(fd, gone->job), -ENODEV);
	must_give(buffer_close(fd, gone->output.handle), -ENODEV);
	assert_null(buffer_map(fd, gone->output.handle, PAGE));
}

/* As good as new: no job of before, all of the window, the right result. */
static void check_back(uint32_t class)
{
	struct layby_partition_info info;
	struct work fresh;

	must(work_open(&fresh, class));
	must(node_query(fresh.party.fd, LAYBY_QUERY_PARTITION, &info, sizeof(info)));
	assert_int_equal(info.window_free_bytes, info.window_bytes);
	work_close(&fresh);
	must(work_start(&fresh, class, "add"));
	work_fill(&fresh, 4);
	must_give(work_run(&fresh), 0);
	assert_true(work_is_right(&fresh, 4));
	work_close(&fresh);
}

static void check_leave_and_return(int (*leave)(void), int (*come_back)(void))
{
	struct device_status status;

	start_both();
	must(leave());
	check_jobs_ended(&work[0]);
	check_jobs_ended(&work[1]);
	must(control_status(&status));
	assert_false(status.slot[DRIVING_SLOT].enabled);
	assert_false(status.slot[GUEST_SLOT].enabled);
	check_gone(&work[0]);
	check_gone(&work[1]);
	must_give(node_open(LAYBY_CLASS_GUEST), -ENOENT);
	must(come_back());
	check_back(LAYBY_CLASS_DRIVING);
	check_back(LAYBY_CLASS_GUEST);
	/* The files of before stay dead, and close. */
	check_gone(&work[0]);
	check_gone(&work[1]);
	tear_down(NULL);
	check_back(LAYBY_CLASS_GUEST);
}

static void test_remove(void **state)
{
	check_leave_and_return(vnpu_remove, vnpu_rescan);
}

static void test_unbind(void **state)
{
	check_leave_and_return(vnpu_unbind, vnpu_bind);
}

/* Files are closed before it comes back. */
static void test_close_while_gone(void **state)
{
	start_both();
	must(vnpu_remove());
	tear_down(NULL);
	must(vnpu_rescan());
	check_back(LAYBY_CLASS_DRIVING);
	check_back(LAYBY_CLASS_GUEST);
}

/* Its jobs are cancelled and not yet retired. */
static void test_unbind_while_aborting(void **state)
{
	start_both();
	must(control_late_abort(GUEST_SLOT, 200000));
	must_give(work_cancel(&work[1], 0), -ECANCELED);
	must(vnpu_unbind());
	check_jobs_ended(&work[0]);
	assert_int_equal(report_state(&work[1].party, 0), LAYBY_REPORT_DONE);
	must(vnpu_bind());
	check_back(LAYBY_CLASS_GUEST);
}

/* In the midst of a slot's reset. */
static void test_unbind_while_recovering(void **state)
{
	start_both();
	must(control_device("ResetDevice"));
	must(vnpu_unbind());
	check_jobs_ended(&work[0]);
	check_jobs_ended(&work[1]);
	must(vnpu_bind());
	check_back(LAYBY_CLASS_DRIVING);
}

static void test_ten_times(void **state)
{
	int i;

	for (i = 0; i < 10; i++) {
		must(vnpu_unbind());
		must(vnpu_bind());
	}
	check_back(LAYBY_CLASS_DRIVING);
	check_back(LAYBY_CLASS_GUEST);
}

/* delete_module says -EAGAIN where rmmod says «in use». */
static void check_refused(void)
{
	must_give(module_unload("layby_vnpu"), -EAGAIN);
	must_give(module_unload("layby"), -EAGAIN);
}

static void test_unload_refused(void **state)
{
	uint32_t class;

	for (class = 0; class < 2; class++) {
		must(work_start(&work[class], class, "add"));
		check_refused();
		work_fill(&work[class], 1);
		must_give(work_run(&work[class]), 0);
		assert_true(work_is_right(&work[class], 1));
		work_close(&work[class]);
	}
	must(vnpu_reload());
	check_back(LAYBY_CLASS_GUEST);
}

static void test_unload_refused_with_job(void **state)
{
	must(work_start_slow(&work[1], LAYBY_CLASS_GUEST, 2000000));
	must(work_submit(&work[1], 0));
	check_refused();
	party_close(&work[1].party);
	check_refused();
	must_give(work_wait(&work[1]), 0);
	io_uring_queue_exit(&work[1].ring);
	tear_down(NULL);
	must(vnpu_reload());
	check_back(LAYBY_CLASS_GUEST);
}

/* Unbound, with the node of before still open. */
static void test_unload_refused_unbound(void **state)
{
	must(work_start(&work[1], LAYBY_CLASS_GUEST, "add"));
	must(vnpu_unbind());
	check_refused();
	tear_down(NULL);
	must(vnpu_reload());
	check_back(LAYBY_CLASS_GUEST);
}

#define TEST(name) cmocka_unit_test_teardown(test_##name, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(remove), TEST(unbind), TEST(close_while_gone),
		TEST(unbind_while_aborting), TEST(unbind_while_recovering),
		TEST(ten_times), TEST(unload_refused),
		TEST(unload_refused_with_job), TEST(unload_refused_unbound),
	};

	return cmocka_run_group_tests_name("unplug", tests, NULL, NULL);
}
