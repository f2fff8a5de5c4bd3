// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Every file that wrong.py made: driving has the whole device, there is no guest
 * node, one line of the log says why, and the right file comes into force
 * afterwards.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "driving.h"
#include "image.h"

#define CASES_MAX	128
#define CASES		POLICIES "wrong"

static void test_case(void **state)
{
	const char *name = *state;
	static struct image_file expected;
	char folder[512], *words;

	snprintf(folder, sizeof(folder), CASES "/%s", name);
	must(image_read(folder, "expected", &expected));
	expected.bytes[expected.size - 1] = '\0';
	words = strchr((char *)expected.bytes, '\n');
	*words++ = '\0';
	snprintf(folder, sizeof(folder), "wrong/%s", name);
	must(image_install(folder));
	check_refused((char *)expected.bytes, words);
}

static void test_right_again(void **state)
{
	must(image_install("null"));
	must(null_reload(""));
	assert_string_equal(policy_shows("state"), "in-force");
	assert_string_equal(policy_shows("id"), "layby-null");
}

static int right_one(void **state)
{
	int ret = image_install("null");

	return ret ? ret : null_reload("");
}

static int is_case(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int main(void)
{
	static struct CMUnitTest tests[CASES_MAX + 1];
	struct dirent **entries;
	int i, count = scandir(CASES, &entries, is_case, alphasort);

	if (count < 1 || count > CASES_MAX) {
		fprintf(stderr, "%d cases in " CASES "\n", count);
		return 1;
	}
	for (i = 0; i < count; i++)
		tests[i] = (struct CMUnitTest){
			.name = entries[i]->d_name,
			.test_func = test_case,
			.initial_state = entries[i]->d_name,
		};
	tests[count] = (struct CMUnitTest)cmocka_unit_test(test_right_again);
	return _cmocka_run_group_tests("wrong", tests, (size_t)count + 1, NULL, right_one);
}
