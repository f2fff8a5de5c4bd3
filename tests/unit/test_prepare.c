// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a job may name, on the host: the same kmod/prepare.c as in the module. Each
 * limit from both sides, and sums that are no numbers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <prepare.h>

#define ADDRESS		0x10000ull
#define SIZE		0x2000ull
#define ALIGN		LAYBY_RANGE_ALIGN
#define RUN_NS		1000ull

static const struct layby_job_prepare sane = {
	.input_count = LAYBY_MAX_INPUTS, .output_count = LAYBY_MAX_OUTPUTS,
	.longest_run_ns = RUN_NS, .flags = LAYBY_JOB_INTERACTIVE,
};

static void test_sane(void **state)
{
	struct layby_job_prepare args = sane;

	assert_true(layby_prepare_sane(&args, RUN_NS));
	assert_false(layby_prepare_sane(&args, RUN_NS - 1));
	args.input_count = 0;
	args.output_count = 1;
	args.flags = 0;
	args.longest_run_ns = 1;
	assert_true(layby_prepare_sane(&args, RUN_NS));
}

#define INSANE(member, value)						\
	do {								\
		struct layby_job_prepare args = sane;			\
									\
		args.member = value;					\
		assert_false(layby_prepare_sane(&args, RUN_NS));	\
	} while (0)

static void test_insane(void **state)
{
	INSANE(flags, LAYBY_JOB_INTERACTIVE | 2);
	INSANE(job, 1);
	INSANE(input_count, LAYBY_MAX_INPUTS + 1);
	INSANE(output_count, 0);
	INSANE(output_count, LAYBY_MAX_OUTPUTS + 1);
	INSANE(longest_run_ns, 0);
}

static bool place(uint64_t offset, uint64_t length)
{
	const struct layby_range range = { .offset = offset, .length = length };
	struct layby_hw_range hw = { 1, 2 };

	if (layby_prepare_place(&range, ADDRESS, SIZE, &hw)) {
		assert_int_equal(hw.address, ADDRESS + offset);
		assert_int_equal(hw.length, length);
		return true;
	}
	assert_int_equal(hw.address, 1);
	assert_int_equal(hw.length, 2);
	return false;
}

static void test_place(void **state)
{
	const struct layby_range padded = { .pad = 1, .length = 1 };
	struct layby_hw_range hw;

	assert_true(place(0, 1));
	assert_true(place(0, SIZE));
	assert_true(place(SIZE - ALIGN, ALIGN));
	assert_false(place(0, 0));
	assert_false(place(1, 1));
	assert_false(place(0, SIZE + 1));
	assert_false(place(ALIGN, SIZE));
	assert_false(place(SIZE, 1));
	assert_false(place(SIZE + ALIGN, 1));
	assert_false(place(-(uint64_t)ALIGN, ALIGN));
	assert_false(place(ALIGN, UINT64_MAX));
	assert_false(layby_prepare_place(&padded, ADDRESS, SIZE, &hw));
}

/* One buffer behind another: program, two inputs, two outputs. */
static struct layby_hw_job apart(void)
{
	return (struct layby_hw_job){
		.program = { 0, 10 }, .input = { { 10, 10 }, { 20, 10 } },
		.output = { { 30, 10 }, { 40, 10 } }, .input_count = 2, .output_count = 2,
	};
}

static void test_apart(void **state)
{
	struct layby_hw_job job = apart();

	assert_true(layby_prepare_apart(&job));
	job.input[1] = job.input[0];
	job.program = job.input[0];
	assert_true(layby_prepare_apart(&job));
}

#define OVERLAPS(range, start)						\
	do {								\
		struct layby_hw_job job = apart();			\
									\
		job.range.address = start;				\
		assert_false(layby_prepare_apart(&job));		\
	} while (0)

static void test_overlap(void **state)
{
	OVERLAPS(output[0], 9);
	OVERLAPS(output[0], 11);
	OVERLAPS(output[0], 29);
	OVERLAPS(output[1], 39);
	OVERLAPS(output[1], 1);
	OVERLAPS(program, 39);
	OVERLAPS(input[1], 49);
}

static void test_submit(void **state)
{
	struct layby_cmd_submit submit = { .tag = LAYBY_PARTY_TAGS - 1 };

	assert_true(layby_submit_sane(&submit));
	submit.flags = LAYBY_SUBMIT_MORE;
	assert_true(layby_submit_sane(&submit));
	submit.flags = LAYBY_SUBMIT_MORE << 1;
	assert_false(layby_submit_sane(&submit));
	submit.flags = 0;
	submit.tag = LAYBY_PARTY_TAGS;
	assert_false(layby_submit_sane(&submit));
}

static void test_cancel(void **state)
{
	struct layby_cmd_cancel cancel = { .tag = LAYBY_PARTY_TAGS - 1 };

	assert_true(layby_cancel_sane(&cancel));
	cancel.flags = 1;
	assert_false(layby_cancel_sane(&cancel));
	cancel.flags = 0;
	cancel.tag = LAYBY_PARTY_TAGS;
	assert_false(layby_cancel_sane(&cancel));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sane), cmocka_unit_test(test_insane),
		cmocka_unit_test(test_place), cmocka_unit_test(test_apart),
		cmocka_unit_test(test_overlap), cmocka_unit_test(test_submit),
		cmocka_unit_test(test_cancel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
