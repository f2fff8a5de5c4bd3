// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the agent notes of the gate, and what LastNight and EnergyTodayUj say of it.
 * How sums, days and nights are made is test_store_lent.c's.
 */
#include "agent_fixture.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

/* Of the fake device: 5 uJ a microsecond of running. */
#define RUN_US 2000
#define ENERGY_UJ (5 * RUN_US)

static void gate(struct fixture *f, const char *words)
{
	char reason[32];
	int i;

	fixture_gate(f, words);
	snprintf(reason, sizeof(reason), "%.*s", (int)strcspn(words, " "), words);
	for (i = 0; i < 1000; i++) {
		if (!strcmp(agent_string(f->bus, "GateReason"), reason))
			return;
		usleep(5000);
	}
	fail_msg("the agent says %s, not %s", agent_string(f->bus, "GateReason"), reason);
}

static void lend(struct fixture *f)
{
	char path[64];

	submit_ok(f->bus, usual("copy 2"), path);
	assert_string_equal(wait_end(f->bus, path), "finished");
}

/* --- its answer ------------------------------------------------------------- */

struct told {
	uint64_t nights, begin_us, end_us, energy_uj, run_us, jobs, parties, stop_us;
	uint32_t charge_from, charge_to;
	int was_open, is_open, was_faulty;
	char stop_reason[32], held_reason[32];
};

/* Where a value goes, by its name */
static void *place(struct told *told, const char *name)
{
	const struct {
		const char *name;
		void *to;
	} places[] = {
		{ "Nights", &told->nights },	     { "BeginUs", &told->begin_us },
		{ "EndUs", &told->end_us },	     { "EnergyUj", &told->energy_uj },
		{ "RunUs", &told->run_us },	     { "Jobs", &told->jobs },
		{ "Parties", &told->parties },	     { "StopUs", &told->stop_us },
		{ "ChargeFrom", &told->charge_from }, { "ChargeTo", &told->charge_to },
		{ "WasOpen", &told->was_open },	     { "Open", &told->is_open },
		{ "WasFaulty", &told->was_faulty },
	};
	size_t i;

	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (!strcmp(places[i].name, name))
			return places[i].to;
	return NULL;
}

static void take(sd_bus_message *m, const char *name, struct told *told)
{
	void *to = place(told, name);
	const char *type, *text;

	assert_true(sd_bus_message_peek_type(m, NULL, &type) > 0);
	if (!to && strcmp(type, "s")) {
		assert_true(sd_bus_message_skip(m, "v") >= 0);
		return;
	}
	assert_true(sd_bus_message_enter_container(m, 'v', type) > 0);
	assert_true(sd_bus_message_read_basic(m, *type, to ?: (void *)&text) > 0);
	if (!to)
		snprintf(strcmp(name, "StopReason") ? told->held_reason : told->stop_reason,
			 sizeof(told->stop_reason), "%s", text);
	assert_true(sd_bus_message_exit_container(m) >= 0);
}

static struct told night_since(struct fixture *f, uint64_t since_us)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	struct told told = {};
	sd_bus_message *m;
	const char *name;
	int r;

	r = sd_bus_call_method(f->bus, AGENT, AGENT_PATH, AGENT, "LastNight", &error, &m, "t",
			       since_us);
	if (r < 0)
		fail_msg("LastNight: %s", error.message);
	assert_true(sd_bus_message_enter_container(m, 'a', "{sv}") >= 0);
	while (sd_bus_message_enter_container(m, 'e', "sv") > 0) {
		assert_true(sd_bus_message_read(m, "s", &name) > 0);
		take(m, name, &told);
		assert_true(sd_bus_message_exit_container(m) >= 0);
	}
	sd_bus_message_unref(m);
	return told;
}

static struct told night(struct fixture *f)
{
	return night_since(f, 0);
}

/* --- what it says ----------------------------------------------------------- */

static void test_none(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(night(f).nights, 0);
	assert_int_equal(agent_number(f->bus, "EnergyTodayUj"), 0);
	gate(f, "driving charge=80");
	assert_int_equal(night(f).nights, 0);
}

static void test_night(void **state)
{
	struct fixture *f = *state;
	struct told told;

	gate(f, "park-hold charge=80");
	gate(f, "open charge=80");
	lend(f);
	told = night(f);
	assert_true(told.was_open && told.is_open);
	assert_int_equal(told.end_us, 0);
	lend(f);
	gate(f, "driving charge=78");
	told = night(f);
	assert_int_equal(told.nights, 1);
	assert_int_equal(told.energy_uj, 2 * ENERGY_UJ);
	assert_int_equal(told.run_us, 2 * RUN_US);
	assert_int_equal(told.jobs, 2);
	assert_int_equal(told.parties, 1);
	assert_true(told.was_open && !told.is_open && !told.was_faulty);
	assert_string_equal(told.stop_reason, "driving");
	assert_true(told.begin_us <= told.stop_us && told.stop_us <= told.end_us);
	assert_int_equal(told.charge_from, 80);
	assert_int_equal(told.charge_to, 78);
	assert_int_equal(agent_number(f->bus, "EnergyTodayUj"), 2 * ENERGY_UJ);
	assert_int_equal(night_since(f, told.end_us - 1).nights, 1);
	assert_int_equal(night_since(f, told.end_us).nights, 0);
}

static void test_nothing_lent(void **state)
{
	struct fixture *f = *state;
	struct told told;

	gate(f, "no-consent");
	told = night(f);
	assert_false(told.was_open);
	assert_string_equal(told.held_reason, "no-consent");
	assert_string_equal(told.stop_reason, "");
}

static void test_silence_is_no_end(void **state)
{
	struct fixture *f = *state;

	gate(f, "open");
	gate(f, "no-signal age=600");
	assert_int_equal(night(f).end_us, 0);
	gate(f, "driving age=600");
	assert_int_equal(night(f).end_us, 0);
	gate(f, "fault age=0");
	assert_true(night(f).end_us);
	assert_true(night(f).was_faulty);
}

static void test_survives(void **state)
{
	struct fixture *f = *state;

	gate(f, "open");
	lend(f);
	gate(f, "driving");
	fixture_end_agent(f, SIGTERM);
	fixture_start_agent(f);
	assert_int_equal(night(f).jobs, 1);
	assert_string_equal(night(f).stop_reason, "driving");
	assert_int_equal(agent_number(f->bus, "EnergyTodayUj"), ENERGY_UJ);
	/* what was answered is on disk */
	gate(f, "open parked=1");
	lend(f);
	assert_int_equal(night(f).jobs, 1);
	fixture_end_agent(f, SIGKILL);
	fixture_start_agent(f);
	assert_int_equal(night_since(f, 1).nights, 2);
	assert_int_equal(night_since(f, 1).jobs, 2);
	assert_int_equal(agent_number(f->bus, "EnergyTodayUj"), 2 * ENERGY_UJ);
}

/* What a job has used counts though it begins anew; and again when it ends. */
static void test_taken_back(void **state)
{
	struct fixture *f = *state;
	uint64_t used;
	char path[64];

	gate(f, "open");
	submit_ok(f->bus, usual("copy 300"), path);
	wait_state(f->bus, path, "running");
	gate(f, "driving");
	wait_state(f->bus, path, "queued");
	used = agent_number(f->bus, "EnergyTodayUj");
	assert_true(used > 0);
	assert_int_equal(night(f).energy_uj, used);
	assert_int_equal(night(f).jobs, 0);
	gate(f, "open");
	assert_string_equal(wait_end(f->bus, path), "finished");
	assert_int_equal(night(f).energy_uj, job_number(f->bus, path, "EnergyUj"));
	assert_int_equal(night_since(f, 1).energy_uj,
			 used + job_number(f->bus, path, "EnergyUj"));
}

/* A job that was cancelled while it ran has used something, too. */
static void test_cancelled(void **state)
{
	struct fixture *f = *state;
	int tries = 1000;
	char path[64];

	gate(f, "open");
	submit_ok(f->bus, usual("copy 300"), path);
	wait_state(f->bus, path, "running");
	call_ok(f->bus, path, "Cancel");
	while (!agent_number(f->bus, "EnergyTodayUj") && tries--)
		usleep(5000);
	assert_true(agent_number(f->bus, "EnergyTodayUj") > 0);
	assert_int_equal(night(f).jobs, 0);
}

static void test_no_time(void **state)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	struct fixture *f = *state;

	assert_true(sd_bus_call_method(f->bus, AGENT, AGENT_PATH, AGENT, "LastNight", &error, NULL,
				       "t", UINT64_MAX) < 0);
	assert_string_equal(error.name, ERROR_INVALID);
	assert_non_null(strstr(error.message, "microseconds since 1970"));
	sd_bus_error_free(&error);
}

/* The agent ends with questions that wait for the disk: nothing is left behind. */
static void test_end_in_between(void **state)
{
	struct fixture *f = *state;
	int i;

	gate(f, "open");
	for (i = 0; i < 100; i++) {
		fixture_gate(f, i % 2 ? "open" : "governor");
		assert_true(sd_bus_call_method_async(f->bus, NULL, AGENT, AGENT_PATH, AGENT,
						     "LastNight", NULL, NULL, "t",
						     (uint64_t)0) >= 0);
	}
	assert_true(sd_bus_flush(f->bus) >= 0);
	assert_int_equal(fixture_end_agent(f, SIGTERM), 0);
	fixture_start_agent(f);
	assert_int_equal(night(f).nights, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define NIGHT(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
		NIGHT(test_none),	       NIGHT(test_night),
		NIGHT(test_nothing_lent),      NIGHT(test_silence_is_no_end),
		NIGHT(test_survives),	       NIGHT(test_taken_back),
		NIGHT(test_cancelled),	       NIGHT(test_no_time),
		NIGHT(test_end_in_between),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
