// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the car says from the far end of the bus, and what the module makes of
 * it: every condition for parked, one frame for driving, faults as if nothing
 * had come.
 */
#include <stdio.h>
#include <unistd.h>

#include "bus.h"

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

static void test_parked_needs_all(void **state)
{
	static const uint32_t order[] = {
		LAYBY_SIGNAL_GEAR, LAYBY_SIGNAL_IGNITION, LAYBY_SIGNAL_SPEED,
	};
	struct report before = report(), now;

	expect_mode(&before, "unknown");
	set_parked();
	for (int i = 0; i < 3; i++) {
		before = report();
		/* the first one of a counter is followed, not believed */
		now = tell(far, order[i]);
		expect_count(&before, &now, LAYBY_COUNT_SEQUENCE);
		expect_mode(&now, "unknown");
		before = now;
		now = tell(far, order[i]);
		expect_count(&before, &now, LAYBY_COUNT_ACCEPTED);
		expect_mode(&now, i == 2 ? "parked" : "unknown");
	}
}

static void test_driving_by_one(void **state)
{
	for (uint32_t signal = LAYBY_SIGNAL_GEAR; signal <= LAYBY_SIGNAL_IGNITION; signal++) {
		struct report before, now;

		park(far);
		set_no(signal);
		before = report();
		now = tell(far, signal);
		expect_count(&before, &now, LAYBY_COUNT_ACCEPTED);
		expect_mode(&now, "driving");
		assert_string_equal(now.signal[signal].state, "no");
	}
}

static void test_not_known_is_not_parked(void **state)
{
	for (uint32_t signal = LAYBY_SIGNAL_GEAR; signal <= LAYBY_SIGNAL_IGNITION; signal++) {
		struct report now;

		park(far);
		set_invalid(signal);
		now = tell(far, signal);
		expect_mode(&now, "unknown");
		assert_string_equal(now.signal[signal].state, "invalid");
	}
}

static void test_values(void **state)
{
	struct report now;

	sender.raw[LAYBY_SIGNAL_CHARGE] = sender_scale(&signals, LAYBY_SIGNAL_CHARGE, 80.5);
	sender.raw[LAYBY_SIGNAL_SUPPLY] = sender_scale(&signals, LAYBY_SIGNAL_SUPPLY, 11.85);
	sender.raw[LAYBY_SIGNAL_SPEED] = sender_scale(&signals, LAYBY_SIGNAL_SPEED, 123.45);
	set_yes(LAYBY_SIGNAL_CHARGING);
	tell(far, LAYBY_SIGNAL_CHARGE);
	tell(far, LAYBY_SIGNAL_SPEED);
	tell(far, LAYBY_SIGNAL_SPEED);
	now = tell(far, LAYBY_SIGNAL_CHARGE);
	assert_int_equal(now.signal[LAYBY_SIGNAL_CHARGE].value, 80500);
	assert_int_equal(now.signal[LAYBY_SIGNAL_SUPPLY].value, 11850);
	assert_int_equal(now.signal[LAYBY_SIGNAL_SPEED].value, 123450);
	assert_string_equal(now.signal[LAYBY_SIGNAL_CHARGING].state, "yes");
	expect_mode(&now, "driving");
}

/* A frame that says driving, but is wrong, is no frame. */
static void one_fault(uint32_t *fault, uint32_t signal, uint32_t count)
{
	struct report before, now;

	park(far);
	before = report();
	set_no(signal);
	*fault = 1;
	now = tell(far, signal);
	expect_count(&before, &now, count);
	expect_mode(&now, "parked");
	*fault = 0;
}

static struct frame_faults *faults(uint32_t signal)
{
	return &sender.faults[signals.signal[signal].frame];
}

static void test_crc(void **state)
{
	/* profile 1 with the three ways of its Data ID that the file has, and profile 5 */
	one_fault(&faults(LAYBY_SIGNAL_GEAR)->crc, LAYBY_SIGNAL_GEAR, LAYBY_COUNT_CRC);
	one_fault(&faults(LAYBY_SIGNAL_IGNITION)->crc, LAYBY_SIGNAL_IGNITION, LAYBY_COUNT_CRC);
	one_fault(&faults(LAYBY_SIGNAL_SPEED)->crc, LAYBY_SIGNAL_SPEED, LAYBY_COUNT_CRC);
}

static void test_repeated(void **state)
{
	one_fault(&faults(LAYBY_SIGNAL_GEAR)->repeat, LAYBY_SIGNAL_GEAR, LAYBY_COUNT_REPEATED);
	one_fault(&faults(LAYBY_SIGNAL_SPEED)->repeat, LAYBY_SIGNAL_SPEED, LAYBY_COUNT_REPEATED);
}

static void test_length(void **state)
{
	one_fault(&faults(LAYBY_SIGNAL_GEAR)->length, LAYBY_SIGNAL_GEAR, LAYBY_COUNT_MALFORMED);
	one_fault(&faults(LAYBY_SIGNAL_SPEED)->length, LAYBY_SIGNAL_SPEED, LAYBY_COUNT_MALFORMED);
	one_fault(&faults(LAYBY_SIGNAL_GEAR)->remote, LAYBY_SIGNAL_GEAR, LAYBY_COUNT_MALFORMED);
}

/* Same identifier, other kind of frame. */
static void test_kind(void **state)
{
	struct canfd_frame frame;
	struct report before, now;

	park(far);
	before = report();
	sender_frame(&sender, signals.signal[LAYBY_SIGNAL_GEAR].frame, &frame);
	assert_int_equal(write(far, &frame, CANFD_MTU), CANFD_MTU);
	now = wait_for(&before, 1);
	expect_count(&before, &now, LAYBY_COUNT_MALFORMED);
	before = now;
	sender_frame(&sender, signals.signal[LAYBY_SIGNAL_SPEED].frame, &frame);
	frame.len = 8;
	assert_int_equal(write(far, &frame, CAN_MTU), CAN_MTU);
	now = wait_for(&before, 1);
	expect_count(&before, &now, LAYBY_COUNT_MALFORMED);
	expect_mode(&now, "parked");
}

/* More lost than CounterStep allows: not believed, unless it says driving. */
static void test_lost(void **state)
{
	struct report before, now;

	park(far);
	before = report();
	faults(LAYBY_SIGNAL_GEAR)->skip = 2;
	now = tell(far, LAYBY_SIGNAL_GEAR);
	expect_count(&before, &now, LAYBY_COUNT_ACCEPTED);
	before = now;
	faults(LAYBY_SIGNAL_GEAR)->skip = 3;
	now = tell(far, LAYBY_SIGNAL_GEAR);
	expect_count(&before, &now, LAYBY_COUNT_SEQUENCE);
	expect_mode(&now, "parked");
	set_no(LAYBY_SIGNAL_GEAR);
	before = now;
	faults(LAYBY_SIGNAL_GEAR)->skip = 5;
	now = tell(far, LAYBY_SIGNAL_GEAR);
	expect_count(&before, &now, LAYBY_COUNT_SEQUENCE);
	expect_mode(&now, "driving");
}

/* Frames that the signals file does not name are nobody's business. */
static void test_not_monitored(void **state)
{
	struct report before, now;

	park(far);
	before = report();
	run("ip netns exec " FAR " cangen " BUS " -g 0 -n 200 -I 1 -L i -D i -x");
	run("ip netns exec " FAR " cansend " BUS " 000001a0#0011223344556677");
	run("ip netns exec " FAR " cansend " BUS " 7ff##1.00112233445566778899aabb");
	now = report();
	for (int i = 0; i < LAYBY_COUNTS; i++)
		assert_int_equal(now.count[i], before.count[i]);
	expect_mode(&now, "parked");
}

/* can-utils as the sender; the frame is one of the car's. */
static void test_cansend(void **state)
{
	struct report before, now;
	struct canfd_frame frame;
	char text[20] = "";

	park(far);
	set_no(LAYBY_SIGNAL_GEAR);
	sender_frame(&sender, signals.signal[LAYBY_SIGNAL_GEAR].frame, &frame);
	for (int i = 0; i < 8; i++)
		snprintf(text + 2 * i, 3, "%02x", frame.data[i]);
	before = report();
	run("ip netns exec " FAR " cansend " BUS " 1a0#%s", text);
	now = wait_for(&before, 1);
	expect_count(&before, &now, LAYBY_COUNT_ACCEPTED);
	expect_mode(&now, "driving");
}

static void test_interface_down(void **state)
{
	struct report before, now;

	park(far);
	run("ip link set " BUS " down");
	before = report();
	send_signal(far, LAYBY_SIGNAL_GEAR);
	usleep(20000);
	now = report();
	for (int i = 0; i < LAYBY_COUNTS; i++)
		assert_int_equal(now.count[i], before.count[i]);
	run("ip link set " BUS " up");
	now = tell(far, LAYBY_SIGNAL_GEAR);
	assert_int_equal(now.count[LAYBY_COUNT_ACCEPTED], before.count[LAYBY_COUNT_ACCEPTED] + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parked_needs_all),
		cmocka_unit_test(test_driving_by_one),
		cmocka_unit_test(test_not_known_is_not_parked),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_crc),
		cmocka_unit_test(test_repeated),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_kind),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_not_monitored),
		cmocka_unit_test(test_cansend),
		cmocka_unit_test(test_interface_down),
	};

	return cmocka_run_group_tests_name("signals", tests, setup, NULL);
}
