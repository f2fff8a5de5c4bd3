// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The battery, as netlink tells of it: what the vehicle says of it and nothing else, an
 * event for each change, and none for a frame that says the same again.
 */
#include <stdio.h>
#include <unistd.h>

#include "scene.h"

#define TRIES		400
#define WAIT_US		50000

/* Frames in which nothing is new: two a period */
#define SAME_FRAMES	40

static struct gate_state now(void)
{
	struct gate_state state;

	must(gate_state(&state));
	return state;
}

/* Until that is told; a frame of the vehicle is on its way */
static struct gate_state must_tell(int percent, int charging)
{
	struct gate_state state = now();
	int tries;

	for (tries = TRIES; tries && (state.charge_percent != percent ||
				      state.charging != charging); tries--) {
		usleep(WAIT_US);
		state = now();
	}
	must_give(state.charge_percent, percent);
	must_give(state.charging, charging);
	return state;
}

/* The events that there are; at least one of them says it. */
static void must_hear(int percent, int charging)
{
	struct gate_state last = { .charge_percent = -2 };
	int tries;

	for (tries = TRIES; tries && (last.charge_percent != percent ||
				      last.charging != charging); tries--) {
		must(gate_heard(&last) < 0 ? -EIO : 0);
		usleep(WAIT_US);
	}
	must_give(last.charge_percent, percent);
	must_give(last.charging, charging);
}

static void wait_for_frames(uint64_t count)
{
	struct gate_frames frames;
	uint64_t until;
	int tries = TRIES;

	must(gate_frames(&frames));
	until = frames.accepted + count;
	while (frames.accepted < until && tries--) {
		usleep(WAIT_US);
		must(gate_frames(&frames));
	}
	assert_true(frames.accepted >= until);
}

static void test_told(void **state)
{
	struct gate_state told;

	must(car("charge 55.5"));
	told = must_tell(55, 1);
	assert_true(told.charge_age_ns < 60ull * 1000000000);
	must(car("charging no"));
	must_tell(55, 0);
}

/* Of what the vehicle does not know nothing is told. */
static void test_unknown(void **state)
{
	must(car("charging invalid"));
	must_tell(80, -1);
	must(car("charge invalid"));
	must_tell(-1, -1);
}

static void test_events(void **state)
{
	must(car("charge 79"));
	must_hear(79, 1);
	must(car("charging no"));
	must_hear(79, 0);
}

static void test_nothing_new(void **state)
{
	int tries = TRIES, heard;
	struct gate_state last;
	uint64_t change;

	must(car("drive"));
	must_close(LAYBY_GATE_DRIVING);
	must(car("charge 70"));
	must_hear(70, 1);
	must(car("charge 70.5"));
	/* on a busy host the vehicle may be silent for too long, which is an event */
	do {
		change = now().change;
		must(gate_heard(&last));
		wait_for_frames(SAME_FRAMES);
		heard = gate_heard(&last);
	} while (now().change != change && tries--);
	must_give(heard, 0);
}

static int set_up(void **state)
{
	int r = scene_set_up(state);

	return r ? r : gate_listen();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_told, scene_right),
		cmocka_unit_test_teardown(test_unknown, scene_right),
		cmocka_unit_test_teardown(test_events, scene_right),
		cmocka_unit_test_teardown(test_nothing_new, scene_right),
	};

	return cmocka_run_group_tests(tests, set_up, scene_tear_down);
}
