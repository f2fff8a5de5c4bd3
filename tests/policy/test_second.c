// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Two accelerators: the policy is that of the first for which it is right, the
 * other one's driving partition has its whole device.
 */
#include <stdio.h>
#include <unistd.h>

#include "check.h"
#include "image.h"

static char line[512];

static bool is_there(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/auxiliary/devices/%s", name);
	return !access(path, F_OK);
}

/* Neither is loaded, the image has @policy. */
static void begin(const char *policy)
{
	must_give(module_unload_patiently("layby_null"), 0);
	must(image_install(policy));
	assert_string_equal(policy_shows("state"), "idle");
}

static void load(const char *module, const char *words)
{
	log_skip();
	must(module_load(module, ""));
	assert_int_equal(log_policy_lines(line), 1);
	if (!strstr(line, words))
		fail_msg("«%s» is not in «%s»", words, line);
}

static void end(void)
{
	must_give(module_unload_patiently("layby_vnpu"), 0);
	assert_string_equal(policy_shows("state"), "idle");
	must(image_install("null"));
	must(module_load("layby_null", ""));
}

static void test_second_gets_none(void **state)
{
	begin("null-pair");
	load("layby_null", "policy layby-null-pair, ");
	load("layby_vnpu", "no policy in force, driving has the whole device: another accelerator");
	assert_string_equal(policy_shows("state"), "in-force");
	assert_string_equal(policy_shows("id"), "layby-null-pair");
	assert_true(is_there("layby.driving.0"));
	assert_true(is_there("layby.guest.0"));
	assert_true(is_there("layby.driving.1"));
	assert_false(is_there("layby.guest.1"));
	must_give(module_unload_patiently("layby_null"), 0);
	assert_string_equal(policy_shows("state"), "idle");
	assert_true(is_there("layby.driving.1"));
	assert_false(is_there("layby.guest.0"));
	end();
}

static void test_second_matches(void **state)
{
	begin("vnpu");
	load("layby_null", "is for accelerator vnpu, this is null");
	assert_string_equal(policy_shows("state"), "wrong");
	assert_false(is_there("layby.guest.0"));
	load("layby_vnpu", "policy layby-vnpu, ");
	assert_string_equal(policy_shows("state"), "in-force");
	assert_true(is_there("layby.driving.0"));
	assert_true(is_there("layby.driving.1"));
	assert_true(is_there("layby.guest.0"));
	/* the first one leaves and comes back: it has no claim to what the other holds */
	must_give(module_unload_patiently("layby_null"), 0);
	assert_string_equal(policy_shows("state"), "in-force");
	load("layby_null", "another accelerator has it");
	assert_string_equal(policy_shows("id"), "layby-vnpu");
	must_give(module_unload_patiently("layby_null"), 0);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_second_gets_none),
		cmocka_unit_test(test_second_matches),
	};

	return cmocka_run_group_tests_name("second", tests, NULL, NULL);
}
