// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Programs that are none, or that do not fit what they are given: a clear error,
 * no output, and the next job of the same party is fine.
 */
#include <stdlib.h>

#include "check.h"
#include "work.h"

#define FILL 0xa5

static struct work work, good;
static struct model model;

static int set_up(void **state)
{
	return work_open(&work, LAYBY_CLASS_GUEST) ||
	       work_start(&good, LAYBY_CLASS_GUEST, "add");
}

static int tear_down(void **state)
{
	work_close(&work);
	work_close(&good);
	model_free(&model);
	return 0;
}

/* Runs @model with these sizes, everything else being right. */
static void check_fails(size_t input, size_t output, int result, uint32_t reason)
{
	const struct layby_report *report;

	must(work_load(&work, &model, input, output, LONG_RUN));
	if (input)
		memset(work.input.map, 0, input);
	memset(work.output.map, FILL, output);
	must_give(work_run(&work), result);
	report = work_report(&work, 0);
	assert_int_equal(report->state, LAYBY_REPORT_DONE);
	assert_int_equal(report->result, result);
	assert_int_equal(report->reason, reason);
	assert_true(all_bytes(work.output.map, FILL, output));
	work_fill(&good, 4);
	must_give(work_run(&good), 0);
	assert_true(work_is_right(&good, 4));
}

static void bad_program(void)
{
	check_fails(VECTOR_BYTES, VECTOR_BYTES, -ENOEXEC, LAYBY_REASON_BAD_PROGRAM);
}

static void bad_shape(size_t input, size_t output)
{
	must(model_read("add", &model));
	check_fails(input, output, -ENOEXEC, LAYBY_REASON_BAD_SHAPE);
}

static void test_zeros(void **state)
{
	model.size = 500;
	model.bytes = calloc(1, model.size);
	assert_non_null(model.bytes);
	bad_program();
}

static void test_text(void **state)
{
	must(model_read("/layby/tests/vnpu/models.py", &model));
	bad_program();
}

static void test_elf(void **state)
{
	must(model_read("/layby/build/isolation/test_program", &model));
	bad_program();
}

static void test_cut_off(void **state)
{
	must(model_read("add", &model));
	model.size -= 1;
	bad_program();
}

static void test_cut_in_half(void **state)
{
	must(model_read("add", &model));
	model.size /= 2;
	bad_program();
}

static void test_external_data(void **state)
{
	must(model_read("external", &model));
	bad_program();
}

static void test_input_short(void **state)
{
	bad_shape(VECTOR_BYTES - 4, VECTOR_BYTES);
}

static void test_input_long(void **state)
{
	bad_shape(VECTOR_BYTES + 4, VECTOR_BYTES);
}

static void test_input_missing(void **state)
{
	bad_shape(0, VECTOR_BYTES);
}

static void test_output_short(void **state)
{
	bad_shape(VECTOR_BYTES, VECTOR_BYTES - 4);
}

static void test_output_long(void **state)
{
	bad_shape(VECTOR_BYTES, VECTOR_BYTES + 4);
}

static void test_input_too_many(void **state)
{
	must(model_read("leak", &model));
	check_fails(64, LEAK_BYTES, -ENOEXEC, LAYBY_REASON_BAD_SHAPE);
}

/* gather.onnx: an index that is out of range is found while it runs. */
static void test_fails_while_running(void **state)
{
	must(model_read("gather", &model));
	must(work_load(&work, &model, VECTOR_BYTES, VECTOR_BYTES, LONG_RUN));
	memset(work.input.map, 0, VECTOR_BYTES);
	must_give(work_run(&work), 0);
	memset(work.output.map, FILL, VECTOR_BYTES);
	memset(work.input.map, 0x7f, VECTOR_BYTES);
	must_give(work_run(&work), -EIO);
	assert_int_equal(work_report(&work, 0)->reason, LAYBY_REASON_COMPUTE_FAILED);
	assert_true(all_bytes(work.output.map, FILL, VECTOR_BYTES));
	memset(work.input.map, 0, VECTOR_BYTES);
	must_give(work_run(&work), 0);
	assert_true(all_bytes(work.output.map, 0, VECTOR_BYTES));
}

/* There is no buffer that a larger model would go into. */
static void test_larger_than_window(void **state)
{
	struct layby_partition_info info;
	uint32_t handle;

	must(node_query(work.party.fd, LAYBY_QUERY_PARTITION, &info, sizeof(info)));
	must_give(buffer_create(work.party.fd, info.window_bytes + 1, 0, &handle), -ENOSPC);
	must_give(buffer_create(work.party.fd, info.window_free_bytes + 1, 0, &handle),
		  -ENOSPC);
	must(buffer_create(work.party.fd, info.window_free_bytes, 0, &handle));
	must(buffer_close(work.party.fd, handle));
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(zeros), TEST(text), TEST(elf), TEST(cut_off), TEST(cut_in_half),
		TEST(external_data), TEST(input_short), TEST(input_long),
		TEST(input_missing), TEST(output_short), TEST(output_long),
		TEST(input_too_many), TEST(fails_while_running),
		TEST(larger_than_window),
	};

	return cmocka_run_group_tests_name("program", tests, NULL, NULL);
}
