// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * SubmitJobs: many jobs in one call, each for itself.
 */
#include "agent_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX 64
#define KEY(n) "sixteen bytes " n

struct vector {
	const char *data;
	uint32_t count;
	/* of each its key, and the sizes of its inputs, up to the first 0 */
	const char *keys[MAX + 1];
	uint64_t sizes[MAX + 1][10];
	const char *option;
};

struct answer {
	char error[64];
	char path[64];
};

static void append_job(sd_bus_message *m, const struct vector *v, uint32_t i)
{
	const char *key = v->keys[i] ?: "";
	size_t n = 0;

	while (n < 10 && v->sizes[i][n])
		n++;
	sd_bus_message_open_container(m, 'r', "ayat");
	sd_bus_message_append_array(m, 'y', key, strlen(key));
	sd_bus_message_append_array(m, 't', v->sizes[i], n * sizeof(uint64_t));
	sd_bus_message_close_container(m);
}

static sd_bus_message *message(sd_bus *bus, const struct vector *v, int program, int data)
{
	const uint64_t output = 8;
	sd_bus_message *m = NULL;
	uint32_t i;

	assert_true(sd_bus_message_new_method_call(bus, &m, AGENT, AGENT_PATH, AGENT,
						   "SubmitJobs") >= 0);
	sd_bus_message_append(m, "hh", program, data);
	sd_bus_message_open_container(m, 'a', "(ayat)");
	for (i = 0; i < v->count; i++)
		append_job(m, v, i);
	sd_bus_message_close_container(m);
	sd_bus_message_append_array(m, 't', &output, sizeof(output));
	sd_bus_message_append(m, "t", (uint64_t)1000000);
	sd_bus_message_open_container(m, 'a', "{sv}");
	sd_bus_message_append(m, "{sv}", "linger", "b", 1);
	if (v->option) {
		sd_bus_message_open_container(m, 'e', "sv");
		sd_bus_message_append(m, "s", v->option);
		sd_bus_message_open_container(m, 'v', "ay");
		sd_bus_message_append_array(m, 'y', KEY("00"), 16);
		sd_bus_message_close_container(m);
		sd_bus_message_close_container(m);
	}
	assert_true(sd_bus_message_close_container(m) >= 0);
	return m;
}

static int call(sd_bus *bus, const struct vector *v, sd_bus_message **reply, sd_bus_error *error)
{
	int program = text("copy 0"), data = text(v->data);
	sd_bus_message *m = message(bus, v, program, data);
	int r = sd_bus_call(bus, m, 0, error, reply);

	sd_bus_message_unref(m);
	close(program);
	close(data);
	return r;
}

static void submit_all(sd_bus *bus, const struct vector *v, struct answer *answers)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	const char *name, *path;
	uint32_t i;

	if (call(bus, v, &reply, &error) < 0)
		fail_msg("%s: %s", error.name, error.message);
	assert_true(sd_bus_message_enter_container(reply, 'a', "(so)") > 0);
	for (i = 0; sd_bus_message_read(reply, "(so)", &name, &path) > 0; i++) {
		assert_true(i < v->count);
		snprintf(answers[i].error, sizeof(answers[i].error), "%s", name);
		snprintf(answers[i].path, sizeof(answers[i].path), "%s", path);
	}
	assert_int_equal(i, v->count);
	sd_bus_message_unref(reply);
}

static void fails(sd_bus *bus, const struct vector *v, const char *words)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;

	assert_true(call(bus, v, &reply, &error) < 0);
	assert_string_equal(error.name, ERROR_INVALID);
	if (!strstr(error.message, words))
		fail_msg("\"%s\" is not in: %s", words, error.message);
	sd_bus_error_free(&error);
}

static const struct vector three = {
	.data = "firstsecondthirdand more that nobody takes",
	.count = 3,
	.keys = { KEY("01"), KEY("02"), NULL },
	.sizes = { { 5 }, { 6 }, { 3, 2 } },
};

static void test_each_has_its_own_input(void **state)
{
	struct fixture *f = *state;
	struct answer answers[3];
	int i;

	submit_all(f->bus, &three, answers);
	for (i = 0; i < 3; i++) {
		assert_string_equal(answers[i].error, "");
		assert_string_equal(wait_end(f->bus, answers[i].path), "finished");
	}
	check_output(f->bus, answers[0].path, 0, "first...", 8);
	check_output(f->bus, answers[1].path, 0, "second..", 8);
	check_output(f->bus, answers[2].path, 0, "thi.....", 8);
}

static void test_again_is_the_same_but_for_those_without_a_key(void **state)
{
	struct fixture *f = *state;
	struct answer first[3], second[3];

	submit_all(f->bus, &three, first);
	submit_all(f->bus, &three, second);
	assert_string_equal(first[0].path, second[0].path);
	assert_string_equal(first[1].path, second[1].path);
	assert_string_not_equal(first[2].path, second[2].path);
	assert_int_equal(count_jobs(f->bus), 4);
}

static void test_one_that_is_refused(void **state)
{
	struct fixture *f = *state;
	struct vector v = three;
	struct answer answers[3];

	submit_all(f->bus, &three, answers);
	v.sizes[1][0] = 5;
	submit_all(f->bus, &v, answers);
	assert_string_equal(answers[0].error, "");
	assert_string_equal(answers[1].error, ERROR_KEY_USED);
	assert_string_equal(answers[1].path, "/");
	assert_string_equal(answers[2].error, "");
}

static void test_more_than_one_user_may_hold(void **state)
{
	struct fixture *f = *state;
	struct vector v = { .data = "x", .count = MAX };
	struct answer answers[MAX];
	int i, refused = 0;

	submit_all(f->bus, &three, answers);
	submit_all(f->bus, &v, answers);
	for (i = 0; i < MAX; i++)
		refused += !strcmp(answers[i].error, ERROR_LIMITS);
	assert_int_equal(refused, 3);
	assert_int_equal(count_jobs(f->bus), 64);
}

static void test_wrong_ones(void **state)
{
	struct fixture *f = *state;
	struct vector v = three;
	uint32_t i;

	v.count = 0;
	fails(f->bus, &v, "a vector has 1 to 64");
	v.count = MAX + 1;
	fails(f->bus, &v, "a vector has at most 64");
	v = three;
	v.data = "short";
	fails(f->bus, &v, "16 bytes together, @data has 5");
	v = three;
	v.sizes[2][1] = 16385;
	fails(f->bus, &v, "1 to 16384 go into a vector");
	v = three;
	v.keys[1] = "short";
	fails(f->bus, &v, "a key of 5 bytes");
	v = three;
	for (i = 0; i < 9; i++)
		v.sizes[0][i] = 1;
	fails(f->bus, &v, "at most 8");
	v = three;
	v.option = "key";
	fails(f->bus, &v, "each job of a vector has its own");
	assert_int_equal(count_jobs(f->bus), 0);
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_each_has_its_own_input),
		TEST(test_again_is_the_same_but_for_those_without_a_key),
		TEST(test_one_that_is_refused),
		TEST(test_more_than_one_user_may_hold),
		TEST(test_wrong_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
