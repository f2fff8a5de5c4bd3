// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Guest jobs and their energy budget (ISO-8): what does not fit waits, in order, and can
 * be stopped there like any other; nothing of what was charged is lost, whatever ends a
 * job; levels rise no sooner than is charged and held, and fall at once.
 *
 * The guest's tiles draw 0.5, 1, 1.5 and 2 W at the levels 0 to 3, the bucket holds 1 J.
 * A job is charged for 111 ms more than it may run: 10 ms until it starts, 1 ms of a
 * doorbell, 50 ms for its abort and 50 ms for a reset.
 */
#include <unistd.h>

#include "governor.h"
#include "guest.h"
#include "scene.h"

#define BUCKET_UJ	1000000
#define CEILING_MW	4000
#define LOWEST_MW	500
#define OVERRUN_MS	111
#define HOLD_NS		SECOND

/* At level 0 it may run for 400 ms: 0.2555 J, three of them fit. */
#define SHORT_RUN	(100 * MS)
#define SHORT_UJ	(LOWEST_MW * (400 + OVERRUN_MS))
#define FIT		3
#define JOBS		6

static struct guest guest;

static struct gate_caps caps(void)
{
	struct gate_caps now;

	must(gate_caps(&now));
	return now;
}

static bool is_level(void *arg)
{
	struct gate_caps now;

	return !gate_caps(&now) && now.level == *(uint32_t *)arg;
}

static void must_be_level(uint32_t level)
{
	if (!eventually(is_level, &level))
		fail_msg("level is %u, it must become %u", caps().level, level);
}

static bool is_settled(void *arg)
{
	struct gate_caps now;

	return !gate_caps(&now) && !now.charged_uj && now.credit_uj == now.bucket_uj;
}

/* Nothing is charged any more, and all credit is back. */
static void must_be_whole(void)
{
	if (!eventually(is_settled, NULL))
		fail_msg("%llu uJ are charged, of %llu uJ", (unsigned long long)caps().charged_uj,
			 (unsigned long long)(caps().bucket_uj - caps().credit_uj));
}

/* The same, at the lowest level. */
static void must_be_settled(void)
{
	must(governor_says(CEILING_MW, 0));
	must_be_whole();
}

static int begin(uint64_t longest_run_ns)
{
	int r = party_open_ready(&guest.party, LAYBY_CLASS_GUEST, longest_run_ns);

	if (!r)
		r = ring_open(&guest.ring, RING_PLAIN);
	return r ? r : gate_opens() ? 0 : -ETIMEDOUT;
}

/* At the lowest level, with all credit, and what is pushed stays. */
static void begin_hung(uint64_t longest_run_ns)
{
	must(begin(longest_run_ns));
	guest_must_run(&guest);
	must_be_settled();
	must_be_level(0);
	must(null_set("hang", 1));
}

static int tear_down(void **state)
{
	int r = null_behave();

	guest_close(&guest);
	return r ? r : scene_right(state);
}

static bool is_waiting(void *arg)
{
	struct gate_caps now;

	return !gate_caps(&now) && now.waiting == *(uint32_t *)arg;
}

static void must_wait(uint32_t jobs)
{
	if (!eventually(is_waiting, &jobs))
		fail_msg("%u jobs wait, %u must", caps().waiting, jobs);
}

/* No credit comes, three run, three wait. */
static void submit_and_wait(void)
{
	must(governor_says(0, 0));
	must(guest_submit(&guest, JOBS));
	must_wait(JOBS - FIT);
	assert_int_equal(caps().charged_uj, FIT * SHORT_UJ);
}

/* --- Waiting -------------------------------------------------------------------- */

static void test_whole_bucket(void **state)
{
	must(begin(SHORT_RUN));
	must_be_settled();
	assert_int_equal(caps().bucket_uj, BUCKET_UJ);
	assert_int_equal(caps().cap_mw, CEILING_MW);
	guest_must_run(&guest);
}

/* What runs gives the others their credit back, one after the other. */
static void test_order(void **state)
{
	struct done done[JOBS];
	uint32_t i;

	begin_hung(SHORT_RUN);
	must(null_set("hang", 0));
	must(null_set("delay_us", 50000));
	must(governor_says(0, 0));
	must(guest_submit(&guest, JOBS));
	must(ring_collect(&guest.ring, done, JOBS));
	for (i = 0; i < JOBS; i++) {
		must_give(done[i].res, 0);
		assert_int_equal(done[i].user_data, i + 1);
		if (i < FIT)
			assert_int_equal(guest.party.reports[i].wait_ns, 0);
		else
			assert_true(guest.party.reports[i].wait_ns > 0);
	}
	must_be_settled();
}

/* Nobody passes one that waits, however little it needs. */
static void test_nobody_passes(void **state)
{
	begin_hung(SHORT_RUN);
	must(party_prepare(&guest.party, MS));
	submit_and_wait();
	sqe_submit(ring_job(&guest.ring, guest.party.fd, JOBS, JOBS + 1))->job = 1;
	must(io_uring_submit(&guest.ring));
	must_wait(JOBS - FIT + 1);
	assert_int_equal(report_state(&guest.party, JOBS), LAYBY_REPORT_IN_FLIGHT);
	guest_close(&guest);
	must(begin(SHORT_RUN));
	must_be_settled();
}

/* --- What waits can be stopped -------------------------------------------------- */

static void test_cancel(void **state)
{
	struct done done[2];

	begin_hung(SHORT_RUN);
	submit_and_wait();
	/* One in the middle of those that wait: it is gone at once */
	ring_cancel(&guest.ring, guest.party.fd, JOBS - 2, JOBS - 1, 100);
	must(ring_run(&guest.ring, done, 1));
	must(ring_collect(&guest.ring, done + 1, 1));
	must_give(done_result(done, 2, 100), 0);
	must_give(done_result(done, 2, JOBS - 1), -ECANCELED);
	assert_int_equal(report_state(&guest.party, JOBS - 2), LAYBY_REPORT_DONE);
	assert_int_equal(guest.party.reports[JOBS - 2].reason, LAYBY_REASON_CANCELLED);
	assert_int_equal(guest.party.reports[JOBS - 2].run_ticks, 0);
	must_wait(JOBS - FIT - 1);
	assert_int_equal(caps().charged_uj, FIT * SHORT_UJ);
}

/* The place of one that is cancelled while it runs goes to the first that waits. */
static void test_cancel_running(void **state)
{
	struct done done[2];

	begin_hung(SHORT_RUN);
	submit_and_wait();
	ring_cancel(&guest.ring, guest.party.fd, 1, 2, 100);
	must(ring_run(&guest.ring, done, 1));
	must(ring_collect(&guest.ring, done + 1, 1));
	must_give(done_result(done, 2, 2), -ECANCELED);
	must_wait(JOBS - FIT - 1);
	assert_int_equal(caps().charged_uj, FIT * SHORT_UJ);
}

static void test_ring_exit(void **state)
{
	begin_hung(SHORT_RUN);
	submit_and_wait();
	guest_close(&guest);
	must(null_behave());
	must(begin(SHORT_RUN));
	guest_must_run(&guest);
	must_be_settled();
}

static void test_held(void **state)
{
	begin_hung(SHORT_RUN);
	submit_and_wait();
	must_give(job_unprepare(guest.party.fd, 0), -EBUSY);
	ring_job(&guest.ring, guest.party.fd, JOBS - 1, 100);
	must_give(ring_run_one(&guest.ring), -EBUSY);
	must_wait(JOBS - FIT);
}

/* --- Whatever ends them --------------------------------------------------------- */

static void test_reclaim(void **state)
{
	begin_hung(SHORT_RUN);
	submit_and_wait();
	must(car("gear no"));
	must_close(LAYBY_GATE_DRIVING);
	guest_must_be_reclaimed(&guest, JOBS, LAYBY_GATE_DRIVING);
	assert_int_equal(caps().charged_uj, 0);
	assert_int_equal(caps().waiting, 0);
	must(null_set("hang", 0));
	must(car("gear yes"));
	must_open();
	guest_must_run(&guest);
	must_be_settled();
}

/* The slot is reset: what ran may have used something, and all are charged anew. */
static void test_reset(void **state)
{
	begin_hung(SHORT_RUN);
	must(null_set("lose_abort", 1));
	must(governor_says(CEILING_MW, 0));
	must(guest_submit(&guest, JOBS));
	ring_cancel(&guest.ring, guest.party.fd, 0, 1, 100);
	must(io_uring_submit(&guest.ring));
	sleep_ms(20);
	must(null_set("hang", 0));
	must(null_set("lose_abort", 0));
	{
		struct done done[JOBS + 1];
		uint32_t tag;

		must(ring_collect(&guest.ring, done, JOBS + 1));
		must_give(done_result(done, JOBS + 1, 1), -ECANCELED);
		for (tag = 1; tag < JOBS; tag++)
			must_give(done_result(done, JOBS + 1, tag + 1), 0);
	}
	must_be_settled();
}

/* Past its time it is aborted, and has used all that it was charged. */
static void test_time_up(void **state)
{
	struct gate_caps now;

	begin_hung(20 * MS);
	must(governor_says(0, 0));
	must(guest_submit(&guest, 1));
	{
		struct done done;

		must(ring_collect(&guest.ring, &done, 1));
		must_give(done.res, -ETIME);
	}
	now = caps();
	assert_int_equal(now.charged_uj, 0);
	assert_int_equal(now.credit_uj, BUCKET_UJ - LOWEST_MW * (80 + OVERRUN_MS));
}

/* --- What can never start -------------------------------------------------------- */

static void test_too_big(void **state)
{
	must(begin(SHORT_RUN));
	/* 2 W for 388 ms and for all that may come on top is just below 1 J */
	must(party_prepare(&guest.party, 388 * MS));
	must_give(party_prepare(&guest.party, 390 * MS), -E2BIG);
	must_give(party_prepare(&guest.party, LONG_RUN), -E2BIG);
}

/* --- The account ------------------------------------------------------------------ */

/*
 * Jobs that draw all that their tiles can: 0.5 W for 20 ms each, as fast as they may,
 * at a cap of 100 mW. However long it takes: never more than the cap and the bucket.
 */
static void test_rate(void **state)
{
	enum { ROUNDS = 20, EACH_US = 20000 };
	uint64_t start, used_uj = 0, waited_ns = 0;
	uint32_t round;

	must(begin(5 * MS));
	must(governor_says(100, 0));
	must_be_level(0);
	must(null_set("energy_uj", 1000000));
	must(null_set("delay_us", EACH_US));
	start = now_ns();
	for (round = 0; round < ROUNDS; round++) {
		struct done done[JOBS];
		uint32_t tag;

		must(guest_submit(&guest, JOBS));
		must(ring_collect(&guest.ring, done, JOBS));
		for (tag = 0; tag < JOBS; tag++) {
			used_uj += guest.party.reports[tag].run_ticks * LOWEST_MW / 1000;
			waited_ns += guest.party.reports[tag].wait_ns;
		}
	}
	must(null_set("energy_uj", 0));
	assert_true(used_uj >= 1000000);
	assert_true(used_uj <= BUCKET_UJ + (now_ns() - start) / 10000);
	assert_true(waited_ns > 0);
}

/* At level 0 it may run for 800 ms. */
#define SLOW_RUN	(200 * MS)
#define SLOW_UJ		(LOWEST_MW * (800 + OVERRUN_MS))

/* Jobs that draw all that their tiles can, until the next one must wait. */
static void drain(void)
{
	struct done done;

	must(governor_says(0, 0));
	must_be_level(0);
	must(null_set("energy_uj", 1000000));
	must(null_set("delay_us", 50000));
	while (caps().credit_uj >= SLOW_UJ) {
		must(guest_submit(&guest, 1));
		must(ring_collect(&guest.ring, &done, 1));
		must_give(done.res, 0);
	}
	must(null_set("energy_uj", 0));
	must(null_set("delay_us", 0));
}

/* The first has begun, the second waits; @arg: when that was not yet so */
static bool has_begun(void *arg)
{
	uint64_t at = now_ns();

	if (caps().waiting == 1)
		return true;
	*(uint64_t *)arg = at;
	return false;
}

/* Return: in time, before the first one's is up or the second one begins. */
static bool falls_as_from_the_start(void)
{
	struct gate_caps before, after;
	uint64_t begun, bound_uj;

	must(governor_says(0, 0));
	must(guest_submit(&guest, 2));
	must_wait(2);
	must(governor_says(800, 0));
	assert_true(eventually(has_begun, &begun));
	usleep(100000);
	before = caps();
	must(governor_says(LOWEST_MW, 0));
	after = caps();
	bound_uj = (now_ns() - begun) * LOWEST_MW / MS;
	if (after.waiting != 1 || after.charged_uj != SLOW_UJ)
		return false;
	assert_true(before.credit_uj > 0);
	assert_true(after.credit_uj <= bound_uj);
	return true;
}

/* What waits begins when it would have at the lower cap: what was saved is as at that. */
static void test_cap_falls(void **state)
{
	struct done done[2];
	uint32_t tries;
	bool in_time = false;

	must(begin(SLOW_RUN));
	for (tries = 0; tries < 20 && !in_time; tries++) {
		drain();
		must(null_set("hang", 1));
		in_time = falls_as_from_the_start();
		must(null_set("hang", 0));
		must(governor_says(CEILING_MW, 0));
		must(ring_collect(&guest.ring, done, 2));
	}
	assert_true(in_time);
}

/* --- Levels ------------------------------------------------------------------------ */

static void test_level(void **state)
{
	uint64_t before;

	must(begin(SHORT_RUN));
	must(governor_says(CEILING_MW, 3));
	must_be_level(3);
	before = now_ns();
	must(governor_says(CEILING_MW, 1));
	must_be_level(1);
	must(governor_says(CEILING_MW, 2));
	must_be_level(2);
	assert_true(now_ns() - before >= HOLD_NS);
	/* Above the highest is the highest */
	must(governor_says(CEILING_MW, 100));
	must_be_level(3);
	guest_must_run(&guest);
	must(governor_says(CEILING_MW, 0));
}

/* What runs is charged for the level to which it rises, and only then it does. */
static void test_charged_again(void **state)
{
	const uint32_t lowest_uj = LOWEST_MW * (600 + OVERRUN_MS);

	begin_hung(150 * MS);
	/* It may rise from now on */
	sleep_ms(HOLD_NS / MS);
	must(guest_submit(&guest, 1));
	assert_int_equal(caps().charged_uj, lowest_uj);
	must(governor_says(CEILING_MW, 1));
	must_be_level(1);
	/* It keeps the time that it had; what is past it has spent at the lowest */
	assert_in_range(caps().charged_uj, 2 * lowest_uj - LOWEST_MW * 600, 2 * lowest_uj);
	assert_true(caps().charged_uj > lowest_uj);
}

static void test_no_credit_no_rise(void **state)
{
	struct gate_caps now;

	begin_hung(2 * SHORT_RUN);
	must(governor_says(0, 0));
	/* It might rise from now on */
	sleep_ms(HOLD_NS / MS);
	must(guest_submit(&guest, 3));
	must_wait(1);
	must(governor_says(0, 3));
	now = caps();
	assert_int_equal(now.level, 0);
	assert_int_equal(now.charged_uj, 2 * LOWEST_MW * (800 + OVERRUN_MS));
}

/* Each opening begins at the lowest. */
static void test_opens_low(void **state)
{
	must(begin(SHORT_RUN));
	must(governor_says(CEILING_MW, 3));
	must_be_level(3);
	must(governor_says(CEILING_MW, 0));
	must(governor_says(CEILING_MW, 3));
	must(car("gear no"));
	must_close(LAYBY_GATE_DRIVING);
	must(car("gear yes"));
	must_open();
	guest_must_run(&guest);
	assert_true(guest.party.reports[0].level <= 3);
	must_be_level(3);
	must(governor_says(CEILING_MW, 0));
}

/* --- A cap that falls --------------------------------------------------------------- */

/* Nothing runs: what begins, begins as the new cap has it. */
static void test_level_stays(void **state)
{
	must(begin(SHORT_RUN));
	must(governor_says(CEILING_MW, 3));
	must_be_level(3);
	must(governor_says(1200, 3));
	assert_int_equal(caps().level, 3);
	guest_must_run(&guest);
	must(governor_says(CEILING_MW, 0));
}

/* What goes on: first the level, 1.5 W are enough for 1.2 W. It is up only after a second. */
static void test_level_falls(void **state)
{
	struct done done;
	uint64_t before;

	must(begin(350 * MS));
	must(governor_says(CEILING_MW, 3));
	must_be_level(3);
	must_be_whole();
	must(null_set("hang", 1));
	must(guest_submit(&guest, 1));
	before = now_ns();
	must(governor_says(1200, 3));
	must_be_level(2);
	must(ring_collect(&guest.ring, &done, 1));
	must_give(done.res, -ETIME);
	must_be_level(3);
	assert_true(now_ns() - before >= HOLD_NS);
	must(governor_says(CEILING_MW, 0));
}

/* Then the jobs, if the lowest level is too much and they would go on. */
static void test_over_cap(void **state)
{
	struct done done;

	/* 1.4 s at the lowest level */
	begin_hung(350 * MS);
	must(guest_submit(&guest, 1));
	must(governor_says(LOWEST_MW, 0));
	assert_int_equal(report_state(&guest.party, 0), LAYBY_REPORT_IN_FLIGHT);
	must(governor_says(LOWEST_MW - 1, 0));
	must(ring_collect(&guest.ring, &done, 1));
	must_give(done.res, -ECANCELED);
	assert_int_equal(guest.party.reports[0].reason, LAYBY_REASON_OVER_CAP);
	assert_int_equal(guest.party.reports[0].gate_reason, 0);
	must_open();
	must_be_settled();
}

static int set_up(void **state)
{
	int r = scene_set_up(state);

	if (!r)
		r = governor_start();
	return r ? r : gate_order(LAYBY_NL_SEAL);
}

#define TEST(name) cmocka_unit_test_teardown(test_##name, tear_down)

int main(void)
{
	const struct CMUnitTest budget[] = {
		TEST(whole_bucket), TEST(order), TEST(nobody_passes), TEST(cancel),
		TEST(cancel_running), TEST(ring_exit), TEST(held), TEST(reclaim), TEST(reset),
		TEST(time_up), TEST(too_big), TEST(rate), TEST(cap_falls), TEST(level),
		TEST(charged_again),
		TEST(no_credit_no_rise), TEST(opens_low), TEST(level_stays), TEST(level_falls),
		TEST(over_cap),
	};

	return cmocka_run_group_tests(budget, set_up, scene_tear_down);
}
