// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a token's being given outlives: the file that it came by, and the
 * accelerator. Runs between test_account and test_give, with serials to match.
 */
#include <unistd.h>

#include "check.h"
#include "token.h"

static void test_the_file_does_not_matter(void **state)
{
	int fd = must(node_open(LAYBY_CLASS_GUEST));
	int other = must(node_open(LAYBY_CLASS_GUEST));

	must_give(give(fd, "5"), 0);
	close(fd);
	must_give(give(other, "5"), 0);
	close(other);
}

/* Consent lapses with the policy; it was not withdrawn. */
static void test_accelerator_anew(void **state)
{
	int fd;

	must(null_reload(""));
	fd = must(node_open(LAYBY_CLASS_GUEST));
	must_give(give(fd, "5"), 0);
	close(fd);
}

/* A withdrawal is for good, also behind the accelerator's back. */
static void test_withdrawn_stays_withdrawn(void **state)
{
	int fd = must(node_open(LAYBY_CLASS_GUEST));

	must_give(withdraw(fd), 0);
	must_give(give(fd, "5"), -ESTALE);
	close(fd);
	must(null_reload(""));
	fd = must(node_open(LAYBY_CLASS_GUEST));
	must_give(give(fd, "5"), -ESTALE);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_file_does_not_matter),
		cmocka_unit_test(test_accelerator_anew),
		cmocka_unit_test(test_withdrawn_stays_withdrawn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
