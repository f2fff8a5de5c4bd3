// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * agent_submit SINGLES VECTORS - submissions a second, through the agent, over the bus
 *
 * Jobs of one program, 1 KiB of input of their own: SINGLES of them one after the other,
 * each answered before the next is sent; the same from eight connections; then VECTORS of
 * 64, from one connection and from four. The gate is closed: nothing runs beside it.
 * Every descriptor, copy, commit and signal is a job's own here. Prints JSON.
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
#define VECTOR 64

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

typedef void (*send_fn)(sd_bus *bus, unsigned long i);

static void send_single(sd_bus *bus, unsigned long i)
{
	char input[INPUT_SIZE] = "", path[64];
	struct submission s = {
		.program = text("copy 0"),
		.input_count = 1,
		.outputs = { INPUT_SIZE },
		.output_count = 1,
		.longest_us = 1000000,
		.lingers = true,
	};

	memcpy(input, &i, sizeof(i));
	s.inputs[0] = blob(input, sizeof(input));
	submit_ok(bus, s, path);
}

static sd_bus_message *vector_message(sd_bus *bus, int program, int data)
{
	const uint64_t size = INPUT_SIZE;
	sd_bus_message *m = NULL;
	unsigned int i;

	assert_true(sd_bus_message_new_method_call(bus, &m, AGENT, AGENT_PATH, AGENT,
						   "SubmitJobs") >= 0);
	sd_bus_message_append(m, "hh", program, data);
	sd_bus_message_open_container(m, 'a', "(ayat)");
	for (i = 0; i < VECTOR; i++) {
		sd_bus_message_open_container(m, 'r', "ayat");
		sd_bus_message_append(m, "ay", 0);
		sd_bus_message_append_array(m, 't', &size, sizeof(size));
		sd_bus_message_close_container(m);
	}
	sd_bus_message_close_container(m);
	sd_bus_message_append_array(m, 't', &size, sizeof(size));
	sd_bus_message_append(m, "t", (uint64_t)1000000);
	assert_true(sd_bus_message_append(m, "a{sv}", 1, "linger", "b", 1) >= 0);
	return m;
}

static void check_accepted(sd_bus_message *reply)
{
	const char *error, *path;
	unsigned int i;

	assert_true(sd_bus_message_enter_container(reply, 'a', "(so)") > 0);
	for (i = 0; sd_bus_message_read(reply, "(so)", &error, &path) > 0; i++)
		assert_string_equal(error, "");
	assert_int_equal(i, VECTOR);
}

static void send_vector(sd_bus *bus, unsigned long i)
{
	static char inputs[VECTOR][INPUT_SIZE];
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *m, *reply = NULL;
	int program = text("copy 0"), data;
	unsigned long n;

	for (n = 0; n < VECTOR; n++) {
		unsigned long job = i * VECTOR + n;

		memcpy(inputs[n], &job, sizeof(job));
	}
	data = blob(inputs, sizeof(inputs));
	m = vector_message(bus, program, data);
	if (sd_bus_call(bus, m, 0, &error, &reply) < 0)
		fail_msg("%s: %s", error.name, error.message);
	check_accepted(reply);
	sd_bus_message_unref(reply);
	sd_bus_message_unref(m);
	close(program);
	close(data);
}

static void send_some(send_fn send, unsigned long first, unsigned long count)
{
	sd_bus *bus = fixture_connect();
	unsigned long i;

	for (i = first; i < first + count; i++)
		send(bus, i);
	sd_bus_flush_close_unref(bus);
}

/* Calls a second, from so many senders at once. No input twice: @first is another. */
static double rate(send_fn send, unsigned long first, unsigned long calls, unsigned int senders)
{
	double start = now_s();
	unsigned int i;
	int status;

	for (i = 0; i < senders; i++) {
		if (fork())
			continue;
		send_some(send, first + i * calls / senders, calls / senders);
		_exit(0);
	}
	for (i = 0; i < senders; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	return (double)(calls / senders * senders) / (now_s() - start);
}

static struct fixture *start(void)
{
	struct fixture *f;

	fixture_setup((void **)&f);
	fixture_end_agent(f, SIGTERM);
	f->jobs_max = "--jobs-max=1000000";
	f->bytes_max = "--bytes-max=1099511627776";
	fixture_gate(f, "driving");
	fixture_start_agent(f);
	return f;
}

int main(int argc, char *argv[])
{
	unsigned long singles = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
	unsigned long vectors = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	double one, eight, vector, four;
	struct fixture *f;

	if (!singles || !vectors) {
		fprintf(stderr, "usage: agent_submit SINGLES VECTORS\n");
		return 2;
	}
	f = start();
	one = rate(send_single, 1ul << 32, singles, 1);
	eight = rate(send_single, 2ul << 32, singles, 8);
	vector = VECTOR * rate(send_vector, 0, vectors, 1);
	four = VECTOR * rate(send_vector, vectors, vectors, 4);
	printf("{\"single_per_s\": %.0f, \"single_of_8_per_s\": %.0f, ", one, eight);
	printf("\"vector_per_s\": %.0f, \"vector_of_4_per_s\": %.0f}\n", vector, four);
	fixture_teardown((void **)&f);
	return EXIT_SUCCESS;
}
