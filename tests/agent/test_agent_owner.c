// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The owner's settings in the agent: what is set is on disk and with the governor, what
 * is wrong changes nothing, what dies loses nothing.
 */
#include "owner_calls.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- settings ------------------------------------------------------------- */

static void test_nothing_is_wished_at_first(void **state)
{
	struct fixture *f = *state;
	struct layby_governor_settings has;

	assert_int_equal(owner_setting(f, "CapMw"), 0);
	assert_int_equal(owner_setting(f, "Currency"), 0);
	assert_false(agent_flag(f, "Paused"));
	assert_int_equal(agent_number(f->bus, "PausedUntilUs"), 0);
	assert_string_equal(agent_string(f->bus, "OwnerReason"), "free");
	assert_false(agent_flag(f, "SettingsInForce"));
	owner_boot(f);
	has = map_read(f);
	assert_true(has.written_ns > 0);
	has.written_ns = 0;
	assert_memory_equal(&has, &(struct layby_governor_settings){}, sizeof(has));
}

static const struct {
	const char *name;
	const char *type;
	uint64_t value;
} all[] = {
	{ "CapMw", "u", 20000 },	{ "QuietUntilMin", "u", 360 },
	{ "QuietFromMin", "u", 1320 },	{ "QuietCapMw", "u", 5000 },
	{ "UtcOffsetMin", "i", -90 },	{ "ChargeMinPercent", "u", 40 },
	{ "DepartureMin", "u", 450 },	{ "EnergyDayUj", "t", 7200000000000 },
	{ "Currency", "s", (uint64_t)(uintptr_t)"EUR" },
};

static void check_all(struct fixture *f)
{
	struct layby_governor_settings has = map_read(f);
	size_t i;

	for (i = 0; i + 1 < sizeof(all) / sizeof(all[0]); i++)
		assert_int_equal(owner_setting(f, all[i].name),
				 *all[i].type == 'i' ? (int32_t)all[i].value :
						       (int64_t)all[i].value);
	assert_int_equal(owner_setting(f, "Currency"), 'E');
	assert_true(has.written_ns > 0);
	assert_int_equal(has.cap_mw, 20000);
	assert_int_equal(has.quiet_cap_mw, 5000);
	assert_int_equal(has.quiet_from_min, 1320);
	assert_int_equal(has.quiet_until_min, 360);
	assert_int_equal(has.utc_offset_min, -90);
	assert_int_equal(has.battery_min_percent, 40);
	assert_int_equal(has.paused, 0);
}

static void test_each_is_kept_and_told(void **state)
{
	struct fixture *f = *state;
	size_t i;

	owner_boot(f);
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		owner_set(f, all[i].name, all[i].type, all[i].value);
	check_all(f);
	assert_string_equal(agent_string(f->bus, "OwnerReason"), "charge");
	assert_int_equal(owner_setting(f, "DeparturePercent"), 0);
	owner_restart(f, SIGKILL);
	check_all(f);
	/* another boot: the map is new, the settings are not */
	map_pin(f);
	owner_restart(f, SIGTERM);
	check_all(f);
}

static sd_bus_message *price_new(sd_bus *bus, size_t count)
{
	sd_bus_message *m = owner_call(bus, "SetSettings");
	uint32_t prices[32] = { 300000 };

	sd_bus_message_open_container(m, 'a', "{sv}");
	sd_bus_message_append(m, "{sv}", "Currency", "s", "EUR");
	sd_bus_message_open_container(m, 'e', "sv");
	sd_bus_message_append(m, "s", "PriceMicroPerKwh");
	sd_bus_message_open_container(m, 'v', "au");
	sd_bus_message_append_array(m, 'u', prices, count * sizeof(uint32_t));
	sd_bus_message_close_container(m);
	sd_bus_message_close_container(m);
	assert_true(sd_bus_message_close_container(m) >= 0);
	return m;
}

static uint32_t price_at_midnight(struct fixture *f)
{
	sd_bus_message *reply = NULL;
	const uint32_t *prices = NULL;
	const char *name;
	uint32_t first;
	size_t size = 0;

	assert_true(sd_bus_get_property(f->bus, AGENT, AGENT_PATH, AGENT, "Settings", NULL, &reply,
					"a{sv}") >= 0);
	sd_bus_message_enter_container(reply, 'a', "{sv}");
	while (sd_bus_message_enter_container(reply, 'e', "sv") > 0) {
		sd_bus_message_read(reply, "s", &name);
		if (!strcmp(name, "PriceMicroPerKwh")) {
			sd_bus_message_enter_container(reply, 'v', "au");
			sd_bus_message_read_array(reply, 'u', (const void **)&prices, &size);
			break;
		}
		sd_bus_message_skip(reply, "v");
		sd_bus_message_exit_container(reply);
	}
	assert_non_null(prices);
	assert_int_equal(size, 24 * sizeof(uint32_t));
	first = prices[0];
	sd_bus_message_unref(reply);
	return first;
}

static void test_price_by_the_hour(void **state)
{
	struct fixture *f = *state;

	owner_fails(f->bus, price_new(f->bus, 23), ERROR_INVALID, "24 numbers");
	owner_fails(f->bus, price_new(f->bus, 25), ERROR_INVALID, "24 numbers");
	assert_int_equal(price_at_midnight(f), 0);
	owner_ok(f->bus, price_new(f->bus, 24));
	owner_restart(f, SIGKILL);
	assert_int_equal(price_at_midnight(f), 300000);
	owner_fails(f->bus, owner_set_new(f->bus, "Currency", "s", (uintptr_t)""), ERROR_INVALID,
		   "without Currency");
}

static const struct {
	const char *name;
	const char *type;
	uint64_t value;
	const char *words;
} wrong[] = {
	{ "CapMW", "u", 1, "unknown setting \"CapMW\": there are CapMw, " },
	{ "CapMw", "t", 1, "CapMw must be of type u" },
	{ "CapMw", "s", (uintptr_t)"20 W", "milliwatt" },
	{ "QuietFromMin", "u", 1440, "0 to 1439" },
	{ "QuietFromMin", "u", 60, "QuietFromMin without QuietUntilMin" },
	{ "QuietUntilMin", "u", 1441, "0 to 1440" },
	{ "UtcOffsetMin", "i", 841, "-840 to 840" },
	{ "UtcOffsetMin", "i", (uint32_t)-841, "-840 to 840" },
	{ "UtcOffsetMin", "u", 60, "of type i" },
	{ "ChargeMinPercent", "u", 101, "0 to 100" },
	{ "ChargeMinPercent", "u", 256, "0 to 100" },
	{ "DeparturePercent", "u", 101, "0 to 100" },
	{ "DepartureMin", "u", 1440, "0 to 1439" },
	{ "DepartureMin", "u", 65536, "0 to 1439" },
	{ "EnergyDayUj", "t", UINT64_MAX, "microjoule" },
	{ "PausedUntilUs", "t", 0, "there are Pause and Resume" },
	{ "Currency", "s", (uintptr_t)"Euro", "three capital letters" },
	{ "Currency", "s", (uintptr_t)"eur", "three capital letters" },
	{ "Currency", "u", 1, "of type s" },
	{ "PriceMicroPerKwh", "u", 1, "of type au" },
};

static void test_what_is_wrong_changes_nothing(void **state)
{
	struct fixture *f = *state;
	sd_bus_message *m;
	size_t i;

	owner_boot(f);
	owner_set(f, "CapMw", "u", 7);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		owner_fails(f->bus,
			    owner_set_new(f->bus, wrong[i].name, wrong[i].type, wrong[i].value),
			    ERROR_INVALID, wrong[i].words);
	m = owner_call(f->bus, "SetSettings");
	sd_bus_message_append(m, "a{sv}", 2, "CapMw", "u", 9, "ChargeMinPercent", "u", 101);
	owner_fails(f->bus, m, ERROR_INVALID, "ChargeMinPercent");
	m = owner_call(f->bus, "SetSettings");
	sd_bus_message_append(m, "a{sv}", 2, "CapMw", "u", 9, "CapMw", "u", 10);
	owner_fails(f->bus, m, ERROR_INVALID, "twice");
	assert_int_equal(owner_setting(f, "CapMw"), 7);
	assert_int_equal(map_read(f).cap_mw, 7);
}

static void test_departure_keeps_charge(void **state)
{
	struct fixture *f = *state;

	owner_boot(f);
	owner_set(f, "DeparturePercent", "u", 80);
	assert_string_equal(agent_string(f->bus, "OwnerReason"), "departure");
	assert_true(map_read(f).battery_min_percent >= 80);
	owner_set(f, "DeparturePercent", "u", 0);
	assert_int_equal(map_read(f).battery_min_percent, 0);
}

/* Of the fake device: 5 uJ a microsecond of running. */
#define JOB_UJ 10000

static void lend(struct fixture *f)
{
	char path[64];

	submit_ok(f->bus, usual("copy 2"), path);
	assert_string_equal(wait_end(f->bus, path), "finished");
	assert_int_equal(job_number(f->bus, path, "EnergyUj"), JOB_UJ);
}

static void wait_reason(struct fixture *f, const char *reason)
{
	int i;

	for (i = 0; i < 2000 && strcmp(agent_string(f->bus, "OwnerReason"), reason); i++)
		usleep(5000);
	assert_string_equal(agent_string(f->bus, "OwnerReason"), reason);
}

static void test_energy_of_the_day(void **state)
{
	struct fixture *f = *state;

	owner_boot(f);
	fixture_gate(f, "open");
	wait_flag(f, "GateOpen", true);
	lend(f);
	/* what was lent before it was said counts */
	owner_set(f, "EnergyDayUj", "t", 2 * JOB_UJ);
	assert_string_equal(agent_string(f->bus, "OwnerReason"), "free");
	lend(f);
	wait_reason(f, "energy-day");
	assert_int_equal(map_read(f).paused, 1);
	assert_false(agent_flag(f, "Paused"));
	owner_restart(f, SIGKILL);
	wait_reason(f, "energy-day");
	assert_int_equal(map_read(f).paused, 1);
	owner_set(f, "EnergyDayUj", "t", 3 * JOB_UJ);
	wait_reason(f, "free");
	assert_int_equal(map_read(f).paused, 0);
}

/* A governor of the maker's own, with a map of another form */
static void test_another_map_is_left_alone(void **state)
{
	struct fixture *f = *state;
	int fd = open(f->settings, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	struct stat st;

	assert_int_equal(write(fd, "abc", 3), 3);
	close(fd);
	fixture_gate(f, "driving");
	owner_set(f, "CapMw", "u", 7);
	assert_false(agent_flag(f, "SettingsInForce"));
	assert_int_equal(stat(f->settings, &st), 0);
	assert_int_equal(st.st_size, 3);
}

/* --- what dies ------------------------------------------------------------ */

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	*(int *)userdata = !sd_bus_message_is_method_error(m, NULL);
	return 0;
}

/* Returns whether it was answered before. */
static bool set_and_kill(struct fixture *f, uint32_t value, useconds_t after_us)
{
	sd_bus_message *m = owner_set_new(f->bus, "CapMw", "u", value);
	sd_bus_slot *slot = NULL;
	int answered = 0, i;

	assert_true(sd_bus_call_async(f->bus, &slot, m, on_answer, &answered, 0) >= 0);
	assert_true(sd_bus_flush(f->bus) >= 0);
	usleep(after_us);
	fixture_end_agent(f, SIGKILL);
	for (i = 0; i < 100 && sd_bus_process(f->bus, NULL) > 0; i++)
		;
	sd_bus_slot_unref(slot);
	sd_bus_message_unref(m);
	return answered;
}

static void test_killed_between_set_and_answer(void **state)
{
	struct fixture *f = *state;
	uint32_t was = 0, value;
	int64_t is;

	for (value = 1; value <= 20; value++) {
		bool answered = set_and_kill(f, value, value * 400);

		fixture_start_agent(f);
		is = owner_setting(f, "CapMw");
		if (is != value && (answered || is != was))
			fail_msg("%u was %s, then it is %lld", value,
				 answered ? "answered" : "asked for", (long long)is);
		was = (uint32_t)is;
	}
}

static void break_database(struct fixture *f)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "%s/queue.db", f->state);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, "broken", 6, 0), 6);
	close(fd);
}

static void test_lost_settings_pause(void **state)
{
	struct fixture *f = *state;

	owner_set(f, "CapMw", "u", 7);
	fixture_end_agent(f, SIGTERM);
	break_database(f);
	fixture_start_agent(f);
	assert_int_equal(owner_setting(f, "CapMw"), 0);
	assert_true(agent_flag(f, "Paused"));
	owner_restart(f, SIGKILL);
	assert_true(agent_flag(f, "Paused"));
	owner_ok(f->bus, owner_call(f->bus, "Resume"));
	owner_restart(f, SIGKILL);
	assert_false(agent_flag(f, "Paused"));
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing_is_wished_at_first),
		TEST(test_each_is_kept_and_told),
		TEST(test_price_by_the_hour),
		TEST(test_what_is_wrong_changes_nothing),
		TEST(test_departure_keeps_charge),
		TEST(test_energy_of_the_day),
		TEST(test_another_map_is_left_alone),
		TEST(test_killed_between_set_and_answer),
		TEST(test_lost_settings_pause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
