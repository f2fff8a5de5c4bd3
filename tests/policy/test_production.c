// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A module with another certificate and a higher floor: it takes policies of its
 * own key only, none of the development key, none below the floor, and says
 * which kind of key it has.
 */
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "driving.h"
#include "image.h"

static char ours[200], production[256];

static int change_modules(const char *folder)
{
	int ret = module_unload_patiently("layby_null");

	if (!ret)
		ret = module_unload_patiently("layby");
	if (!ret)
		ret = setenv("LAYBY_MODULES", folder, 1);
	if (!ret)
		ret = module_load("layby", "");
	return ret ? ret : module_load("layby_null", "");
}

static int set_up(void **state)
{
	snprintf(ours, sizeof(ours), "%s", getenv("LAYBY_MODULES"));
	snprintf(production, sizeof(production), "%s-production", ours);
	return change_modules(production);
}

static int tear_down(void **state)
{
	int ret = image_install("null");

	return ret ? ret : change_modules(ours);
}

static void test_shown(void **state)
{
	assert_string_equal(policy_shows("key"), "production");
	assert_string_equal(policy_shows("serial_floor"), "5");
}

static void test_development_key(void **state)
{
	must(image_install("null-other"));
	check_refused("forged", "was made with another key than ours");
}

/* ISO-9: signed by the right key, and too old. */
static void test_below_floor(void **state)
{
	must(image_install("production-4"));
	check_refused("wrong", "breaks rule serial-floor: serial (byte 16) is 4, right is 5 to");
}

static void test_at_floor(void **state)
{
	must(image_install("production-5"));
	log_skip();
	must(null_reload(""));
	assert_int_equal(log_policy_lines(NULL), 1);
	assert_string_equal(policy_shows("state"), "in-force");
	assert_string_equal(policy_shows("serial"), "5");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shown),
		cmocka_unit_test(test_development_key),
		cmocka_unit_test(test_below_floor),
		cmocka_unit_test(test_at_floor),
	};

	return cmocka_run_group_tests_name("production", tests, set_up, tear_down);
}
