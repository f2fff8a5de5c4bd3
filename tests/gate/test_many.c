// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * More of a guest's jobs end at once than one interrupt takes: all of them end, and
 * soon, though each has a minute and nothing else is submitted.
 */
#include "guest.h"
#include "scene.h"

#define JOBS 64

static struct guest guest;

static int set_up(void **state)
{
	int r = null_set("only_slot", GUEST_SLOT);

	if (!r)
		r = guest_open(&guest);
	return r ? r : gate_opens() ? 0 : -ETIMEDOUT;
}

static int tear_down(void **state)
{
	guest_close(&guest);
	return scene_right(state);
}

/* Up to the last one nothing ends; its doorbell ends all. */
static void end_at_once(void)
{
	must_open();
	guest_must_run(&guest);
	must(null_set("hang", 1));
	must(guest_submit(&guest, JOBS - 1));
	must(null_set("hang", 0));
	ring_job(&guest.ring, guest.party.fd, JOBS - 1, JOBS);
	must(io_uring_submit(&guest.ring));
}

static void test_all_end(void **state)
{
	struct done done[JOBS];
	unsigned int i;

	end_at_once();
	must(ring_collect(&guest.ring, done, JOBS));
	for (i = 1; i <= JOBS; i++)
		must_give(done_result(done, JOBS, i), 0);
	assert_true(ring_is_quiet(&guest.ring));
}

/* Ended is ended; what was not taken yet when the gate closed may be either. */
static void test_gate_closes(void **state)
{
	struct done done[JOBS];
	unsigned int i;
	int result;

	end_at_once();
	must(car("gear no"));
	must(ring_collect(&guest.ring, done, JOBS));
	for (i = 1; i <= JOBS; i++) {
		result = done_result(done, JOBS, i);
		assert_true(!result || result == -ECANCELED || result == -ESHUTDOWN);
	}
	assert_true(ring_is_quiet(&guest.ring));
	must_close(LAYBY_GATE_DRIVING);
}

int main(void)
{
	const struct CMUnitTest many[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)
		TEST(all_end), TEST(gate_closes),
	};

	return cmocka_run_group_tests(many, scene_set_up, scene_tear_down);
}
