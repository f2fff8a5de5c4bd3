// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The agent and the gate: what it tells, jobs while it is closed and when it
 * closes under them, the lease, the owner's consent.
 */
#include "agent_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void wait_reason(struct fixture *f, const char *reason)
{
	int i;

	for (i = 0; i < 1000; i++) {
		if (!strcmp(agent_string(f->bus, "GateReason"), reason))
			return;
		usleep(5000);
	}
	fail_msg("the agent says %s, not %s",
		 agent_string(f->bus, "GateReason"), reason);
}

static void gate(struct fixture *f, const char *reason)
{
	fixture_gate(f, reason);
	wait_reason(f, reason);
}

/* The kernel has changed its mind, and the agent has not heard of it yet. */
static void gate_unheard(struct fixture *f, const char *reason)
{
	FILE *file = fopen(f->gate, "r+e");

	assert_non_null(file);
	fprintf(file, "%s\n", reason);
	fclose(file);
}

static uint32_t reclaims(struct fixture *f, const char *path)
{
	uint32_t value = 0;

	assert_true(sd_bus_get_property_trivial(f->bus, AGENT, path, JOB,
						"Reclaims", NULL, 'u',
						&value) >= 0);
	return value;
}

static bool agent_bool(struct fixture *f, const char *property)
{
	int value = -1;

	assert_true(sd_bus_get_property_trivial(f->bus, AGENT, AGENT_PATH,
						AGENT, property, NULL, 'b',
						&value) >= 0);
	return value;
}

static void finishes(struct fixture *f, const char *path)
{
	assert_string_equal(wait_end(f->bus, path), "finished");
	check_output(f->bus, path, 0, "abcdefgh", 8);
}

/* --- what it tells -------------------------------------------------------- */

static int on_changed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	int *signals = userdata;

	if (!strcmp(sd_bus_message_get_path(m), AGENT_PATH))
		(*signals)++;
	return 0;
}

static void test_tells_the_gate(void **state)
{
	struct fixture *f = *state;
	int signals = 0;

	assert_true(sd_bus_match_signal(f->bus, NULL, AGENT, AGENT_PATH,
					"org.freedesktop.DBus.Properties",
					"PropertiesChanged", on_changed,
					&signals) >= 0);
	assert_string_equal(agent_string(f->bus, "GateReason"), "unknown");
	assert_false(agent_bool(f, "GateOpen"));
	gate(f, "driving");
	assert_false(agent_bool(f, "GateOpen"));
	assert_string_equal(agent_string(f->bus, "Mode"), "driving");
	gate(f, "open");
	assert_true(agent_bool(f, "GateOpen"));
	assert_true(agent_bool(f, "Sealed"));
	assert_true(agent_number(f->bus, "GateSinceUs") > 0);
	assert_string_equal(agent_string(f->bus, "Mode"), "parked");
	while (sd_bus_process(f->bus, NULL) > 0)
		;
	assert_true(signals >= 2);
	fixture_gate(f, NULL);
	wait_reason(f, "unknown");
}

static void test_tells_the_policy(void **state)
{
	struct fixture *f = *state;
	char digest[65] = "";
	int i;

	gate(f, "no-policy");
	assert_string_equal(agent_string(f->bus, "PolicyState"), "absent");
	assert_string_equal(agent_string(f->bus, "PolicyDigest"), "");
	assert_string_equal(agent_string(f->bus, "KeyKind"), "development");
	gate(f, "not-sealed");
	for (i = 0; i < 32; i++)
		strcat(digest, "ab");
	assert_string_equal(agent_string(f->bus, "PolicyState"), "in-force");
	assert_string_equal(agent_string(f->bus, "PolicyDigest"), digest);
	assert_string_equal(agent_string(f->bus, "PolicyId"), "test-policy");
	assert_int_equal(agent_number(f->bus, "PolicySerial"), 7);
	assert_false(agent_bool(f, "Sealed"));
}

/* --- jobs ----------------------------------------------------------------- */

static void test_jobs_wait_while_closed(void **state)
{
	struct fixture *f = *state;
	char path[64];

	gate(f, "park-hold");
	submit_ok(f->bus, usual("copy 0"), path);
	usleep(100000);
	assert_string_equal(job_string(f->bus, path, "State"), "queued");
	fixture_gate(f, "open");
	finishes(f, path);
	assert_int_equal(reclaims(f, path), 0);
}

/* Without a partition they wait for one. */
static void test_jobs_without_a_policy(void **state)
{
	struct fixture *f = *state;
	char path[64];

	gate(f, "driving");
	submit_ok(f->bus, usual("copy 0"), path);
	usleep(50000);
	assert_string_equal(job_string(f->bus, path, "State"), "queued");
	fixture_node(f, false);
	gate(f, "no-policy");
	usleep(50000);
	assert_string_equal(job_string(f->bus, path, "State"), "queued");
	fixture_node(f, true);
	gate(f, "open");
	assert_string_equal(wait_end(f->bus, path), "finished");
}

static void test_job_is_taken_back(void **state)
{
	struct fixture *f = *state;
	char first[64], second[64];

	gate(f, "open");
	submit_ok(f->bus, usual("copy 300"), first);
	submit_ok(f->bus, usual("copy 0"), second);
	wait_state(f->bus, first, "running");
	fixture_gate(f, "driving");
	wait_state(f->bus, first, "queued");
	usleep(500000);
	assert_string_equal(job_string(f->bus, first, "State"), "queued");
	assert_int_equal(reclaims(f, first), 1);
	assert_string_equal(job_string(f->bus, first, "Reason"), "");
	fixture_gate(f, "open");
	finishes(f, first);
	finishes(f, second);
	assert_int_equal(reclaims(f, first), 1);
}

static void test_taken_back_and_cancelled(void **state)
{
	struct fixture *f = *state;
	char path[64];

	gate(f, "open");
	submit_ok(f->bus, usual("hang"), path);
	wait_state(f->bus, path, "running");
	fixture_gate(f, "driving");
	wait_state(f->bus, path, "queued");
	call_ok(f->bus, path, "Cancel");
	wait_state(f->bus, path, "cancelled");
	fixture_gate(f, "open");
	submit_ok(f->bus, usual("copy 0"), path);
	finishes(f, path);
}

static void test_refused_while_it_closed(void **state)
{
	struct fixture *f = *state;
	char path[64];

	gate(f, "open");
	submit_ok(f->bus, usual("refuse 3"), path);
	finishes(f, path);
	assert_int_equal(reclaims(f, path), 0);
}

/* Buffers are closed, the agent copies into them, and only then asks. */
static void test_closes_while_loading(void **state)
{
	struct fixture *f = *state;
	char path[64], cancelled[64];

	gate(f, "open");
	gate_unheard(f, "driving");
	submit_ok(f->bus, usual("copy 0"), path);
	submit_ok(f->bus, usual("copy 0"), cancelled);
	wait_reason(f, "driving");
	usleep(100000);
	assert_string_equal(job_string(f->bus, path, "State"), "queued");
	call_ok(f->bus, cancelled, "Release");
	fixture_gate(f, "open");
	finishes(f, path);
}

static void test_closes_while_collecting(void **state)
{
	struct fixture *f = *state;
	char path[64];

	gate(f, "open");
	submit_ok(f->bus, usual("copy 200"), path);
	wait_state(f->bus, path, "running");
	gate_unheard(f, "no-signal");
	wait_reason(f, "no-signal");
	usleep(100000);
	assert_string_equal(job_string(f->bus, path, "State"), "running");
	fixture_gate(f, "open");
	finishes(f, path);
	assert_int_equal(reclaims(f, path), 0);
}

/* With the consent the node dies, and all that was in device memory. */
static void test_consent_ends_under_jobs(void **state)
{
	struct fixture *f = *state;
	struct submission s = usual("copy 300");
	char first[64], second[64], third[64];

	close(s.program);
	s.program = sealed("copy 300");
	gate(f, "open");
	submit_ok(f->bus, s, first);
	submit_ok(f->bus, usual("copy 0"), second);
	wait_state(f->bus, first, "running");
	gate(f, "no-consent");
	submit_ok(f->bus, usual("copy 1"), third);
	wait_state(f->bus, first, "queued");
	gate(f, "open");
	finishes(f, first);
	finishes(f, second);
	finishes(f, third);
}

static void test_consent_ends_unheard(void **state)
{
	struct fixture *f = *state;
	char path[64];

	gate(f, "open");
	submit_ok(f->bus, usual("copy 200"), path);
	wait_state(f->bus, path, "running");
	gate_unheard(f, "no-consent");
	wait_reason(f, "no-consent");
	fixture_gate(f, "open");
	finishes(f, path);
}

/* --- lease ---------------------------------------------------------------- */

static void test_lease_while_of_use(void **state)
{
	struct fixture *f = *state;
	int renewed;

	gate(f, "no-consent");
	assert_int_equal(lease_lines(f, "taken"), 0);
	gate(f, "no-lease");
	wait_lease(f, "taken", 1);
	gate(f, "open");
	wait_lease(f, "renewed", 3);
	gate(f, "hot");
	assert_int_equal(lease_lines(f, "dropped"), 0);
	gate(f, "driving");
	wait_lease(f, "dropped", 1);
	renewed = lease_lines(f, "renewed");
	usleep(500000);
	assert_int_equal(lease_lines(f, "renewed"), renewed);
	gate(f, "no-lease");
	wait_lease(f, "taken", 2);
}

static void test_lease_that_another_holds(void **state)
{
	struct fixture *f = *state;
	char busy[80];

	snprintf(busy, sizeof(busy), "%s.busy", f->node);
	fclose(fopen(busy, "we"));
	gate(f, "no-lease");
	usleep(200000);
	assert_int_equal(lease_lines(f, "taken"), 0);
	unlink(busy);
	wait_lease(f, "taken", 1);
}

/* --- consent -------------------------------------------------------------- */

static int read_path(const char *folder, const char *name, char text[64])
{
	char path[128];
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "%s%s", folder, name);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	n = fread(text, 1, 63, file);
	text[n] = '\0';
	fclose(file);
	return (int)n;
}

static int give_consent(struct fixture *f, const char *token,
			const char *signature, sd_bus_error *error)
{
	sd_bus_message *m = NULL;
	int r;

	sd_bus_message_new_method_call(f->bus, &m, AGENT, AGENT_PATH, AGENT,
				       "GiveConsent");
	sd_bus_message_append_array(m, 'y', token, strlen(token));
	sd_bus_message_append_array(m, 'y', signature, strlen(signature));
	r = sd_bus_call(f->bus, m, 0, error, NULL);
	sd_bus_message_unref(m);
	return r;
}

static void test_consent_is_given_and_kept(void **state)
{
	struct fixture *f = *state;
	char text[64];

	assert_true(give_consent(f, "TOKEN", "signature", NULL) >= 0);
	assert_true(read_path(f->node, ".consent", text) > 0);
	assert_string_equal(text, "TOKENsignature");
	assert_true(read_path(f->state, "/consent/token.bin", text) > 0);
	assert_string_equal(text, "TOKEN");
	assert_true(read_path(f->state, "/consent/token.p7s", text) > 0);
	assert_string_equal(text, "signature");
	assert_true(sd_bus_call_method(f->bus, AGENT, AGENT_PATH, AGENT,
				       "WithdrawConsent", NULL, NULL,
				       NULL) >= 0);
	assert_int_equal(read_path(f->node, ".consent", text), 0);
	assert_int_equal(read_path(f->state, "/consent/token.bin", text),
			 -ENOENT);
	assert_int_equal(read_path(f->state, "/consent/token.p7s", text),
			 -ENOENT);
}

static void test_consent_that_is_none(void **state)
{
	struct fixture *f = *state;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	char text[64];

	assert_true(give_consent(f, "", "signature", &error) < 0);
	assert_string_equal(error.name, ERROR_INVALID);
	sd_bus_error_free(&error);
	fixture_node(f, false);
	assert_true(give_consent(f, "TOKEN", "signature", &error) < 0);
	assert_string_equal(error.name, ERROR_NO_DEVICE);
	sd_bus_error_free(&error);
	assert_int_equal(read_path(f->state, "/consent/token.bin", text),
			 -ENOENT);
}

static int setup_refusing(void **state)
{
	setenv("FAKE_LAYBY_CONSENT", "129", 1);
	return fixture_setup(state);
}

static int teardown_refusing(void **state)
{
	unsetenv("FAKE_LAYBY_CONSENT");
	return fixture_teardown(state);
}

static void test_consent_is_refused(void **state)
{
	struct fixture *f = *state;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	char text[64];

	assert_true(give_consent(f, "TOKEN", "signature", &error) < 0);
	assert_string_equal(error.name, "org.layby.Error.ConsentRefused");
	assert_non_null(strstr(error.message, "is not signed by the owner"));
	sd_bus_error_free(&error);
	assert_int_equal(read_path(f->state, "/consent/token.bin", text),
			 -ENOENT);
}

static void keep(struct fixture *f, const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/consent", f->state);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/consent/%s", f->state, name);
	file = fopen(path, "we");
	fputs(text, file);
	fclose(file);
}

static void test_kept_consent_is_given(void **state)
{
	struct fixture *f = *state;
	char text[64] = "";
	int i;

	keep(f, "token.bin", "KEPT");
	keep(f, "token.p7s", "signature");
	gate(f, "no-policy");
	assert_int_equal(read_path(f->node, ".consent", text), -ENOENT);
	fixture_node(f, false);
	gate(f, "no-consent");
	assert_int_equal(read_path(f->node, ".consent", text), -ENOENT);
	/* udev is late */
	fixture_node(f, true);
	for (i = 0; i < 600 && strcmp(text, "KEPTsignature"); i++) {
		read_path(f->node, ".consent", text);
		usleep(5000);
	}
	assert_string_equal(text, "KEPTsignature");
	gate(f, "open");
	assert_int_equal(read_path(f->state, "/consent/token.bin", text), 4);
	/* the accelerator goes, and comes back: not withdrawn */
	gate(f, "no-policy");
	assert_int_equal(read_path(f->state, "/consent/token.bin", text), 4);
	gate(f, "open");
	gate(f, "no-consent");
	assert_int_equal(read_path(f->state, "/consent/token.bin", text),
			 -ENOENT);
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_tells_the_gate),
		TEST(test_tells_the_policy),
		TEST(test_jobs_wait_while_closed),
		TEST(test_jobs_without_a_policy),
		TEST(test_job_is_taken_back),
		TEST(test_taken_back_and_cancelled),
		TEST(test_refused_while_it_closed),
		TEST(test_closes_while_loading),
		TEST(test_closes_while_collecting),
		TEST(test_consent_ends_under_jobs),
		TEST(test_consent_ends_unheard),
		TEST(test_lease_while_of_use),
		TEST(test_lease_that_another_holds),
		TEST(test_consent_is_given_and_kept),
		TEST(test_consent_that_is_none),
		cmocka_unit_test_setup_teardown(test_consent_is_refused,
						setup_refusing,
						teardown_refusing),
		TEST(test_kept_consent_is_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
