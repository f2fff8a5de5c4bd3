// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The gate on the host: the same kmod/gate.c as in the module.
 *
 * From an input for which everything is right, each thing alone is made wrong:
 * the gate must close with just that reason. Pairs show the precedence, random
 * inputs that the answer is total and that no clock value brings it to overflow
 * (the sanitizers watch).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <gate.h>

#define S	1000000000ULL
#define NOW	(1000 * S)
#define WALL	1795000000000000000LL

static struct layby_gate_input right(void)
{
	return (struct layby_gate_input){
		.now_ns = NOW,
		.signal = { NOW - S / 10, S / 2 },
		.park_hold_ns = 30 * S,
		.parked_since_ns = NOW - 31 * S,
		.lease = { NOW - S / 10, S },
		.governor = { NOW - S / 100, S / 5 },
		.sensor = { NOW - S / 100, S / 4 },
		.wall_ns = WALL,
		.consent_offset_ns = WALL - (int64_t)NOW,
		.consent_offset_max_ns = 2 * S,
		.consent_not_before_ns = WALL - 3600 * (int64_t)S,
		.consent_not_after_ns = WALL + 3600 * (int64_t)S,
		.consent_energy_uj = 1,
		.mode = LAYBY_MODE_PARKED,
		.charging = LAYBY_CHARGING_YES,
		.charge_percent = 40,
		.charge_min_percent = 40,
		.charging_only = 1,
		.temperature_mc = 59999,
		.trip_mc = 70000,
		.resume_mc = 60000,
		.policy = 1,
		.sealed = 1,
		.consent = 1,
		.governor_attached = 1,
		.governor_open = 1,
		.was_hot = 1,
	};
}

/* Each makes one thing wrong; in the order of precedence. */
#define WRONG(name, reason, change)				\
	static void name(struct layby_gate_input *in)		\
	{							\
		change;						\
	}
#include "gate_wrongs.h"
#undef WRONG

static const struct wrong {
	const char *name;
	enum layby_gate_reason reason;
	void (*make)(struct layby_gate_input *in);
} wrongs[] = {
#define WRONG(name, reason, change) { #name, reason, name },
#include "gate_wrongs.h"
#undef WRONG
};

#define WRONGS	(sizeof(wrongs) / sizeof(*wrongs))

/* What a consent does not ask for is not looked at. */
static void test_no_charge_asked(void **state)
{
	struct layby_gate_input in = right();

	in.charging_only = 0;
	in.charging = LAYBY_CHARGING_UNKNOWN;
	in.charge_min_percent = 0;
	in.charge_percent = 255;
	assert_int_equal(layby_gate_reason(&in), LAYBY_GATE_OPEN);
}

static void test_open(void **state)
{
	struct layby_gate_input in = right();

	assert_int_equal(layby_gate_reason(&in), LAYBY_GATE_OPEN);
}

static void test_zeroed_is_closed(void **state)
{
	struct layby_gate_input in;

	memset(&in, 0, sizeof(in));
	assert_int_equal(layby_gate_reason(&in), LAYBY_GATE_NO_POLICY);
}

static void test_each_alone(void **state)
{
	struct layby_gate_input in;

	for (size_t i = 0; i < WRONGS; i++) {
		in = right();
		wrongs[i].make(&in);
		if (layby_gate_reason(&in) != wrongs[i].reason)
			fail_msg("%s: reason %d, expected %d", wrongs[i].name,
				 layby_gate_reason(&in), wrongs[i].reason);
		assert_int_equal(layby_gate_deadline_ns(&in), in.now_ns);
	}
}

/* Wrong things that change different fields: the first one is told. */
static void test_precedence(void **state)
{
	struct layby_gate_input in, other;

	for (size_t i = 0; i < WRONGS; i++) {
		for (size_t j = i + 1; j < WRONGS; j++) {
			in = right();
			wrongs[j].make(&in);
			wrongs[i].make(&in);
			other = right();
			wrongs[i].make(&other);
			wrongs[j].make(&other);
			/* Two that touch the same field are no pair. */
			if (memcmp(&in, &other, sizeof(in)))
				continue;
			if (layby_gate_reason(&in) != wrongs[i].reason)
				fail_msg("%s and %s: reason %d", wrongs[i].name,
					 wrongs[j].name, layby_gate_reason(&in));
		}
	}
}

/* Every reason is told by something above. */
static void test_every_reason(void **state)
{
	for (int reason = LAYBY_GATE_FAULT; reason < LAYBY_GATE_OPEN; reason++) {
		size_t i;

		for (i = 0; i < WRONGS && wrongs[i].reason != (unsigned int)reason; i++)
			;
		if (i == WRONGS)
			fail_msg("no test makes reason %d", reason);
	}
}

static void test_was_not_hot(void **state)
{
	struct layby_gate_input in = right();

	in.was_hot = 0;
	in.temperature_mc = in.trip_mc - 1;
	assert_int_equal(layby_gate_reason(&in), LAYBY_GATE_OPEN);
}

/* What is just right is right. */
static void test_just_right(void **state)
{
	struct layby_gate_input in = right();

	in.parked_since_ns = NOW - in.park_hold_ns;
	in.signal.at_ns = NOW - in.signal.age_max_ns;
	in.lease.at_ns = NOW;
	in.consent_not_before_ns = WALL;
	in.consent_not_after_ns = WALL;
	assert_int_equal(layby_gate_reason(&in), LAYBY_GATE_OPEN);
	in = right();
	in.wall_ns = WALL + 2 * (int64_t)S;
	assert_int_equal(layby_gate_reason(&in), LAYBY_GATE_OPEN);
	in.wall_ns = WALL - 2 * (int64_t)S;
	assert_int_equal(layby_gate_reason(&in), LAYBY_GATE_OPEN);
}

/* Just after boot, when never is not long ago. */
static void test_never_is_not_recent(void **state)
{
	struct layby_gate_input in = right();

	in.now_ns = S / 10;
	in.signal.at_ns = 0;
	assert_int_equal(layby_gate_reason(&in), LAYBY_GATE_NO_SIGNAL);
}

/* Open the instant before the deadline, closed at it, whichever comes first. */
static void check_deadline(struct layby_gate_input in, enum layby_gate_reason reason)
{
	uint64_t deadline = layby_gate_deadline_ns(&in);
	uint64_t step = deadline - in.now_ns;

	assert_true(deadline > in.now_ns);
	in.now_ns += step - 1;
	in.wall_ns += (int64_t)step - 1;
	assert_int_equal(layby_gate_reason(&in), LAYBY_GATE_OPEN);
	in.now_ns++;
	in.wall_ns++;
	assert_int_equal(layby_gate_reason(&in), reason);
}

static void test_deadlines(void **state)
{
	struct layby_gate_input in = right();

	in.governor.age_max_ns = S / 20;
	check_deadline(in, LAYBY_GATE_NO_GOVERNOR);
	in = right();
	in.signal.age_max_ns = S / 10;
	check_deadline(in, LAYBY_GATE_NO_SIGNAL);
	in = right();
	in.lease.age_max_ns = S / 10 + 1;
	check_deadline(in, LAYBY_GATE_NO_LEASE);
	in = right();
	in.sensor.age_max_ns = S / 50;
	check_deadline(in, LAYBY_GATE_NO_SENSOR);
	in = right();
	in.consent_not_after_ns = in.wall_ns;
	check_deadline(in, LAYBY_GATE_CONSENT_TIME);
}

static void test_deadline_does_not_overflow(void **state)
{
	struct layby_gate_input in = right();

	in.signal.age_max_ns = UINT64_MAX;
	in.lease.age_max_ns = UINT64_MAX;
	in.governor.age_max_ns = UINT64_MAX;
	in.sensor.age_max_ns = UINT64_MAX;
	in.consent_not_after_ns = INT64_MAX;
	assert_int_equal(layby_gate_reason(&in), LAYBY_GATE_OPEN);
	assert_true(layby_gate_deadline_ns(&in) > in.now_ns);
}

/* An open answer for random inputs means that all of these really hold. */
static void test_random(void **state)
{
	struct layby_gate_input in;
	unsigned char *bytes = (unsigned char *)&in;
	unsigned int reason;

	srandom(20261122);
	for (int round = 0; round < 1000000; round++) {
		in = right();
		for (int n = random() % 4; n >= 0; n--)
			bytes[(size_t)random() % offsetof(struct layby_gate_input, policy)] =
				(unsigned char)random();
		reason = layby_gate_reason(&in);
		assert_in_range(reason, LAYBY_GATE_FAULT, LAYBY_GATE_OPEN);
		if (reason != LAYBY_GATE_OPEN)
			continue;
		assert_int_equal(in.mode, LAYBY_MODE_PARKED);
		assert_true(in.temperature_mc < in.trip_mc);
		assert_true(in.signal.at_ns <= in.now_ns && in.lease.at_ns <= in.now_ns);
		assert_true(in.consent_energy_uj > 0);
		assert_true(layby_gate_deadline_ns(&in) > in.now_ns);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_no_charge_asked),
		cmocka_unit_test(test_zeroed_is_closed),
		cmocka_unit_test(test_each_alone),
		cmocka_unit_test(test_precedence),
		cmocka_unit_test(test_every_reason),
		cmocka_unit_test(test_was_not_hot),
		cmocka_unit_test(test_just_right),
		cmocka_unit_test(test_never_is_not_recent),
		cmocka_unit_test(test_deadlines),
		cmocka_unit_test(test_deadline_does_not_overflow),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests_name("gate", tests, NULL, NULL);
}
