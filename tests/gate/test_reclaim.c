// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What closing does to guest work: jobs that run and wait, submissions, mappings,
 * memory, and in what time; and what it must not do to driving. A guest that hangs
 * is the one that is reclaimed, so that jobs are there when the gate closes.
 */
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"
#include "scene.h"

#define JOBS	8u

static struct guest guest;
static struct driver driver;

static int set_up(void **state)
{
	int r = null_set("only_slot", GUEST_SLOT);

	return r ? r : both_start(&guest, &driver);
}

/* In every one of them driving jobs run all the time. */
static int tear_down(void **state)
{
	int r;

	null_set("hang", 0);
	both_end(&guest, &driver);
	r = scene_right(state);
	return r ? r : gate_opens() ? 0 : -ETIMEDOUT;
}

static struct gate_counts counts(void)
{
	struct gate_counts now;

	must(gate_counts(&now));
	return now;
}

/* Jobs that end only with the gate. */
static void hanging_jobs(void)
{
	must_open();
	guest_must_run(&guest);
	must(null_set("hang", 1));
	must(guest_submit(&guest, JOBS));
}

static int close_by_gear(void)
{
	return car("gear no");
}

static int close_by_lease(void)
{
	return park("drop");
}

/* With jobs in flight; in the end the gate may open again, and they do not hang. */
static void reclaim_jobs(int (*close_gate)(void), uint32_t reason)
{
	int tries = 5;
	bool right;

	do {
		must(scene_right(NULL));
		must(null_set("only_slot", GUEST_SLOT));
		hanging_jobs();
		must(close_gate());
		right = guest_must_be_reclaimed(&guest, JOBS, reason);
	} while (!right && --tries);
	assert_true(right);
}

/* --- Jobs ----------------------------------------------------------------------- */

static void test_jobs(void **state)
{
	reclaim_jobs(close_by_gear, LAYBY_GATE_DRIVING);
	must_give(guest_run(&guest), -ESHUTDOWN);
	must_close(LAYBY_GATE_DRIVING);
	must_give(guest_run(&guest), -ESHUTDOWN);
	must(null_set("hang", 0));
	must(car("gear yes"));
	must_open();
	guest_must_run(&guest);
}

static void test_jobs_and_lease(void **state)
{
	reclaim_jobs(close_by_lease, LAYBY_GATE_NO_LEASE);
	must(null_set("hang", 0));
	must(park("take"));
	must_open();
	guest_must_run(&guest);
}

static int flap_lease_slowly(void)
{
	int r = null_set("stop_us", 50000);

	if (!r)
		r = park("drop");
	return r ? r : park("take");
}

/* The gate wants to open again before the jobs have ended: that is not why. */
static void test_reason_of_then(void **state)
{
	reclaim_jobs(flap_lease_slowly, LAYBY_GATE_NO_LEASE);
	must(null_set("hang", 0));
	must_open();
	guest_must_run(&guest);
}

/* What ended before keeps its own end. */
static void test_job_that_ended(void **state)
{
	struct done done[2];

	must_open();
	guest_must_run(&guest);
	ring_job(&guest.ring, guest.party.fd, 1, 2);
	must(io_uring_submit(&guest.ring));
	must(ring_collect(&guest.ring, done, 1));
	must(car("gear no"));
	must_close(LAYBY_GATE_DRIVING);
	must_give(done[0].res, 0);
	must_give(guest.party.reports[1].result, 0);
	assert_int_equal(guest.party.reports[1].gate_reason, 0);
	must(car("gear yes"));
}

/* --- Counters -------------------------------------------------------------------- */

static void test_counters(void **state)
{
	struct gate_counts before, after;
	uint64_t start_ns;
	int i;

	must_open();
	before = counts();
	start_ns = now_ns();
	for (i = 0; i < 5; i++) {
		must(car("gear no"));
		must_close(LAYBY_GATE_DRIVING);
		must(car("gear yes"));
		must_open();
	}
	after = counts();
	assert_in_range(after.opened - before.opened, 5, 7);
	assert_in_range(after.reclaims - before.reclaims, after.opened - before.opened, 7);
	assert_int_equal(after.resets, before.resets);
	assert_true(after.last_ns > 0 && after.last_ns <= after.worst_ns);
	assert_in_range(after.last_at_ns, start_ns + after.last_ns, now_ns());
}

/* --- The device's time ------------------------------------------------------------ */

/* Closes with a stop that takes so long; what the counters say of it. */
static struct gate_counts close_with(unsigned int us)
{
	struct gate_counts before, after;

	hanging_jobs();
	must(null_set("stop_us", us));
	before = counts();
	must(car("gear no"));
	guest_must_be_reclaimed(&guest, JOBS, LAYBY_GATE_DRIVING);
	must_close(LAYBY_GATE_DRIVING);
	after = counts();
	assert_int_equal(after.reclaims, before.reclaims + 1);
	after.resets -= before.resets;
	after.late -= before.late;
	must(null_set("stop_us", 0));
	must(null_set("hang", 0));
	must(car("gear yes"));
	must_open();
	guest_must_run(&guest);
	return after;
}

/* The policy says 100 ms. */
static void test_slow_stop(void **state)
{
	struct gate_counts it = close_with(50000);

	assert_int_equal(it.resets, 0);
	assert_true(it.last_ns >= 50 * MS);
	assert_int_equal(it.late, 0);
}

static void test_too_slow_stop(void **state)
{
	struct gate_counts it = close_with(1000000);

	assert_int_equal(it.resets, 1);
	assert_in_range(it.last_ns, 100 * MS, 600 * MS * time_factor());
}

static void test_lost_stop(void **state)
{
	struct gate_counts before = counts(), after;

	hanging_jobs();
	must(null_set("lose_abort", 1));
	must(car("gear no"));
	guest_must_be_reclaimed(&guest, JOBS, LAYBY_GATE_DRIVING);
	must_close(LAYBY_GATE_DRIVING);
	after = counts();
	assert_true(after.resets > before.resets);
	must(null_set("lose_abort", 0));
	must(null_set("hang", 0));
	must(car("gear yes"));
	must_open();
	guest_must_run(&guest);
}

/* --- To and fro -------------------------------------------------------------------- */

static void toggle(unsigned int times)
{
	struct gate_counts before = counts(), after;
	unsigned int i;

	for (i = 0; i < times; i++) {
		must(car("gear no"));
		must(car("gear yes"));
		/* the hold time is 100 ms: also while it opens, also in the midst */
		sleep_ms(95 + i % 11);
	}
	must_open();
	guest_must_run(&guest);
	must(car("gear no"));
	must_close(LAYBY_GATE_DRIVING);
	after = counts();
	/* What was let in is handed back; so is what was given up while it opened. */
	assert_true(after.reclaims - before.reclaims >= after.opened - before.opened + 1);
	must(car("gear yes"));
}

static void test_toggle(void **state)
{
	toggle(60);
}

static void test_toggle_with_slow_stop(void **state)
{
	must(null_set("stop_us", 20000));
	toggle(60);
}

static void test_toggle_with_resets(void **state)
{
	must(null_set("stop_us", 1000000));
	toggle(20);
}

/* The lease turns as fast as calls can. */
static void test_toggle_lease(void **state)
{
	int i;

	must_open();
	for (i = 0; i < 300; i++) {
		must(park("drop"));
		must(park("take"));
	}
	must_open();
	guest_must_run(&guest);
}

/* --- Memory ------------------------------------------------------------------------- */

static sigjmp_buf jump;

static void on_signal(int number)
{
	siglongjmp(jump, number);
}

/* The signal that touching @memory gave, or 0. */
static int touch(volatile char *memory)
{
	struct sigaction action = { .sa_handler = on_signal }, old;
	int number;

	sigaction(SIGBUS, &action, &old);
	number = sigsetjmp(jump, 1);
	if (!number)
		memory[0] = memory[0];
	sigaction(SIGBUS, &old, NULL);
	return number;
}

static bool is_taken_away(void *arg)
{
	return touch(arg) == SIGBUS;
}

/* Taken away a moment after closing, given back with what was in it. */
static void test_mapping(void **state)
{
	char *memory;

	must_open();
	memory = buffer_map(guest.party.fd, guest.party.buffer[1], PAGE);
	assert_non_null(memory);
	memset(memory, 0x5a, PAGE);
	must(car("gear no"));
	must_close(LAYBY_GATE_DRIVING);
	assert_true(eventually(is_taken_away, memory));
	must(car("gear yes"));
	must_open();
	assert_int_equal(touch(memory), 0);
	assert_int_equal(memory[0], 0x5a);
	assert_int_equal(memory[PAGE - 1], 0x5a);
	munmap(memory, PAGE);
}

static void all_stale(void)
{
	uint32_t handle;
	uint64_t offset;

	must_give(buffer_offset(guest.party.fd, guest.party.buffer[1], &offset), -ESTALE);
	must_give(buffer_create(guest.party.fd, PAGE, 0, &handle), -ESTALE);
	must_give(party_prepare(&guest.party, LONG_RUN), -ESTALE);
	must_give(guest_run(&guest), -ESTALE);
}

/* How much of the window a party can have, and that no byte of it is set. */
static void window_is_clear(struct guest *who)
{
	size_t size = (size_t)must(window_free(who->party.fd)), i;
	uint32_t handle;
	uint64_t *memory;

	must(buffer_create(who->party.fd, size, 0, &handle));
	memory = buffer_map(who->party.fd, handle, size);
	assert_non_null(memory);
	for (i = 0; i < size / sizeof(*memory); i++)
		if (memory[i])
			fail_msg("byte %zu of the window is another's", i * sizeof(*memory));
	munmap(memory, size);
	must(buffer_close(who->party.fd, handle));
}

static void test_withdrawn(void **state)
{
	uint32_t handle;
	struct guest next;
	char *memory;

	must_open();
	must(buffer_create(guest.party.fd, 64 * PAGE, 0, &handle));
	memory = buffer_map(guest.party.fd, handle, 64 * PAGE);
	assert_non_null(memory);
	memset(memory, 0x5a, 64 * PAGE);
	hanging_jobs();
	must(park("withdraw"));
	guest_must_be_reclaimed(&guest, JOBS, LAYBY_GATE_NO_CONSENT);
	assert_int_equal(touch(memory), SIGBUS);
	must(null_set("hang", 0));
	must(token_give(""));
	must_open();
	assert_int_equal(touch(memory), SIGBUS);
	all_stale();
	must(buffer_close(guest.party.fd, handle));
	munmap(memory, 64 * PAGE);
	must(guest_open(&next));
	window_is_clear(&next);
	guest_must_run(&next);
	guest_close(&next);
}

int main(void)
{
	const struct CMUnitTest reclaim[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)
		TEST(jobs), TEST(jobs_and_lease), TEST(reason_of_then),
		TEST(job_that_ended), TEST(counters),
		TEST(slow_stop), TEST(too_slow_stop), TEST(lost_stop), TEST(toggle),
		TEST(toggle_with_slow_stop), TEST(toggle_with_resets), TEST(toggle_lease),
		TEST(mapping), TEST(withdrawn),
	};

	return cmocka_run_group_tests(reclaim, scene_set_up, scene_tear_down);
}
