// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What is known of the vehicle, on the host: the same kmod/vehicle_state.c as in
 * the module. Which frames count for what, by where they came from, their CRC
 * and their counter; when what was heard is forgotten; and that random frames of
 * foreign origin never make a vehicle parked (ISO-2).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <vehicle_state.h>

#define MS		1000000ULL
#define NOW		(1000000 * MS)
#define UNKNOWN		0
#define DRIVING		1
#define PARKED		2
#define GEAR		(1 << LAYBY_SIGNAL_GEAR)
#define SPEED		(1 << LAYBY_SIGNAL_SPEED)
#define IGNITION	(1 << LAYBY_SIGNAL_IGNITION)

static const struct layby_vehicle_rule rule = { .park_can_id = 0x3c0, .signal_age_ns = 500 * MS };

/* Frame 0 carries all that the mode asks; it is the heartbeat. */
static struct layby_vehicle_frame frame(uint8_t counter, uint8_t gear, uint8_t speed,
					uint8_t ignition)
{
	return (struct layby_vehicle_frame){
		.can_id = 0x3c0,
		.known = GEAR | SPEED | IGNITION,
		.counter = counter,
		.counter_values = 14,
		.counter_step = 2,
		.state = { gear, speed, ignition },
		.value = { 1, 2, 3 },
	};
}

static struct layby_vehicle_frame parked_frame(uint8_t counter)
{
	return frame(counter, LAYBY_SIGNAL_YES, LAYBY_SIGNAL_YES, LAYBY_SIGNAL_YES);
}

static struct layby_vehicle_frame driving_frame(uint8_t counter)
{
	return frame(counter, LAYBY_SIGNAL_NO, LAYBY_SIGNAL_YES, LAYBY_SIGNAL_YES);
}

static struct layby_vehicle_verdict take(struct layby_vehicle_state *state,
					 const struct layby_vehicle_frame *f, uint32_t origin)
{
	return layby_vehicle_take(state, &rule, f, origin, NOW);
}

/* One whose last accepted frame had counter 1. */
static struct layby_vehicle_state parked(void)
{
	struct layby_vehicle_state state = {};
	struct layby_vehicle_frame f;

	for (uint8_t counter = 0; counter < 2; counter++) {
		f = parked_frame(counter);
		take(&state, &f, LAYBY_COUNT_ACCEPTED);
	}
	assert_int_equal(layby_vehicle_mode(&state), PARKED);
	return state;
}

static void expect(struct layby_vehicle_verdict verdict, uint32_t count, bool changed,
		   bool heartbeat)
{
	assert_int_equal(verdict.count, count);
	assert_int_equal(verdict.changed, changed);
	assert_int_equal(verdict.heartbeat, heartbeat);
}

static void test_nothing_is_unknown(void **state)
{
	struct layby_vehicle_state nothing = {};

	assert_int_equal(layby_vehicle_mode(&nothing), UNKNOWN);
	assert_int_equal(layby_vehicle_charging(&nothing), 0);
	assert_int_equal(layby_vehicle_charge(&nothing), 255);
}

/* Parked needs them all; one that says no is driving; one that does not know is unknown. */
static void test_modes(void **state)
{
	for (uint32_t i = 0; i < 4 * 4 * 4 * 2; i++) {
		uint8_t answers[3] = { i & 3, i >> 2 & 3, i >> 4 & 3 };
		bool has_ignition = i >> 6;
		struct layby_vehicle_state s = { .known = GEAR | SPEED };
		uint32_t mode = PARKED;

		for (int k = 0; k < 3; k++)
			s.signal[k].state = answers[k];
		s.known |= has_ignition ? IGNITION : 0;
		for (int k = 0; k < 3; k++)
			if (answers[k] != LAYBY_SIGNAL_YES &&
			    !(k == 2 && !has_ignition && answers[k] == LAYBY_SIGNAL_ABSENT))
				mode = UNKNOWN;
		for (int k = 0; k < 3; k++)
			if (answers[k] == LAYBY_SIGNAL_NO)
				mode = DRIVING;
		assert_int_equal(layby_vehicle_mode(&s), mode);
	}
}

static void test_counter(void **state)
{
	static const struct {
		uint8_t counter;
		uint32_t count;
	} steps[] = {
		{ 13, LAYBY_COUNT_SEQUENCE },	/* the first is to be followed, not believed */
		{ 14, LAYBY_COUNT_ACCEPTED },
		{ 0, LAYBY_COUNT_ACCEPTED },	/* 14 is the highest */
		{ 0, LAYBY_COUNT_REPEATED },
		{ 2, LAYBY_COUNT_ACCEPTED },	/* one lost */
		{ 5, LAYBY_COUNT_SEQUENCE },	/* two lost */
		{ 6, LAYBY_COUNT_ACCEPTED },
		{ 15, LAYBY_COUNT_CRC },	/* no counter of profile 1 */
		{ 7, LAYBY_COUNT_ACCEPTED },
		{ 6, LAYBY_COUNT_SEQUENCE },	/* backwards */
	};
	struct layby_vehicle_state s = {};

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		struct layby_vehicle_frame f = parked_frame(steps[i].counter);
		bool good = steps[i].count == LAYBY_COUNT_ACCEPTED;

		expect(take(&s, &f, LAYBY_COUNT_ACCEPTED), steps[i].count, good, good);
	}
}

/* Another signals file says less of the same frame: the counter of before is none of it. */
static void test_counter_of_another_file(void **state)
{
	struct layby_vehicle_state s = {};
	struct layby_vehicle_frame f = parked_frame(200);

	f.counter_values = 255;
	expect(take(&s, &f, LAYBY_COUNT_ACCEPTED), LAYBY_COUNT_SEQUENCE, false, false);
	f.counter = 201;
	expect(take(&s, &f, LAYBY_COUNT_ACCEPTED), LAYBY_COUNT_ACCEPTED, true, true);
	f = parked_frame(0);
	expect(take(&s, &f, LAYBY_COUNT_ACCEPTED), LAYBY_COUNT_SEQUENCE, false, false);
	f = parked_frame(1);
	expect(take(&s, &f, LAYBY_COUNT_ACCEPTED), LAYBY_COUNT_ACCEPTED, true, true);
}

/* A frame without protection has no counter to be right. */
static void test_no_counter(void **state)
{
	struct layby_vehicle_state s = {};
	struct layby_vehicle_frame f = parked_frame(0);

	f.counter_values = 0;
	expect(take(&s, &f, LAYBY_COUNT_ACCEPTED), LAYBY_COUNT_ACCEPTED, true, true);
	expect(take(&s, &f, LAYBY_COUNT_ACCEPTED), LAYBY_COUNT_ACCEPTED, true, true);
}

/* Wrong CRC, wrong length, repeated counter: as if it had not come. */
static void test_absent(void **state)
{
	struct layby_vehicle_state before = parked(), s = before;
	struct layby_vehicle_frame f = driving_frame(2);

	f.check = LAYBY_FRAME_CRC;
	expect(take(&s, &f, LAYBY_COUNT_ACCEPTED), LAYBY_COUNT_CRC, false, false);
	f.check = LAYBY_FRAME_MALFORMED;
	expect(take(&s, &f, LAYBY_COUNT_ACCEPTED), LAYBY_COUNT_MALFORMED, false, false);
	f.check = 77;
	expect(take(&s, &f, LAYBY_COUNT_ACCEPTED), LAYBY_COUNT_CRC, false, false);
	f = driving_frame(1);
	expect(take(&s, &f, LAYBY_COUNT_ACCEPTED), LAYBY_COUNT_REPEATED, false, false);
	f = driving_frame(2);
	f.index = LAYBY_SIGNALS_FRAMES_MAX;
	expect(take(&s, &f, LAYBY_COUNT_ACCEPTED), LAYBY_COUNT_MALFORMED, false, false);
	assert_memory_equal(&s, &before, sizeof(s));
}

/* A counter that jumped: not for parked, but for driving. */
static void test_sequence(void **state)
{
	struct layby_vehicle_state before = parked(), s = before;
	struct layby_vehicle_frame f = parked_frame(9);

	expect(take(&s, &f, LAYBY_COUNT_ACCEPTED), LAYBY_COUNT_SEQUENCE, false, false);
	assert_int_equal(layby_vehicle_mode(&s), PARKED);
	f = driving_frame(4);
	expect(take(&s, &f, LAYBY_COUNT_ACCEPTED), LAYBY_COUNT_SEQUENCE, true, false);
	assert_int_equal(layby_vehicle_mode(&s), DRIVING);
}

static const uint32_t foreign[] = {
	LAYBY_COUNT_UNBOUND, LAYBY_COUNT_NAMESPACE, LAYBY_COUNT_INTERFACE, LAYBY_COUNT_SOCKET,
};

static void test_foreign_parked(void **state)
{
	for (size_t i = 0; i < sizeof(foreign) / sizeof(*foreign); i++) {
		struct layby_vehicle_state s = {}, nothing = {};

		for (uint8_t counter = 0; counter < 4; counter++) {
			struct layby_vehicle_frame f = parked_frame(counter);

			expect(take(&s, &f, foreign[i]), foreign[i], false, false);
		}
		assert_memory_equal(&s, &nothing, sizeof(s));
	}
}

/* Counts from anyone; what else is in it does not, nor does its counter. */
static void test_foreign_driving(void **state)
{
	for (size_t i = 0; i < sizeof(foreign) / sizeof(*foreign); i++) {
		struct layby_vehicle_state s = parked();
		struct layby_vehicle_frame f = driving_frame(2);

		f.state[LAYBY_SIGNAL_CHARGING] = LAYBY_SIGNAL_YES;
		expect(take(&s, &f, foreign[i]), LAYBY_COUNT_FOREIGN_DRIVING, true, false);
		assert_int_equal(layby_vehicle_mode(&s), DRIVING);
		assert_int_equal(layby_vehicle_charging(&s), 0);
		/* the bus's own frame with the same counter is not a repeated one */
		f = parked_frame(2);
		expect(take(&s, &f, LAYBY_COUNT_ACCEPTED), LAYBY_COUNT_ACCEPTED, true, true);
		assert_int_equal(layby_vehicle_mode(&s), PARKED);
	}
}

/* Whatever they say, frames from elsewhere never bring a vehicle nearer to parked. */
static void test_foreign_random(void **state)
{
	struct layby_vehicle_state s = {};
	uint32_t seed = 1;

	for (int round = 0; round < 300000; round++) {
		uint32_t before = layby_vehicle_mode(&s);
		struct layby_vehicle_frame f;
		uint8_t *bytes = (uint8_t *)&f;
		struct layby_vehicle_verdict verdict;

		for (size_t i = 0; i < sizeof(f); i++) {
			seed = seed * 1103515245 + 12345;
			bytes[i] = (uint8_t)(seed >> 16);
		}
		for (int i = 0; i < LAYBY_SIGNALS; i++)
			f.state[i] &= 3;
		f.check %= 2;
		f.index %= 16;
		f.can_id = seed & 0x10000 ? 0x3c0 : 0x1a0;
		/* now and then the car parks, so that there is something to lose */
		if (round % 100 == 0)
			s = parked();
		verdict = take(&s, &f, foreign[seed >> 20 & 3]);
		assert_false(verdict.heartbeat);
		assert_true(round % 100 == 0 || before == PARKED ||
			    layby_vehicle_mode(&s) != PARKED);
	}
}

static void test_heartbeat_is_the_policys(void **state)
{
	struct layby_vehicle_rule none = { .park_can_id = LAYBY_VEHICLE_NO_FRAME };
	struct layby_vehicle_state s = {};
	struct layby_vehicle_frame f = parked_frame(0);

	f.counter_values = 0;
	f.can_id = 0x1a0;
	expect(take(&s, &f, LAYBY_COUNT_ACCEPTED), LAYBY_COUNT_ACCEPTED, true, false);
	f.can_id = 0x3c0;
	expect(layby_vehicle_take(&s, &none, &f, LAYBY_COUNT_ACCEPTED, NOW),
	       LAYBY_COUNT_ACCEPTED, true, false);
	assert_int_equal(s.heartbeat_ns, 0);
	/* it need not carry anything */
	memset(f.state, 0, sizeof(f.state));
	expect(take(&s, &f, LAYBY_COUNT_ACCEPTED), LAYBY_COUNT_ACCEPTED, false, true);
}

/* A heartbeat after a silence: what was heard before it is about another time. */
static void test_silence(void **state)
{
	struct layby_vehicle_frame beat = parked_frame(0), all = parked_frame(0);
	struct layby_vehicle_state s = {};

	beat.counter_values = 0;
	all.counter_values = 0;
	all.can_id = 0x1a0;
	memset(beat.state, 0, sizeof(beat.state));
	layby_vehicle_take(&s, &rule, &all, LAYBY_COUNT_ACCEPTED, NOW);
	layby_vehicle_take(&s, &rule, &beat, LAYBY_COUNT_ACCEPTED, NOW);
	/* others may be silent as long as it comes */
	for (uint64_t ms = 500; ms < 100000; ms += 500)
		layby_vehicle_take(&s, &rule, &beat, LAYBY_COUNT_ACCEPTED, NOW + ms * MS);
	assert_int_equal(layby_vehicle_mode(&s), PARKED);
	layby_vehicle_take(&s, &rule, &beat, LAYBY_COUNT_ACCEPTED, NOW + 100001 * MS);
	assert_int_equal(layby_vehicle_mode(&s), UNKNOWN);
	/* what came shortly before it is of now */
	layby_vehicle_take(&s, &rule, &all, LAYBY_COUNT_ACCEPTED, NOW + 200000 * MS);
	layby_vehicle_take(&s, &rule, &beat, LAYBY_COUNT_ACCEPTED, NOW + 200100 * MS);
	assert_int_equal(layby_vehicle_mode(&s), PARKED);
}

static void test_forget(void **state)
{
	struct layby_vehicle_state s = parked();
	struct layby_vehicle_frame f = parked_frame(2);

	layby_vehicle_state_forget(&s);
	assert_int_equal(layby_vehicle_mode(&s), UNKNOWN);
	expect(take(&s, &f, LAYBY_COUNT_ACCEPTED), LAYBY_COUNT_SEQUENCE, false, false);
}

static void test_charge(void **state)
{
	static const struct {
		int32_t value;
		uint8_t state, percent;
	} cases[] = {
		{ 80999, LAYBY_SIGNAL_NO, 80 }, { 0, LAYBY_SIGNAL_NO, 0 },
		{ 100000, LAYBY_SIGNAL_NO, 100 }, { 100001, LAYBY_SIGNAL_NO, 255 },
		{ -1, LAYBY_SIGNAL_NO, 255 }, { 80000, LAYBY_SIGNAL_INVALID, 255 },
	};
	struct layby_vehicle_state s = {};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		s.signal[LAYBY_SIGNAL_CHARGE].value = cases[i].value;
		s.signal[LAYBY_SIGNAL_CHARGE].state = cases[i].state;
		assert_int_equal(layby_vehicle_charge(&s), cases[i].percent);
	}
	for (uint8_t answer = 0; answer < 5; answer++) {
		static const uint8_t charging[] = { 0, 0, 1, 2, 0 };

		s.signal[LAYBY_SIGNAL_CHARGING].state = answer;
		assert_int_equal(layby_vehicle_charging(&s), charging[answer]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_unknown),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_counter),
		cmocka_unit_test(test_counter_of_another_file),
		cmocka_unit_test(test_no_counter),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_sequence),
		cmocka_unit_test(test_foreign_parked),
		cmocka_unit_test(test_foreign_driving),
		cmocka_unit_test(test_foreign_random),
		cmocka_unit_test(test_heartbeat_is_the_policys),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_forget),
		cmocka_unit_test(test_charge),
	};

	return cmocka_run_group_tests_name("vehicle_state", tests, NULL, NULL);
}
