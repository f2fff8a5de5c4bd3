// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * caps-load - loads under power caps, in the VM, for bench-caps
 *
 *   caps-load plan FILE FOLDER            the runs of a plan that are not in FOLDER yet
 *   caps-load go driving|guest LOAD FILE  a load until SIGTERM, or until it is taken
 *                                         back; `full` begins when the gate closes
 *   caps-load trip                        at what temperature guest work ends, and what
 *                                         the truth may be above a reading, mC
 *
 * A line of a plan is NAME LOAD MS SEED LEVEL KP KI AT_MS:CAP_MW...; each run has a
 * folder of its name with, when it is whole, `whole`:
 *
 *   jobs     a job that has ended: kind, its time and what it declares, us; submitted
 *            and done, ns; result, reason, level; ticks queued, run, at its end; uJ; how
 *            long it waited, ns
 *   marks    begin, step with its cap, end: ns
 *   seen     what the governor was told, each 50 ms: ns, mW, mC, waiting, level, credit in
 *            uJ, mC at which guest work ends
 *
 * Times are CLOCK_MONOTONIC. Nothing is written while a run goes on. One in which a job's
 * time was up is made once more: what it declares is enough, so that the host was not in
 * time. Its jobs are kept, for the accounts, in a folder with ~ in its name.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "caps.h"
#include "gate.h"

/* So that the level has risen and the bucket has filled: it is to rise within 1 s. */
#define REST_MS		1300
#define DRAIN_MS	20000
#define TRIES		5
#define RUN_LINE	"NAME LOAD MS SEED LEVEL KP KI AT_MS:CAP_MW..."
#define LOOK_NS		(50 * MS)
#define LOOKS_MAX	4096

static struct {
	uint64_t begin_ns;
	uint64_t end_ns;
	uint64_t step_ns[RUN_STEPS];
	struct caps_settings look[LOOKS_MAX];
	unsigned int looks;
} record;

static volatile sig_atomic_t told_to_end;

long caps_need(const char *what, long r)
{
	if (r >= 0)
		return r;
	fprintf(stderr, "caps-load: %s: %s\n", what, strerror((int)-r));
	exit(1);
}

/* --- A plan ------------------------------------------------------------------------ */

static bool parse_step(const char *word, struct run_step *step)
{
	return sscanf(word, "%u:%u", &step->at_ms, &step->cap_mw) == 2;
}

static bool parse_run(char *line, struct run *run)
{
	char load[32], *word, *at;
	int words = 0;

	memset(run, 0, sizeof(*run));
	if (sscanf(line, "%95s %31s %u %lu %u %lf %lf %n", run->name, load, &run->ms,
		   &run->seed, &run->level, &run->kp, &run->ki, &words) != 7)
		return false;
	run->load = load_named(load);
	for (word = strtok_r(line + words, " ", &at); word && run->steps < RUN_STEPS;
	     word = strtok_r(NULL, " ", &at))
		if (!parse_step(word, &run->step[run->steps++]))
			return false;
	return run->load && run->steps && !word && run->ms;
}

/* --- A run -------------------------------------------------------------------------- */

static bool is_reactive(const struct run *run)
{
	return run->kp > 0 || run->ki > 0;
}

/* The cap in the kernel; with the reactive governor it is the policy's ceiling. */
static void set_cap(const struct run *run, uint32_t cap_mw)
{
	governor_set(is_reactive(run) ? UINT32_MAX : cap_mw, run->level);
}

static void look(uint64_t now)
{
	static uint64_t last_ns;

	if (now - last_ns < LOOK_NS || record.looks == LOOKS_MAX)
		return;
	last_ns = now;
	record.look[record.looks++] = governor_seen();
}

static void step_if_due(const struct run *run, unsigned int *step, uint64_t now)
{
	while (*step + 1 < run->steps &&
	       now - record.begin_ns >= run->step[*step + 1].at_ms * MS) {
		++*step;
		set_cap(run, run->step[*step].cap_mw);
		record.step_ns[*step] = now;
	}
}

static void run_load(const struct run *run, struct loader *loader, struct reactive *reactive)
{
	uint64_t now = now_ns(), until = now + run->ms * MS, wait;
	unsigned int step = 0;

	record.begin_ns = now;
	record.step_ns[0] = now;
	record.looks = 0;
	for (; now < until; now = now_ns()) {
		step_if_due(run, &step, now);
		look(now);
		wait = now + 10 * MS;
		if (!is_reactive(run) ||
		    reactive_permits(reactive, run->step[step].cap_mw, now))
			caps_need("submit", loader_submit(loader));
		if (is_reactive(run) && reactive_next_ns(reactive, now) < wait)
			wait = reactive_next_ns(reactive, now);
		caps_need("collect", loader_collect(loader, wait));
	}
	record.end_ns = now;
}

/* At the ceiling, since it is no part of the run any more. */
static void drain(struct loader *loader)
{
	uint64_t until = now_ns() + DRAIN_MS * MS;

	governor_set(0, 0);
	while (loader->in_flight && now_ns() < until)
		caps_need("collect", loader_collect(loader, until));
	caps_need("jobs do not end", loader->in_flight ? -ETIMEDOUT : 0);
}

/* --- What it leaves ------------------------------------------------------------------ */

static FILE *file_in(const char *folder, const char *run, const char *name)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, run);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/%s/%s", folder, run, name);
	file = fopen(path, "we");
	caps_need(path, file ? 0 : -errno);
	return file;
}

static void close_whole(FILE *file)
{
	caps_need("write", ferror(file) ? -EIO : 0);
	caps_need("write", fclose(file) ? -errno : 0);
}

static void write_job(FILE *file, const struct load *load, const struct load_job *job)
{
	const struct load_kind *kind = &load->kind[job->kind];
	const struct layby_report *report = &job->report;

	fprintf(file, "%u %u %u %lu %lu %d %u %u %llu %llu %llu %llu %llu\n", job->kind, kind->us,
		kind->declared_us, job->submitted_ns, job->done_ns, job->result,
		report->reason, report->level, report->queue_ticks, report->run_ticks,
		report->end_ticks, report->energy_uj, report->wait_ns);
}

static void write_look(FILE *file, const struct caps_settings *look)
{
	fprintf(file, "%llu %u %d %u %u %llu %d\n", look->now_ns, look->power_mw,
		look->temperature_mc, look->waiting, look->guest_level, look->credit_uj,
		look->trip_mc);
}

static void write_jobs(const char *folder, const char *name, const struct loader *loader)
{
	FILE *file = file_in(folder, name, "jobs");
	unsigned int i;

	for (i = 0; i < loader->jobs; i++)
		write_job(file, loader->load, &loader->job[i]);
	close_whole(file);
}

static void write_run(const char *folder, const struct run *run, const struct loader *loader)
{
	unsigned int i;
	FILE *file;

	write_jobs(folder, run->name, loader);
	file = file_in(folder, run->name, "marks");
	fprintf(file, "begin %lu\n", record.begin_ns);
	for (i = 0; i < run->steps; i++)
		fprintf(file, "step %lu %u\n", record.step_ns[i], run->step[i].cap_mw);
	fprintf(file, "end %lu\n", record.end_ns);
	close_whole(file);
	file = file_in(folder, run->name, "seen");
	for (i = 0; i < record.looks; i++)
		write_look(file, &record.look[i]);
	close_whole(file);
	close_whole(file_in(folder, run->name, "whole"));
}

static bool was_in_time(const struct loader *loader)
{
	unsigned int i;

	for (i = 0; i < loader->jobs; i++)
		if (loader->job[i].submitted_ns >= record.begin_ns &&
		    loader->job[i].result == -ETIME)
			return false;
	return true;
}

/* The last one is kept as it is: then it may not be the host's fault. */
static bool keep_run(const struct run *run, const char *folder, const struct loader *loader,
		     unsigned int tries)
{
	char name[128];

	if (was_in_time(loader) || tries == TRIES) {
		write_run(folder, run, loader);
		return true;
	}
	printf("%s: the host was late, once more\n", run->name);
	snprintf(name, sizeof(name), "%s~%u", run->name, tries);
	write_jobs(folder, name, loader);
	return false;
}

static bool run_once(const struct run *run, const char *folder, unsigned int tries)
{
	struct reactive reactive = { 0 };
	struct loader loader;
	bool kept;

	caps_need("parties", loader_open(&loader, run->load, LAYBY_CLASS_GUEST, run->seed));
	caps_need("warm up", loader_warm_up(&loader));
	set_cap(run, run->step[0].cap_mw);
	sleep_ms(REST_MS);
	if (is_reactive(run))
		reactive_begin(&reactive, run, &loader);
	run_load(run, &loader, &reactive);
	drain(&loader);
	kept = keep_run(run, folder, &loader, tries);
	if (kept)
		printf("%s: %u jobs\n", run->name, loader.jobs);
	loader_close(&loader);
	return kept;
}

static void run_one(const struct run *run, const char *folder)
{
	unsigned int tries;

	for (tries = 1; !run_once(run, folder, tries); tries++)
		;
}

static bool is_whole(const char *folder, const char *run)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s/whole", folder, run);
	return !access(path, F_OK);
}

static int plan(const char *path, const char *folder)
{
	FILE *file = fopen(path, "re");
	char line[512];
	struct run run;

	caps_need(path, file ? 0 : -errno);
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = 0;
		if (!parse_run(line, &run)) {
			fprintf(stderr, "caps-load: %s: «%s» is not " RUN_LINE "\n", path, line);
			return 2;
		}
		if (!is_whole(folder, run.name))
			run_one(&run, folder);
	}
	fclose(file);
	return 0;
}

/* --- A load that goes on ---------------------------------------------------------------- */

static void on_term(int number)
{
	told_to_end = 1;
}

/* Closed, taken back: what a guest is told when the driver comes. */
static bool taken_back(const struct loader *loader)
{
	int last = loader_last(loader);

	return last == -ESHUTDOWN || last == -ECANCELED;
}

static int go(uint32_t class, const struct load *load, const char *path)
{
	unsigned long energy_uj = 0;
	struct loader loader;
	unsigned int i;
	FILE *file;

	signal(SIGTERM, on_term);
	caps_need("parties", loader_open(&loader, load, class, 1));
	if (!strcmp(load->name, "full"))
		caps_need("the gate does not close", gate_closes(0) ? 0 : -ETIMEDOUT);
	while (!told_to_end && !taken_back(&loader)) {
		caps_need("submit", loader_submit(&loader));
		caps_need("collect", loader_collect(&loader, now_ns() + 50 * MS));
	}
	while (loader.in_flight)
		caps_need("collect", loader_collect(&loader, now_ns() + 50 * MS));
	for (i = 0; i < loader.jobs; i++)
		energy_uj += loader.job[i].report.energy_uj;
	file = fopen(path, "we");
	caps_need(path, file ? 0 : -errno);
	fprintf(file, "%u %lu\n", loader.jobs, energy_uj);
	close_whole(file);
	loader_close(&loader);
	return 0;
}

static int trip(void)
{
	struct caps_settings seen = governor_seen();

	printf("%d %u\n", seen.trip_mc, seen.sensor_error_mc);
	return 0;
}

static int refuse(void)
{
	fputs("usage: caps-load plan FILE FOLDER\n       caps-load go driving|guest LOAD FILE\n"
	      "       caps-load trip\n", stderr);
	return 2;
}

int main(int argc, char *argv[])
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 4 && !strcmp(argv[1], "plan"))
		return plan(argv[2], argv[3]);
	if (argc == 2 && !strcmp(argv[1], "trip"))
		return trip();
	if (argc != 5 || strcmp(argv[1], "go") || !load_named(argv[3]))
		return refuse();
	if (!strcmp(argv[2], "driving"))
		return go(LAYBY_CLASS_DRIVING, load_named(argv[3]), argv[4]);
	if (!strcmp(argv[2], "guest"))
		return go(LAYBY_CLASS_GUEST, load_named(argv[3]), argv[4]);
	return refuse();
}
