// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Programs that do not end in time: stopped at their declared time, and only
 * their own slot's queue waits for them. The driving partition does not notice.
 */
#include "check.h"
#include "control.h"
#include "steady.h"

#define FILL 0xa5
/* What is declared: enough to load a program on a busy host. */
#define DECLARED (700 * MS)

static struct work work, behind;
static struct steady driving;

static int tear_down(void **state)
{
	work_close(&work);
	work_close(&behind);
	return 0;
}

/*
 * Not before its time, and soon after: the driver grants the transport and the
 * abort half a second, and a busy host may hold all of us up for some more.
 */
static void check_stopped(uint64_t start)
{
	uint64_t took = now_ns() - start;
	const struct layby_report *report = work_report(&work, 0);

	assert_int_equal(report->state, LAYBY_REPORT_DONE);
	assert_int_equal(report->result, -ETIME);
	assert_int_equal(report->reason, LAYBY_REASON_TIME_UP);
	assert_true(took >= DECLARED);
	assert_true(took < DECLARED + 4 * SECOND * time_factor());
	assert_true(report->run_ticks * 1000 < took);
	assert_true(all_bytes(work.output.map, FILL, VECTOR_BYTES));
}

/* Its computing process is there already: a busy host may take long to start one. */
static void start_warm(const char *name)
{
	struct model model;

	must(work_start(&work, LAYBY_CLASS_GUEST, "add"));
	must_give(work_run(&work), 0);
	must(job_unprepare(work.party.fd, work.job));
	must(buffer_drop(work.party.fd, &work.program));
	must(buffer_drop(work.party.fd, &work.input));
	must(buffer_drop(work.party.fd, &work.output));
	must(model_read(name, &model));
	must(work_load(&work, &model, VECTOR_BYTES, VECTOR_BYTES, DECLARED));
	model_free(&model);
}

static void check_time_up(const char *name)
{
	uint64_t start;

	start_warm(name);
	must(work_start(&behind, LAYBY_CLASS_GUEST, "add"));
	memset(work.output.map, FILL, VECTOR_BYTES);
	work_fill(&work, 1);
	work_fill(&behind, 6);
	start = now_ns();
	must(work_submit(&work, 0));
	must(work_submit(&behind, 0));
	must_give(work_wait(&work), -ETIME);
	check_stopped(start);
	must_give(work_wait(&behind), 0);
	assert_true(work_is_right(&behind, 6));
	assert_true(work_report(&work, 0)->run_ticks > 0);
}

/* The modelled time has no end. */
static void test_endless(void **state)
{
	check_time_up("endless");
}

/* Modelled without end, and really computing for hours. */
static void test_loop(void **state)
{
	check_time_up("loop");
}

/* Ends some time, too late. */
static void test_slow(void **state)
{
	check_time_up("slow");
}

/* Says that it takes 500 us and really computes for hours. */
static void test_liar(void **state)
{
	uint64_t start;

	must(work_start_bounded(&work, LAYBY_CLASS_GUEST, "liar", DECLARED));
	memset(work.output.map, FILL, VECTOR_BYTES);
	start = now_ns();
	must(work_submit(&work, 0));
	must_give(work_wait(&work), -ETIME);
	check_stopped(start);
}

/* The time counts from the start of the job, not from its submission. */
static void test_waiting_is_not_running(void **state)
{
	must(work_start_slow(&work, LAYBY_CLASS_GUEST, 1500000));
	must(work_start_bounded(&behind, LAYBY_CLASS_GUEST, "add", DECLARED));
	work_fill(&behind, 6);
	must(work_submit(&work, 0));
	must(work_submit(&behind, 0));
	must_give(work_wait(&work), 0);
	must_give(work_wait(&behind), 0);
	assert_true(work_is_right(&behind, 6));
}

/* Eight in a row, each stopped; the party itself is not punished. */
static void test_eight_endless(void **state)
{
	unsigned int i;

	must(work_start_bounded(&work, LAYBY_CLASS_GUEST, "endless", 50 * MS));
	must(work_start(&behind, LAYBY_CLASS_GUEST, "add"));
	work_fill(&behind, 9);
	for (i = 0; i < 8; i++)
		must(work_submit(&work, i));
	must(work_submit(&behind, 0));
	for (i = 0; i < 8; i++)
		must_give(work_wait(&work), -ETIME);
	must_give(work_wait(&behind), 0);
	assert_true(work_is_right(&behind, 9));
}

/* --- Beside ------------------------------------------------------------------ */

static int stop_driving(void **state)
{
	tear_down(state);
	return steady_stop(&driving);
}

static int start_driving(void **state)
{
	return steady_start(&driving, LAYBY_CLASS_DRIVING);
}

/*
 * Driving jobs go on while the guest's one runs and when it is stopped, each with
 * the right result, in a time of the same order. The bound is generous: the host
 * is shared with others, and the guest's computation takes one of its processors.
 */
static void check_beside(const char *name)
{
	unsigned int first, alone, end;
	uint64_t before, beside;

	must(steady_goes_on(&driving, 5));
	first = atomic_load(&driving.jobs);
	must(steady_goes_on(&driving, 50));
	alone = atomic_load(&driving.jobs);
	must(work_start(&work, LAYBY_CLASS_GUEST, name));
	must(work_submit(&work, 0));
	assert_true(slot_becomes(GUEST_SLOT, "running"));
	must(steady_goes_on(&driving, 50));
	end = atomic_load(&driving.jobs);
	assert_int_equal(report_state(&work.party, 0), LAYBY_REPORT_IN_FLIGHT);
	work_close(&work);
	check_time_up(name);
	must(steady_goes_on(&driving, 5));
	must_give(steady_stop(&driving), 0);
	before = steady_median_ns(&driving, first, alone);
	beside = steady_median_ns(&driving, alone, end);
	print_message("# note: beside %s: driving median %llu us alone, %llu us beside (%u jobs)\n",
		      name, (unsigned long long)before / 1000,
		      (unsigned long long)beside / 1000, end - alone);
	assert_true(beside < 5 * before + 20 * MS * time_factor());
	must(steady_start(&driving, LAYBY_CLASS_DRIVING));
}

static void test_beside_endless(void **state)
{
	check_beside("endless");
}

static void test_beside_loop(void **state)
{
	check_beside("loop");
}

#define TEST(name) cmocka_unit_test_teardown(test_##name, tear_down)
#define BESIDE(name) \
	cmocka_unit_test_setup_teardown(test_##name, start_driving, stop_driving)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(endless), TEST(loop), TEST(slow), TEST(liar),
		TEST(waiting_is_not_running), TEST(eight_endless),
		BESIDE(beside_endless), BESIDE(beside_loop),
	};

	return cmocka_run_group_tests_name("time", tests, NULL, NULL);
}
