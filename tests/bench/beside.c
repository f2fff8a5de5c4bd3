// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * See beside.h. Appended to in FOLDER when all is measured, one line each:
 *
 *   alone, SCRIPT    a driving job that ended well: nanoseconds, device ticks
 *   guests           a window with a guest: the script, how often it misbehaved
 *   failed           a driving job that did not: the window, what was wrong with it
 *
 * Nothing is written before, since writing takes the host's time too.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "beside.h"
#include "child.h"
#include "gate.h"
#include "node.h"

#define ATTEMPTS	20
#define WARM_UP		5
#define FAILURES	1000
/* Below 50, which is what the module's workers have */
#define DRIVING_PRIORITY 40

struct series {
	const char *name;
	struct beside_job *job;
	unsigned int count;
};

struct failure {
	const char *window;
	int result;
};

struct window {
	const char *script;
	unsigned int deeds;
};

static struct {
	const struct beside *what;
	int guest_node;
	int64_t guest_free;
	struct failure failure[FAILURES];
	unsigned int failures;
	struct window *window;
	unsigned int windows;
} beside;

/* In memory that the guest's process shares. */
static atomic_uint *deeds;

long beside_need(const char *what, long r)
{
	if (r >= 0)
		return r;
	fprintf(stderr, "beside: %s: %s\n", what, strerror((int)-r));
	exit(1);
}

void beside_deed(void)
{
	if (!atomic_fetch_add(deeds, 1))
		child_ready();
}

static int as_driving(void)
{
	struct sched_param param = { .sched_priority = DRIVING_PRIORITY };

	return sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param) ? -errno : 0;
}

/* --- One window ----------------------------------------------------------------- */

static void fail(const char *name, int result)
{
	if (beside.failures == FAILURES)
		beside_need("so many driving jobs have failed, the last one", result);
	beside.failure[beside.failures++] = (struct failure){ name, result };
}

static void drive(struct series *series, unsigned int jobs)
{
	struct beside_job job;
	int r;

	while (jobs--) {
		r = beside.what->drive(&job);
		if (r)
			fail(series->name, r);
		else
			series->job[series->count++] = job;
	}
}

static uint64_t times_opened(void)
{
	struct gate_counts counts;

	beside_need("counters of the gate", gate_counts(&counts));
	return counts.opened;
}

/* Whether the gate was open all the time. A failed job stays a failed job. */
static bool window(struct series *series, unsigned int jobs)
{
	unsigned int before = series->count, failures = beside.failures;
	uint64_t opened;

	if (!gate_opens())
		beside_need("the gate does not open", -ETIMEDOUT);
	opened = times_opened();
	drive(series, jobs);
	if (!gate_opens() || times_opened() != opened) {
		printf("%s: the gate closed meanwhile, once more\n", series->name);
		series->count = before;
		return false;
	}
	if (beside.what->look_back && beside.failures == failures)
		beside_need("look at the jobs", beside.what->look_back(&series->job[before],
								       series->count - before));
	return true;
}

/* Low enough never to be in driving's way but by what it has the kernel do. */
static int guest_run(void *arg)
{
	const struct beside_script *script = arg;
	struct sched_param param = {};

	if (sched_setscheduler(0, SCHED_IDLE, &param))
		return errno;
	return script->guest(arg);
}

static void guest_end(pid_t pid, const char *name)
{
	int r;

	beside_need("the device behaves again", beside.what->calm());
	kill(pid, SIGKILL);
	r = child_wait(pid);
	if (r != -SIGKILL && r != ESHUTDOWN && r != ECANCELED) {
		fprintf(stderr, "beside: the guest of %s has left: %s\n", name, strerror(r));
		exit(1);
	}
	if (!window_becomes_free(beside.guest_node, beside.guest_free))
		beside_need("what the guest had is not freed", -ETIMEDOUT);
}

static bool window_beside(const struct beside_script *script, struct series *series,
			  unsigned int jobs)
{
	uint64_t opened = times_opened();
	unsigned int first;
	pid_t pid;
	bool whole;

	atomic_store(deeds, 0);
	beside_need(script->name, script->begin());
	pid = child_start(guest_run, (void *)(uintptr_t)script);
	if (pid == -ECHILD && times_opened() != opened) {
		beside_need("the device behaves again", beside.what->calm());
		return false;
	}
	beside_need("the guest does not begin", pid);
	first = atomic_load(deeds);
	whole = window(series, jobs);
	beside.window[beside.windows] = (struct window){ script->name,
							 atomic_load(deeds) - first };
	guest_end(pid, script->name);
	beside.windows += whole;
	return whole;
}

/* --- All of them ------------------------------------------------------------------ */

static void series_init(struct series *series, const char *name, unsigned int jobs)
{
	*series = (struct series){ .name = name };
	series->job = calloc(jobs, sizeof(*series->job));
	if (!series->job)
		beside_need("memory", -ENOMEM);
	/* No page of it may be missing when it counts. */
	memset(series->job, 1, jobs * sizeof(*series->job));
}

static bool is_named(const char *name, char *names[])
{
	char **given = names;

	for (; *given; given++)
		if (!strcmp(*given, name))
			return true;
	return given == names;
}

static void once_more(unsigned int *left)
{
	if (!--*left)
		beside_need("the gate closes again and again", -EAGAIN);
}

static void measure(const struct beside_script *script, struct series *alone,
		    struct series *with, unsigned int windows)
{
	unsigned int left = ATTEMPTS, i;

	for (i = 0; i < windows; i++) {
		while (!window(alone, beside.what->window))
			once_more(&left);
		while (!window_beside(script, with, beside.what->window))
			once_more(&left);
	}
	printf("%s: %u driving jobs\n", script->name, with->count);
}

static FILE *open_in(const char *folder, const char *name)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "ae");
	if (!file)
		beside_need(path, -errno);
	return file;
}

static void must_close(FILE *file)
{
	if (fclose(file))
		beside_need("writing what was measured", -errno);
}

static void write_series(const char *folder, const struct series *series)
{
	FILE *file = open_in(folder, series->name);
	unsigned int i;

	for (i = 0; i < series->count; i++)
		fprintf(file, "%llu %llu\n", (unsigned long long)series->job[i].ns,
			(unsigned long long)series->job[i].ticks);
	must_close(file);
}

static void write_events(const char *folder)
{
	FILE *guests = open_in(folder, "guests"), *failed = open_in(folder, "failed");
	unsigned int i;

	for (i = 0; i < beside.windows; i++)
		fprintf(guests, "%s %u\n", beside.window[i].script, beside.window[i].deeds);
	for (i = 0; i < beside.failures; i++)
		fprintf(failed, "%s: %s\n", beside.failure[i].window,
			strerror(-beside.failure[i].result));
	must_close(guests);
	must_close(failed);
}

/* The device loads the program once, the kernel reads its code into caches. */
static void warm_up(void)
{
	struct beside_job job;
	unsigned int i;
	int r;

	for (i = 0; i < WARM_UP; i++) {
		r = beside.what->drive(&job);
		if (r)
			fail("warm-up", r);
	}
}

static void begin(const struct beside *what, unsigned int windows)
{
	beside.what = what;
	beside.window = calloc(what->count * windows + 1, sizeof(*beside.window));
	deeds = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!beside.window || deeds == MAP_FAILED)
		beside_need("memory", -ENOMEM);
	if (!gate_opens())
		beside_need("the gate does not open", -ETIMEDOUT);
	beside.guest_node = (int)beside_need("guest node", node_open(LAYBY_CLASS_GUEST));
	beside.guest_free = beside_need("guest window", window_free(beside.guest_node));
	beside_need("device", what->calm());
	beside_need("real-time priority", as_driving());
	beside_need("memory", mlockall(MCL_CURRENT) ? -errno : 0);
	warm_up();
}

int beside_run(const struct beside *what, unsigned int jobs, const char *folder,
	       char *names[])
{
	struct series alone, *with = calloc(what->count, sizeof(*with));
	unsigned int windows = (jobs + what->window - 1) / what->window, i;

	if (!with)
		beside_need("memory", -ENOMEM);
	begin(what, windows);
	series_init(&alone, "alone", windows * what->window * what->count);
	for (i = 0; i < what->count; i++) {
		series_init(&with[i], what->scripts[i].name, windows * what->window);
		if (is_named(what->scripts[i].name, names))
			measure(&what->scripts[i], &alone, &with[i], windows);
	}
	write_series(folder, &alone);
	for (i = 0; i < what->count; i++)
		if (with[i].count)
			write_series(folder, &with[i]);
	write_events(folder);
	close(beside.guest_node);
	free(with);
	return 0;
}
