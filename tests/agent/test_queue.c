// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * liblayby's tags and queues: batches, completions, cancelled jobs that the
 * device still holds, limits, errors of the ring.
 */
#include "kernel.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
	struct layby_node *node;
	struct layby_job *job;
	struct layby_queue *queue;
};

static int setup(void **state)
{
	static struct fixture f;

	kernel_ring_reset();
	f.node = kernel_open_node();
	f.job = kernel_prepare_job(f.node, 11);
	assert_int_equal(layby_queue_create(f.node, 0, 0, &f.queue), 0);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	layby_queue_destroy(f->queue);
	kernel_unprepare_job(f->job);
	kernel_close_node(f->node);
	return 0;
}

static const struct layby_cmd_submit *seen_submit(unsigned int i)
{
	assert_true(i < kernel_ring.seen_count);
	assert_int_equal(kernel_ring.seen[i].cmd_op, LAYBY_CMD_SUBMIT);
	return (const void *)kernel_ring.seen[i].cmd;
}

/* --- tags ----------------------------------------------------------------- */

static void test_tags_are_distinct_and_end(void **state)
{
	struct fixture *f = *state;
	uint32_t seen = 0;
	int i;

	for (i = 0; i < KERNEL_TAGS; i++)
		seen |= 1u << layby_tag_get(f->node);
	assert_int_equal(seen, (1u << KERNEL_TAGS) - 1);
	assert_int_equal(layby_tag_get(f->node), -EBUSY);
	layby_tag_put(f->node, 2);
	assert_int_equal(layby_tag_get(f->node), 2);
}

static void test_tag_held_by_the_device_is_not_reused(void **state)
{
	struct fixture *f = *state;
	int i;

	for (i = 0; i < KERNEL_TAGS; i++)
		layby_tag_get(f->node);
	kernel_reports[1].state = LAYBY_REPORT_IN_FLIGHT;
	layby_tag_put(f->node, 1);
	assert_int_equal(layby_tag_get(f->node), -EBUSY);
	kernel_reports[1].state = LAYBY_REPORT_DONE;
	assert_int_equal(layby_tag_get(f->node), 1);
	assert_int_equal(layby_tag_get(f->node), -EBUSY);
}

static void test_tag_out_of_range_is_no_tag(void **state)
{
	struct fixture *f = *state;
	int i;

	for (i = 0; i < KERNEL_TAGS; i++)
		layby_tag_get(f->node);
	layby_tag_put(f->node, KERNEL_TAGS);
	layby_tag_put(f->node, UINT32_MAX);
	assert_int_equal(layby_tag_get(f->node), -EBUSY);
}

static _Atomic int owners[KERNEL_TAGS];
static _Atomic int doubles;

static void *take_and_give(void *arg)
{
	struct layby_node *node = arg;
	int i, tag;

	for (i = 0; i < 20000; i++) {
		tag = layby_tag_get(node);
		if (tag < 0)
			continue;
		if (owners[tag]++)
			doubles++;
		owners[tag]--;
		layby_tag_put(node, (uint32_t)tag);
	}
	return NULL;
}

static void test_tags_between_threads(void **state)
{
	struct fixture *f = *state;
	pthread_t threads[6];
	int i;

	for (i = 0; i < 6; i++)
		pthread_create(&threads[i], NULL, take_and_give, f->node);
	for (i = 0; i < 6; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(doubles, 0);
	for (i = 0; i < KERNEL_TAGS; i++)
		assert_true(layby_tag_get(f->node) >= 0);
}

/* --- queues --------------------------------------------------------------- */

static void test_create_asks_for_the_ring(void **state)
{
	struct fixture *f = *state;
	struct layby_queue *queue;

	assert_int_equal(kernel_ring.entries, KERNEL_TAGS);
	assert_int_equal(kernel_ring.params.cq_entries, 2 * KERNEL_TAGS);
	assert_false(kernel_ring.params.flags & IORING_SETUP_SINGLE_ISSUER);
	assert_int_equal(layby_queue_create(f->node, 2,
					    LAYBY_QUEUE_SINGLE_ISSUER, &queue),
			 0);
	assert_int_equal(kernel_ring.entries, 2);
	assert_true(kernel_ring.params.flags & IORING_SETUP_SINGLE_ISSUER);
	assert_true(kernel_ring.params.flags & IORING_SETUP_DEFER_TASKRUN);
	assert_true(kernel_ring.params.flags & IORING_SETUP_TASKRUN_FLAG);
	layby_queue_destroy(queue);
}

static void test_create_refuses(void **state)
{
	struct fixture *f = *state;
	struct layby_queue *queue = NULL;

	assert_int_equal(layby_queue_create(f->node, KERNEL_TAGS + 1, 0,
					    &queue),
			 -EINVAL);
	assert_int_equal(layby_queue_create(f->node, 1, 2, &queue), -EINVAL);
	kernel_ring.setup_error = -EPERM;
	assert_int_equal(layby_queue_create(f->node, 1, 0, &queue), -EPERM);
	assert_null(queue);
}

static void test_batch_rings_once(void **state)
{
	struct fixture *f = *state;
	int i;

	for (i = 0; i < 3; i++)
		assert_true(layby_queue_add(f->queue, f->job, 100 + i) >= 0);
	assert_int_equal(kernel_ring.seen_count, 0);
	assert_int_equal(layby_queue_flush(f->queue), 0);
	assert_int_equal(kernel_ring.seen_count, 3);
	assert_int_equal(kernel_ring.enters, 1);
	assert_int_equal(seen_submit(0)->flags, LAYBY_SUBMIT_MORE);
	assert_int_equal(seen_submit(1)->flags, LAYBY_SUBMIT_MORE);
	assert_int_equal(seen_submit(2)->flags, 0);
	assert_int_equal(seen_submit(2)->job, 11);
	assert_int_equal(seen_submit(2)->cookie, 102);
	assert_int_equal(kernel_ring.seen[2].user_data, seen_submit(2)->tag);
}

static void test_batch_does_not_reach_into_the_next(void **state)
{
	struct fixture *f = *state;

	layby_queue_add(f->queue, f->job, 1);
	layby_queue_flush(f->queue);
	layby_queue_add(f->queue, f->job, 2);
	layby_queue_flush(f->queue);
	assert_int_equal(seen_submit(0)->flags, 0);
	assert_int_equal(seen_submit(1)->flags, 0);
}

static void test_wait_returns_job_and_report(void **state)
{
	struct fixture *f = *state;
	struct layby_completion done;
	int tag = layby_queue_add(f->queue, f->job, 55);

	kernel_finish((uint32_t)tag, 0, 55);
	assert_int_equal(layby_queue_wait(f->queue, LAYBY_WAIT_FOREVER, &done),
			 0);
	assert_int_equal(kernel_ring.seen_count, 1);
	assert_int_equal(done.cookie, 55);
	assert_int_equal(done.result, 0);
	assert_int_equal(done.tag, tag);
	assert_int_equal(done.has_report, 1);
	assert_int_equal(done.report.energy_uj, 77);
	assert_int_equal(layby_queue_wait(f->queue, 0, &done), -ENODATA);
}

static void test_wait_passes_errors_of_jobs(void **state)
{
	static const int errors[] = { -ETIME, -EFAULT, -ENOEXEC, -EIO,
				      -ENODEV };
	struct fixture *f = *state;
	struct layby_completion done;
	size_t i;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		kernel_finish((uint32_t)layby_queue_add(f->queue, f->job, i),
			      errors[i], i);
		assert_int_equal(layby_queue_wait(f->queue, 0, &done), 0);
		assert_int_equal(done.result, errors[i]);
		assert_int_equal(done.has_report, 1);
	}
}

static void test_refused_submission_has_no_report(void **state)
{
	static const int errors[] = { -EBUSY, -EINVAL, -ENOENT, -EOPNOTSUPP };
	struct fixture *f = *state;
	struct layby_completion done;
	size_t i;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		kernel_finish((uint32_t)layby_queue_add(f->queue, f->job, 9),
			      errors[i], 9);
		assert_int_equal(layby_queue_wait(f->queue, 0, &done), 0);
		assert_int_equal(done.result, errors[i]);
		assert_int_equal(done.has_report, 0);
	}
}

static void test_report_of_an_older_run_is_not_taken(void **state)
{
	struct fixture *f = *state;
	struct layby_completion done;
	int tag = layby_queue_add(f->queue, f->job, 2);

	kernel_finish((uint32_t)tag, -ENODEV, 1);
	assert_int_equal(layby_queue_wait(f->queue, 0, &done), 0);
	assert_int_equal(done.has_report, 0);
}

static void test_wait_without_a_completion(void **state)
{
	struct fixture *f = *state;
	struct layby_completion done;

	assert_int_equal(layby_queue_wait(f->queue, LAYBY_WAIT_FOREVER, &done),
			 -ENODATA);
	layby_queue_add(f->queue, f->job, 1);
	assert_int_equal(layby_queue_wait(f->queue, 0, &done), -EAGAIN);
	assert_int_equal(layby_queue_wait(f->queue, 1000, &done), -EAGAIN);
	assert_int_equal(kernel_ring.seen_count, 1);
}

static void test_add_ends_at_the_limit(void **state)
{
	struct fixture *f = *state;
	struct layby_completion done;
	int i, tag = 0;

	for (i = 0; i < KERNEL_TAGS; i++)
		tag = layby_queue_add(f->queue, f->job, 1);
	assert_int_equal(layby_queue_add(f->queue, f->job, 1), -EBUSY);
	kernel_finish((uint32_t)tag, 0, 1);
	assert_int_equal(layby_queue_wait(f->queue, 0, &done), 0);
	assert_int_equal(layby_queue_add(f->queue, f->job, 1), tag);
}

static void test_add_refuses_a_job_of_another_node(void **state)
{
	struct fixture *f = *state;
	struct layby_node *other = kernel_open_node();
	struct layby_job *job = kernel_prepare_job(other, 0);

	assert_int_equal(layby_queue_add(f->queue, job, 1), -EXDEV);
	kernel_unprepare_job(job);
	kernel_close_node(other);
}

static void test_ring_error_is_passed_and_nothing_is_lost(void **state)
{
	struct fixture *f = *state;
	struct layby_completion done;

	layby_queue_add(f->queue, f->job, 1);
	kernel_ring.submit_error = -EAGAIN;
	assert_int_equal(layby_queue_flush(f->queue), -EAGAIN);
	kernel_ring.submit_error = -EEXIST;
	assert_int_equal(layby_queue_wait(f->queue, 1, &done), -EEXIST);
	kernel_ring.submit_error = 0;
	assert_int_equal(layby_queue_flush(f->queue), 0);
	assert_int_equal(kernel_ring.seen_count, 1);
}

/* --- cancel --------------------------------------------------------------- */

static void test_cancel_names_tag_and_cookie(void **state)
{
	struct fixture *f = *state;
	const struct layby_cmd_cancel *cancel;
	int tag = layby_queue_add(f->queue, f->job, 8);

	assert_int_equal(layby_queue_cancel(f->queue, (uint32_t)tag, 8), 0);
	assert_int_equal(kernel_ring.seen_count, 2);
	assert_int_equal(kernel_ring.seen[1].cmd_op, LAYBY_CMD_CANCEL);
	cancel = (const void *)kernel_ring.seen[1].cmd;
	assert_int_equal(cancel->tag, tag);
	assert_int_equal(cancel->cookie, 8);
	assert_int_equal(cancel->flags, 0);
}

static void test_cancel_of_nothing(void **state)
{
	struct fixture *f = *state;
	int tag = layby_queue_add(f->queue, f->job, 8);

	assert_int_equal(layby_queue_cancel(f->queue, (uint32_t)tag, 7),
			 -ENOENT);
	assert_int_equal(layby_queue_cancel(f->queue, (uint32_t)tag + 1, 8),
			 -ENOENT);
	assert_int_equal(layby_queue_cancel(f->queue, UINT32_MAX, 8), -ENOENT);
	assert_int_equal(kernel_ring.seen_count, 0);
}

static void
test_cancelled_job_keeps_its_tag_until_the_device_lets_go(void **state)
{
	struct fixture *f = *state;
	struct layby_completion done;
	int tag = layby_queue_add(f->queue, f->job, 8);
	int i;

	layby_queue_cancel(f->queue, (uint32_t)tag, 8);
	kernel_reports[tag].state = LAYBY_REPORT_IN_FLIGHT;
	kernel_post(kernel_ring.seen[1].user_data, 0);
	kernel_post((uint64_t)tag, -ECANCELED);
	assert_int_equal(layby_queue_wait(f->queue, 0, &done), 0);
	assert_int_equal(done.result, -ECANCELED);
	assert_int_equal(done.has_report, 0);
	for (i = 0; i < KERNEL_TAGS - 1; i++)
		assert_int_not_equal(layby_queue_add(f->queue, f->job, 1), tag);
	assert_int_equal(layby_queue_add(f->queue, f->job, 1), -EBUSY);
	kernel_reports[tag].state = LAYBY_REPORT_DONE;
	assert_int_equal(layby_queue_add(f->queue, f->job, 1), tag);
}

static void test_cancel_that_came_too_late(void **state)
{
	struct fixture *f = *state;
	struct layby_completion done;
	int tag = layby_queue_add(f->queue, f->job, 8);

	layby_queue_cancel(f->queue, (uint32_t)tag, 8);
	kernel_finish((uint32_t)tag, 0, 8);
	kernel_post(kernel_ring.seen[1].user_data, -ENOENT);
	assert_int_equal(layby_queue_wait(f->queue, 0, &done), 0);
	assert_int_equal(done.result, 0);
	assert_int_equal(done.has_report, 1);
	assert_int_equal(layby_queue_wait(f->queue, LAYBY_WAIT_FOREVER, &done),
			 -ENODATA);
}

static void test_cancels_are_bounded(void **state)
{
	struct fixture *f = *state;
	int tag = layby_queue_add(f->queue, f->job, 8);
	int i;

	for (i = 0; i < KERNEL_TAGS; i++)
		assert_int_equal(layby_queue_cancel(f->queue, (uint32_t)tag, 8),
				 0);
	assert_int_equal(layby_queue_cancel(f->queue, (uint32_t)tag, 8),
			 -EBUSY);
}

/* --- event fd and the end ------------------------------------------------- */

static void test_event_fd_is_registered_once(void **state)
{
	struct fixture *f = *state;
	int fd = layby_queue_event_fd(f->queue);

	assert_true(fd >= 0);
	assert_int_equal(kernel_ring.event_fd, fd);
	assert_int_equal(layby_queue_event_fd(f->queue), fd);
}

static void test_event_fd_error_closes_it(void **state)
{
	struct fixture *f = *state;

	kernel_ring.eventfd_error = -EBUSY;
	assert_int_equal(layby_queue_event_fd(f->queue), -EBUSY);
	assert_int_equal(kernel_ring.event_fd, 0);
}

static void test_destroy_gives_tags_back(void **state)
{
	struct fixture *f = *state;
	int i;

	for (i = 0; i < KERNEL_TAGS; i++)
		layby_queue_add(f->queue, f->job, 1);
	layby_queue_destroy(f->queue);
	f->queue = NULL;
	assert_true(kernel_ring.exited);
	for (i = 0; i < KERNEL_TAGS; i++)
		assert_true(layby_tag_get(f->node) >= 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_tags_are_distinct_and_end),
		TEST(test_tag_held_by_the_device_is_not_reused),
		TEST(test_tag_out_of_range_is_no_tag),
		TEST(test_tags_between_threads),
		TEST(test_create_asks_for_the_ring),
		TEST(test_create_refuses),
		TEST(test_batch_rings_once),
		TEST(test_batch_does_not_reach_into_the_next),
		TEST(test_wait_returns_job_and_report),
		TEST(test_wait_passes_errors_of_jobs),
		TEST(test_refused_submission_has_no_report),
		TEST(test_report_of_an_older_run_is_not_taken),
		TEST(test_wait_without_a_completion),
		TEST(test_add_ends_at_the_limit),
		TEST(test_add_refuses_a_job_of_another_node),
		TEST(test_ring_error_is_passed_and_nothing_is_lost),
		TEST(test_cancel_names_tag_and_cookie),
		TEST(test_cancel_of_nothing),
		TEST(test_cancelled_job_keeps_its_tag_until_the_device_lets_go),
		TEST(test_cancel_that_came_too_late),
		TEST(test_cancels_are_bounded),
		TEST(test_event_fd_is_registered_once),
		TEST(test_event_fd_error_closes_it),
		TEST(test_destroy_gives_tags_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
