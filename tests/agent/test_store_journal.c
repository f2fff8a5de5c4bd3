// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The ledger's head is told to the journal, when the store is opened and closed: here a
 * socket in the journal's place, so only where there is none (as in the SDK tree).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "store/internal.h"
#include "store_fixture.h"

#define JOURNAL "/run/systemd/journal/socket"

static int journal = -1;

static int open_journal(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = JOURNAL };

	mkdir("/run/systemd", 0755);
	mkdir("/run/systemd/journal", 0755);
	journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (bind(journal, (struct sockaddr *)&address, sizeof(address)) < 0) {
		close(journal);
		journal = -1;
	}
	return 0;
}

static int close_journal(void **state)
{
	if (journal >= 0)
		unlink(JOURNAL);
	close(journal);
	return 0;
}

/* Of the next message, how many rows its head has; it must be one. */
static unsigned long long told(char ret_hash[static 65])
{
	char message[4096] = "";
	unsigned long long count;
	const char *field;
	int fields;

	assert_true(recv(journal, message, sizeof(message) - 1, 0) > 0);
	field = strstr(message, "LAYBY_LEDGER_HEAD=");
	assert_non_null(field);
	fields = sscanf(field, "LAYBY_LEDGER_HEAD=%64[0-9a-f]:%llu\n", ret_hash, &count);
	assert_int_equal(fields, 2);
	assert_int_equal(strlen(ret_hash), 64);
	assert_non_null(strstr(message, "PRIORITY=6\n"));
	return count;
}

static void assert_silent(void)
{
	char byte;

	assert_int_equal(recv(journal, &byte, 1, 0), -1);
	assert_int_equal(errno, EAGAIN);
}

static void test_head_is_told(void **state)
{
	struct store_fixture *f = *state;
	char opened[65], closed[65], again[65];

	if (journal < 0)
		skip();
	assert_int_equal(told(opened), 0);
	assert_int_equal(end_as(f, submit_simple(f, 1000, 1), STORE_FINISHED, 1), 0);
	assert_int_equal(end_as(f, submit_simple(f, 1000, 2), STORE_FAILED, 0), 0);
	/* not at each end */
	assert_silent();
	fixture_reopen(f);
	assert_int_equal(told(closed), 2);
	assert_int_equal(told(again), 2);
	assert_string_equal(closed, again);
	assert_string_not_equal(closed, opened);
	assert_silent();
	/* an hour later, with the next commit */
	f->store->told_s -= 3600;
	assert_int_equal(end_as(f, submit_simple(f, 1000, 3), STORE_FINISHED, 3), 0);
	fixture_close(f);
	assert_int_equal(told(again), 2);
	assert_int_equal(told(closed), 3);
	assert_silent();
	assert_int_equal(fixture_open(f), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_head_is_told) };

	return cmocka_run_group_tests_name("store_journal", tests, open_journal, close_journal);
}
