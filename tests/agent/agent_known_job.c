// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Jobs that are made from their number: see agent_known.h.
 */
#include "agent_known.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Long enough that the device has work whenever the agent dies */
#define LONGEST_US 5000000
/* Of all that are submitted together */
#define VECTOR_OUTPUT 700

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 33) * 0xff51afd7ed558ccd;
	return x ^ x >> 33;
}

bool known_is_vector(uint32_t job)
{
	return job % 16 == 11;
}

static bool is_of_vector(uint32_t job)
{
	return job % 16 >= 11 && job % 16 < 11 + KNOWN_VECTOR;
}

/* One in five is kept in a file of its own, its output too; some in one of many pages. */
static size_t input_size(uint32_t job)
{
	if (job % 5 || is_of_vector(job))
		return 8 + job % 3000;
	return job % 7 ? 16385 + job % 20000 : KNOWN_INPUT_MAX - job % 1000;
}

size_t known_output_size(uint32_t job)
{
	return is_of_vector(job) ? VECTOR_OUTPUT : input_size(job) + job % 7;
}

static void fill(const struct known *known, uint32_t job, char *bytes, size_t size)
{
	uint64_t x = (uint64_t)known->seed << 32 | job, word;
	size_t i;

	for (i = 0; i < size; i += sizeof(word)) {
		word = mix(x + i * 0x9e3779b97f4a7c15);
		memcpy(bytes + i, &word, size - i < sizeof(word) ? size - i : sizeof(word));
	}
}

/* As the fake device's "copy" has it */
char *known_output(const struct known *known, uint32_t job)
{
	size_t size = known_output_size(job), given = input_size(job);
	char *bytes = malloc(size);

	assert_non_null(bytes);
	fill(known, job, bytes, given < size ? given : size);
	if (given < size)
		memset(bytes + given, '.', size - given);
	return bytes;
}

static void make_key(const struct known *known, uint32_t job, char key[17])
{
	snprintf(key, 17, "%08x%08x", known->seed, job);
}

/* That of a vector's first is everybody's in it. */
static int program(uint32_t job)
{
	char words[16];

	if (is_of_vector(job))
		job -= job % 16 - 11;
	snprintf(words, sizeof(words), "copy %u", job % 3 * 5);
	return text(words);
}

int known_submit(struct known *known, sd_bus *bus, uint32_t job, char path[64],
		 sd_bus_error *error)
{
	char key[17], *input = malloc(input_size(job));
	struct submission s;

	assert_non_null(input);
	make_key(known, job, key);
	fill(known, job, input, input_size(job));
	s = (struct submission){
		.program = program(job),
		.inputs = { blob(input, input_size(job)) },
		.input_count = 1,
		.outputs = { known_output_size(job) },
		.output_count = 1,
		.longest_us = LONGEST_US,
		.key = key,
		.lingers = true,
	};
	free(input);
	return submit(bus, &s, path, error);
}

/* --- many in one call ------------------------------------------------------ */

static int inputs_of_all(const struct known *known, uint32_t first)
{
	char input[16384];
	int fd = blob("", 0);
	uint32_t job;

	for (job = first; job < first + KNOWN_VECTOR; job++) {
		fill(known, job, input, input_size(job));
		assert_int_equal(write(fd, input, input_size(job)), input_size(job));
	}
	return fd;
}

static void append_jobs(const struct known *known, sd_bus_message *m, uint32_t first)
{
	uint64_t size;
	uint32_t job;
	char key[17];

	sd_bus_message_open_container(m, 'a', "(ayat)");
	for (job = first; job < first + KNOWN_VECTOR; job++) {
		make_key(known, job, key);
		size = input_size(job);
		sd_bus_message_open_container(m, 'r', "ayat");
		sd_bus_message_append_array(m, 'y', key, 16);
		sd_bus_message_append_array(m, 't', &size, sizeof(size));
		sd_bus_message_close_container(m);
	}
	assert_true(sd_bus_message_close_container(m) >= 0);
}

static void read_answers(sd_bus_message *reply, struct known_path ret_paths[KNOWN_VECTOR])
{
	const char *name, *path;
	uint32_t i;

	assert_true(sd_bus_message_enter_container(reply, 'a', "(so)") > 0);
	for (i = 0; i < KNOWN_VECTOR; i++) {
		assert_true(sd_bus_message_read(reply, "(so)", &name, &path) > 0);
		assert_string_equal(name, "");
		snprintf(ret_paths[i].text, sizeof(ret_paths[i].text), "%s", path);
	}
}

int known_submit_vector(struct known *known, sd_bus *bus, uint32_t first,
			struct known_path ret_paths[KNOWN_VECTOR], sd_bus_error *error)
{
	int programs = program(first), inputs = inputs_of_all(known, first), r;
	sd_bus_message *m = NULL, *reply = NULL;
	const uint64_t output = VECTOR_OUTPUT;

	assert_true(sd_bus_message_new_method_call(bus, &m, AGENT, AGENT_PATH, AGENT,
						   "SubmitJobs") >= 0);
	sd_bus_message_append(m, "hh", programs, inputs);
	append_jobs(known, m, first);
	sd_bus_message_append_array(m, 't', &output, sizeof(output));
	assert_true(sd_bus_message_append(m, "ta{sv}", (uint64_t)LONGEST_US, 1, "linger", "b", 1) >=
		    0);
	r = sd_bus_call(bus, m, 0, error, &reply);
	if (r >= 0)
		read_answers(reply, ret_paths);
	sd_bus_message_unref(m);
	sd_bus_message_unref(reply);
	close(programs);
	close(inputs);
	return r;
}
