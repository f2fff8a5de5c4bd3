// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * agent_submit JOBS - single submissions a second, through the agent, over the bus
 *
 * Jobs of one program, 1 KiB of input of their own, one after the other, each answered
 * before the next is sent; then the same from eight connections. The gate is closed:
 * nothing runs beside it. Every descriptor, copy and commit is a job's own here. Prints
 * JSON.
 */
#include "agent_fixture.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define INPUT_SIZE 1024
#define SENDERS 8

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void send_some(unsigned long first, unsigned long count)
{
	char input[INPUT_SIZE] = "", path[64];
	sd_bus *bus = fixture_connect();
	struct submission s;
	unsigned long i;

	for (i = first; i < first + count; i++) {
		memcpy(input, &i, sizeof(i));
		s = (struct submission){
			.program = text("copy 0"),
			.inputs = { blob(input, sizeof(input)) },
			.input_count = 1,
			.outputs = { INPUT_SIZE },
			.output_count = 1,
			.longest_us = 1000000,
			.lingers = true,
		};
		submit_ok(bus, s, path);
	}
	sd_bus_flush_close_unref(bus);
}

/* A second, from so many senders at once */
static double rate(unsigned long first, unsigned long jobs, unsigned int senders)
{
	double start = now_s();
	unsigned int i;
	int status;

	for (i = 0; i < senders; i++)
		if (fork() == 0) {
			send_some(first + i * jobs / senders, jobs / senders);
			_exit(0);
		}
	for (i = 0; i < senders; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	return (double)(jobs / senders * senders) / (now_s() - start);
}

int main(int argc, char *argv[])
{
	unsigned long jobs = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
	struct fixture *f;
	double one, eight;

	if (!jobs) {
		fprintf(stderr, "usage: agent_submit JOBS\n");
		return 2;
	}
	fixture_setup((void **)&f);
	fixture_end_agent(f, SIGTERM);
	f->jobs_max = "--jobs-max=1000000";
	f->bytes_max = "--bytes-max=1099511627776";
	fixture_gate(f, "driving");
	fixture_start_agent(f);
	one = rate(0, jobs, 1);
	eight = rate(jobs, jobs, SENDERS);
	printf("{\"single_per_s\": %.0f, \"single_of_%d_per_s\": %.0f}\n", one, SENDERS, eight);
	fixture_teardown((void **)&f);
	return EXIT_SUCCESS;
}
