// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The owner's settings in the store: what was kept comes back, what is not right does not,
 * and a disk that is full takes them.
 */
#include "store_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "store/internal.h"

static const struct owner_settings usual = {
	.cap_mw = UINT32_MAX,
	.quiet_cap_mw = 5000,
	.quiet_from_min = 1439,
	.quiet_until_min = 1440,
	.utc_offset_min = -840,
	.charge_min_percent = 100,
	.departure_percent = 80,
	.departure_min = 450,
	.energy_day_uj = INT64_MAX,
	.paused_until_us = OWNER_UNTIL_RESUMED,
	.currency = "EUR",
	.price_micro_per_kwh = { 1, [23] = UINT32_MAX },
};

struct waiting {
	bool is_done;
	int result;
};

static void on_done(void *userdata, int result)
{
	*(struct waiting *)userdata = (struct waiting){ true, result };
}

static int keep(struct store_fixture *f, const struct owner_settings *settings)
{
	struct waiting waiting = {};

	assert_int_equal(store_keep_settings(f->store, settings, on_done, &waiting), 0);
	while (!waiting.is_done)
		fixture_turn(f);
	return waiting.result;
}

static void check_kept(struct store_fixture *f, const struct owner_settings *settings)
{
	struct owner_settings kept;

	assert_int_equal(store_settings(f->store, &kept), 0);
	assert_true(owner_settings_same(&kept, settings));
}

static void test_what_was_kept_comes_back(void **state)
{
	const struct owner_settings none = {};
	struct store_fixture *f = *state;
	struct owner_settings kept;

	assert_int_equal(store_settings(f->store, &kept), -ENOENT);
	assert_int_equal(keep(f, &usual), 0);
	check_kept(f, &usual);
	fixture_reopen(f);
	check_kept(f, &usual);
	assert_int_equal(keep(f, &none), 0);
	fixture_reopen(f);
	check_kept(f, &none);
}

/* As from before there were settings */
static void test_a_database_without_them(void **state)
{
	struct store_fixture *f = *state;
	struct owner_settings kept;
	uint64_t number = submit_simple(f, 1000, 1);
	struct store_job job;

	run_sql(f, "DROP TABLE setting");
	fixture_reopen(f);
	assert_int_equal(store_settings(f->store, &kept), -ENOENT);
	assert_int_equal(keep(f, &usual), 0);
	check_kept(f, &usual);
	assert_int_equal(store_get(f->store, number, &job), 0);
}

static void test_of_a_newer_agent(void **state)
{
	struct store_fixture *f = *state;

	assert_int_equal(keep(f, &usual), 0);
	run_sql(f, "INSERT INTO setting (name, value) VALUES ('Moon', 'full')");
	check_kept(f, &usual);
}

static void test_what_is_not_right(void **state)
{
	static const char *const wrong[] = {
		"UPDATE setting SET value = 'much' WHERE name = 'CapMw'",
		"UPDATE setting SET value = -1 WHERE name = 'CapMw'",
		"UPDATE setting SET value = 4294967296 WHERE name = 'CapMw'",
		"UPDATE setting SET value = 1.5 WHERE name = 'CapMw'",
		"UPDATE setting SET value = 0 WHERE name = 'QuietUntilMin'",
		"UPDATE setting SET value = 'Euro' WHERE name = 'Currency'",
		"UPDATE setting SET value = 'eur' WHERE name = 'Currency'",
		"UPDATE setting SET value = zeroblob(95) WHERE name = 'PriceMicroPerKwh'",
		"UPDATE setting SET value = zeroblob(97) WHERE name = 'PriceMicroPerKwh'",
	};
	struct store_fixture *f = *state;
	struct owner_settings kept;
	size_t i;
	int r;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(keep(f, &usual), 0);
		run_sql(f, wrong[i]);
		r = store_settings(f->store, &kept);
		if (r != -EBADMSG)
			fail_msg("%d of %s", r, wrong[i]);
	}
}

static void test_set_aside_is_not_none(void **state)
{
	struct store_fixture *f = *state;
	struct owner_settings kept;
	int fd;

	fixture_close(f);
	fd = open(path_of(f, "queue.db"), O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, "broken", 6, 0), 6);
	close(fd);
	assert_int_equal(fixture_open(f), 0);
	assert_int_equal(store_settings(f->store, &kept), -EBADMSG);
	fixture_reopen(f);
	assert_int_equal(store_settings(f->store, &kept), -EBADMSG);
	assert_int_equal(keep(f, &usual), 0);
	check_kept(f, &usual);
}

static void fill_disk(struct store_fixture *f)
{
	static const char zeroes[4096];
	int fd = open(path_of(f, "others"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	while (write(fd, zeroes, sizeof(zeroes)) > 0)
		;
	assert_int_equal(errno, ENOSPC);
	close(fd);
}

static void test_a_full_disk_takes_them(void **state)
{
	struct owner_settings settings = usual;
	struct store_fixture *f = *state;
	uint32_t i;

	fixture_close(f);
	assert_int_equal(mount("layby-test", f->dir, "tmpfs", 0, "size=16m"), 0);
	assert_int_equal(fixture_open(f), 0);
	fill_disk(f);
	for (i = 0; i < 1000; i++) {
		settings.cap_mw = i;
		assert_int_equal(keep(f, &settings), 0);
	}
	fixture_reopen(f);
	check_kept(f, &settings);
	fixture_close(f);
	assert_int_equal(umount2(f->dir, MNT_DETACH), 0);
}

static void test_a_disk_that_fails_keeps_the_old_ones(void **state)
{
	const struct owner_settings none = {};
	struct store_fixture *f = *state;
	sqlite3 *database;

	assert_int_equal(keep(f, &usual), 0);
	/* who has the database locked is a disk that does not answer */
	database = open_beside(f);
	assert_int_equal(sqlite3_exec(database, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_true(keep(f, &none) < 0);
	check_kept(f, &usual);
	sqlite3_close(database);
	assert_int_equal(keep(f, &none), 0);
	check_kept(f, &none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_was_kept_comes_back),
		TEST(test_a_database_without_them),
		TEST(test_of_a_newer_agent),
		TEST(test_what_is_not_right),
		TEST(test_set_aside_is_not_none),
		TEST(test_a_full_disk_takes_them),
		TEST(test_a_disk_that_fails_keeps_the_old_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
