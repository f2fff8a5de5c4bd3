// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a job gives: the right bytes and a true report, alone and with others at
 * the same time.
 */
#include <math.h>
#include <stdio.h>

#include "check.h"
#include "work.h"

/* docs/accelerator.md: 8000 operations on four tiles, and four tiles' power */
#define ADD_TILES	4
static const struct {
	uint32_t ticks;
	uint32_t energy_uj;
} add_costs[] = { { 1270, 1778 }, { 854, 2117 }, { 645, 2580 }, { 520, 3120 } };

#define IMAGE_BYTES	256
#define LOGIT_BYTES	40
#define IMAGES		20

static struct work work;

static int tear_down(void **state)
{
	work_close(&work);
	return 0;
}

static void check_add(uint32_t class)
{
	const struct layby_report *report;

	must(work_start(&work, class, "add"));
	work_fill(&work, 3);
	must(work_submit(&work, 5));
	must_give(work_wait(&work), 0);
	assert_true(work_is_right(&work, 3));
	report = work_report(&work, 5);
	assert_int_equal(report->state, LAYBY_REPORT_DONE);
	assert_int_equal(report->result, 0);
	assert_int_equal(report->reason, LAYBY_REASON_FINISHED);
	assert_int_equal(report->cookie, 5);
	assert_in_range(report->level, 0, 3);
	assert_int_equal(report->run_ticks, add_costs[report->level].ticks);
	assert_int_equal(report->energy_uj, add_costs[report->level].energy_uj);
	assert_int_equal(report->tile_ticks, ADD_TILES * report->run_ticks);
	assert_int_equal(report->input_bytes, VECTOR_BYTES);
	assert_int_equal(report->output_bytes, VECTOR_BYTES);
	assert_true(report->queue_ticks > 0);
	assert_true(report->end_ticks > report->queue_ticks + report->run_ticks);
}

static void test_add_driving(void **state)
{
	check_add(LAYBY_CLASS_DRIVING);
}

static void test_add_guest(void **state)
{
	check_add(LAYBY_CLASS_GUEST);
}

/* --- Digits ------------------------------------------------------------------ */

static float images[IMAGES][IMAGE_BYTES / sizeof(float)];
static float logits[IMAGES][LOGIT_BYTES / sizeof(float)];

static void read_floats(const char *path, void *to, size_t size)
{
	FILE *file = fopen(path, "r");

	if (!file || fread(to, 1, size, file) != size)
		fail_msg("%s cannot be read: make it with tests/isolation/run", path);
	fclose(file);
}

static void check_digit(unsigned int image)
{
	const float *got = (const float *)work.output.map;
	unsigned int i;

	memcpy(work.input.map, images[image], IMAGE_BYTES);
	memset(work.output.map, 0xff, LOGIT_BYTES);
	must_give(work_run(&work), 0);
	for (i = 0; i < LOGIT_BYTES / sizeof(float); i++)
		if (!(fabsf(got[i] - logits[image][i]) <= 1e-5f))
			fail_msg("image %u, logit %u is %f, it must be %f", image, i,
				 (double)got[i], (double)logits[image][i]);
}

/* As ONNX Runtime has it without the accelerator. */
static void test_digits(void **state)
{
	struct model model;
	unsigned int i;

	read_floats("/layby/build/demo/images.f32", images, sizeof(images));
	read_floats("/layby/build/isolation/logits.f32", logits, sizeof(logits));
	must(model_read("/layby/build/demo/digits-1.onnx", &model));
	must(work_open(&work, LAYBY_CLASS_GUEST));
	must(work_load(&work, &model, IMAGE_BYTES, LOGIT_BYTES, LONG_RUN));
	model_free(&model);
	for (i = 0; i < IMAGES; i++)
		check_digit(i);
}

/* --- Many at once ------------------------------------------------------------ */

#define PARTIES 6
#define JOBS 8

static struct work several[PARTIES];

static void run_several(unsigned int round)
{
	unsigned int i, job;

	for (i = 0; i < PARTIES; i++) {
		work_fill(&several[i], (float)(100 * round + i));
		for (job = 0; job < JOBS; job++)
			must(work_submit(&several[i], job));
	}
	for (i = 0; i < PARTIES; i++) {
		for (job = 0; job < JOBS; job++)
			must_give(work_wait(&several[i]), 0);
		assert_true(work_is_right(&several[i], (float)(100 * round + i)));
	}
}

/* Four guests and two drivers, more than a slot keeps programs for. */
static void test_several_parties(void **state)
{
	unsigned int i;

	for (i = 0; i < PARTIES; i++)
		must(work_start(&several[i], i < 4 ? LAYBY_CLASS_GUEST :
				LAYBY_CLASS_DRIVING, "add"));
	for (i = 0; i < 3; i++)
		run_several(i);
}

static int close_several(void **state)
{
	unsigned int i;

	for (i = 0; i < PARTIES; i++)
		work_close(&several[i]);
	return 0;
}

#define TAGS 64

/* 64 prepared jobs with ranges of their own, all in flight. */
static void test_own_ranges(void **state)
{
	struct layby_range program, input, output;
	struct buffer in, out;
	uint32_t i;

	must(work_start(&work, LAYBY_CLASS_GUEST, "add"));
	must(buffer_make(work.party.fd, TAGS * VECTOR_BYTES, &in));
	must(buffer_make(work.party.fd, TAGS * VECTOR_BYTES, &out));
	program = buffer_range(&work.program, 0, work.program.size);
	for (i = 0; i < TAGS; i++) {
		vector_fill(in.map + i * VECTOR_BYTES, (float)(1000 + i));
		input = buffer_range(&in, i * VECTOR_BYTES, VECTOR_BYTES);
		output = buffer_range(&out, (TAGS - 1 - i) * VECTOR_BYTES, VECTOR_BYTES);
		work.job = (uint32_t)must(work_prepare(&work, program, &input, output,
						       LONG_RUN));
		must(work_submit(&work, i));
	}
	for (i = 0; i < TAGS; i++)
		must_give(work_wait(&work), 0);
	for (i = 0; i < TAGS; i++)
		assert_true(vector_is_right(out.map + (TAGS - 1 - i) * VECTOR_BYTES,
					    (float)(1000 + i)));
	must(buffer_drop(work.party.fd, &in));
	must(buffer_drop(work.party.fd, &out));
}

#define TEST(name) cmocka_unit_test_teardown(test_##name, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(add_driving), TEST(add_guest), TEST(digits), TEST(own_ranges),
		cmocka_unit_test_teardown(test_several_parties, close_several),
	};

	return cmocka_run_group_tests_name("result", tests, NULL, NULL);
}
