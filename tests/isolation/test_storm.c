// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A vector that is raised for nothing, again and again: most of it never reaches
 * a processor, the slot's own jobs end well all the same, as do all others.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "check.h"
#include "control.h"
#include "steady.h"

#define STORM_US 50
#define STORM_SECONDS 3
#define JOBS 20

static struct work work;
static struct steady driving;

static int set_up(void **state)
{
	return work_start(&work, LAYBY_CLASS_GUEST, "add") ||
	       steady_start(&driving, LAYBY_CLASS_DRIVING);
}

static int tear_down(void **state)
{
	int alive = steady_goes_on(&driving, 3);
	int ret = steady_stop(&driving);

	work_close(&work);
	return ret ? ret : alive;
}

static uint64_t line_sum(const char *line)
{
	uint64_t sum = 0, number;
	int n;

	for (line = strchr(line, ':') + 1; sscanf(line, "%lu%n", &number, &n) == 1;
	     line += n)
		sum += number;
	return sum;
}

/* That the slots' vectors have brought to all processors. */
static uint64_t slot_interrupts(void)
{
	FILE *file = fopen("/proc/interrupts", "re");
	uint64_t sum = 0;
	char line[512];

	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		if (strstr(line, "layby-slot"))
			sum += line_sum(line);
	}
	fclose(file);
	return sum;
}

static uint64_t seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec;
}

/* The job's slot storms, or the other one. */
static void run_in_storm(uint32_t slot)
{
	uint64_t before = slot_interrupts(), end = seconds() + STORM_SECONDS, came;
	unsigned int jobs = 0;

	must(control_storm(slot, UINT32_MAX, STORM_US));
	while (jobs < JOBS || seconds() < end) {
		work_fill(&work, (float)jobs++);
		must_give(work_run(&work), 0);
		assert_true(work_is_right(&work, (float)(jobs - 1)));
	}
	must(steady_goes_on(&driving, JOBS));
	came = slot_interrupts() - before;
	must(control_storm(slot, 0, 1));
	print_message("# note: %lu interrupts came in %d s or more with %u jobs\n",
		      came, STORM_SECONDS, jobs);
	assert_true(came > 100);
	assert_true(came < 1000000 / STORM_US / 2);
	/* It has calmed, the vector is in service again. */
	must_give(work_run(&work), 0);
}

static void test_guest(void **state)
{
	run_in_storm(GUEST_SLOT);
}

static void test_driving(void **state)
{
	run_in_storm(DRIVING_SLOT);
}

/* The backend goes while it polls. */
static void test_unload(void **state)
{
	must(control_storm(GUEST_SLOT, UINT32_MAX, STORM_US));
	must(steady_goes_on(&driving, JOBS));
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(guest), TEST(driving), TEST(unload) };

	return cmocka_run_group_tests_name("storm", tests, NULL, NULL);
}
