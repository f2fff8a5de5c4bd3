// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Pauses and off; who may pause, resume and set, and cancel jobs of others.
 */
#include "fake_polkit.h"
#include "owner_calls.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ACTION "org.layby.agent1.settings"
#define MANAGE "org.layby.agent1.manage-jobs"
#define STRANGER 65534

static uint64_t wall_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* --- pauses --------------------------------------------------------------- */

static int on_changed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const char *name;
	int *paused = userdata, value;

	sd_bus_message_skip(m, "s");
	sd_bus_message_enter_container(m, 'a', "{sv}");
	while (sd_bus_message_enter_container(m, 'e', "sv") > 0) {
		sd_bus_message_read(m, "s", &name);
		if (!strcmp(name, "Paused")) {
			sd_bus_message_read(m, "v", "b", &value);
			*paused = value;
		} else {
			sd_bus_message_skip(m, "v");
		}
		sd_bus_message_exit_container(m);
	}
	return 0;
}

static void test_pause_and_resume(void **state)
{
	struct fixture *f = *state;
	int paused = -1;

	owner_boot(f);
	assert_true(sd_bus_match_signal(f->bus, NULL, AGENT, AGENT_PATH,
					"org.freedesktop.DBus.Properties", "PropertiesChanged",
					on_changed, &paused) >= 0);
	owner_pause_for_ever(f->bus);
	assert_int_equal(map_read(f).paused, 1);
	assert_true(agent_flag(f, "Paused"));
	assert_int_equal(agent_number(f->bus, "PausedUntilUs"), INT64_MAX);
	while (sd_bus_process(f->bus, NULL) > 0)
		;
	assert_int_equal(paused, 1);
	owner_restart(f, SIGKILL);
	assert_true(agent_flag(f, "Paused"));
	owner_ok(f->bus, owner_call(f->bus, "Resume"));
	assert_int_equal(map_read(f).paused, 0);
	assert_false(agent_flag(f, "Paused"));
	while (sd_bus_process(f->bus, NULL) > 0)
		;
	assert_int_equal(paused, 0);
	/* again: nothing to do, no error */
	owner_ok(f->bus, owner_call(f->bus, "Resume"));
	owner_restart(f, SIGKILL);
	assert_false(agent_flag(f, "Paused"));
}

static void test_pause_ends_by_itself(void **state)
{
	struct fixture *f = *state;
	uint64_t until = wall_us() + 2000000;

	owner_boot(f);
	owner_ok(f->bus, owner_pause(f->bus, until));
	assert_true(map_read(f).paused || wall_us() >= until);
	while (wall_us() < until)
		usleep(20000);
	wait_flag(f, "Paused", false);
	assert_int_equal(map_read(f).paused, 0);
}

static void test_pause_is_not_shortened(void **state)
{
	struct fixture *f = *state;
	uint64_t day = wall_us() + 86400000000;

	owner_ok(f->bus, owner_pause(f->bus, day));
	owner_ok(f->bus, owner_pause(f->bus, day - 1000000));
	assert_int_equal(agent_number(f->bus, "PausedUntilUs"), day);
	owner_pause_for_ever(f->bus);
	owner_ok(f->bus, owner_pause(f->bus, day));
	assert_int_equal(agent_number(f->bus, "PausedUntilUs"), INT64_MAX);
	owner_fails(f->bus, owner_pause(f->bus, wall_us() - 5000000), ERROR_INVALID,
		    "time to come");
	owner_fails(f->bus, owner_pause(f->bus, UINT64_MAX), ERROR_INVALID, "until it is resumed");
}

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const sd_bus_error *failed = sd_bus_message_get_error(m);

	snprintf(userdata, 64, "%s", failed ? failed->name : "done");
	return 0;
}

/* Whoever holds the database's lock: for the agent it is a disk that does not answer. */
static sqlite3 *hold_database(struct fixture *f)
{
	sqlite3 *database;
	char path[96];

	snprintf(path, sizeof(path), "%s/queue.db", f->state);
	assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
	sqlite3_busy_timeout(database, 10000);
	assert_int_equal(sqlite3_exec(database, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	return database;
}

static void test_pause_does_not_wait_for_the_disk(void **state)
{
	struct fixture *f = *state;
	sd_bus_message *m = owner_pause(f->bus, 0);
	char answer[64] = "";
	sqlite3 *database;
	int i;

	owner_boot(f);
	database = hold_database(f);
	assert_true(sd_bus_call_async(f->bus, NULL, m, on_answer, answer, 0) >= 0);
	sd_bus_message_unref(m);
	assert_true(sd_bus_flush(f->bus) >= 0);
	for (i = 0; i < 4000 && !map_read(f).paused && !*answer; i++) {
		usleep(1000);
		sd_bus_process(f->bus, NULL);
	}
	assert_int_equal(map_read(f).paused, 1);
	assert_string_equal(answer, "");
	while (!*answer)
		if (!sd_bus_process(f->bus, NULL))
			sd_bus_wait(f->bus, 100000);
	assert_string_equal(answer, "org.layby.Error.CannotKeep");
	/* which it is all the same, and with what is kept next it is on disk */
	assert_int_equal(map_read(f).paused, 1);
	assert_true(agent_flag(f, "Paused"));
	sqlite3_close(database);
	owner_set(f, "CapMw", "u", 7);
	owner_restart(f, SIGKILL);
	assert_true(agent_flag(f, "Paused"));
}

static void test_without_a_governor_the_lease_goes(void **state)
{
	struct fixture *f = *state;
	int taken;

	fixture_gate(f, "no-lease");
	wait_lease(f, "taken", 1);
	owner_pause_for_ever(f->bus);
	wait_lease(f, "dropped", 1);
	taken = lease_lines(f, "taken");
	usleep(300000);
	assert_int_equal(lease_lines(f, "taken"), taken);
	owner_ok(f->bus, owner_call(f->bus, "Resume"));
	wait_lease(f, "taken", taken + 1);
}

/* So that nobody wakes up for it. */
static void test_with_one_it_goes_too(void **state)
{
	struct fixture *f = *state;

	owner_boot(f);
	fixture_gate(f, "no-lease");
	wait_lease(f, "taken", 1);
	owner_pause_for_ever(f->bus);
	wait_lease(f, "dropped", 1);
	assert_int_equal(map_read(f).paused, 1);
	owner_ok(f->bus, owner_call(f->bus, "Resume"));
	assert_int_equal(map_read(f).paused, 0);
	wait_lease(f, "taken", 2);
}

static void put(struct fixture *f, const char *name, const char *bytes)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/consent", f->state);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/consent/%s", f->state, name);
	file = fopen(path, "we");
	assert_non_null(file);
	fputs(bytes, file);
	fclose(file);
}

static bool has_token(struct fixture *f)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/consent/token.bin", f->state);
	return !access(path, F_OK);
}

static void test_off_takes_all_back(void **state)
{
	struct fixture *f = *state;
	char path[80];

	owner_boot(f);
	fixture_gate(f, "open");
	put(f, "token.bin", "TOKEN");
	put(f, "token.p7s", "signature");
	owner_ok(f->bus, owner_call(f->bus, "Off"));
	assert_false(has_token(f));
	assert_int_equal(map_read(f).paused, 1);
	assert_int_equal(agent_number(f->bus, "PausedUntilUs"), INT64_MAX);
	snprintf(path, sizeof(path), "%s.consent", f->node);
	assert_int_equal(access(path, F_OK), 0);
	/* without a device, too */
	owner_ok(f->bus, owner_call(f->bus, "Resume"));
	put(f, "token.bin", "TOKEN");
	fixture_node(f, false);
	owner_ok(f->bus, owner_call(f->bus, "Off"));
	assert_false(has_token(f));
	assert_true(agent_flag(f, "Paused"));
}

/* --- who may -------------------------------------------------------------- */

static void stranger_is_denied(void *words)
{
	sd_bus *bus = fixture_connect();

	owner_fails(bus, owner_set_new(bus, "CapMw", "u", 5), ERROR_ACCESS, words);
	owner_fails(bus, owner_call(bus, "Resume"), ERROR_ACCESS, words);
	sd_bus_flush_close_unref(bus);
}

static void stranger_is_allowed(void *unused)
{
	sd_bus *bus = fixture_connect();
	sd_bus_message *m = owner_call(bus, "Resume");

	owner_ok(bus, owner_set_new(bus, "CapMw", "u", 5));
	assert_true(sd_bus_message_set_allow_interactive_authorization(m, true) >= 0);
	owner_ok(bus, m);
	sd_bus_flush_close_unref(bus);
}

static void stranger_takes_back(void *unused)
{
	sd_bus *bus = fixture_connect();

	owner_pause_for_ever(bus);
	owner_ok(bus, owner_call(bus, "Off"));
	sd_bus_flush_close_unref(bus);
}

static void test_polkit_decides(void **state)
{
	struct fixture *f = *state;
	pid_t polkit;

	as_user(STRANGER, stranger_takes_back, NULL);
	assert_true(agent_flag(f, "Paused"));
	as_user(STRANGER, stranger_is_denied, "without it only root may");
	polkit = fake_polkit_start(f->dir);
	fake_polkit_says(f->dir, "no");
	as_user(STRANGER, stranger_is_denied, ACTION);
	fake_polkit_says(f->dir, "nonsense");
	as_user(STRANGER, stranger_is_denied, "only root may");
	assert_true(agent_flag(f, "Paused"));
	assert_int_equal(owner_setting(f, "CapMw"), 0);
	fake_polkit_says(f->dir, "yes");
	as_user(STRANGER, stranger_is_allowed, NULL);
	assert_false(agent_flag(f, "Paused"));
	assert_int_equal(owner_setting(f, "CapMw"), 5);
	assert_int_equal(fake_polkit_asked(f->dir, ACTION), 6);
	/* of root nothing is asked */
	owner_set(f, "CapMw", "u", 6);
	assert_int_equal(fake_polkit_asked(f->dir, ACTION), 6);
	fake_polkit_stop(polkit);
}

/* More than may be under way, none of which is ever answered. */
static void stranger_asks_much(void *fixture)
{
	sd_bus *bus = fixture_connect();
	struct fixture *f = fixture;
	int i;

	for (i = 0; i < 16; i++) {
		sd_bus_message *m = owner_set_new(bus, "CapMw", "u", 5);

		assert_true(sd_bus_send(bus, m, NULL) >= 0);
		sd_bus_message_unref(m);
	}
	owner_fails(bus, owner_set_new(bus, "CapMw", "u", 5), ERROR_LIMITS, "16 changes");
	owner_pause_for_ever(bus);
	f->bus = bus;
	assert_true(agent_flag(f, "Paused"));
	sd_bus_flush_close_unref(bus);
}

static void test_polkit_that_hangs_holds_up_nobody(void **state)
{
	struct fixture *f = *state;
	pid_t polkit = fake_polkit_start(f->dir);

	fake_polkit_says(f->dir, "hang");
	as_user(STRANGER, stranger_asks_much, f);
	assert_int_equal(fake_polkit_asked(f->dir, ACTION), 16);
	assert_int_equal(owner_setting(f, "CapMw"), 0);
	/* polkit goes, and with it what it was asked */
	fake_polkit_stop(polkit);
	for (polkit = 0; polkit < 1000; polkit++) {
		sd_bus_error error = SD_BUS_ERROR_NULL;
		sd_bus_message *m = owner_set_new(f->bus, "CapMw", "u", 8);
		int r = sd_bus_call(f->bus, m, 0, &error, NULL);

		sd_bus_message_unref(m);
		sd_bus_error_free(&error);
		if (r >= 0)
			break;
		usleep(5000);
	}
	assert_int_equal(owner_setting(f, "CapMw"), 8);
}

static void stranger_cancels(void *path)
{
	sd_bus *bus = fixture_connect();

	call_ok(bus, path, "Cancel");
	sd_bus_flush_close_unref(bus);
}

static void stranger_sees_nothing(void *path)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus *bus = fixture_connect();

	call_fails(bus, path, "Cancel", ERROR_UNKNOWN_OBJECT);
	call_fails(bus, path, "Release", ERROR_UNKNOWN_OBJECT);
	/* nor is he told that it takes no argument */
	assert_true(sd_bus_call_method(bus, AGENT, path, JOB, "Cancel", &error, NULL, "s", "now") <
		    0);
	assert_string_equal(error.name, ERROR_UNKNOWN_OBJECT);
	sd_bus_error_free(&error);
	sd_bus_flush_close_unref(bus);
}

struct vain {
	const char *dir;
	char path[64];
};

/* Stays until he is asked about, not until he is answered. */
static void stranger_asks_in_vain(void *arg)
{
	sd_bus *bus = fixture_connect();
	const struct vain *vain = arg;
	sd_bus_message *m = NULL;
	int i;

	assert_true(sd_bus_message_new_method_call(bus, &m, AGENT, vain->path, JOB, "Cancel") >=
		    0);
	assert_true(sd_bus_send(bus, m, NULL) >= 0);
	assert_true(sd_bus_flush(bus) >= 0);
	for (i = 0; i < 4000 && fake_polkit_asked(vain->dir, MANAGE) < 3; i++)
		usleep(5000);
	sd_bus_message_unref(m);
	sd_bus_flush_close_unref(bus);
}

static void test_jobs_of_others(void **state)
{
	struct fixture *f = *state;
	char path[64], none[64] = "/org/layby/Agent1/job/99";
	struct vain vain = { .dir = f->dir };

	submit_ok(f->bus, usual("hang"), path);
	as_user(STRANGER, stranger_sees_nothing, path);
	fake_polkit_start(f->dir);
	fake_polkit_says(f->dir, "no");
	as_user(STRANGER, stranger_sees_nothing, path);
	assert_int_equal(fake_polkit_asked(f->dir, MANAGE), 1);
	assert_string_not_equal(job_string(f->bus, path, "State"), "cancelled");
	fake_polkit_says(f->dir, "yes");
	as_user(STRANGER, stranger_sees_nothing, none);
	as_user(STRANGER, stranger_cancels, path);
	assert_string_equal(job_string(f->bus, path, "State"), "cancelled");
	/* of one's own nothing is asked */
	assert_int_equal(fake_polkit_asked(f->dir, MANAGE), 2);
	submit_ok(f->bus, usual("hang"), path);
	call_ok(f->bus, path, "Cancel");
	assert_int_equal(fake_polkit_asked(f->dir, MANAGE), 2);
	/* one that is never answered goes with the agent; and polkit with this process */
	fake_polkit_says(f->dir, "hang");
	submit_ok(f->bus, usual("hang"), vain.path);
	as_user(STRANGER, stranger_asks_in_vain, &vain);
	assert_int_equal(fake_polkit_asked(f->dir, MANAGE), 3);
	assert_string_not_equal(job_string(f->bus, vain.path, "State"), "cancelled");
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_pause_and_resume),
		TEST(test_pause_ends_by_itself),
		TEST(test_pause_is_not_shortened),
		TEST(test_pause_does_not_wait_for_the_disk),
		TEST(test_without_a_governor_the_lease_goes),
		TEST(test_with_one_it_goes_too),
		TEST(test_off_takes_all_back),
		TEST(test_polkit_decides),
		TEST(test_polkit_that_hangs_holds_up_nobody),
		TEST(test_jobs_of_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
