// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * foe parked|driving unit|out - what a compromised agent tries, and what it gets
 *
 * Runs as the agent's user, in the sandbox of its unit or out of it, in a vehicle
 * that is parked, with consent, or drives. Beside cmocka's lines it prints each
 * attempt with what it got, for the table in docs/hostile-agent.md.
 */
#include <stdio.h>
#include <stdlib.h>

#include "foe.h"

#define ATTEMPTS_MAX	200

static const struct attempt *const in_park[] = {
	may, orders, programs, parties, host, owner, NULL,
};

static const struct attempt *const in_motion[] = { while_driving, NULL };

static const char *error_name(int error)
{
	if (error == ENOTSUPP)
		return "ENOTSUPP";
	return error ? strerrorname_np(error) ?: "nameless" : "works";
}

static void test_attempt(void **state)
{
	const struct attempt *attempt = *state;
	int want = in_unit ? attempt->unit : attempt->out;
	int got = -attempt->make(attempt->with);

	printf("# attempt\t%s\t%s\t%s\n", in_unit ? "unit" : "out", attempt->what,
	       error_name(got));
	if (got != want)
		fail_msg("«%s» gave %s, it must give %s", attempt->what, error_name(got),
			 error_name(want));
}

static size_t add(struct CMUnitTest *tests, size_t count, const struct attempt *attempt)
{
	const char *kernel = getenv("LAYBY_KERNEL");
	bool stock = !kernel || !strcmp(kernel, "stock");

	for (; attempt->what && count < ATTEMPTS_MAX; attempt++)
		if (stock || !attempt->stock)
			tests[count++] = (struct CMUnitTest){
				.name = attempt->what,
				.test_func = test_attempt,
				.initial_state = (void *)(uintptr_t)attempt,
			};
	return count;
}

static int run(const struct attempt *const *groups)
{
	static struct CMUnitTest tests[ATTEMPTS_MAX];
	size_t count = 0;

	for (; *groups; groups++)
		count = add(tests, count, *groups);
	return _cmocka_run_group_tests(in_unit ? "unit" : "out", tests, count, NULL, NULL);
}

int main(int argc, char *argv[])
{
	if (argc != 3) {
		fputs("usage: foe parked|driving unit|out\n", stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	in_unit = !strcmp(argv[2], "unit");
	return run(strcmp(argv[1], "driving") ? in_park : in_motion);
}
