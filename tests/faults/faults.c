// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The loop, see faults.h: everything right, jobs in flight, a random pause, the
 * injection, the judgement, the healing. Owns the counts, and prints for each entry
 *
 *   # fault MODE NAME INJECTED DETECTED DRIVING RESTORED STILL	(tabs between)
 *
 * where DRIVING is how many driving jobs failed, and STILL how often it had to be done
 * again because the machine stood still for so long that the gate closed for that.
 * Detected is only what is seen as the entry declares it: nothing else of a fault that
 * was injected is left out of the counts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "faults.h"
#include "scene.h"

#define TESTS_MAX	64
#define TIMES		10
#define PHASE_MS	60
#define TRIES		5

struct moment before;

static const struct fault *void_one;	/* --twin: it is not injected */
static unsigned int submitted, driving_failed, stood_still;
static char seen[300];
/* Its address: the machine stood still, and the gate has closed for that. */
static const char still[] = "the machine stood still each time";

const char *saw(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(seen, sizeof(seen), format, list);
	va_end(list);
	return seen;
}

unsigned int pick(unsigned int below)
{
	return (unsigned int)random() % below;
}

/* --- What is in flight ---------------------------------------------------------- */

int guest_more(unsigned int count)
{
	struct io_uring_sqe *sqe;
	int r;

	for (; count; count--, submitted++) {
		sqe = ring_job(bed.ring, bed.party->fd, submitted, submitted);
		if (!sqe)
			return -EBUSY;
		sqe_submit(sqe)->job = bed.job;
	}
	r = io_uring_submit(bed.ring);
	return r < 0 ? r : 0;
}

static void guest_release(void)
{
	if (bed.party->fd >= 0)
		bed.guest_end();
	bed.party->fd = -1;
}

void driving_has_failed(void)
{
	driving_failed++;
}

void device_stop_driving(void)
{
	int r = bed.drive_end();

	if (!r)
		return;
	driving_failed++;
	printf("# note: a driving job ended with %d (%s)\n", r, strerror(-r));
}

void device_release(void)
{
	guest_release();
	submitted = 0;
	device_stop_driving();
}

int device_take(void)
{
	return bed.drive();
}

/* A machine that stands still for a while closes the gate while this begins. */
static int begin_once(const struct fault *fault)
{
	struct gate_state now;
	int r;

	submitted = 0;
	r = bed.right();
	if (!r)
		r = gate_opens() ? 0 : -ETIMEDOUT;
	if (!r && fault->jobs)
		r = bed.guest(fault);
	if (!r && fault->jobs)
		r = guest_more(fault->jobs);
	if (!r)
		r = gate_state(&now);
	if (r)
		return r;
	before.change = now.change;
	return now.open && now.guests_in ? 0 : -EAGAIN;
}

static void begin(const struct fault *fault)
{
	int tries = TRIES, r;

	while ((r = begin_once(fault)) && --tries) {
		guest_release();
		sleep_ms(100);
	}
	if (r)
		fail_msg("it cannot be begun: %s, the gate says: %s", strerror(-r), gate_says());
	must(gate_counts(&before.counts));
	must(gate_frames(&before.frames));
}

/* --- What must be seen ------------------------------------------------------------ */

static bool is_standstill(uint32_t reason)
{
	return reason == LAYBY_GATE_NO_SIGNAL || reason == LAYBY_GATE_NO_LEASE ||
	       reason == LAYBY_GATE_NO_GOVERNOR || reason == LAYBY_GATE_NO_SENSOR;
}

static bool is_hit(const struct fault *fault, const struct layby_report *report)
{
	return fault->result && report->result == fault->result &&
	       report->reason == fault->reason &&
	       (report->reason != LAYBY_REASON_RECLAIMED || report->gate_reason == fault->gate);
}

static const char *judge_job(const struct fault *fault, const struct layby_report *report)
{
	if (report->reason == LAYBY_REASON_RECLAIMED && report->gate_reason != fault->gate &&
	    is_standstill(report->gate_reason))
		return still;
	if (report->result || fault->flags & FAULT_HANGS)
		return saw("a job ended with %d, for %u, gate %u", report->result,
			   report->reason, report->gate_reason);
	return NULL;
}

/* Each ends once, and its completion and its report say the same. */
static const char *judge_jobs(const struct fault *fault)
{
	const struct layby_report *report;
	struct done done[RING_ENTRIES];
	unsigned int tag, hit = 0;
	const char *what;
	int r = ring_collect(bed.ring, done, submitted);

	if (r)
		return saw("the jobs do not end: %s", strerror(-r));
	if (!ring_is_quiet(bed.ring))
		return saw("a job ended twice");
	for (tag = 0; tag < submitted; tag++) {
		report = &bed.party->reports[tag];
		if (!report_becomes_done(bed.party, tag) ||
		    done_result(done, submitted, tag) != report->result)
			return saw("a job completed with %d and reports %d",
				   done_result(done, submitted, tag), report->result);
		hit += is_hit(fault, report);
		what = is_hit(fault, report) ? NULL : judge_job(fault, report);
		if (what)
			return what;
	}
	return !fault->result || hit ? NULL :
	       saw("no job ended with %s", strerror(-fault->result));
}

static bool is_fenced(void *arg)
{
	struct gate_state now;

	return !gate_state(&now) && now.reason == LAYBY_GATE_FAULT && now.fault && !now.open;
}

static const char *judge_gate(const struct fault *fault)
{
	struct gate_state now;
	bool right;

	if (fault->flags & FAULT_FENCES)
		right = eventually(is_fenced, NULL);
	else if (fault->gate)
		right = gate_closes(fault->gate);
	else
		right = !gate_state(&now) && now.open;
	if (right)
		return !fault->gate && now.change != before.change ? still : NULL;
	/* what was silent for too long is parked anew */
	if (!fault->gate && (is_standstill(now.reason) || now.reason == LAYBY_GATE_PARK_HOLD))
		return still;
	return saw("the gate says: %s", gate_says());
}

/* The kernel's own counters: of its reclaims none was later than the policy's bound. */
static const char *judge_counts(const struct fault *fault)
{
	bool resets = fault->flags & FAULT_RESETS, reset;
	struct gate_counts now;

	must(gate_counts(&now));
	reset = now.resets != before.counts.resets;
	if (now.late != before.counts.late)
		return saw("a reclaim took %llu ms, more than the policy's bound",
			   (unsigned long long)now.last_ns / MS);
	if (fault->gate && !(fault->flags & (FAULT_FENCES | FAULT_ENDS_DRIVING)) && fault->jobs &&
	    now.reclaims == before.counts.reclaims)
		return saw("no reclaim was counted");
	if (reset != resets)
		return saw("%llu resets were counted",
			   (unsigned long long)(now.resets - before.counts.resets));
	return NULL;
}

static const char *judge(const struct fault *fault, int got)
{
	const char *what = NULL;

	if (got != fault->got)
		return saw("the call gave %d (%s)", got, strerror(got < 0 ? -got : 0));
	if (fault->gate)
		what = judge_gate(fault);
	if (!what && fault->jobs)
		what = judge_jobs(fault);
	if (!what && !fault->gate)
		what = judge_gate(fault);
	if (!what)
		what = judge_counts(fault);
	return what ? what : fault->also ? fault->also() : NULL;
}

/* --- One injection ------------------------------------------------------------------ */

static int inject(const struct fault *fault)
{
	int got = fault == void_one ? 0 : fault->inject();

	if (!fault->got && got != -EAGAIN)
		must(got);
	if (!got && fault->flags & FAULT_FEEDS)
		must(guest_more(2));
	return got;
}

static const char *once(const struct fault *fault)
{
	int got;

	begin(fault);
	sleep_ms(pick(PHASE_MS));
	got = inject(fault);
	if (got == -EAGAIN)
		return still;
	return judge(fault, got);
}

/* Driving: its jobs went on, or begin anew. */
static void look_at_driving(void)
{
	int r = bed.drives();

	if (!r)
		return;
	if (r == -ETIMEDOUT) {
		driving_failed++;
		printf("# note: driving jobs do not end\n");
	}
	device_stop_driving();
	must(bed.drive());
}

/* Whether the gate opens again. */
static bool mend(const struct fault *fault)
{
	if (fault->heal && fault != void_one)
		must(fault->heal());
	guest_release();
	look_at_driving();
	if (fault->flags & FAULT_STAYS)
		return true;
	must(bed.right());
	return gate_opens();
}

static const char *until_judged(const struct fault *fault, bool *restored)
{
	int tries = TRIES;
	const char *what;

	do {
		what = once(fault);
		*restored = mend(fault);
		stood_still += what == still;
	} while (what == still && --tries);
	return what;
}

/* --- All of them ---------------------------------------------------------------------- */

static unsigned int times(const struct fault *fault)
{
	const char *asked = getenv("N");
	unsigned int n = asked ? (unsigned int)strtoul(asked, NULL, 10) : TIMES;

	return fault->most && fault->most < n ? fault->most : n;
}

static void test_fault(void **state)
{
	const struct fault *fault = *state;
	unsigned int n = times(fault), i, detected = 0, restored = 0;
	uint64_t start = now_ns();
	const char *what;
	bool opened;

	driving_failed = 0;
	stood_still = 0;
	/* what a case that failed in its midst has left */
	void_one = NULL;
	guest_release();
	for (i = 0; i < n; i++) {
		what = until_judged(fault, &opened);
		detected += !what;
		restored += opened;
		if (what)
			printf("# undetected\t%s\t%s\t%s\n", fault->mode, fault->name, what);
	}
	printf("# fault\t%s\t%s\t%u\t%u\t%u\t%u\t%u\n", fault->mode, fault->name, n, detected,
	       driving_failed, restored, stood_still);
	printf("# note: %s: %llu ms each\n", fault->name,
	       (unsigned long long)(now_ns() - start) / MS / n);
	assert_int_equal(detected, n);
	assert_int_equal(restored, n);
	if (!(fault->flags & FAULT_ENDS_DRIVING))
		assert_int_equal(driving_failed, 0);
}

/* The suite can tell: nothing is injected, and it must not be taken for detected. */
static void test_void(void **state)
{
	const char *what;
	bool opened;

	void_one = *state;
	what = until_judged(void_one, &opened);
	void_one = NULL;
	assert_non_null(what);
	assert_ptr_not_equal(what, still);
}

static int set_up(void **state)
{
	const char *given = getenv("SEED");
	unsigned int seed = given ? (unsigned int)strtoul(given, NULL, 10) : 0;
	int r = scene_set_up(state);

	seed = seed ? seed : (unsigned int)time(NULL);
	srandom(seed);
	printf("# note: SEED=%u\n", seed);
	if (!r && bed.start)
		r = bed.start();
	if (!r)
		r = gate_order(LAYBY_NL_SEAL);
	return r && r != -EALREADY ? r : bed.drive();
}

static int tear_down(void **state)
{
	device_release();
	return scene_tear_down(state);
}

static bool is_named(const char *name, char *const names[])
{
	bool any = names[0];

	for (; *names; names++)
		if (!strcmp(*names, name))
			return true;
	return !any;
}

static void list(const struct fault *const *tables)
{
	const struct fault *fault;

	for (; *tables; tables++)
		for (fault = *tables; fault->name; fault++)
			printf("%s\t%s\n", fault->mode, fault->name);
}

static size_t add(struct CMUnitTest *tests, size_t count, const struct fault *const *tables,
		  char *const names[], CMUnitTestFunction test)
{
	const struct fault *fault;

	for (; *tables; tables++)
		for (fault = *tables; fault->name; fault++)
			if (is_named(fault->name, names) && count < TESTS_MAX)
				tests[count++] = (struct CMUnitTest){
					.name = fault->name,
					.test_func = test,
					.initial_state = (void *)(uintptr_t)fault,
				};
	return count;
}

/* --list, or [--void NAME]... [NAME]... */
int faults_main(int argc, char *argv[], const struct fault *const *tables)
{
	static struct CMUnitTest tests[TESTS_MAX];
	size_t count = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	bed.party->fd = -1;
	if (argc > 1 && !strcmp(argv[1], "--list")) {
		list(tables);
		return 0;
	}
	for (; argc > 2 && !strcmp(argv[1], "--void"); argc -= 2, argv += 2)
		count = add(tests, count, tables, (char *[]){ argv[2], NULL }, test_void);
	count = add(tests, count, tables, argv + 1, test_fault);
	return _cmocka_run_group_tests("faults", tests, count, set_up, tear_down);
}
