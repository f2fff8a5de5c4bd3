// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Every single thing that closes the gate: with everything else right it closes,
 * says why, and opens again when that is right again. What the kernel does when it
 * must reset is test_fault.c, sleep is test_suspend.c.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "scene.h"

static struct guest guest;

static int set_up(void **state)
{
	int r = guest_open(&guest);

	return r ? r : gate_opens() ? 0 : -ETIMEDOUT;
}

static int tear_down(void **state)
{
	guest_close(&guest);
	/* Stopped by a test that failed, it would answer nobody. */
	kill(park_pid(), SIGCONT);
	return scene_right(state);
}

static void closed_for(uint32_t reason)
{
	must_close(reason);
	must_give(guest_run(&guest), -ESHUTDOWN);
}

static void open_again(void)
{
	must_open();
	guest_must_run(&guest);
}

static void test_open(void **state)
{
	guest_must_run(&guest);
	must_open();
}

/* --- The vehicle -------------------------------------------------------------- */

static void test_gear(void **state)
{
	must(car("gear no"));
	closed_for(LAYBY_GATE_DRIVING);
	must(car("gear yes"));
	open_again();
}

static void test_invalid(void **state)
{
	must(car("speed invalid"));
	closed_for(LAYBY_GATE_DRIVING);
	must(car("speed yes"));
	open_again();
}

/* The others go on. */
static void test_silent_frame(void **state)
{
	must(car("silence 0x3c0"));
	closed_for(LAYBY_GATE_NO_SIGNAL);
	must(car("resume 0x3c0"));
	open_again();
}

static void test_silence(void **state)
{
	must(car("silence"));
	closed_for(LAYBY_GATE_NO_SIGNAL);
	must(car("resume"));
	open_again();
}

/* Absent, as far as anybody can know. */
static void test_wrong_crc(void **state)
{
	must(car("crc 0x3c0 1000000"));
	closed_for(LAYBY_GATE_NO_SIGNAL);
	must(car("crc 0x3c0 0"));
	open_again();
}

static void test_charging(void **state)
{
	must(token_give("--only-charging"));
	open_again();
	must(car("charging no"));
	closed_for(LAYBY_GATE_NOT_CHARGING);
	must(car("charging yes"));
	open_again();
	must(car("charging invalid"));
	closed_for(LAYBY_GATE_NOT_CHARGING);
	must(token_give(""));
	open_again();
}

static void test_charge(void **state)
{
	must(token_give("--min-charge 50"));
	open_again();
	must(car("charge 40"));
	closed_for(LAYBY_GATE_LOW_CHARGE);
	must(car("charge 60"));
	open_again();
	must(token_give(""));
}

/* --- The owner ---------------------------------------------------------------- */

static int run_job(uint32_t job)
{
	sqe_submit(ring_job(&guest.ring, guest.party.fd, 0, 1))->job = job;
	return ring_run_one(&guest.ring);
}

struct outcome {
	uint32_t job;
	int want;
};

/* A machine that stands still for a while closes the gate. */
static bool job_gives(void *arg)
{
	const struct outcome *outcome = arg;

	return run_job(outcome->job) == outcome->want;
}

/* Classes of jobs close nothing: they are asked for job by job. */
static void test_classes(void **state)
{
	struct outcome batch = { 0, 0 }, interactive = { .want = 0 };

	interactive.job = (uint32_t)must(party_prepare_as(&guest.party, LONG_RUN,
							  LAYBY_JOB_INTERACTIVE));
	assert_true(eventually(job_gives, &batch));
	assert_true(eventually(job_gives, &interactive));
	must(token_give("--classes batch"));
	interactive.want = -EACCES;
	assert_true(eventually(job_gives, &interactive));
	assert_true(eventually(job_gives, &batch));
	must(token_give("--classes interactive"));
	interactive.want = 0;
	batch.want = -EACCES;
	assert_true(eventually(job_gives, &batch));
	assert_true(eventually(job_gives, &interactive));
	must(token_give(""));
	must_open();
}

/* --- The agent ---------------------------------------------------------------- */

static void test_dropped(void **state)
{
	must(park("drop"));
	closed_for(LAYBY_GATE_NO_LEASE);
	must(park("take"));
	open_again();
}

static void test_not_renewed(void **state)
{
	must(park("hold"));
	closed_for(LAYBY_GATE_NO_LEASE);
	must(park("renew"));
	open_again();
}

static void test_killed(void **state)
{
	kill(park_pid(), SIGKILL);
	closed_for(LAYBY_GATE_NO_LEASE);
	must(park_start());
	open_again();
}

static void test_stopped(void **state)
{
	kill(park_pid(), SIGSTOP);
	closed_for(LAYBY_GATE_NO_LEASE);
	kill(park_pid(), SIGCONT);
	open_again();
}

/* --- The owner ---------------------------------------------------------------- */

static void test_withdrawn(void **state)
{
	must(park("withdraw"));
	must_close(LAYBY_GATE_NO_CONSENT);
	must_give(token_give_again(), -ESTALE);
	must_close(LAYBY_GATE_NO_CONSENT);
	must(token_give(""));
	must_open();
	/* it was opened under the consent that ended */
	must_give(guest_run(&guest), -ESTALE);
	guest_close(&guest);
	must(guest_open(&guest));
	guest_must_run(&guest);
}

/* From two hours hence for an hour. */
static void test_hours(void **state)
{
	char options[64];
	time_t now = time(NULL);
	int hour = (int)(now / 3600 % 24);

	snprintf(options, sizeof(options), "--hours %02d:00-%02d:00", (hour + 2) % 24,
		 (hour + 3) % 24);
	must(token_give(options));
	closed_for(LAYBY_GATE_CONSENT_TIME);
	must(token_give(""));
	open_again();
}

static void test_clock(void **state)
{
	struct timespec real, mono, later;

	clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(CLOCK_MONOTONIC, &mono);
	real.tv_sec += 600;
	assert_int_equal(clock_settime(CLOCK_REALTIME, &real), 0);
	closed_for(LAYBY_GATE_CLOCK_STEPPED);
	clock_gettime(CLOCK_MONOTONIC, &later);
	real.tv_sec += later.tv_sec - mono.tv_sec - 600;
	assert_int_equal(clock_settime(CLOCK_REALTIME, &real), 0);
	must(token_give_again());
	open_again();
}

/* 1 Wh is 3600 J. Giving it again refills nothing. */
static void test_energy(void **state)
{
	must(token_sign("0b0000000000000000000000000000bb", "--energy-total 1Wh"));
	must(token_give_again());
	must_open();
	must(null_set("energy_uj", 2000000000));
	guest_must_run(&guest);
	must_open();
	guest_must_run(&guest);
	closed_for(LAYBY_GATE_CONSENT_ENERGY);
	must(token_give_again());
	closed_for(LAYBY_GATE_CONSENT_ENERGY);
	must(null_set("energy_uj", 0));
	must(token_give(""));
	open_again();
}

/* --- The accelerator ----------------------------------------------------------- */

static void test_sensor(void **state)
{
	must(null_set("lose_sensor", 1));
	closed_for(LAYBY_GATE_NO_SENSOR);
	must(null_set("lose_sensor", 0));
	open_again();
}

/* 75 °C is the trip, 65 °C the resume temperature, at 80 °C the governor says no. */
static void test_hot(void **state)
{
	must(null_set("temperature_mdeg", 75000));
	closed_for(LAYBY_GATE_HOT);
	must(null_set("temperature_mdeg", 74999));
	closed_for(LAYBY_GATE_COOLING);
	must(null_set("temperature_mdeg", 65000));
	closed_for(LAYBY_GATE_COOLING);
	must(null_set("temperature_mdeg", 64999));
	open_again();
}

static void test_governor(void **state)
{
	must(null_set("temperature_mdeg", 80000));
	closed_for(LAYBY_GATE_GOVERNOR);
	must(null_set("temperature_mdeg", 25000));
	open_again();
}

/* --- Of two the first ----------------------------------------------------------- */

static void test_precedence(void **state)
{
	must(park("drop"));
	closed_for(LAYBY_GATE_NO_LEASE);
	must(car("drive"));
	closed_for(LAYBY_GATE_DRIVING);
	must(car("silence"));
	closed_for(LAYBY_GATE_NO_SIGNAL);
	must(car("park"));
	closed_for(LAYBY_GATE_NO_LEASE);
	must(park("take"));
	open_again();
}

int main(void)
{
	const struct CMUnitTest reasons[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)
		TEST(open), TEST(gear), TEST(invalid), TEST(silent_frame), TEST(silence),
		TEST(wrong_crc), TEST(charging), TEST(charge), TEST(classes), TEST(dropped),
		TEST(not_renewed), TEST(killed), TEST(stopped), TEST(withdrawn),
		TEST(hours), TEST(clock), TEST(energy), TEST(sensor), TEST(hot),
		TEST(governor), TEST(precedence),
	};

	return cmocka_run_group_tests(reasons, scene_set_up, scene_tear_down);
}
