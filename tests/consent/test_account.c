// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the kernel tells of the consent that it holds, over netlink: whose it is,
 * how much is left, until when; and that it ends by itself. The first program to
 * run: its serials are the lowest.
 */
#include <time.h>
#include <unistd.h>

#include "../../agent/common/gate_link.h"
#include "check.h"
#include "token.h"

#define KWH	3600000000000ULL
#define S_TO_NS	1000000000LL
#define HOUR_S	3600

static struct gate_link *gate;
static int fd;

static int set_up(void **state)
{
	fd = node_open(LAYBY_CLASS_GUEST);
	return fd < 0 || gate_link_open(&gate);
}

static int tear_down(void **state)
{
	gate_link_close(gate);
	close(fd);
	return 0;
}

static struct gate_state look(void)
{
	struct gate_state state;

	must(gate_link_get_state(gate, &state));
	assert_true(state.known);
	return state;
}

static void must_hold(uint8_t id, uint64_t serial, uint64_t left_uj)
{
	struct gate_state state = look();

	assert_true(state.has_consent);
	assert_int_equal(state.consent_id[0], id);
	assert_int_equal(state.consent_serial, serial);
	assert_int_equal(state.consent_left_uj, left_uj);
}

static int64_t wall_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec;
}

static void step_clock(int64_t to_s)
{
	struct timespec to = { .tv_sec = to_s };

	assert_int_equal(clock_settime(CLOCK_REALTIME, &to), 0);
}

/* -------------------------------------------------------------------------- */

static void test_none(void **state)
{
	assert_false(look().has_consent);
	must_give(withdraw(fd), 0);
	assert_false(look().has_consent);
}

static void test_held(void **state)
{
	int64_t now_ns = wall_s() * S_TO_NS;
	struct gate_state held;

	must_give(give(fd, "1"), 0);
	must_hold(0x0a, 1, KWH);
	held = look();
	assert_true(held.consent_from_wall_ns <= now_ns);
	assert_in_range(held.consent_until_wall_ns - now_ns, 12 * HOUR_S * S_TO_NS,
			24 * HOUR_S * S_TO_NS);
}

/* A call that fails leaves what is held alone. */
static void test_refused(void **state)
{
	must_give(give(fd, "1000-forged"), -EKEYREJECTED);
	must_give(give(fd, "zeros"), -EBADMSG);
	must_give(give(fd, "1001-ended"), -EKEYEXPIRED);
	must_hold(0x0a, 1, KWH);
}

static void test_limits_are_the_newest(void **state)
{
	must_give(give(fd, "2-more-energy"), 0);
	must_hold(0x0a, 2, 2 * KWH);
	must_give(give(fd, "1"), -ESTALE);
	must_hold(0x0a, 2, 2 * KWH);
	must_give(give(fd, "3-less-a-day"), 0);
	must_hold(0x0b, 3, KWH / 2);
}

static void test_withdrawn(void **state)
{
	must_give(withdraw(fd), 0);
	assert_false(look().has_consent);
	must_give(give(fd, "3-less-a-day"), -ESTALE);
	assert_false(look().has_consent);
}

static bool is_over(void *arg)
{
	return !look().has_consent;
}

/* Two seconds before its end, and ten more until all is cleared. */
static void test_time_is_over(void **state)
{
	int64_t end_s, real_s = wall_s(), start_ns = (int64_t)now_ns();

	must_give(give(fd, "4"), 0);
	end_s = look().consent_until_wall_ns / S_TO_NS;
	step_clock(end_s - 2);
	must_give(give(fd, "4"), 0);
	must_hold(0x0a, 4, KWH);
	sleep_ms(5000);
	must_give(give(fd, "4"), -EKEYEXPIRED);
	assert_true(look().has_consent);
	sleep_ms(5000);
	assert_true(eventually(is_over, NULL));
	must_give(give(fd, "4"), -EKEYEXPIRED);
	step_clock(real_s + ((int64_t)now_ns() - start_ns) / S_TO_NS);
	/* it was not withdrawn */
	must_give(give(fd, "4"), 0);
	must_hold(0x0a, 4, KWH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_held),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_limits_are_the_newest),
		cmocka_unit_test(test_withdrawn),
		cmocka_unit_test(test_time_is_over),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
