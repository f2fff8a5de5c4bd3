// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The governor: one that says what it is told to (tests/governor/probe.bpf.c), and the
 * thread that asks it. After the seal no other can be attached, so what it does wrong
 * can be tried once a boot.
 */
#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "parts.h"
#include "probe.skel.h"
#include "scene.h"

/* Above the sampler, which has the lowest, and below all that takes tiles back. */
#define HOG_PRIORITY	20
#define HOG_SECONDS	30

static struct probe *probe;
static pid_t hog;

int governor_start(void)
{
	probe = probe__open();
	if (!probe)
		return -errno;
	if (bpf_map__set_autocreate(probe->maps.probe, false) || probe__load(probe))
		return -errno;
	probe->bss->cap_mw = UINT32_MAX;
	probe->bss->level = UINT32_MAX;
	probe->bss->open = 1;
	return bpf_map__attach_struct_ops(probe->maps.plain) ? 0 : -errno;
}

/* --- It is not asked -------------------------------------------------------------------- */

static int run_on(pid_t pid, int first, int last)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	for (; first <= last; first++)
		CPU_SET(first, &set);
	return sched_setaffinity(pid, sizeof(set), &set) ? -errno : 0;
}

static bool is_called(const char *pid, const char *name)
{
	char path[64], line[64] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (!fgets(line, sizeof(line), file))
		line[0] = '\0';
	fclose(file);
	line[strcspn(line, "\n")] = '\0';
	return !strcmp(line, name);
}

static pid_t find_process(const char *name)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	pid_t pid = -ESRCH;

	if (!dir)
		return -errno;
	while (pid < 0 && (entry = readdir(dir)))
		if (atoi(entry->d_name) > 0 && is_called(entry->d_name, name))
			pid = atoi(entry->d_name);
	closedir(dir);
	return pid;
}

/* By itself, too, lest a test that failed leave it. */
static void be_the_hog(void)
{
	struct sched_param param = { .sched_priority = HOG_PRIORITY };

	alarm(HOG_SECONDS);
	if (run_on(0, 1, 1) || sched_setscheduler(0, SCHED_FIFO, &param))
		_exit(1);
	for (;;)
		;
}

/* Everybody else keeps off the one processor that the sampler is left with. */
static int keep_off(int last)
{
	int r = run_on(0, 0, last);

	if (!r)
		r = run_on(car_pid(), 0, last);
	return r ? r : run_on(park_pid(), 0, last);
}

static int sampler_starved(void)
{
	pid_t sampler = find_process("layby_sampler");
	int r = sampler < 0 ? sampler : keep_off(0);

	if (!r)
		r = run_on(sampler, 1, 1);
	if (r)
		return r;
	hog = fork();
	if (!hog)
		be_the_hog();
	return hog < 0 ? -errno : 0;
}

static int sampler_fed(void)
{
	pid_t sampler = find_process("layby_sampler");
	int r;

	kill(hog, SIGKILL);
	waitpid(hog, NULL, 0);
	r = sampler < 0 ? sampler : run_on(sampler, 0, 1);
	return r ? r : keep_off(1);
}

/* --- What it says ------------------------------------------------------------------------ */

static int says_nonsense(void)
{
	probe->bss->open = 2 + (uint8_t)pick(254);
	return 0;
}

const struct fault governor_faults[] = {
	{ "FM-42", "verdict-old", sampler_starved, sampler_fed, CLOSES(NO_GOVERNOR) },
	{ "FM-41", "governor-nonsense", says_nonsense,
	  CLOSES_AND(NO_GOVERNOR, FAULT_STAYS), .most = 1 },
	{}
};
