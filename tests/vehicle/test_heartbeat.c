// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The frame that the policy names, tests/policy/null.conf: it alone renews the
 * age, and after a silence of it what was heard before counts no more.
 */
#include <stdbool.h>
#include <unistd.h>

#include "bus.h"

/* SignalAge= of the policy */
#define SIGNAL_AGE_MS	500

static struct vehicle_can *programs;
static int far;

static int setup(void **state)
{
	int r;

	read_signals();
	r = programs_start(BUS, &signals, &programs);
	if (r)
		fail_msg("the programs cannot be started: %s", strerror(-r));
	far = open_can(FAR, BUS);
	return 0;
}

static void test_which_frame(void **state)
{
	struct report now;

	set_parked();
	for (int i = 0; i < 3; i++) {
		tell(far, LAYBY_SIGNAL_GEAR);
		tell(far, LAYBY_SIGNAL_SPEED);
		now = tell(far, LAYBY_SIGNAL_CHARGE);
		assert_int_equal(now.heartbeat_ms, -1);
	}
	now = tell(far, LAYBY_SIGNAL_IGNITION);
	assert_int_equal(now.heartbeat_ms, -1);
	now = tell(far, LAYBY_SIGNAL_IGNITION);
	assert_true(now.heartbeat_ms >= 0);
}

/* The rest may be silent as long as it comes. */
static void test_it_is_enough(void **state)
{
	struct report now;
	bool in_time;

	/* again, if the machine was too busy to send in time */
	for (int tries = 0; tries < 10; tries++) {
		park(far);
		in_time = true;
		for (int i = 0; i < 10; i++) {
			usleep(SIGNAL_AGE_MS * 1000 / 5);
			now = report();
			in_time = in_time && now.heartbeat_ms < SIGNAL_AGE_MS * 3 / 4;
			now = tell(far, LAYBY_SIGNAL_IGNITION);
		}
		if (!in_time)
			continue;
		expect_mode(&now, "parked");
		return;
	}
	fail_msg("this machine never sent ten frames in time");
}

static void test_silence(void **state)
{
	struct report now;

	park(far);
	usleep(2 * SIGNAL_AGE_MS * 1000);
	now = report();
	expect_mode(&now, "parked");
	assert_true(now.heartbeat_ms >= SIGNAL_AGE_MS);
	/* its age is the gate's to judge; but now others would be old news */
	now = tell(far, LAYBY_SIGNAL_IGNITION);
	expect_mode(&now, "unknown");
	assert_string_equal(now.signal[LAYBY_SIGNAL_GEAR].state, "absent");
	tell(far, LAYBY_SIGNAL_GEAR);
	now = tell(far, LAYBY_SIGNAL_SPEED);
	expect_mode(&now, "parked");
}

/* Wrong, it is no heartbeat; nor from this host. */
static void test_wrong(void **state)
{
	struct report now;
	int here = open_can(NULL, BUS);

	park(far);
	usleep(50000);
	sender.faults[signals.signal[LAYBY_SIGNAL_IGNITION].frame].repeat = 1;
	now = tell(far, LAYBY_SIGNAL_IGNITION);
	assert_true(now.heartbeat_ms >= 50);
	sender.faults[signals.signal[LAYBY_SIGNAL_IGNITION].frame].crc = 1;
	now = tell(far, LAYBY_SIGNAL_IGNITION);
	assert_true(now.heartbeat_ms >= 50);
	assert_int_equal(send_signal(here, LAYBY_SIGNAL_IGNITION), -ENOBUFS);
	now = report();
	assert_true(now.heartbeat_ms >= 50);
	close(here);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_which_frame),
		cmocka_unit_test(test_it_is_enough),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_wrong),
	};

	return cmocka_run_group_tests_name("heartbeat", tests, setup, NULL);
}
